"""Built from 05_attention.ipynb by `python -m tools.build`: edit it there."""

import math

import numpy as np

from helpers import guards
from helpers.arrays import causal_mask, one_hot, softmax
from helpers.layers import Layer, Linear


class Embedding(Layer):
    """A table of vectors, looked up by token.   tokens (...) -> (..., width)

    size: V, how many tokens there are. width: d. scale: the deviation of the first entries.
    Raises TypeError or ValueError for tokens that are not whole numbers from 0 to V - 1.
    backward returns nothing: a token has no gradient.
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
        used = one_hot(self.tokens.reshape(-1), len(self.W), dy.dtype)  # (places, V)
        self.dW[:] = used.T @ dy.reshape(-1, dy.shape[-1])              # (V, width)


@np.errstate(under="ignore")                                            # p v may round to 0
def attend(queries, keys, values, mask=None):
    """softmax(Q Kᵀ / sqrt(d_h)) V: every query looks at every key and mixes the values.

    queries: (..., T, d_h). keys, values: (..., U, d_h); U need not be T.
    mask: (T, U) or (..., T, U) bool, True where a row may look, at least once; None for all.
    Returns the mixed values (..., T, d_h) and the weights (..., T, U), whose rows sum to 1.
    Raises TypeError for arrays that are not floats, ValueError for shapes that do not fit.
    Source: Vaswani et al., Attention Is All You Need, 2017, section 3.2.1.
    """
    guards.attention(queries, keys, values, mask)
    scores = queries @ keys.swapaxes(-1, -2) / math.sqrt(queries.shape[-1])     # (..., T, U)
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    weights = softmax(scores)                                           # rows sum to 1
    return weights @ values, weights


def sinusoidal_positions(length, width, dtype=np.float64):
    """A vector for each place: sines and cosines of wavelengths from 2π to 20000π.

    length: T. width: d, even. Returns (T, d) of dtype; sines in even columns, cosines in odd ones.
    Raises TypeError or ValueError for an odd width or a length that is no number of places.
    Source: Vaswani et al., Attention Is All You Need, 2017, section 3.5.
    """
    guards.places(length, width)
    rates = 10_000.0 ** (-np.arange(0, width, 2) / width)               # (d/2,)
    angles = np.arange(length)[:, None] * rates                         # (T, d/2)
    both = np.stack([np.sin(angles), np.cos(angles)], axis=-1)          # (T, d/2, 2)
    return both.reshape(length, width).astype(dtype)


def rotary_tables(length, width, base=10_000.0, dtype=np.float64):
    """cos and sin of place · rate, each (length, width/2); rate i is base^(-2i/width).

    length: T. width: of a query, even.
    Raises TypeError or ValueError for an odd width or a length that is no number of places.
    Source: Su et al., RoFormer, 2021, section 3.2.2; there the two of a pair are neighbors.
    """
    guards.places(length, width)
    rates = base ** (-np.arange(0, width, 2) / width)                   # (width/2,)
    angles = np.arange(length)[:, None] * rates                         # (T, width/2)
    return np.cos(angles).astype(dtype), np.sin(angles).astype(dtype)


def rotate(x, cos, sin):
    """Turn the pairs of features of each place by its angles.   (..., T, width) -> the same

    cos, sin: (T, width/2). Feature i and feature i + width/2 are a pair. With -sin everything is
    turned back, which is also the backward pass.
    """
    first, second = np.split(x, 2, axis=-1)                             # (..., T, width/2) each
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
    """The gradients of `attend`: dqueries (..., T, d_h), dkeys and dvalues (..., U, d_h).

    dmixed: (..., T, d_h), the gradient with respect to the mixed values.
    mixed, weights: (..., T, d_h), (..., T, U), as `attend` returned them.
    """
    dvalues = weights.swapaxes(-1, -2) @ dmixed                         # (..., U, d_h)  Pᵀ dM
    dweights = dmixed @ values.swapaxes(-1, -2)                         # (..., T, U)    dM Vᵀ
    mean = np.sum(dmixed * mixed, axis=-1, keepdims=True)               # (..., T, 1)    dm_t · m_t
    dscores = weights * (dweights - mean) / math.sqrt(queries.shape[-1])
    dqueries = dscores @ keys                                           # (..., T, d_h)  dZ K
    dkeys = dscores.swapaxes(-1, -2) @ queries                          # (..., U, d_h)  dZᵀ Q
    return dqueries, dkeys, dvalues


class MultiHeadAttention(Layer):
    """Attention between the places of a sequence, by several heads.   (N, T, d) -> (N, T, d)

    width: d, divisible by heads. causal: no place looks at a later one. out_scale: the deviation
    of the first output weights. rotary: queries and keys are turned by their places; d/H is even.
    After forward, `weights` (N, H, T, T) tells where each place looked.
    Raises ValueError for a width that the heads do not divide, and for an x of another shape.
    Source: Vaswani et al., Attention Is All You Need, 2017, section 3.2.2.
    """

    def __init__(self, width, heads, causal=True, out_scale=None, rotary=False):
        super().__init__()
        guards.divisible(width, heads, rotary)
        self.width, self.heads, self.causal, self.rotary = width, heads, causal, rotary
        self.qkv, self.out = Linear(width, 3 * width), Linear(width, width, out_scale)

    def forward(self, x):
        guards.sequences(x, self.width)
        T, d_head = x.shape[1], self.width // self.heads
        q, k, v = (split_heads(part, self.heads) for part in np.split(self.qkv(x), 3, axis=-1))
        if self.rotary:
            self.cos, self.sin = rotary_tables(T, d_head, dtype=x.dtype)
            q, k = rotate(q, self.cos, self.sin), rotate(k, self.cos, self.sin)
        self.kept = q, k, v                                             # (N, H, T, d_h) each
        self.mixed, self.weights = attend(q, k, v, causal_mask(T) if self.causal else None)
        return self.out(merge_heads(self.mixed))

    def backward(self, dy):
        dmixed = split_heads(self.out.backward(dy), self.heads)         # (N, H, T, d_h)
        dq, dk, dv = attend_backward(dmixed, *self.kept, self.mixed, self.weights)
        if self.rotary:
            dq, dk = rotate(dq, self.cos, -self.sin), rotate(dk, self.cos, -self.sin)
        dqkv = np.concatenate([merge_heads(part) for part in (dq, dk, dv)], axis=-1)
        return self.qkv.backward(dqkv)                                  # (N, T, 3d) -> (N, T, d)


class Residual(Layer):
    """y = x + layer(x): each place keeps what it has, and the layer adds to it.   (...) -> (...)"""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return x + self.layer(x)

    def backward(self, dy):
        return dy + self.layer.backward(dy)


class Last(Layer):
    """The last place of each sequence.   (N, T, d) -> (N, d)"""

    def forward(self, x):
        self.shape = x.shape
        return x[:, -1]

    def backward(self, dy):
        dx = np.zeros(self.shape, dy.dtype)
        dx[:, -1] = dy
        return dx
