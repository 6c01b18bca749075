"""Built from 01_numpy_broadcasting.ipynb by `python -m tools.build`: edit it there."""

import numpy as np

from helpers import guards


def standardize(x, axis=0):
    """Shift and scale to mean 0 and deviation 1 along an axis.   (...) -> (...)

    The default axis 0 treats every column of (N, d) on its own. What is constant along the axis
    becomes 0, not NaN. float32 stays float32, whole numbers become float64.
    Raises TypeError if x is not made of real numbers, ValueError if it is empty.
    """
    x = guards.sample(x, "standardize")
    constant = x.max(axis=axis, keepdims=True) == x.min(axis=axis, keepdims=True)
    z = (x - x.mean(axis=axis, keepdims=True)) * ~constant              # exactly 0, not a speck
    return z / (z.std(axis=axis, keepdims=True) + constant)             # where constant, 0 / 1


def causal_mask(T):
    """True where place t (row) may look at place u (column), that is where u <= t.   (T, T)

    Raises TypeError or ValueError unless T is a whole number, 0 or more.
    """
    guards.whole("T", T, what="a whole number of places")
    return np.arange(T) <= np.arange(T)[:, None]                        # (T,), (T, 1) -> (T, T)


def one_hot(labels, n, dtype=np.float64):
    """Labels to rows of zeros with a single one.   (...) -> (..., n), in `dtype`

    labels: whole numbers from 0 to n - 1; N of them, (N,), give N rows, (N, n).
    Raises TypeError if the labels are not whole numbers, ValueError if one is outside its range.
    """
    labels = guards.labels(labels, n)
    return (labels[..., None] == np.arange(n)).astype(dtype)            # (..., 1), (n,)


@np.errstate(under="ignore")                                # an e^s too small for a float is 0
def softmax(scores, axis=-1):
    """Scores to probabilities, e^s / Σ e^s along an axis; -inf becomes 0.   (...) -> (...)

    The largest score is subtracted first, so that nothing overflows. float32 stays float32, whole
    numbers become float64, NaN gives NaN.
    Raises TypeError if the scores are not real numbers, ValueError if there are none along the
    axis, if all of them are -inf, or if one is +inf.
    Source: Blanchard, Higham and Higham, 2021 (title at the end of notebook 01), section 1.
    """
    scores = guards.scores(scores, axis)
    e = np.exp(scores - scores.max(axis=axis, keepdims=True))           # every largest is e^0 = 1
    return e / e.sum(axis=axis, keepdims=True)                          # sums to 1 along the axis


def pairwise_distances(a, b):
    """Euclidean distances between all rows of a and all rows of b.   (N, d), (M, d) -> (N, M)

    The coordinates are subtracted before they are squared, one row of a at a time: accurate also
    for near points far from the origin, where |a|² - 2ab + |b|² cancels, and with temporary
    memory for M d numbers only. float32 stays float32, whole numbers become float64.
    Raises TypeError for what is not real numbers, ValueError unless both are tables of equal width.
    """
    a, b = guards.tables(a, b)
    distances = np.empty((len(a), len(b)), a.dtype)
    for i, row in enumerate(a):
        distances[i] = np.sqrt(np.square(b - row).sum(axis=1))          # (M, d) - (d,) -> (M,)
    return distances
