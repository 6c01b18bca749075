"""Built from 02_gradient_descent.ipynb by `python -m tools.build`: edit it there."""

import math

import numpy as np


def numerical_gradient(f, theta, h=1e-5):
    """The gradient of f by central differences, (f(θ + h) - f(θ - h)) / 2h for every entry.

    f: a function of theta that returns a number; theta is changed in place and given to f each
        time, so a model whose parameters are views of theta may ignore the argument.
    theta: float64 array; changed one entry at a time, and left as it was.
    Returns an array shaped like theta. Raises TypeError if theta is not a float64 array.
    """
    if not isinstance(theta, np.ndarray) or theta.dtype != np.float64:
        got = f"an array of {theta.dtype}" if isinstance(theta, np.ndarray) else repr(theta)
        raise TypeError("theta must be a float64 array, because a step of h has to show in it; "
                        f"got {got}. Write np.array(theta, dtype=float)")
    gradient = np.zeros_like(theta)
    for place in np.ndindex(theta.shape):
        value = theta[place]
        try:
            theta[place] = value + h
            above = f(theta)
            theta[place] = value - h
            gradient[place] = (above - f(theta)) / (2 * h)
        finally:
            theta[place] = value
    return gradient


def relative_error(a, b):
    """How far two arrays are apart, measured by the larger: |a - b| / max(|a|, |b|).

    a, b: as many numbers each; lengths are Euclidean, over all entries. 0 if both are zero, NaN if
        an entry is NaN, so that `relative_error(a, b) < 1e-8` then fails.
    Raises ValueError if one has more numbers than the other.
    """
    a, b = np.ravel(a), np.ravel(b)
    if a.size != b.size:
        raise ValueError(f"cannot compare {a.size} numbers with {b.size}; are both the gradient "
                         "of the same parameters?")
    size = max(np.linalg.norm(a), np.linalg.norm(b))
    return 0.0 if size == 0 else float(np.linalg.norm(a - b) / size)


class Optimizer:
    """What all optimizers share. A subclass says in `update` how it moves theta.

    theta: an array of floats, changed in place by every step; all state has its dtype and shape.
    learning_rate: α. Raises TypeError if theta is no array of floats.
    """

    def __init__(self, theta, learning_rate):
        if not isinstance(theta, np.ndarray) or theta.dtype.kind != "f":
            got = f"an array of {theta.dtype}" if isinstance(theta, np.ndarray) else repr(theta)
            raise TypeError("theta must be a NumPy array of floats, because steps change it in "
                            f"place; got {got}. Write theta = np.array([1.0, 1.0])")
        self.theta, self.learning_rate = theta, learning_rate
        self.change = np.zeros_like(theta)                              # a buffer, used again

    def step(self, gradient, learning_rate=None):
        """Take one step; a learning_rate given here counts for this step only.

        gradient: shaped like theta; it is not changed.
        Raises ValueError for another shape, FloatingPointError for NaN or infinite entries;
        theta and the optimizer's state are then as they were.
        """
        alpha = float(self.learning_rate if learning_rate is None else learning_rate)
        gradient = np.asarray(gradient)
        if gradient.shape != self.theta.shape:
            raise ValueError(f"the gradient has shape {gradient.shape}, theta {self.theta.shape}; "
                             "give one slope for each parameter")
        bad = ~np.isfinite(gradient)
        if bad.any():
            place = tuple(int(i) for i in np.argwhere(bad)[0])
            value = "NaN" if np.isnan(gradient[place]) else "infinite"
            raise FloatingPointError(
                f"the gradient is {value} at index {place if len(place) > 1 else place[0]}; "
                f"{np.count_nonzero(bad)} of its {bad.size} entries are not finite. theta was left "
                "as it was. Try a smaller learning rate, or clip_gradient")
        self.update(gradient, alpha)


class SGD(Optimizer):
    """Plain descent: θ ← θ - α g."""

    def update(self, gradient, alpha):
        np.multiply(gradient, alpha, out=self.change)
        self.theta -= self.change


class Momentum(Optimizer):
    """Descent that keeps its speed: v ← β v + g, θ ← θ - α v.

    beta: β, the share of the speed that is kept. A constant slope is followed with α / (1 - β).
    Source: Polyak, Some methods of speeding up the convergence of iteration methods, 1964.
    """

    def __init__(self, theta, learning_rate, beta=0.9):
        super().__init__(theta, learning_rate)
        self.beta, self.v = beta, np.zeros_like(theta)

    def update(self, gradient, alpha):
        self.v *= self.beta
        self.v += gradient
        np.multiply(self.v, alpha, out=self.change)
        self.theta -= self.change


class RMSProp(Optimizer):
    """Every slope divided by its running size: v ← ρ v + (1 - ρ) g², θ ← θ - α g / (√v + ε).

    rho: ρ, how long the running mean remembers, about 1 / (1 - ρ) steps. epsilon: ε.
    Source: Hinton, Neural Networks for Machine Learning, 2012, lecture 6e.
    """

    def __init__(self, theta, learning_rate=1e-2, rho=0.9, epsilon=1e-8):
        super().__init__(theta, learning_rate)
        self.rho, self.epsilon, self.v = rho, epsilon, np.zeros_like(theta)

    def update(self, gradient, alpha):
        np.multiply(gradient, gradient, out=self.change)
        self.change *= 1 - self.rho
        self.v *= self.rho
        self.v += self.change
        np.sqrt(self.v, out=self.change)
        self.change += self.epsilon
        np.divide(gradient, self.change, out=self.change)
        self.change *= alpha
        self.theta -= self.change


class Adam(Optimizer):
    """Momentum over running size, both corrected for their start at 0; with decay, AdamW.

    betas: β₁ for the mean m of the gradient, β₂ for the mean v of its square. epsilon: ε.
    weight_decay: λ; each step first shrinks θ by the factor 1 - α λ.
    decays: bool, shaped like theta, which parameters shrink; by default all.
    Source: Kingma and Ba, 2015, algorithm 1; Loshchilov and Hutter, 2019, algorithm 2.
    """

    def __init__(self, theta, learning_rate=1e-3, betas=(0.9, 0.999), epsilon=1e-8,
                 weight_decay=0.0, decays=None):
        super().__init__(theta, learning_rate)
        self.betas, self.epsilon, self.steps = betas, epsilon, 0
        self.m, self.v = np.zeros_like(theta), np.zeros_like(theta)
        decays = np.ones(theta.shape, dtype=bool) if decays is None else np.asarray(decays)
        if decays.shape != theta.shape or decays.dtype != bool:
            raise ValueError(f"decays must be bool of shape {theta.shape}, got {decays.dtype} of "
                             f"shape {decays.shape}")
        self.decay = (weight_decay * decays).astype(theta.dtype) if weight_decay else None

    def update(self, gradient, alpha):
        (beta_1, beta_2), change = self.betas, self.change
        self.steps += 1
        if self.decay is not None:
            np.multiply(self.decay, self.theta, out=change)
            change *= alpha
            self.theta -= change                                        # θ shrinks
        np.multiply(gradient, 1 - beta_1, out=change)
        self.m *= beta_1
        self.m += change
        np.multiply(gradient, gradient, out=change)
        change *= 1 - beta_2
        self.v *= beta_2
        self.v += change
        np.divide(self.v, 1 - beta_2**self.steps, out=change)
        np.sqrt(change, out=change)
        change += self.epsilon
        np.divide(self.m, change, out=change)
        change *= alpha / (1 - beta_1**self.steps)
        self.theta -= change


def warmup_cosine(step, steps, peak, warmup):
    """The learning rate of a step: up to `peak` over `warmup` steps, then half a cosine to 0.

    step: 0 to steps - 1. Source: Loshchilov and Hutter, SGDR, 2017, section 3.
    """
    if step < warmup:
        return peak * (step + 1) / warmup
    u = (step - warmup) / max(steps - warmup, 1)                        # 0 to 1
    return peak * (1 + math.cos(math.pi * u)) / 2


def clip_gradient(gradient, limit):
    """Scale a gradient down in place if it is longer than `limit`. Returns its length before.

    gradient: (P,) floats. Raises FloatingPointError for NaN or infinite entries.
    Source: Pascanu, Mikolov and Bengio, 2013, section 3.2.
    """
    with np.errstate(over="ignore"):
        length = math.sqrt(np.dot(gradient, gradient))
    if not math.isfinite(length):                                       # too long for float32?
        length = float(np.linalg.norm(gradient.astype(np.float64)))
        if not math.isfinite(length):
            raise FloatingPointError("the gradient is not finite, so it cannot be clipped; try a "
                                     "smaller learning rate")
    if length > limit:
        gradient *= limit / length
    return length
