"""Built from 02_gradient_descent.ipynb by `python -m tools.build`: edit it there."""

import math

import numpy as np

from helpers import guards


def numerical_gradient(f, theta, h=1e-5):
    """The gradient of f by central differences, (f(θ + h) - f(θ - h)) / 2h for every entry.

    f: a function of theta that returns a number. It is given theta itself, changed in place: a
    model whose parameters are views of theta may ignore it. theta: float64, left as it was.
    """
    guards.parameters(theta, np.float64)
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
    """How far two gradients are apart: |a - b| / max(|a|, |b|), by their lengths.

    If an entry has the wrong sign, and by more than ten times the error of any entry with the
    right one, the result is the relative error of that entry alone, from 1 to 2.
    a, b: as many numbers each. Returns 0 if both are zero, NaN if an entry is NaN.
    """
    a, b = guards.same_size(a, b)
    off, small, large = np.abs(a - b), np.minimum(abs(a), abs(b)), np.maximum(abs(a), abs(b))
    turned = np.sign(a) * np.sign(b) < 0
    turned &= small > 10 * off[~turned].max(initial=0)                  # more than noise
    if turned.any():
        return float((off[turned] / large[turned]).max())
    unit = large.max(initial=0) or 1.0                                  # the square of 1e-200 is 0
    longer = max(np.linalg.norm(a / unit), np.linalg.norm(b / unit), 1e-300)
    return float(np.linalg.norm(off / unit) / longer)


class Optimizer:
    """What all optimizers share: an array theta of floats that every step changes in place."""

    def __init__(self, theta, learning_rate):
        guards.parameters(theta)
        self.theta, self.learning_rate = theta, learning_rate

    def step(self, gradient, learning_rate=None):
        """Take one step; a learning_rate given here counts for this step only.

        gradient: shaped like theta (else ValueError) and finite (else FloatingPointError).
        """
        alpha = guards.rate(self.learning_rate if learning_rate is None else learning_rate)
        gradient = guards.gradient(gradient, self.theta)
        with np.errstate(under="ignore"):                               # 1e-30 squared may be 0
            self.update(gradient, alpha)


class SGD(Optimizer):
    """Plain descent: θ ← θ - α g."""

    def update(self, gradient, alpha):
        self.theta -= alpha * gradient


class Momentum(Optimizer):
    """Descent that keeps a share beta of its speed: m ← β m + g, θ ← θ - α m.  (Polyak, 1964)"""

    def __init__(self, theta, learning_rate, beta=0.9):
        super().__init__(theta, learning_rate)
        self.beta, self.m = beta, np.zeros_like(theta)

    def update(self, gradient, alpha):
        self.m = self.beta * self.m + gradient
        self.theta -= alpha * self.m


class Adam(Optimizer):
    """Momentum over running size, both corrected for their start at 0; with decay, AdamW.

    betas: β₁ for the mean m of the gradient, β₂ for the mean v of its square. epsilon: ε.
    weight_decay: ω; each step first shrinks θ, where decays (bool, like theta) is True, by 1 - α ω.
    Source: Kingma and Ba, 2015, algorithm 1; Loshchilov and Hutter, 2019, algorithm 2.
    """

    def __init__(self, theta, learning_rate=1e-3, betas=(0.9, 0.999), epsilon=1e-8,
                 weight_decay=0.0, decays=None):
        super().__init__(theta, learning_rate)
        self.betas, self.epsilon, self.steps = betas, epsilon, 0
        self.m, self.v, self.change = (np.zeros_like(theta) for _ in range(3))
        decays = guards.mask_of(theta, decays)
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
        self.m += change                                                # the running mean
        np.multiply(gradient, gradient, out=change)
        change *= 1 - beta_2
        self.v *= beta_2
        self.v += change                                                # the running square
        np.divide(self.v, 1 - beta_2**self.steps, out=change)
        np.sqrt(change, out=change)
        change += self.epsilon
        np.divide(self.m, change, out=change)
        change *= alpha / (1 - beta_1**self.steps)
        self.theta -= change


def warmup_cosine(step, steps, peak, warmup):
    """The rate of a step, from 0: up to `peak` over `warmup` steps, half a cosine to 0 at `steps`.

    Source: Loshchilov and Hutter, 2017, section 3.
    """
    if step < warmup:
        return peak * (step + 1) / warmup
    share = min((step - warmup) / max(steps - warmup, 1), 1)            # 0 to 1
    return peak * (1 + math.cos(math.pi * share)) / 2


def clip_gradient(gradient, limit):
    """Scale a gradient down in place if it is longer than `limit`. Returns its length before.

    Raises FloatingPointError unless it is finite. Source: Pascanu and others, 2013, section 3.2.
    """
    length = guards.finite_length(gradient)                             # |g|, Euclid's
    if length > limit:
        gradient *= limit / length
    return length
