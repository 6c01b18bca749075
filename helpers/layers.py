"""Built from 06_mini_generative_transformer.ipynb by `python -m tools.build`: edit it there."""

import math

import numpy as np


class Layer:
    """A piece of a model. Its parameters are views into one flat array, made by `flatten`.

    A layer declares the shapes of its own parameters: `super().__init__(W=(3, 2), b=(2,))`. After
    `flatten` it has the arrays `W` and `b`, and `dW` and `db` for their gradients.
    `forward(x)` keeps what `backward` needs. `backward(dy)` takes the gradient of the loss with
    respect to the output, writes those of the parameters, and returns the one of the input.
    """

    def __init__(self, **shapes):
        self.shapes = shapes

    def initialize(self, rng):
        """Write the first values of the parameters, which are zeros when this is called."""

    def __call__(self, *inputs):
        return self.forward(*inputs)

    def __getattr__(self, name):  # called only for what is missing
        if name.removeprefix("d") in self.__dict__.get("shapes", ()):
            raise AttributeError(f"{type(self).__name__} has no {name} yet: call flatten(model)")
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")


def walk(layer, name=""):
    """Yield (name, layer) for a layer and every layer inside it, in the order of their making."""
    yield name, layer
    for key, value in list(vars(layer).items()):
        parts = enumerate(value) if isinstance(value, list) else [(None, value)]
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
    Raises ValueError if a shared theta has another number of parameters.
    """
    found = parameters(model)
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
    """

    def __init__(self, n_in, n_out, scale=None):
        super().__init__(W=(n_in, n_out), b=(n_out,))
        self.scale = 1 / math.sqrt(n_in) if scale is None else scale

    def initialize(self, rng):
        self.W[:] = rng.normal(0, self.scale, self.W.shape)

    def forward(self, x):
        self.x = x.reshape(-1, x.shape[-1])                             # (rows, n_in)
        y = self.x @ self.W                                             # (rows, n_out)
        y += self.b
        return y.reshape(*x.shape[:-1], -1)

    def backward(self, dy):
        rows = dy.reshape(-1, dy.shape[-1])                             # (rows, n_out)
        np.matmul(self.x.T, rows, out=self.dW)                          # (n_in, n_out)
        np.sum(rows, axis=0, out=self.db)                               # (n_out,)
        return (rows @ self.W.T).reshape(*dy.shape[:-1], -1)            # (..., n_in)


class GELU(Layer):
    """The Gaussian error linear unit in its tanh form.   (...) -> (...), entry by entry.

    Source: Hendrycks and Gimpel, Gaussian Error Linear Units, 2016, section 2.
    """

    def forward(self, x):
        u = x * x                                   # in place from here on: passes over a large
        u *= 0.044715                               # array are what this layer costs
        u += 1
        u *= x
        u *= math.sqrt(2 / math.pi)
        self.x, self.tanh = x, np.tanh(u, out=u)
        y = self.tanh + 1
        y *= x
        y *= 0.5
        return y

    def backward(self, dy):
        slope = self.x * self.x
        slope *= 3 * 0.044715
        slope += 1
        slope *= self.x
        slope *= math.sqrt(2 / math.pi)             # x du/dx
        slope *= 1 - self.tanh * self.tanh
        slope += self.tanh
        slope += 1
        slope *= 0.5
        slope *= dy
        return slope


class SoftmaxCrossEntropy(Layer):
    """The mean of -ln p(target) over all guesses, in nats.

    logits: (..., V). targets: (...) integers from 0 to V - 1.
    `forward(logits, targets)` returns the loss, `backward()` its gradient (..., V) by the logits.
    """

    def forward(self, logits, targets):
        shifted = logits - logits.max(axis=-1, keepdims=True)           # (..., V)
        self.p = np.exp(shifted)
        sums = self.p.sum(axis=-1, keepdims=True)                       # (..., 1)
        self.p /= sums
        self.target = targets[..., None]                                # (..., 1)
        chosen = np.take_along_axis(shifted, self.target, axis=-1)      # (..., 1)
        return np.mean(np.log(sums) - chosen)

    def backward(self):
        dlogits = self.p                                                # p, minus 1 at the target
        chosen = np.take_along_axis(dlogits, self.target, axis=-1) - 1
        np.put_along_axis(dlogits, self.target, chosen, axis=-1)
        dlogits /= self.target.size
        return dlogits


def is_matrix(model):
    """(P,) bool: which entries of theta belong to a parameter with two axes or more."""
    return np.concatenate([np.full(math.prod(layer.shapes[key]), len(layer.shapes[key]) > 1)
                           for _, layer, key in parameters(model)])
