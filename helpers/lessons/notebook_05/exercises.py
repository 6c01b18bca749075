"""What an answer to an exercise of notebook 05 must satisfy, and the mistakes that it knows."""

import numpy as np

from helpers.checks import Wrong, array, call, close, exercise


def softmax(scores, axis=-1):
    """Softmax along an axis, without a word about bad input.   (...) -> (...)"""
    with np.errstate(all="ignore"):
        p = np.exp(scores - scores.max(axis=axis, keepdims=True))
        return p / p.sum(axis=axis, keepdims=True)


@exercise("5.1")
def soft_lookup(answer):
    """Kernel regression on a line."""
    rng = np.random.default_rng(51)
    for Q, N, h in [(3, 5, 0.5), (6, 6, 1.7), (1, 4, 0.2)]:
        queries, keys, values = rng.uniform(0, 3, Q), rng.uniform(0, 3, N), rng.normal(size=N)
        square = (queries[:, None] - keys) ** 2
        right = softmax(-square / (2 * h**2)) @ values
        try:
            result = call(answer, queries, keys, values, h)
        except Wrong as wrong:
            if "broadcast" in str(wrong):
                raise Wrong(f"{Q} queries and {N} keys do not broadcast; make the queries a "
                            "column, queries[:, None] - keys, (Q, N)") from None  # fmt: skip
            raise
        result = array(result, None, "the answer").astype(float)
        if close(result, right):
            continue
        if result.shape == (Q, N):
            raise Wrong("you gave the weights, (Q, N); the answer is what they mix: weights @ "
                        "values, (Q,)")  # fmt: skip
        array(result, (Q,), "the answer")
        with np.errstate(all="ignore"):
            for value, what in [
                (softmax(-square / (2 * h**2), axis=0) @ values,
                 "you normalized over the queries (axis 0); each query's weights sum to 1, axis 1"),
                (np.exp(-square / (2 * h**2)) @ values,
                 "the weights do not sum to 1: divide by the sum of each row, or use softmax"),
                (softmax(square / (2 * h**2)) @ values,
                 "the sign: the further away a key is, the LOWER its score"),
                (softmax(-square / (2 * h)) @ values, "the bandwidth is squared: divide by 2 h²"),
                (softmax(-square / h**2) @ values, "the 2 is missing: divide by 2 h²"),
                (softmax(-square * h**2 / 2) @ values, "divide by 2 h²; only the 2 divides here"),
                (softmax(-square * h**2 * 2) @ values, "divide by 2 h², do not multiply"),
                (softmax(-np.sqrt(square) / (2 * h**2)) @ values,
                 "square the distance: a Gaussian falls with (x - x_u)²"),
                (softmax(-square / 2 / h * h) @ values, "/ 2 / h * h is not / (2 h²)"),
                (values[square.argmin(axis=1)],
                 "this is the nearest key's value; all keys count, the closer the more"),
                (np.full(Q, values.mean()), "every query gets the mean; do the weights depend on "
                 "the query?"),
            ]:  # fmt: skip
                if close(result, value):
                    raise Wrong(what)
        raise Wrong(f"for {Q} queries, {N} keys and h = {h} you get {result.round(3)}, expected "
                    f"{right.round(3)}")  # fmt: skip


@exercise("5.2")
def my_attention(answer):
    """Scaled dot-product attention, alone and in stacks, also with more keys than queries."""
    rng = np.random.default_rng(52)
    for lead, T, U, d, e in [((), 4, 4, 3, 3), ((), 3, 5, 4, 4), ((2,), 4, 4, 3, 3),
                             ((2, 3), 2, 6, 4, 4), ((), 1, 4, 400, 2)]:  # fmt: skip
        Q, K = rng.normal(size=(*lead, T, d)), rng.normal(size=(*lead, U, d))
        V = rng.normal(size=(*lead, U, e))
        Q = 100 * K[:T] if d == 400 else Q  # scores in the thousands: exp alone overflows
        raw = Q @ K.swapaxes(-1, -2)
        weights = softmax(raw / np.sqrt(d))
        right = weights @ V
        try:
            with np.errstate(all="ignore"):
                result = call(answer, Q, K, V)
        except Wrong as wrong:
            if lead and "matmul" in str(wrong):
                raise Wrong(f"it works for one text, but not for a stack {Q.shape}: .T turns round "
                            "all axes, K.swapaxes(-1, -2) the last two") from None  # fmt: skip
            raise
        if isinstance(result, (tuple, list)) and len(result) == 2:
            raise Wrong("give back M alone, not a pair")
        result = array(result, None, "M").astype(float)
        if close(result, right):
            continue
        if close(result, weights):
            raise Wrong("you gave the weights P; M is what they mix, P @ V")
        if result.shape == right.shape and not np.isfinite(result).all():
            raise Wrong("some entries are not finite: e to a large score overflows. Subtract each "
                        "row's maximum first, or use the helper softmax")  # fmt: skip
        with np.errstate(all="ignore"):
            for value, what in [
                (softmax(raw) @ V, "the scores are not divided by √d"),
                (softmax(raw / d) @ V, "divided by d; it is the ROOT of d"),
                (softmax(raw * np.sqrt(d)) @ V, "multiplied by √d; divide"),
                (softmax(raw / np.sqrt(T)) @ V, "√d is the length of a query, Q.shape[-1], not the "
                 "number of tokens"),
                (softmax(raw / np.sqrt(d), axis=-2) @ V,
                 "you normalized the columns; each ROW of weights belongs to one query, axis -1"),
                (softmax(raw / np.sqrt(d), axis=0) @ V,
                 "you normalized over axis 0; each ROW of weights belongs to one query, axis -1"),
                (raw / np.sqrt(d) @ V, "the softmax is missing: scores are not weights"),
                (softmax(raw) / np.sqrt(d) @ V,
                 "divide the scores by √d BEFORE the softmax, not the weights after it"),
                (np.exp(raw / np.sqrt(d)) @ V, "the rows of weights must sum to 1"),
            ]:  # fmt: skip
                if close(result, value):
                    raise Wrong(what)
            if T == U:
                loose = np.exp(raw / np.sqrt(d))
                if close(result, loose / loose.sum(axis=-1)[..., None, :] @ V):
                    raise Wrong("keepdims is missing: the sums of the rows were divided into the "
                                "columns. sum(axis=-1, keepdims=True)")  # fmt: skip
                swapped = softmax(raw.swapaxes(-1, -2) / np.sqrt(d)) @ V
                if close(result, swapped):
                    raise Wrong("rows are queries: the scores are Q Kᵀ, not K Qᵀ")
        array(result, right.shape, "M")
        raise Wrong(f"for Q of shape {Q.shape} and K of shape {K.shape} M is not softmax(Q Kᵀ / √d)"
                    " V; compare the steps with the four tokens")  # fmt: skip


@exercise("5.3")
def shift_matrix(answer):
    """A rotation for each pair of features, for several shifts and widths."""
    places = np.arange(20)[:, None]
    for k, width in [(1, 4), (3, 8), (-2, 6), (0, 2)]:
        rates = 10_000.0 ** (-np.arange(0, width, 2) / width)

        def table(k, rates=rates, width=width):
            angles = (places + k) * rates
            both = np.stack([np.sin(angles), np.cos(angles)], axis=-1)
            return both.reshape(20, width)

        R = array(call(answer, k, width), (width, width), "R").astype(float)
        if close(table(0) @ R, table(k), 1e-7):
            continue
        if close(table(0) @ R.T, table(k), 1e-7):
            raise Wrong("this is the transpose: rows are places, so c_t R, with R on the right")
        if close(table(0) @ R, table(-k), 1e-7):
            raise Wrong("this steps k places BACK; look at the signs of the sines")
        if close(R, np.eye(width)):
            raise Wrong("the identity leaves every place where it is")
        if close(table(0) @ R, table(1), 1e-7):
            raise Wrong("this goes one place further whatever k is: the angle is rate times k")
        if k and close(R, np.diag(np.repeat(np.cos(rates * k), 2))):
            raise Wrong("the sines are missing: sin(a + b) needs cos a, too, the other one of the "
                        "pair")  # fmt: skip
        block = R[:2, :2]
        turned = np.array([[np.cos(k), -np.sin(k)], [np.sin(k), np.cos(k)]])
        whole = np.kron(np.eye(width // 2), turned)
        if width > 2 and (close(R, whole) or close(R, whole.T)):
            raise Wrong("all pairs turn by the same angle; pair j turns by its own rate times k")
        half = width // 2
        if width > 2 and not close(R[:2, 2:], np.zeros((2, width - 2))):
            if np.allclose(R[:half, :half], np.diag(np.cos(rates * k))):
                raise Wrong("your R takes all sines first, then all cosines; here they stand in "
                            "turn: sin, cos, sin, cos")  # fmt: skip
            raise Wrong("a pair must not reach into another pair: blocks of 2 by 2 on the diagonal")
        if k and close(np.abs(block), np.abs(turned)) and block[0, 1] * block[1, 0] > 0:
            raise Wrong("the two sines of a block have opposite signs: cos(a + b) has a minus")
        raise Wrong(f"for k = {k} and width {width}, c_t R is not c at t + k; try it for one pair")


@exercise("5.4")
def window_mask(answer):
    """A causal window for several lengths."""
    for T, w in [(5, 2), (6, 3), (4, 1), (3, 7), (7, 4)]:
        distance = np.arange(T)[:, None] - np.arange(T)
        right = (distance >= 0) & (distance < w)
        result = array(call(answer, T, w), (T, T), "the mask")
        if result.dtype != bool:
            if close(result, right):
                raise Wrong(f"the mask holds {result.dtype} numbers; it must be True and False")
            if result.dtype.kind == "f" and not np.isfinite(result).all():
                raise Wrong("the mask says who may look, True or False; -inf comes later")
            raise Wrong(f"the mask must be True and False, got {result.dtype} numbers")
        if np.array_equal(result, right):
            continue
        for value, what in [
            (~right, "turned round: True is where one MAY look"),
            (right.T, "transposed: rows look, columns are looked at; yours looks ahead"),
            (distance < w, "the window is not causal: it lets every place see the future"),
            (distance >= 0, "this is the whole past; the window ends w - 1 places back"),
            ((distance >= 0) & (distance <= w),
             "one place too many: w places in all, itself among them"),
            ((distance > 0) & (distance < w), "a place may look at itself, too"),
            ((distance > 0) & (distance <= w),
             "a place may look at itself, too, and at w - 1 before it"),
            ((distance >= 0) & (distance < w - 1),
             "one place too few: w places in all, itself among them"),
            (np.abs(distance) < w, "this window reaches to both sides; forbid the future"),
            (distance >= w, "this is what lies BEYOND the window"),
        ]:  # fmt: skip
            if np.array_equal(result, value):
                raise Wrong(what)
        wrong = np.argwhere(result != right)[0]
        raise Wrong(f"for T = {T}, w = {w}: may place {wrong[0]} look at place {wrong[1]}? Yours "
                    f"says {result[tuple(wrong)]}, it should be {right[tuple(wrong)]}")  # fmt: skip


@exercise("5.5")
def heads(answer):
    """Cutting into heads and gluing, on numbered entries."""
    if not isinstance(answer, (tuple, list)) or len(answer) != 2:
        raise Wrong("give two functions: (cut, glue)")
    cut, glue = answer
    for N, T, H, d_head in [(2, 4, 3, 2), (1, 6, 2, 3), (3, 4, 4, 1), (2, 2, 2, 2)]:
        x = np.arange(N * T * H * d_head, dtype=float).reshape(N, T, H * d_head)
        pieces = x.reshape(N, T, H, d_head)
        right = pieces.swapaxes(1, 2)
        result = array(call(cut, x, H), None, "what cut gives back")
        if not np.array_equal(result, right):
            for value, what in [
                (x.reshape(N, H, T, d_head),
                 "cut: a reshape alone gives each head some of the PLACES; reshape to (N, T, H, "
                 "d/H), then swap"),
                (pieces, "cut: the heads must stand before the places; swap axes 1 and 2"),
                (x.reshape(N, T, d_head, H).transpose(0, 3, 1, 2),
                 "cut: head i owns neighboring features, i d/H to (i+1) d/H; yours takes every "
                 "H-th one"),
                (right.swapaxes(-1, -2), "cut: the last two axes are swapped"),
                (pieces.transpose(2, 0, 1, 3), "cut: the texts (N) stay in front of the heads"),
            ]:  # fmt: skip
                if np.array_equal(result, value):
                    raise Wrong(what)
            array(result, right.shape, "what cut gives back")
            raise Wrong("cut: entries are in the wrong place; try it on np.arange(24).reshape(1, 4,"
                        " 6) with 2 heads")  # fmt: skip
        back = array(call(glue, right.copy()), None, "what glue gives back")
        if not np.array_equal(back, x):
            for value, what in [
                (right.reshape(N, T, H * d_head),
                 "glue: a reshape alone mixes places; swap the axes back first"),
                (right.swapaxes(1, 2), "glue: swapped back, but the heads are still an axis of "
                 "their own: reshape to (N, T, d)"),
                (right.transpose(0, 2, 3, 1).reshape(N, T, H * d_head),
                 "glue: each head's features must stay together; only axes 1 and 2 are swapped"),
            ]:  # fmt: skip
                if np.array_equal(back, value):
                    raise Wrong(what)
            array(back, x.shape, "what glue gives back")
            raise Wrong("glue: glue(cut(x, H)) is not x")


@exercise("5.6")
def softmax_backward(answer):
    """The Jacobian of a softmax applied to a gradient, for one to four axes."""
    rng = np.random.default_rng(56)
    for shape in [(5,), (3, 4), (2, 3, 6), (2, 2, 4, 4)]:
        p = rng.dirichlet(np.ones(shape[-1]), shape[:-1])
        dp = rng.normal(size=shape)
        right = p * (dp - np.sum(dp * p, axis=-1, keepdims=True))
        try:
            result = call(answer, dp, p)
        except Wrong as wrong:
            if len(shape) > 1 and "broadcast" in str(wrong):
                raise Wrong("it works for one row, but not for a stack of rows; keep the axis of "
                            "the sum: axis=-1, keepdims=True") from None  # fmt: skip
            raise
        result = array(result, None, "dz").astype(float)
        if close(result, right):
            continue
        total = np.sum(dp * p, axis=-1, keepdims=True)
        for value, what in [
            (p * dp, "p · dp is only the first term; raising one score also lowers every other "
             "weight of its row"),
            (p * (1 - p) * dp,
             "p (1 - p) is the diagonal of the matrix; the entries beside it count, too"),
            (p * (dp - dp.sum(axis=-1, keepdims=True)), "the inner sum is of dp · p, not of dp"),
            (p * (dp - dp.mean(axis=-1, keepdims=True)),
             "the mean of dp is weighted by p: the sum of dp · p"),
            (p * (dp - np.sum(dp * p)),
             "you summed over everything; each row is a softmax of its own: axis -1"),
            (p * (dp - np.sum(dp * p, axis=0, keepdims=True)),
             "you summed over axis 0; each row is a softmax of its own: axis -1"),
            (p * dp - total, "p stands before the whole bracket: the sum is multiplied by p, too"),
            (p * (total - dp), "the sign is turned round"),
            (dp - total, "the factor p in front is missing"),
            (dp * (p - np.sum(p * p, axis=-1, keepdims=True)), "dp and p are swapped; dp comes "
             "first"),
            (dp * (p - total), "dp and p are swapped: p stands in front, dp in the bracket"),
        ]:  # fmt: skip
            if close(result, value):
                raise Wrong(what)
        array(result, shape, "dz")
        raise Wrong("dz is not dp times the matrix of ∂p/∂z; check it for T = 2 on paper")
