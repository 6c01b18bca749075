"""Built from 07_modern_transformer.ipynb by `python -m tools.build`: edit it there."""

import math

import numpy as np

from helpers import guards
from helpers.arrays import causal_mask
from helpers.attention import (Embedding, MultiHeadAttention, merge_heads, rotary_tables, rotate,
                               split_heads)
from helpers.layers import Layer, Linear, Sequential
from helpers.optimizers import Optimizer
from helpers.transformer import Transformer


class RMSNorm(Layer):
    """Every row divided by the root of its mean square; no parameters.   (..., d) -> (..., d)

    Source: Zhang and Sennrich, Root Mean Square Layer Normalization, 2019, section 4.
    """

    def __init__(self, epsilon=1e-6):
        super().__init__()
        self.epsilon = epsilon

    def forward(self, x):
        mean_square = np.vecdot(x, x)[..., None] / x.shape[-1]          # (..., 1)
        self.r = np.sqrt(mean_square + self.epsilon)
        self.y = x / self.r
        return self.y

    def backward(self, dy):
        stretch = np.vecdot(dy, self.y)[..., None] / dy.shape[-1]       # (..., 1)  mean of dy y
        return (dy - stretch * self.y) / self.r


class ReLUSquared(Layer):
    """max(x, 0)².   (...) -> (...), entry by entry.

    Source: So et al., Primer: Searching for Efficient Transformers for Language Modeling, 2021.
    """

    def forward(self, x):
        self.positive = np.maximum(x, 0)
        return self.positive * self.positive

    def backward(self, dy):
        return 2 * self.positive * dy


class QKNorm(Layer):
    """RMSNorm, times a gain, for each head's query and key.   (N, T, 3d) -> (N, T, 3d)

    heads: H. The features are queries, keys and values, d of each; values pass.
    Source: Henry et al., Query-Key Normalization for Transformers, 2020.
    """

    def __init__(self, heads, gain=1.5):
        super().__init__()
        self.heads, self.gain, self.norm = heads, gain, RMSNorm()

    def forward(self, qkv):
        cut = 2 * qkv.shape[-1] // 3
        qk, v = qkv[..., :cut], qkv[..., cut:]                          # (N, T, 2d), (N, T, d)
        y = self.gain * self.norm(qk.reshape(*qk.shape[:-1], 2 * self.heads, -1))
        return np.concatenate([y.reshape(qk.shape), v], axis=-1)        # y (N, T, 2H, d_h)

    def backward(self, dqkv):
        cut = 2 * dqkv.shape[-1] // 3
        dqk, dv = dqkv[..., :cut], dqkv[..., cut:]
        dy = self.gain * dqk.reshape(*dqk.shape[:-1], 2 * self.heads, -1)
        return np.concatenate([self.norm.backward(dy).reshape(dqk.shape), dv], axis=-1)


class BlockedAttention(MultiHeadAttention):
    """Causal attention, 64 queries at a time: no score that the mask would hide.   (N, T, d)"""

    def forward(self, x):
        T, d_head = x.shape[1], self.width // self.heads
        q, k, v = (split_heads(part, self.heads) for part in np.split(self.qkv(x), 3, axis=-1))
        if self.rotary:
            self.cos, self.sin = rotary_tables(T, d_head, dtype=x.dtype)
            q, k = rotate(q, self.cos, self.sin), rotate(k, self.cos, self.sin)
        self.kept, self.mixed, self.pieces = (q, k, v), np.empty_like(v), []
        for start in range(0, T, 64):
            some, seen = slice(start, start + 64), slice(0, start + 64)
            w = q[:, :, some] @ k[:, :, seen].swapaxes(-1, -2)          # (N, H, 64, seen)
            w *= 1 / math.sqrt(d_head)
            np.copyto(w[..., start:], -np.inf, where=~causal_mask(w.shape[2]))
            w -= w.max(axis=-1, keepdims=True)
            np.exp(w, out=w)
            w /= w.sum(axis=-1, keepdims=True)
            self.mixed[:, :, some] = w @ v[:, :, seen]
            self.pieces.append((some, seen, w))
        return self.out(merge_heads(self.mixed))

    def backward(self, dy):
        dmixed, (q, k, v) = split_heads(self.out.backward(dy), self.heads), self.kept
        dq, dk, dv = np.empty_like(q), np.zeros_like(k), np.zeros_like(v)
        for some, seen, w in self.pieces:
            dm = dmixed[:, :, some]                                     # (N, H, 64, d_h)
            dv[:, :, seen] += w.swapaxes(-1, -2) @ dm
            dw = dm @ v[:, :, seen].swapaxes(-1, -2)                    # (N, H, 64, seen)
            dw -= np.vecdot(dm, self.mixed[:, :, some])[..., None]
            dw *= w
            dw *= 1 / math.sqrt(q.shape[-1])
            dq[:, :, some] = dw @ k[:, :, seen]
            dk[:, :, seen] += dw.swapaxes(-1, -2) @ q[:, :, some]
        if self.rotary:
            dq, dk = rotate(dq, self.cos, -self.sin), rotate(dk, self.cos, -self.sin)
        return self.qkv.backward(np.concatenate([merge_heads(x) for x in (dq, dk, dv)], axis=-1))

    @property
    def weights(self):
        """Where each place looked, put together.   (N, H, T, T)"""
        N, H, T, _ = self.mixed.shape
        whole = np.zeros((N, H, T, T), self.mixed.dtype)
        for some, seen, w in self.pieces:
            whole[:, :, some, seen] = w
        return whole


class ModernTransformer(Transformer):
    """The transformer of notebook 06 with newer parts.   tokens (N, T) -> logits (N, T, V)

    The arguments are those of `Transformer`. Positions are rotary; norms are RMSNorm, also of
    queries and keys; the MLP has a ReLU²; no biases; branches and head start at 0.
    """

    def __init__(self, vocab_size, context, width, heads, blocks):
        super().__init__(vocab_size, context, width, heads, blocks)
        for block in self.blocks:
            block.norm_1, block.norm_2 = RMSNorm(), RMSNorm()
            block.attention = BlockedAttention(width, heads, rotary=True)
            block.attention.qkv = Sequential(Linear(width, 3 * width, bias=False), QKNorm(heads))
            block.attention.out = Linear(width, width, scale=0, bias=False)
            block.mlp = Sequential(Linear(width, 4 * width, bias=False), ReLUSquared(),
                                   Linear(4 * width, width, scale=0, bias=False))
        self.token = Embedding(vocab_size, width, scale=1)              # a row has the size 1
        self.norm = RMSNorm()
        self.head = Linear(width, vocab_size, scale=0, bias=False)


def newton_schulz(G, turns=5):
    """Nearly the orthogonal factor U Vᵀ of a matrix: its singular values become about 1.

    G: (m, n) floats. turns: five for values that differ a hundredfold. A matrix of 0 stays 0.
    Source: Jordan et al., Muon: An optimizer for hidden layers in neural networks, 2024.
    """
    guards.matrix(G)
    tall = G.shape[0] > G.shape[1]
    X = G.T if tall else G
    X = X / (np.linalg.norm(X) + 1e-12)
    for _ in range(turns):
        A = X @ X.T                                                     # the smaller square
        X = 3.4445 * X + (-4.7750 * A + 2.0315 * A @ A) @ X
    return X.T if tall else X


class Muon(Optimizer):
    """Momentum, whose matrix is then made orthogonal: v ← β v + g, θ ← θ - α NS(g + β v).

    theta: one matrix (n_in, n_out). turns: of `newton_schulz`. A matrix that widens gets steps
    longer by sqrt(n_out / n_in).
    Source: Jordan et al., Muon: An optimizer for hidden layers in neural networks, 2024.
    """

    def __init__(self, theta, learning_rate=0.02, beta=0.95, turns=5):
        super().__init__(theta, learning_rate)
        guards.matrix(theta)
        self.beta, self.turns, self.v = beta, turns, np.zeros_like(theta)

    def update(self, gradient, alpha):
        self.v = self.beta * self.v + gradient
        n_in, n_out = self.theta.shape
        alpha *= math.sqrt(max(1, n_out / n_in))
        self.theta -= alpha * newton_schulz(gradient + self.beta * self.v, self.turns)
