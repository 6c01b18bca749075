"""The transformer: its gradient, training, generation, and what it says to bad input."""

import hashlib
import json
import math
import zipfile
from pathlib import Path

import numpy as np
import pytest
from tqdm import tqdm

from helpers import guards, transformer
from helpers.data import CharTokenizer, data_path, load_shakespeare
from helpers.layers import SoftmaxCrossEntropy, flatten, parameters
from helpers.optimizers import Adam, numerical_gradient, relative_error
from helpers.transformer import (
    Block,
    CheckpointError,
    KeyValueCache,
    LayerNorm,
    Transformer,
    Workers,
    continuation,
    evaluate,
    generate,
    load,
    loss_and_gradient,
    next_distribution,
    sample_batch,
    save,
    token_losses,
    train,
)
from tests.course import NOTEBOOKS, folder
from tests.test_layers import no_other_float

TEXT = "the quick brown fox jumps over the lazy dog. " * 40
TOKENIZER = CharTokenizer.from_text(TEXT)
TOKENS = TOKENIZER.encode(TEXT)
REFERENCE = dict(np.load(Path(__file__).parent / "reference" / "transformer.npz"))


def small(dtype=np.float64, seed=0, **changes):
    """A flattened model that trains in a second."""
    config = {"vocab_size": TOKENIZER.vocab_size, "context": 8, "width": 16, "heads": 2,
              "blocks": 2, **changes}
    model = Transformer(**config)
    flatten(model, np.random.default_rng(seed), dtype)
    return model


@pytest.mark.parametrize("positions", ["rotary", "learned"])
def test_gradient_of_every_parameter(positions):
    rng = np.random.default_rng(1)
    model = Transformer(vocab_size=6, context=5, width=8, heads=2, blocks=2, positions=positions)
    theta, grad = flatten(model, rng)
    theta += rng.normal(0, 0.3, theta.shape)
    inputs, targets = rng.integers(0, 6, (2, 3, 5))
    grad[:] = np.nan
    loss_and_gradient(model, inputs, targets)
    measured = numerical_gradient(lambda _: SoftmaxCrossEntropy()(model(inputs), targets), theta)
    end = 0
    for name, layer, key in parameters(model):
        start, end = end, end + getattr(layer, key).size
        if not (positions == "learned" and name.endswith("qkv.b")):  # there keys' biases do nothing
            assert relative_error(grad[start:end], measured[start:end]) < 1e-5, name
        assert error(grad[start:end], measured[start:end]) < 1e-6, name


def error(a, b):
    """The largest difference, by the largest number."""
    assert a.shape == b.shape and a.dtype == b.dtype == np.float64
    return np.abs(a - b).max() / np.abs(b).max()


@pytest.mark.parametrize("name", ["norm", "block"])
def test_layers_agree_with_pytorch(name):
    width = int(REFERENCE["width"])
    layer = LayerNorm(width) if name == "norm" else Block(width, int(REFERENCE["heads"]))
    run = {key.removeprefix(f"{name}_"): value for key, value in REFERENCE.items()}
    theta, grad = flatten(layer)
    theta[:], grad[:] = run["theta"], np.nan
    assert error(layer(run["x"].copy()), run["y"]) < 1e-8
    assert error(layer.backward(run["dy"].copy()), run["dx"]) < 1e-8
    end = 0
    for part, owner, key in parameters(layer):
        start, end = end, end + getattr(owner, key).size
        assert error(grad[start:end], run["grad"][start:end]) < 1e-8, part


@pytest.mark.parametrize(("name", "positions"), [("model", "learned"), ("rotary", "rotary")])
def test_the_whole_model_agrees_with_pytorch(name, positions):
    run = {key.removeprefix(f"{name}_"): value for key, value in REFERENCE.items()}
    sizes = ("vocab_size", "context", "width", "heads", "blocks")
    model = Transformer(**{key: int(run[key]) for key in sizes}, positions=positions)
    theta, grad = flatten(model)
    theta[:], grad[:] = run["theta"], np.nan
    assert error(model(run["tokens"]).copy(), run["logits"]) < 1e-8
    loss = loss_and_gradient(model, run["tokens"], run["targets"])
    assert math.isclose(loss, run["loss"], rel_tol=1e-8)
    end = 0
    for part, layer, key in parameters(model):
        start, end = end, end + getattr(layer, key).size
        assert error(grad[start:end], run["grad"][start:end]) < 1e-8, part
    cache = KeyValueCache(model)
    for row, logits in zip(run["tokens"], run["logits"], strict=True):
        cache.length = 0
        assert error(np.array([cache.step(token) for token in row]), logits) < 1e-8


def deviations(model):
    """The deviation of every matrix of a model, by name."""
    return {name: getattr(layer, key).std() for name, layer, key in parameters(model)
            if getattr(layer, key).ndim == 2}


@pytest.mark.parametrize("blocks", [1, 4])
def test_the_first_values(blocks):
    """1/sqrt(n_in), smaller by sqrt(2 B) where a branch ends; γ is 1, all else is 0."""
    model = Transformer(30, context=8, width=64, heads=2, blocks=blocks, positions="learned")
    flatten(model, np.random.default_rng(0))
    for name, found in deviations(model).items():
        wanted = {"token.W": 0.2, "position.W": 0.2, "head.W": 0.02}.get(name)
        if wanted is None:
            n_in = 256 if "layers[2]" in name else 64
            ends = "layers[2]" in name or "out" in name
            wanted = n_in**-0.5 / (math.sqrt(2 * blocks) if ends else 1)
        assert abs(found / wanted - 1) < 0.06, name
    for name, layer, key in parameters(model):
        if getattr(layer, key).ndim == 1:
            assert (getattr(layer, key) == (key == "gamma")).all(), name


def test_positions_are_what_the_config_says():
    tokens = np.array([[3, 1, 3, 1]])
    for positions, change in (("rotary", 0), ("learned", 8 * 16)):
        model = small(positions=positions)
        assert model.config["positions"] == positions
        assert model.theta.size == small().theta.size + change
        logits = model(tokens)[0]
        assert np.abs(logits[0] - logits[2]).max() > 1e-6, "the order makes a difference"
    with pytest.raises(ValueError, match="positions is 'none'"):
        small(positions="none")
    with pytest.raises(ValueError, match="rotary"):
        Transformer(5, context=4, width=6, heads=2, blocks=1)


def test_a_gradient_does_not_add_up_over_calls():
    model = small()
    batch = sample_batch(TOKENS, 4, 8, np.random.default_rng(0))
    loss_and_gradient(model, *batch)
    first = model.grad.copy()
    loss_and_gradient(model, *batch)
    assert np.array_equal(first, model.grad)


def test_everything_in_a_float32_run_is_float32(monkeypatch):
    model = small(np.float32)
    seen, optimizers = [], []

    class Watched(Adam):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            optimizers.append(self)

    monkeypatch.setattr("helpers.transformer.Adam", Watched)

    def look(step, history):
        seen.append(model.grad.dtype)
        assert no_other_float(model, np.float32)

    history = train(model, TOKENS, 4, batch_size=4, every=2, on_check=look, progress=False)
    assert model.theta.dtype == np.float32 and seen == [np.float32, np.float32]
    assert no_other_float(model, np.float32)
    assert model(TOKENS[None, :8]).dtype == np.float32
    assert len(history["loss"]) == 4
    assert len(optimizers) == 4  # two for each worker
    for optimizer in optimizers:
        state = [value for value in vars(optimizer).values() if isinstance(value, np.ndarray)]
        assert len(state) >= 4 and all(array.dtype == np.float32 for array in state)
    with Workers(model, 3) as team:
        team.loss_and_gradient(*sample_batch(TOKENS, 5, 8, np.random.default_rng(0)))
        for replica in team.replicas:
            assert replica.grad.dtype == np.float32 and no_other_float(replica, np.float32)


def test_untrained_loss_is_ln_V():
    assert abs(evaluate(small(), TOKENS) - math.log(TOKENIZER.vocab_size)) < 0.1


def test_training_learns_and_is_reproducible():
    losses = []
    for _ in range(2):
        model = small()
        history = train(model, TOKENS, 150, batch_size=8, learning_rate=1e-2, warmup=10,
                        workers=2, validation=TOKENS, every=50, progress=False)
        losses.append(history["loss"])
    assert np.array_equal(losses[0], losses[1])
    assert losses[0][-1] < 0.6 < 2.5 < losses[0][0]
    assert history["checked"].tolist() == [50, 100, 150]
    assert history["validation"].shape == (3,) and history["seconds"] > 0
    text = generate(model, TOKENIZER, "the quick ", 30, temperature=0)
    assert text.startswith("the quick brown fox")


def test_workers_find_the_gradient_of_one():
    batch = sample_batch(TOKENS, 7, 8, np.random.default_rng(2))  # 7 is not divisible by 2 or 3
    gradients, losses = [], []
    for n in (1, 2, 3, 10):
        model = small()
        with Workers(model, n) as team:
            losses.append(team.loss_and_gradient(*batch))
        gradients.append(model.grad.copy())
    for gradient in gradients[1:]:
        assert relative_error(gradients[0], gradient) < 1e-13
    assert np.allclose(losses, losses[0], rtol=1e-13)


@pytest.mark.parametrize("features", [1, 3])
def test_layer_norm_refuses_rows_of_another_length(features):
    """One feature would be spread over all of γ without a word."""
    norm = LayerNorm(4)
    flatten(norm)
    with pytest.raises(ValueError, match=r"LayerNorm\(4\) got an input of shape \(2, "):
        norm(np.ones((2, features)))


def test_it_is_noticed_that_no_thread_starts(monkeypatch):
    def refuse(thread):
        raise RuntimeError("can't start new thread")

    assert transformer.can_start_threads()
    monkeypatch.setattr("threading.Thread.start", refuse)
    assert not transformer.can_start_threads()


def test_training_goes_on_where_no_thread_starts(monkeypatch):
    monkeypatch.setattr("helpers.transformer.can_start_threads", lambda: False)
    monkeypatch.setattr("helpers.transformer.ThreadPoolExecutor", None)
    assert len(train(small(), TOKENS, 2, progress=False)["loss"]) == 2


def test_an_interruption_keeps_what_was_learned(capsys):
    def interrupt(step, history):
        raise KeyboardInterrupt

    history = train(small(), TOKENS, 50, every=5, on_check=interrupt, progress=False)
    assert len(history["loss"]) == 5
    assert "stopped after 5 steps" in capsys.readouterr().out


def pinned(model, steps, **options):
    """A loop of training written out: no worker, no part, no guard. Returns θ and the losses."""
    o = {"batch_size": 3, "learning_rate": 0.02, "warmup": 2, "weight_decay": 0.1, "clip": 1.0,
         "seed": 4, **options}
    theta, rng, losses = model.theta, np.random.default_rng(o["seed"]), []
    m, v = np.zeros_like(theta), np.zeros_like(theta)
    decays = np.concatenate([np.full(getattr(layer, key).size, getattr(layer, key).ndim == 2)
                             for _, layer, key in parameters(model)])
    for step in range(steps):
        inputs, targets = sample_batch(TOKENS, o["batch_size"], 8, rng)
        losses.append(loss_and_gradient(model, inputs, targets))
        g = model.grad.copy()
        g *= min(1, o["clip"] / np.linalg.norm(g))
        if step < o["warmup"]:
            alpha = o["learning_rate"] * (step + 1) / o["warmup"]
        else:
            u = (step - o["warmup"]) / (steps - o["warmup"])
            alpha = o["learning_rate"] * (1 + math.cos(math.pi * u)) / 2
        theta -= alpha * o["weight_decay"] * decays * theta
        m, v = 0.9 * m + 0.1 * g, 0.99 * v + 0.01 * g * g
        root = np.sqrt(v / (1 - 0.99 ** (step + 1)))
        theta -= alpha * m / (1 - 0.9 ** (step + 1)) / (root + 1e-8)
    return theta, losses


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("change", [{}, {"clip": 0.05}, {"weight_decay": 2.0}, {"warmup": 3},
                                    {"learning_rate": 0.1}, {"seed": 5}])
def test_training_is_the_loop_written_out(change, workers):
    """Clipping, schedule, decay and its mask, both betas: any other gives another θ."""
    model, own = small(), small()
    theta, losses = pinned(own, 4, **change)
    options = {"batch_size": 3, "learning_rate": 0.02, "warmup": 2, "seed": 4, **change}
    history = train(model, TOKENS, 4, workers=workers, progress=False, **options)
    np.testing.assert_allclose(history["loss"], losses, rtol=1e-12)
    np.testing.assert_allclose(model.theta, theta, rtol=1e-9, atol=1e-12)


def test_the_last_step_is_checked_even_between_checks():
    seen = []
    history = train(small(), TOKENS, 7, every=3, validation=TOKENS, progress=False,
                    on_check=lambda step, _: seen.append(step))
    assert seen == history["checked"].tolist() == [3, 6, 7]
    model = small()
    again = train(model, TOKENS, 7, every=3, validation=TOKENS, progress=False)
    assert np.isclose(again["validation"][-1], evaluate(model, TOKENS, windows=100))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_loss_that_is_no_number_is_noticed():
    model = small()
    model.theta[:] = np.inf
    with pytest.raises(FloatingPointError, match="at step 0; were the parameters finite"):
        train(model, TOKENS, 5, progress=False)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"steps": 0}, ValueError, "steps is 0"),
        ({"batch_size": 0}, ValueError, "batch_size is 0"),
        ({"steps": 2.5}, TypeError, "steps is 2.5"),
        ({"tokens": TOKENS[:8]}, ValueError, "too short for a context of 8"),
        ({"tokens": TOKENS + 20}, ValueError, "the vocabulary has"),
        ({"tokens": TOKENS.astype(float)}, TypeError, "must be an array of integers"),
    ],
)
def test_train_rejects_bad_input(change, error, message):
    with pytest.raises(error, match=message):
        train(**{"model": small(), "tokens": TOKENS, "steps": 2, "progress": False, **change})
    with pytest.raises(ValueError, match=r"call flatten\(model\) before train"):
        train(Transformer(5, 4, 4, 1, 1), TOKENS, 2)


def test_token_losses_are_those_of_the_criterion():
    model = small()
    inputs, targets = sample_batch(TOKENS, 5, 8, np.random.default_rng(0))
    losses = token_losses(model, inputs, targets)
    assert losses.shape == (5, 8)
    assert np.isclose(losses.mean(), SoftmaxCrossEntropy()(model(inputs), targets))
    wanted = SoftmaxCrossEntropy()(model(inputs)[2:3, 3:4], targets[2:3, 3:4])
    assert np.isclose(losses[2, 3], wanted)


def test_evaluate_covers_the_text_and_spreads_its_windows():
    model = small()
    many = np.random.default_rng(0).integers(0, model.config["vocab_size"], 3001)  # three parts
    places = np.arange(375)[:, None] * 8 + np.arange(8)
    losses = token_losses(model, many[places], many[places + 1])
    assert np.isclose(evaluate(model, many), losses.mean())
    assert 0 < evaluate(model, TOKENS, windows=5) < 10
    places = TOKENS[:33]  # four windows of eight
    expected = np.mean([SoftmaxCrossEntropy()(model(places[None, i : i + 8]),
                                              places[None, i + 1 : i + 9])
                        for i in (0, 8, 16, 24)])
    assert np.isclose(evaluate(model, places), expected)


@pytest.mark.parametrize(
    ("tokens", "error", "message"),
    [
        (np.array([[0, TOKENIZER.vocab_size]]), ValueError, "one of 0 to .* the vocabulary has"),
        (np.array([[-1, 0]]), ValueError, "token -1 is not one of 0 to"),
        (np.zeros((1, 9), int), ValueError, "the texts have 9 tokens, the context holds 8"),
        (np.zeros(3, int), ValueError, r"expected \(N, T\)"),
        (np.zeros((1, 3)), TypeError, "must be an array of integers"),
        (np.zeros((0, 3), int), ValueError, r"expected \(N, T\)"),
        ([[0, 1]], TypeError, "must be an array of integers, got list"),
    ],
)
def test_model_rejects_bad_tokens(tokens, error, message):
    with pytest.raises(error, match=message):
        small()(tokens)


def test_distribution_of_temperature_and_top_k():
    logits = np.array([1.0, 3.0, 2.0, -1.0], dtype=np.float32)
    p = next_distribution(logits)
    assert np.allclose(p, np.exp(logits) / np.exp(logits).sum(), rtol=1e-6)
    assert np.array_equal(next_distribution(logits, temperature=0), [0, 1, 0, 0])
    assert np.array_equal(next_distribution(logits, top_k=1), [0, 1, 0, 0])
    assert np.array_equal(next_distribution(logits, top_k=2) > 0, [False, True, True, False])
    assert np.array_equal(next_distribution(logits, top_k=99), p)
    assert next_distribution(logits, temperature=0.5)[1] > p[1] > next_distribution(logits, 2)[1]
    assert np.array_equal(next_distribution(np.zeros(3), temperature=0), [1, 0, 0])
    assert np.array_equal(logits, [1, 3, 2, -1]), "the logits are not changed"
    for bad in (-0.1, -5, math.nan, math.inf):
        with pytest.raises(ValueError, match="it must be 0 .greedy. or more"):
            next_distribution(logits, temperature=bad)
    for top_k, error in ((0, ValueError), (2.5, TypeError), (True, TypeError)):
        with pytest.raises(error, match=f"top_k is {top_k}"):
            next_distribution(logits, top_k=top_k)
    with pytest.raises(ValueError, match="none of them NaN"):
        next_distribution(np.array([0.0, np.nan]))
    assert np.isfinite(next_distribution(logits, temperature=1e-310)).all()


def test_top_p_keeps_the_fewest_that_are_enough():
    p = np.array([0.1, 0.4, 0.05, 0.3, 0.15])
    logits = np.log(p)
    for top_p, kept in [(0.3, [1]), (0.41, [1, 3]), (0.69, [1, 3]), (0.71, [1, 3, 4]),
                        (0.97, [0, 1, 2, 3, 4]), (1, [0, 1, 2, 3, 4]), (1e-9, [1])]:
        found = next_distribution(logits, top_p=top_p)
        assert np.flatnonzero(found).tolist() == kept
        assert np.allclose(found[kept], p[kept] / p[kept].sum(), rtol=1e-14)
    # The dials work one after the other: the share is of what temperature and top-k have left.
    assert np.flatnonzero(next_distribution(logits, top_k=2, top_p=0.5)).tolist() == [1]
    assert np.flatnonzero(next_distribution(logits, top_p=0.5)).tolist() == [1, 3]
    assert np.count_nonzero(next_distribution(logits, temperature=9, top_p=0.5)) == 3
    assert np.array_equal(next_distribution(np.zeros(4), top_p=0.5), [0.5, 0.5, 0, 0])
    for bad in (0, -0.1, 1.0001, 90, math.nan):
        with pytest.raises(ValueError, match="it must be above 0 and at most 1"):
            next_distribution(logits, top_p=bad)
        with pytest.raises(ValueError, match="it must be above 0 and at most 1"):
            generate(small(), TOKENIZER, "a", 3, top_p=bad)


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-11), (np.float32, 1e-5)])
@pytest.mark.parametrize("first", [0, 1, 5, 8])
def test_the_cache_gives_the_logits_of_a_plain_pass(dtype, tolerance, first):
    model = small(dtype)
    rng = np.random.default_rng(3)
    model.theta += rng.normal(0, 0.3, model.theta.shape).astype(dtype)  # γ and β, too
    cache = KeyValueCache(model)
    for start in (0, 100):
        tokens = TOKENS[start : start + 8]
        plain = model(tokens[None])[0]
        cache.length = 0
        if first:
            logits = cache.read(tokens[:first])
            assert np.abs(logits - plain[first - 1]).max() < tolerance * np.abs(plain).max()
        for t in range(first, 8):
            logits = cache.step(tokens[t])
            assert logits.dtype == dtype and logits.shape == plain[t].shape
            assert np.abs(logits - plain[t]).max() < tolerance * np.abs(plain).max()
        assert cache.length == 8


def test_the_shipped_checkpoint_with_a_cache():
    model, tokenizer = load(data_path("transformer.npz"))
    tokens = tokenizer.encode(load_shakespeare()[1])
    cache = KeyValueCache(model)
    for start in range(0, 640, 64):
        plain = model(tokens[None, start : start + 64])[0]
        cache.length = 0
        logits = [cache.step(token) for token in tokens[start : start + 64]]
        assert np.abs(logits - plain).max() < 1e-5 * np.abs(plain).max()


def test_the_cache_rejects_what_it_cannot_hold():
    cache = KeyValueCache(small())
    cache.read(TOKENS[:8])
    with pytest.raises(ValueError, match="8 tokens were read and 1 more do not fit into the conte"):
        cache.step(0)
    cache.read(TOKENS[:3])
    for token in (-1, TOKENIZER.vocab_size):
        with pytest.raises(ValueError, match=f"token {token} is not one of 0 to"):
            cache.step(token)
    with pytest.raises(ValueError, match=r"tokens have shape \(1, 0\)"):
        cache.extend(TOKENS[:0])
    assert cache.length == 3
    with pytest.raises(ValueError, match="0 tokens were read and 9 more do not fit"):
        cache.read(TOKENS[:9])
    with pytest.raises(ValueError, match="without the mask cannot be cached"):
        KeyValueCache(small(causal=False))


@pytest.mark.parametrize("positions", ["rotary", "learned"])
def test_the_cache_reads_in_pieces(positions):
    model = small(positions=positions)
    plain = model(TOKENS[None, :8])[0]
    cache = KeyValueCache(model)
    for start, end in ((0, 3), (3, 4), (4, 8)):
        assert np.abs(cache.extend(TOKENS[start:end]) - plain[end - 1]).max() < 1e-12


def test_a_width_that_heads_cannot_share_is_rejected():
    with pytest.raises(ValueError, match="a width of 10 cannot be split over 4 heads"):
        Transformer(5, context=4, width=10, heads=4, blocks=1)


def test_a_text_too_short_to_judge_is_rejected():
    with pytest.raises(ValueError, match="too short for a context of 8"):
        evaluate(small(), TOKENS[:8])


def test_generate_is_documented_behavior():
    model = small()
    text = generate(model, TOKENIZER, "the fox", 20, seed=4)
    assert text.startswith("the fox") and len(text) == 27
    assert text == generate(model, TOKENIZER, "the fox", 20, seed=4)
    assert text != generate(model, TOKENIZER, "the fox", 20, seed=5)
    assert generate(model, TOKENIZER, "fox", 0) == "fox"
    assert generate(model, TOKENIZER, "fox", 9, temperature=0) == generate(
        model, TOKENIZER, "fox", 9, top_k=1
    )


def test_a_prompt_longer_than_the_context_is_seen_by_its_end():
    model = small()
    long = "the lazy dog jumps"
    text = generate(model, TOKENIZER, long, 12, seed=1)
    assert text.startswith(long) and len(text) == len(long) + 12
    end = generate(model, TOKENIZER, long[-8:], 12, seed=1)
    assert text[len(long) :] == end[8:], "only the last 8 characters are seen"


def test_generate_rejects_bad_input():
    model = small()
    with pytest.raises(ValueError, match="the prompt is empty"):
        generate(model, TOKENIZER, "", 5)
    with pytest.raises(ValueError, match=r"'X' at index 1 is not in the alphabet"):
        generate(model, TOKENIZER, "aX", 5)
    with pytest.raises(ValueError, match="temperature is -1"):
        generate(model, TOKENIZER, "a", 5, temperature=-1)
    with pytest.raises(ValueError, match="top_k is -3"):
        generate(model, TOKENIZER, "a", 5, top_k=-3)
    with pytest.raises(ValueError, match="the tokenizer has 3 tokens, the model"):
        generate(model, CharTokenizer("abc"), "a", 5)
    with pytest.raises(ValueError, match="the vocabulary has"):
        continuation(model, np.array([99]), 5)
    with pytest.raises(ValueError, match="length is -1"):
        generate(model, TOKENIZER, "a", -1)
    with pytest.raises(TypeError, match="length is 2.5"):
        generate(model, TOKENIZER, "a", 2.5)
    model.theta[:] = np.nan
    with pytest.raises(ValueError, match="none of them NaN"):
        generate(model, TOKENIZER, "a", 2)


def test_continuation_gives_the_probability_of_each_token():
    model = small()
    for cache, prompt in [(True, "fox "), (False, "fox "), (True, "the lazy dog "), (True, "ox")]:
        prompt = TOKENIZER.encode(prompt)
        tokens, probabilities = continuation(
            model, prompt, 20, temperature=2, seed=0, cache=cache
        )
        T = len(prompt)
        assert np.isnan(probabilities[:T]).all() and np.isfinite(probabilities[T:]).all()
        seen = min(T, 8)  # how many tokens the model has before it
        for t in range(T, T + 20):
            p = next_distribution(model(tokens[None, t - seen : t])[0, -1])
            assert np.isclose(probabilities[t], p[tokens[t]])
            seen = seen + 1 if seen < 8 else 4 if cache else 8  # full: the last half


def test_with_and_without_the_cache_the_same_text_while_the_context_lasts():
    model = small()
    texts = [generate(model, TOKENIZER, "fox", 5, seed=4, cache=cache) for cache in (True, False)]
    assert texts[0] == texts[1]
    odd = small(context=1)
    assert len(generate(odd, TOKENIZER, "fox", 5, seed=4)) == 8, "a context of one token works"


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_save_and_load(tmp_path, dtype):
    model = small(dtype)
    path = save(tmp_path / "model.npz", model, TOKENIZER)
    loaded, tokenizer = load(str(path))
    assert tokenizer == TOKENIZER and loaded.config == model.config
    assert loaded.theta.dtype == dtype and np.array_equal(loaded.theta, model.theta)
    assert np.array_equal(loaded(TOKENS[None, :8]), model(TOKENS[None, :8]))
    assert [p.name for p in tmp_path.iterdir()] == ["model.npz"], "no partial file is left"
    train(loaded, TOKENS, 2, progress=False)  # a loaded model can go on learning


def test_save_rejects_what_is_not_worth_keeping(tmp_path):
    model = small()
    with pytest.raises(ValueError, match="the tokenizer has 3 tokens"):
        save(tmp_path / "a.npz", model, CharTokenizer("abc"))
    model.theta[3] = np.nan
    with pytest.raises(ValueError, match="not finite"):
        save(tmp_path / "a.npz", model, TOKENIZER)
    with pytest.raises(ValueError, match="the parameters are float16"):
        save(tmp_path / "a.npz", small(np.float16), TOKENIZER)
    assert not list(tmp_path.iterdir())


def test_a_failed_save_keeps_the_old_file(tmp_path, monkeypatch):
    path = save(tmp_path / "a.npz", small(), TOKENIZER)
    before = path.read_bytes()
    monkeypatch.setattr("numpy.savez", lambda file, **_: file.write(b"half") and 1 / 0)
    with pytest.raises(ZeroDivisionError):
        save(path, small(seed=1), TOKENIZER)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.npz"], "no partial file is left"


def header(**changes):
    """The header of a good checkpoint with something changed."""
    model = small()
    good = {"format": "broadcast-to-transformer/2", "config": model.config,
            "alphabet": TOKENIZER.alphabet}
    return json.dumps({**good, **changes})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"header": header(format="other/9")}, "its format is 'other/9'"),
        ({"header": header(alphabet="abc")}, "its alphabet has 3 characters"),
        ({"header": header(alphabet="a" * TOKENIZER.vocab_size)}, "twice"),
        ({"header": header(config={"vocab_size": 3})}, "missing"),
        ({"header": header(config=None)}, "not a whole checkpoint"),
        ({"header": header(config={**small().config, "heads": 3})}, "cannot be split"),
        ({"header": header(config={**small().config, "heads": 2.0})}, "heads is 2.0"),
        ({"header": header(config={**small().config, "blocks": 3})}, "a model of its sizes has"),
        ({"header": header(config={**small().config, "blocks": 0})}, "blocks is 0"),
        ({"header": header(config={**small().config, "width": 0})}, "width is 0"),
        ({"header": header(config={**small().config, "causal": "no"})}, "causal is 'no'"),
        ({"header": header(config={**small().config, "positions": "learned"})}, "of its sizes has"),
        ({"header": header(config={**small().config, "context": 10**9})}, "its context is"),
        ({"header": "{"}, "not a whole checkpoint"),
        ({"header": "{}"}, "its format is None"),
        ({"theta": np.full(small().theta.size, np.nan)}, "not finite"),
        ({"theta": np.zeros(small().theta.size, int)}, "float32 or float64"),
        ({"theta": np.zeros(3)}, r"have shape \(3,\)"),
        ({"theta": np.array([{}], dtype=object)}, "not a whole checkpoint"),
        ({"theta": None}, "not a whole checkpoint"),
    ],
)
def test_load_rejects_foreign_checkpoints(tmp_path, content, message):
    arrays = {"header": header(), "theta": small().theta, **content}
    arrays = {key: value for key, value in arrays.items() if value is not None}
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(CheckpointError, match=message) as caught:
        load(tmp_path / "a.npz")
    assert str(tmp_path / "a.npz") in str(caught.value)


def test_a_header_that_claims_too_much_is_refused_before_anything_is_built(tmp_path, monkeypatch):
    monkeypatch.setattr("helpers.transformer.Transformer", None)
    monkeypatch.setattr("helpers.transformer.flatten", None)
    for size in ("blocks", "width", "vocab_size"):
        claim = header(config={**small().config, size: 10**6})
        np.savez(tmp_path / "a.npz", header=claim, theta=small().theta)
        with pytest.raises(CheckpointError, match="ValueError: its"):
            load(tmp_path / "a.npz")


@pytest.mark.parametrize("positions", ["rotary", "learned"])
@pytest.mark.parametrize("changes", [{}, {"blocks": 1, "width": 6, "heads": 1}, {"context": 3}])
def test_the_formula_counts_what_is_built(positions, changes):
    model = small(positions=positions, **changes)
    assert guards.parameter_count(**model.config) == model.theta.size


def test_load_rejects_damaged_files(tmp_path):
    good = save(tmp_path / "good.npz", small(), TOKENIZER).read_bytes()
    path = tmp_path / "bad.npz"
    middle = len(good) // 2
    flipped = good[:middle] + bytes([good[middle] ^ 255]) + good[middle + 1 :]
    for content in (b"", b"not a zip", good[:middle], good[:-10], flipped):
        path.write_bytes(content)
        with pytest.raises(CheckpointError, match="not a whole checkpoint"):
            load(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(CheckpointError):
        load(path)
    np.save(tmp_path / "array.npy", np.zeros(3))
    with pytest.raises(CheckpointError):
        load(tmp_path / "array.npy")
    with pytest.raises(FileNotFoundError, match="there is no checkpoint"):
        load(tmp_path / "none.npz")
    with pytest.raises(FileNotFoundError):
        load(tmp_path)


def test_shipped_checkpoint():
    path = data_path("transformer.npz")
    assert path.stat().st_size < 4_000_000
    model, tokenizer = load(path)
    train_text, validation_text = load_shakespeare()
    assert tokenizer == CharTokenizer.from_text(train_text)
    assert model.theta.dtype == np.float32
    assert evaluate(model, tokenizer.encode(validation_text), windows=300) < 1.75
    known = set(train_text.split())
    words = generate(model, tokenizer, "HAMLET:\n", 300, temperature=0.7, seed=0).split()
    assert np.mean([word in known for word in words]) > 0.6


def test_shipped_checkpoint_is_the_one_that_is_described():
    path = data_path("transformer.npz")
    readme = data_path("README.md").read_text(encoding="utf-8")
    assert hashlib.sha256(path.read_bytes()).hexdigest() in readme
    assert f"{path.stat().st_size:,}" in readme
    assert f"{load(path)[0].theta.size:,} numbers" in readme


def test_readme_shows_what_the_shipped_checkpoint_writes():
    """The beginning of what notebook 06 opens with."""
    readme = (folder() / "README.md").read_text(encoding="utf-8")
    quoted = readme.partition("    HAMLET:\n")[2].partition("\n\nIt is for")[0]
    model, tokenizer = load(data_path("transformer.npz"))
    written = generate(model, tokenizer, "HAMLET:\n", len(quoted), temperature=0.6, seed=13)
    lines = [line.strip() for line in quoted.splitlines()]
    assert len(lines) > 3 and written.startswith("\n".join(["HAMLET:", *lines]))


def test_progress_is_reported_once_a_second(monkeypatch):
    """A test runner reads what a cell sends only when it has ended, and keeps 1000 messages."""
    seen = {}

    def bar(steps, **options):
        seen.update(options)
        return tqdm(steps, disable=True)

    monkeypatch.setattr("helpers.transformer.tqdm", bar)
    train(small(), TOKENS, 2)
    assert seen["mininterval"] >= 1


def page():
    """The names that the last page of notebook 06, the whole model in NumPy, defines."""
    (cell,) = [c for c in NOTEBOOKS["06_mini_generative_transformer"].cells if c.id == "one-page"]
    names = {}
    exec(compile(cell.source, "one page", "exec"), names)
    return names, cell.source


def test_the_page_needs_numpy_alone_and_is_one_page():
    _, source = page()
    assert [line for line in source.splitlines() if "import" in line] == ["import numpy as np"]
    assert sum(bool(line.strip()) for line in source.splitlines()) < 125


@pytest.mark.parametrize(("width", "heads", "blocks"), [(16, 2, 2), (6, 1, 1), (12, 3, 3)])
def test_the_page_is_the_model_that_was_built(width, heads, blocks):
    names, _ = page()
    rng = np.random.default_rng(7)
    model = small(width=width, heads=heads, blocks=blocks)
    model.theta += rng.normal(0, 0.3, model.theta.shape)
    V = TOKENIZER.vocab_size
    assert names["page_size"](V, width, blocks) == model.theta.size
    weights = names["page_views"](model.theta, V, width, blocks)
    inputs, targets = sample_batch(TOKENS, 3, 8, rng)
    logits, back = names["page_model"](weights, inputs, heads)
    assert np.abs(logits - model(inputs)).max() < 1e-11
    loss, dlogits = names["page_loss"](logits, targets)
    gradient = np.concatenate([part.ravel() for part in back(dlogits)])
    assert math.isclose(loss, loss_and_gradient(model, inputs, targets), rel_tol=1e-12)
    assert error(gradient, model.grad) < 1e-11
    written = names["page_write"](weights, list(TOKENS[:5]), 12, heads, 8, np.random.default_rng(1))
    plain, _ = continuation(model, TOKENS[:5], 12, seed=1, cache=False)
    assert written == plain.tolist()


def test_the_page_trains_as_adam_does():
    names, _ = page()
    model = small()
    theta = model.theta.copy()
    names["page_train"](theta, TOKENS, TOKENIZER.vocab_size, 16, 2, 2, 8, steps=5, seed=3)
    rng, optimizer = np.random.default_rng(3), Adam(model.theta, 5e-3, betas=(0.9, 0.99))
    for _ in range(5):
        loss_and_gradient(model, *sample_batch(TOKENS, 12, 8, rng))
        optimizer.step(model.grad)
    np.testing.assert_allclose(theta, model.theta, rtol=1e-9, atol=1e-12)
