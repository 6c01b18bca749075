"""Built from 06_mini_generative_transformer.ipynb by `python -m tools.build`: edit it there."""

import copy
import json
import math
import os
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from time import perf_counter

import numpy as np
from tqdm.auto import tqdm

from helpers import guards
from helpers.arrays import softmax
from helpers.attention import (Embedding, MultiHeadAttention, attend, merge_heads, rotary_tables,
                               rotate, split_heads)
from helpers.data import CharTokenizer
from helpers.layers import GELU, Layer, Linear, Sequential, SoftmaxCrossEntropy, flatten, is_matrix
from helpers.optimizers import Adam, clip_gradient, warmup_cosine


class LayerNorm(Layer):
    """Every row to mean 0 and deviation 1, then γ and β.   (..., d) -> (..., d)

    Source: Ba, Kiros and Hinton, Layer Normalization, 2016, section 3.
    """

    def __init__(self, width, epsilon=1e-5):
        super().__init__(gamma=(width,), beta=(width,))
        self.epsilon = epsilon

    def initialize(self, rng):
        self.gamma[:] = 1

    def forward(self, x):
        guards.features(x, self.gamma.size, f"LayerNorm({self.gamma.size})")
        centered = x - x.mean(axis=-1, keepdims=True)                   # (..., d)
        variance = (centered * centered).mean(axis=-1, keepdims=True)   # (..., 1)
        self.sigma = np.sqrt(variance + self.epsilon)
        self.x_hat = centered / self.sigma
        return self.gamma * self.x_hat + self.beta

    def backward(self, dy):
        rows = tuple(range(dy.ndim - 1))                                # all axes but the last
        self.dgamma[:] = (dy * self.x_hat).sum(axis=rows)               # (d,)
        self.dbeta[:] = dy.sum(axis=rows)
        dx_hat = dy * self.gamma                                        # (..., d)
        shift = dx_hat.mean(axis=-1, keepdims=True)                     # (..., 1)
        stretch = (dx_hat * self.x_hat).mean(axis=-1, keepdims=True)
        return (dx_hat - shift - self.x_hat * stretch) / self.sigma


class Block(Layer):
    """Attention, then a two-layer network, each added to the stream.   (N, T, d) -> (N, T, d)

    width, heads, causal, rotary: as for MultiHeadAttention.
    shrink: a factor for the first weights of the last layer of each branch.
    Source: Radford et al., Language Models are Unsupervised Multitask Learners, 2019, section 2.3.
    """

    def __init__(self, width, heads, causal=True, rotary=False, shrink=1.0):
        super().__init__()
        out_scale, down_scale = shrink / math.sqrt(width), shrink / math.sqrt(4 * width)
        self.norm_1 = LayerNorm(width)
        self.attention = MultiHeadAttention(width, heads, causal, out_scale, rotary)
        self.norm_2 = LayerNorm(width)
        self.mlp = Sequential(Linear(width, 4 * width), GELU(),
                              Linear(4 * width, width, down_scale))

    def forward(self, x):
        x = x + self.attention(self.norm_1(x))
        return x + self.mlp(self.norm_2(x))

    def backward(self, dy):
        dy = dy + self.norm_2.backward(self.mlp.backward(dy))
        return dy + self.norm_1.backward(self.attention.backward(dy))


class Transformer(Layer):
    """A decoder-only transformer.   tokens (N, T) -> logits (N, T, V)

    vocab_size: V. context: the longest T. width: d. heads: H, which divide d. blocks: B.
    causal: False to see what goes wrong without the mask. positions: "rotary", inside the
    attention, or "learned", a vector for each place. Raises for sizes or tokens that do not fit.
    Source: Radford et al. 2019 (title at Block), section 2.3; Su et al., RoFormer, 2021.
    """

    def __init__(self, vocab_size, context, width, heads, blocks, causal=True, positions="rotary"):
        super().__init__()
        self.config = {"vocab_size": vocab_size, "context": context, "width": width,
                       "heads": heads, "blocks": blocks, "causal": causal, "positions": positions}
        guards.transformer(**self.config)
        self.token = Embedding(vocab_size, width, scale=0.2)
        learned, shrink = positions == "learned", 1 / math.sqrt(2 * blocks)
        self.position = Embedding(context, width, scale=0.2) if learned else None
        self.blocks = [Block(width, heads, causal, not learned, shrink) for _ in range(blocks)]
        self.norm = LayerNorm(width)
        self.head = Linear(width, vocab_size, scale=0.02)               # nearly even guesses

    def embed(self, tokens, first=0):
        """The stream before the first block; the first token stands at place `first`."""
        x = self.token(tokens)                                          # (N, T, d)
        if self.position is None:
            return x
        return x + self.position(np.arange(first, first + tokens.shape[1]))

    @np.errstate(under="ignore")
    def forward(self, tokens):
        guards.tokens(tokens, self.config["vocab_size"], self.config["context"])
        x = self.embed(tokens)
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))                                  # (N, T, V)

    @np.errstate(under="ignore")
    def backward(self, dlogits):
        dx = self.norm.backward(self.head.backward(dlogits))            # (N, T, d)
        for block in reversed(self.blocks):
            dx = block.backward(dx)
        self.token.backward(dx)
        if self.position is not None:
            self.position.backward(dx.sum(axis=0))                      # all sequences share it


def sample_batch(tokens, batch_size, context, rng):
    """Draw N = batch_size windows of T = context tokens from a text (L,), each with what follows.

    Returns inputs (N, T) and targets (N, T); targets[i, t] follows inputs[i, t] in the text.
    """
    starts = rng.integers(0, len(tokens) - context, batch_size)         # (N,)
    places = starts[:, None] + np.arange(context)                       # (N, T)
    return tokens[places], tokens[places + 1]


def loss_and_gradient(model, inputs, targets, share=1.0):
    """The loss of a batch in nats; its gradient, times `share`, is written to `model.grad`.

    inputs, targets: (N, T) tokens. share: of a larger batch that these windows are a part of.
    """
    criterion = SoftmaxCrossEntropy()
    loss = criterion(model(inputs), targets)
    model.backward(criterion.backward() * share)
    return loss


def can_start_threads():
    """True if this Python can start threads; in a browser (Pyodide) it cannot."""
    try:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(lambda: True).result()
    except RuntimeError:
        return False


class Workers:
    """Threads that share the parameters of one model and split each batch among them.

    model: flattened. n: how many; 1 needs no threads. Use it in a `with` statement.
    """

    def __init__(self, model, n):
        self.replicas = [model] + [copy.deepcopy(model) for _ in range(n - 1)]
        for replica in self.replicas[1:]:
            flatten(replica, theta=model.theta)                         # shared, not copied
        ends = np.linspace(0, model.theta.size, 2 * n + 1).astype(int)
        self.parts = [slice(*pair) for pair in pairwise(ends)]          # of theta, two for each
        self.pool = ThreadPoolExecutor(n) if n > 1 else None

    def run(self, job, *arguments):
        """Like `map`, as a list, and all at the same time."""
        return list((self.pool.map if self.pool else map)(job, *arguments))

    def loss_and_gradient(self, inputs, targets):
        """As the function of that name, for the whole batch."""
        parts = np.array_split(np.arange(len(inputs)), len(self.replicas))
        jobs = [(replica, inputs[rows], targets[rows], len(rows) / len(inputs))
                for replica, rows in zip(self.replicas, parts, strict=True) if len(rows)]
        losses = self.run(lambda job: loss_and_gradient(*job), jobs)
        for replica, *_ in jobs[1:]:
            self.replicas[0].grad += replica.grad
        return sum(share * loss for (*_, share), loss in zip(jobs, losses, strict=True))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.pool:
            self.pool.shutdown()


def token_losses(model, inputs, targets):
    """What each token costs, -ln p.   inputs (N, T), targets (N, T) -> nats (N, T)"""
    logits = model(inputs)                                              # (N, T, V)
    z = logits - logits.max(axis=-1, keepdims=True)
    with np.errstate(under="ignore"):
        normalizer = np.log(np.exp(z).sum(axis=-1))                     # (N, T)
    return normalizer - np.take_along_axis(z, targets[..., None], axis=-1)[..., 0]


def evaluate(model, tokens, windows=None):
    """The mean loss in nats over a text (L,), cut into windows of the model's context.

    windows: look at this many, spread evenly; by default at all. Raises ValueError for a text
    that has no whole window with a token behind it.
    """
    T = model.config["context"]
    guards.long_enough(tokens, T)
    starts = np.arange(0, len(tokens) - T, T)                           # one behind the other
    if windows is not None and windows < len(starts):
        starts = starts[np.linspace(0, len(starts) - 1, windows).astype(int)]
    places = starts[:, None] + np.arange(T)                             # (windows, T)
    parts = np.array_split(places, -(-places.size // 1024))             # what fits into memory
    total = sum(token_losses(model, tokens[rows], tokens[rows + 1]).sum(dtype=float)
                for rows in parts)
    return float(total / places.size)


def look(history, step, model, validation, on_check, bar):
    """Note the validation loss of a step in the history, show it, and call on_check."""
    if validation is not None:
        history["checked"].append(step)
        history["validation"].append(evaluate(model, validation, windows=100))
        bar.set_postfix_str(f"validation loss {history['validation'][-1]:.3f}")
    if on_check is not None:
        on_check(step, history)


@np.errstate(under="ignore")
def train(model, tokens, steps, batch_size=12, learning_rate=2e-3, warmup=100, weight_decay=0.1,
          clip=1.0, workers=2, seed=0, validation=None, every=250, on_check=None, progress=True):
    """Train a flattened model to guess the next token; changes `model.theta` in place.

    tokens: (L,) the training text. learning_rate: the peak of `warmup_cosine`. workers: threads.
    validation: a held-out text; a part of it is judged every `every` steps and at the end, and
    then on_check(step, history) is called. When interrupted, the model keeps what it learned.
    Returns {"loss": (steps,), "checked": (C,) steps, "validation": (C,) losses, "seconds": float}.
    Raises ValueError or TypeError for a text that is too short or foreign, FloatingPointError if
    the loss is no longer a number.
    """
    guards.training(model, tokens, steps, batch_size)
    rng, decays, started = np.random.default_rng(seed), is_matrix(model), perf_counter()
    history = {"loss": [], "checked": [], "validation": []}
    bar = tqdm(range(steps), desc="training", leave=False, disable=not progress, mininterval=1)
    with Workers(model, min(workers, batch_size) if can_start_threads() else 1) as team:
        optimizers = [Adam(model.theta[part], betas=(0.9, 0.99), weight_decay=weight_decay,
                           decays=decays[part]) for part in team.parts]
        try:
            for step in bar:
                batch = sample_batch(tokens, batch_size, model.config["context"], rng)
                loss = float(team.loss_and_gradient(*batch))
                guards.finite_loss(loss, step)
                clip_gradient(model.grad, clip)
                alpha = warmup_cosine(step, steps, learning_rate, warmup)
                team.run(lambda adam, part, alpha=alpha: adam.step(model.grad[part], alpha),
                         optimizers, team.parts)
                history["loss"].append(loss)
                if (step + 1) % every == 0 or step + 1 == steps:
                    look(history, step + 1, model, validation, on_check, bar)
        except KeyboardInterrupt:
            print(f"stopped after {len(history['loss'])} steps; the model keeps what it learned")
    arrays = {key: np.array(values) for key, values in history.items()}
    return arrays | {"seconds": perf_counter() - started}


@np.errstate(under="ignore", over="ignore")
def next_distribution(logits, temperature=1.0, top_k=None, top_p=None):
    """The probabilities from which the next token is drawn.   (V,) -> (V,) float64

    temperature: 1 as learned, below 1 safer, 0 the most likely token only. top_k: only the k most
    likely. top_p: of those, the fewest most likely that have this share together. None for all.
    Raises ValueError or TypeError for a dial out of its range, and for logits that are NaN.
    Source: Holtzman et al., The Curious Case of Neural Text Degeneration, 2020, section 3.1.
    """
    logits = guards.sampling(logits, temperature, top_k, top_p)
    order = np.argsort(-logits, kind="stable")                          # first among equals wins
    if temperature == 0:
        top_k = temperature = 1
    p = softmax((logits - logits[order[0]]) / temperature)
    if top_k is not None:
        p[order[top_k:]] = 0
    if top_p is not None:
        share = np.cumsum(p[order])                                     # (V,)  most likely first
        p[order[1:][share[:-1] >= top_p * share[-1]]] = 0               # enough stand before it
    return p / p.sum()


class KeyValueCache:
    """Reads a text bit by bit and keeps the keys and values of every place that it has read.

    model: flattened and causal, or ValueError; its layers are used, with θ as it is when a token
    is read. length: how many tokens have been read, at most the context.
    Source: Shazeer, Fast Transformer Decoding, 2019, section 2.4.
    """

    def __init__(self, model):
        guards.cacheable(model)
        heads, context = model.config["heads"], model.config["context"]
        width, dtype = model.config["width"] // heads, model.theta.dtype
        self.model, self.context, self.length = model, context, 0
        self.kept = np.zeros((len(model.blocks), 2, 1, heads, context, width), dtype)
        self.rotary = model.position is None
        self.cos, self.sin = rotary_tables(context, width, dtype=dtype) if self.rotary else (1, 0)

    def read(self, tokens):
        """Forget everything and read tokens (T,). Returns the logits (V,) for the next one."""
        self.length = 0
        return self.extend(tokens)

    def step(self, token):
        """Read one more token. Returns the logits (V,) for the one after it."""
        return self.extend([token])

    @np.errstate(under="ignore")
    def extend(self, tokens):
        """Read tokens (T,) behind those read so far. Returns the logits (V,) for the next one."""
        tokens = guards.room(tokens, self)                              # (1, T)
        first, end, H = self.length, self.length + tokens.shape[1], self.model.config["heads"]
        mask = np.arange(end) <= np.arange(first, end)[:, None]         # (T, end)
        x = self.model.embed(tokens, first)                             # (1, T, d)
        for block, (keys, values) in zip(self.model.blocks, self.kept, strict=True):
            new = split_heads(block.attention.qkv(block.norm_1(x)), 3 * H)      # (1, 3H, T, d_h)
            turned, values[:, :, first:end] = new[:, : 2 * H], new[:, 2 * H :]
            if self.rotary:
                turned = rotate(turned, self.cos[first:end], self.sin[first:end])
            keys[:, :, first:end] = turned[:, H:]
            mixed, _ = attend(turned[:, :H], keys[:, :, :end], values[:, :, :end], mask)
            x = x + block.attention.out(merge_heads(mixed))
            x = x + block.mlp(block.norm_2(x))
        self.length = end
        return self.model.head(self.model.norm(x[:, -1]))[0]


def continuation(model, tokens, length, temperature=1.0, top_k=None, top_p=None, seed=None,
                 cache=True):
    """Continue a sequence by `length` tokens, drawn by `next_distribution` one after the other.

    tokens: (T,) the prompt, at least one token; of more than the context, the end is seen.
    cache: keep keys and values; when the context is full, go on from its last half. Without it,
    the model reads the last tokens, as many as its context holds, for each draw.
    Returns tokens (T + length,) and the probability (T + length,) that the model, at temperature
    1, gave to each; NaN for the prompt. Raises for a prompt or length that cannot be used.
    """
    tokens = guards.prompt(tokens, length, model)
    context, rng = model.config["context"], np.random.default_rng(seed)
    written, probabilities = list(tokens), [math.nan] * len(tokens)
    keep = KeyValueCache(model) if cache else None
    for _ in range(length):
        if keep is None:
            logits = model(np.array([written[-context:]]))[0, -1]       # (V,)
        elif len(written) == len(tokens):
            logits = keep.read(written[-context:])
        elif keep.length < context:
            logits = keep.step(written[-1])
        else:
            logits = keep.read(written[-((context + 1) // 2) :])
        p = next_distribution(logits, temperature, top_k, top_p)
        written.append(rng.choice(len(p), p=p))
        probabilities.append(next_distribution(logits)[written[-1]])
    return np.array(written), np.array(probabilities)


def generate(model, tokenizer, prompt, length, temperature=1.0, top_k=None, top_p=None, seed=None,
             cache=True):
    """Continue a text, as `continuation` does a sequence. Returns the prompt and what follows it.

    prompt: at least one character, all from the tokenizer's alphabet. Raises what `continuation`
    raises, and ValueError for a foreign character or tokenizer.
    """
    guards.same_vocabulary(model, tokenizer)
    tokens, _ = continuation(model, tokenizer.encode(prompt), length, temperature, top_k, top_p,
                             seed, cache)
    return tokenizer.decode(tokens)


FORMAT = "broadcast-to-transformer/2"


class CheckpointError(ValueError):
    """A file is not a checkpoint of this course, or not a whole one."""


def save(path, model, tokenizer):
    """Write a model and its alphabet to an .npz file. Returns the path.

    It is written under another name and then moved, so that no interruption costs the checkpoint
    that was there. Raises ValueError for a tokenizer of another model, or parameters that are not
    finite float32 or float64 numbers.
    """
    guards.worth_keeping(model, tokenizer)
    path = Path(path)
    header = {"format": FORMAT, "config": model.config, "alphabet": tokenizer.alphabet}
    partial = path.with_name(path.name + ".partial")
    try:
        with open(partial, "wb") as file:
            np.savez(file, header=json.dumps(header), theta=model.theta)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    return path


def load(path):
    """Read a model and its tokenizer from a file that `save` wrote. Returns (model, tokenizer).

    Nothing in the file is executed. Raises FileNotFoundError, or CheckpointError naming the file
    and what is wrong with it.
    """
    guards.checkpoint_file(path)
    try:
        with np.load(path, allow_pickle=False) as file:
            header, theta = json.loads(str(file["header"])), file["theta"]
        guards.checkpoint(header, theta, FORMAT)                        # before anything is built
        model, tokenizer = Transformer(**header["config"]), CharTokenizer(header["alphabet"])
        flatten(model, theta=theta)
    except Exception as error:
        raise CheckpointError(f"{path} is not a whole checkpoint of this course "
                              f"({type(error).__name__}: {error}); save it again, or restore "
                              "it") from error
    return model, tokenizer
