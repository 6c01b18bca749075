"""Built from 03_feedforward_networks.ipynb by `python -m tools.build`: edit it there."""

import math

import numpy as np

from helpers.arrays import as_floats
from helpers.optimizers import Adam, numerical_gradient, relative_error


class Layer:
    """A piece of a model. Its parameters are views into one flat array, made by `flatten`.

    A layer declares the shapes of its own parameters: `super().__init__(W=(3, 2), b=(2,))`. After
    `flatten` it has the arrays `W` and `b`, and `dW` and `db` for their gradients.
    `forward(x)` keeps what `backward` needs. `backward(dy)` takes the gradient of the loss with
    respect to the output, writes those of the parameters, and returns the one of the input.
    Raises AttributeError, with what to do, for parameters before `flatten`, for `theta` or `grad`
    of a model that was not flattened, and for `backward` before `forward`.
    """

    def __init__(self, **shapes):
        self.shapes = shapes

    def initialize(self, rng):
        """Write the first values of the parameters, which are zeros when this is called."""

    def __call__(self, *inputs):
        return self.forward(*inputs)

    def __getattr__(self, name):  # called only for what is missing
        kind = type(self).__name__
        if name in ("theta", "grad") or name.removeprefix("d") in self.__dict__.get("shapes", ()):
            raise AttributeError(f"{kind} has no {name} yet: call flatten(model)")
        raise AttributeError(f"{kind} has no attribute {name!r}; if backward looked for it: "
                             "forward keeps it, so call the layer on its input before backward")


class Sequential(Layer):
    """Layers one behind the other: the output of each is the input of the next."""

    def __init__(self, *layers):
        super().__init__()
        self.layers = list(layers)

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x

    def backward(self, dy):
        for layer in reversed(self.layers):
            dy = layer.backward(dy)
        return dy


def walk(layer, name=""):
    """Yield (name, layer) for a layer and every layer inside it, in the order of their making."""
    yield name, layer
    for key, value in list(vars(layer).items()):
        parts = enumerate(value) if isinstance(value, (list, tuple)) else [(None, value)]
        for number, part in parts:
            if isinstance(part, Layer):
                label = key if number is None else f"{key}[{number}]"
                yield from walk(part, f"{name}.{label}" if name else label)


def parameters(model):
    """Return a list of (name, layer, key): every parameter of a model, in the order of theta."""
    return [(f"{name}.{key}" if name else key, layer, key)
            for name, layer in walk(model) for key in layer.shapes]


def flatten(model, rng=None, dtype=np.float64, theta=None):
    """Lay all parameters of a model in one array, give its layers their views, initialize them.

    rng: numpy Generator for the first values; by default one with seed 0.
    dtype: float64, or float32 for long runs.
    theta: (P,) an array to share, with the values that it has; then rng and dtype do not count.
    Returns theta (P,) and grad (P,); the model keeps them as `model.theta` and `model.grad`.
    Raises ValueError if a shared theta has another number of parameters, or if one layer is in the
    model twice; TypeError if dtype is not a type of floats.
    """
    found = parameters(model)
    if len({(id(layer), key) for _, layer, key in found}) < len(found):
        raise ValueError("a layer is in the model twice; make two layers, for each needs its own "
                         "notes between forward and backward")
    if np.dtype(dtype).kind != "f":
        raise TypeError(f"parameters must be floats, got dtype {np.dtype(dtype)}; take np.float64")
    sizes = [math.prod(layer.shapes[key]) for _, layer, key in found]
    fresh = theta is None
    theta = np.zeros(sum(sizes), dtype) if fresh else theta
    if theta.shape != (sum(sizes),):
        raise ValueError(f"theta has shape {theta.shape}, the model has {sum(sizes)} parameters")
    grad = np.zeros_like(theta)
    ends = np.cumsum(sizes)
    for (_, layer, key), size, end in zip(found, sizes, ends, strict=True):
        setattr(layer, key, theta[end - size : end].reshape(layer.shapes[key]))
        setattr(layer, f"d{key}", grad[end - size : end].reshape(layer.shapes[key]))
    if fresh:
        rng = np.random.default_rng(0) if rng is None else rng
        for _, layer in walk(model):
            layer.initialize(rng)
    model.theta, model.grad = theta, grad
    return theta, grad


class Linear(Layer):
    """y = x W + b.   x: (..., n_in) -> y: (..., n_out)

    W starts normal with deviation `scale`, by default 1/sqrt(n_in), so that the entries of y vary
    about as much as those of x; b starts at zero.
    Raises ValueError if the last axis of x is not n_in.
    """

    def __init__(self, n_in, n_out, scale=None):
        super().__init__(W=(n_in, n_out), b=(n_out,))
        self.scale = 1 / math.sqrt(n_in) if scale is None else scale

    def initialize(self, rng):
        self.W[:] = rng.normal(0, self.scale, self.W.shape)

    def forward(self, x):
        n_in, n_out = self.shapes["W"]
        if x.ndim == 0 or x.shape[-1] != n_in:
            raise ValueError(f"Linear({n_in}, {n_out}) got an input of shape {x.shape}; its last "
                             f"axis must hold the {n_in} features")
        self.x = x.reshape(-1, n_in)                                    # (rows, n_in)
        y = self.x @ self.W                                             # (rows, n_out)
        y += self.b
        return y.reshape(*x.shape[:-1], n_out)

    def backward(self, dy):
        rows = dy.reshape(-1, dy.shape[-1])                             # (rows, n_out)
        np.matmul(self.x.T, rows, out=self.dW)                          # (n_in, n_out)
        np.matmul(np.ones(len(rows), rows.dtype), rows, out=self.db)    # (n_out,)  their sum
        return (rows @ self.W.T).reshape(*dy.shape[:-1], -1)            # (..., n_in)


class Sigmoid(Layer):
    """1 / (1 + exp(-x)), between 0 and 1.   (...) -> (...), entry by entry."""

    def forward(self, x):
        self.y = 0.5 * (np.tanh(0.5 * x) + 1)                           # overflows nowhere
        return self.y

    def backward(self, dy):
        return dy * self.y * (1 - self.y)


class Tanh(Layer):
    """The hyperbolic tangent, between -1 and 1.   (...) -> (...), entry by entry."""

    def forward(self, x):
        self.y = np.tanh(x)
        return self.y

    def backward(self, dy):
        return dy * (1 - self.y * self.y)


class ReLU(Layer):
    """max(x, 0).   (...) -> (...), entry by entry. The slope at 0 is taken as 0.

    Source: Nair and Hinton, Rectified Linear Units Improve Restricted Boltzmann Machines, 2010.
    """

    def forward(self, x):
        self.positive = x > 0
        return np.maximum(x, 0)

    def backward(self, dy):
        return dy * self.positive


class GELU(Layer):
    """The Gaussian error linear unit in its tanh form.   (...) -> (...), entry by entry.

    Source: Hendrycks and Gimpel, Gaussian Error Linear Units, 2016, section 2.
    """

    ROOT = math.sqrt(2 / math.pi)

    def forward(self, x):
        w = x * x                                   # in place from here on: passes over a large
        w *= 0.044715 * self.ROOT                   # array are what this layer costs
        w += self.ROOT
        w *= x                                      # u
        np.tanh(w, out=w)
        w += 1
        w *= 0.5                                    # w
        self.x, self.w, self.y = x, w, x * w
        return self.y

    def backward(self, dy):
        dx = self.x * self.x
        dx *= 6 * 0.044715 * self.ROOT
        dx += 2 * self.ROOT                         # 2 du/dx
        dx *= self.x - self.y
        dx += 1
        dx *= self.w                                # dy/dx
        dx *= dy
        return dx


def gradient_error(layer, x, seed=0):
    """The larger relative error of a layer's gradients, by its parameters and by its input.

    The layer is flattened, its parameters are made random, and `backward` is compared with
    `numerical_gradient` for the loss sum(y r), r random.
    x: (...) float64 input, left as it was; without a gradient if `backward` returns None.
    NaN if an entry of a gradient is NaN or was not written.
    """
    rng = np.random.default_rng(seed)
    theta, grad = flatten(layer, rng)
    theta += rng.normal(0, 0.5, theta.shape)                            # nothing stays 0 or 1
    r = rng.normal(size=layer(x).shape)
    grad[:] = np.nan                                                    # is every entry written?
    dx = layer.backward(r)
    def loss(_):                                                        # theta and x are in it
        return np.sum(layer(x) * r)
    errors = [relative_error(grad, numerical_gradient(loss, theta))]
    if dx is not None:
        errors.append(relative_error(dx, numerical_gradient(loss, x)))
    return float(np.max(errors))                                        # NaN, if one is


class MeanSquaredError(Layer):
    """The mean of (guess - target)² over all entries.

    guesses, targets: arrays of one shape (...).
    `forward(guesses, targets)` returns the loss, `backward()` its gradient (...) by the guesses.
    Raises ValueError for arrays of different shape.
    """

    def forward(self, guesses, targets):
        if np.shape(guesses) != np.shape(targets):
            raise ValueError(f"guesses have shape {np.shape(guesses)}, targets "
                             f"{np.shape(targets)}; they must be the same")
        (guesses,) = as_floats(guesses)
        self.difference = guesses - np.asarray(targets, dtype=guesses.dtype)
        return np.mean(self.difference * self.difference)

    def backward(self):
        return self.difference * (2 / self.difference.size)


class BinaryCrossEntropy(Layer):
    """The mean of -ln p(target) over yes-or-no guesses, in nats.

    logits: (...), any numbers; p(yes) = 1 / (1 + exp(-logit)). targets: (...) from 0 to 1, most
    often 0 or 1.
    `forward(logits, targets)` returns the loss, `backward()` its gradient (...) by the logits.
    Raises ValueError for arrays of different shape and for targets outside 0 to 1.
    """

    def forward(self, logits, targets):
        if np.shape(logits) != np.shape(targets):
            raise ValueError(f"logits have shape {np.shape(logits)}, targets {np.shape(targets)}; "
                             "they must be the same")
        (logits,) = as_floats(logits)
        self.targets = np.asarray(targets, dtype=logits.dtype)
        if self.targets.size and not (self.targets.min() >= 0 and self.targets.max() <= 1):
            raise ValueError("targets must be from 0 (no) to 1 (yes), got "
                             f"{self.targets.min():g} to {self.targets.max():g}")
        self.p = 0.5 * (np.tanh(0.5 * logits) + 1)
        return np.mean(np.maximum(logits, 0) - logits * self.targets
                       + np.log1p(np.exp(-np.abs(logits))))

    def backward(self):
        return (self.p - self.targets) / self.p.size


class SoftmaxCrossEntropy(Layer):
    """The mean of -ln p(target) over all guesses, in nats; p is the softmax of the logits.

    logits: (..., V). targets: (...) integers from 0 to V - 1.
    `forward(logits, targets)` returns the loss, `backward()`, once, its gradient (..., V) by the
    logits. Raises TypeError for labels that are not integers, ValueError for another number of
    labels than guesses and for labels outside the classes.
    """

    def forward(self, logits, targets):
        require_labels(logits, targets)
        shifted = logits - logits.max(axis=-1, keepdims=True)           # (..., V)
        self.p = np.exp(shifted)
        sums = self.p.sum(axis=-1, keepdims=True)                       # (..., 1)
        self.p /= sums
        self.target = targets[..., None]                                # (..., 1)
        chosen = np.take_along_axis(shifted, self.target, axis=-1)      # (..., 1)
        return np.mean(np.log(sums) - chosen)

    def backward(self):
        dlogits = self.p                                                # p, minus 1 at the target
        del self.p                                                      # it is used up
        chosen = np.take_along_axis(dlogits, self.target, axis=-1) - 1
        np.put_along_axis(dlogits, self.target, chosen, axis=-1)
        dlogits /= self.target.size
        return dlogits


def require_labels(logits, targets):
    """Raise TypeError or ValueError unless targets (...) name classes of logits (..., V)."""
    if not isinstance(targets, np.ndarray) or targets.dtype.kind not in "iu":
        got = f"dtype {targets.dtype}" if isinstance(targets, np.ndarray) else repr(targets)
        raise TypeError(f"labels must be an array of integers, got {got}; from one-hot rows, take "
                        "argmax(axis=-1)")
    if targets.shape != logits.shape[:-1]:
        raise ValueError(f"labels of shape {targets.shape} do not fit logits of shape "
                         f"{logits.shape}; expected one label for each row, {logits.shape[:-1]}")
    if targets.size and (targets.min() < 0 or targets.max() >= logits.shape[-1]):
        bad = targets[(targets < 0) | (targets >= logits.shape[-1])][0]
        raise ValueError(f"label {bad} is not one of the {logits.shape[-1]} classes, 0 to "
                         f"{logits.shape[-1] - 1}")


def fit(model, criterion, inputs, targets, epochs, batch_size=32, learning_rate=1e-2, seed=0,
        optimizer=None, on_epoch=None):
    """Train a flattened model on mini-batches, every example once an epoch, in a new order.

    criterion: a loss such as SoftmaxCrossEntropy(). inputs: (N, ...). targets: (N, ...).
    learning_rate: α, also for an optimizer that is given. seed: of the order.
    optimizer: made from `model.theta`; by default a new Adam.
    on_epoch: called as on_epoch(epoch, model) after each epoch, counted from 1.
    Returns the mean loss of each epoch (epochs,).
    Raises ValueError for inputs and targets of different length, for none at all, for epochs or a
    batch_size below 1; AttributeError for a model that was not flattened; FloatingPointError if
    the gradient is no longer finite.
    """
    if len(inputs) != len(targets):
        raise ValueError(f"there are {len(inputs)} inputs but {len(targets)} targets; "
                         "each input needs one target")
    if len(inputs) == 0 or epochs < 1 or batch_size < 1:
        raise ValueError(f"fit needs at least one example, epoch and example in a batch; got "
                         f"{len(inputs)}, {epochs} and {batch_size}")
    rng = np.random.default_rng(seed)
    optimizer = Adam(model.theta) if optimizer is None else optimizer
    losses = np.zeros(epochs)
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


def is_matrix(model):
    """(P,) bool: which entries of theta belong to a parameter with two axes or more."""
    return np.concatenate([np.full(math.prod(layer.shapes[key]), len(layer.shapes[key]) > 1)
                           for _, layer, key in parameters(model)])
