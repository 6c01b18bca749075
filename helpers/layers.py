"""Built from 03_feedforward_networks.ipynb by `python -m tools.build`: edit it there."""

import math

import numpy as np

from helpers import guards
from helpers.arrays import one_hot
from helpers.optimizers import Adam, numerical_gradient, relative_error


@np.errstate(under="ignore")                                            # e^-800 becomes 0
def sigmoid(z):
    """1 / (1 + e^-z), between 0 and 1; nothing overflows.   (...) -> (...), entry by entry."""
    e = np.exp(-np.abs(z))                                              # at most 1
    return np.where(z >= 0, 1, e) / (1 + e)


class Layer:
    """A piece of a model: `super().__init__(W=(3, 2))` declares the shapes of its parameters, and
    `flatten` gives it W and dW. forward(x) returns y, backward(dy) writes dW and returns dx."""

    def __init__(self, **shapes):
        self.shapes = shapes

    def initialize(self, rng):
        """Write the first values of the parameters, which are zeros when this is called."""

    def __call__(self, *inputs):
        return self.forward(*inputs)

    def __getattr__(self, name):                        # called only for what is missing
        raise AttributeError(guards.missing(self, name))

    def __setstate__(self, state):                      # a copy, by copy.deepcopy or pickle, has
        vars(self).update(state)                        # arrays where the model had views
        if "theta" in state:
            connect(self, self.theta, self.grad)


class Sequential(Layer):
    """Layers one behind the other. Raises TypeError for what is no layer, such as a list."""

    def __init__(self, *layers):
        super().__init__()
        guards.layers(layers)
        self.layers = list(layers)

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x

    def backward(self, dy):
        for layer in reversed(self.layers):
            dy = layer.backward(dy)
        return dy


class Linear(Layer):
    """y = x W + b, or x W without bias.   x: (..., n_in) -> y: (..., n_out)

    scale: deviation of the first W, by default 1/sqrt(n_in). ValueError, TypeError for other x."""

    def __init__(self, n_in, n_out, scale=None, bias=True):
        super().__init__(W=(n_in, n_out), **({"b": (n_out,)} if bias else {}))
        self.scale, self.bias = 1 / math.sqrt(n_in) if scale is None else scale, bias

    def initialize(self, rng):
        self.W[:] = rng.normal(0, self.scale, self.W.shape)

    def forward(self, x):
        guards.features(x, len(self.W), f"Linear{self.W.shape}", self.W.dtype)
        self.x = x.reshape(-1, len(self.W))                             # (rows, n_in)
        y = self.x @ self.W + self.b if self.bias else self.x @ self.W
        return y.reshape(*x.shape[:-1], self.W.shape[1])                # (..., n_out)

    def backward(self, dy):
        rows = dy.reshape(-1, dy.shape[-1])                             # (rows, n_out)
        self.dW[:] = self.x.T @ rows                                    # (n_in, n_out)
        if self.bias:
            self.db[:] = rows.sum(axis=0)                               # (n_out,)
        return (rows @ self.W.T).reshape(*dy.shape[:-1], len(self.W))   # (..., n_in)


def walk(part, name=""):
    """Yield (name, layer) for a layer and every layer inside it, in the order of their making."""
    inside = {}
    if isinstance(part, Layer):
        yield name, part
        inside = {f"{name}.{key}".lstrip("."): value for key, value in vars(part).items()}
    elif isinstance(part, (list, tuple, dict)):
        items = part.items() if isinstance(part, dict) else enumerate(part)
        inside = {f"{name}[{key!r}]": value for key, value in items}
    for label, value in inside.items():
        yield from walk(value, label)


def parameters(model):
    """Return a list of (name, layer, key): every parameter of a model, in the order of theta."""
    return [(f"{name}.{key}".lstrip("."), layer, key)
            for name, layer in walk(model) for key in layer.shapes]


def is_matrix(model):
    """(P,) bool: which entries of theta belong to a parameter with two axes or more."""
    return np.concatenate([np.full(math.prod(layer.shapes[key]), len(layer.shapes[key]) > 1)
                           for _, layer, key in parameters(model)])


def connect(model, theta, grad):
    """Give every layer of a model its views: windows on its part of theta (P,) and grad (P,)."""
    for _, layer in walk(model):
        vars(layer).pop("theta", None)                                  # of an earlier flatten
    end = 0
    for _, layer, key in parameters(model):
        shape = layer.shapes[key]
        place = slice(end, end := end + math.prod(shape))
        setattr(layer, key, theta[place].reshape(shape))
        setattr(layer, f"d{key}", grad[place].reshape(shape))
    model.theta, model.grad = theta, grad


def flatten(model, rng=None, dtype=np.float64, theta=None):
    """Lay all parameters of a model in one array theta (P,), their gradients in grad (P,).

    rng: numpy Generator for the first values; by default one with seed 0. dtype: of floats.
    theta: an array to share, with the values that it has; then rng and dtype do not count.
    Returns theta and grad, which are model.theta and model.grad, too. Raises TypeError if they
    cannot hold floats, ValueError if theta has another size or a layer is in the model twice."""
    size = sum(math.prod(layer.shapes[key]) for _, layer, key in parameters(model))
    guards.flattening([layer for _, layer in walk(model)], size, dtype, theta)
    values = np.zeros(size, dtype) if theta is None else theta
    connect(model, values, np.zeros_like(values))
    if theta is None:
        rng = np.random.default_rng(0) if rng is None else rng
        for _, layer in walk(model):
            layer.initialize(rng)
    return model.theta, model.grad


class Sigmoid(Layer):
    """1 / (1 + exp(-x)), between 0 and 1.   (...) -> (...), entry by entry."""

    def forward(self, x):
        self.y = sigmoid(x)
        return self.y

    def backward(self, dy):
        return dy * self.y * (1 - self.y)


class Tanh(Layer):
    """The hyperbolic tangent, between -1 and 1.   (...) -> (...), entry by entry."""

    def forward(self, x):
        self.y = np.tanh(x)
        return self.y

    def backward(self, dy):
        return dy * (1 - self.y**2)


class ReLU(Layer):
    """max(x, 0), with slope 0 at 0.   (...) -> (...), entry by entry.

    Source: Nair and Hinton, Rectified Linear Units Improve Restricted Boltzmann Machines, 2010."""

    def forward(self, x):
        self.positive = x > 0
        return np.maximum(x, 0)

    def backward(self, dy):
        return dy * self.positive


class GELU(Layer):
    """The Gaussian error linear unit in its tanh form.   (...) -> (...), entry by entry.

    Source: Hendrycks and Gimpel, Gaussian Error Linear Units, 2016, section 2."""

    ROOT = math.sqrt(2 / math.pi)

    def forward(self, x):
        phi = x * x
        phi *= 0.044715 * self.ROOT
        phi += self.ROOT
        phi *= x                                    # u
        np.tanh(phi, out=phi)
        phi += 1
        phi *= 0.5                                  # Φ̃
        self.x, self.phi, self.y = x, phi, x * phi
        return self.y

    def backward(self, dy):
        dx = self.x * self.x
        dx *= 6 * 0.044715 * self.ROOT
        dx += 2 * self.ROOT                         # 2 du/dx
        dx *= self.x - self.y
        dx += 1
        dx *= self.phi                              # dy/dx
        dx *= dy
        return dx


def gradient_error(layer, x, seed=0):
    """The larger relative error of a layer's gradients, by its parameters and by its input.

    x: (...) float64; without a gradient if `backward` returns None. Gives NaN if a gradient is
    NaN or was not written. Raises ValueError if the layer changes what it was given."""
    rng = np.random.default_rng(seed)
    theta, grad = flatten(layer, rng)
    theta += rng.normal(0, 0.5, theta.shape)                            # nothing stays 0 or 1
    kept = {"its parameters": theta.copy(), "its input": x.copy()}
    r = rng.normal(size=layer(x).shape)
    grad[:] = np.nan                                                    # is every entry written?
    dx = layer.backward(dy := r.copy())
    guards.unchanged(layer, kept | {"dy": r}, {"its parameters": theta, "its input": x, "dy": dy})
    def loss(_):                                                        # theta and x are in it
        return np.sum(layer(x) * r)
    pairs = [(grad, theta)] if dx is None else [(grad, theta), (dx, x)]
    return float(np.max([relative_error(a, numerical_gradient(loss, at)) for a, at in pairs]))


class MeanSquaredError(Layer):
    """The mean of (guess - target)² over all entries. Raises ValueError unless guesses and
    targets have one shape, and for empty ones."""

    def forward(self, guesses, targets):
        guesses, targets = guards.pairs(guesses, targets)
        self.difference = guesses - targets
        return np.mean(self.difference**2)

    def backward(self):
        return 2 * self.difference / self.difference.size


class BinaryCrossEntropy(Layer):
    """The mean of -ln p(target) over yes-or-no guesses, in nats; p(yes) = sigmoid(logit).

    logits: (...), any numbers. targets: (...) from 0 to 1, most often 0 or 1. Raises ValueError
    for arrays of different shape, empty ones, and targets outside 0 to 1."""

    @np.errstate(under="ignore")                                        # e^-800 becomes 0
    def forward(self, logits, targets):
        z, self.targets = guards.yes_or_no(logits, targets)
        self.p = sigmoid(z)
        return np.mean(np.maximum(z, 0) - z * self.targets + np.log1p(np.exp(-np.abs(z))))

    def backward(self):
        return (self.p - self.targets) / self.p.size


class SoftmaxCrossEntropy(Layer):
    """The mean of -ln p(target) over all guesses, in nats; p is the softmax of the logits.

    logits: (..., V). targets: (...) integers from 0 to V - 1. Raises TypeError for other labels,
    ValueError for labels outside the classes, none at all, or another number than guesses."""

    @np.errstate(under="ignore")                                        # e^-800 becomes 0
    def forward(self, logits, targets):
        guards.classes(logits, targets)
        shifted = logits - logits.max(axis=-1, keepdims=True)           # (..., V)
        log_sum = np.log(np.exp(shifted).sum(axis=-1, keepdims=True))   # (..., 1)
        self.p, self.targets = np.exp(shifted - log_sum), targets
        return np.mean(log_sum - np.take_along_axis(shifted, targets[..., None], axis=-1))

    def backward(self):
        truth = one_hot(self.targets, self.p.shape[-1], self.p.dtype)   # (..., V)
        return (self.p - truth) / self.targets.size


def fit(model, criterion, inputs, targets, epochs, batch_size=32, learning_rate=1e-2, seed=0,
        optimizer=None, on_epoch=None):
    """Train a flattened model on mini-batches; returns the mean loss of each epoch (epochs,).

    inputs, targets: (N, ...), each row used once an epoch, in an order drawn by `seed`.
    optimizer: made from `model.theta`; by default a new Adam. It takes α = learning_rate.
    on_epoch: called as on_epoch(epoch, model) after each epoch, counted from 1.
    Raises ValueError or TypeError for what cannot be trained on, such as NaN or another theta."""
    optimizer = Adam(model.theta) if optimizer is None else optimizer
    guards.fitting(model, optimizer, inputs, targets, epochs, batch_size)
    rng, losses = np.random.default_rng(seed), np.zeros(epochs)
    for epoch in range(epochs):
        order = rng.permutation(len(inputs))
        for start in range(0, len(order), batch_size):
            rows = order[start : start + batch_size]
            loss = criterion(model(inputs[rows]), targets[rows])
            model.backward(criterion.backward())
            optimizer.step(model.grad, learning_rate)
            losses[epoch] += loss * len(rows) / len(inputs)
        if on_epoch is not None:
            on_epoch(epoch + 1, model)
    return losses
