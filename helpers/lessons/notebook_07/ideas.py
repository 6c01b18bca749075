"""Built from 07_modern_transformer.ipynb by `python -m tools.build`: edit it there."""

import math
from types import SimpleNamespace

import numpy as np

from helpers import guards
from helpers.attention import Embedding
from helpers.layers import GELU, Layer, Linear, Sequential
from helpers.transformer import LayerNorm, token_losses


class Gate(Layer):
    """swish(a) b, where a and b are the two halves of a row.   (..., 2h) -> (..., h)

    Source: Shazeer, GLU Variants Improve Transformer, 2020, section 2 (SwiGLU).
    """

    def forward(self, x):
        guards.even(x, "Gate")
        self.a, self.b = np.split(x, 2, axis=-1)                        # (..., h) each
        self.s = 0.5 * (np.tanh(0.5 * self.a) + 1)                      # 1 / (1 + exp(-a))
        return self.a * self.s * self.b

    def backward(self, dy):
        swish = self.a * self.s
        da = dy * self.b * (self.s + swish * (1 - self.s))
        return np.concatenate([da, dy * swish], axis=-1)                # (..., 2h)


class TiedTable(Embedding):
    """A token table that is also the head: its gradient is the sum of both uses."""

    def backward(self, dy):
        super().backward(dy)
        self.dW += self.from_head


class TiedHead(Layer):
    """logits = x Wᵀ with the W of a table.   (N, T, d) -> (N, T, V)"""

    def __init__(self, table):
        super().__init__()
        self.shared = SimpleNamespace(table=table)                      # so that `walk` skips it

    def forward(self, x):
        self.x = x
        return x @ self.shared.table.W.T

    def backward(self, dlogits):
        rows, x = (part.reshape(-1, part.shape[-1]) for part in (dlogits, self.x))
        self.shared.table.from_head = rows.T @ x                     # (V, d)
        return dlogits @ self.shared.table.W


def without(model, *ideas):
    """Put the older part back in the place of each idea. To be called before `flatten`."""
    T, d = model.config["context"], model.config["width"]
    shrink = 1 / math.sqrt(2 * len(model.blocks))
    for block in model.blocks:
        attention, (_, _, down) = block.attention, block.mlp.layers
        if "rotary" in ideas:
            attention.rotary, model.position = False, Embedding(T, d, scale=1)
        if "RMSNorm" in ideas:
            block.norm_1, block.norm_2, model.norm = (LayerNorm(d) for _ in range(3))
        if "ReLU²" in ideas:
            block.mlp.layers[1] = GELU()
        if "gain" in ideas:
            attention.qkv.layers[1].gain = 1.0
        if "QK-norm" in ideas:
            attention.qkv.layers.pop()
        if "start at 0" in ideas:
            attention.out.scale, down.scale = shrink / math.sqrt(d), shrink / math.sqrt(4 * d)
            model.head.scale = 0.02
        if "no biases" in ideas:
            attention.qkv.layers[0], attention.out = Linear(d, 3 * d), Linear(d, d, scale=0)
            block.mlp.layers[::2] = Linear(d, 4 * d), Linear(4 * d, d, scale=0)
        if "ReLU² for a gate" in ideas:
            h = 8 * d // 3                                              # as many parameters
            block.mlp = Sequential(Linear(d, 2 * h, bias=False), Gate(),
                                   Linear(h, d, scale=0, bias=False))
    if "untied head" in ideas:
        model.token = TiedTable(model.config["vocab_size"], d, scale=1 / math.sqrt(d))
        model.head = TiedHead(model.token)
    return model


def loss_by_place(model, tokens):
    """The mean loss at each place of the windows of a text, laid end to end.   (L,) -> (T,) nats"""
    T = model.config["context"]
    starts = np.arange(0, len(tokens) - T, T)
    places = starts[:, None] + np.arange(T)                             # (windows, T)
    return sum(token_losses(model, tokens[rows], tokens[rows + 1]).sum(axis=0, dtype=float)
               for rows in np.array_split(places, -(-places.size // 1024))) / len(places)
