"""The exercises of notebook 07: the right answers, and the mistakes that learners make."""

import math

import numpy as np

from helpers.arrays import causal_mask, softmax
from helpers.checks import Exercise


def random(seed, *shapes):
    """Normal numbers of these shapes."""
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape) for shape in shapes]


# --- 7.1: back through RMSNorm ---


def root(x, axis=-1):
    """The root mean square of each row."""
    return np.sqrt((x * x).mean(axis=axis, keepdims=True))


def right_rms(x, dy):
    y = x / root(x)
    return (dy - y * (dy * y).mean(axis=-1, keepdims=True)) / root(x)


wide, deep, single = random(1, (5, 7), (2, 3, 5), (11,))
rms = Exercise("7.1", right_rms, cases=[
    (3 * wide, *random(2, (5, 7))), (0.2 * deep, *random(3, (2, 3, 5))),
    (single + 2, *random(4, (11,)))])


@rms.mistake("sum over the row where the mean is due: (dy * y).mean(...), because r holds a mean")
def summed(x, dy):
    y = x / root(x)
    return (dy - y * (dy * y).sum(axis=-1, keepdims=True)) / root(x)


@rms.mistake("you divide dy by r and stop; every y_i depends on all x_j, through r: the mean of dy "
             "y, times y, is still to be taken off")
def direct_only(x, dy):
    return dy / root(x)


@rms.mistake("the last division by r is missing: dx = (dy - y * mean) / r")
def undivided(x, dy):
    y = x / root(x)
    return dy - y * (dy * y).mean(axis=-1, keepdims=True)


@rms.mistake("in the bracket stands y, not x: you took x as it came, which is r times too large")
def with_x(x, dy):
    return (dy - x * (dy * x).mean(axis=-1, keepdims=True)) / root(x)


@rms.mistake("one of the two factors is x where y is due: the mean is of dy * y, and it multiplies "
             "y again")
def half_x(x, dy):
    y = x / root(x)
    return (dy - x * (dy * y).mean(axis=-1, keepdims=True)) / root(x)


@rms.mistake("this is LayerNorm's: you also take off the mean of dy. RMSNorm never took off the "
             "mean of x, so there is nothing to undo")
def like_layer_norm(x, dy):
    y = x / root(x)
    return (dy - dy.mean(axis=-1, keepdims=True)
            - y * (dy * y).mean(axis=-1, keepdims=True)) / root(x)


@rms.mistake("you add the part along y; it has to be taken off, because the norm would undo it")
def added(x, dy):
    y = x / root(x)
    return (dy + y * (dy * y).mean(axis=-1, keepdims=True)) / root(x)


@rms.mistake("the means run over all numbers at once; every row has its own: axis=-1, "
             "keepdims=True")
def over_everything(x, dy):
    r = np.sqrt((x * x).mean())
    y = x / r
    return (dy - y * (dy * y).mean()) / r


@rms.mistake("r is the root of the mean square: the root is missing")
def without_root(x, dy):
    r = (x * x).mean(axis=-1, keepdims=True)
    y = x / r
    return (dy - y * (dy * y).mean(axis=-1, keepdims=True)) / r


@rms.mistake("r is the root of the MEAN square: you took the length of the row, without 1/d")
def by_length(x, dy):
    r = np.linalg.norm(x, axis=-1, keepdims=True)
    y = x / r
    return (dy - y * (dy * y).mean(axis=-1, keepdims=True)) / r


@rms.mistake("you divide by the deviation, which takes off the mean first; RMSNorm does not")
def by_deviation(x, dy):
    r = x.std(axis=-1, keepdims=True)
    y = x / r
    return (dy - y * (dy * y).mean(axis=-1, keepdims=True)) / r


@rms.mistake("the mean of dy is taken off, as in LayerNorm; here the mean of dy * y, times y, is")
def shifted(x, dy):
    return (dy - dy.mean(axis=-1, keepdims=True)) / root(x)


@rms.mistake("the means run down the columns, axis 0; every row has its own, so axis=-1")
def over_rows(x, dy):
    r = root(x, axis=0)
    y = x / r
    return (dy - y * (dy * y).mean(axis=0, keepdims=True)) / r


rms.told("sign is turned", lambda x, dy: -right_rms(x, dy))


# --- 7.2: back through a gate ---


def sigmoid(a):
    return 0.5 * (np.tanh(0.5 * a) + 1)


def swish_slope(a):
    return sigmoid(a) * (1 + a * (1 - sigmoid(a)))


def right_gate(a, b, dy):
    return dy * b * swish_slope(a), dy * a * sigmoid(a)


gate = Exercise("7.2", right_gate, parts=("da", "db"), cases=[
    tuple(random(5, (4, 3), (4, 3), (4, 3))), tuple(random(6, (2, 5, 3), (2, 5, 3), (2, 5, 3))),
    (np.array([-30.0, 0.0, 30.0]), *random(7, (3,), (3,)))])

gate.mistake("da and db are in the wrong order: return da first",
             lambda a, b, dy: right_gate(a, b, dy)[::-1])
gate.mistake("b is missing in da: y = swish(a) * b, so a slope of swish is multiplied by b",
             lambda a, b, dy: (dy * swish_slope(a), dy * a * sigmoid(a)))
gate.mistake("dy is missing: both gradients are dy times a slope",
             lambda a, b, dy: (b * swish_slope(a), a * sigmoid(a)))
gate.mistake("the slope of swish has two parts, since a stands in it twice: s + a s (1 - s); you "
             "have only the first", lambda a, b, dy: (dy * b * sigmoid(a), dy * a * sigmoid(a)))
gate.mistake("the slope of swish has two parts, since a stands in it twice: s + a s (1 - s); you "
             "have only the second",
             lambda a, b, dy: (dy * b * a * sigmoid(a) * (1 - sigmoid(a)), dy * a * sigmoid(a)))
gate.mistake("in da stands the slope of the sigmoid, s (1 - s), as if y were s(a) b; the factor a "
             "is part of y, too",
             lambda a, b, dy: (dy * b * sigmoid(a) * (1 - sigmoid(a)), dy * a * sigmoid(a)))
gate.mistake("db is dy times swish(a) = a s(a): the a is missing",
             lambda a, b, dy: (dy * b * swish_slope(a), dy * sigmoid(a)))
gate.mistake("db is dy times swish(a) = a s(a): the s(a) is missing",
             lambda a, b, dy: (dy * b * swish_slope(a), dy * a))
gate.mistake("db is multiplied by b; y is linear in b, so its slope there has no b in it",
             lambda a, b, dy: (dy * b * swish_slope(a), dy * a * sigmoid(a) * b))
gate.mistake("the slope of swish is s + a s (1 - s): the 1 - s became 1 + s",
             lambda a, b, dy: (dy * b * sigmoid(a) * (1 + a * (1 + sigmoid(a))),
                               dy * a * sigmoid(a)))
gate.mistake("the slope of swish is s + a s (1 - s): the first s is missing, which leaves a 1",
             lambda a, b, dy: (dy * b * (1 + a * sigmoid(a) * (1 - sigmoid(a))),
                               dy * a * sigmoid(a)))
gate.mistake("s has the wrong sign in its exponent: s(a) = 1 / (1 + exp(-a)), near 1 for large a",
             lambda a, b, dy: (dy * b * sigmoid(-a) * (1 + a * (1 - sigmoid(-a))),
                               dy * a * sigmoid(-a)))
gate.told("give 2 things", lambda a, b, dy: dy * b * swish_slope(a))


# --- 7.3: three rulers ---


def factor(G):
    U, _, Vt = np.linalg.svd(G, full_matrices=False)
    return U @ Vt


def right_steepest(G):
    return -G / np.sqrt((G * G).sum()), -np.sign(G), -factor(G)


def steps(euclid=None, entry=None, spectral=None):
    """The right answer with one step exchanged."""
    def answer(G):
        exchanged = (euclid, entry, spectral)
        return tuple(step if other is None else other(G)
                     for step, other in zip(right_steepest(G), exchanged, strict=True))
    return answer


steepest = Exercise("7.3", right_steepest, parts=(
    "the Euclidean step", "the step by largest entry", "the spectral step"),
    cases=[(random(8, (3, 5))[0],), (7 * random(9, (5, 2))[0],), (0.1 * random(10, (4, 4))[0],)])

steepest.mistake("all three go up: the loss falls against the gradient, so each needs a minus",
                 lambda G: tuple(-step for step in right_steepest(G)))
steepest.mistake("the Euclidean step is as long as G itself: divide by its length",
                 steps(euclid=lambda G: -G))
steepest.mistake("the Euclidean step is divided by the sum of squares; the length is its root",
                 steps(euclid=lambda G: -G / (G * G).sum()))
steepest.mistake("the Euclidean step is divided by the largest singular value; its length goes "
                 "over all entries: np.linalg.norm(G), not norm(G, 2)",
                 steps(euclid=lambda G: -G / np.linalg.norm(G, 2)))
steepest.mistake("the Euclidean step has every row of length 1; the whole matrix shares one length",
                 steps(euclid=lambda G: -G / np.linalg.norm(G, axis=-1, keepdims=True)))
steepest.mistake("in the step by largest entry only the size of the largest entry is 1; each entry "
                 "may go to 1, and should: -sign(G)",
                 steps(entry=lambda G: -G / np.abs(G).max()))
steepest.mistake("the step by largest entry moves one entry only; all the others may move as far, "
                 "and each of them helps: -sign(G)",
                 steps(entry=lambda G: -np.sign(G) * (np.abs(G) == np.abs(G).max())))
steepest.mistake("the step by largest entry is scaled to length 1 over all entries; what may be 1 "
                 "is each entry", steps(entry=lambda G: -np.sign(G) / np.sqrt(G.size)))
steepest.mistake("the spectral step still has the singular values of G in it, only scaled: leave "
                 "them out, U @ Vt", steps(spectral=lambda G: -G / np.linalg.norm(G, 2)))
steepest.mistake("you put U, the singular values and Vt together again, which is G; leave the "
                 "middle out", steps(spectral=lambda G: -G))
steepest.mistake("the spectral step uses the first singular vectors only; that is one direction of "
                 "many, and the others help, too",
                 steps(spectral=lambda G: -np.outer(np.linalg.svd(G)[0][:, 0],
                                                    np.linalg.svd(G)[2][0])))
steepest.mistake("the spectral step goes up: it needs a minus like the others",
                 steps(spectral=factor))
steepest.mistake("the spectral step is scaled to Euclidean length 1; its largest singular value "
                 "may be 1, and so may all the others",
                 steps(spectral=lambda G: -factor(G) / np.sqrt(min(G.shape))))
steepest.mistake("the step by largest entry goes up: it needs a minus like the others",
                 steps(entry=np.sign))
steepest.mistake("the Euclidean step goes up: it needs a minus like the others",
                 steps(euclid=lambda G: G / np.linalg.norm(G)))
steepest.told("give 3 things", lambda G: right_steepest(G)[:2])
steepest.told("ValueError", lambda G: (*right_steepest(G)[:2], -np.linalg.svd(G)[0]
                                       @ np.linalg.svd(G)[2]))


# --- 7.4: five turns ---

A, B, C = 3.4445, -4.7750, 2.0315


def turned(G, turns, scale=np.linalg.norm, a=A, b=B, c=C):
    """The iteration, with what may be wrong in it."""
    X = G / scale(G)
    for _ in range(turns):
        square = X @ X.T
        X = a * X + (b * square + c * square @ square) @ X
    return X


schulz = Exercise("7.4", turned, cases=[
    (random(11, (3, 5))[0], 5), (100 * random(12, (7, 4))[0], 1), (random(13, (4, 4))[0], 3),
    (random(14, (2, 9))[0], 2)])

schulz.mistake("G is not divided by its length before the turns, so they blow up, or stay small",
               lambda G, turns: turned(G, turns, scale=lambda G: 1.0))
schulz.mistake("you divide by the sum of squares; the length is its root",
               lambda G, turns: turned(G, turns, scale=lambda G: (G * G).sum()))
schulz.mistake("you divide by the largest entry; singular values can be larger than that, and "
               "leave the range of the turns", lambda G, turns: turned(G, turns,
                                                                 scale=lambda G: np.abs(G).max()))
schulz.mistake("you divide by the largest singular value, which would take an SVD; the Euclidean "
               "length, over all entries, is asked for",
               lambda G, turns: turned(G, turns, scale=lambda G: np.linalg.norm(G, 2)))
schulz.mistake("every row is divided by its own length, which turns the singular vectors; the "
               "matrix has one length", lambda G, turns: turned(
                   G, turns, scale=lambda G: np.linalg.norm(G, axis=1, keepdims=True)))
schulz.mistake("one turn too few", lambda G, turns: turned(G, turns - 1))
schulz.mistake("one turn too many", lambda G, turns: turned(G, turns + 1))
schulz.mistake("these are the classical coefficients, 15/8, -10/8, 3/8; Muon's are asked for",
               lambda G, turns: turned(G, turns, a=15 / 8, b=-10 / 8, c=3 / 8))
schulz.mistake("b has lost its minus: it is -4.7750", lambda G, turns: turned(G, turns, b=-B))
schulz.mistake("b and c are exchanged: b goes with A, c with A @ A",
               lambda G, turns: turned(G, turns, b=C, c=B))
schulz.mistake("the term with c is missing: A @ A @ X", lambda G, turns: turned(G, turns, c=0))
schulz.mistake("this is the exact factor, from an SVD; the turns only come near it, and are asked "
               "for", lambda G, turns: factor(G))


@schulz.mistake("A**2 squares every entry; the product of the matrix with itself is A @ A")
def by_entry(G, turns):
    X = G / np.linalg.norm(G)
    for _ in range(turns):
        square = X @ X.T
        X = A * X + (B * square + C * square**2) @ X
    return X


@schulz.mistake("X**3 and X**5 are powers of the entries; meant are those of the singular values, "
                "A @ X and A @ A @ X")
def entry_powers(G, turns):
    X = G / np.linalg.norm(G)
    for _ in range(turns):
        X = A * X + B * X**3 + C * X**5
    return X


schulz.mistake("the factor a is missing: X alone stands where a * X is due",
               lambda G, turns: turned(G, turns, a=1.0))


@schulz.mistake("a is added to every entry of the polynomial in A; it belongs to X: a * X, or a "
                "times the identity matrix")
def everywhere(G, turns):
    X = G / np.linalg.norm(G)
    for _ in range(turns):
        square = X @ X.T
        X = (A + B * square + C * square @ square) @ X
    return X


@schulz.mistake("A is computed once, before the loop; each turn needs that of the present X")
def old_square(G, turns):
    X = G / np.linalg.norm(G)
    square = X @ X.T
    for _ in range(turns):
        X = A * X + (B * square + C * square @ square) @ X
    return X


@schulz.mistake("within a turn X is changed before it is used again: compute all three terms from "
                "the old X")
def updated_early(G, turns):
    X = G / np.linalg.norm(G)
    for _ in range(turns):
        square = X @ X.T
        X = A * X + B * square @ X
        X = X + C * square @ square @ X
    return X


schulz.told("has shape", lambda G, turns: turned(G, turns).T)


# --- 7.5: hold, then fall ---

share = Exercise("7.5", lambda step, steps: min(1.0, (steps - step) / (0.6 * steps)), cases=[
    (step, n) for n in (10, 7, 1000) for step in (0, 1, n // 3, n // 2, n - 2, n - 1)])

share.mistake("it falls over the last 40 % of the steps; hold for 40, fall over 60",
              lambda step, n: min(1.0, (n - step) / (0.4 * n)))
share.mistake("the share is 0 at the last step already, which then changes nothing; 0 comes one "
              "step after it", lambda step, n: min(1.0, (n - 1 - step) / (0.6 * n)))
share.mistake("it falls from the first step on; it should be held at 1 for the first 40 %",
              lambda step, n: (n - step) / n)
share.mistake("it is above 1 before the fall begins: take the smaller of 1 and the line",
              lambda step, n: (n - step) / (0.6 * n))
share.mistake("max instead of min: it never falls below 1",
              lambda step, n: max(1.0, (n - step) / (0.6 * n)))
share.mistake("after 40 % it jumps down: the line starts at 0.6, not at 1; divide by what the fall "
              "has in all", lambda step, n: 1.0 if step < 0.4 * n else (n - step) / n)
share.mistake("it falls like a cosine; a line is asked for",
              lambda step, n: 1.0 if step < 0.4 * n else
              (1 + math.cos(math.pi * (step - 0.4 * n) / (0.6 * n))) / 2)
share.mistake("after the first 40 % it is 0 at once, as if by a whole-number division, //; it "
              "should fall in a line",
              lambda step, n: min(1.0, (n - step) // (0.6 * n)))
share.mistake("this rises where it should fall: how many steps are LEFT?",
              lambda step, n: min(1.0, step / (0.6 * n)))
share.mistake("it never falls; are the brackets missing in ... / (0.6 * steps)?",
              lambda step, n: 1.0)
share.mistake("one step is counted too many: at step 0 all of them are left, steps - step",
              lambda step, n: min(1.0, (n - step + 1) / (0.6 * n)))
share.mistake("the fall is bent: the line is squared",
              lambda step, n: min(1.0, (n - step) / (0.6 * n)) ** 2)
share.mistake("the fall is 60 steps long, whatever the number of steps; it is a share of them",
              lambda step, n: min(1.0, (n - step) / 60))


# --- 7.6: heads that share ---


def attention(queries, keys, values, mask=True, divide=None, softmax_axis=-1, turned=False):
    """Attention of every head to a key and a value of its own."""
    scores = queries @ keys.swapaxes(-1, -2)
    scores = scores / (math.sqrt(queries.shape[-1]) if divide is None else divide)
    if mask:
        seen = causal_mask(queries.shape[1])
        scores = np.where(seen.T if turned else seen, scores, -1e30)
    return softmax(scores, axis=softmax_axis) @ values


def repeated(x, queries):
    return np.repeat(x, len(queries) // len(x), axis=0)


def right_grouped(queries, keys, values):
    return attention(queries, repeated(keys, queries), repeated(values, queries))


grouped = Exercise("7.6", right_grouped, cases=[
    tuple(random(15, (6, 5, 4), (2, 5, 4), (2, 5, 4))),
    tuple(random(16, (6, 7, 3), (3, 7, 3), (3, 7, 3))),
    tuple(random(17, (5, 4, 3), (1, 4, 3), (1, 4, 3)))])

grouped.mistake("np.tile gives 0, 1, 0, 1; the first H/G heads share the first key: np.repeat, 0, "
                "0, 1, 1", lambda q, k, v: attention(q, np.tile(k, (len(q) // len(k), 1, 1)),
                                                  np.tile(v, (len(q) // len(v), 1, 1))))
grouped.mistake("keys are repeated (0, 0, 1, 1) but values tiled (0, 1, 0, 1): a head reads the "
                "values of another group", lambda q, k, v: attention(
                    q, repeated(k, q), np.tile(v, (len(q) // len(v), 1, 1))))
grouped.mistake("the mask is missing: places look at what comes later", lambda q, k, v: attention(
    q, repeated(k, q), repeated(v, q), mask=False))
grouped.mistake("the scores are not divided by sqrt(d_h)", lambda q, k, v: attention(
    q, repeated(k, q), repeated(v, q), divide=1.0))
grouped.mistake("the scores are divided by d_h; its root is due", lambda q, k, v: attention(
    q, repeated(k, q), repeated(v, q), divide=q.shape[-1]))
grouped.mistake("the scores are divided by the root of the number of places; d_h is the last axis",
                lambda q, k, v: attention(q, repeated(k, q), repeated(v, q),
                                          divide=math.sqrt(q.shape[1])))
grouped.mistake("softmax runs over the queries; every query's weights over the keys sum to 1: the "
                "last axis", lambda q, k, v: attention(q, repeated(k, q), repeated(v, q),
                                                       softmax_axis=-2))
grouped.mistake("all heads use the first key and value; there are G of them",
                lambda q, k, v: attention(q, np.repeat(k[:1], len(q), axis=0),
                                          np.repeat(v[:1], len(q), axis=0)))
grouped.mistake("all heads use the mean of the keys and values; a group has one of its own",
                lambda q, k, v: attention(q, *(np.repeat(x.mean(axis=0, keepdims=True), len(q),
                                                         axis=0) for x in (k, v))))
grouped.mistake("the groups are in reverse order: the first heads share the FIRST key",
                lambda q, k, v: attention(q, repeated(k[::-1], q), repeated(v[::-1], q)))
grouped.mistake("keys and values have changed places", lambda q, k, v: attention(
    q, repeated(v, q), repeated(k, q)))


@grouped.mistake("the queries of a group are averaged; every head keeps its own question")
def averaged(q, k, v):
    share = len(q) // len(k)
    mean = q.reshape(len(k), share, *q.shape[1:]).mean(axis=1)
    return np.repeat(attention(mean, k, v), share, axis=0)


grouped.mistake("the mask is turned round: places look at themselves and at what comes later",
                lambda q, k, v: attention(q, repeated(k, q), repeated(v, q), turned=True))
grouped.told("got tuple", lambda q, k, v: (right_grouped(q, k, v), None))
grouped.told("has shape", lambda q, k, v: attention(q[: len(k)], k, v))
