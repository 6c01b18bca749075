"""Built from 05_attention.ipynb by `python -m tools.build`: edit it there."""

import math

import numpy as np

from helpers.arrays import causal_mask, one_hot, softmax
from helpers.layers import Layer, Linear


class Embedding(Layer):
    """A table of vectors, looked up by token.   tokens (...) -> (..., width)"""

    def __init__(self, size, width):
        super().__init__(W=(size, width))

    def initialize(self, rng):
        self.W[:] = rng.normal(0, 0.02, self.W.shape)

    def forward(self, tokens):
        self.tokens = tokens
        return self.W[tokens]

    def backward(self, dy):
        rows = dy.reshape(-1, dy.shape[-1])                             # (places, width)
        used = one_hot(self.tokens.reshape(-1), len(self.W), dy.dtype)  # (places, size)
        np.matmul(used.T, rows, out=self.dW)                            # (size, width)


def sinusoidal_positions(length, width):
    """A vector for each place: sines and cosines of wavelengths from 2π to 20000π.

    length: T. width: d, even. Returns (T, d) float64; sines in even columns, cosines in odd ones.
    Source: Vaswani et al., Attention Is All You Need, 2017, section 3.5.
    """
    if width % 2:
        raise ValueError(f"width is {width}; sines and cosines come in pairs, so it must be even")
    places = np.arange(length)[:, None]                                 # (T, 1)
    rates = 10_000.0 ** (-np.arange(0, width, 2) / width)               # (d/2,)
    angles = places * rates                                             # (T, d/2)
    return np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(length, width)


def attend(queries, keys, values, mask=None):
    """softmax(Q Kᵀ / sqrt(d_h)) V.

    queries, keys, values: (..., T, d_h). mask: (T, T), True where a row may look; None for all.
    Returns the mixed values (..., T, d_h) and the weights (..., T, T).
    Source: Vaswani et al., Attention Is All You Need, 2017, section 3.2.1.
    """
    scores = queries @ keys.swapaxes(-1, -2)                            # (..., T, T)
    scores *= 1 / math.sqrt(queries.shape[-1])
    if mask is not None:
        np.copyto(scores, -np.inf, where=~mask)
    weights = softmax(scores)                                           # rows sum to 1
    return weights @ values, weights


def attend_backward(dmixed, queries, keys, values, weights):
    """The gradients of `attend`: dqueries, dkeys, dvalues, each (..., T, d_h).

    dmixed: (..., T, d_h), the gradient with respect to the mixed values.
    weights: (..., T, T), as `attend` returned them.
    """
    dvalues = weights.swapaxes(-1, -2) @ dmixed                         # (..., T, d_h)
    dscores = dmixed @ values.swapaxes(-1, -2)                          # (..., T, T)  this is dp
    dscores -= np.einsum("...tu,...tu->...t", dscores, weights)[..., None]
    dscores *= weights                                                  # through the softmax
    dscores *= 1 / math.sqrt(queries.shape[-1])
    return dscores @ keys, dscores.swapaxes(-1, -2) @ queries, dvalues


def split_heads(x, heads):
    """(N, T, d) -> (N, H, T, d/H): every head gets its slice of the features. A view of x."""
    N, T, d = x.shape
    return x.reshape(N, T, heads, d // heads).swapaxes(1, 2)


def merge_heads(x):
    """(N, H, T, d/H) -> (N, T, d): the slices of all heads side by side again."""
    N, H, T, d_head = x.shape
    return x.swapaxes(1, 2).reshape(N, T, H * d_head)


class MultiHeadAttention(Layer):
    """Attention between the places of a sequence, by several heads.   (N, T, d) -> (N, T, d)

    width: d, divisible by heads. causal: no place looks at a later one.
    out_scale: the deviation of the first output weights.
    Source: Vaswani et al., Attention Is All You Need, 2017, section 3.2.2.
    """

    def __init__(self, width, heads, causal=True, out_scale=None):
        super().__init__()
        if width % heads:
            raise ValueError(f"a width of {width} cannot be split over {heads} heads; "
                             "choose a width that is a multiple of the heads")
        self.heads, self.causal = heads, causal
        self.qkv = Linear(width, 3 * width)
        self.out = Linear(width, width, out_scale)

    def forward(self, x):
        mask = causal_mask(x.shape[1]) if self.causal else None
        parts = np.split(self.qkv(x), 3, axis=-1)                       # 3 times (N, T, d)
        self.kept = [split_heads(part, self.heads) for part in parts]   # 3 times (N, H, T, d_h)
        mixed, self.weights = attend(*self.kept, mask)
        return self.out(merge_heads(mixed))

    def backward(self, dy):
        dmixed = split_heads(self.out.backward(dy), self.heads)         # (N, H, T, d_h)
        parts = attend_backward(dmixed, *self.kept, self.weights)
        dqkv = np.concatenate([merge_heads(part) for part in parts], axis=-1)
        return self.qkv.backward(dqkv)                                  # (N, T, 3d) -> (N, T, d)
