"""Built from 05_attention.ipynb by `python -m tools.build`: edit it there."""

import math

import numpy as np

from helpers import guards
from helpers.arrays import causal_mask, one_hot, softmax
from helpers.layers import Layer, Linear


class Embedding(Layer):
    """A vector for each of V = size tokens.   tokens (...) -> (..., width)

    scale: the deviation of the first entries. Raises TypeError or ValueError unless tokens are
    whole numbers from 0 to V - 1. backward returns None: a token has no gradient.
    """
    def __init__(self, size, width, scale=0.02):
        super().__init__(W=(size, width))
        self.scale = scale

    def initialize(self, rng):
        self.W[:] = rng.normal(0, self.scale, self.W.shape)

    def forward(self, tokens):
        self.tokens = guards.rows(tokens, len(self.W))
        return self.W[self.tokens]                                      # (..., width)

    def backward(self, dy):
        used = one_hot(self.tokens.reshape(-1), len(self.W), dy.dtype)  # (places, V)  O
        self.dW[:] = used.T @ dy.reshape(-1, dy.shape[-1])              # (V, width)   Oᵀ dy


@np.errstate(under="ignore")                                            # p v may round to 0
def attend(queries, keys, values, mask=None):
    """softmax(Q Kᵀ / sqrt(d_h)) V: every query looks at every key and mixes the values.

    queries: (..., T, d_h). keys: (..., U, d_h). values: (..., U, e). mask: bool, (T, U) or
    (..., T, U), True where a row may look, at least once; None for all.
    Returns the mixed values (..., T, e) and the weights (..., T, U), whose rows sum to 1.
    Raises TypeError for arrays that are not floats, ValueError for shapes that do not fit.
    Source: Vaswani et al., Attention Is All You Need, 2017, section 3.2.1.
    """
    guards.attention(queries, keys, values, mask)
    scores = queries @ keys.swapaxes(-1, -2) / math.sqrt(queries.shape[-1])     # (..., T, U)
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    weights = softmax(scores)                                           # rows sum to 1
    return weights @ values, weights


def rotary_tables(length, width, dtype=np.float64):
    """cos and sin of place · rate, each (length, width/2), for queries of an even width.

    Raises TypeError or ValueError for an odd width or a length that is no number of places.
    Source: Su et al., RoFormer, 2021, section 3.2.2; there the two of a pair are neighbors.
    """
    guards.places(length, width)
    rates = 10_000.0 ** (-np.arange(0, width, 2) / width)               # (width/2,)
    angles = np.arange(length)[:, None] * rates                         # (T, width/2)
    return np.cos(angles).astype(dtype), np.sin(angles).astype(dtype)


def rotate(x, cos, sin):
    """Turn the pairs of features of each place by its angles.   (..., T, width) -> the same

    cos, sin: (T, width/2). Features i and i + width/2 are a pair. With -sin it turns back.
    """
    half = x.shape[-1] // 2
    first, second = x[..., :half], x[..., half:]                        # (..., T, width/2) each
    return np.concatenate([first * cos - second * sin, first * sin + second * cos], axis=-1)


def split_heads(x, heads):
    """(N, T, d) -> (N, H, T, d/H): every head gets its slice of the features. A view of x.

    Raises ValueError if x has not three axes, or d is not a multiple of the heads.
    """
    guards.heads(x, heads)
    N, T, d = x.shape
    return x.reshape(N, T, heads, d // heads).swapaxes(1, 2)


def merge_heads(x):
    """(N, H, T, d/H) -> (N, T, d): the slices of all heads side by side again."""
    N, H, T, d_head = x.shape
    return x.swapaxes(1, 2).reshape(N, T, H * d_head)


@np.errstate(under="ignore")                                            # and so may p dm
def attend_backward(dmixed, queries, keys, values, mixed, weights):
    """The gradients of `attend` with respect to queries, keys and values, shaped like these.

    dmixed: the gradient with respect to mixed. mixed, weights: as `attend` returned them.
    """
    dvalues = weights.swapaxes(-1, -2) @ dmixed                         # (..., U, e)    Pᵀ dM
    dweights = dmixed @ values.swapaxes(-1, -2)                         # (..., T, U)    dM Vᵀ
    mean = np.sum(dmixed * mixed, axis=-1, keepdims=True)               # (..., T, 1)    dm_t · m_t
    dscores = weights * (dweights - mean) / math.sqrt(queries.shape[-1])
    return dscores @ keys, dscores.swapaxes(-1, -2) @ queries, dvalues  # dZ K, dZᵀ Q, Pᵀ dM


class MultiHeadAttention(Layer):
    """Attention between the places of a sequence, by several heads.   (N, T, d) -> (N, T, d)

    causal: no place looks at a later one. out_scale: the deviation of the first output weights.
    rotary: queries and keys are turned by their places. After forward, `weights` (N, H, T, T) tells
    where each place looked. Raises ValueError unless the heads divide the width, with rotary into
    even parts, and for an x of another shape. Source: Vaswani et al., 2017, section 3.2.2.
    """

    def __init__(self, width, heads, causal=True, out_scale=None, rotary=False):
        super().__init__()
        guards.divisible(width, heads, rotary)
        self.width, self.heads, self.causal, self.rotary = width, heads, causal, rotary
        self.qkv, self.out = Linear(width, 3 * width), Linear(width, width, out_scale)

    def forward(self, x):
        guards.sequences(x, self.width)
        q, k, v = (split_heads(part, self.heads) for part in np.split(self.qkv(x), 3, axis=-1))
        if self.rotary:
            self.cos, self.sin = rotary_tables(*q.shape[-2:], x.dtype)  # (T, d_h/2) each
            q, k = rotate(q, self.cos, self.sin), rotate(k, self.cos, self.sin)
        self.kept = q, k, v                                             # (N, H, T, d_h) each
        mask = causal_mask(x.shape[1]) if self.causal else None
        self.mixed, self.weights = attend(q, k, v, mask)
        return self.out(merge_heads(self.mixed))

    def backward(self, dy):
        dmixed = split_heads(self.out.backward(dy), self.heads)         # (N, H, T, d_h)
        dq, dk, dv = attend_backward(dmixed, *self.kept, self.mixed, self.weights)
        if self.rotary:
            dq, dk = rotate(dq, self.cos, -self.sin), rotate(dk, self.cos, -self.sin)
        dqkv = np.concatenate([merge_heads(part) for part in (dq, dk, dv)], axis=-1)
        return self.qkv.backward(dqkv)                                  # (N, T, 3d) -> (N, T, d)
