"""Built from 05_attention.ipynb by `python -m tools.build`: edit it there."""

import math

import numpy as np

from helpers.arrays import causal_mask, one_hot, softmax
from helpers.layers import Layer, Linear


class Embedding(Layer):
    """A table of vectors, looked up by token.   tokens (...) -> (..., width)

    size: V, how many tokens there are. width: d. scale: the deviation of the first entries.
    forward raises TypeError for tokens that are not integers, ValueError for one outside 0 to
    V - 1. backward returns nothing: a token has no gradient.
    """

    def __init__(self, size, width, scale=0.02):
        super().__init__(W=(size, width))
        self.scale = scale

    def initialize(self, rng):
        self.W[:] = rng.normal(0, self.scale, self.W.shape)

    def forward(self, tokens):
        tokens = np.asarray(tokens)
        if tokens.dtype.kind not in "iu":
            raise TypeError(f"tokens must be integers, got {tokens.dtype}; an embedding looks "
                            "rows up by their number")
        if tokens.size and not (tokens.min() >= 0 and tokens.max() < len(self.W)):
            wrong = tokens[(tokens < 0) | (tokens >= len(self.W))].flat[0]
            raise ValueError(f"token {wrong} is outside the table, which has rows 0 to "
                             f"{len(self.W) - 1}; was it made for another vocabulary?")
        self.tokens = tokens
        return self.W[tokens]

    def backward(self, dy):
        rows = dy.reshape(-1, dy.shape[-1])                             # (places, width)
        used = one_hot(self.tokens.reshape(-1), len(self.W), dy.dtype)  # (places, size)
        np.matmul(used.T, rows, out=self.dW)                            # (size, width)


def attend(queries, keys, values, mask=None):
    """softmax(Q Kᵀ / sqrt(d_h)) V: every query looks at every key and mixes the values.

    queries: (..., T, d_h). keys, values: (..., U, d_h); U need not be T, so that one query can
    look at all keys of a text read before.
    mask: (T, U) or (..., T, U) bool, True where a row may look, at least once; None for all.
    Returns the mixed values (..., T, d_h) and the weights (..., T, U), whose rows sum to 1.
    Raises TypeError for arrays that are not floats, ValueError for shapes that do not fit.
    Source: Vaswani et al., Attention Is All You Need, 2017, section 3.2.1.
    """
    require_attention(queries, keys, values, mask)
    scores = (keys @ queries.swapaxes(-1, -2)).swapaxes(-1, -2)         # (..., T, U)  Q Kᵀ
    scores *= 1 / math.sqrt(queries.shape[-1])
    if mask is not None:
        np.copyto(scores, -np.inf, where=np.asfortranarray(~mask))
    weights = softmax(scores, out=scores)                               # rows sum to 1
    return weights @ values, weights


def require_attention(queries, keys, values, mask=None):
    """Raise TypeError or ValueError, saying what is wrong, unless `attend` can use the arrays."""
    for name, x in (("queries", queries), ("keys", keys), ("values", values)):
        if x.dtype.kind != "f":
            raise TypeError(f"{name} must be floats, got {x.dtype}; use {name}.astype(float)")
        if x.ndim < 2 or x.shape[:-2] != queries.shape[:-2]:
            raise ValueError(f"{name} have shape {x.shape}, queries {queries.shape}; each needs "
                             "(..., places, features), with the same axes in front")
    if queries.shape[-1] != keys.shape[-1]:
        raise ValueError(f"queries have {queries.shape[-1]} features, keys {keys.shape[-1]}; a dot "
                         "product needs as many of both")
    if keys.shape[-2] != values.shape[-2]:
        raise ValueError(f"there are {keys.shape[-2]} keys but {values.shape[-2]} values; each key "
                         "needs one value")
    shape = (queries.shape[-2], keys.shape[-2])
    if mask is not None and (mask.dtype != bool or mask.shape[-2:] != shape):
        raise ValueError(f"the mask is {mask.dtype} of shape {mask.shape}; it must be bool, "
                         f"(queries, keys) = {shape}, True where a query may look")


def sinusoidal_positions(length, width, dtype=np.float64):
    """A vector for each place: sines and cosines of wavelengths from 2π to 20000π.

    length: T. width: d, even. Returns (T, d) of dtype; sines in even columns, cosines in odd ones.
    Raises ValueError for an odd width or a length below 0.
    Source: Vaswani et al., Attention Is All You Need, 2017, section 3.5.
    """
    if width % 2 or width < 2:
        raise ValueError(f"width is {width}; sines and cosines come in pairs, so it must be even")
    if length < 0:
        raise ValueError(f"length is {length}; it must be a number of places, 0 or more")
    places = np.arange(length)[:, None]                                 # (T, 1)
    rates = 10_000.0 ** (-np.arange(0, width, 2) / width)               # (d/2,)
    angles = places * rates                                             # (T, d/2)
    both = np.stack([np.sin(angles), np.cos(angles)], axis=-1)          # (T, d/2, 2)
    return both.reshape(length, width).astype(dtype)


def split_heads(x, heads):
    """(N, T, d) -> (N, H, T, d/H): every head gets its slice of the features. A view of x.

    Raises ValueError if x has not three axes, or d is not a multiple of the heads.
    """
    if x.ndim != 3 or x.shape[-1] % heads:
        raise ValueError(f"x has shape {x.shape}; to split it over {heads} heads it must be (N, T, "
                         f"d) with d a multiple of {heads}")
    N, T, d = x.shape
    return x.reshape(N, T, heads, d // heads).swapaxes(1, 2)


def merge_heads(x):
    """(N, H, T, d/H) -> (N, T, d): the slices of all heads side by side again."""
    N, H, T, d_head = x.shape
    return x.swapaxes(1, 2).reshape(N, T, H * d_head)


def attend_backward(dmixed, queries, keys, values, mixed, weights, out=(None, None, None)):
    """The gradients of `attend`: dqueries (..., T, d_h), dkeys and dvalues (..., U, d_h).

    dmixed: (..., T, d_h), the gradient with respect to the mixed values; it is not changed.
    mixed, weights: (..., T, d_h), (..., T, U), as `attend` returned them.
    out: three arrays to write the gradients into; by default new ones.
    The Jacobian of the softmax is never built.
    """
    dvalues = np.matmul(weights.swapaxes(-1, -2), dmixed, out=out[2])   # (..., U, d_h)
    dscores = (values @ dmixed.swapaxes(-1, -2)).swapaxes(-1, -2)       # (..., T, U)  dm_t · v_u
    dscores -= np.vecdot(dmixed, mixed)[..., None]                      # dm_t · (v_u - m_t)
    dscores *= weights                                                  # through the softmax
    dscores *= 1 / math.sqrt(queries.shape[-1])
    dqueries = np.matmul(dscores, keys, out=out[0])                     # (..., T, d_h)
    dkeys = np.matmul(dscores.swapaxes(-1, -2), queries, out=out[1])    # (..., U, d_h)
    return dqueries, dkeys, dvalues


class MultiHeadAttention(Layer):
    """Attention between the places of a sequence, by several heads.   (N, T, d) -> (N, T, d)

    width: d, divisible by heads. causal: no place looks at a later one.
    out_scale: the deviation of the first output weights.
    After forward, `weights` (N, H, T, T) tells where each place looked.
    Raises ValueError for a width that the heads do not divide, and for an x of another shape.
    Source: Vaswani et al., Attention Is All You Need, 2017, section 3.2.2.
    """

    def __init__(self, width, heads, causal=True, out_scale=None):
        super().__init__()
        if heads < 1 or width % heads:
            raise ValueError(f"a width of {width} cannot be split over {heads} heads; "
                             "choose a width that is a multiple of the heads")
        self.width, self.heads, self.causal = width, heads, causal
        self.qkv = Linear(width, 3 * width)
        self.out = Linear(width, width, out_scale)

    def forward(self, x):
        if x.ndim != 3 or x.shape[-1] != self.width:
            raise ValueError(f"x has shape {x.shape}; this layer needs (N, T, {self.width}): N "
                             f"sequences of T places with {self.width} features")
        mask = causal_mask(x.shape[1]) if self.causal else None
        self.kept = self.parts(self.qkv(x))                             # queries, keys, values
        self.mixed, self.weights = attend(*self.kept, mask)
        return self.out(merge_heads(self.mixed))

    def backward(self, dy):
        dmixed = split_heads(self.out.backward(dy), self.heads)         # (N, H, T, d_h)
        dqkv = np.empty((*dy.shape[:-1], 3 * self.width), dy.dtype)     # (N, T, 3d)
        attend_backward(dmixed, *self.kept, self.mixed, self.weights, out=self.parts(dqkv))
        return self.qkv.backward(dqkv)                                  # (N, T, 3d) -> (N, T, d)

    def parts(self, qkv):
        """(N, T, 3d) -> three times (N, H, T, d_h), views of it."""
        d = self.width
        return [split_heads(qkv[..., i : i + d], self.heads) for i in (0, d, 2 * d)]
