"""The exercises of notebook 05: what is right, and the mistakes that are known."""

import copy

import numpy as np

from helpers.arrays import causal_mask, softmax
from helpers.attention import Embedding, MultiHeadAttention, attend
from helpers.checks import Exercise, Wrong, call, call_method
from helpers.layers import Linear, Sequential, flatten, parameters
from helpers.lessons.notebook_05.parts import Last, Residual

# --- 5.1: a soft lookup on a line ---

RNG = np.random.default_rng(51)


def line(Q, N, h):
    """Queries (Q,), keys (N,), values (N,) on a line, and a bandwidth."""
    return RNG.uniform(0, 3, Q), RNG.uniform(0, 3, N), RNG.normal(size=N), h


def squares(queries, keys):
    """The squared distances (Q, N)."""
    return (queries[:, None] - keys) ** 2


def lookup(my_queries, my_keys, my_values, my_h):
    return softmax(-squares(my_queries, my_keys) / (2 * my_h**2)) @ my_values


def probe_lookup(answer, my_queries, my_keys, my_values, my_h):
    Q, N = len(my_queries), len(my_keys)
    try:
        result = call(answer, my_queries, my_keys, my_values, my_h)
    except Wrong as wrong:
        if "broadcast" in str(wrong) and Q != N:
            raise Wrong(f"{Q} queries and {N} keys do not broadcast; make the "
                        "queries a column, my_queries[:, None] - my_keys, (Q, N)") from None
        raise
    if np.shape(result) == (Q, N):
        raise Wrong("you gave the weights, (Q, N); the answer is what they mix: weights @ "
                    "my_values, (Q,)")
    return result


soft = Exercise("5.1", lookup, probe=probe_lookup,
                cases=[line(3, 5, 0.5), line(7, 7, 1.7), line(1, 4, 0.2), line(11, 6, 0.01)])
soft.told("make the queries a column",
          lambda q, k, v, h: softmax(-((q - k) ** 2) / (2 * h**2)) @ v)
soft.told("weights @ my_values", lambda q, k, v, h: softmax(-squares(q, k) / (2 * h**2)))
soft.told("your code raised IndexError", lambda q, k, v, h: v[len(v)])
soft.told("has shape", lambda q, k, v, h: lookup(q, k, v, h)[:, None])
soft.told("all numbers are 2 times", lambda q, k, v, h: 2 * lookup(q, k, v, h))
soft.mistake("you normalized over the queries (axis 0); each query's weights sum to 1, axis 1",
             lambda q, k, v, h: softmax(-squares(q, k) / (2 * h**2), axis=0) @ v)
soft.mistake("the weights do not sum to 1: divide by the sum of each row, or use softmax",
             lambda q, k, v, h: np.exp(-squares(q, k) / (2 * h**2)) @ v)
soft.mistake("the sign: the further away a key is, the LOWER its score",
             lambda q, k, v, h: softmax(squares(q, k) / (2 * h**2)) @ v)
soft.mistake("the bandwidth is squared: divide by 2 h²",
             lambda q, k, v, h: softmax(-squares(q, k) / (2 * h)) @ v)
soft.mistake("the 2 is missing: divide by 2 h²",
             lambda q, k, v, h: softmax(-squares(q, k) / h**2) @ v)
soft.mistake("a bracket is missing: / 2 * h**2 divides by 2 and then multiplies by h²",
             lambda q, k, v, h: softmax(-squares(q, k) / 2 * h**2) @ v)
soft.mistake("divide by 2 h², do not multiply",
             lambda q, k, v, h: softmax(-squares(q, k) * 2 * h**2) @ v)
soft.mistake("the 2 belongs outside of the square: 2 h², not (2 h)²",
             lambda q, k, v, h: softmax(-squares(q, k) / (2 * h) ** 2) @ v)
soft.mistake("square the distance: a Gaussian falls with (x - x_u)²",
             lambda q, k, v, h: softmax(-np.sqrt(squares(q, k)) / (2 * h**2)) @ v)
soft.mistake("square the distance: without the square a key on one side counts the more, the "
             "further away it is", lambda q, k, v, h: softmax(-(q[:, None] - k) / (2 * h**2)) @ v)
soft.mistake("the table is turned round: a row for each query, my_queries[:, None] - my_keys",
             lambda q, k, v, h: softmax(-squares(k, q) / (2 * h**2)) @ v)
soft.mistake("weights first: weights @ my_values takes each row of weights, my_values @ weights "
             "each column", lambda q, k, v, h: v @ softmax(-squares(q, k) / (2 * h**2)))
soft.mistake("the weights sum to 1 already: take the SUM of weights times values, not their mean",
             lambda q, k, v, h: (softmax(-squares(q, k) / (2 * h**2)) * v).mean(axis=1))
soft.mistake("this is the nearest key's value; all keys count, the closer the more",
             lambda q, k, v, h: v[squares(q, k).argmin(axis=1)])
soft.mistake("every query gets the mean of all values; the weights have to depend on the query",
             lambda q, k, v, h: np.full(len(q), v.mean()))


@soft.mistake("e to all these negative scores can be 0, and then you divide by 0: subtract each "
              "row's maximum first, or use the helper softmax")
@np.errstate(all="ignore")
def naive_lookup(q, k, v, h):
    e = np.exp(-squares(q, k) / (2 * h**2))
    return e / e.sum(axis=1, keepdims=True) @ v


# --- 5.2: attention in one function ---

RNG = np.random.default_rng(52)


def turned(x):
    """The last two axes swapped."""
    return x.swapaxes(-1, -2)


def texts(front, T, U, d, e, loud=1.0):
    """Queries (..., T, d), keys (..., U, d), values (..., U, e); row 0 of the queries is loud."""
    q, k, v = (RNG.normal(size=(*front, n, w)) for n, w in ((T, d), (U, d), (U, e)))
    q[..., 0, :] *= loud
    return q, k, v


def attention(my_Q, my_K, my_V):
    return softmax(my_Q @ turned(my_K) / np.sqrt(my_Q.shape[-1])) @ my_V


def probe_attention(answer, my_Q, my_K, my_V):
    try:
        result = call(answer, my_Q, my_K, my_V)
    except Wrong as wrong:
        if my_Q.ndim > 2 and ("matmul" in str(wrong) or "transpose" in str(wrong)):
            raise Wrong(f"it works for one text, but not for a stack {my_Q.shape}: .T turns round "
                        "all axes, .swapaxes(-1, -2) the last two") from None
        if "AxisError" in str(wrong) or "axes don't match" in str(wrong):
            raise Wrong(f"it does not work for matrices of shape {my_Q.shape}: count the axes from "
                        "the end, .swapaxes(-1, -2)") from None
        raise
    if isinstance(result, tuple) and len(result) == 2:
        raise Wrong("give back M alone, not a pair")
    return result


@np.errstate(all="ignore")
def by_hand(q, k, v, maximum=None, sums=None):
    """Attention with a softmax written out, in which one thing may be different."""
    z = q @ turned(k) / np.sqrt(q.shape[-1])
    e = np.exp(z - (0 if maximum is None else maximum(z)))
    return e / (e.sum(axis=-1, keepdims=True) if sums is None else sums(e)) @ v


whole = Exercise("5.2", attention, probe=probe_attention,
                 cases=[texts((), 3, 5, 4, 2), texts((), 7, 7, 3, 7), texts((2,), 5, 3, 4, 7),
                        texts((2, 3), 4, 7, 5, 3), texts((), 3, 5, 4, 2, loud=2000.0),
                        texts((2,), 3, 3, 2, 5)])
whole.told("works for one text", lambda q, k, v: softmax(q @ k.T / np.sqrt(q.shape[-1])) @ v)
whole.told("count the axes from the end",
           lambda q, k, v: softmax(q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[-1])) @ v)
whole.told("count the axes from the end",
           lambda q, k, v: softmax(q @ k.swapaxes(1, 2) / np.sqrt(q.shape[-1])) @ v)
whole.told("not a pair", attend)
whole.told("digits only", lambda q, k, v: (attention(q, k, v) * (1 + 1e-5)))
whole.mistake("you gave the weights P; M is what they mix, P @ V",
              lambda q, k, v: softmax(q @ turned(k) / np.sqrt(q.shape[-1])))
whole.mistake("the scores are not divided by √d", lambda q, k, v: softmax(q @ turned(k)) @ v)
whole.mistake("divided by d; it is the ROOT of d",
              lambda q, k, v: softmax(q @ turned(k) / q.shape[-1]) @ v)
whole.mistake("** 1/2 is no root: it takes the power 1 and then divides by 2; write ** 0.5",
              lambda q, k, v: softmax(q @ turned(k) / q.shape[-1] ** 1 / 2) @ v)
whole.mistake("(d ** 1/2) is d / 2, no root; write ** 0.5",
              lambda q, k, v: softmax(q @ turned(k) / (q.shape[-1] ** 1 / 2)) @ v)
whole.mistake("multiplied by √d; divide",
              lambda q, k, v: softmax(q @ turned(k) * np.sqrt(q.shape[-1])) @ v)
whole.mistake("√d is the length of a query, my_Q.shape[-1], not the number of queries",
              lambda q, k, v: softmax(q @ turned(k) / np.sqrt(q.shape[-2])) @ v)
whole.mistake("√d is the length of a query, my_Q.shape[-1], not the number of keys",
              lambda q, k, v: softmax(q @ turned(k) / np.sqrt(k.shape[-2])) @ v)
whole.mistake("√d is the length of a query, my_Q.shape[-1], not that of a value",
              lambda q, k, v: softmax(q @ turned(k) / np.sqrt(v.shape[-1])) @ v)
whole.mistake("len(my_Q) is the first axis, here the places or the texts; the length of a query is "
              "my_Q.shape[-1]", lambda q, k, v: softmax(q @ turned(k) / np.sqrt(len(q))) @ v)
whole.mistake("axis 1 holds the features of one text only; in a stack they are the last axis, "
              "my_Q.shape[-1]", lambda q, k, v: softmax(q @ turned(k) / np.sqrt(q.shape[1])) @ v)
whole.mistake("axis 1 of a stack of keys holds the keys; the length of one is the last axis, "
              "my_K.shape[-1]", lambda q, k, v: softmax(q @ turned(k) / np.sqrt(k.shape[1])) @ v)
whole.mistake("softmax takes the scores alone: close its bracket before @ my_V",
              lambda q, k, v: softmax(q @ turned(k) / np.sqrt(q.shape[-1]) @ v))
whole.mistake("you normalized the columns; each ROW of weights belongs to one query, axis -1",
              lambda q, k, v: softmax(q @ turned(k) / np.sqrt(q.shape[-1]), axis=-2) @ v)
whole.mistake("you normalized over axis 0, which are the texts in a stack; each row of weights "
              "belongs to one query, axis -1",
              lambda q, k, v: softmax(q @ turned(k) / np.sqrt(q.shape[-1]), axis=0) @ v)
whole.mistake("the softmax is missing: scores are not weights",
              lambda q, k, v: q @ turned(k) / np.sqrt(q.shape[-1]) @ v)
whole.mistake("divide the scores by √d BEFORE the softmax, not the weights after it",
              lambda q, k, v: softmax(q @ turned(k)) / np.sqrt(q.shape[-1]) @ v)
whole.mistake("rows are queries: the scores are Q Kᵀ, not K Qᵀ",
              lambda q, k, v: softmax(k @ turned(q) / np.sqrt(q.shape[-1])) @ v)
whole.mistake("the rows of weights must sum to 1: e to the scores is not yet a softmax",
              lambda q, k, v: by_hand(q, k, v, lambda z: z.max(axis=-1, keepdims=True),
                                      lambda e: 1))
whole.mistake("some entries are not finite: e to a large score overflows. Subtract each row's "
              "maximum first, or use the helper softmax", by_hand)
whole.mistake("you subtracted the maximum of the whole array: in a row far below it every e is 0. "
              "Each row has its own, max(axis=-1, keepdims=True)",
              lambda q, k, v: by_hand(q, k, v, np.max))
whole.mistake("keepdims is missing: the sums of the rows were divided into the columns. "
              "sum(axis=-1, keepdims=True)",
              lambda q, k, v: by_hand(q, k, v, lambda z: z.max(axis=-1, keepdims=True),
                                      lambda e: e.sum(axis=-1)))


# --- 5.3: one step further ---


def shift(k, width, angle=None, sign=1, cosine=1):
    """R for a shift by k, or by other angles, with other signs of the sines or the cosines."""
    angle = k * 10_000.0 ** (-np.arange(0, width, 2) / width) if angle is None else angle
    R = np.zeros((width, width))
    even, odd = np.arange(0, width, 2), np.arange(1, width, 2)
    R[even, even] = R[odd, odd] = cosine * np.cos(angle)
    R[odd, even], R[even, odd] = np.sin(angle), -sign * np.sin(angle)
    return R


def rates(width, base=10_000.0, step=2):
    return base ** (-np.arange(0, width, 2) * (step / 2) / width)


# The tolerance leaves room for an R that was found by least squares from some hundred places.
one = Exercise("5.3", lambda my_k, my_width: shift(my_k, my_width), tolerance=1e-5,
               cases=[(1, 4), (3, 10), (-2, 6), (0, 2), (7, 14)])
one.told("has shape", lambda k, width: np.eye(width // 2))
one.told("should be numbers", lambda k, width: np.full((width, width), "R"))
one.told("your code raised", lambda k, width: np.zeros((width, width))[width])
one.mistake("this steps k places BACK: rows are places, c_t R with R on the right, so it is the "
            "transpose, or the sines have the wrong signs", lambda k, width: shift(-k, width))
one.mistake("the identity leaves every place where it is", lambda k, width: np.eye(width))
one.mistake("this goes one place further whatever k is: the angle is the rate times k",
            lambda k, width: shift(1, width))
one.mistake("this goes the same way for k and -k: the angle is the rate times k, with its sign",
            lambda k, width: shift(abs(k), width))
one.mistake("the sines are missing: sin(a + b) needs cos a, too, the other one of the pair",
            lambda k, width: np.diag(np.repeat(np.cos(k * rates(width)), 2)))
one.mistake("the two sines of a block have opposite signs: cos(a + b) has a minus",
            lambda k, width: shift(k, width, sign=-1))
one.mistake("sine and cosine are swapped in the blocks: the diagonal holds cosines",
            lambda k, width: shift(k, width, angle=np.pi / 2 - k * rates(width)))
one.mistake("all pairs turn by the same angle; pair i turns by its own rate times k",
            lambda k, width: shift(k, width, angle=np.full(width // 2, float(k))))
one.mistake("the rates are those of the positions: the exponent is -2i/d, yours is -i/d",
            lambda k, width: shift(k, width, angle=k * rates(width, step=1)))
one.mistake("the exponent is -2i/d with i = 0, 1, 2 … for the pairs; yours counts by features, "
            "0, 2, 4 …, so that the 2 comes twice",
            lambda k, width: shift(k, width, angle=k * rates(width, step=4)))
one.mistake("the rates fall: the exponent is negative, 10000^(-2i/d)",
            lambda k, width: shift(k, width, angle=k / rates(width)))
one.mistake("np.cos takes radians; the rate times k is one already, so no conversion",
            lambda k, width: shift(k, width, angle=np.deg2rad(k * rates(width))))


@one.mistake("your R takes all sines first, then all cosines; here they stand in turn: sin, cos, "
             "sin, cos")
def halves(k, width):
    c, s = np.diag(np.cos(k * rates(width))), np.diag(np.sin(k * rates(width)))
    return np.block([[c, -s], [s, c]])


# --- 5.4: how loud must it be? ---


def first_share(places, R, share, weights_of=None, worst=np.min, diagonal=-1, step=None):
    """The smallest whole number with which the look-back head reaches a share; None if above 400.

    weights_of(a, places, R): the weights (T, T). worst: of all places. diagonal: which place.
    """
    if weights_of is None:
        def weights_of(a, places, R):
            return attend(a * places @ R, places, places, causal_mask(len(places)))[1]
    a = 1
    while a <= 400:
        if worst(np.diag(weights_of(a, places, R), diagonal)) >= share:
            return a
        a = a + 1 if step is None else step(a)
    raise ValueError("400 is not enough")


def loudness(my_places, my_R, my_share):
    return first_share(my_places, my_R, my_share)


def unmasked(a, places, R):
    return attend(a * places @ R, places, places)[1]


def undivided(a, places, R):
    scores = a * places @ R @ places.T
    return softmax(np.where(causal_mask(len(places)), scores, -np.inf))


def waves(T, width):
    """Positions (T, width): sines in even columns, cosines in odd ones."""
    angles = np.arange(T)[:, None] * rates(width)
    return np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(T, width)


def loud_cases():
    """Tables of positions with their R for one place back, and shares.

    In the last two, places differ in length. In one neither the last place nor the largest weight
    of a row decides, in the other the first place does.
    """
    lengths = np.array([[0.86], [0.83], [0.85], [0.97], [1.18], [1.03], [1.23], [0.9]])
    uneven = [(waves(8, 6) * lengths, shift(-1, 6), 0.33),
              (waves(4, 6) * [[1], [1.15], [1.15], [1]], shift(-1, 6), 0.58)]
    return [(waves(T, width), shift(-1, width), share)
            for T, width, share in ((20, 48, 0.85), (7, 10, 0.5), (13, 6, 0.9), (11, 4, 0.2),
                                    (5, 22, 0.6), (3, 8, 0.05), (30, 16, 0.3))] + uneven


loud = Exercise("5.4", loudness, cases=loud_cases())
loud.told("the scores are not", lambda places, R, share: first_share(places, R, share, undivided))
loud.told("still running", lambda places, R, share: first_share(
    places, R, share, lambda a, p, R: np.zeros((len(p),) * 2), step=lambda a: a))
loud.told("400 is not enough", lambda places, R, share: first_share(places, R.T, share))
loud.told("should be numbers", lambda places, R, share: "20")
loud.mistake("the scores are not divided by √d: look through attend, as above",
             lambda places, R, share: first_share(places, R, share, undivided))
loud.mistake("the mask is missing: your places look at later ones, too",
             lambda places, R, share: first_share(places, R, share, unmasked))
loud.mistake("every place has to reach the share, not their mean: take the smallest weight",
             lambda places, R, share: first_share(places, R, share, worst=np.mean))
loud.mistake("every place has to reach the share, not just one: take the smallest weight",
             lambda places, R, share: first_share(places, R, share, worst=np.max))
loud.mistake("you left out the first of these weights, that of place 1 at place 0",
             lambda places, R, share: first_share(
                 places, R, share, worst=lambda w: w[1:].min(initial=np.inf)))
loud.mistake("every place has to reach the share, not just the last one",
             lambda places, R, share: first_share(places, R, share, worst=lambda w: w[-1]))
loud.mistake("the largest weight of a row may lie elsewhere; the weights at the place before are "
             "np.diag(weights, -1)",
             lambda places, R, share: first_share(places, R, share, lambda a, p, R: np.diag(
                 attend(a * p @ R, p, p, causal_mask(len(p)))[1][1:].max(axis=1), -1)))
loud.mistake("this is the last α that does NOT reach the share, one too small",
             lambda places, R, share: loudness(places, R, share) - 1)
loud.mistake("one too large: count up after you have looked, not before",
             lambda places, R, share: loudness(places, R, share) + 1)
loud.mistake("you double α at each step; the smallest whole number lies between",
             lambda places, R, share: first_share(places, R, share, step=lambda a: 2 * a))
loud.mistake("you made the keys as loud as the queries, so that the scores grow with α²",
             lambda places, R, share: first_share(places, R, share, lambda a, p, R: attend(
                 a * p @ R, a * p, p, causal_mask(len(p)))[1]))
loud.mistake("√α is asked for nowhere: multiply the query by α itself",
             lambda places, R, share: first_share(places, R, share, lambda a, p, R: attend(
                 np.sqrt(a) * p @ R, p, p, causal_mask(len(p)))[1]))


# --- 5.5: a window ---


def apart(T):
    """The table of distances t - u (T, T)."""
    return np.arange(T)[:, None] - np.arange(T)


def probe_window(answer, my_length, my_reach):
    T = my_length
    try:
        result = call(answer, my_length, my_reach)
    except Wrong as wrong:
        if "ambiguous" in str(wrong):
            raise Wrong("two conditions on an array are joined by &, each in brackets: "
                        "(distance >= 0) & (distance < my_reach); without them & binds first, and "
                        "`and` or a chain of comparisons wants a single answer") from None
        raise
    try:
        table = np.asarray(result)
    except ValueError:
        raise Wrong(f"the rows have different lengths; the mask is a square, {(T, T)}") from None
    if table.shape != (T, T):
        return result
    table = np.array(table.tolist())  # an object array of True and False is one of bool
    if table.dtype.kind == "f" and not np.isfinite(table).all():
        raise Wrong("the mask says who may look, True or False; -inf comes later")
    if table.dtype != bool:
        raise Wrong(f"the mask holds values of dtype {table.dtype}; they must be True and False")
    return table


def moving(my_length, my_reach):
    return (apart(my_length) >= 0) & (apart(my_length) < my_reach)


window = Exercise("5.5", moving, probe=probe_window,
                  cases=[(5, 2), (6, 3), (4, 1), (3, 7), (11, 5), (1, 1)])
window.told("-inf comes later",
            lambda T, w: np.where((apart(T) >= 0) & (apart(T) < w), 0, -np.inf))
window.told("rows have different lengths", lambda T, w: [[True] * (t + 1) for t in range(T)])
window.told("must be True and False", lambda T, w: np.where(moving(T, w), True, None))
window.told("must be True and False",
            lambda T, w: ((apart(T) >= 0) & (apart(T) < w)).astype(int))
window.told("each in brackets", lambda T, w: 0 <= apart(T) < w)
window.told("each in brackets", lambda T, w: apart(T) >= 0 & apart(T) < w)
window.told("your code raised ZeroDivisionError", lambda T, w: apart(T) >= 1 / 0)
window.told("has shape", lambda T, w: np.ones(T, dtype=bool))
window.mistake("turned round: True is where one MAY look",
               lambda T, w: ~((apart(T) >= 0) & (apart(T) < w)))
window.mistake("transposed: rows look, columns are looked at; yours looks ahead",
               lambda T, w: (apart(T) <= 0) & (apart(T) > -w))
window.mistake("the window is not causal: it lets every place see the future",
               lambda T, w: apart(T) < w)
window.mistake("this is the whole past; the window ends my_reach - 1 places back",
               lambda T, w: apart(T) >= 0)
window.mistake("one place too many: my_reach places in all, itself among them",
               lambda T, w: (apart(T) >= 0) & (apart(T) <= w))
window.mistake("a place may look at itself, too", lambda T, w: (apart(T) > 0) & (apart(T) < w))
window.mistake("a place may look at itself, too, and at my_reach - 1 before it",
               lambda T, w: (apart(T) > 0) & (apart(T) <= w))
window.mistake("one place too few: my_reach places in all, itself among them",
               lambda T, w: (apart(T) >= 0) & (apart(T) < w - 1))
window.mistake("this window reaches to both sides; forbid the future",
               lambda T, w: np.abs(apart(T)) < w)
window.mistake("this is what lies BEYOND the window", lambda T, w: apart(T) >= w)
@window.mistake("a slice that starts below 0 counts from the end and is empty here: begin at "
                "max(0, t - my_reach + 1)")
def sliced(T, w):
    mask = np.zeros((T, T), dtype=bool)
    for t in range(T):
        mask[t, t - w + 1 : t + 1] = True
    return mask


window.mistake("these are blocks: a place and the block it stands in; the window moves along with "
               "each place",
               lambda T, w: (apart(T) >= 0) & (np.arange(T)[:, None] // w == np.arange(T) // w))


# --- 5.6: cut into heads ---

RNG = np.random.default_rng(56)


def cut(my_x, my_heads):
    N, T, d = my_x.shape
    return my_x.reshape(N, T, my_heads, d // my_heads).swapaxes(1, 2)


def pieces(x, heads):
    """(N, T, H, d/H): every row in pieces, as a reshape cuts it."""
    return x.reshape(*x.shape[:2], heads, -1)


into = Exercise("5.6", cut, cases=[(RNG.normal(size=(N, T, H * e)), H)
                                   for N, T, H, e in ((2, 5, 3, 7), (1, 7, 2, 3), (3, 4, 5, 1),
                                                      (2, 3, 2, 3), (1, 6, 1, 5))])
into.told("your code raised ValueError", lambda x, H: x.reshape(len(x), H, -1, x.shape[1] + 1))
into.told("has shape", lambda x, H: pieces(x, H)[:, :, 0])
into.told("all numbers are 2 times", lambda x, H: 2 * cut(x, H))
into.mistake("a reshape alone gives each head some of the PLACES; reshape to (N, T, H, d/H), then "
             "swap", lambda x, H: x.reshape(len(x), H, x.shape[1], x.shape[2] // H))
into.mistake("reshape first, then swap: the other way a piece is cut out of several places",
             lambda x, H: x.swapaxes(1, 2).reshape(cut(x, H).shape))
into.mistake("the heads must stand before the places; swap axes 1 and 2", pieces)
into.mistake("head i owns neighboring features, i d/H to (i+1) d/H; yours takes every H-th one",
             lambda x, H: pieces(x, x.shape[2] // H).transpose(0, 3, 1, 2))
into.mistake("the number of heads and the features of each are swapped: H pieces of d/H features",
             lambda x, H: pieces(x, x.shape[2] // H).swapaxes(1, 2))
into.mistake("the last two axes are swapped; each piece stays with its place, (T, d/H)",
             lambda x, H: turned(cut(x, H)))
into.mistake("the texts (N) stay in front of the heads", lambda x, H: cut(x, H).swapaxes(0, 1))
into.mistake("only axes 1 and 2 are swapped; .T turns round all four", lambda x, H: pieces(x, H).T)
into.mistake("the heads come in the opposite order", lambda x, H: cut(x, H)[:, ::-1])
into.mistake("all heads got the features of head 0",
             lambda x, H: np.repeat(cut(x, H)[:, :1], H, axis=1))

# --- 5.7: back through a softmax ---

RNG = np.random.default_rng(57)


def rows(*shape):
    """A gradient dp and rows of weights p of one shape."""
    return RNG.normal(size=shape), RNG.dirichlet(np.ones(shape[-1]), shape[:-1])


def through(my_dp, my_p):
    return my_p * (my_dp - np.sum(my_dp * my_p, axis=-1, keepdims=True))


def mean_of(dp, p, axis=-1):
    return np.sum(dp * p, axis=axis, keepdims=True)


def probe_back(answer, my_dp, my_p):
    try:
        return call(answer, my_dp, my_p)
    except Wrong as wrong:
        if my_dp.ndim > 1 and any(word in str(wrong) for word in ("broadcast", "align", "matmul")):
            raise Wrong("it works for one row, but not for a stack of rows; keep the axis of "
                        "the sum: axis=-1, keepdims=True") from None
        if "AxisError" in str(wrong):
            raise Wrong("a row runs along the LAST axis, of however many: axis=-1") from None
        raise


hard = np.array([[0.0, 1, 0, 0, 0], [0.5, 0.5, 0, 0, 0], [1e-30, 1, 0, 0, 1e-8]])
back = Exercise("5.7", through, probe=probe_back,
                cases=[rows(5), rows(3, 4), rows(2, 3, 7), rows(2, 5, 3, 4), rows(4, 4),
                       (RNG.normal(size=(3, 5)) * 1000, hard)])
back.told("works for one row", lambda dp, p: p * (dp - np.sum(dp * p, axis=-1)))
back.told("works for one row", lambda dp, p: p * (dp - np.dot(dp, p)))
back.told("along the LAST axis", lambda dp, p: p * (dp - mean_of(dp, p, axis=1)))
back.told("the sign is turned round", lambda dp, p: -through(dp, p))
back.told("you changed `dp`", lambda dp, p: dp.__isub__(mean_of(dp, p)) * p)
back.told("2 times", lambda dp, p: 2 * through(dp, p))
back.mistake("p · dp is only the first term; raising one score also lowers every other weight of "
             "its row", lambda dp, p: p * dp)
back.mistake("p (1 - p) is the diagonal of the matrix; the entries beside it count, too",
             lambda dp, p: p * (1 - p) * dp)
back.mistake("the inner sum is of dp · p, not of dp",
             lambda dp, p: p * (dp - dp.sum(axis=-1, keepdims=True)))
back.mistake("the mean of dp is weighted by p: the sum of dp · p",
             lambda dp, p: p * (dp - dp.mean(axis=-1, keepdims=True)))
back.mistake("the weighted mean is the sum of dp · p, for the weights sum to 1 already; you "
             "divided by T once more",
             lambda dp, p: p * (dp - np.mean(dp * p, axis=-1, keepdims=True)))
back.mistake("you summed over everything; each row is a softmax of its own: axis -1",
             lambda dp, p: p * (dp - np.sum(dp * p)))
back.mistake("you summed over axis 0; each row is a softmax of its own: axis -1",
             lambda dp, p: p * (dp - mean_of(dp, p, axis=0)))
back.mistake("p stands before the whole bracket: the sum is multiplied by p, too",
             lambda dp, p: p * dp - mean_of(dp, p))
back.mistake("the sum is subtracted, not added: δ - p has a minus",
             lambda dp, p: p * (dp + mean_of(dp, p)))
back.mistake("the factor p in front is missing", lambda dp, p: dp - mean_of(dp, p))
back.mistake("dp and p are swapped: p stands in front, dp in the bracket",
             lambda dp, p: dp * (p - mean_of(dp, p)))
back.mistake("dp and p are swapped; dp comes first",
             lambda dp, p: dp * (p - np.sum(p * p, axis=-1, keepdims=True)))
back.mistake("p is softmax's result already; you put it through softmax once more",
             lambda dp, p: through(dp, softmax(p)))
back.mistake("keepdims is missing: the sums of the rows were subtracted from the columns",
             lambda dp, p: p * (dp - (mean_of(dp, p) if p.ndim == 1 or p.shape[-1] != p.shape[-2]
                                      else np.sum(dp * p, axis=-1))))

# --- 5.8: take a finding away ---


def small_model(seed, layers=2):
    """A network like those of the notebook, small, with random parameters."""
    looks = [Residual(MultiHeadAttention(6, heads=1, rotary=True)) for _ in range(layers)]
    model = Sequential(Embedding(7, 6, scale=1), *looks, Last(), Linear(6, 5))
    theta, _ = flatten(model, np.random.default_rng(seed))
    theta += np.random.default_rng(seed + 1).normal(0, 0.3, theta.shape)
    return model


def ablated(model, tokens, number, places, change=None, among=None):
    """The output of a model without what one layer found; `change` may do something else."""
    x = tokens
    for i, layer in enumerate(model.layers):
        y = layer(x)
        if i in ([number] if among is None else among):
            if change is None:
                y[:, places] = x[:, places]
            else:
                y = change(x, y, places)
        x = y
    return x


def values_of(model):
    """All parameters of a model, copied."""
    return np.concatenate([getattr(layer, key).ravel() for _, layer, key in parameters(model)])


def probe_ablated(answer, my_model, my_texts, my_number, my_rows):
    if not callable(answer):
        call(answer)
    twin, given = copy.deepcopy(my_model), my_texts.copy()
    before, layers = values_of(twin), list(twin.layers)
    result = call_method(answer, twin, given, my_number, list(my_rows))
    if np.shape(result) == (len(my_texts),):
        raise Wrong("give the scores that the model gives, (N, V), not the best token of each")
    if twin.layers != layers:
        raise Wrong("the model has other layers than before: leave it as it is")
    return {"the result": result,
            "the parameters (leave the model as it is)": before - values_of(twin),
            "my_texts, which belong to the caller": given}


def put(x, y, places, value):
    """y with a value at some places."""
    y = y.copy()
    y[:, places] = value
    return y


RNG = np.random.default_rng(58)
taken = Exercise("5.8", lambda my_model, my_texts, my_number, my_rows: ablated(
    my_model, my_texts, my_number, my_rows), probe=probe_ablated,
    cases=[(small_model(1), RNG.integers(0, 7, (4, 5)), 1, [0, 3]),
           (small_model(2), RNG.integers(0, 7, (3, 9)), 2, [1, 8]),
           (small_model(3), RNG.integers(0, 7, (2, 4)), 1, [2]),
           (small_model(4), RNG.integers(0, 7, (5, 6)), 1, [0, 1, 2, 3, 4, 5])])
taken.told("not the best token",
           lambda m, x, n, rows: ablated(m, x, n, rows).argmax(axis=1))
taken.told("the result has shape", lambda m, x, n, rows: ablated(m, x, n, rows)[:, :2])


@taken.told("leave the model as it is")
def silenced(m, x, n, rows):
    result = ablated(m, x, n, rows)
    m.layers[n].layer.out.W[:] = 0
    return result


@taken.told("has other layers than before")
def replaced(m, x, n, rows):
    result, m.layers[n] = ablated(m, x, n, rows), m.layers[0]
    return result


taken.mistake("nothing was taken away: this is the output of the whole model",
              lambda m, x, n, rows: m(x))
taken.mistake("you set the output of the layer to 0 at these places; what the tokens had before "
              "must go on: y = x there",
              lambda m, x, n, rows: ablated(m, x, n, rows, lambda x, y, p: put(x, y, p, 0.0)))
taken.mistake("you took the finding away at all places, not only at my_rows",
              lambda m, x, n, rows: ablated(m, x, n, rows, lambda x, y, p: x))
taken.mistake("you took away the findings of all OTHER places",
              lambda m, x, n, rows: ablated(m, x, n, rows, lambda x, y, p: put(
                  y, x, p, y[:, p])))
taken.mistake("you took away what both layers of attention find; only layer my_number is meant",
              lambda m, x, n, rows: ablated(m, x, n, rows, among=(1, 2)))
taken.mistake("the wrong layer of attention: number 0 is the embedding, so my_number counts as "
              "enumerate does",
              lambda m, x, n, rows: ablated(m, x, 3 - n, rows))
taken.mistake("what the layer found is left without what the token had: keep y = x, not y - x",
              lambda m, x, n, rows: ablated(m, x, n, rows, lambda x, y, p: put(
                  x, y, p, (y - x)[:, p])))


@taken.mistake("places are axis 1, y[:, my_rows]; the last axis holds features")
def features(m, x, n, rows):
    def change(x, y, p):
        y[..., p] = x[..., p]
        return y
    return ablated(m, x, n, rows, change)


@taken.mistake("the first axis are the texts: write y[:, my_rows]")
def other_texts(m, x, n, rows):
    def change(x, y, p):
        y[p] = x[p]
        return y
    return ablated(m, x, n, rows, change)


taken.mistake("you hid the places from the layer, so that nobody could look at them; they keep "
              "their input, and only what THEY find is lost",
              lambda m, x, n, rows: hidden(m, x, n, rows))
taken.mistake("the finding came twice: y[:, my_rows] is x[:, my_rows], nothing more",
              lambda m, x, n, rows: ablated(m, x, n, rows, lambda x, y, p: put(
                  x, y, p, (2 * y - x)[:, p])))


def hidden(m, tokens, n, places):
    """The output when a layer gets zeros at some places, and what it finds there is lost."""
    x = tokens
    for i, layer in enumerate(m.layers):
        if i == n:
            y = layer(put(x, x, places, 0.0))
            y[:, places] = x[:, places]
            x = y
        else:
            x = layer(x)
    return x
