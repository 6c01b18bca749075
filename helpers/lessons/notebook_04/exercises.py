"""The exercises of notebook 04: what is right, and the mistakes that learners make."""

import numpy as np

from helpers.checks import Exercise, Unfilled, Wrong, call, members, numbers


def rows(n):
    """Every input of n bits.   -> (2^n, n)"""
    return np.indices((2,) * n).reshape(n, -1).T


def text(row):
    """A row of bits as `(0, 1, 1)`."""
    return f"({', '.join(str(int(bit)) for bit in row)})"


class TruthTable(Exercise):
    """An exercise whose results are truth tables: {name: the answers in all rows}."""

    def tell_difference(self, given, wanted, i):
        """Say which row is wrong first, and what comes out there."""
        name = next(name for name in wanted[i] if not np.array_equal(given[i][name],
                                                                     wanted[i][name]))
        wrong = np.flatnonzero(given[i][name] != wanted[i][name])
        inputs = rows(int(np.log2(len(wanted[i][name]))))
        raise Wrong(f"{name} is wrong in {len(wrong)} of {len(inputs)} rows; at "
                    f"{text(inputs[wrong[0]])} it is {int(given[i][name][wrong[0]])}, expected "
                    f"{int(wanted[i][name][wrong[0]])}")


def parts(answer, names, shapes):
    """Return the members of an answer as arrays of finite numbers, each of its shape."""
    found = []
    for part, name, shape in zip(members(answer, names), names, shapes, strict=True):
        array = numbers(part)
        if array is None or not np.isfinite(array.astype(float)).all():
            raise Wrong(f"{name} must be finite numbers, such as [1, 2] or 0.5")
        array = array.astype(float)
        if shape == () and array.size == 1:
            array = array.reshape(())
        if shape is not None and array.shape != shape:
            wanted = "a single number" if shape == () else f"{shape[0]} numbers"
            raise Wrong(f"{name} should be {wanted}, got shape {array.shape}")
        found.append(array)
    return found


# --- 4.1 and 4.7: one perceptron ---


def three_inputs(answer):
    """What a perceptron with three inputs says in all rows."""
    weights, bias = parts(answer, ("the weights", "the bias"), ((3,), ()))
    return {"the output": rows(3) @ weights + bias > 0}


# The right answers are as tight as can be: no number can be changed and leave the table as it is.
majority = TruthTable("4.1", ([1, 1, 1], -1.99), probe=three_inputs)
for diagnosis, mistake in [
    ("this is AND: it fires only if all three are 1. Raise the bias; a score of exactly 0 is "
     "silent", ([1, 1, 1], -2)),
    ("this is OR: a single 1 is enough for it. Lower the bias", ([1, 1, 1], -0.5)),
    ("all signs are turned round: it fires for the minority", ([-1, -1, -1], 1.5)),
    ("it always fires; the threshold must lie between the scores of one 1 and of two: the bias is "
     "added, so it must be negative", ([1, 1, 1], 1.5)),
    ("it never fires; with three ones the score must be above 0", ([1, 1, 1], -3)),
    ("the first input alone decides; a majority counts all inputs the same", ([2, 1, 1], -1.99)),
    ("the last input alone decides; a majority counts all inputs the same", ([1, 1, 2], -1.99)),
    ("this looks at the first two inputs alone and is their AND; the third needs a weight, too",
     ([1, 1, 0], -1.5)),
    ("the second input alone is enough to fire, and the third: your weights differ, but a majority "
     "counts all inputs the same", ([1, 2, 3], -1.5)),
    ("with no 1 at all it must be silent: the bias must not be above 0", ([1, 1, -1], 0.5)),
]:
    majority.mistake(diagnosis, mistake)
majority.told("the weights should be 3 numbers, got shape (2,)", ([1, 1], -1.5))
majority.told("the bias should be a single number", ([1, 1, 1], [0, 1]))
majority.told("must be finite numbers", ([1, 1, np.inf], -1.5))
majority.told("at (1, 0, 1) it is 0, expected 1", ([0.2, 1, 1], -1.5))


def with_carry(answer):
    """What a perceptron says that sees a, b, the carry in and the carry out, in all rows."""
    weights, bias = parts(answer, ("the weights", "the bias"), ((4,), ()))
    carry = rows(3).sum(axis=1) >= 2
    return {"the sum bit": np.column_stack([rows(3), carry]) @ weights + bias > 0}


sum_bit = TruthTable("4.7", ([1, 1, 1, -2], -0.01), probe=with_carry)
for diagnosis, mistake in [
    ("this is OR: the carry out must take away 2, not less", ([1, 1, 1, -1], -0.5)),
    ("right but for 1 + 1 + 1, where the sum bit is 1: the carry out takes away too much, or the "
     "bias does", ([1, 1, 1, -3], -0.5)),
    ("this is the carry out again; the carry out must pull the score DOWN", ([1, 1, 1, 2], -1.5)),
    ("this is the opposite of the sum bit: all signs are turned round", ([-1, -1, -1, 2], 0.5)),
    ("it fires only for 1 + 1 + 1; a single 1 must be enough: raise the bias",
     ([1, 1, 1, 0], -2.5)),
    ("it never fires; with a single 1 the score must be above 0, and exactly 0 is silent",
     ([1, 1, 1, -2], -1)),
    ("it always fires; with no 1 at all the score must not be above 0", ([1, 1, 1, -2], 0.5)),
    ("this is XOR of a and b; the carry in has no say", ([1, 1, 0, 0], -0.5)),
    ("the weights stand in another order: first a, b and the carry in, then the carry out",
     ([-2, 1, 1, 1], -0.5)),
    ("the third weight belongs to the carry in, the fourth to the carry out; yours are swapped",
     ([1, 1, -2, 1], -0.5)),
]:
    sum_bit.mistake(diagnosis, mistake)
sum_bit.told("the weights should be 4 numbers", ([1, 1, 1], -1.5))
sum_bit.told("at (0, 1, 1) it is 1, expected 0", ([1, 1, 1.6, -2], -0.5))


# --- 4.2: one epoch of the rule ---


def epoch(x, t, w, b, score=lambda row, w, b: row @ w + b, fires=lambda z: int(z > 0),
          change=lambda error, row: (error * row, error), count=lambda y, t: y != t,
          judge_by_the_first=False, stop_at_one=False, learn=True):
    """One epoch, in which one thing may be done in another way. Returns w, b, mistakes."""
    first, mistakes = (w, b), 0
    for row, target in zip(x, t, strict=True):
        y = fires(score(row, *(first if judge_by_the_first else (w, b))))
        mistakes += int(count(y, target))
        more_w, more_b = change(target - y, row)
        if learn:
            w, b = w + more_w, b + more_b
        if stop_at_one and y != target:
            break
    return w, b, mistakes


def variant(**options):
    """One epoch with some options."""
    return lambda x, t, w, b: epoch(x, t, w, b, **options)


def right_epoch(x, t, w, b):
    return epoch(x, t, w, b)


def epoch_cases():
    """A logical task from zero, in which scores are exactly 0, one that is learned already, and
    random ones of all sizes.

    So many, since b and the mistakes are small whole numbers: in a few cases a wrong answer of one
    kind has those of another by chance."""
    rng = np.random.default_rng(42)
    cases = [(rows(2).astype(float), np.array([0, 0, 0, 1]), np.zeros(2), 0.0)]
    for N, n in ((7, 1), (11, 3), (13, 5), *((N, n) for N in (17, 23, 31, 41) for n in (2, 4, 7))):
        cases.append((rng.normal(size=(N, n)).round(2), rng.integers(0, 2, N),
                      rng.normal(size=n).round(2), 0.3))
    x, w = rng.normal(size=(9, 3)).round(2), rng.normal(size=3).round(2)
    cases.append((x, (x @ w + 0.3 > 0).astype(int), w, 0.3))
    return cases


learning = Exercise("4.2", right_epoch, epoch_cases(), parts=("w", "b", "mistakes"))
for diagnosis, options in [
    ("you judged every row by the first weights; use those that the row before has left",
     {"judge_by_the_first": True}),
    ("the sign: a neuron that was silent and should fire needs w + x, and so (t - y) x",
     {"change": lambda error, row: (-error * row, -error)}),
    ("the sign of the change of w: it is (t - y) x, not (y - t) x",
     {"change": lambda error, row: (-error * row, error)}),
    ("the sign of the change of b: it is t - y, not y - t",
     {"change": lambda error, row: (error * row, -error)}),
    ("the bias never learns; it needs b + (t - y)",
     {"change": lambda error, row: (error * row, 0)}),
    ("the weights never learn; they need w + (t - y) x", {"change": lambda error, row: (0, error)}),
    ("w gets (t - y) without x: multiply it by the row",
     {"change": lambda error, row: (error, error)}),
    ("the rule has no learning rate: the change is (t - y) x, not a part of it",
     {"change": lambda error, row: (0.1 * error * row, 0.1 * error)}),
    ("the rule has no learning rate: the change is (t - y) x, not half of it",
     {"change": lambda error, row: (0.5 * error * row, 0.5 * error)}),
    ("a score of exactly 0 is silent here; you let it fire", {"fires": lambda z: int(z >= 0)}),
    ("y is the neuron's output, 0 or 1; you took its score", {"fires": lambda z: z}),
    ("y is 0 or 1; np.sign gives -1 where the neuron is silent", {"fires": np.sign}),
    ("y is the neuron's output, 0 or 1, and not a sigmoid of its score",
     {"fires": lambda z: 1 / (1 + np.exp(-z))}),
    ("the score has no bias: it is row @ w + b", {"score": lambda row, w, b: row @ w}),
    ("only silent neurons are corrected; one that fires and should not needs w - x and b - 1",
     {"change": lambda error, row: (max(error, 0) * row, max(error, 0))}),
    ("only neurons that fire and should not are corrected; a silent one needs w + x and b + 1",
     {"change": lambda error, row: (min(error, 0) * row, min(error, 0))}),
    ("nothing was learned; do you return the new w and b?", {"learn": False}),
    ("you stopped after the first mistake; is the `return` inside the loop?",
     {"stop_at_one": True}),
    ("w and b are right, but you counted the rows that were right",
     {"count": lambda y, t: y == t}),
    ("w and b are right, but mistakes in both directions count; you added up t - y, so that they "
     "cancel", {"count": lambda y, t: t - y}),
    ("w and b are right, but you counted only neurons that were silent and should fire",
     {"count": lambda y, t: t > y}),
]:
    learning.mistake(diagnosis, variant(**options))


@learning.mistake("w and b are right, but the mistakes are counted on the way, each by the weights "
                  "of the moment; you counted those of the first weights")
def counted_before(x, t, w, b):
    return (*epoch(x, t, w, b)[:2], int(np.sum((x @ w + b > 0) != t)))


@learning.mistake("w and b are right, but the mistakes are counted on the way, each by the weights "
                  "of the moment; you counted those of the last weights")
def counted_after(x, t, w, b):
    w, b, _ = epoch(x, t, w, b)
    return w, b, int(np.sum((x @ w + b > 0) != t))


@learning.mistake("w and b are right, but `mistakes` is a count: add 1 for each")
def whether(x, t, w, b):
    w, b, mistakes = epoch(x, t, w, b)
    return w, b, min(mistakes, 1)


@learning.mistake("w and b are right, but give the number of the mistakes, not a list of them")
def listed(x, t, w, b):
    seen = [epoch(x[: n + 1], t[: n + 1], w, b)[2] for n in range(len(x))]
    return *epoch(x, t, w, b)[:2], np.diff(seen, prepend=0)


@learning.mistake("y is the answer to a row before anything is changed; you computed it again "
                  "between w and b")
def recomputed(x, t, w, b):
    mistakes = 0
    for row, target in zip(x, t, strict=True):
        w = w + (target - int(row @ w + b > 0)) * row
        y = int(row @ w + b > 0)
        b, mistakes = b + target - y, mistakes + int(y != target)
    return w, b, mistakes


@learning.mistake("you returned after the first row; is the `return` inside the loop?")
def first_row(x, t, w, b):
    return epoch(x[:1], t[:1], w, b)


@learning.mistake("start from the w and b that are given, not from 0")
def from_zero(x, t, w, b):
    return epoch(x, t, np.zeros(len(w)), 0.0)


@learning.mistake("this is a whole training; do one epoch, each row once")
def until_right(x, t, w, b):
    total = 0
    for _ in range(50):
        w, b, mistakes = epoch(x, t, w, b)
        total += mistakes
        if mistakes == 0:
            break
    return w, b, total


@learning.told("you changed `w`, which belongs to the caller")
def in_place(x, t, w, b):
    for row, target in zip(x, t, strict=True):
        w += (target - int(row @ w + b > 0)) * row
    return w, b, 0


learning.mistake("the order: give w, b, mistakes", lambda x, t, w, b: epoch(x, t, w, b)[::-1])
learning.told("w at index", lambda x, t, w, b: (*epoch(x[-1:], t[-1:], w, b)[:2], 1))
learning.told("give 3 things, w, b, mistakes", lambda x, t, w, b: epoch(x, t, w, b)[:2])


# --- 4.3: Novikoff's bound ---


def bound(x, t, w, b, smallest=np.min, longest=np.max, with_bias=True, one_in_R=True,
          turn=True, length=np.linalg.norm, result=lambda R, gamma: (R / gamma) ** 2,
          no_bound=lambda gamma: gamma <= 0):
    """(R/γ)², in which one thing may be done in another way."""
    signs = (2 * t - 1)[:, None] if turn else 1
    v = np.column_stack([x, np.ones(len(x)) if with_bias else np.zeros(len(x))]) * signs
    theta = np.append(w, b)
    gamma = smallest(v @ theta) / length(theta)
    R = longest(np.linalg.norm(v if one_in_R else v[:, :-1], axis=1))
    return np.inf if no_bound(gamma) else result(R, gamma)


def bound_variant(**options):
    """The bound with some options."""
    return lambda x, t, w, b: bound(x, t, w, b, **options)


def right_bound(x, t, w, b):
    return bound(x, t, w, b)


def bound_cases():
    """Tasks that a line separates strictly, one of them all of class 1, and that it does not."""
    rng = np.random.default_rng(43)
    logical = rows(2).astype(float), np.array([0, 0, 0, 1])
    cases = [(*logical, np.array([1.0, 1.0]), -1.5)]
    cases.append((rows(3) + 0.5, np.ones(8, dtype=int), np.array([0.5, 1.0, 0.25]), -0.25))
    for N, n in ((11, 2), (13, 4), (5, 3)):
        w, b = rng.normal(size=n) * 3, 0.7
        x = rng.normal(size=(N, n))
        cases.append((x, (x @ w + b > 0).astype(int), w, b))
    x, t, w, b = cases[-1]
    flipped = t.copy()
    flipped[2] = 1 - flipped[2]
    return [*cases, (*logical, np.array([2.0, 1.0]), -2.0), (x, flipped, w, b), (x, 1 - t, w, b)]


novikoff = Exercise("4.3", right_bound, bound_cases())
for diagnosis, options in [
    ("this is R/γ; the bound is its square", {"result": lambda R, gamma: R / gamma}),
    ("this is (γ/R)²; turn the fraction over", {"result": lambda R, gamma: (gamma / R) ** 2}),
    ("only R is squared; the bound is (R/γ)²", {"result": lambda R, gamma: R**2 / gamma}),
    ("this is 1/γ²; the length R of the longest example is missing",
     {"result": lambda R, gamma: 1 / gamma**2}),
    ("γ is measured along a direction of length 1: divide by the length of (w, b)",
     {"length": lambda theta: 1}),
    ("the length of u = (w, b) counts the bias, too",
     {"length": lambda theta: np.linalg.norm(theta[:-1])}),
    ("divide by the length of (w, b), not by its square", {"length": lambda theta: theta @ theta}),
    ("R is the length of (x, 1), with the 1 of the bias", {"one_in_R": False}),
    ("the bias is missing: it is one more weight, and its 1 one more input", {"with_bias": False}),
    ("γ is the SMALLEST margin, not the mean", {"smallest": np.mean}),
    ("γ is the SMALLEST margin, not the largest", {"smallest": np.max}),
    ("R is the length of the LONGEST example, not of the shortest", {"longest": np.min}),
    ("R is the length of the LONGEST example, not the mean", {"longest": np.mean}),
    ("turn the examples with t = 0 round: u · (x, 1) is negative for them, as it should be",
     {"turn": False}),
    ("np.linalg.norm(q) is the length of the whole table; R is the longest row: axis=1, then max",
     {"longest": np.linalg.norm}),
    ("R is a length, the root of a sum of squares; you forgot the root",
     {"longest": lambda lengths: lengths.max() ** 2}),
    ("these w and b can be wrong for an example: then γ is negative and there is no bound, so "
     "return infinity", {"no_bound": lambda gamma: gamma == 0}),
    ("the condition is turned round: it is with γ > 0 that there is a bound",
     {"no_bound": lambda gamma: gamma >= 0}),
    ("these w and b can be wrong for an example: no absolute value, or its wrong sign is lost",
     {"smallest": lambda scores: np.abs(scores).min()}),
]:
    novikoff.mistake(diagnosis, bound_variant(**options))


@novikoff.mistake("the signs are turned round: it is the examples with t = 0 that get a minus")
def wrong_ones_turned(x, t, w, b):
    return bound(x, 1 - t, w, b)


@novikoff.mistake("turn all of (x, 1) round where t = 0, the 1 of the bias, too")
def one_not_turned(x, t, w, b):
    return bound(x * (2 * t - 1)[:, None], np.ones_like(t), w, b)


@novikoff.mistake("you always return infinity; with γ > 0 there is a bound")
def never_a_bound(x, t, w, b):
    return np.inf


@novikoff.mistake("the 1 must meet the bias: (x, 1) and (w, b), or (1, x) and (b, w), in one order")
def another_order(x, t, w, b):
    q = np.column_stack([np.ones(len(x)), x]) * (2 * t - 1)[:, None]
    gamma = (q @ np.append(w, b)).min() / np.linalg.norm(np.append(w, b))
    return (np.linalg.norm(q, axis=1).max() / gamma) ** 2 if gamma > 0 else np.inf


@novikoff.mistake("where there is no bound return infinity, np.inf; you give back None there")
def none_for_none(x, t, w, b):
    found = bound(x, t, w, b)
    return found if np.isfinite(found) else None


@novikoff.mistake("where there is no bound return infinity, not 0")
def zero_for_none(x, t, w, b):
    found = bound(x, t, w, b)
    return found if np.isfinite(found) else 0.0


@novikoff.mistake("the bound has R/γ squared once; you squared it twice")
def squared_twice(x, t, w, b):
    return bound(x, t, w, b) ** 2


@novikoff.mistake("γ is the smallest margin of ALL examples, those with t = 0 as well")
def only_firing(x, t, w, b):
    return bound(x[t == 1], t[t == 1], w, b)


@novikoff.mistake("an example with a score of exactly 0 lies on the line: γ = 0, no bound, so "
                  "return infinity")
def on_the_line(x, t, w, b):
    scores = (x @ w + b) * (2 * t - 1)
    return bound(x[scores != 0], t[scores != 0], w, b)


# --- 4.4: parity ---


def hidden_layer(answer):
    """What a network with one hidden layer of perceptrons says in all rows."""
    names = ("W", "b", "v", "c")
    W, b, v, c = parts(answer, names, (None, None, None, ()))
    if W.ndim != 2 or W.shape[0] != 3:
        turned = W.ndim == 2 and W.shape[1] == 3
        raise Wrong(f"W has shape {W.shape}, expected (3, k)" + turned * (
            ": rows are examples, so W has a row for each input and a column for each hidden "
            "neuron"))
    for part, name in ((b, "b"), (v, "v")):
        if part.shape != (W.shape[1],):
            raise Wrong(f"{name} has shape {part.shape}, expected ({W.shape[1]},): one number for "
                        "each hidden neuron of W")
    hidden = rows(3) @ W + b > 0
    outputs = hidden @ v + c > 0
    ones = rows(3).sum(axis=1)
    if (outputs != ones % 2).any():
        for i, j in np.argwhere((hidden[:, None] == hidden).all(axis=-1)):
            if j < i and (ones[i] - ones[j]) % 2 and outputs[i] == outputs[j]:
                return {"the parity": outputs, "one hidden state": (rows(3)[j], rows(3)[i])}
    return {"the parity": outputs}


class Parity(TruthTable):
    """Says where the hidden layer has lost what the output needs, if it has."""

    def tell_difference(self, given, wanted, i):
        if "one hidden state" in given[i]:
            a, b = given[i]["one hidden state"]
            raise Wrong(f"the hidden layer gives the same for {text(a)} and {text(b)}, so no "
                        "output can tell them apart")
        super().tell_difference(given, wanted, i)


AT_LEAST, AT_MOST = np.ones((3, 3), int), -np.ones((3, 3), int)
STEPS = np.array([-0.5, -1.5, -2.5])
parity = Parity("4.4", (AT_MOST, np.array([0.99, 1.99, 2.99]), np.array([-0.015, 0.02, -0.02]),
                        0.01), probe=hidden_layer)
for diagnosis, mistake in [
    ("this is the opposite: it fires if the number of ones is even",
     (AT_LEAST, STEPS, [-1, 1, -1], 0.5)),
    ("right for 0, 1 and 2 ones; at (1, 1, 1) it must fire again",
     (np.ones((3, 2)), STEPS[:2], [1, -1], -0.5)),
    ("this is OR: with two ones it must be silent again", (AT_LEAST, STEPS, [1, 1, 1], -0.5)),
    ("this is the majority, which one neuron can do; parity goes up, down, up",
     (AT_LEAST, STEPS, [0, 1, 0], -0.5)),
    ("this is AND: a single 1 must be enough, too", (AT_LEAST, STEPS, [0, 0, 1], -0.5)),
    ("the output never fires: with one 1 its score must be above 0, and exactly 0 is silent",
     (AT_LEAST, STEPS, [1, -1, 1], -1)),
    ("the output always fires: with no 1 its score must not be above 0",
     (AT_LEAST, STEPS, [1, -1, 1], 0.5)),
    ("this fires for one and for two ones: the second hidden neuron must pull down again",
     (AT_LEAST, STEPS, [1, 0, -1], -0.5)),
    ("this is NOR: it fires where no input is 1, and there it must be silent",
     (AT_MOST[:, :1], [0.5], [1], -0.5)),
    ("this is XOR of the first two inputs; the third has no say",
     (np.array([[1, 1], [1, 1], [0, 0]]), [-0.5, -1.5], [1, -1], -0.5)),
]:
    parity.mistake(diagnosis, mistake)
parity.told("W has shape (2, 3), expected (3, k): rows are examples", (np.ones((2, 3)),
                                                                      [-0.5, -1.5], [1, -1], -0.5))
parity.told("W has shape (3,), expected (3, k)", ([1, 1, 1], [-0.5], [1], -0.5))
parity.told("b has shape (2,), expected (3,)", (AT_LEAST, [-0.5, -1.5], [1, -1, 1], -0.5))
parity.told("gives the same for (0, 0, 0) and (0, 0, 1)",
            (np.array([[1], [1], [0]]), [-0.5], [1], -0.5))
parity.told("at (0, 0, 1) it is 0, expected 1", (np.diag([1, 1, 1]), [-0.5] * 3, [1, 1, -2], -0.5))


# --- 4.5 and 4.6: wires ---


class Wire:
    """A wire with a bit for every row. Only the `nand` that an answer is given can use it."""

    read = False  # has something else read the bits of a wire?

    def __init__(self, bits):
        self.bits = bits

    def __array__(self, dtype=None, copy=None):
        Wire.read = True  # the course's own NAND takes arrays
        return np.array(self.bits, dtype=dtype)

    def __bool__(self):
        raise TypeError("a wire cannot be asked in an `if` or with `and`, `or`, `not`")

    def __eq__(self, other):
        raise TypeError("a wire cannot be compared; feed it to nand")

    __lt__ = __le__ = __gt__ = __ge__ = __eq__

    def __index__(self):
        raise TypeError("a wire is no number, no index and no key; feed it to nand")

    __hash__ = __index__

    def refused(self, other=None):
        """What every operator does."""
        raise TypeError("a wire has no operators such as ~, &, |, ^, + and *; feed it to nand")

    __invert__ = __neg__ = refused
    __and__ = __rand__ = __or__ = __ror__ = __xor__ = __rxor__ = refused
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __mod__ = refused

    def __repr__(self):
        return "a wire"


def counted_nand(limit=1000):
    """Return a nand of two wires (or bits) that stops an answer which calls it without end."""
    calls = []

    def nand(*inputs):
        if len(inputs) != 2:
            raise TypeError(f"nand has two inputs, got {len(inputs)}")
        calls.append(1)
        if len(calls) > limit:
            raise RecursionError(f"more than {limit} calls of nand")
        bits = []
        for wire in inputs:
            if not isinstance(wire, Wire) and (isinstance(wire, (tuple, list)) or
                                               numbers(wire) is None or wire not in (0, 1)):
                raise TypeError(f"nand takes two wires, got {type(wire).__name__}")
            bits.append(wire.bits if isinstance(wire, Wire) else int(wire))
        return Wire(1 - bits[0] * bits[1])

    return nand


def outputs_of(answer, wires, names):
    """Return {name: bits} of the wires that a circuit gives back."""
    Wire.read = False
    result = call(answer, counted_nand(), *(Wire(bits) for bits in wires))
    if Wire.read:
        raise Wrong("something else than the `nand` that your function is given has read a wire; "
                    "was it the course's NAND, in capitals? Use the given one alone")
    found = [result] if len(names) == 1 else members(result, names)
    if any(part is ... for part in found):
        raise Unfilled
    if not all(isinstance(part, Wire) for part in found):
        many = "one wire" if len(names) == 1 else f"{len(names)} wires"
        raise Wrong(f"give back {many}, made by nand")
    shape = np.shape(wires[0])
    return {name: np.broadcast_to(part.bits, shape)
            for name, part in zip(names, found, strict=True)}


def switch(answer):
    """A switch in all eight rows of a, b, select, for one that is made of nands."""
    return outputs_of(answer, rows(3).T, ("the output",))


def right_multiplexer(nand, a, b, select):
    return nand(nand(a, nand(select, select)), nand(b, select))


multiplexer = TruthTable("4.5", right_multiplexer, probe=switch)
for diagnosis, mistake in [
    ("a and b are swapped: select = 0 passes a on",
     lambda nand, a, b, s: right_multiplexer(nand, b, a, s)),
    ("the output is turned round; an OR of two ANDs ends in one NAND, without a NOT behind it",
     lambda nand, a, b, s: nand(right_multiplexer(nand, a, b, s), 1)),
    ("a and b are swapped, and the output is turned round",
     lambda nand, a, b, s: nand(right_multiplexer(nand, b, a, s), 1)),
    ("this passes a on, whatever select is", lambda nand, a, b, s: a),
    ("this passes b on, whatever select is", lambda nand, a, b, s: b),
    ("this passes select on", lambda nand, a, b, s: s),
    ("this is NAND of a and b; select has no say", lambda nand, a, b, s: nand(a, b)),
    ("both inputs are let through by select = 1; a needs NOT select",
     lambda nand, a, b, s: nand(nand(a, s), nand(b, s))),
    ("both inputs are let through by select = 0; b needs select itself",
     lambda nand, a, b, s: nand(nand(a, nand(s, s)), nand(b, nand(s, s)))),
    ("select = 0 passes a on, but select = 1 gives 0: b is missing",
     lambda nand, a, b, s: nand(nand(a, nand(s, s)), 1)),
    ("select = 1 passes b on, but select = 0 gives 0: a is missing",
     lambda nand, a, b, s: nand(nand(b, s), 1)),
    ("the last step is an AND of the two halves; it must be an OR",
     lambda nand, a, b, s: nand(nand(nand(nand(a, nand(s, s)), 1), nand(nand(b, s), 1)), 1)),
]:
    multiplexer.mistake(diagnosis, mistake)
multiplexer.told("cannot be asked in an `if`", lambda nand, a, b, s: b if s else a)
multiplexer.told("cannot be compared", lambda nand, a, b, s: b if s == 1 else a)
multiplexer.told("cannot be compared", lambda nand, a, b, s: b if s > 0 else a)
multiplexer.told("no index", lambda nand, a, b, s: [a, b][s])
multiplexer.told("no key", lambda nand, a, b, s: {0: a, 1: b}[s])
multiplexer.told("no number", lambda nand, a, b, s: nand(int(a), int(b)))
multiplexer.told("has no operators", lambda nand, a, b, s: (a & ~s) | (b & s))
multiplexer.told("give back one wire", lambda nand, a, b, s: (a, b))
multiplexer.told("nand has two inputs, got 1", lambda nand, a, b, s: nand(nand(a, s), nand(b)))
multiplexer.told("nand takes two wires, got list", lambda nand, a, b, s: nand([a], [b]))
multiplexer.told("rows; at (0, 0, 0) it is 1, expected 0", lambda nand, a, b, s: nand(a, s))


@multiplexer.told("was it the course's NAND, in capitals?")
def by_the_global_nand(nand, a, b, select):
    from helpers.perceptron import NAND

    return right_multiplexer(NAND, a, b, select)


@multiplexer.told("more than 1000 calls")
def without_end(nand, a, b, select):
    while True:
        a = nand(a, b)


def adder_of_bits(answer):
    """A half adder in all four rows of two bits."""
    return outputs_of(answer, rows(2).T, ("the sum", "the carry"))


def xor_of(nand, a, b):
    """1 where exactly one of two wires is 1."""
    return nand(nand(a, nand(a, b)), nand(b, nand(a, b)))


def and_of(nand, a, b):
    """1 where both wires are 1."""
    return nand(nand(a, b), 1)


def or_of(nand, a, b):
    """1 where one or both wires are 1."""
    return nand(nand(a, 1), nand(b, 1))


def right_half_adder(nand, a, b):
    return xor_of(nand, a, b), and_of(nand, a, b)


half = TruthTable("4.6", right_half_adder, probe=adder_of_bits)
for diagnosis, mistake in [
    ("sum and carry are swapped: return the sum first",
     lambda nand, a, b: (and_of(nand, a, b), xor_of(nand, a, b))),
    ("your sum is OR; 1 + 1 is 2, so its sum bit is 0",
     lambda nand, a, b: (or_of(nand, a, b), and_of(nand, a, b))),
    ("your carry is NAND of a and b; turn it round once more",
     lambda nand, a, b: (xor_of(nand, a, b), nand(a, b))),
    ("your sum is the opposite of XOR; one NOT too many or too few",
     lambda nand, a, b: (nand(xor_of(nand, a, b), 1), and_of(nand, a, b))),
    ("your sum is the opposite of XOR, and your carry is NAND: both are turned round",
     lambda nand, a, b: (nand(xor_of(nand, a, b), 1), nand(a, b))),
    ("your carry is OR; only 1 + 1 carries",
     lambda nand, a, b: (xor_of(nand, a, b), or_of(nand, a, b))),
    ("your sum is AND, as the carry is; it must be 1 where exactly one input is",
     lambda nand, a, b: (and_of(nand, a, b), and_of(nand, a, b))),
    ("your carry is XOR, as the sum is; it must be 1 where both inputs are",
     lambda nand, a, b: (xor_of(nand, a, b), xor_of(nand, a, b))),
    ("sum and carry are swapped, and the carry is turned round",
     lambda nand, a, b: (nand(a, b), xor_of(nand, a, b))),
    ("your sum is NAND; 0 + 0 is 0",
     lambda nand, a, b: (nand(a, b), and_of(nand, a, b))),
    ("your sum sees a alone; b has to count the same",
     lambda nand, a, b: (and_of(nand, a, nand(a, b)), and_of(nand, a, b))),
]:
    half.mistake(diagnosis, mistake)
half.told("give 2 things, the sum, the carry", lambda nand, a, b: xor_of(nand, a, b))
half.told("give back 2 wires", lambda nand, a, b: (xor_of(nand, a, b), 0))
half.told("has no operators", lambda nand, a, b: (a ^ b, a & b))
half.told("has no operators", lambda nand, a, b: ((a + b) % 2, a * b))
half.told("the sum is wrong in 2 of 4 rows; at (0, 0) it is 1, expected 0",
          lambda nand, a, b: (nand(a, a), and_of(nand, a, b)))


# --- 4.8: the backward pass of many networks ---


def gradients(x, h, v, dz, slope=lambda h: h * (1 - h), through=lambda dz, v: dz * v.swapaxes(1, 2),
              into_v=lambda h, ds: h, back=lambda dz, ds: dz, total=np.sum,
              bias_from=lambda dz, ds: ds):
    """dW, db, dv, dc, in which one thing may be done in another way."""
    ds = through(dz, v) * slope(h)
    return (x.T @ ds, total(bias_from(dz, ds), axis=1, keepdims=True),
            into_v(h, ds).swapaxes(1, 2) @ back(dz, ds), total(dz, axis=1, keepdims=True))


def gradients_variant(**options):
    """The gradients with some options."""
    return lambda x, h, v, dz: gradients(x, h, v, dz, **options)


def right_gradients(x, h, v, dz):
    return gradients(x, h, v, dz)


def gradient_cases():
    """Stacks whose sizes all differ."""
    rng = np.random.default_rng(44)
    cases = []
    for S, N, n, k in ((3, 5, 2, 7), (5, 7, 3, 4), (1, 4, 2, 3), (2, 3, 1, 5)):
        cases.append((rng.normal(size=(N, n)), 1 / (1 + np.exp(-rng.normal(0, 2, (S, N, k)))),
                      rng.normal(size=(S, k, 1)), rng.normal(size=(S, N, 1))))
    return cases


backward = Exercise("4.8", right_gradients, gradient_cases(), parts=("dW", "db", "dv", "dc"))
for diagnosis, options in [
    ("the slope of the sigmoid is missing in dW and db: ds is what comes back through v, times "
     "h (1 - h)", {"slope": lambda h: 1}),
    ("the slope of the sigmoid is h (1 - h); you have h alone", {"slope": lambda h: h}),
    ("the slope of the sigmoid is h (1 - h); you have 1 - h alone", {"slope": lambda h: 1 - h}),
    ("1 - h² is the slope of tanh; that of the sigmoid is h (1 - h)",
     {"slope": lambda h: 1 - h * h}),
    ("h is the sigmoid already; its slope is h (1 - h), without another sigmoid",
     {"slope": lambda h: (1 / (1 + np.exp(-h))) * (1 - 1 / (1 + np.exp(-h)))}),
    ("the output weights v are missing in dW and db: the gradient comes back through them",
     {"through": lambda dz, v: dz}),
    ("v is the same for all S networks here: multiply each by its own, v.swapaxes(1, 2), not by "
     "their mean", {"through": lambda dz, v: dz * v.swapaxes(1, 2).mean(axis=0, keepdims=True)}),
    ("the 1/N of the mean is in dz already: a bias gets the sum over the examples, not their mean",
     {"total": np.mean}),
    ("db is the sum of the gradients of the hidden scores, ds; you summed dz through v, without "
     "the slope", {"bias_from": lambda dz, ds: ds * 0 + dz}),
    ("dv is a gradient by v, in which v itself has no part: what the output read, h, times dz",
     {"into_v": lambda h, ds: ds}),
    ("dv comes from h and dz: what the output read, times the gradient there; the hidden slope "
     "has no part in it", {"into_v": lambda h, ds: h * h * (1 - h)}),
    ("the sign is turned round: return the gradients themselves; the optimizer subtracts them",
     {"through": lambda dz, v: -dz * v.swapaxes(1, 2), "back": lambda dz, ds: -dz,
      "total": lambda *a, **k: -np.sum(*a, **k), "bias_from": lambda dz, ds: -ds}),
]:
    backward.mistake(diagnosis, gradients_variant(**options))


@backward.mistake("dW is x times ds, the gradient of the hidden scores; you have x times h")
def of_the_hidden_layer(x, h, v, dz):
    return (x.T @ h, *gradients(x, h, v, dz)[1:])


@backward.mistake("the order: dW, db, dv, dc; you gave dv before db")
def weights_first(x, h, v, dz):
    dW, db, dv, dc = gradients(x, h, v, dz)
    return dW, dv, db, dc


@backward.mistake("the 1/N of the mean is in dz already; you have divided by N once more")
def mean_again(x, h, v, dz):
    return tuple(part / len(x) for part in gradients(x, h, v, dz))


@backward.mistake("dW is summed over the S networks; each has a gradient of its own, so keep the "
                  "first axis")
def over_all_networks(x, h, v, dz):
    dW, db, dv, dc = gradients(x, h, v, dz)
    return dW * 0 + dW.sum(axis=0), db, dv, dc


@backward.mistake("the biases are summed over axis 0, the networks; sum over axis 1, the examples")
def wrong_axis(x, h, v, dz):
    dW, db, dv, dc = gradients(x, h, v, dz)
    ds = dz * v.swapaxes(1, 2) * h * (1 - h)
    return dW, ds.sum(axis=0, keepdims=True), dv, dz.sum(axis=0, keepdims=True)


backward.told("db has shape (3, 7), expected (3, 1, 7)", lambda x, h, v, dz: (
    gradients(x, h, v, dz)[0], gradients(x, h, v, dz)[1][:, 0], *gradients(x, h, v, dz)[2:]))
backward.told("dv has shape (3, 1, 7), expected (3, 7, 1)", lambda x, h, v, dz: (
    *gradients(x, h, v, dz)[:2], gradients(x, h, v, dz)[2].swapaxes(1, 2),
    gradients(x, h, v, dz)[3]))
backward.told("give 4 things, dW, db, dv, dc", lambda x, h, v, dz: gradients(x, h, v, dz)[:3])
