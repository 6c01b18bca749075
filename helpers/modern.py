"""Draft."""
import math
from time import perf_counter

import numpy as np
from tqdm.auto import tqdm

from helpers.arrays import causal_mask
from helpers.attention import Embedding, attend, attend_backward, merge_heads, split_heads
from helpers.layers import GELU, Layer, parameters
from helpers.layers import Linear as OldLinear
from helpers.optimizers import Adam, Optimizer
from helpers.transformer import LayerNorm, Workers, can_start_threads, evaluate, sample_batch


class Linear(Layer):
    def __init__(self, n_in, n_out, scale=None, bias=True):
        super().__init__(W=(n_in, n_out), **({"b": (n_out,)} if bias else {}))
        self.bias = bias
        self.scale = 1 / math.sqrt(n_in) if scale is None else scale

    def initialize(self, rng):
        self.W[:] = rng.normal(0, self.scale, self.W.shape)

    def forward(self, x):
        self.x = x.reshape(-1, x.shape[-1])
        y = self.x @ self.W
        if self.bias:
            y += self.b
        return y.reshape(*x.shape[:-1], -1)

    def backward(self, dy):
        rows = dy.reshape(-1, dy.shape[-1])
        np.matmul(self.x.T, rows, out=self.dW)
        if self.bias:
            np.sum(rows, axis=0, out=self.db)
        return (rows @ self.W.T).reshape(*dy.shape[:-1], -1)


def rotary_tables(length, width, base=10_000.0, dtype=np.float64):
    rates = base ** (-2 * np.arange(width // 2) / width)
    angles = np.arange(length)[:, None] * rates
    return np.cos(angles).astype(dtype), np.sin(angles).astype(dtype)


def rotate(x, cos, sin):
    half = x.shape[-1] // 2
    first, second = x[..., :half], x[..., half:]
    return np.concatenate([first * cos - second * sin, first * sin + second * cos], axis=-1)


class RMSNorm(Layer):
    def __init__(self, epsilon=1e-6):
        super().__init__()
        self.epsilon = epsilon

    def forward(self, x):
        mean_square = np.vecdot(x, x)[..., None] / x.shape[-1]
        self.scale = 1 / np.sqrt(mean_square + self.epsilon)
        self.y = x * self.scale
        return self.y

    def backward(self, dy):
        stretch = np.vecdot(dy, self.y)[..., None] / dy.shape[-1]
        return (dy - stretch * self.y) * self.scale


class ReLUSquared(Layer):
    def forward(self, x):
        self.positive = np.maximum(x, 0)
        return self.positive * self.positive

    def backward(self, dy):
        return 2 * self.positive * dy


class Gated(Layer):
    def forward(self, x):
        self.gate, self.value = np.split(x, 2, axis=-1)
        self.sigmoid = 0.5 * (np.tanh(0.5 * self.gate) + 1)
        return self.gate * self.sigmoid * self.value

    def backward(self, dy):
        swish = self.gate * self.sigmoid
        dgate = dy * self.value * (self.sigmoid + swish * (1 - self.sigmoid))
        return np.concatenate([dgate, dy * swish], axis=-1)


class ModernAttention(Layer):
    def __init__(self, width, heads, base=1000.0, qk_norm=True, rotary=True):
        super().__init__()
        self.width, self.heads, self.base = width, heads, base
        self.rotary, self.qk_norm = rotary, qk_norm
        self.qkv = Linear(width, 3 * width, bias=False)
        self.norm = RMSNorm()
        self.out = Linear(width, width, scale=0, bias=False)

    def forward(self, x):
        H = self.heads
        qkv = split_heads(self.qkv(x), 3 * H)                           # (N, 3H, T, d_h)
        qk = qkv[:, : 2 * H]
        if self.qk_norm:
            qk = self.norm(qk)
        if self.rotary:
            self.tables = rotary_tables(x.shape[1], self.width // H, self.base, x.dtype)
            qk = rotate(qk, *self.tables)
        self.kept = qk[:, :H], qk[:, H:], qkv[:, 2 * H :]
        self.mixed, self.weights = attend(*self.kept, causal_mask(x.shape[1]))
        return self.out(merge_heads(self.mixed))

    def backward(self, dy):
        H = self.heads
        dmixed = split_heads(self.out.backward(dy), H)
        dq, dk, dv = attend_backward(dmixed, *self.kept, self.mixed, self.weights)
        dqk = np.concatenate([dq, dk], axis=1)
        if self.rotary:
            cos, sin = self.tables
            dqk = rotate(dqk, cos, -sin)
        if self.qk_norm:
            dqk = self.norm.backward(dqk)
        return self.qkv.backward(merge_heads(np.concatenate([dqk, dv], axis=1)))


class ModernBlock(Layer):
    def __init__(self, width, heads, base=1000.0):
        super().__init__()
        self.norm_1 = RMSNorm()
        self.attention = ModernAttention(width, heads, base)
        self.norm_2 = RMSNorm()
        self.up = Linear(width, 4 * width, bias=False)
        self.bend = ReLUSquared()
        self.down = Linear(4 * width, width, scale=0, bias=False)

    def forward(self, x):
        x = x + self.attention(self.norm_1(x))
        return x + self.down(self.bend(self.up(self.norm_2(x))))

    def backward(self, dx):
        dx = dx + self.norm_2.backward(
            self.up.backward(self.bend.backward(self.down.backward(dx))))
        return dx + self.norm_1.backward(self.attention.backward(dx))


class ModernTransformer(Layer):
    def __init__(self, vocab_size, context, width, heads, blocks, base=1000.0):
        super().__init__()
        self.config = {"vocab_size": vocab_size, "context": context, "width": width,
                       "heads": heads, "blocks": blocks, "base": base}
        self.token = Embedding(vocab_size, width, scale=1)
        self.blocks = [ModernBlock(width, heads, base) for _ in range(blocks)]
        self.norm = RMSNorm()
        self.head = Linear(width, vocab_size, scale=0, bias=False)

    def forward(self, tokens):
        x = self.token(tokens)
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))

    def backward(self, dlogits):
        dx = self.norm.backward(self.head.backward(dlogits))
        for block in reversed(self.blocks):
            dx = block.backward(dx)
        self.token.backward(dx)


class Placed(Layer):
    def __init__(self, vocab_size, context, width, scale):
        super().__init__()
        self.table = Embedding(vocab_size, width, scale)
        self.position = Embedding(context, width, 0.2 * scale)

    def forward(self, tokens):
        return self.table(tokens) + self.position(np.arange(tokens.shape[1]))

    def backward(self, dy):
        self.table.backward(dy)
        self.position.backward(dy.sum(axis=0))


class TiedTable(Embedding):
    def backward(self, dy):
        super().backward(dy)
        self.dW += self.from_head


class TiedHead(Layer):
    def __init__(self, table):
        super().__init__()
        self.shared = {"table": table}

    def forward(self, x):
        self.x = x
        return x @ self.shared["table"].W.T

    def backward(self, dlogits):
        rows = dlogits.reshape(-1, dlogits.shape[-1])
        self.shared["table"].from_head = rows.T @ self.x.reshape(len(rows), -1)
        return dlogits @ self.shared["table"].W


def without(model, *ideas):
    V, T, d = (model.config[key] for key in ("vocab_size", "context", "width"))
    small = 1 / math.sqrt(2 * len(model.blocks) * d)
    for block in model.blocks:
        attention = block.attention
        if "RMSNorm" in ideas:
            block.norm_1, block.norm_2 = LayerNorm(d), LayerNorm(d)
        if "ReLU²" in ideas:
            block.bend = GELU()
        if "ReLU² for a gate" in ideas:
            hidden = 8 * d // 3
            block.up, block.bend = Linear(d, 2 * hidden, bias=False), Gated()
            block.down = Linear(hidden, d, scale=0, bias=False)
        if "QK-norm" in ideas:
            attention.qk_norm = False
        if "rotary" in ideas:
            attention.rotary = False
        if "no biases" in ideas:
            attention.qkv, attention.out = Linear(d, 3 * d), Linear(d, d, scale=0)
            block.up, block.down = Linear(d, 4 * d), Linear(4 * d, d, scale=0)
        if "start at 0" in ideas:
            attention.out.scale = block.down.scale = small
    if "RMSNorm" in ideas:
        model.norm = LayerNorm(d)
    if "rotary" in ideas:
        model.token = Placed(V, T, d, scale=1)
    if "start at 0" in ideas:
        model.head.scale = 0.02
    if "untied head" in ideas:
        model.token = TiedTable(V, d, scale=1 / math.sqrt(d))
        model.head = TiedHead(model.token)
    return model


def newton_schulz(G, iterations=5):
    a, b, c = 3.4445, -4.7750, 2.0315
    wide = G.shape[-2] <= G.shape[-1]
    X = G if wide else G.swapaxes(-1, -2)
    X = X / (np.linalg.norm(X) + 1e-7)
    for _ in range(iterations):
        A = X @ X.swapaxes(-1, -2)
        X = a * X + (b * A + c * A @ A) @ X
    return X if wide else X.swapaxes(-1, -2)


class Muon(Optimizer):
    def __init__(self, theta, learning_rate=0.02, beta=0.95, iterations=5):
        super().__init__(theta, learning_rate)
        self.beta, self.iterations, self.v = beta, iterations, np.zeros_like(theta)
        n_in, n_out = theta.shape[-2:]
        self.size = math.sqrt(max(1, n_out / n_in))

    def update(self, gradient, alpha):
        self.v *= self.beta
        self.v += gradient
        ahead = gradient + self.beta * self.v
        self.theta -= alpha * self.size * newton_schulz(ahead, self.iterations)


def hold_then_fall(step, steps, fall=0.6):
    return min(1.0, (steps - step) / (fall * steps))


def optimizers_for(model, muon_rate=0.02, adam_rate=3e-3, iterations=5):
    pairs = []
    for name, layer, key in parameters(model):
        theta, grad = getattr(layer, key), getattr(layer, f"d{key}")
        if name.startswith("blocks") and theta.ndim == 2 and muon_rate:
            pairs.append((Muon(theta, muon_rate, iterations=iterations), grad))
        else:
            pairs.append((Adam(theta, adam_rate, betas=(0.9, 0.95)), grad))
    return pairs


def train_modern(model, tokens, steps, batch_size=6, muon_rate=0.02, adam_rate=3e-3, iterations=5,
                 schedule=hold_then_fall, workers=2, seed=0, validation=None, every=250,
                 on_check=None, progress=True):
    rng = np.random.default_rng(seed)
    history = {"loss": [], "checked": [], "validation": [], "seconds": 0.0}
    workers = min(workers, batch_size) if can_start_threads() else 1
    started = perf_counter()
    pairs = optimizers_for(model, muon_rate, adam_rate, iterations)
    with Workers(model, workers) as team:
        for step in tqdm(range(steps), leave=False, disable=not progress, mininterval=1):
            loss = team.loss_and_gradient(
                *sample_batch(tokens, batch_size, model.config["context"], rng))
            share = schedule(step, steps)
            team.run(lambda pair, share=share: pair[0].step(pair[1], share * pair[0].learning_rate),
                     pairs)
            history["loss"].append(float(loss))
            if (step + 1) % every == 0 or step + 1 == steps:
                if validation is not None:
                    before = perf_counter()
                    history["checked"].append(step + 1)
                    history["validation"].append(evaluate(model, validation, windows=100))
                    started += perf_counter() - before
    history["seconds"] = perf_counter() - started
    return history


def loss_by_place(model, tokens, batch_size=16):
    T = model.config["context"]
    starts = np.arange(0, len(tokens) - T, T)
    places = starts[:, None] + np.arange(T)
    total = np.zeros(T)
    for i in range(0, len(places), batch_size):
        rows = places[i : i + batch_size]
        logits = model(tokens[rows])
        shifted = logits - logits.max(axis=-1, keepdims=True)
        chosen = np.take_along_axis(shifted, tokens[rows + 1][..., None], axis=-1)[..., 0]
        total += (np.log(np.exp(shifted).sum(axis=-1)) - chosen).sum(axis=0)
    return total / len(places)
