"""What the exercises of notebook 01, NumPy broadcasting, must satisfy."""

import itertools
import tracemalloc

import numpy as np

from helpers.checks import Wrong, array, call, close, describe, describe_value, exercise


@exercise("1.1")
def broadcast_shape(answer):
    """All pairs of some shapes, compared with np.broadcast_shapes."""
    shapes = [(), (1,), (3,), (4,), (0,), (4, 3), (3, 1), (1, 4), (2, 1, 4), (2, 4, 3), (7, 1, 1)]
    pairs, misfits = [], []
    for a, b in itertools.product(shapes, shapes):
        try:
            pairs.append((a, b, np.broadcast_shapes(a, b)))
        except ValueError:
            misfits.append((a, b))
    for a, b, right in pairs:
        try:
            result = call(answer, a, b)
        except Wrong as wrong:
            if "gives back None" in str(wrong):
                more = "; the missing ones go in FRONT" if len(a) != len(b) else ""
                raise Wrong(
                    f"{a} and {b} fit and give {right}, but you return None{more}"
                ) from None
            raise
        if not isinstance(result, tuple):
            raise Wrong(f"a shape is a tuple such as {right}, you return {describe_value(result)}")
        if result == right:
            continue
        said = f"{a} and {b} give {right}, you return {result}"
        if len(result) < len(right):
            raise Wrong(f"{said}: put ones in front of the shorter shape, zip stops at its end")
        if 0 in right:
            raise Wrong(f"{said}: 0 is smaller than 1, but a 1 is stretched to it all the same")
        if len(a) != len(b):
            raise Wrong(f"{said}: align on the right, so the missing ones go in FRONT")
        raise Wrong(said)
    for a, b in misfits:
        try:
            result = answer(a, b)  # not by call, which takes None for a forgotten return
        except Exception as error:
            said = describe(error, answer)
            said = f"{a} and {b} do not fit, so return None; your code raised {said}"
            raise Wrong(said) from None
        if result is not None:
            raise Wrong(f"{a} and {b} do not fit, so return None; you return {result!r}")


@exercise("1.2")
def causal_mask(answer):
    """The mask for several T, as booleans."""
    for T in (3, 1, 6):
        right = np.tri(T, dtype=bool)
        result = array(call(answer, T), what="the mask")
        if result.shape == (T,) and T > 1:
            raise Wrong(
                f"the mask has shape ({T},): two rows were compared; make one range a column "
                "with [:, None]"
            )
        result = array(result, (T, T), "the mask")
        if np.array_equal(result, np.ones((T, T))) and T > 1:
            raise Wrong("everything is allowed; the future, u > t, must be False")
        if np.array_equal(result, right.T) and T > 1:
            raise Wrong(
                "your mask lets a place look only ahead; row t should allow the columns u <= t, so "
                "the column of the comparison is t"
            )
        if np.array_equal(result, np.tri(T, k=-1)):
            raise Wrong("a place may look at itself too: u <= t, not u < t")
        if not np.array_equal(result, right):
            raise Wrong(f"for T = {T} entry (t, u) should be True exactly where u <= t")
        if result.dtype != bool:
            raise Wrong(
                f"the entries are right, but their dtype is {result.dtype}; a mask is of bool, "
                "which is what a comparison gives"
            )


@exercise("1.3")
def one_hot(answer):
    """One-hot rows of random labels, for several sizes."""
    rng = np.random.default_rng(13)
    for N, n in [(5, 3), (4, 4), (1, 6), (20, 10)]:
        labels = rng.integers(0, n, N)
        labels[0] = n - 1
        right = np.eye(n)[labels]
        result = array(call(answer, labels, n), what="the table")
        if result.shape == (n, N) and n != N and close(result, right.T):
            raise Wrong(
                f"your table is (n, N) = {result.shape}; rows are examples, so make the labels "
                "the column"
            )
        if result.shape == (N,) and N == n:
            raise Wrong("labels and classes were compared one to one; make the labels a column")
        array(result, (N, n), "the table")
        sums = result.sum(axis=1)
        if close(result, 1 - right):
            raise Wrong("zeros and ones are the wrong way round")
        if close(result, labels[:, None] == np.arange(n) + 1):
            raise Wrong("every 1 is one place off; the classes are numbered from 0")
        if close(result, right * labels[:, None]):
            raise Wrong("the row of label k holds k; it should hold a 1 in place k")
        if (sums == N).all() and N != 1:
            raise Wrong(f"every row sums to {N}, the number of examples: you wrote each 1 into all "
                        "rows; use rows and columns together, or a comparison")  # fmt: skip
        if not close(sums, np.ones(N)):
            bad = int(np.flatnonzero(sums != 1)[0])
            raise Wrong(f"row {bad} sums to {sums[bad]:g}; each row has a single 1")
        if not close(result, right):
            raise Wrong("the 1 of row i should stand in column labels[i]")
        if result.dtype.kind != "f":
            raise Wrong(
                f"the entries are right, but their dtype is {result.dtype}; 0.0 and 1.0 are "
                "floats, so end with .astype(np.float64)"
            )


@exercise("1.4")
def pairwise_distances(answer):
    """Distances on small shapes, with coinciding points far away, and with memory measured."""
    rng = np.random.default_rng(14)
    with np.errstate(all="ignore"):
        for N, M, d in [(4, 5, 3), (1, 6, 2), (7, 7, 5)]:
            a, b = rng.normal(size=(N, d)), rng.normal(size=(M, d))
            judge_distances(call(answer, a, b), a, b)
        far = 1000 + 1e-6 * rng.random((60, 3))
        result = array(call(answer, far, far), (60, 60), "the table").astype(float)
        if np.isnan(result).any():
            raise Wrong(
                f"{np.isnan(result).sum()} distances between points that nearly coincide are NaN: "
                "rounding made their square negative; put np.maximum(squares, 0) under the root"
            )
        if np.abs(result - exact_distances(far, far)).max() > 1e-3:
            raise Wrong("for points near each other and far from the origin the distances are off")
        N, M, d = 150, 120, 200
        a, b = rng.normal(size=(N, d)), rng.normal(size=(M, d))
        peak = peak_memory(lambda: call(answer, a, b))
    if peak > 8 * N * M * d / 4:
        raise Wrong(
            f"the distances are right, but on the way {peak / 1e6:.0f} MB were in use for a table "
            f"of {8 * N * M / 1e6:.1f} MB: some array has N M d numbers; use a @ b.T for the "
            "products"
        )


def exact_distances(a, b):
    """The distances by broadcasting."""
    return np.sqrt(np.square(a[:, None] - b).sum(axis=-1))


def peak_memory(work):
    """The most bytes that were in use at once while `work` ran, beyond those before."""
    running = tracemalloc.is_tracing()
    if not running:
        tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        work()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        if not running:
            tracemalloc.stop()


def judge_distances(result, a, b):
    """Compare a small table of distances with the exact one and with known mistakes."""
    right = exact_distances(a, b)
    if np.shape(result) == right.T.shape != right.shape and close(result, right.T):
        raise Wrong("your table is (M, N); rows are the points of a, columns those of b")
    result = array(result, right.shape, "the table").astype(float)
    if close(result, right, 1e-6):
        return
    if close(result, right**2, 1e-6):
        raise Wrong("these are the squares of the distances; take the root")
    aa, bb, ab = np.square(a).sum(1)[:, None], np.square(b).sum(1), a @ b.T
    for squares, diagnosis in [
        (aa + bb - ab, "the middle term counts twice: minus 2 a b"),
        (aa + bb + 2 * ab, "the middle term has the wrong sign: minus 2 a b"),
        (aa + bb, "the middle term, minus 2 a b, is missing"),
        (aa - 2 * ab, "the squares of b are missing"),
        (bb - 2 * ab, "the squares of a are missing"),
        (right**2 / a.shape[1], "you took the mean over the coordinates; add up"),
    ]:
        for shown in (squares, np.abs(squares), np.maximum(squares, 0)):
            if close(result, np.sqrt(np.maximum(shown, 0)), 1e-6):
                raise Wrong(diagnosis)
    if close(result, np.abs(a[:, None] - b).sum(axis=-1), 1e-6):
        raise Wrong("you added up |a - b|; the squares are added up, and the root taken of the sum")
    if a.shape[0] == b.shape[0]:
        turned = np.square(a).sum(1) + np.square(b).sum(1)[:, None] - 2 * ab
        if close(result, np.sqrt(np.maximum(turned, 0)), 1e-6):
            raise Wrong("the squares of a must be the column, (N, 1), and those of b the row")
    if np.isnan(result).any():
        raise Wrong("some distances are NaN: what stands under the root is negative")
    i, j = np.unravel_index(np.argmax(np.abs(result - right)), right.shape)
    raise Wrong(f"the distance between a[{i}] and b[{j}] should be {right[i, j]:.4f}, yours is "
                f"{result[i, j]:.4f}")  # fmt: skip


@exercise("1.5")
def head_scores(answer):
    """Dot products of queries and keys in every head, for sizes that all differ."""
    rng = np.random.default_rng(15)
    for N, T, H, d in [(2, 5, 3, 4), (1, 3, 2, 6), (3, 2, 1, 5), (2, 4, 4, 4)]:
        queries, keys = rng.normal(size=(2, N, T, H, d))
        right = np.einsum("nthd,nuhd->nhtu", queries, keys)
        result = array(call(answer, queries, keys), what="the table")
        if result.shape == (N, T, H, H) and T != H:
            raise Wrong(
                f"shape {result.shape} is (N, T, H, H): heads were compared with heads at each "
                "place; bring the head in front of the place first, with swapaxes(1, 2)"
            )
        if result.shape == (N, T, T, H) and T != H:
            raise Wrong(f"shape {result.shape} is (N, T, T, H); the head goes in front of both T")
        if result.shape == (N, T, T) and H > 1:
            raise Wrong("the heads were added up; h must stand behind the arrow too")
        if result.shape == (H, T, T) and N > 1:
            raise Wrong("the examples were added up; n must stand behind the arrow too")
        array(result, (N, H, T, T), "the table")
        if close(result, right):
            continue
        if close(result, right.swapaxes(-1, -2)):
            raise Wrong("row and column are swapped: t, the place of the query, is the row")
        shaped = queries.reshape(N, H, T, d) @ keys.reshape(N, H, T, d).swapaxes(-1, -2)
        if close(result, shaped):
            raise Wrong(
                "a reshape keeps the order of the numbers, so it mixes places and heads; move an "
                "axis with swapaxes(1, 2) instead"
            )
        mixed = queries.reshape(N, H, T, d) @ keys.reshape(N, H, d, T)
        swapped = queries.swapaxes(1, 2) @ keys.reshape(N, H, d, T)
        if close(result, mixed) or close(result, swapped):
            raise Wrong("a reshape is not a transpose; use swapaxes to exchange two axes")
        if close(result, right / np.sqrt(d)):
            raise Wrong("do not divide by the root of d; only the dot products are asked for")
        raise Wrong(
            f"for (N, T, H, d) = {(N, T, H, d)} the shape is right, but the dot products are not"
        )


@exercise("1.6")
def next_token_views(answer):
    """Windows as views: values first, then strides and memory."""
    for L, T in [(12, 4), (50, 7), (9, 8)]:
        tokens = np.random.default_rng(L).permutation(L) + 100  # all different
        result = call(answer, tokens, T)
        if not isinstance(result, (tuple, list)) or len(result) != 2:
            raise Wrong("give back two arrays: inputs, targets")
        places = np.arange(L - T)[:, None] + np.arange(T)
        for part, what in zip(result, ("inputs", "targets"), strict=True):
            shape = np.shape(part)
            if shape == (L - T + 1, T):
                raise Wrong(
                    f"{what} has L - T + 1 = {shape[0]} windows; the last one has no next token, "
                    "so there are L - T"
                )
            if shape == (L - T, T + 1):
                raise Wrong(f"{what} has T + 1 columns; cut off the last one for the inputs, the "
                            "first one for the targets")  # fmt: skip
            array(part, (L - T, T), what)
        inputs, targets = (np.asarray(part) for part in result)
        if close(inputs, targets):
            raise Wrong("targets equals inputs; each target is the token AFTER the input")
        if close(inputs, tokens[places + 1]) and close(targets, tokens[places]):
            raise Wrong("inputs and targets are exchanged")
        if not close(inputs, tokens[places]):
            raise Wrong("inputs[i] should be tokens[i], tokens[i + 1], …, T of them")
        if close(targets, inputs + 1):
            raise Wrong("you added 1 to the tokens; move the window by one place instead")
        if not close(targets, tokens[places + 1]):
            raise Wrong("targets[i] should be the window one place on: tokens[i + 1] and so on")
        step = tokens.itemsize
        for part, what in ((inputs, "inputs"), (targets, "targets")):
            if part.strides != (step, step):
                raise Wrong(
                    f"the values are right, but {what} has strides {part.strides}, so it is a copy "
                    f"of {part.nbytes} bytes; in a view of the text both strides are {step}"
                )
        if L - T > 1 and not np.shares_memory(inputs, targets):
            raise Wrong("inputs and targets lie in different memory; make both views of tokens")
