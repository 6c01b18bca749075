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
from threadpoolctl import threadpool_limits
from tqdm.auto import tqdm

from helpers.arrays import softmax
from helpers.attention import Embedding, MultiHeadAttention
from helpers.data import CharTokenizer
from helpers.layers import GELU, Layer, Linear, SoftmaxCrossEntropy, flatten, is_matrix
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
        d = x.shape[-1]
        rows, average = x.reshape(-1, d), np.full(d, 1 / d, x.dtype)    # row @ average: its mean
        x_hat = rows - (rows @ average)[:, None]                        # (rows, d)  centered
        y = x_hat * x_hat                                               # the squares, for now
        self.scale = 1 / np.sqrt(y @ average + self.epsilon)[:, None]   # (rows, 1)  this is 1/σ
        x_hat *= self.scale
        self.x_hat = x_hat
        np.multiply(x_hat, self.gamma, out=y)
        y += self.beta
        return y.reshape(x.shape)

    def backward(self, dy):
        d = dy.shape[-1]
        rows, ones = dy.reshape(-1, d), np.ones(dy.size // d, dy.dtype)  # ones @ rows: their sum
        part = rows * self.x_hat                                        # (rows, d)
        np.matmul(ones, part, out=self.dgamma)
        np.matmul(ones, rows, out=self.dbeta)
        shift, stretch = rows @ self.gamma / d, part @ self.gamma / d   # (rows,)  the two means
        np.multiply(self.x_hat, stretch[:, None], out=part)
        part += shift[:, None]                                          # what would be undone
        dx = rows * self.gamma                                          # (rows, d)  this is dx_hat
        dx -= part
        dx *= self.scale
        return dx.reshape(dy.shape)


class Block(Layer):
    """Attention, then a two-layer network, each added to the stream.   (N, T, d) -> (N, T, d)

    Normalization comes first in each branch (pre-norm).
    Source: Radford et al., Language Models are Unsupervised Multitask Learners, 2019, section 2.3.
    """

    def __init__(self, width, heads, causal=True, out_scale=None):
        super().__init__()
        self.norm_1 = LayerNorm(width)
        self.attention = MultiHeadAttention(width, heads, causal, out_scale)
        self.norm_2 = LayerNorm(width)
        self.up = Linear(width, 4 * width)
        self.gelu = GELU()
        self.down = Linear(4 * width, width, out_scale)

    def forward(self, x):
        y = self.attention(self.norm_1(x))
        y += x                                                          # x + attention
        z = self.down(self.gelu(self.up(self.norm_2(y))))
        z += y                                                          # y + mlp
        return z

    def backward(self, dz):
        branch = self.up.backward(self.gelu.backward(self.down.backward(dz)))
        dy = self.norm_2.backward(branch)
        dy += dz
        dx = self.norm_1.backward(self.attention.backward(dy))
        dx += dy
        return dx


class Transformer(Layer):
    """A decoder-only transformer.   tokens (N, T) -> logits (N, T, vocab_size)

    vocab_size: V. context: the longest T. width: d, divisible by heads. heads: H. blocks: B.
    causal: False only to see what goes wrong without the mask.
    Raises ValueError for a width that the heads cannot share, for tokens outside the vocabulary
    and for sequences beyond the context.
    Source: Radford et al., Language Models are Unsupervised Multitask Learners, 2019, section 2.3.
    """

    def __init__(self, vocab_size, context, width, heads, blocks, causal=True):
        super().__init__()
        self.config = {"vocab_size": vocab_size, "context": context, "width": width,
                       "heads": heads, "blocks": blocks, "causal": causal}
        out_scale = 1 / math.sqrt(2 * blocks * width)                   # 2B branches add up
        self.token = Embedding(vocab_size, width, scale=0.2)
        self.position = Embedding(context, width, scale=0.2)
        self.blocks = [Block(width, heads, causal, out_scale) for _ in range(blocks)]
        self.norm = LayerNorm(width)
        self.head = Linear(width, vocab_size, scale=0.02)               # nearly even guesses

    def forward(self, tokens):
        require_tokens(tokens, self.config["vocab_size"], self.config["context"])
        x = self.token(tokens) + self.position(np.arange(tokens.shape[1]))      # (N, T, d)
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))                                  # (N, T, V)

    def backward(self, dlogits):
        dx = self.norm.backward(self.head.backward(dlogits))            # (N, T, d)
        for block in reversed(self.blocks):
            dx = block.backward(dx)
        self.token.backward(dx)
        self.position.backward(dx.sum(axis=0))                          # all sequences share it


def sample_batch(tokens, batch_size, context, rng):
    """Draw windows of a text at random, each with the tokens that come next.

    tokens: (L,) integers. batch_size: N. context: T. rng: numpy Generator.
    Returns inputs (N, T) and targets (N, T); targets[i, t] follows inputs[i, t] in the text.
    """
    starts = rng.integers(0, len(tokens) - context, batch_size)         # (N,)
    places = starts[:, None] + np.arange(context)                       # (N, T)
    return tokens[places], tokens[places + 1]


def require_tokens(tokens, vocab_size, context):
    """Raise ValueError unless tokens are (N, T) integers of the vocabulary, T <= context."""
    if np.ndim(tokens) != 2 or not np.issubdtype(np.asarray(tokens).dtype, np.integer):
        raise ValueError("tokens must be integers of shape (N, T), N sequences of T tokens; got "
                         f"{np.asarray(tokens).dtype} of shape {np.shape(tokens)}")
    if tokens.shape[1] > context:
        raise ValueError(f"a sequence of {tokens.shape[1]} tokens is longer than the context of "
                         f"{context}; pass its last {context} tokens")
    if tokens.size and not 0 <= tokens.min() <= tokens.max() < vocab_size:
        wrong = tokens[(tokens < 0) | (tokens >= vocab_size)][0]
        raise ValueError(f"token {wrong} is outside the vocabulary, 0 to {vocab_size - 1}; was the "
                         "text encoded with the tokenizer that the model was trained with?")


def loss_and_gradient(model, inputs, targets, share=1.0):
    """The loss of a batch in nats; its gradient, times `share`, is written to `model.grad`.

    inputs, targets: (N, T) tokens. share: of a larger batch that these windows are a part of.
    """
    criterion = SoftmaxCrossEntropy()
    loss = criterion(model(inputs), targets)
    model.backward(criterion.backward() * share)
    return loss


class Workers:
    """Threads that share the parameters of one model and split each batch among them.

    model: flattened. n: how many; 1 needs no threads. Use it in a `with` statement.
    """

    def __init__(self, model, n):
        self.replicas = [model] + [copy.deepcopy(model) for _ in range(n - 1)]
        for replica in self.replicas[1:]:
            flatten(replica, theta=model.theta)
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


def evaluate(model, tokens, batch_size=16, windows=None):
    """The mean loss in nats over a text, cut into windows of the model's context.

    tokens: (L,). windows: look at this many, spread evenly; by default at all of them.
    Raises ValueError for a text that has no whole window with a token behind it.
    """
    T = model.config["context"]
    starts = np.arange(0, len(tokens) - T, T)                           # one behind the other
    if not len(starts):
        raise ValueError(f"a text of {len(tokens)} tokens is too short to judge a model with a "
                         f"context of {T}; it needs at least one token more")
    if windows is not None and windows < len(starts):
        starts = starts[np.linspace(0, len(starts) - 1, windows).astype(int)]
    places = starts[:, None] + np.arange(T)                             # (windows, T)
    total = 0.0
    for i in range(0, len(places), batch_size):
        rows = places[i : i + batch_size]
        total += len(rows) * float(SoftmaxCrossEntropy()(model(tokens[rows]), tokens[rows + 1]))
    return total / len(places)


def require_training(model, tokens, steps, batch_size):
    """Raise ValueError unless a model can be trained on a text."""
    if not hasattr(model, "theta"):
        raise ValueError("the model has no parameters yet: call flatten(model) before train")
    if steps < 1 or batch_size < 1:
        raise ValueError(f"steps and batch_size must be 1 or more, got {steps} and {batch_size}")
    if len(tokens) <= model.config["context"]:
        raise ValueError(f"a text of {len(tokens)} tokens is too short for a context of "
                         f"{model.config['context']}; it needs at least one token more")
    require_tokens(np.asarray(tokens)[None, :], model.config["vocab_size"], len(tokens))


def can_start_threads():
    """True if this Python can start threads; in a browser (Pyodide) it cannot."""
    try:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(lambda: True).result()
    except RuntimeError:
        return False


def train(model, tokens, steps, batch_size=12, learning_rate=2e-3, warmup=100, weight_decay=0.1,
          clip=1.0, workers=2, seed=0, validation=None, every=250, on_check=None, progress=True):
    """Train a flattened model to guess the next token; changes `model.theta` in place.

    tokens: (L,) the training text. steps: batches to learn from, `batch_size` windows each.
    learning_rate: the peak of `warmup_cosine`. workers: threads with one core each.
    validation: (M,) a held-out text; a part of it is judged every `every` steps and at the end.
    on_check: called as on_check(step, history) each time, with the losses so far.
    Returns {"loss": (steps,), "checked": (C,) steps, "validation": (C,) losses, "seconds": float}.
    Interrupt it, and the model keeps what it has learned so far.
    Raises ValueError for a text that is too short or foreign, FloatingPointError if the loss is
    no longer a number.
    """
    require_training(model, tokens, steps, batch_size)
    rng, decays = np.random.default_rng(seed), is_matrix(model)
    history = {"loss": [], "checked": [], "validation": [], "seconds": 0.0}
    started = perf_counter()
    workers = min(workers, batch_size) if can_start_threads() else 1
    bar = tqdm(range(steps), desc="training", leave=False, disable=not progress,
               mininterval=1)                                           # one message a second
    with threadpool_limits(1), Workers(model, workers) as team:
        optimizers = [Adam(model.theta[part], betas=(0.9, 0.99), weight_decay=weight_decay,
                           decays=decays[part]) for part in team.parts]
        try:
            for step in bar:
                batch = sample_batch(tokens, batch_size, model.config["context"], rng)
                loss = float(team.loss_and_gradient(*batch))
                if not math.isfinite(loss):
                    raise FloatingPointError(f"the loss became {loss} at step {step}; "
                                             "try a smaller learning_rate")
                clip_gradient(model.grad, clip)
                alpha = warmup_cosine(step, steps, learning_rate, warmup)
                team.run(lambda adam, part, alpha=alpha: adam.step(model.grad[part], alpha),
                         optimizers, team.parts)
                history["loss"].append(loss)
                if (step + 1) % every == 0 or step + 1 == steps:
                    look(history, step + 1, model, validation, on_check, bar)
        except KeyboardInterrupt:
            print(f"stopped after {len(history['loss'])} steps; the model keeps what it learned")
    history["seconds"] = perf_counter() - started
    return {key: np.array(value) if key != "seconds" else value for key, value in history.items()}


def look(history, step, model, validation, on_check, bar):
    """Note the validation loss of a step in the history, show it, and call on_check."""
    if validation is not None:
        history["checked"].append(step)
        history["validation"].append(evaluate(model, validation, windows=100))
        bar.set_postfix_str(f"validation loss {history['validation'][-1]:.3f}")
    if on_check is not None:
        on_check(step, history)


def next_distribution(logits, temperature=1.0, top_k=None, top_p=None):
    """The probabilities from which the next token is drawn.   (V,) -> (V,) float64

    temperature: 1 as learned, below 1 safer, 0 the most likely token only.
    top_k: draw among the k most likely tokens only; None for all.
    top_p: of those, draw among the fewest most likely that have this share together, above 0 to 1;
        None for all.
    Raises ValueError for a temperature below 0, a top_k below 1 and a top_p outside (0, 1].
    Source: Holtzman et al., The Curious Case of Neural Text Degeneration, 2020, section 3.1.
    """
    if not (temperature >= 0 and math.isfinite(temperature)):
        raise ValueError(f"temperature is {temperature}; it must be 0 (greedy) or more")
    if top_k is not None and top_k < 1:
        raise ValueError(f"top_k is {top_k}; it must be 1 or more, or None for all tokens")
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError(f"top_p is {top_p}; it must be above 0 and at most 1, or None for all "
                         "tokens")
    logits = np.asarray(logits, dtype=np.float64)
    order = np.argsort(-logits, kind="stable")                          # first among equals wins
    if temperature == 0:
        top_k = temperature = 1
    with np.errstate(over="ignore"):                                    # far below: probability 0
        p = softmax((logits - logits[order[0]]) / temperature)
    if top_k is not None:
        p[order[top_k:]] = 0
    if top_p is not None:
        share = np.cumsum(p[order]) / p.sum()                           # (V,)  most likely first
        p[order[1:][share[:-1] >= top_p]] = 0                           # enough stand before it
    return p / p.sum()


def fold(norm, linear):
    """W' and b' so that linear(norm(x)) = (x W') / σ + b', where σ is the deviation of x."""
    W = norm.gamma[:, None] * linear.W                                  # (d, n)
    return W - W.mean(axis=0), norm.beta @ linear.W + linear.b


def one_over_sigma(x, epsilon):
    """1 / σ of one row x (d,), as a plain number; the variance is the mean of x² less μ²."""
    mean = float(x.sum()) / x.size
    return 1 / math.sqrt(float(x.dot(x)) / x.size - mean * mean + epsilon)


class CachedBlock:
    """One block that reads a token at a time.   x (d,) at place t -> (d,)

    keys, values: (H, context, d_h), filled for the places that were read.
    """

    def __init__(self, block, context, dtype):
        self.heads = block.attention.heads
        width = block.attention.out.W.shape[0]
        shape = (self.heads, context, width // self.heads)
        self.keys, self.values = np.zeros(shape, dtype), np.zeros(shape, dtype)
        self.W_qkv, self.b_qkv = fold(block.norm_1, block.attention.qkv)
        for part in (self.W_qkv, self.b_qkv):                           # queries, divided by √d_h
            part[..., :width] *= 1 / math.sqrt(shape[-1])
        self.W_up, self.b_up = fold(block.norm_2, block.up)
        self.out, self.down, self.gelu = block.attention.out, block.down, GELU()
        self.epsilons = block.norm_1.epsilon, block.norm_2.epsilon

    def step(self, x, t):
        qkv = x @ self.W_qkv                                            # (3d,)
        qkv *= one_over_sigma(x, self.epsilons[0])
        qkv += self.b_qkv
        query, self.keys[:, t], self.values[:, t] = qkv.reshape(3, self.heads, -1)
        weights = self.keys[:, : t + 1] @ query[:, :, None]             # (H, t + 1, 1)
        weights -= np.maximum.reduce(weights, axis=1, keepdims=True)
        np.exp(weights, out=weights)
        mixed = weights.swapaxes(1, 2) @ self.values[:, : t + 1]        # (H, 1, d_h)
        mixed /= np.add.reduce(weights, axis=1, keepdims=True)
        y = mixed.reshape(-1) @ self.out.W                              # (d,)
        y += self.out.b
        y += x
        up = y @ self.W_up                                              # (4d,)
        up *= one_over_sigma(y, self.epsilons[1])
        up += self.b_up
        x = self.gelu(up) @ self.down.W                                 # (d,)
        x += self.down.b
        x += y
        return x


class KeyValueCache:
    """Reads a text token by token and keeps what a causal Transformer needs of it.

    model: flattened, causal. θ is used as it is now; make a new cache when θ has changed.
    length: how many tokens have been read, at most the context: a place has one position.
    Raises ValueError for a model without the mask, whose keys depend on what comes later.
    Source: Shazeer, Fast Transformer Decoding, 2019, section 2.3.
    """

    def __init__(self, model):
        if not model.config["causal"]:
            raise ValueError("a model without the mask cannot be cached: what it computes at a "
                             "place changes with every later token")
        self.model, self.context, self.length = model, model.config["context"], 0
        self.blocks = [CachedBlock(block, self.context, model.theta.dtype)
                       for block in model.blocks]
        self.W_head, self.b_head = fold(model.norm, model.head)

    def read(self, tokens):
        """Forget everything and read tokens (T,). Returns the logits (V,) for the next one."""
        tokens = np.asarray(tokens)
        require_tokens(tokens[None, :], self.model.config["vocab_size"], self.context)
        self.length = T = len(tokens)
        x = self.model.token.W[tokens] + self.model.position.W[:T]      # (T, d)
        for cached, block in zip(self.blocks, self.model.blocks, strict=True):
            qkv = block.attention.qkv(block.norm_1(x[None])).reshape(T, 3, cached.heads, -1)
            cached.keys[:, :T], cached.values[:, :T] = qkv.transpose(1, 2, 0, 3)[1:]
            x = block(x[None])[0]
        return self.model.head(self.model.norm(x[-1:]))[0]

    def step(self, token):
        """Read one more token. Returns the logits (V,) for the one after it.

        Raises ValueError for a token outside the vocabulary, and when the context is full.
        """
        if not 0 <= token < len(self.model.token.W):
            raise ValueError(f"token {token} is outside the vocabulary, 0 to "
                             f"{len(self.model.token.W) - 1}")
        if self.length == self.context:
            raise ValueError(f"the context of {self.context} tokens is full; read the end of the "
                             "text again, for example its last half")
        x = self.model.token.W[token] + self.model.position.W[self.length]
        for block in self.blocks:
            x = block.step(x, self.length)
        self.length += 1
        logits = x @ self.W_head                                        # (V,)
        logits *= one_over_sigma(x, self.model.norm.epsilon)
        logits += self.b_head
        return logits


def continuation(model, tokens, length, temperature=1.0, top_k=None, top_p=None, seed=None,
                 cache=True):
    """Continue a sequence by drawing one token after the other.

    tokens: (T,) the prompt, at least one token; of more than the context, the end is seen.
    length: how many to add. temperature, top_k, top_p: see `next_distribution`.
    seed: of the draws.
    cache: keep keys and values; when the context is full, go on from its last half. Without it,
        the model reads all of the last tokens, as many as its context holds, for each draw.
    Returns tokens (T + length,) and the probability (T + length,) that the model, at temperature
    1, gave to each; NaN for the prompt.
    Raises ValueError for an empty prompt or one with foreign tokens.
    """
    tokens, context = np.asarray(tokens), model.config["context"]
    if tokens.size == 0:
        raise ValueError("the prompt is empty, but a model continues a text: give it at least one "
                         "character, such as a line end")
    require_tokens(tokens[None, :], model.config["vocab_size"], tokens.size)
    rng = np.random.default_rng(seed)
    written = np.concatenate([tokens, np.zeros(length, tokens.dtype)])  # (T + length,)
    probabilities = np.full(len(written), np.nan)
    keep = KeyValueCache(model) if cache else None
    with threadpool_limits(1):                                          # too small to share out
        for t in range(len(tokens), len(written)):
            if not cache:
                logits = model(written[None, max(0, t - context) : t])[0, -1]       # (V,)
            elif t == len(tokens):
                logits = keep.read(tokens[-context:])
            elif keep.length < context:
                logits = keep.step(written[t - 1])
            else:
                logits = keep.read(written[t - (context + 1) // 2 : t])
            p = next_distribution(logits, temperature, top_k, top_p)
            written[t] = rng.choice(len(p), p=p)
            probabilities[t] = next_distribution(logits)[written[t]]
    return written, probabilities


def generate(model, tokenizer, prompt, length, temperature=1.0, top_k=None, top_p=None, seed=None,
             cache=True):
    """Continue a text by `length` characters. Returns the prompt and what follows it.

    prompt: at least one character, all from the tokenizer's alphabet; of more than the context,
    only the end is seen, and all of it is returned.
    temperature, top_k, top_p, seed, cache: see `continuation`.
    Raises ValueError for an empty prompt, a foreign character, a temperature below 0, a top_k
    below 1, a top_p outside (0, 1], and if model and tokenizer do not belong together.
    """
    if tokenizer.vocab_size != model.config["vocab_size"]:
        raise ValueError(f"the tokenizer has {tokenizer.vocab_size} tokens, the model "
                         f"{model.config['vocab_size']}; use the one that it was trained with")
    tokens, _ = continuation(model, tokenizer.encode(prompt), length, temperature, top_k, top_p,
                             seed, cache)
    return tokenizer.decode(tokens)


FORMAT = "broadcast-to-transformer/1"


class CheckpointError(ValueError):
    """A file is not a checkpoint of this course, or not a whole one."""


def save(path, model, tokenizer):
    """Write a model and its alphabet to an .npz file.

    The file is written under another name first and then moved, so that an interruption does not
    cost the checkpoint that was there. Returns the path.
    Raises ValueError if model and tokenizer do not belong together, or a parameter is not finite.
    """
    path = Path(path)
    if tokenizer.vocab_size != model.config["vocab_size"]:
        raise ValueError(f"the tokenizer has {tokenizer.vocab_size} tokens, the model "
                         f"{model.config['vocab_size']}: they do not belong together")
    if not np.isfinite(model.theta).all():
        raise ValueError("the model has parameters that are not finite; it is not worth keeping")
    header = {"format": FORMAT, "config": model.config, "alphabet": tokenizer.alphabet}
    partial = path.with_name(path.name + ".partial")
    with open(partial, "wb") as file:
        np.savez(file, header=json.dumps(header), theta=model.theta)
    os.replace(partial, path)
    return path


def load(path):
    """Read a model and its tokenizer from a file that `save` wrote. Returns (model, tokenizer).

    Nothing in the file is executed. Raises FileNotFoundError, or CheckpointError naming the file
    and what is wrong with it.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no checkpoint {path}; "
                                "save(path, model, tokenizer) makes one")
    try:
        with np.load(path, allow_pickle=False) as file:
            header, theta = json.loads(str(file["header"])), file["theta"]
    except Exception as error:
        raise CheckpointError(f"{path} is not a whole checkpoint ({type(error).__name__}: "
                              f"{error}); save it again, or restore it") from error
    try:
        if header["format"] != FORMAT:
            raise ValueError(f"its format is {header['format']!r}, this course reads {FORMAT!r}")
        if theta.dtype not in (np.float32, np.float64) or not np.isfinite(theta).all():
            raise ValueError("its parameters are not finite float32 or float64 numbers")
        model, tokenizer = Transformer(**header["config"]), CharTokenizer(header["alphabet"])
        if tokenizer.vocab_size != model.config["vocab_size"]:
            raise ValueError(f"its alphabet has {tokenizer.vocab_size} characters, its model "
                             f"{model.config['vocab_size']} tokens")
        flatten(model, theta=theta)
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{path} is not a checkpoint of this course: {error}") from error
    return model, tokenizer
