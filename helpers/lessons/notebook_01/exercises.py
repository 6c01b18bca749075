"""The exercises of notebook 01, NumPy broadcasting: answers, trials, mistakes."""

import tracemalloc

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from helpers.checks import (
    Exercise,
    Unfilled,
    Wrong,
    call,
    call_method,
    describe,
    describe_value,
    is_stub,
    members,
    numbers,
)

# --- 1.1: the rule ---


class Said(str):
    """A result in words, which a message shows without quotes."""

    __repr__ = str.__str__


class Shape(Said):
    """A shape as text, so that (3, 4), [3, 4] and None are told apart."""


class Other(Said):
    """None as text, or what is no shape."""


Shape.__name__, Other.__name__ = "the shape", ""  # as messages call them


def shape_given(answer, shape_a, shape_b):
    """What an answer gives for two shapes; None is a proper one."""
    try:
        result = answer(shape_a, shape_b)
    except (Exception, SystemExit) as error:
        raise Wrong(f"your code raised {describe(error, answer)}") from error
    if is_stub(result):
        raise Unfilled
    if isinstance(result, tuple) and all(isinstance(n, (int, np.integer)) for n in result):
        return Shape(tuple(int(n) for n in result))
    return Other("None" if result is None else describe_value(result))


def filled(shape_a, shape_b):
    """Both shapes with ones in front."""
    n = max(len(shape_a), len(shape_b))
    return [(1,) * (n - len(shape)) + tuple(shape) for shape in (shape_a, shape_b)]


def stretched(a, b):
    return tuple(n if m == 1 else m for m, n in zip(a, b))  # noqa: B905  as a learner would


def misfit(a, b):
    return any(m != n and 1 not in (m, n) for m, n in zip(a, b))  # noqa: B905


def broadcast_shape(shape_a, shape_b):
    a, b = filled(shape_a, shape_b)
    return None if misfit(a, b) else stretched(a, b)


rule = Exercise(
    "1.1",
    broadcast_shape,
    cases=[
        ((3, 1), (4,)), ((4,), (3, 1)), ((2, 3), (2, 3)), ((4, 3), (3,)), ((3,), (4, 3)),
        ((), (5,)), ((2, 5), ()), ((2, 1, 4), (3, 1)), ((3, 1), (2, 1, 4)), ((1, 4), (3, 4)),
        ((3, 4), (1, 4)), ((7, 1, 1), (2, 3)), ((1,), (0,)), ((0,), (1,)), ((2, 3, 0), (1, 1)),
        ((3,), (4,)), ((2, 3), (3, 2)), ((4, 3), (4,)), ((4,), (4, 3)), ((2, 1, 4), (2, 3)),
        ((0,), (3,)), ((2, 1), (2, 3, 4)), ((5, 4, 3), (5, 1, 2)), ((4,), (2,)), ((3, 2), (3, 6)),
    ],
    probe=shape_given,
)


@rule.mistake("align on the right: the missing ones go in FRONT of the shorter shape")
def ones_behind(a, b):
    n = max(len(a), len(b))
    a, b = a + (1,) * (n - len(a)), b + (1,) * (n - len(b))
    return None if misfit(a, b) else stretched(a, b)


@rule.mistake("put ones in front of the shorter shape; without them zip stops at its end")
def zip_stops(a, b):
    return None if misfit(a, b) else stretched(a, b)


@rule.mistake("(1,) and (0,) give (0,): a 1 is stretched to any size, and 0 is not the larger one")
def larger(a, b):
    a, b = filled(a, b)
    return None if misfit(a, b) else tuple(max(m, n) for m, n in zip(a, b, strict=True))


@rule.mistake("some shapes do not fit, such as (3,) and (4,): two sizes that differ, neither of "
              "them 1; return None for those")
def no_test(a, b):
    return stretched(*filled(a, b))


@rule.mistake("the larger size is not always the result, and where two sizes differ and neither "
              "is 1 there is none: return None")
def no_test_larger(a, b):
    return tuple(max(m, n) for m, n in zip(*filled(a, b), strict=True))


@rule.mistake("a shape is a tuple, such as (3, 4); you give back a list")
def as_list(a, b):
    result = broadcast_shape(a, b)
    return result if result is None else list(result)


@rule.mistake("where shapes do not fit, return None; your code stops with a ValueError there")
def raising(a, b):
    return tuple(np.broadcast_shapes(a, b))


@rule.mistake("shapes need not be equal to fit: a 1 fits every size, and so does a missing axis")
def equal_only(a, b):
    return a if a == b else None


@rule.mistake("shapes of different length can fit: put ones in front of the shorter one")
def equal_length_only(a, b):
    return broadcast_shape(a, b) if len(a) == len(b) else None


@rule.mistake("either of two sizes may be the 1; you allow it only in the second shape")
def only_second(a, b):
    a, b = filled(a, b)
    fits = all(m == n or n == 1 for m, n in zip(a, b, strict=True))
    return stretched(a, b) if fits else None


@rule.mistake("either of two sizes may be the 1; you allow it only in the first shape")
def only_first(a, b):
    a, b = filled(a, b)
    fits = all(m == n or m == 1 for m, n in zip(a, b, strict=True))
    return stretched(a, b) if fits else None


@rule.mistake("a size is not repeated until it fits: (2,) and (4,) do not, only a 1 is stretched")
def multiples(a, b):
    pairs = list(zip(*filled(a, b), strict=True))
    fits = all(m == n or 1 in (m, n) or (m * n and max(m, n) % min(m, n) == 0) for m, n in pairs)
    return tuple(m * n if 1 in (m, n) else max(m, n) for m, n in pairs) if fits else None


@rule.mistake("the sizes come out back to front; turn them round at the end")
def back_to_front(a, b):
    result = broadcast_shape(a, b)
    return result if result is None else result[::-1]


@rule.mistake("your function gives back None for all shapes; is a `return` missing, or a "
              "test too strict?")
def no_return(a, b):
    broadcast_shape(a, b)


rule.mistake("return None, not False, where shapes do not fit",
             lambda a, b: broadcast_shape(a, b) or False)


@rule.told("raised IndexError")
def index_error(a, b):
    return tuple(max(a[i], b[i]) for i in range(max(len(a), len(b))))


# --- 1.2: the causal mask ---


def causal_mask(length):
    return np.tri(length, dtype=bool)


mask = Exercise("1.2", causal_mask, cases=[(4,), (1,), (7,)])
mask.mistake("your mask lets a place look only ahead; row t should allow the columns u <= t, so "
             "the range that holds t is the column",
             lambda T: np.arange(T)[:, None] <= np.arange(T))
mask.mistake("a place may look at itself too: u <= t, not u < t", lambda T: np.tri(T, k=-1) > 0)
mask.mistake("two rows were compared, entry by entry; make one range a column with [:, None]",
             lambda T: np.arange(T) <= np.arange(T))
mask.mistake("the entries are right, but a mask is of bool, which is what a comparison gives",
             lambda T: np.tri(T))
mask.mistake("everything is allowed; the future, u > t, must be False",
             lambda T: np.ones((T, T), dtype=bool))
mask.mistake("True and False are the wrong way round: your mask is True where looking is "
             "forbidden; turn it with ~, or write the other comparison",
             lambda T: ~np.tri(T, dtype=bool))
mask.mistake("you allow one place too many, the next one; u <= t, not u <= t + 1",
             lambda T: np.tri(T, k=1) > 0)
mask.mistake("a place may look at all places before it, not at itself alone",
             lambda T: np.eye(T) > 0)
mask.mistake("that is what is added to scores later; asked for is where looking is allowed, as "
             "True and False", lambda T: np.where(np.tri(T) > 0, 0.0, -np.inf))
mask.mistake("the mask is not triangular: compare the two places, not the places with T",
             lambda T: np.broadcast_to(np.arange(T) < T - 1, (T, T)))
mask.mistake("your table has one row and one column too many; places are numbered from 0 to T - 1",
             lambda T: np.tri(T + 1, dtype=bool))

# --- 1.3: one-hot rows ---


def one_hot(my_labels, classes):
    return (my_labels[:, None] == np.arange(classes)).astype(np.float64)


def entries(answer, my_labels, classes):
    """The table and, if it is right, the type of its entries: 1 and 1.0 compare as equal."""
    table = call(answer, my_labels, classes)
    if not np.array_equal(numbers(table), one_hot(my_labels, classes)):
        return {"": table}
    kind = numbers(table).dtype.kind
    return {"": table, "the type": {"f": "float", "b": "bool"}.get(kind, "int")}


LABELS = [([2, 0, 1, 1, 2], 3), ([3, 8, 0, 5, 5, 1, 6], 10), ([4], 6), ([1, 3, 0, 3], 4)]
rows = Exercise("1.3", one_hot, cases=[(np.array(k), n) for k, n in LABELS], probe=entries)
rows.mistake("your table has a row for each class; rows are examples, so the labels are the column",
             lambda k, n: (k == np.arange(n)[:, None]) * 1.0)
rows.mistake("labels and classes were compared one to one; make the labels a column",
             lambda k, n: (k == np.arange(n)) * 1.0)
rows.mistake("every 1 is one place off; the classes are numbered from 0",
             lambda k, n: (k[:, None] == np.arange(1, n + 1)) * 1.0)
rows.mistake("zeros and ones are the wrong way round",
             lambda k, n: (k[:, None] != np.arange(n)) * 1.0)
rows.mistake("the entries are right, but they are True and False; 0.0 and 1.0 are floats, so end "
             "with .astype(np.float64)", lambda k, n: k[:, None] == np.arange(n))
rows.mistake("the entries are right, but they are whole numbers; 0.0 and 1.0 are floats, so end "
             "with .astype(np.float64)", lambda k, n: (k[:, None] == np.arange(n)).astype(int))
rows.mistake("the row of label k holds k; it should hold a 1 in place k",
             lambda k, n: (k[:, None] == np.arange(n)) * k[:, None])
rows.mistake("the table is only as wide as the largest label asks; it should have n columns",
             lambda k, n: np.eye(k.max() + 1)[k])
rows.mistake("the table is as wide as there are labels; it should have n columns",
             lambda k, n: np.eye(len(k))[k])
rows.mistake("the row of label k holds k + 1 ones; only place k gets one: ==, not >=",
             lambda k, n: (k[:, None] >= np.arange(n)) * 1.0)
rows.mistake("each row holds the classes themselves, not zeros with a single one",
             lambda k, n: np.broadcast_to(np.arange(n), (len(k), n)))


@rows.mistake("you wrote each 1 into all rows; give rows and columns together, "
              "table[np.arange(N), labels] = 1, or compare")
def all_rows(k, n):
    table = np.zeros((len(k), n))
    table[:, k] = 1
    return table


@rows.mistake("table[labels] picks rows; a label is a column of its own row")
def whole_rows(k, n):
    table = np.zeros((len(k), n))
    table[k] = 1
    return table


# --- 1.4: softmax ---


def softmax(my_scores):
    e = np.exp(my_scores - my_scores.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


@np.errstate(all="ignore")
def probabilities(answer, my_scores):
    """What an answer gives; float32 rounds, so there four digits are compared."""
    result = call(answer, my_scores)
    return rounded(result, 4) if my_scores.dtype == np.float32 else result


def rounded(result, digits):
    """A result rounded to some digits behind the point, or as it is if it is no numbers."""
    return result if numbers(result) is None else np.round(numbers(result), digits)


rng = np.random.default_rng(14)
SCORES = [
    rng.normal(size=(2, 5)), rng.normal(size=4), rng.normal(0, 2, size=(3, 3)),
    np.array([[1000.0, 1001, 1002], [-1000, 0, 1000]]), rng.normal(0, 3, size=(2, 3, 5)),
    np.array([[-1000.0, -1002], [1000, 998], [0, 3]]), np.array([[0.0, -np.inf, 1], [5, 4, 4]]),
    rng.normal(size=(5, 2)).astype(np.float32), np.array([[3, 1, 2, 2], [0, 0, 7, 1]]),
]
core = Exercise("1.4", softmax, cases=[(s,) for s in SCORES], probe=probabilities,
                tolerance=1e-9, exact=True)


def shares(e, **options):
    return e / e.sum(**({"axis": -1, "keepdims": True} | options))


def top(s, **options):
    return s.max(**({"axis": -1, "keepdims": True} | options))


core.mistake("e^1000 is too large for a float, and infinity divided by infinity is NaN; subtract "
             "the largest score of each row first", lambda s: shares(np.exp(s)))
core.mistake("NaN set to 0 is no probability: rows of large scores do not sum to 1; subtract the "
             "largest score before np.exp", lambda s: np.nan_to_num(shares(np.exp(s))))
core.mistake("you subtract the largest of the whole array; a row that lies far below it becomes "
             "0 / 0. Each row needs its own: axis=-1, keepdims=True",
             lambda s: shares(np.exp(s - s.max())))
core.mistake("you divide by the sum of the whole array; each row must sum to 1: axis=-1, "
             "keepdims=True", lambda s: np.exp(s - top(s)) / np.exp(s - top(s)).sum())
core.mistake("largest score and sum are those of the whole array; each row must sum to 1 and "
             "needs its own of both", lambda s: np.exp(s - s.max()) / np.exp(s - s.max()).sum())
core.mistake("the columns sum to 1; go along the last axis, axis=-1",
             lambda s: shares(np.exp(s - top(s, axis=0)), axis=0))
core.mistake("the sums are aligned with the columns; keep their axis, .sum(axis=-1, keepdims=True)",
             lambda s: shares(np.exp(s - top(s)), keepdims=False))
core.mistake("the largest scores are aligned with the columns; keep their axis, "
             ".max(axis=-1, keepdims=True)", lambda s: shares(np.exp(s - top(s, keepdims=False))))
core.mistake("largest scores and sums are aligned with the columns; keep the axis in both: "
             "keepdims=True",
             lambda s: shares(np.exp(s - top(s, keepdims=False)), keepdims=False))
core.mistake("you subtract the smallest score; then the largest can still overflow",
             lambda s: shares(np.exp(s - s.min(axis=-1, keepdims=True))))
core.mistake("you subtract the mean; then the largest can still overflow",
             lambda s: shares(np.exp(s - s.mean(axis=-1, keepdims=True))))
core.mistake("to divide the scores changes the probabilities; only subtracting does not",
             lambda s: shares(np.exp(s / top(s))))
core.mistake("clipped scores give other probabilities; subtract the largest score instead",
             lambda s: shares(np.exp(np.clip(s, -700, 700))))
core.mistake("the sum below the line must be shifted by the largest score, too",
             lambda s: np.exp(s - top(s)) / np.exp(s).sum(axis=-1, keepdims=True))
core.mistake("each row sums to K, not to 1: divide by the sum, not by the mean",
             lambda s: s.shape[-1] * shares(np.exp(s - top(s))))
core.mistake("you subtract the largest size, |s|; where all scores are negative and large, "
             "everything becomes 0 / 0. Take the largest score itself",
             lambda s: shares(np.exp(s - top(np.abs(s)))))
core.mistake("the sign is turned round: the largest score got the smallest probability",
             lambda s: shares(np.exp(-s - top(-s))))
core.mistake("that is 2 to the power of the scores; the softmax takes e to their power, np.exp",
             lambda s: shares(np.exp2(s - top(s))))
core.mistake("axis=1 is the last axis of a table only; axis=-1 is the last one of any array",
             lambda s: shares(np.exp(s - top(s, axis=1)), axis=1))
core.mistake("the exponential is missing: shares of the scores themselves can be negative",
             lambda s: shares(1.0 * s))
core.mistake("the rows do not sum to 1: divide each by its sum", lambda s: np.exp(s - top(s)))
core.mistake("these are the logarithms of the probabilities; the last step back is np.exp",
             lambda s: s - top(s) - np.log(np.exp(s - top(s)).sum(axis=-1, keepdims=True)))
core.mistake("float32 scores come back as float64; a plain np.exp and a plain / keep the dtype",
             lambda s: softmax(s.astype(np.float64)))
core.told("right to about 8 digits", lambda s: softmax(s) / (1 + 1e-8))


@core.told("you changed `my_scores`")
def changed(my_scores):
    my_scores -= my_scores.max(axis=-1, keepdims=True)
    return shares(np.exp(my_scores))


# --- 1.5: distances ---


def squares(a, b, middle=2):
    return np.square(a).sum(1)[:, None] - middle * (a @ b.T) + np.square(b).sum(1)


def distances(my_points, others):
    return np.sqrt(np.maximum(squares(my_points, others), 0))


def peak_memory(work):
    """The result of `work`, and the most bytes that it had in use at once."""
    running = tracemalloc.is_tracing()
    if not running:
        tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        return work(), tracemalloc.get_traced_memory()[1] - before
    finally:
        if not running:
            tracemalloc.stop()


@np.errstate(all="ignore")
def measured(answer, my_points, others):
    """The table, and for large ones whether it was made without N M d numbers at once."""
    result, peak = peak_memory(lambda: call(answer, my_points, others))
    if my_points.max() > 900:  # far away rounding is allowed, but not NaN
        return {"the table": rounded(result, 3)}
    count, found = len(my_points) * others.size, numbers(result)
    right = distances(my_points, others)
    if count < 100_000 or np.shape(found) != right.shape or not np.allclose(found, right):
        return {"the table": result}
    return {"the table": result, "no array of N M d numbers": peak < 8 * count / 4}


def points(*sizes):
    return [rng.normal(size=size) for size in sizes]


FAR = 1000 + 1e-6 * rng.random((12, 3)) + 2 * (np.arange(12)[:, None] % 2)
LATTICE = np.array([[0.0, 3], [4, 0], [1, 1], [-2, 5]])
table = Exercise("1.5", distances, probe=measured, cases=[
    points((4, 3), (5, 3)), points((1, 2), (6, 2)), points((7, 5), (7, 5)), [FAR, FAR],
    points((61, 43), (50, 43)), [LATTICE, LATTICE[:3]],  # some points coincide
])
table.mistake("the distances are right, but some array has N M d numbers; take the products of "
              "all pairs from a matrix product, points @ others.T",
              lambda a, b: np.sqrt(np.square(a[:, None] - b).sum(axis=-1)))
table.mistake("between points that nearly coincide rounding made the square negative, and its "
              "root is NaN; put np.maximum(…, 0) under the root",
              lambda a, b: np.sqrt(squares(a, b)))
table.mistake("your table is (M, N); rows are the points of the first array",
              lambda a, b: distances(a, b).T)
table.mistake("these are the squares of the distances; take the root",
              lambda a, b: np.maximum(squares(a, b), 0))
table.mistake("`** 1/2` is the first power, halved; write ** 0.5 or np.sqrt",
              lambda a, b: np.maximum(squares(a, b), 0) ** 1 / 2)
table.mistake("the middle term counts twice: minus 2 a b",
              lambda a, b: np.sqrt(np.maximum(squares(a, b, 1), 0)))
table.mistake("the middle term has the wrong sign: minus 2 a b",
              lambda a, b: np.sqrt(squares(a, b, -2)))
table.mistake("the middle term, minus 2 a b, is missing", lambda a, b: np.sqrt(squares(a, b, 0)))
table.mistake("the squares of the second points are missing",
              lambda a, b: np.sqrt(np.maximum(np.square(a).sum(1)[:, None] - 2 * a @ b.T, 0)))
table.mistake("the squares of the first points are missing",
              lambda a, b: np.sqrt(np.maximum(np.square(b).sum(1) - 2 * a @ b.T, 0)))
table.mistake("the squares of the first points must be a column, (N, 1): keepdims=True",
              lambda a, b: np.sqrt(np.maximum(
                  np.square(a).sum(1) - 2 * a @ b.T + np.square(b).sum(1), 0)))
table.mistake("the squares of the first points must be the column, (N, 1), and those of the "
              "second the row", lambda a, b: np.sqrt(np.maximum(
                  np.square(a).sum(1) - 2 * a @ b.T + np.square(b).sum(1)[:, None], 0)))
table.mistake("you took the mean over the coordinates; add up",
              lambda a, b: distances(a, b) / np.sqrt(a.shape[1]))
table.mistake("you added up |a - b|; the squares are added up, and the root taken of the sum",
              lambda a, b: sum(np.abs(a[:, k, None] - b[:, k]) for k in range(a.shape[1])))
table.mistake("that is the largest gap of all coordinates; the squares are added up",
              lambda a, b: np.max([np.abs(a[:, k, None] - b[:, k]) for k in range(a.shape[1])], 0))
table.mistake("those are the sums of the coordinates; square them first: np.square(…).sum(axis=1)",
              lambda a, b: np.sqrt(np.maximum(
                  a.sum(1)[:, None] - 2 * a @ b.T + b.sum(1), 0)))
table.mistake("point met point of the same number; every point has to meet every other: (N, M)",
              lambda a, b: np.sqrt(np.square(a - b).sum(axis=-1)))

# --- 1.6: scores of many heads ---


def head_scores(my_queries, my_keys):
    return np.einsum("nthd,nuhd->nhtu", my_queries, my_keys)


SIZES = [(2, 5, 3, 7), (5, 2, 7, 3), (1, 4, 3, 5)]
heads = Exercise("1.6", head_scores, cases=[points(size, size) for size in SIZES])
heads.mistake("heads were compared with heads at each place, (N, T, H, H); bring the head in "
              "front of the place first, with swapaxes(1, 2)", lambda q, k: q @ k.swapaxes(-1, -2))
heads.mistake("row and column are swapped: t, the place of the query, is the row",
              lambda q, k: head_scores(q, k).swapaxes(-1, -2))
heads.mistake("your result is (N, T, T, H); the head goes in front of both places",
              lambda q, k: np.einsum("nthd,nuhd->ntuh", q, k))
heads.mistake("the head goes in front of both places, not between them",
              lambda q, k: np.einsum("nthd,nuhd->nthu", q, k))
heads.mistake("the heads were added up; h must stand behind the arrow, too",
              lambda q, k: np.einsum("nthd,nuhd->ntu", q, k))
heads.mistake("the examples were added up; n must stand behind the arrow, too",
              lambda q, k: np.einsum("nthd,nuhd->htu", q, k))
heads.mistake("the same letter walks in step: each query met only the key of its own place; the "
              "place of the keys needs a letter of its own, u",
              lambda q, k: np.einsum("nthd,nthd->nht", q, k))
heads.mistake("you added up each key's features before any query met them; d must stand in both "
              "inputs", lambda q, k: np.einsum("nthd,nuhe->nhtu", q, k))
heads.mistake("a reshape keeps the order of the numbers, so it mixes places and heads; move an "
              "axis with swapaxes(1, 2) instead",
              lambda q, k: turned(q) @ turned(k).swapaxes(-1, -2))
heads.mistake("a reshape is not a transpose; use swapaxes to exchange two axes of the keys, too",
              lambda q, k: q.swapaxes(1, 2) @ k.reshape(len(k), k.shape[2], k.shape[3], -1))
heads.mistake("reshapes exchange no axes, they read the numbers in the same order; use swapaxes",
              lambda q, k: turned(q) @ k.reshape(len(k), k.shape[2], k.shape[3], -1))
heads.mistake("do not divide by the root of d; only the dot products are asked for",
              lambda q, k: head_scores(q, k) / np.sqrt(q.shape[-1]))
heads.mistake("the queries met themselves; the second array is the keys",
              lambda q, k: head_scores(q, q))
heads.mistake("only the dot products are asked for, no softmax yet",
              lambda q, k: softmax(head_scores(q, k)))
heads.mistake("only the dot products are asked for, no mask yet",
              lambda q, k: np.tril(head_scores(q, k)))
heads.told("your code raised ValueError", lambda q, k: np.einsum("nthd,nthd->nhtt", q, k))


def turned(x):
    """(N, T, H, d) read as (N, H, T, d), which mixes places and heads."""
    N, T, H, d = x.shape
    return x.reshape(N, H, T, d)


# --- 1.7: a text as examples ---


def next_token_views(my_tokens, length):
    windows = sliding_window_view(my_tokens, length + 1)
    return windows[:, :-1], windows[:, 1:]


def views(answer, my_tokens, length):
    """Values first; if they are right, in which memory they lie."""
    given = my_tokens.copy()
    parts = members(call_method(answer, given, length), ("inputs", "targets"))
    kept = "the text afterwards (it must stay as it was)"
    results = {kept: given - my_tokens, "inputs": parts[0], "targets": parts[1]}
    right = zip(parts, next_token_views(my_tokens, length), strict=True)
    if all(np.array_equal(numbers(part), wanted) for part, wanted in right):
        results["the memory of inputs"] = memory(parts[0], given)
        results["the memory of targets"] = memory(parts[1], given)
    return results


def memory(part, text):
    """Where an array lies, in words."""
    if isinstance(part, np.ndarray) and np.shares_memory(part, text):
        return Said("the text's own")
    step = text.itemsize
    return Said("a view of a copy" if getattr(part, "strides", ()) == (step, step) else "a copy")


texts = [(rng.permutation(L) + 100, T) for L, T in [(13, 4), (50, 7), (11, 8)]]
windows = Exercise("1.7", next_token_views, cases=texts, probe=views)


def twice(x):
    return x, x


def windows_of(tokens, length):
    return sliding_window_view(tokens, length)


windows.mistake("you have L - T + 1 windows; the last one has no next token, so there are L - T",
                lambda t, T: twice(windows_of(t, T)))
windows.mistake("targets equals inputs; each target is the token AFTER the input",
                lambda t, T: twice(windows_of(t, T)[:-1]))
windows.mistake("both have T + 1 columns; cut off the last one for the inputs, the first one for "
                "the targets", lambda t, T: twice(windows_of(t, T + 1)))
windows.mistake("inputs and targets are exchanged", lambda t, T: next_token_views(t, T)[::-1])
windows.mistake("you added 1 to the tokens; move the window by one place instead",
                lambda t, T: (windows_of(t, T)[:-1], windows_of(t, T)[:-1] + 1))
windows.mistake("the values are right, but these are copies, T times as large as the text; a list "
                "of places, np.array and .copy() always copy, sliding_window_view does not",
                lambda t, T: picked(t, T))
windows.mistake("these are views, but of a copy of the text: they do not read the memory that you "
                "were given", lambda t, T: next_token_views(t.copy(), T))
windows.mistake("these are blocks, each begins where the last one ended; a window starts at every "
                "place", lambda t, T: tuple(x[::T] for x in next_token_views(t, T)))
windows.mistake("the last example is missing: there are L - T of them",
                lambda t, T: tuple(x[:-1] for x in next_token_views(t, T)))
windows.mistake("targets holds only the last next token of each window; it has T columns, one for "
                "each place", lambda t, T: (next_token_views(t, T)[0], t[T:]))
windows.mistake("targets[i] starts T places on; it should start one place on",
                lambda t, T: (windows_of(t, T)[: len(t) - T],
                              windows_of(np.append(t, t), T)[T : len(t)]))
windows.told("give 2 things, inputs, targets", lambda t, T: windows_of(t, T + 1))
windows.told("exchanged", lambda t, T: (picked(t, T)[1], picked(t, T)[0] + 1))  # two mistakes
windows.told("gives back None", lambda t, T: print(end=""))


def picked(tokens, length):
    places = np.arange(len(tokens) - length)[:, None] + np.arange(length)
    return tokens[places], tokens[places + 1]


@windows.told("the text afterwards")
def adds_to_the_text(my_tokens, length):
    inputs, targets = next_token_views(my_tokens, length)
    my_tokens[0] = 0
    return inputs, targets
