"""Built from 06_mini_generative_transformer.ipynb by `python -m tools.build`: edit it there."""

import numpy as np


def softmax(scores, axis=-1):
    """Scores to probabilities, e^s / Σ e^s along an axis; -inf becomes 0.   (...) -> (...)

    The largest score is subtracted first, so that nothing overflows. The dtype is kept.
    """
    p = scores - scores.max(axis=axis, keepdims=True)   # every largest score is 0
    np.exp(p, out=p)
    p /= p.sum(axis=axis, keepdims=True)                # sums to 1 along the axis
    return p


def causal_mask(T):
    """True where place t (row) may look at place u (column), that is where u <= t.   (T, T)"""
    return np.tri(T, dtype=bool)
