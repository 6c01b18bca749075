"""Draft."""
import math
from time import perf_counter

import numpy as np
from tqdm.auto import tqdm

from helpers import guards
from helpers.attention import Embedding
from helpers.layers import GELU, Layer, Linear, Sequential, parameters
from helpers.optimizers import Adam, Optimizer
from helpers.transformer import (
    LayerNorm,
    Transformer,
    Workers,
    can_start_threads,
    look,
    sample_batch,
    token_losses,
)


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


class Gate(Layer):
    def forward(self, x):
        self.a, self.b = np.split(x, 2, axis=-1)
        self.sigmoid = 0.5 * (np.tanh(0.5 * self.a) + 1)
        return self.a * self.sigmoid * self.b

    def backward(self, dy):
        swish = self.a * self.sigmoid
        da = dy * self.b * (self.sigmoid + swish * (1 - self.sigmoid))
        return np.concatenate([da, dy * swish], axis=-1)


class QKNorm(Layer):
    def __init__(self, heads):
        super().__init__()
        self.heads, self.norm = heads, RMSNorm()

    def forward(self, qkv):
        qk, v = np.split(qkv, [2 * qkv.shape[-1] // 3], axis=-1)
        y = self.norm(qk.reshape(*qk.shape[:-1], 2 * self.heads, -1))
        return np.concatenate([y.reshape(qk.shape), v], axis=-1)

    def backward(self, dqkv):
        dqk, dv = np.split(dqkv, [2 * dqkv.shape[-1] // 3], axis=-1)
        dx = self.norm.backward(dqk.reshape(*dqk.shape[:-1], 2 * self.heads, -1))
        return np.concatenate([dx.reshape(dqk.shape), dv], axis=-1)


class ModernTransformer(Transformer):
    def __init__(self, vocab_size, context, width, heads, blocks):
        super().__init__(vocab_size, context, width, heads, blocks)
        for block in self.blocks:
            block.norm_1, block.norm_2 = RMSNorm(), RMSNorm()
            block.attention.qkv = Sequential(Linear(width, 3 * width, bias=False), QKNorm(heads))
            block.attention.out = Linear(width, width, scale=0, bias=False)
            block.mlp = Sequential(Linear(width, 4 * width, bias=False), ReLUSquared(),
                                   Linear(4 * width, width, scale=0, bias=False))
        self.token = Embedding(vocab_size, width, scale=1)
        self.norm = RMSNorm()
        self.head = Linear(width, vocab_size, scale=0, bias=False)


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
        rows, x = dlogits.reshape(-1, dlogits.shape[-1]), self.x.reshape(-1, self.x.shape[-1])
        self.shared["table"].from_head = rows.T @ x
        return dlogits @ self.shared["table"].W


def without(model, *ideas):
    V, T, d = (model.config[key] for key in ("vocab_size", "context", "width"))
    for block in model.blocks:
        attention, (up, _, down) = block.attention, block.mlp.layers
        if "RMSNorm" in ideas:
            block.norm_1, block.norm_2 = LayerNorm(d), LayerNorm(d)
        if "ReLU²" in ideas:
            block.mlp.layers[1] = GELU()
        if "ReLU² for a gate" in ideas:
            h = 8 * d // 3
            block.mlp = Sequential(Linear(d, 2 * h, bias=False), Gate(),
                                   Linear(h, d, scale=0, bias=False))
        if "QK-norm" in ideas:
            attention.qkv.layers.pop()
        if "rotary" in ideas:
            attention.rotary = False
        if "no biases" in ideas:
            attention.qkv.layers[0], attention.out = Linear(d, 3 * d), Linear(d, d, scale=0)
            block.mlp.layers[::2] = Linear(d, 4 * d), Linear(4 * d, d, scale=0)
        if "start at 0" in ideas:
            shrink = 1 / math.sqrt(2 * len(model.blocks))
            attention.out.scale, block.mlp.layers[2].scale = shrink / d**0.5, shrink / (4 * d)**0.5
    if "RMSNorm" in ideas:
        model.norm = LayerNorm(d)
    if "rotary" in ideas:
        model.position = Embedding(T, d, scale=POS)
    if "start at 0" in ideas:
        model.head.scale = 0.02
    if "untied head" in ideas:
        model.token = TiedTable(V, d, scale=1 / math.sqrt(d))
        model.head = TiedHead(model.token)
    return model

POS = 1.0

def newton_schulz(G, iterations=5):
    a, b, c = 3.4445, -4.7750, 2.0315
    X = G if G.shape[0] <= G.shape[1] else G.T
    X = X / (np.linalg.norm(X) + 1e-7)
    for _ in range(iterations):
        A = X @ X.T
        X = a * X + (b * A + c * A @ A) @ X
    return X if G.shape[0] <= G.shape[1] else X.T


class Muon(Optimizer):
    def __init__(self, theta, learning_rate=0.02, beta=0.95, iterations=5):
        super().__init__(theta, learning_rate)
        self.beta, self.iterations, self.v = beta, iterations, np.zeros_like(theta)

    def update(self, gradient, alpha):
        self.v = self.beta * self.v + gradient
        ahead = gradient + self.beta * self.v
        n_in, n_out = self.theta.shape
        alpha *= math.sqrt(max(1, n_out / n_in))
        self.theta -= alpha * newton_schulz(ahead, self.iterations)


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


@np.errstate(under="ignore")
def train_modern(model, tokens, steps, batch_size=6, muon_rate=0.02, adam_rate=3e-3, iterations=5,
                 schedule=hold_then_fall, workers=2, seed=0, validation=None, every=250,
                 on_check=None, progress=True):
    guards.training(model, tokens, steps, batch_size)
    rng, seconds = np.random.default_rng(seed), 0.0
    history = {"loss": [], "checked": [], "validation": []}
    bar = tqdm(range(steps), desc="training", leave=False, disable=not progress, mininterval=1)
    pairs = optimizers_for(model, muon_rate, adam_rate, iterations)
    with Workers(model, min(workers, batch_size) if can_start_threads() else 1) as team:
        try:
            for step in bar:
                started = perf_counter()
                batch = sample_batch(tokens, batch_size, model.config["context"], rng)
                loss = float(team.loss_and_gradient(*batch))
                guards.finite_loss(loss, step)
                share = schedule(step, steps)
                team.run(lambda pair, share=share:
                         pair[0].step(pair[1], share * pair[0].learning_rate), pairs)
                history["loss"].append(loss)
                seconds += perf_counter() - started
                if (step + 1) % every == 0 or step + 1 == steps:
                    look(history, step + 1, model, validation, on_check, bar)
        except KeyboardInterrupt:
            print(f"stopped after {len(history['loss'])} steps; the model keeps what it learned")
    return {key: np.array(values) for key, values in history.items()} | {"seconds": seconds}


def loss_by_place(model, tokens, batch_size=16):
    T = model.config["context"]
    places = np.arange(0, len(tokens) - T, T)[:, None] + np.arange(T)
    batches = [places[i : i + batch_size] for i in range(0, len(places), batch_size)]
    return sum(token_losses(model, tokens[rows], tokens[rows + 1]).sum(axis=0, dtype=float)
               for rows in batches) / len(places)
