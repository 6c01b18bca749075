"""Built from 01_numpy_broadcasting.ipynb by `python -m tools.build`: edit it there."""

import numpy as np

from helpers import guards


def standardize(x):
    """Shift and scale every column to mean 0 and deviation 1, or to 0 if it is constant.

    x: (N, ...) real numbers (else TypeError), at least one (else ValueError). Returns (N, ...);
    float32 stays float32, whole numbers become float64.
    """
    x = guards.sample(x, "standardize")
    constant = x.max(axis=0) == x.min(axis=0)                           # (d,) of bool
    z = (x - x.mean(axis=0)) * ~constant                                # exactly 0, not a speck
    return z / (z.std(axis=0) + constant)                               # where constant, 0 / 1


def causal_mask(T):
    """True where place t (row) may look at place u (column), that is where u <= t.   (T, T)

    Raises TypeError or ValueError unless T is a whole number, 0 or more.
    """
    guards.whole("T", T, what="a whole number of places")
    return np.arange(T) <= np.arange(T)[:, None]                        # (T,), (T, 1) -> (T, T)


def one_hot(labels, n, dtype=np.float64):
    """Labels to rows of zeros with a single one.   (...) -> (..., n), in `dtype`

    labels: whole numbers (else TypeError) from 0 to n - 1 (else ValueError).
    """
    labels = guards.labels(labels, n)
    return (labels[..., None] == np.arange(n)).astype(dtype)            # (..., 1), (n,)


@np.errstate(under="ignore")                                # an e^s too small for a float is 0
def softmax(scores, axis=-1):
    """Scores to probabilities, e^s / Σ e^s along an axis; -inf becomes 0.   (...) -> (...)

    float32 stays float32, whole numbers become float64, NaN gives NaN. Raises TypeError if the
    scores are not real numbers, ValueError if there are none along the axis, all of them are -inf,
    or one is +inf. Source: Blanchard, Higham and Higham, 2021 (see notebook 01), section 1.
    """
    scores = guards.scores(scores, axis)
    e = np.exp(scores - scores.max(axis=axis, keepdims=True))           # every largest is e^0 = 1
    return e / e.sum(axis=axis, keepdims=True)                          # sums to 1 along the axis


def pairwise_distances(a, b):
    """Euclidean distances between all rows of a and all rows of b.   (N, d), (M, d) -> (N, M)

    One row of a at a time, in memory for M d more numbers; accurate where |a|² - 2ab + |b|²
    cancels. float32 stays float32, whole numbers become float64.
    Raises TypeError for what is not real numbers, ValueError unless both are tables of equal width.
    """
    a, b = guards.tables(a, b)
    distances = np.empty((len(a), len(b)), a.dtype)
    for i, row in enumerate(a):
        distances[i] = np.sqrt(np.square(b - row).sum(axis=1))          # (M, d) - (d,) -> (M,)
    return distances
