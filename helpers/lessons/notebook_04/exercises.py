"""What the exercises of notebook 04, perceptrons and gates, must satisfy."""

import math

import numpy as np

from helpers.checks import Wrong, array, call, close, exercise


def cases(n):
    """Every input of n bits.   -> (2^n, n)"""
    return np.indices((2,) * n).reshape(n, -1).T


def numbers(answer, shapes, names):
    """Return the parts of an answer as arrays of floats, each of its shape."""
    if not isinstance(answer, (tuple, list)) or len(answer) != len(shapes):
        raise Wrong(f"give {len(shapes)} things: {', '.join(names)}")
    parts = []
    for part, shape, name in zip(answer, shapes, names, strict=True):
        part = array(part, None, name).astype(float)
        if shape is not None and part.shape != shape:
            if shape == () and part.size == 1:
                part = part.reshape(())
            else:
                wanted = "a single number" if shape == () else f"{shape[0]} numbers"
                raise Wrong(f"{name} should be {wanted}, got shape {part.shape}")
        if not np.isfinite(part).all():
            raise Wrong(f"{name} must be finite numbers")
        parts.append(part)
    return parts


def text(row):
    """A row of bits as `(0, 1, 1)`."""
    return f"({', '.join(str(int(bit)) for bit in row)})"


def first_wrong(x, scores, right):
    """Raise Wrong naming the first row that a perceptron with these scores gets wrong."""
    outputs = scores > 0
    bad = np.flatnonzero(outputs != right)
    if len(bad) == 0:
        return
    i = bad[0]
    says = "fires" if outputs[i] else "is silent"
    edge = ", and exactly 0 is silent" if scores[i] == 0 else ""
    raise Wrong(f"{len(bad)} of {len(x)} rows are wrong; at {text(x[i])} the score is "
                f"{scores[i]:g}{edge}, so it {says} but should not")  # fmt: skip


@exercise("4.1")
def majority(answer):
    """A perceptron that fires for two or three ones out of three."""
    weights, bias = numbers(answer, [(3,), ()], ["weights", "bias"])
    x = cases(3)
    ones = x.sum(axis=1)
    scores = x @ weights + bias
    outputs = scores > 0
    if (outputs == (ones >= 2)).all():
        return
    for right, what in [
        (ones == 3, "this is AND: it fires only if all three are 1. Raise the bias"),
        (ones >= 1, "this is OR: a single 1 is enough for it. Lower the bias"),
        (ones <= 1, "all signs are turned round: it fires for the minority"),
    ]:
        if (outputs == right).all():
            raise Wrong(what)
    if outputs.all() or not outputs.any():
        what = "always fires" if outputs.all() else "never fires"
        raise Wrong(f"it {what}; the threshold must lie between the scores of one 1 and of two")
    if len(np.unique(weights)) > 1:
        i = np.flatnonzero(outputs != (ones >= 2))[0]
        raise Wrong(f"at {text(x[i])} the score is {scores[i]:g}; your weights differ, but a "
                    "majority counts all inputs the same")  # fmt: skip
    first_wrong(x, scores, ones >= 2)


def epochs_run(x, t, w, b, learn=True, stale=False, bias=1, sign=1, inclusive=False, once=False,
               linear=False):  # fmt: skip
    """One epoch of the rule, or of a mistaken version of it. Returns w, b, mistakes."""
    w_0, b_0, mistakes = w, b, 0
    for row, target in zip(x, t, strict=True):
        score = row @ w_0 + b_0 if stale else row @ w + b
        error = target - (score if linear else int(score >= 0 if inclusive else score > 0))
        mistakes += int(error != 0)
        if learn:
            w, b = w + sign * error * row, b + bias * error
        if once and error:
            break
    return w, b, mistakes


@exercise("4.2")
def my_epoch(answer):
    """One epoch of Rosenblatt's rule, on random and on logical tasks."""
    rng = np.random.default_rng(42)
    tasks = [(cases(2).astype(float), np.array([0, 0, 0, 1]), np.zeros(2), 0.0)]
    for n in (1, 3, 5):
        x = rng.normal(size=(12, n)).round(2)
        tasks.append((x, rng.integers(0, 2, 12), rng.normal(size=n).round(2), 0.3))
    results = []
    for x, t, w, b in tasks:
        given_x, given_w = x.copy(), w.copy()
        result = run(answer, given_x, t.copy(), given_w, b)
        if not (np.array_equal(w, given_w) and np.array_equal(x, given_x)):
            raise Wrong("you changed the w that was given: `w += …` writes into it; use w = w + …")
        if not isinstance(result, (tuple, list)) or len(result) != 3:
            raise Wrong("give back three things: w, b, mistakes")
        results.append((array(result[0], w.shape, "w").astype(float),
                        float(array(result[1], None, "b").reshape(-1)[0]),
                        float(array(result[2], (), "mistakes"))))  # fmt: skip

    def agree(parts, **options):
        others = [epochs_run(*task, **options) for task in tasks]
        return all(close(result[k], other[k]) for result, other in zip(results, others, strict=True)
                   for k in parts)  # fmt: skip

    if agree((0, 1, 2)):
        return
    if agree((0, 1)):
        if all(count == len(task[0]) - epochs_run(*task)[2]
               for (*_, count), task in zip(results, tasks, strict=True)):  # fmt: skip
            raise Wrong("w and b are right, but you counted the rows that were right")
        raise Wrong("w and b are right, but the number of mistakes is not: count the rows where y "
                    "and t differ")  # fmt: skip
    for options, what in [
        ({"stale": True}, "you judged every row by the first weights; use those that the row "
         "before has left"),
        ({"sign": -1, "bias": -1}, "the sign: a neuron that was silent and should fire needs "
         "w + x, and so (t - y) x"),
        ({"sign": -1}, "the sign of the change of w: it is (t - y) x, not (y - t) x"),
        ({"bias": -1}, "the sign of the change of b: it is t - y, not y - t"),
        ({"bias": 0}, "the bias never learns; it needs b + (t - y)"),
        ({"inclusive": True}, "a score of exactly 0 is silent here; you let it fire"),
        ({"linear": True}, "y is the neuron's output, 0 or 1; you took its score"),
        ({"learn": False}, "nothing was learned; do you return the new w and b?"),
        ({"once": True}, "you stopped after the first mistake; is the `return` inside the loop?"),
    ]:  # fmt: skip
        if agree((0, 1), **options):
            raise Wrong(what)
    for task, (w, b, _) in zip(tasks, results, strict=True):
        right = epochs_run(*task)
        if not close(w, right[0]):
            raise Wrong(f"after one epoch w should be {right[0].round(3)}, yours is {w.round(3)}")
        if not close(b, right[1]):
            raise Wrong(f"w is right, but b should be {right[1]:g}, yours is {b:g}")


def run(function, *arguments):
    """As `call`, but on the arrays themselves, so that a change of them can be seen."""
    call(function, *arguments)  # on copies: reports errors and stubs
    return call(lambda: function(*arguments))


@exercise("4.3")
def novikoff_bound(answer):
    """The bound for tasks with and without a separator."""
    rng = np.random.default_rng(43)
    tasks = [(cases(2).astype(float), np.array([0, 0, 0, 1]), np.array([1.0, 1.0]), -1.5)]
    for n in (2, 4):
        w, b = rng.normal(size=n) * 3, 0.7
        x = rng.normal(size=(15, n))
        tasks.append((x, (x @ w + b > 0).astype(int), w, b))
    for x, t, w, b in tasks:
        s, ones = 2 * t - 1, np.ones((len(x), 1))
        v = np.hstack([x, ones]) * s[:, None]
        theta = np.append(w, b)
        margins = v @ theta
        R, gamma = np.linalg.norm(v, axis=1).max(), margins.min() / np.linalg.norm(theta)
        right = (R / gamma) ** 2
        result = float(array(call(answer, x, t, w, b), (), "the bound"))
        if math.isclose(result, right, rel_tol=1e-9):
            continue
        short = np.linalg.norm(x, axis=1).max()
        with np.errstate(all="ignore"):
            for value, what in [
                (R / gamma, "this is R/γ; the bound is its square"),
                ((gamma / R) ** 2, "this is (γ/R)²; turn the fraction over"),
                ((R / margins.min()) ** 2, "γ is measured along a direction of length 1: divide "
                 "by the length of (w, b)"),
                ((short / gamma) ** 2, "R is the length of (x, 1), with the 1 of the bias"),
                ((R / (margins.min() / np.linalg.norm(w))) ** 2, "the length of u = (w, b) counts "
                 "the bias, too"),
                ((short / (margins.min() / np.linalg.norm(w))) ** 2, "the bias is missing: it is "
                 "one more weight, and its 1 one more input"),
                ((R / (margins.mean() / np.linalg.norm(theta))) ** 2, "γ is the SMALLEST margin, "
                 "not the mean"),
                ((R / (margins.max() / np.linalg.norm(theta))) ** 2, "γ is the SMALLEST margin, "
                 "not the largest"),
                ((np.linalg.norm(v, axis=1).min() / gamma) ** 2, "R is the length of the LONGEST "
                 "example"),
            ]:  # fmt: skip
                if math.isclose(result, value, rel_tol=1e-9):
                    raise Wrong(what)
            turned = np.hstack([x, ones]) @ theta
            if math.isinf(result) or math.isclose(
                result, (R / (turned.min() / np.linalg.norm(theta))) ** 2, rel_tol=1e-9
            ):
                raise Wrong("turn the examples with t = 0 round: u · (x, 1) is negative for them, "
                            "as it should be")  # fmt: skip
        raise Wrong(f"for {len(x)} examples with {x.shape[1]} inputs the bound is {right:.4g}, "
                    f"yours is {result:.4g}")  # fmt: skip
    x, t, w, b = tasks[-1]
    for wrong_t, why in [(1 - t, "wrong for every example"), (np.append(1 - t[0], t[1:]),
                                                            "wrong for one example")]:  # fmt: skip
        result = float(array(call(answer, x, wrong_t, w, b), (), "the bound"))
        if result != math.inf:
            raise Wrong(f"these w and b are {why}, so γ is negative and there is no bound; you "
                        f"gave {result:.4g}, expected infinity")  # fmt: skip


@exercise("4.4")
def parity(answer):
    """A network with one hidden layer for the parity of three bits."""
    names = ["W", "b", "v", "c"]
    W, b, v, c = numbers(answer, [None, None, None, ()], names)
    if W.ndim != 2 or W.shape[0] != 3:
        if W.ndim == 2 and W.shape[1] == 3:
            raise Wrong(f"W has shape {W.shape}; rows are examples, so W is (3, k), a column for "
                        "each hidden neuron")  # fmt: skip
        raise Wrong(f"W has shape {W.shape}, expected (3, k)")
    k = W.shape[1]
    for part, name in ((b, "b"), (v, "v")):
        if part.shape != (k,):
            raise Wrong(f"{name} has shape {part.shape}, expected ({k},): one for each of the {k} "
                        "hidden neurons of W")  # fmt: skip
    x = cases(3)
    ones = x.sum(axis=1)
    hidden = (x @ W + b > 0).astype(int)
    outputs = hidden @ v + c > 0
    if (outputs == ones % 2).all():
        return
    for right, what in [
        (ones % 2 == 0, "this is the opposite: it fires if the number of ones is even"),
        ((ones == 1), "right for 0, 1 and 2 ones; at (1, 1, 1) it must fire again"),
        (ones >= 1, "this is OR: with two ones it must be silent again"),
        (ones >= 2, "this is the majority, which one neuron can do; parity goes up, down, up"),
    ]:
        if (outputs == right).all():
            raise Wrong(what)
    for i in range(len(x)):
        for j in range(i):
            if (hidden[i] == hidden[j]).all() and ones[i] % 2 != ones[j] % 2:
                raise Wrong(f"the hidden layer gives {text(hidden[i])} for {text(x[j])} and for "
                            f"{text(x[i])}, so no output can tell them apart")  # fmt: skip
    bad = np.flatnonzero(outputs != ones % 2)
    i = bad[0]
    raise Wrong(f"{len(bad)} of 8 rows are wrong; at {text(x[i])} the hidden layer is "
                f"{text(hidden[i])} and the output {int(outputs[i])}")  # fmt: skip


class Wire:
    """A wire of the multiplexer. Its operators say that only `nand` can use it."""

    def __init__(self, value):
        self.value = value

    def __bool__(self):
        raise TypeError("a wire cannot be asked in an `if` or with `and`, `or`, `not`")

    def __eq__(self, other):
        raise TypeError("a wire cannot be compared; feed it to nand")

    __hash__ = None

    def refused(self, other=None):
        """What every operator does."""
        raise TypeError("a wire has no operators such as ~, &, |, ^, + and *; feed it to nand")

    __invert__ = __neg__ = refused
    __and__ = __rand__ = __or__ = __ror__ = __xor__ = __rxor__ = refused
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = refused

    def __repr__(self):
        return "a wire"


@exercise("4.5")
def multiplexer(answer):
    """A switch out of NANDs, on all eight cases at once."""
    a, b, select = cases(3).T
    calls = []

    def nand(*inputs):
        if len(inputs) != 2:
            raise TypeError(f"nand has two inputs, got {len(inputs)}")
        calls.append(1)
        if len(calls) > 1000:
            raise RecursionError("more than 1000 calls of nand")
        values = [wire.value if isinstance(wire, Wire) else np.full(8, int(wire))
                  for wire in inputs]  # fmt: skip
        return Wire(1 - values[0] * values[1])

    result = call(answer, nand, Wire(a), Wire(b), Wire(select))
    if not isinstance(result, Wire):
        kind = "two or more" if isinstance(result, (tuple, list)) else "something else"
        raise Wrong(f"give back one wire, the result of a nand; you gave {kind}")
    out, right = result.value, np.where(select == 1, b, a)
    if (out == right).all():
        if len(calls) > 4:
            raise Wrong(f"it switches, but with {len(calls)} NANDs; four are enough")
        return
    for value, what in [
        (np.where(select == 1, a, b), "a and b are swapped: select = 0 passes a on"),
        (1 - right, "the output is turned round; an OR of two ANDs ends in one NAND"),
        (a, "this passes a on, whatever select is"),
        (b, "this passes b on, whatever select is"),
        (1 - a * b, "this is NAND of a and b; select has no say"),
        (np.where(select == 1, 1 - b, 1 - a), "the output is turned round"),
        (1 - (1 - a * select) * (1 - b * select), "both inputs are let through by select = 1; a "
         "needs NOT select"),
        (1 - (1 - a * (1 - select)) * (1 - b * (1 - select)), "both inputs are let through by "
         "select = 0; b needs select itself"),
    ]:  # fmt: skip
        if (out == value).all():
            raise Wrong(what)
    i = np.flatnonzero(out != right)[0]
    raise Wrong(f"with a = {a[i]}, b = {b[i]}, select = {select[i]} it gives {out[i]}, expected "
                f"{right[i]}")  # fmt: skip


@exercise("4.6")
def sum_bit(answer):
    """The sum bit of a full adder from a, b, carry in and carry out."""
    weights, bias = numbers(answer, [(4,), ()], ["weights", "bias"])
    x = cases(3)
    ones = x.sum(axis=1)
    x = np.column_stack([x, ones >= 2])
    scores = x @ weights + bias
    outputs = scores > 0
    if (outputs == ones % 2).all():
        return
    for right, what in [
        (ones % 2 == 0, "this is the opposite of the sum bit"),
        (ones >= 2, "this is the carry out again; the carry out must pull the score DOWN"),
        (ones == 1, "right but for 1 + 1 + 1, where the sum bit is 1: the carry out takes away "
         "too much"),
        (ones >= 1, "this is OR: the carry out must take away 2, not less"),
        (ones == 3, "it fires only for 1 + 1 + 1; a single 1 must be enough"),
    ]:  # fmt: skip
        if (outputs == right).all():
            raise Wrong(what)
    first_wrong(x, scores, ones % 2 == 1)
