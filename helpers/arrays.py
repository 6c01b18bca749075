"""Built from 01_numpy_broadcasting.ipynb by `python -m tools.build`: edit it there."""

import numpy as np


def as_floats(*arrays):
    """Return arrays as real floating-point arrays of one dtype, copied only if need be.

    float32 stays float32; whole numbers and booleans become float64.
    Raises TypeError for anything else: texts, complex numbers, objects, rows of unequal length.
    """
    try:
        arrays = [np.asarray(x) for x in arrays]
    except ValueError as error:
        raise TypeError(f"expected an array of numbers, got rows that differ: {error}") from None
    for x in arrays:
        if x.dtype.kind not in "biuf":
            raise TypeError(f"expected real numbers, got an array with dtype {x.dtype}")
    dtype = np.result_type(*(x.dtype for x in arrays))
    dtype = dtype if dtype.kind == "f" else np.dtype(np.float64)
    return [x.astype(dtype, copy=False) for x in arrays]


def standardize(x, axis=0):
    """Shift and scale to mean 0 and deviation 1 along an axis.   (...) -> (...)

    x: numbers with a finite sum; the default axis 0 treats every column of (N, d) on its own.
    What is constant along the axis becomes 0, not NaN. float32 stays float32, whole numbers
    become float64.
    Raises TypeError if x is not made of real numbers, ValueError if it is empty.
    """
    (x,) = as_floats(x)
    if x.ndim == 0 or x.size == 0:
        raise ValueError(f"there is nothing to standardize in an array of shape {x.shape}; give at "
                         "least one example, such as (N, d) with N rows")
    constant = x.max(axis=axis, keepdims=True) == x.min(axis=axis, keepdims=True)
    z = x - x.mean(axis=axis, keepdims=True)
    z *= ~constant                                                      # exactly 0, not a speck
    z /= np.abs(z).max(axis=axis, keepdims=True) + constant             # now from -1 to 1
    z -= z.mean(axis=axis, keepdims=True)                               # the first mean was rounded
    z /= np.sqrt(np.square(z).mean(axis=axis, keepdims=True)) + constant
    return z


def causal_mask(T):
    """True where place t (row) may look at place u (column), that is where u <= t.   (T, T)

    Raises ValueError unless T is a whole number, 0 or more.
    """
    if not isinstance(T, (int, np.integer)) or T < 0:
        raise ValueError(f"T is {T!r}; it must be a whole number of places, 0 or more")
    return np.tri(T, dtype=bool)


def one_hot(labels, n, dtype=np.float64):
    """Labels to rows of zeros with a single one.   (...) -> (..., n), in `dtype`

    labels: whole numbers from 0 to n - 1; N of them, (N,), give N rows, (N, n).
    Raises TypeError if the labels are not whole numbers, ValueError if one is outside its range.
    """
    labels = np.asarray(labels)
    if not isinstance(n, (int, np.integer)) or n < 1:
        raise ValueError(f"n is {n!r}; it must be the number of classes, 1 or more")
    if labels.dtype.kind not in "iu":
        raise TypeError(f"labels must be whole numbers, got dtype {labels.dtype}; "
                        "use labels.astype(int) if they are")
    if labels.size and not (labels.min() >= 0 and labels.max() < n):
        bad = labels[(labels < 0) | (labels >= n)].flat[0]
        raise ValueError(f"label {bad} is not one of 0 to {n - 1}; is {n} the number of classes?")
    return (labels[..., None] == np.arange(n)).astype(dtype)


def softmax(scores, axis=-1, out=None):
    """Scores to probabilities, e^s / Σ e^s along an axis; -inf becomes 0.   (...) -> (...)

    The largest score is subtracted first, so that nothing overflows. The dtype is kept; whole
    numbers become float64, NaN gives NaN. out: an array to write to; it may be the scores.
    Raises TypeError if the scores are not real numbers, ValueError if there are none along the
    axis, if all of them are -inf, or if one is +inf.
    Source: Blanchard, Higham and Higham, 2021 (title at the end of notebook 01), section 1.
    """
    (scores,) = as_floats(scores)
    if scores.ndim == 0 or scores.shape[axis] == 0:
        raise ValueError(f"softmax needs at least one score along axis {axis}, got {scores.shape}")
    largest = scores.max(axis=axis, keepdims=True)
    if np.isinf(largest).any():
        raise ValueError("softmax of scores that are all -inf, or with one that is +inf, is not "
                         "defined; does a mask hide every place of a row?")
    p = np.subtract(scores, largest, out=out)           # every largest score is 0
    np.exp(p, out=p)
    p /= p.sum(axis=axis, keepdims=True)                # sums to 1 along the axis
    return p


def pairwise_distances(a, b):
    """Euclidean distances between all rows of a and all rows of b.   (N, d), (M, d) -> (N, M)

    The coordinates are subtracted before they are squared, one row of a at a time: accurate also
    for near points far from the origin, where |a|² - 2ab + |b|² cancels, and with temporary
    memory for M d numbers only. Squares must fit the dtype: float64 to 1e154, float32 to 1e19.
    float32 stays float32, whole numbers become float64.
    Raises TypeError for what is not real numbers, ValueError unless both are tables of equal width.
    """
    a, b = as_floats(a, b)
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1]:
        raise ValueError(f"expected shapes (N, d) and (M, d) with the same d, got {a.shape} and "
                         f"{b.shape}; a single point is a row: point[None, :]")
    distances = np.empty((len(a), len(b)), a.dtype)
    for i, row in enumerate(a):
        gap = b - row                                                   # (M, d) - (d,)
        distances[i] = np.einsum("md,md->m", gap, gap)                  # (M,)
    return np.sqrt(distances, out=distances)
