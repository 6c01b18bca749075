"""The exercises of notebook 03, feedforward networks: what is right, and the mistakes known."""

import math

import numpy as np

from helpers.arrays import softmax
from helpers.checks import Exercise, Wrong, call_method
from helpers.checks import numbers as as_numbers
from helpers.layers import (
    Layer,
    Linear,
    MeanSquaredError,
    Sequential,
    SoftmaxCrossEntropy,
    Tanh,
    flatten,
    sigmoid,
)
from helpers.optimizers import SGD, Adam

# --- 3.1: the gradient of one neuron ---


def neuron(dw=None, db=None, p=None):
    """The gradient of a neuron in which ∂L/∂w, ∂L/∂b or p is computed in another way."""
    dw = dw or (lambda x, p, t: x.T @ (p - t) / len(t))
    db = db or (lambda x, p, t: np.mean(p - t))
    p = p or (lambda x, w, b: sigmoid(x @ w + b))

    def gradient(w, b, x, t):
        guess = p(x, w, b)
        return dw(x, guess, t), db(x, guess, t)

    return gradient


def neuron_cases(seed, sizes):
    """(w, b, x, t) of each size (N, d)."""
    rng = np.random.default_rng(seed)
    return [(rng.normal(size=d).round(2), round(rng.normal(), 2), rng.normal(size=(N, d)).round(2),
             rng.integers(0, 2, N).astype(float)) for N, d in sizes]


one = Exercise("3.1", neuron(), neuron_cases(31, [(7, 3), (5, 2), (4, 9), (11, 1)]),
               parts=("∂L/∂w", "∂L/∂b"))
one.mistake("the sign: ∂L/∂z is p - t, what is said minus what is true",
            neuron(lambda x, p, t: x.T @ (t - p) / len(t), lambda x, p, t: np.mean(t - p)))
one.mistake("you summed; the loss is a MEAN over the examples",
            neuron(lambda x, p, t: x.T @ (p - t), lambda x, p, t: np.sum(p - t)))
one.mistake("∂L/∂b is a sum; take the mean, as for ∂L/∂w",
            neuron(db=lambda x, p, t: np.sum(p - t)))
one.mistake("∂L/∂w is a sum; take the mean, as for ∂L/∂b",
            neuron(lambda x, p, t: x.T @ (p - t)))
one.mistake("you divided by the number of inputs, d; the mean is over the N examples",
            neuron(lambda x, p, t: x.T @ (p - t) / x.shape[1]))
one.mistake("the factor p (1 - p) has cancelled already: ∂L/∂z is p - t, without it",
            neuron(lambda x, p, t: x.T @ (p * (1 - p) * (p - t)) / len(t),
                   lambda x, p, t: np.mean(p * (1 - p) * (p - t))))
one.mistake("that is the gradient of the squared error (p - t)²; the loss is the cross-entropy",
            neuron(lambda x, p, t: 2 * x.T @ (p * (1 - p) * (p - t)) / len(t),
                   lambda x, p, t: 2 * np.mean(p * (1 - p) * (p - t))))
one.mistake("the sigmoid is missing: p is 1 / (1 + exp(-z)), not z",
            neuron(p=lambda x, w, b: x @ w + b))
one.mistake("your sigmoid falls: it is 1 / (1 + exp(-z)), with a minus",
            neuron(p=lambda x, w, b: sigmoid(-(x @ w + b))))
one.mistake("b is missing in z = w·x + b", neuron(p=lambda x, w, b: sigmoid(x @ w)))
one.mistake("b is subtracted; z = w·x + b", neuron(p=lambda x, w, b: sigmoid(x @ w - b)))
one.mistake("that is tanh; the sigmoid is 1 / (1 + exp(-z))",
            neuron(p=lambda x, w, b: np.tanh(x @ w + b)))
one.mistake("you rounded p to 0 or 1; keep the probability",
            neuron(p=lambda x, w, b: (x @ w + b > 0) * 1.0))
one.mistake("the mean of a product is not the product of the means: multiply (p - t) and x for "
            "each example first",
            neuron(lambda x, p, t: x.mean(axis=0) * np.mean(p - t)))
one.mistake("∂L/∂w has a row for each example; take the mean over them",
            neuron(lambda x, p, t: (p - t)[:, None] * x))
one.mistake("∂L/∂w is one number: take the mean over the examples only, axis 0",
            neuron(lambda x, p, t: np.mean((p - t)[:, None] * x)))
one.mistake("∂L/∂b has an entry for each example; take the mean over them",
            neuron(db=lambda x, p, t: p - t))
one.mistake("∂z/∂b is 1, but ∂L/∂b is the mean of (p - t) times that",
            neuron(db=lambda x, p, t: 1.0))
one.mistake("x is missing: ∂z/∂w is x, so ∂L/∂w is the mean of (p - t) x",
            neuron(lambda x, p, t: np.mean(p - t) * np.ones(x.shape[1])))
one.mistake("∂L/∂w: you took the mean over the inputs; take it over the examples, axis 0",
            neuron(lambda x, p, t: np.mean((p - t)[:, None] * x, axis=1)))
one.mistake("t is missing: it is what is said MINUS what is true, p - t",
            neuron(lambda x, p, t: x.T @ p / len(t), lambda x, p, t: np.mean(p)))
one.mistake("the order: give ∂L/∂w first, then ∂L/∂b",
            lambda w, b, x, t: neuron()(w, b, x, t)[::-1])
one.told("all numbers are 2 times", neuron(lambda x, p, t: 2 * x.T @ (p - t) / len(t)))
one.told("give 2 things", lambda w, b, x, t: w)


# --- 3.2: a curve out of bends ---


def read_off(weights=None, constant=None):
    """The constant and the weights of the ramps, one of them computed in another way."""
    weights = weights or (lambda slopes, k, y: np.diff(slopes, prepend=0))
    constant = constant or (lambda k, y: y[0])
    return lambda k, y: (constant(k, y), weights(np.diff(y) / np.diff(k), k, y))


def bend_cases(seed, pieces):
    """(k, y) for each number of pieces, at uneven distances."""
    rng = np.random.default_rng(seed)
    return [((np.cumsum(rng.uniform(0.3, 2, n + 1)) - 2).round(2), rng.normal(size=n + 1).round(2))
            for n in pieces]


ramps = Exercise("3.2", read_off(), bend_cases(32, [3, 1, 2, 7]),
                 parts=("the constant", "v"))
ramps.mistake("these are the slopes of the pieces. The ramps before go on climbing, so each new "
              "one only has to CHANGE the slope", read_off(lambda s, k, y: s))
ramps.mistake("the first weight is missing: at the first place the slope changes from 0 to the "
              "first slope", read_off(lambda s, k, y: np.diff(s)))
ramps.mistake("the first weight is 0; at the first place the slope changes from 0 to the first "
              "slope", read_off(lambda s, k, y: np.diff(s, prepend=s[0])))
ramps.mistake("each weight is one place too early: the 0 belongs in front of the slopes (prepend), "
              "for the slope is 0 before the first place",
              read_off(lambda s, k, y: np.diff(s, append=0)))
ramps.mistake("n + 1 points have n pieces, so n weights; the ramp that sets in at the last point "
              "is not needed", read_off(lambda s, k, y: np.diff(s, prepend=0, append=0)))
ramps.mistake("at the first place every ramp is 0, so the constant must be the height there, y[0]",
              read_off(constant=lambda k, y: 0.0))
ramps.mistake("the constant is the height at the FIRST place; you took the last",
              read_off(constant=lambda k, y: y[-1]))
ramps.mistake("the constant is the height at the first place, not the mean height",
              read_off(constant=lambda k, y: y.mean()))
ramps.mistake("the constant is the height at the first place, where every ramp is 0; you took it "
              "where the first piece crosses x = 0",
              read_off(constant=lambda k, y: y[0] - (y[1] - y[0]) / (k[1] - k[0]) * k[0]))
ramps.mistake("a slope is the rise divided by the distance; divide by np.diff of the places",
              read_off(lambda s, k, y: np.diff(np.diff(y), prepend=0)))
ramps.mistake("divide the rises by the distances BEFORE you take the changes",
              read_off(lambda s, k, y: np.diff(np.diff(y), prepend=0) / np.diff(k)))
ramps.mistake("the places are not evenly spread; each piece has a length of its own",
              read_off(lambda s, k, y: np.diff(np.diff(y) / (k[1] - k[0]), prepend=0)))
ramps.mistake("the slope is upside down: it is the change of y over the change of the place",
              read_off(lambda s, k, y: np.diff(1 / s, prepend=0)))
ramps.mistake("the weights have the wrong sign: where the curve begins to climb more steeply, the "
              "weight is positive", read_off(lambda s, k, y: -np.diff(s, prepend=0)))
ramps.mistake("a weight may be negative: where the curve turns down, its ramp must fall",
              read_off(lambda s, k, y: np.abs(np.diff(s, prepend=0))))
ramps.mistake("the changes are added up once too often; np.diff, not np.cumsum",
              read_off(lambda s, k, y: np.cumsum(s)))
ramps.mistake("the order: give the constant first, then the weights",
              lambda k, y: read_off()(k, y)[::-1])
ramps.mistake("the weights are in the wrong order: the first belongs to the first place",
              read_off(lambda s, k, y: np.diff(s, prepend=0)[::-1]))
ramps.mistake("np.roll brings the last slope to the front; before the first place the slope is 0",
              read_off(lambda s, k, y: s - np.roll(s, 1)))
ramps.mistake("each piece starts where the one before has ended; you took the slopes of the lines "
              "from the first point to each of the others",
              read_off(lambda s, k, y: (y[1:] - y[0]) / (k[1:] - k[0])))


@ramps.mistake("you overwrite slopes that are still needed: each weight is the change between two "
               "slopes as they were, so write into a new array")
def overwritten(k, y):
    slopes = np.diff(y) / np.diff(k)
    for i in range(1, len(slopes)):
        slopes[i] -= slopes[i - 1]
    return y[0], slopes


ramps.told("all numbers are 2 times", read_off(lambda s, k, y: 2 * np.diff(s, prepend=0)))
ramps.told("give 2 things", lambda k, y: np.append(*read_off()(k, y)))


# --- 3.3: two layers, back ---


def two_layers(slope=None, forward=None, **other):
    """The gradients of two layers with tanh between, one of them computed in another way."""
    slope = slope or (lambda z, a: 1 - a**2)
    forward = forward or (lambda x, W, b: x @ W + b)

    def gradients(x, W_1, b_1, W_2, b_2, dy):
        z = forward(x, W_1, b_1)
        a = np.tanh(z)
        dz = dy @ W_2.T * slope(z, a)
        found = {"dW_1": x.T @ dz, "db_1": dz.sum(axis=0), "dW_2": a.T @ dy,
                 "db_2": dy.sum(axis=0)}
        found |= {key: change(x, z, a, dz, dy) for key, change in other.items()}
        return found["dW_1"], found["db_1"], found["dW_2"], found["db_2"]

    return gradients


def two_layer_cases(seed, sizes):
    """(x, W_1, b_1, W_2, b_2, dy) of each size (N, n_in, hidden, n_out)."""
    rng = np.random.default_rng(seed)
    return [tuple(rng.normal(size=shape).round(2)
                  for shape in [(N, n), (n, h), h, (h, m), m, (N, m)]) for N, n, h, m in sizes]


both = Exercise("3.3", two_layers(),
                two_layer_cases(33, [(5, 3, 7, 2), (2, 5, 3, 4), (11, 2, 9, 5)]),
                parts=("dW_1", "db_1", "dW_2", "db_2"))
both.mistake("dz: the slope of tanh is missing; dz = da (1 - a²), entry by entry",
             two_layers(lambda z, a: 1.0))
both.mistake("dz: that is the slope of tanh at a; a is the tanh already, so it is 1 - a²",
             two_layers(lambda z, a: 1 - np.tanh(a) ** 2))
both.mistake("dz: the slope of tanh is 1 - a², written with its OUTPUT a, not with z",
             two_layers(lambda z, a: 1 - z**2))
both.mistake("dz: a (1 - a) is the slope of the sigmoid; that of tanh is 1 - a²",
             two_layers(lambda z, a: a * (1 - a)))
both.mistake("dz: 1 - a², not (1 - a)²", two_layers(lambda z, a: (1 - a) ** 2))
both.mistake("dz: a slope of 1 or 0 belongs to ReLU; that of tanh is 1 - a²",
             two_layers(lambda z, a: z > 0))
both.mistake("dz: multiply by the slope 1 - a², not by a itself", two_layers(lambda z, a: a))
both.mistake("dz: the sign of the slope; tanh climbs everywhere, so it is 1 - a², never negative",
             two_layers(lambda z, a: a**2 - 1))
both.mistake("b_1 is missing on the way there: z = x W_1 + b_1",
             two_layers(forward=lambda x, W, b: x @ W))
both.mistake("dW_2: the second layer saw a, after the tanh, not z",
             two_layers(dW_2=lambda x, z, a, dz, dy: z.T @ dy))
both.mistake("dW: you divided by the number of examples; its 1/N is in dy already",
             two_layers(dW_1=lambda x, z, a, dz, dy: x.T @ dz / len(x),
                        dW_2=lambda x, z, a, dz, dy: a.T @ dy / len(x)))
both.mistake("db: a bias enters for every example, so SUM over them; its 1/N is in dy already",
             two_layers(db_1=lambda x, z, a, dz, dy: dz.mean(axis=0),
                        db_2=lambda x, z, a, dz, dy: dy.mean(axis=0)))
both.mistake("all four are divided by the number of examples; its 1/N is in dy already",
             two_layers(dW_1=lambda x, z, a, dz, dy: x.T @ dz / len(x),
                        dW_2=lambda x, z, a, dz, dy: a.T @ dy / len(x),
                        db_1=lambda x, z, a, dz, dy: dz.mean(axis=0),
                        db_2=lambda x, z, a, dz, dy: dy.mean(axis=0)))
both.mistake("db_1, db_2 are single numbers; sum over the examples only, axis 0",
             two_layers(db_1=lambda x, z, a, dz, dy: dz.sum(),
                        db_2=lambda x, z, a, dz, dy: dy.sum()))
both.mistake("db_1, db_2: you summed over the neurons; sum over the examples, axis 0",
             two_layers(db_1=lambda x, z, a, dz, dy: dz.sum(axis=1),
                        db_2=lambda x, z, a, dz, dy: dy.sum(axis=1)))
both.mistake("db_1 is what reaches a; take it from dz, behind the tanh",
             two_layers(db_1=lambda x, z, a, dz, dy: (dz / (1 - a**2)).sum(axis=0)))


both.mistake("db_2 has a row for each example; a bias enters for every example, so sum over them",
             two_layers(db_2=lambda x, z, a, dz, dy: dy))
both.mistake("db_1, db_2 have a row for each example; sum over the examples, axis 0",
             two_layers(db_1=lambda x, z, a, dz, dy: dz, db_2=lambda x, z, a, dz, dy: dy))


@both.mistake("da: the outputs reach a through W_2, so da = dy W_2ᵀ; you added up dy without it")
def without_weights(x, W_1, b_1, W_2, b_2, dy):
    return two_layers()(x, W_1, b_1, np.ones_like(W_2), b_2, dy)


@both.mistake("the order: give dW_1, db_1, dW_2, db_2; you gave both dW first")
def weights_first(x, W_1, b_1, W_2, b_2, dy):
    dW_1, db_1, dW_2, db_2 = two_layers()(x, W_1, b_1, W_2, b_2, dy)
    return dW_1, dW_2, db_1, db_2


@both.mistake("that is a network of sigmoids; here a is tanh z, and its slope 1 - a²")
def sigmoids(x, W_1, b_1, W_2, b_2, dy):
    a = sigmoid(x @ W_1 + b_1)
    dz = dy @ W_2.T * a * (1 - a)
    return x.T @ dz, dz.sum(axis=0), a.T @ dy, dy.sum(axis=0)


@both.mistake("the order: give dW_1, db_1 first, then dW_2, db_2")
def turned_round(x, W_1, b_1, W_2, b_2, dy):
    first = two_layers()(x, W_1, b_1, W_2, b_2, dy)
    return first[2:] + first[:2]


both.mistake("dW_1: rows and columns are swapped; it is shaped like W_1, so x.T @ dz",
             two_layers(dW_1=lambda x, z, a, dz, dy: dz.T @ x))
both.mistake("dW_2: rows and columns are swapped; it is shaped like W_2, so a.T @ dy",
             two_layers(dW_2=lambda x, z, a, dz, dy: dy.T @ a))
both.mistake("dW_1, dW_2: rows and columns are swapped; each is shaped like its W",
             two_layers(dW_1=lambda x, z, a, dz, dy: dz.T @ x,
                        dW_2=lambda x, z, a, dz, dy: dy.T @ a))
both.told("shape (1, ", two_layers(db_1=lambda x, z, a, dz, dy: dz.sum(axis=0, keepdims=True)))


# --- 3.4: the backward pass of a linear layer ---


def linear(dW=None, db=None, dx=None, forward=None):
    """A linear layer in which one of three lines of backward, or forward, is another one."""
    class MyLinear(Layer):
        def __init__(self, n_in, n_out):
            super().__init__(W=(n_in, n_out), b=(n_out,))

        def forward(self, x):
            self.x = x
            return forward(self, x) if forward else x @ self.W + self.b

        def backward(self, dy):
            x, rows = self.x.reshape(-1, self.x.shape[-1]), dy.reshape(-1, dy.shape[-1])
            if dW:
                dW(self, x, rows)
            else:
                self.dW[:] = x.T @ rows
            if db:
                db(self, rows)
            else:
                self.db[:] = rows.sum(axis=0)
            return dx(self, dy) if dx else dy @ self.W.T

    return MyLinear


def put(name, value):
    """A step of backward that writes value(self, …) into the view `name`."""
    def step(self, *given):
        getattr(self, name)[:] = value(self, *given)

    return step


def replaced(self, x, rows):
    self.dW = x.T @ rows


def replaced_bias(self, rows):
    self.db = rows.sum(axis=0)


def added(self, x, rows):
    self.dW += x.T @ rows


def added_bias(self, rows):
    self.db += rows.sum(axis=0)


def moved(self, dy):
    self.W -= 0.01 * self.dW
    return dy @ self.W.T


def scaled(self, dy):
    dx = dy @ self.W.T
    dy *= 0.5
    return dx


def input_scaled(self, dy):
    self.x *= 0.5
    return dy @ self.W.T


def linear_probe(answer, x, dy):
    """What the layer does with x and dy, there and back."""
    if not (isinstance(answer, type) and hasattr(answer, "backward")):
        raise Wrong('give the class itself: check("3.4", MyLinear)')
    if not issubclass(answer, Layer):  # the notebook defines a Layer of its own
        answer = type(answer.__name__, (answer, Layer), {})
    made = call_method(answer, x.shape[-1], dy.shape[-1])
    if "shapes" not in vars(made):
        raise Wrong("keep the beginning as it was given: class MyLinear(Layer), and in __init__ "
                    "super().__init__(W=(n_in, n_out), b=(n_out,))")
    made.initialize = lambda rng: None  # its first values are its own business
    theta, grad = flatten(made)
    theta += np.random.default_rng(0).normal(0, 0.5, theta.shape)
    before, given_x, given = theta.copy(), x.copy(), dy.copy()
    grad[:] = 7.0  # what the last step has left
    y = np.copy(call_method(made.forward, given_x))
    # Read from the flat array, where a layer with a new array in place of its view wrote nothing.
    views = {"dW": made.dW, "db": made.db}
    dx = call_method(made.backward, given)
    return {"y": y, "the change of the parameters (only the optimizer moves them)": theta - before,
            "the change of x (it belongs to the layer in front)": given_x - x,
            "the change of dy (it belongs to the layer behind)": given - dy,
            "dx": dx} | {name: view.copy() for name, view in views.items()}


def linear_cases(seed, sizes):
    """(x, dy) for each (axes in front, n_in, n_out)."""
    rng = np.random.default_rng(seed)
    return [(rng.normal(size=(*front, n)), rng.normal(size=(*front, m))) for front, n, m in sizes]


layer = Exercise("3.4", linear(), linear_cases(34, [((7,), 3, 2), ((2, 5), 3, 4),
                                                    ((2, 3, 5), 7, 4), ((1,), 4, 3)]),
                 probe=linear_probe)
layer.mistake("dW, db: grad still holds what the last step left there. Write INTO the views, "
              "self.dW[:] = …; a new array in place of a view is seen by nobody",
              linear(replaced, replaced_bias))
layer.mistake("dW: grad still holds what the last step left there. Write INTO the view, "
              "self.dW[:] = …; a new array in its place is seen by nobody", linear(replaced))
layer.mistake("db: grad still holds what the last step left there. Write the sum of dy over all "
              "rows into the view, self.db[:] = …", linear(db=replaced_bias))
layer.mistake("you ADD to self.dW; what stood there is of the last step: overwrite it",
              linear(added))
layer.mistake("you ADD to self.db; what stood there is of the last step: overwrite it",
              linear(db=added_bias))
layer.mistake("you ADD to self.dW and self.db; what stood there is of the last step: overwrite it",
              linear(added, added_bias))
layer.mistake("dW is a SUM over the rows; the loss has taken its mean already",
              linear(put("dW", lambda self, x, rows: x.T @ rows / len(x))))
layer.mistake("db is a SUM over the rows; the loss has taken its mean already",
              linear(db=put("db", lambda self, rows: rows.mean(axis=0))))
layer.mistake("db: you added up over the outputs, too; each output has a bias of its own, so sum "
              "over the rows only", linear(db=put("db", lambda self, rows: rows.sum())))
layer.mistake("dW: reshape(n_in, -1) cuts the rows to pieces; the last axis must stay the "
              "features: reshape(-1, n_in)",
              linear(put("dW", lambda self, x, rows: x.reshape(x.shape[1], -1) @ rows)))
layer.mistake("dW: x tells how much each weight counted; you summed dy alone",
              linear(put("dW", lambda self, x, rows: np.ones_like(x).T @ rows)))
layer.mistake("dW: x.T @ dy has no W in it; the slope of x W by W is x",
              linear(put("dW", lambda self, x, rows: x.T @ rows * self.W)))
layer.mistake("dW has the wrong sign; the optimizer goes downhill, the layer gives the slope",
              linear(put("dW", lambda self, x, rows: -x.T @ rows)))
layer.mistake("dx: b only shifts the output, so it plays no part on the way back: dy @ W.T",
              linear(dx=lambda self, dy: dy @ self.W.T + dy @ np.ones((len(self.b), len(self.W)))))
layer.mistake("backward moves the parameters; it only writes their gradients, the optimizer moves "
              "them later", linear(dx=moved))
layer.mistake("you changed dy; it belongs to the layer behind, so make a new array",
              linear(dx=scaled))
layer.mistake("you changed x; it belongs to the layer in front, so make a new array",
              linear(dx=input_scaled))
layer.mistake("forward: + b is missing; it was right as it was given",
              linear(forward=lambda self, x: x @ self.W))
layer.mistake("dx: you return dy times the slope by W, not by x: dy @ W.T",
              linear(dx=lambda self, dy: np.broadcast_to(self.dW.sum(axis=1),
                                                         (*dy.shape[:-1], len(self.W)))))
layer.mistake("x may have more axes in front of its features: lay both in rows first, x by "
              "x.reshape(-1, n_in) and dy by dy.reshape(-1, n_out)",
              linear(put("dW", lambda self, x, rows:
                         self.x.T @ rows.reshape(*self.x.shape[:-1], -1))))
layer.mistake("dx is what each single example hands back; no mean is taken here",
              linear(dx=lambda self, dy: dy @ self.W.T / len(dy)))
layer.told("the change of the parameters", linear(dx=lambda self, dy: dy @ np.multiply(
    self.W, 0.9, out=self.W).T))
layer.told("dW at index", linear(put("dW", lambda self, x, rows: self.x.reshape(
    -1, len(self.x)) @ rows.reshape(len(self.x), -1))))
layer.told("your code raised ValueError", linear(dx=lambda self, dy: dy @ self.W))
layer.told("dx has shape", linear(dx=lambda self, dy: dy.reshape(-1, dy.shape[-1]) @ self.W.T))
layer.told("your code raised ValueError",
           linear(put("dW", lambda self, x, rows: rows.T @ x)))
layer.told("your code raised TypeError", type("OneNumber", (linear(),), {
    "__init__": lambda self, n: setattr(self, "n", n)}))
layer.told("keep the beginning as it was given", type("Alone", (), {
    "__init__": lambda self, n, m: setattr(self, "n", n), "backward": lambda self, dy: dy + 1}))
layer.told("gives back None", linear(dx=lambda self, dy: None))
layer.told("give the class itself", lambda dy: dy)


# --- 3.5: targets that are not sure ---


def log_softmax(z, axis=-1):
    """ln p of scores, safe: the largest of each row is subtracted."""
    z = z - z.max(axis=axis, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=axis, keepdims=True))


def soft(loss=None, gradient=None, log_p=None, p=None):
    """Cross-entropy with soft targets in which one of the parts is computed in another way."""
    loss = loss or (lambda z, p, log_p, q: -(q * log_p).sum(axis=-1).mean())
    gradient = gradient or (lambda z, p, q: (p - q) / len(z))

    @np.errstate(all="ignore")  # some mistakes overflow
    def both(z, q):
        logs = (log_p or log_softmax)(z)
        probabilities = p(z) if p else np.exp(logs)
        return loss(z, probabilities, logs, q), gradient(z, probabilities, q)

    return both


def naive(z):
    return np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)


def log_of(z):
    """ln p of scores, as it stands."""
    return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))


def whole_array(z):
    return log_of(z - z.max())


def patched(z):
    return np.nan_to_num(naive(z))


def soft_cases(seed, sizes):
    """(logits, q) of each size (N, K), and logits so large that careless formulas overflow."""
    rng = np.random.default_rng(seed)
    random = [(2 * rng.normal(size=(N, K)), rng.dirichlet(np.ones(K), N)) for N, K in sizes]
    large = [(np.array([[800.0, 0.0, 1.0], [-800.0, -799.0, -802.0]]),
              np.array([[1.0, 0.0, 0.0], [0.25, 0.5, 0.25]])),
             (np.array([[-800.0, 800.0]]), np.array([[0.25, 0.75]])),
             (np.array([[0.0, 720.0], [800.0, 799.0]]), np.array([[0.5, 0.5], [0.25, 0.75]]))]
    return random + large


class Careful(Exercise):
    """Says what large logits do to a formula, where only they are wrong: cut off, or rounded."""

    def tell_difference(self, given, wanted, i):
        loss = given[i].get("the loss")
        for part in self.parts:
            found = as_numbers(given[i].get(part))
            if i >= 3 and found is not None and not (np.abs(found.astype(float)) < 1e100).all():
                raise Wrong(f"right for small logits; for those of 800 {part} breaks down: e^z "
                            "overflows, or a p rounded to 0 is divided by or under the logarithm. "
                            "Subtract the largest logit of each row, take ln p as z - ln Σ e^z and "
                            "the gradient as p - q")
        if i >= 3 and isinstance(loss, float) and 0 <= loss < wanted[i]["the loss"]:
            raise Wrong("right for small logits; for those of 800 the loss is too small: an ε in "
                        "the logarithm, or a clip, cuts off small probabilities. Take ln p as "
                        "z - ln Σ e^z, which needs none")
        super().tell_difference(given, wanted, i)


targets = Careful("3.5", soft(), soft_cases(35, [(6, 4), (5, 3), (1, 7)]),
                  parts=("the loss", "the gradient"))
targets.mistake("logits of 800 overflow; subtract the largest logit of each row, and take ln p as "
                "z - ln Σ e^z, not as the logarithm of p",
                soft(log_p=lambda z: np.log(naive(z)), p=naive))
targets.mistake("ln of a p that was rounded to 0 is -inf; take ln p as z - ln Σ e^z",
                soft(log_p=lambda z: np.log(softmax(z)), p=softmax))
targets.mistake("the overflow makes the probabilities NaN, and nan_to_num makes them 0, which is "
                "wrong; subtract the largest logit first",
                soft(log_p=lambda z: np.log(patched(z) + 1e-300), p=patched))
targets.mistake("a small ε in the logarithm cuts off small probabilities; take ln p as "
                "z - ln Σ e^z, which needs none",
                soft(log_p=lambda z: np.log(softmax(z) + 1e-12), p=softmax))
targets.mistake("subtract the largest logit of EACH ROW; you subtracted the largest of all, and a "
                "row far below it is rounded to zeros", soft(log_p=whole_array))
targets.mistake("e^800 overflows in Σ e^z: subtract the largest logit of each row from z first",
                soft(log_p=lambda z: z - np.log(np.exp(z).sum(axis=-1, keepdims=True))))
targets.mistake("subtract the LARGEST logit of each row: above the smallest, e^z still overflows",
                soft(log_p=lambda z: log_of(z - z.min(axis=-1, keepdims=True))))
targets.mistake("what is subtracted must be the same for a whole row; you took the largest of each "
                "column: axis=-1",
                soft(log_p=lambda z: log_of(z - z.max(axis=0, keepdims=True))))
targets.mistake("what you subtract from z inside the sum must be subtracted outside, too: ln p is "
                "(z - max) - ln Σ e^(z - max)",
                soft(log_p=lambda z: log_softmax(z) + z.max(axis=-1, keepdims=True)))
targets.told("the loss breaks down", soft(lambda z, p, log_p, q: -np.sum(
    q * np.log(p), axis=-1, where=q > 0).mean(), p=softmax))
targets.told("the loss breaks down",
             soft(log_p=lambda z: np.nan_to_num(np.log(softmax(z))), p=softmax))
targets.told("the loss breaks down",
             soft(log_p=lambda z: log_of(z - z.mean(axis=-1, keepdims=True))))
targets.told("the gradient breaks down", soft(gradient=lambda z, p, q: (
    p * (-q / p - np.sum(-q, axis=-1, keepdims=True)) / len(z))))
for small in (1e-7, 1e-9):
    targets.told("cuts off small probabilities",
                 soft(log_p=lambda z, ε=small: np.log(np.maximum(softmax(z), ε)), p=softmax))
targets.mistake("the sign: ln p is negative, the loss is minus the sum",
                soft(lambda z, p, log_p, q: (q * log_p).sum(axis=-1).mean()))
targets.mistake("you summed over the rows; take the mean",
                soft(lambda z, p, log_p, q: -(q * log_p).sum()))
targets.mistake("divided by K as well: sum over the classes, mean over the rows only",
                soft(lambda z, p, log_p, q: -(q * log_p).mean()))
targets.mistake("give the MEAN loss over the rows; you gave one for each row",
                soft(lambda z, p, log_p, q: -(q * log_p).sum(axis=-1)))
targets.mistake("q and p are swapped: it is -Σ q ln p",
                soft(lambda z, p, log_p, q: -(p * np.log(q + 1e-300)).sum(axis=-1).mean()))
targets.mistake("that is the entropy of p; the truth q belongs in front of the logarithm",
                soft(lambda z, p, log_p, q: -(p * log_p).sum(axis=-1).mean()))
targets.mistake("that is -Σ q z; ln p also has the - ln Σ e^z",
                soft(lambda z, p, log_p, q: -(q * z).sum(axis=-1).mean()))
targets.mistake("that is in bits; take the natural logarithm",
                soft(lambda z, p, log_p, q: -(q * log_p).sum(axis=-1).mean() / math.log(2)))
targets.mistake("that is with the logarithm to base 10; take the natural one",
                soft(lambda z, p, log_p, q: -(q * log_p).sum(axis=-1).mean() / math.log(10)))
targets.mistake("you took the most probable class of q as sure; all of q counts",
                soft(lambda z, p, log_p, q:
                     -np.take_along_axis(log_p, q.argmax(axis=-1)[:, None], axis=-1).mean()))
targets.mistake("softmax over the wrong axis: the classes are the last one",
                soft(log_p=lambda z: log_softmax(z, 0)))
targets.mistake("the gradient has the wrong sign: p - q", soft(gradient=lambda z, p, q:
                                                               (q - p) / len(z)))
targets.mistake("the gradient of the MEAN has 1/N: divide by the number of rows",
                soft(gradient=lambda z, p, q: p - q))
targets.mistake("divide the gradient by N, the number of rows, not by the number of classes",
                soft(gradient=lambda z, p, q: (p - q) / z.shape[1]))
targets.mistake("divide the gradient by N, the number of rows, not by all entries",
                soft(gradient=lambda z, p, q: (p - q) / z.size))
targets.mistake("that is the gradient by p; go on through the softmax to the logits",
                soft(gradient=lambda z, p, q: -q / p / len(z)))
targets.mistake("the gradient: each p_i depends on every z_j, so add up over all i: p - q",
                soft(gradient=lambda z, p, q: (p - 1) * q / len(z)))
targets.mistake("the gradient: q is missing: p - q", soft(gradient=lambda z, p, q: p / len(z)))
targets.mistake("the gradient: a factor p (1 - p) belongs to the sigmoid and the squared error; "
                "here it has cancelled: p - q",
                soft(gradient=lambda z, p, q: (p - q) * p * (1 - p) / len(z)))
targets.mistake("that is the divergence, without the entropy of q; the loss is -Σ q ln p",
                soft(lambda z, p, log_p, q:
                     (q * (np.log(np.where(q > 0, q, 1)) - log_p)).sum(axis=-1).mean()))
targets.mistake("the gradient: you took the likeliest class of q as sure; all of q counts: p - q",
                soft(gradient=lambda z, p, q: (p - (q == q.max(axis=-1, keepdims=True))) / len(z)))
targets.mistake("the gradient by the logits is shaped like the logits, a row for each example; you "
                "took their mean", soft(gradient=lambda z, p, q: (p - q).mean(axis=0)))
targets.mistake("the probabilities of a row must sum to 1: softmax, not the sigmoid of each logit",
                soft(log_p=lambda z: np.log(sigmoid(z)), p=sigmoid))
targets.mistake("that is a squared error; the loss is -Σ q ln p",
                soft(lambda z, p, log_p, q: ((p - q) ** 2).sum(axis=-1).mean()))
targets.mistake("the logits are cut off; for logits of 800 the loss really is that large",
                soft(log_p=lambda z: log_softmax(np.clip(z, -100, 100))))
targets.mistake("the order: give the loss first, then the gradient",
                lambda z, q: soft()(z, q)[::-1])
targets.told("right to about", soft(lambda z, p, log_p, q:
                                    -(q * (log_p - 1e-4)).sum(axis=-1).mean()))


# --- 3.6: one step of training ---


def step(model, criterion, optimizer, inputs, targets):
    loss = criterion(model(inputs), targets)
    model.backward(criterion.backward())
    optimizer.step(model.grad)
    return loss


def numbers():
    """A model that guesses numbers, its loss and optimizer, and batches for three steps."""
    rng = np.random.default_rng(36)
    model = Sequential(Linear(3, 5), Tanh(), Linear(5, 2))
    flatten(model, rng)
    batches = [(rng.normal(size=(N, 3)), rng.normal(size=(N, 2))) for N in (7, 4, 6)]
    return model, MeanSquaredError(), SGD(model.theta, 0.1), batches


def classes():
    """A model that guesses classes, its loss and optimizer, and batches for three steps."""
    rng = np.random.default_rng(37)
    model = Sequential(Linear(2, 7), Tanh(), Linear(7, 4))
    flatten(model, rng)
    batches = [(rng.normal(size=(N, 2)), rng.integers(0, 4, N)) for N in (5, 3, 8)]
    return model, SoftmaxCrossEntropy(), Adam(model.theta, 0.05), batches


def step_probe(answer, make):
    """Three steps on three batches: the loss that each returned, and where θ is at the end."""
    model, criterion, optimizer, batches = make()
    model.grad[:] = 0.5  # what the last step has left
    losses = []
    for inputs, labels in batches:
        kept = inputs.copy(), labels.copy()
        loss = call_method(answer, model, criterion, optimizer, inputs, labels)
        if not np.isscalar(loss) and getattr(loss, "size", 0) != 1:
            raise Wrong(f"return the loss, which is one number; you gave back a "
                        f"{type(loss).__name__}")
        losses.append(np.ravel(loss)[0])
        if not (np.array_equal(kept[0], inputs) and np.array_equal(kept[1], labels)):
            raise Wrong("you changed the examples, which belong to the caller")
    return {"the loss before each of three steps": losses,
            "theta after three steps": optimizer.theta.copy()}


train = Exercise("3.6", step, [(numbers,), (classes,)], probe=step_probe)


@train.mistake("nothing has moved: after backward comes optimizer.step(model.grad)")
def no_step(model, criterion, optimizer, inputs, targets):
    loss = criterion(model(inputs), targets)
    model.backward(criterion.backward())
    return loss


@train.mistake("model.backward is missing, so the step follows the gradient of the last batch")
def no_backward(model, criterion, optimizer, inputs, targets):
    loss = criterion(model(inputs), targets)
    optimizer.step(model.grad)
    return loss


@train.mistake("the step comes before backward, so it follows the gradient of the last batch")
def too_early(model, criterion, optimizer, inputs, targets):
    loss = criterion(model(inputs), targets)
    optimizer.step(model.grad)
    model.backward(criterion.backward())
    return loss


@train.mistake("return the loss of the forward pass, before the step; you measured it again after")
def loss_after(model, criterion, optimizer, inputs, targets):
    step(model, criterion, optimizer, inputs, targets)
    return criterion(model(inputs), targets)


@train.mistake("you go uphill: the optimizer subtracts already, so give it the gradient itself")
def uphill(model, criterion, optimizer, inputs, targets):
    loss = criterion(model(inputs), targets)
    model.backward(criterion.backward())
    optimizer.step(-model.grad)
    return loss


@train.mistake("two steps for one batch; take one")
def two_steps(model, criterion, optimizer, inputs, targets):
    loss = step(model, criterion, optimizer, inputs, targets)
    optimizer.step(model.grad)
    return loss


@train.mistake("one step for each example; take one step with the gradient of the whole batch")
def each_alone(model, criterion, optimizer, inputs, targets):
    losses = [step(model, criterion, optimizer, inputs[n : n + 1], targets[n : n + 1])
              for n in range(len(inputs))]
    return np.mean(losses)


@train.mistake("you move theta by yourself; let the optimizer do it, it knows its learning rate "
               "and keeps its memory")
def own_descent(model, criterion, optimizer, inputs, targets):
    loss = criterion(model(inputs), targets)
    model.backward(criterion.backward())
    model.theta -= 0.1 * model.grad
    return loss


@train.mistake("you move theta by the gradient itself; let the optimizer do it")
def whole_gradient(model, criterion, optimizer, inputs, targets):
    loss = criterion(model(inputs), targets)
    model.backward(criterion.backward())
    model.theta -= model.grad
    return loss


@train.mistake("a new optimizer at every step forgets what it has seen; use the one that is given")
def new_optimizer(model, criterion, optimizer, inputs, targets):
    return step(model, criterion, Adam(model.theta, optimizer.learning_rate), inputs, targets)


@train.mistake("flatten(model) starts the model anew, and the optimizer still holds the old theta")
def flattened_again(model, criterion, optimizer, inputs, targets):
    flatten(model)
    return step(model, criterion, optimizer, inputs, targets)


@train.mistake("guesses and targets are swapped: criterion(model(inputs), targets)")
def swapped(model, criterion, optimizer, inputs, targets):
    loss = criterion(targets, model(inputs))
    model.backward(criterion.backward())
    optimizer.step(model.grad)
    return loss


@train.mistake("you return the sum over the batch; the loss is a mean already")
def summed(model, criterion, optimizer, inputs, targets):
    return step(model, criterion, optimizer, inputs, targets) * len(inputs)


@train.mistake("the step follows the gradient, model.grad, not theta itself")
def along_theta(model, criterion, optimizer, inputs, targets):
    loss = criterion(model(inputs), targets)
    model.backward(criterion.backward())
    optimizer.step(model.theta.copy())
    return loss


@train.mistake("the loss is a mean already, and its gradient holds the 1/N; do not divide again")
def divided_again(model, criterion, optimizer, inputs, targets):
    loss = criterion(model(inputs), targets)
    model.backward(criterion.backward() / len(inputs))
    optimizer.step(model.grad)
    return loss


@train.mistake("model.backward wants the gradient of the loss: criterion.backward(), not ones")
def ones(model, criterion, optimizer, inputs, targets):
    guesses = model(inputs)
    loss = criterion(guesses, targets)
    model.backward(np.ones_like(guesses))
    optimizer.step(model.grad)
    return loss


@train.mistake("the gradients of all batches add up; model.grad holds that of this batch alone")
def adding_up(model, criterion, optimizer, inputs, targets):
    before = model.grad.copy()
    loss = criterion(model(inputs), targets)
    model.backward(criterion.backward())
    model.grad += before
    optimizer.step(model.grad)
    return loss


@train.told("you changed the examples")
def noisy(model, criterion, optimizer, inputs, targets):
    inputs += 0.1
    return step(model, criterion, optimizer, inputs, targets)


@train.told("return the loss, which is one number; you gave back a tuple")
def loss_and_gradient(model, criterion, optimizer, inputs, targets):
    return step(model, criterion, optimizer, inputs, targets), model.grad


@train.told("is a `return` missing")
def nothing(model, criterion, optimizer, inputs, targets):
    step(model, criterion, optimizer, inputs, targets)


@train.told("your code raised")
def loss_back(model, criterion, optimizer, inputs, targets):
    loss = criterion(model(inputs), targets)
    model.backward(loss)
    optimizer.step(model.grad)
    return loss


# --- 3.7: the scale that is kept ---

scale = Exercise("3.7", lambda n, m: math.sqrt(2 / ((1 + m**2) * n)),
                 [(64, 0.0), (100, 0.25), (7, 1.0), (256, 0.01), (12, -0.5)])
scale.mistake("that is the variance; the deviation is its root", lambda n, m: 2 / ((1 + m**2) * n))
scale.mistake("it is m that is squared: the mean SQUARE below 0 is multiplied by m²",
              lambda n, m: math.sqrt(2 / ((1 + m) * n)))
scale.mistake("the two halves lie side by side: 1 + m², not (1 + m)²",
              lambda n, m: math.sqrt(2 / ((1 + m) ** 2 * n)))
scale.mistake("that is for m = 0; the part below 0 is not lost here, only smaller",
              lambda n, m: math.sqrt(2 / n))
scale.mistake("that is for m = 1; the bend then takes nothing away",
              lambda n, m: math.sqrt(1 / n))
scale.mistake("only HALF of the sums are above 0 and half below: ½ (1 + m²)",
              lambda n, m: math.sqrt(1 / ((1 + m**2) * n)))
scale.mistake("1 + m² belongs under the root, beside n",
              lambda n, m: math.sqrt(2 / n) / (1 + m**2))
scale.mistake("the root goes over the whole fraction, not over the 2 alone",
              lambda n, m: math.sqrt(2) / ((1 + m**2) * n))
scale.mistake("upside down: the more survives, the SMALLER the weights may be",
              lambda n, m: math.sqrt((1 + m**2) * n / 2))
scale.mistake("a larger m lets more through, so s must fall with m: divide by 1 + m²",
              lambda n, m: math.sqrt(2 * (1 + m**2) / n))
scale.mistake("n s² must stay the same for every n, so s falls like 1/√n, not like 1/n",
              lambda n, m: math.sqrt(2 / (1 + m**2)) / n)
scale.mistake("n is missing: with more inputs the sum is larger, so the weights must be smaller",
              lambda n, m: math.sqrt(2 / (1 + m**2)))
scale.mistake("1 belongs to the half above 0, m² to the half below: 1 + m², not 1 - m²",
              lambda n, m: math.sqrt(2 / ((1 - m**2) * n)))
scale.mistake("in between, but not on a straight line: the mean SQUARES of both halves add",
              lambda n, m: (1 - m) * math.sqrt(2 / n) + m * math.sqrt(1 / n))
scale.mistake("0.02 is a habit; with n inputs it multiplies the size by √(n · 0.02² (1 + m²)/2)",
              lambda n, m: 0.02)
scale.mistake("the half above 0 is missing: ½ (1 + m²)",
              lambda n, m: math.sqrt(2 / (m**2 * n)))
