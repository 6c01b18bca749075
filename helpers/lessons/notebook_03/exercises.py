"""What the exercises of notebook 03, feedforward networks, must satisfy."""

import inspect
import math

import numpy as np

from helpers.checks import Unfilled, Wrong, array, call, close, describe, exercise, is_stub


def pair(result, what):
    """The two parts of an answer; raises Wrong unless there are two."""
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        raise Wrong(f"give back two things: {what}")
    return result


@exercise("3.1")
def neuron_gradient(answer):
    """The gradient of the binary cross-entropy of one neuron."""
    rng = np.random.default_rng(31)
    for N, d in [(7, 3), (20, 2), (4, 5)]:
        w, b, x = rng.normal(size=d), float(rng.normal()), rng.normal(size=(N, d))
        t = rng.integers(0, 2, N).astype(float)
        dw, db = pair(call(answer, w, b, x, t), "∂L/∂w and ∂L/∂b")
        p = 1 / (1 + np.exp(-(x @ w + b)))
        right_w, right_b = x.T @ (p - t) / N, np.mean(p - t)
        if np.shape(dw) == (N, d):
            raise Wrong("∂L/∂w has a row for each example; take the mean over them")
        if np.shape(db) == (N,):
            raise Wrong("∂L/∂b has an entry for each example; take the mean over them")
        dw = array(dw, (d,), "∂L/∂w").astype(float)
        db = float(array(db, (), "∂L/∂b"))
        if close(dw, right_w) and close(db, right_b):
            continue
        slope = p * (1 - p)
        for value_w, value_b, what in [
            (-right_w, -right_b, "the sign: ∂L/∂z is p - t, what is said minus what is true"),
            (N * right_w, N * right_b, "you summed; the loss is a MEAN over the examples"),
            (x.T @ (slope * (p - t)) / N, np.mean(slope * (p - t)),
             "the factor p (1 - p) has cancelled already: ∂L/∂z is p - t, without it"),
            (2 * x.T @ (slope * (p - t)) / N, 2 * np.mean(slope * (p - t)),
             "that is the gradient of the squared error (p - t)²; the loss is the cross-entropy"),
            (x.T @ (x @ w + b - t) / N, np.mean(x @ w + b - t),
             "the sigmoid is missing: p is 1 / (1 + exp(-z)), not z"),
            (x.T @ (1 / (1 + np.exp(x @ w + b)) - t) / N, None,
             "your sigmoid falls: it is 1 / (1 + exp(-z)), with a minus"),
        ]:  # fmt: skip
            if close(dw, value_w) and (value_b is None or close(db, value_b)):
                raise Wrong(what)
        if close(dw, right_w):
            if close(db, N * right_b):
                raise Wrong("∂L/∂b is a sum; take the mean, as for ∂L/∂w")
            if close(db, 1):
                raise Wrong("∂z/∂b is 1, but ∂L/∂b is the mean of (p - t) times that")
            raise Wrong("∂L/∂w is right, ∂L/∂b is not; ∂z/∂b is 1, so it is the mean of p - t")
        no_bias = 1 / (1 + np.exp(-(x @ w)))
        if close(dw, x.T @ (no_bias - t) / N):
            raise Wrong("b is missing in z = w·x + b")
        if close(dw, x.mean(axis=0) * np.mean(p - t)):
            raise Wrong("the mean of a product is not the product of the means: multiply (p - t) "
                        "and x for each example first")  # fmt: skip
        if close(db, right_b):
            raise Wrong("∂L/∂b is right, ∂L/∂w is not; it is the mean of (p - t) x")
        raise Wrong(f"with N = {N} and d = {d} your ∂L/∂w is {dw.round(4)}, measured "
                    f"{right_w.round(4)}")  # fmt: skip


@exercise("3.2")
def bend_weights(answer):
    """The constant and the ramp weights of a curve through given points."""
    rng = np.random.default_rng(32)
    for m in (1, 3, 6):
        c = np.cumsum(rng.uniform(0.3, 2, m + 1)) - 2
        y = rng.normal(size=m + 1)
        constant, v = pair(call(answer, c, y), "the constant and the weights")
        constant = float(array(constant, (), "the constant"))
        v = array(v, None, "the weights").astype(float)
        slopes = np.diff(y) / np.diff(c)
        right = np.diff(slopes, prepend=0)
        if v.shape == (m + 1,) and close(v[:-1], right):
            raise Wrong(f"{m + 1} points have {m} pieces, so {m} weights; the ramp that sets in at "
                        "the last point is not needed")  # fmt: skip
        if v.shape == (m - 1,) and close(v, right[1:]):
            raise Wrong("the first weight is missing: at c[0] the slope changes from 0 to the "
                        "first slope")  # fmt: skip
        array(v, (m,), "the weights")
        if close(v, right) and close(constant, y[0]):
            continue
        if close(v, right):
            raise Wrong("the weights are right, the constant is not: at c[0] every ramp is 0, and "
                        f"the curve must be at y[0] = {y[0]:.4f} there")  # fmt: skip
        if m == 1:
            if close(v, np.diff(y)):
                raise Wrong("that is the rise; the slope is the rise divided by c[1] - c[0]")
            if close(v, 1 / slopes):
                raise Wrong("the slope is upside down: it is the change of y over the change of c")
            if close(v, -right):
                raise Wrong("the sign is turned round; a curve that rises has a positive slope")
            continue_text = f"with two points the only weight is the slope, {slopes[0]:.4f}"
            raise Wrong(f"{continue_text}; you have {v[0]:.4f}")
        for value, what in [
            (slopes, "these are the slopes of the pieces. The ramps before go on climbing, so each "
                     "new one only has to CHANGE the slope"),
            (np.diff(y, prepend=0)[1:], "that is the rise; divide by the distance of the points"),
            (np.diff(np.diff(y), prepend=0), "divide the rises by np.diff(c) before you take "
                                             "differences"),
        ]:  # fmt: skip
            if close(v, value):
                raise Wrong(what)
        values = constant + np.maximum(c[:, None] - c[:-1], 0) @ v
        bad = int(np.flatnonzero(~np.isclose(values, y))[0])
        raise Wrong(f"the curve misses point {bad}: at c = {c[bad]:.3f} it is at "
                    f"{values[bad]:.4f}, not {y[bad]:.4f}")  # fmt: skip


@exercise("3.3")
def prelu(answer):
    """The backward of PReLU, on inputs of two and three axes."""
    if not (inspect.isclass(answer) and hasattr(answer, "forward") and hasattr(answer, "backward")):
        raise Wrong("give the class itself: check(\"3.3\", PReLU)")
    rng = np.random.default_rng(33)
    for shape in [(6, 3), (2, 5, 3), (3, 3)]:
        x, dy = rng.normal(size=shape), rng.normal(size=shape)
        try:
            layer = answer(3)
            layer.a = a = rng.uniform(0.1, 0.6, 3) * np.array([1, -1, 1])
            grad = np.full(3, 7.0)  # what `flatten` would do, with a gradient of the last step
            layer.da, given = grad[:], dy.copy()
            layer(x)
            dx = layer.backward(given)
        except Exception as error:
            raise Wrong(f"your code raised {describe(error, answer.backward)}") from error
        if is_stub(dx):
            raise Unfilled
        if dx is None:
            raise Wrong("backward gives back None; return dx, for the layer before")
        dx = array(dx, shape, "dx").astype(float)
        if not np.array_equal(given, dy):
            raise Wrong("you changed dy; it belongs to the layer after, so make a new array")
        right_x, rows = dy * np.where(x > 0, 1, a), (-1, 3)
        right_a = (dy * np.minimum(x, 0)).reshape(rows).sum(axis=0)
        for value, what in [
            (dy * (x > 0), "dx: below 0 the slope is a, not 0; that was the ReLU"),
            (dy * np.where(x > 0, a, 1), "dx: the two sides are swapped; above 0 the slope is 1"),
            (dy * np.where(x > 0, x, a * x), "dx: that is dy times y; take the SLOPE of y"),
            (np.where(x > 0, 1, a) + 0 * dy, "dx: the slope is right; multiply it by dy"),
            (dy * np.where(x > 0, 1, 0.25), "dx: a has been learned; use self.a, not 0.25"),
            (dy, "dx: that is dy unchanged; below 0 the slope is a"),
        ]:
            if close(dx, value) and not close(dx, right_x):
                raise Wrong(what)
        if not close(dx, right_x):
            raise Wrong(f"dx is off on an input of shape {shape}; it is dy where x > 0, else a dy")
        if not np.shares_memory(layer.da, grad):
            value = np.asarray(layer.da, dtype=float)
            more = "" if close(value, right_a) else ", and its values are off"
            raise Wrong("self.da = … puts a new array in place of the view, and grad never hears "
                        f"of it; write into it: self.da[:] = …{more}")  # fmt: skip
        if close(grad, np.full(3, 7.0)):
            raise Wrong("the gradient of a is missing: write it into self.da")
        below, above = dy * np.minimum(x, 0), dy * np.maximum(x, 0)
        for value, what in [
            (right_a + 7, "you ADD to self.da; what stood there is of the last step: overwrite it"),
            (below.reshape(rows).mean(axis=0), "the gradient of a is a SUM over the examples; the "
                                               "loss has taken its mean already"),
            (above.reshape(rows).sum(axis=0), "a acts where x <= 0; you summed where x > 0"),
            ((dy * x).reshape(rows).sum(axis=0), "only where x <= 0 does a act; you summed dy x "
                                                 "everywhere"),
            ((dy * (x <= 0)).reshape(rows).sum(axis=0), "∂y/∂a is x (where x <= 0), not 1"),
            (np.minimum(x, 0).reshape(rows).sum(axis=0), "that is ∂y/∂a; multiply it by dy"),
            (a * right_a, "∂y/∂a is x, not a x"),
            (-right_a, "the gradient of a has the wrong sign; x is negative there, and stays so"),
        ]:  # fmt: skip
            if close(grad, value):
                raise Wrong(what)
        if len(shape) == 2 and shape[0] == shape[1] and close(grad, below.sum(axis=1)):
            raise Wrong("da: you summed over the features; sum over the examples, axis 0")
        if not close(grad, right_a):
            raise Wrong(f"the gradient of a is off on an input of shape {shape}; it is the sum of "
                        "dy x over all examples where x <= 0")  # fmt: skip


@exercise("3.4")
def soft_cross_entropy(answer):
    """Cross-entropy with soft targets: loss and gradient, also for large logits."""
    rng = np.random.default_rng(34)
    for N, K in [(6, 4), (5, 5), (1, 3)]:
        logits, q = rng.normal(size=(N, K)) * 2, rng.dirichlet(np.ones(K), N)
        loss, gradient = pair(call(answer, logits, q), "the loss and its gradient")
        log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        p = np.exp(log_p)
        right, right_g = -(q * log_p).sum(axis=1).mean(), (p - q) / N
        if np.shape(loss) == (N,) and N > 1:
            raise Wrong("give the MEAN loss over the rows; you gave one for each row")
        loss = float(array(loss, (), "the loss"))
        for value, what in [
            (-right, "the sign: ln p is negative, the loss is minus the sum"),
            (N * right, "you summed over the rows; take the mean"),
            (right / K, "divided by K as well: sum over the classes, mean over the rows only"),
            (-(p * np.log(q)).sum(axis=1).mean(), "q and p are swapped: it is -Σ q ln p"),
            (-(q * logits).sum(axis=1).mean(), "that is -Σ q z; ln p also has the - ln Σ e^z"),
            (right / math.log(2), "that is in bits; take the natural logarithm"),
        ]:
            if close(loss, value) and not close(loss, right):
                raise Wrong(what)
        if not close(loss, right):
            for z in (logits, logits - logits.max(axis=1, keepdims=True)):
                over_rows = z - np.log(np.exp(z).sum(axis=0, keepdims=True))
                if close(loss, -(q * over_rows).sum(axis=1).mean()):
                    raise Wrong("softmax over the wrong axis: the classes are the last one")
            raise Wrong(f"the loss is {loss:.4f}, expected {right:.4f}")
        gradient = array(gradient, (N, K), "the gradient").astype(float)
        for value, what in [
            (-right_g, "the gradient has the wrong sign: p - q"),
            (p - q, "the gradient of the MEAN has 1/N: divide by the number of rows"),
            ((p - q) / (N * K), "divide by N, the number of rows, not by all entries"),
            (-q / p / N, "that is the gradient by p; go on through the softmax to the logits"),
            ((p - 1) * q / N, "each p_i depends on every z_j, so add up over all i: p - q"),
            (p / N, "q is missing: p - q"),
        ]:
            if close(gradient, value) and not close(gradient, right_g):
                raise Wrong(what)
        if not close(gradient, right_g):
            raise Wrong(f"the loss is right, its gradient is off by up to "
                        f"{np.abs(gradient - right_g).max():.2g}")  # fmt: skip
    with np.errstate(all="ignore"):
        logits, q = np.array([[800.0, 0.0], [-800.0, 800.0]]), np.array([[1.0, 0], [0.25, 0.75]])
        loss, gradient = pair(call(answer, logits, q), "the loss and its gradient")
    if not np.isfinite(loss):
        raise Wrong("logits of 800 make the loss inf or NaN; subtract the largest logit, and take "
                    "ln p as z - ln Σ e^z, not as the logarithm of p")  # fmt: skip
    if not np.isfinite(gradient).all():
        raise Wrong("logits of 800 make the gradient inf or NaN; subtract the largest logit first")
    if not close(loss, 200):
        raise Wrong(f"for logits of 800 the loss should be 200, yours is {float(loss):.4g}; do "
                    "you cut off small probabilities?")  # fmt: skip


@exercise("3.5")
def confusion(answer):
    """A confusion matrix, with pairs that repeat and classes that do not occur."""
    rng = np.random.default_rng(35)
    for N, K in [(60, 4), (5, 6), (200, 10)]:
        labels, guesses = rng.integers(0, K, (2, N))
        if N == 5:
            labels, guesses = labels % 3, guesses % 2  # the last classes do not occur
        right = np.zeros((K, K), dtype=int)
        np.add.at(right, (labels, guesses), 1)
        result = array(call(answer, labels, guesses, K), None, "the table")
        if result.shape == (K * K,):
            raise Wrong("the counts are in one row; reshape them to (K, K)")
        if result.ndim != 2 or result.shape != (K, K):
            raise Wrong(f"the table has shape {result.shape}, expected {(K, K)}, also when a class "
                        "does not occur")  # fmt: skip
        if np.array_equal(result, right):
            continue
        if np.array_equal(result, right.T):
            raise Wrong("turned over: the first axis is what it is, the second what it was read as")
        if np.array_equal(result, np.minimum(right, 1)):
            raise Wrong("a pair that comes twice is counted once; table[labels, guesses] += 1 does "
                        "that. np.add.at or np.bincount count them all")  # fmt: skip
        if np.array_equal(result, np.diag(np.diag(right))):
            raise Wrong("only the right ones are counted; the table is about the others, too")
        if close(result.sum(), 1) or close(result.sum(axis=1).max(), 1):
            raise Wrong("give counts, not shares")
        raise Wrong(f"for {N} pictures your table counts {result.sum():g}, and is right in "
                    f"{np.mean(result == right):.0%} of its cells")  # fmt: skip


@exercise("3.6")
def keeping_scale(answer):
    """The deviation of the weights that keeps the mean square through a leaky ReLU."""
    for n, c in [(50, 0.3), (64, 0.0), (100, 1.0), (256, 0.01), (32, 0.8)]:
        s = float(array(call(answer, n, c), (), "the deviation"))
        square = 2 / ((1 + c * c) * n)
        right = math.sqrt(square)
        if math.isclose(s, right, rel_tol=1e-9):
            continue
        for value, what in [
            (square, "that is the variance s²; the deviation is its root"),
            (math.sqrt(2 / ((1 + c) * n)), "the square of c z is c² z²: it is c that is squared"),
            (math.sqrt(2 / ((1 + c) ** 2 * n)), "squares add side by side: 1 + c², not (1 + c)²"),
            (math.sqrt(2 / n), "that is for c = 0; below 0 the share c² of the square is left"),
            (math.sqrt(1 / ((1 + c * c) * n)), "only HALF of the z are on each side; the mean is "
                                               "½ (1 + c²), so a 2 goes to the top"),
            (math.sqrt((1 + c * c) / (2 * n)), "upside down: the smaller what is left, the LARGER "
                                               "the weights must be"),
            (math.sqrt(1 / n), "1/√n keeps z as large as x; the bend then takes away a part of it"),
            (math.sqrt(2 / (1 + c * c)), "n is missing: z is a sum of n terms"),
            (math.sqrt(2 / (1 + c * c)) / n, "the mean square of z grows like n, so s falls like "
                                             "1/√n, not 1/n"),
        ]:  # fmt: skip
            if math.isclose(s, value, rel_tol=1e-9):
                raise Wrong(what)
        factor = math.sqrt(n * s * s * (1 + c * c) / 2) if math.isfinite(s) else s
        raise Wrong(f"with n = {n}, c = {c} and your s = {s:.4g} every layer multiplies the size "
                    f"by {factor:.3g}, not 1")  # fmt: skip
