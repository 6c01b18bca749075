"""The modern parts of notebook 07: against PyTorch, and by what each promises."""

import copy
from pathlib import Path

import numpy as np
import pytest

from helpers import modern
from helpers.attention import MultiHeadAttention
from helpers.data import CharTokenizer
from helpers.layers import GELU, SoftmaxCrossEntropy, flatten, gradient_error, parameters
from helpers.lessons.notebook_07.ideas import Gate, loss_by_place, without
from helpers.lessons.notebook_07.training import hold_then_fall, optimizers_for, train_modern
from helpers.modern import (
    BlockedAttention,
    ModernTransformer,
    Muon,
    QKNorm,
    ReLUSquared,
    RMSNorm,
    newton_schulz,
)
from helpers.optimizers import Adam, numerical_gradient, relative_error
from helpers.transformer import KeyValueCache, evaluate, generate, loss_and_gradient, sample_batch

REFERENCE = Path(__file__).parent / "reference" / "modern.npz"
PARTS = {"rms": RMSNorm, "relu2": ReLUSquared, "gate": Gate, "qk": lambda: QKNorm(3)}
IDEAS = ["rotary", "RMSNorm", "ReLU²", "ReLU² for a gate", "QK-norm", "gain", "no biases",
         "start at 0", "untied head"]


@pytest.fixture(scope="module")
def reference():
    with np.load(REFERENCE) as file:
        return dict(file)


def group(reference, name):
    """The arrays of one group: {key: array}."""
    return {key.split(".")[1]: value for key, value in reference.items()
            if key.split(".")[0] == name}


def tiny(*ideas, seed=0, dtype=np.float64):
    """A model of 7 tokens without some ideas, all parameters random."""
    model = without(ModernTransformer(7, 6, 8, 2, 2), *ideas)
    rng = np.random.default_rng(seed)
    theta, _ = flatten(model, rng, dtype)
    theta += rng.normal(0, 0.3, theta.shape).astype(dtype)
    return model


# --- against PyTorch ---


@pytest.mark.parametrize("name", PARTS)
def test_parts_agree_with_pytorch(name, reference):
    values, layer = group(reference, name), PARTS[name]()
    flatten(layer)
    assert relative_error(layer(values["x"]), values["y"]) < 1e-12
    dy = values["dy"].copy()
    assert relative_error(layer.backward(dy), values["dx"]) < 1e-11
    np.testing.assert_array_equal(dy, values["dy"])


@pytest.mark.parametrize("name", ["model", "tied"])
def test_models_agree_with_pytorch_in_every_gradient(name, reference):
    values = group(reference, name)
    model = ModernTransformer(11, 6, 12, 3, 2)
    if name == "tied":
        model = without(model, "untied head")
    theta, grad = flatten(model)
    theta[:] = values["theta"]
    loss = loss_and_gradient(model, values["tokens"], values["targets"])
    assert abs(loss - values["loss"]) < 1e-12
    assert relative_error(model(values["tokens"]), values["logits"]) < 1e-12
    end = 0
    for label, layer, key in parameters(model):
        size = getattr(layer, key).size
        part = slice(end, end := end + size)
        assert relative_error(grad[part], values["grad"][part]) < 1e-10, label


@pytest.mark.parametrize("name", ["wide", "tall"])
def test_newton_schulz_agrees_with_pytorch_and_comes_near_the_factor(name, reference):
    values = group(reference, name)
    turned = newton_schulz(values["G"])
    assert relative_error(turned, values["turned"]) < 1e-10
    sigma = np.linalg.svd(turned, compute_uv=False)
    assert sigma.min() > 0.6 and sigma.max() < 1.25
    cosine = (turned * values["factor"]).sum() / np.linalg.norm(turned) / np.sqrt(len(sigma))
    assert cosine > 0.97


@pytest.mark.parametrize("name", ["muon_wide", "muon_tall"])
def test_muon_agrees_with_pytorch(name, reference):
    values = group(reference, name)
    theta = values["W"].copy()
    optimizer = Muon(theta, learning_rate=0.02, beta=0.95)
    for gradient in values["gradients"]:
        optimizer.step(gradient)
    assert relative_error(theta, values["after"]) < 1e-10
    assert relative_error(theta - values["W"], values["after"] - values["W"]) < 1e-9


# --- what each part promises ---


@pytest.mark.parametrize("make", [RMSNorm, ReLUSquared, Gate, lambda: QKNorm(2)])
@pytest.mark.parametrize("shape", [(2, 3, 12), (1, 1, 12), (4, 12)])
def test_gradients_of_the_parts(make, shape):
    if len(shape) == 2 and isinstance(make(), QKNorm):
        shape = (1, *shape)
    x = np.random.default_rng(3).normal(0.3, 1.5, shape)
    assert gradient_error(make(), x) < 1e-7


def test_rms_norm_forgets_size_and_keeps_direction():
    x = np.random.default_rng(0).normal(2.0, 1.0, (5, 9))
    y = RMSNorm()(x)
    np.testing.assert_allclose((y * y).mean(axis=-1), 1, atol=1e-6)
    np.testing.assert_allclose(RMSNorm()(100 * x), y, atol=1e-6)
    assert (np.abs(y.mean(axis=-1)) > 0.1).all(), "the mean is left in"
    assert not RMSNorm()(np.zeros((2, 4))).any(), "no division by zero"


def test_qk_norm_leaves_values_and_other_heads_alone():
    x = np.random.default_rng(0).normal(size=(2, 3, 24))
    y = QKNorm(2)(x)
    np.testing.assert_array_equal(y[..., 16:], x[..., 16:])
    heads = y[..., :16].reshape(2, 3, 4, 4)
    np.testing.assert_allclose((heads * heads).mean(axis=-1), 1.5**2, rtol=1e-3)
    np.testing.assert_allclose(QKNorm(2, gain=3.0)(x)[..., :16], 2 * y[..., :16], rtol=1e-12)
    other = x.copy()
    other[..., :4] *= 7
    np.testing.assert_allclose(QKNorm(2)(other)[..., 4:], y[..., 4:])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_in_is_dtype_out(dtype):
    rng = np.random.default_rng(0)
    for make in PARTS.values():
        layer, x = make(), rng.normal(size=(2, 3, 18)).astype(dtype)
        y = layer(x)
        assert y.dtype == layer.backward(np.ones_like(y)).dtype == dtype
    model = tiny(dtype=dtype)
    loss_and_gradient(model, *rng.integers(0, 7, (2, 2, 6)))
    for optimizer, gradient in optimizers_for(model):
        optimizer.step(gradient)
        assert optimizer.theta.dtype == dtype
        assert optimizer.v.dtype == dtype
    assert model.theta.dtype == model.grad.dtype == dtype


def test_the_untrained_model_guesses_evenly_and_its_branches_are_silent():
    model = ModernTransformer(7, 6, 8, 2, 2)
    flatten(model, np.random.default_rng(5))
    tokens = np.random.default_rng(0).integers(0, 7, (2, 6))
    assert not model(tokens).any()
    stream = model.embed(tokens)
    np.testing.assert_array_equal(model.blocks[1](model.blocks[0](stream)), stream)
    assert abs(stream.std() - 1) < 0.3
    assert all(len(layer.shapes[key]) == 2 for _, layer, key in parameters(model)), "no biases"


@pytest.mark.parametrize("idea", IDEAS)
def test_each_variant_passes_the_gradient_check_and_is_another_model(idea):
    model = tiny(idea)
    inputs, targets = np.random.default_rng(1).integers(0, 7, (2, 3, 6))
    loss_and_gradient(model, inputs, targets)
    gradient = model.grad.copy()
    measured = numerical_gradient(lambda _: SoftmaxCrossEntropy()(model(inputs), targets),
                                  model.theta)
    assert relative_error(gradient, measured) < 1e-7
    full = tiny()
    if model.theta.size == full.theta.size:
        model.theta[:] = full.theta
        changed = not np.allclose(model(inputs), full(inputs))
        assert changed or idea == "start at 0", "that one changes only the first values"


def test_taking_out_leaves_the_older_part():
    assert isinstance(tiny("ReLU²").blocks[1].mlp.layers[1], GELU)
    assert tiny("rotary").position is not None and not tiny("rotary").blocks[0].attention.rotary
    assert len(tiny("QK-norm").blocks[0].attention.qkv.layers) == 1
    model = without(ModernTransformer(7, 6, 8, 2, 2), "start at 0")
    flatten(model)
    assert model.blocks[0].attention.out.W.any() and model.head.W.any()
    gated = tiny("ReLU² for a gate")
    assert abs(gated.theta.size / tiny().theta.size - 1) < 0.05, "as many parameters"


@pytest.mark.parametrize("idea", [None, "untied head"])
def test_copies_stay_whole(idea):
    model = tiny(idea)
    twin = copy.deepcopy(model)
    inputs, targets = np.random.default_rng(1).integers(0, 7, (2, 3, 6))
    before = model.grad.copy()
    loss_and_gradient(twin, inputs, targets)
    np.testing.assert_array_equal(model.grad, before)
    loss_and_gradient(model, inputs, targets)
    np.testing.assert_allclose(twin.grad, model.grad)


# --- Muon and the training ---


def test_newton_schulz_does_to_singular_values_what_its_polynomial_does():
    G = np.random.default_rng(0).normal(size=(4, 7))
    sigma = np.linalg.svd(G / np.linalg.norm(G), compute_uv=False)
    for _ in range(3):
        sigma = 3.4445 * sigma - 4.7750 * sigma**3 + 2.0315 * sigma**5
    found = np.linalg.svd(newton_schulz(G, 3), compute_uv=False)
    np.testing.assert_allclose(found, np.sort(sigma)[::-1])
    np.testing.assert_allclose(newton_schulz(G.T, 3), newton_schulz(G, 3).T)
    np.testing.assert_allclose(newton_schulz(1000 * G), newton_schulz(G))


def test_newton_schulz_of_nothing_is_nothing():
    with np.errstate(all="raise"):
        assert not newton_schulz(np.zeros((3, 5), np.float32)).any()


@pytest.mark.parametrize("wrong", [np.zeros(3), np.zeros((2, 3, 4)), np.zeros((2, 3), int), [[1.0]],
                                   None])
def test_vectors_and_stacks_are_not_for_muon(wrong):
    with pytest.raises((ValueError, TypeError), match="matri|theta"):
        newton_schulz(wrong)
    with pytest.raises((ValueError, TypeError), match="matri|theta"):
        Muon(wrong)


def test_a_gate_needs_two_halves():
    with pytest.raises(ValueError, match="even number of features"):
        Gate()(np.zeros((2, 5)))


def test_a_step_of_muon_has_one_size_whatever_the_gradient():
    rng, steps = np.random.default_rng(0), []
    for size in (1e-6, 1.0, 1e6):
        theta = np.zeros((4, 6))
        Muon(theta, learning_rate=0.1).step(size * rng.normal(size=theta.shape))
        steps.append(np.linalg.svd(theta, compute_uv=False))
    assert all(0.05 < s.min() and s.max() < 0.16 for s in steps)
    narrow, wide = np.zeros((6, 4)), np.zeros((4, 16))
    for theta, factor in ((narrow, 1), (wide, 2)):
        gradient = rng.normal(size=theta.shape)
        Muon(theta, learning_rate=0.1).step(gradient)
        np.testing.assert_allclose(theta, -0.1 * factor * newton_schulz(gradient))


def test_muon_gets_the_matrices_of_the_blocks_and_adam_the_rest():
    model = tiny("no biases")
    pairs = optimizers_for(model, muon_rate=0.5, adam_rate=0.25, turns=3)
    assert sum(optimizer.theta.size for optimizer, _ in pairs) == model.theta.size
    for (optimizer, gradient), (name, layer, key) in zip(pairs, parameters(model), strict=True):
        inside = name.startswith("blocks") and key == "W"
        assert isinstance(optimizer, Muon if inside else Adam), name
        assert optimizer.learning_rate == (0.5 if inside else 0.25)
        assert optimizer.theta is getattr(layer, key) and gradient is getattr(layer, f"d{key}")
        assert not inside or optimizer.turns == 3
    assert all(isinstance(optimizer, Adam) for optimizer, _ in optimizers_for(model, None))


def test_the_schedule_holds_and_falls():
    shares = [hold_then_fall(step, 100) for step in range(101)]
    assert shares[:41] == [1.0] * 41 and shares[100] == 0
    np.testing.assert_allclose(np.diff(shares[40:]), -1 / 60)


TEXT = "to be, or not to be: that is the question. " * 30


def trained(steps=6, **options):
    """A small model after a few steps on a short text, and its history."""
    tokenizer = CharTokenizer.from_text(TEXT)
    model = ModernTransformer(tokenizer.vocab_size, 12, 16, 2, 2)
    flatten(model, np.random.default_rng(0))
    history = train_modern(model, tokenizer.encode(TEXT), steps, 5, progress=False, **options)
    return model, tokenizer, history


def test_training_takes_the_steps_that_it_says():
    """Two steps by hand, with one worker, give the same parameters to the last digits."""
    model, tokenizer, history = trained(steps=2, workers=1, seed=4)
    other = ModernTransformer(tokenizer.vocab_size, 12, 16, 2, 2)
    flatten(other, np.random.default_rng(0))
    pairs, rng = optimizers_for(other), np.random.default_rng(4)
    for step in range(2):
        loss = loss_and_gradient(other, *sample_batch(tokenizer.encode(TEXT), 5, 12, rng))
        assert history["loss"][step] == pytest.approx(loss)
        for optimizer, gradient in pairs:
            optimizer.step(gradient, hold_then_fall(step, 2) * optimizer.learning_rate)
    np.testing.assert_allclose(model.theta, other.theta)


def test_two_workers_learn_what_one_learns():
    one, two = trained(workers=1)[0], trained(workers=2)[0]
    np.testing.assert_allclose(one.theta, two.theta, atol=1e-9)
    assert not np.array_equal(one.theta, trained(seed=1)[0].theta)


def test_training_learns_and_tells_how_far_it_is():
    seen = []
    text = CharTokenizer.from_text(TEXT).encode(TEXT)
    model, tokenizer, history = trained(40, validation=text, every=15,
                                        on_check=lambda step, _: seen.append(step))
    assert seen == history["checked"].tolist() == [15, 30, 40]
    assert len(history["loss"]) == 40 and history["seconds"] > 0
    assert history["validation"][-1] < 2.1 < history["loss"][0]
    places = loss_by_place(model, text)
    assert places.shape == (12,)
    assert places.mean() == pytest.approx(evaluate(model, text))
    assert places[-1] < places[0]


@pytest.mark.parametrize(("steps", "text"), [(0, TEXT), (3, "too short")])
def test_training_refuses_what_it_cannot_use(steps, text):
    tokenizer = CharTokenizer.from_text(TEXT)
    model = ModernTransformer(tokenizer.vocab_size, 12, 16, 2, 2)
    flatten(model)
    with pytest.raises(ValueError):
        train_modern(model, tokenizer.encode(text), steps, progress=False)


def test_training_stops_when_the_loss_is_no_number():
    tokenizer = CharTokenizer.from_text(TEXT)
    model = ModernTransformer(tokenizer.vocab_size, 12, 16, 2, 2)
    theta, _ = flatten(model)
    theta[0] = np.nan
    with pytest.raises(FloatingPointError, match="at step 0; were the parameters finite"):
        train_modern(model, tokenizer.encode(TEXT), 3, progress=False)


def test_the_cache_and_generate_of_notebook_06_work():
    model, tokenizer, _ = trained(steps=30)
    tokens = tokenizer.encode(TEXT[:12])
    cache, wanted = KeyValueCache(model), model(tokens[None])[0]
    np.testing.assert_allclose(cache.read(tokens[:5]), wanted[4], atol=1e-9)
    for place in range(5, 12):
        np.testing.assert_allclose(cache.step(tokens[place]), wanted[place], atol=1e-9)
    text = generate(model, tokenizer, "to be", 30, temperature=0.5, seed=1)
    assert text.startswith("to be") and len(text) == 35
    assert text == generate(model, tokenizer, "to be", 30, temperature=0.5, seed=1)


@pytest.mark.parametrize("length", [1, 5, 64, 65, 150])
@pytest.mark.parametrize("rotary", [True, False])
def test_blocks_compute_what_notebook_05_computes(length, rotary):
    plain, blocked = (kind(12, 3, rotary=rotary) for kind in (MultiHeadAttention, BlockedAttention))
    theta, _ = flatten(plain, np.random.default_rng(0))
    flatten(blocked, theta=theta)
    x, dy = np.random.default_rng(1).normal(size=(2, 2, length, 12))
    assert relative_error(blocked(x), plain(x)) < 1e-12
    np.testing.assert_allclose(blocked.weights, plain.weights, atol=1e-14)
    assert relative_error(blocked.backward(dy), plain.backward(dy)) < 1e-11
    assert relative_error(blocked.grad, plain.grad) < 1e-11


def test_the_future_cannot_leak():
    model, tokens = tiny(), np.random.default_rng(0).integers(0, 7, (1, 6))
    other = tokens.copy()
    other[0, 4:] = (other[0, 4:] + 1) % 7
    np.testing.assert_array_equal(model(tokens)[:, :4], model(other)[:, :4])
    assert not np.allclose(model(tokens)[:, 4:], model(other)[:, 4:])


def test_everything_holds_when_every_warning_is_an_error():
    with np.errstate(all="raise"):
        trained(steps=3)
        Gate()(np.array([[-1000.0, 1000.0], [1000.0, 1.0]]))


def test_the_module_holds_nothing_that_the_notebook_does_not_teach():
    public = {name for name, value in vars(modern).items()
              if getattr(value, "__module__", "") == modern.__name__}
    assert public == {"BlockedAttention", "RMSNorm", "ReLUSquared", "QKNorm", "ModernTransformer",
                      "newton_schulz", "Muon"}


def test_what_muon_leaves_gets_adam_with_the_means_of_the_recipe():
    model = tiny()
    pairs = dict(zip([name for name, *_ in parameters(model)], optimizers_for(model), strict=True))
    kinds = {name: type(optimizer) for name, (optimizer, _) in pairs.items()}
    assert all((kind is Muon) == name.startswith("blocks") for name, kind in kinds.items())
    assert {kinds["token.W"], kinds["head.W"]} == {Adam}
    assert pairs["token.W"][0].betas == pairs["head.W"][0].betas == (0.9, 0.95)
    assert {type(optimizer) for optimizer, _ in optimizers_for(model, muon_rate=None)} == {Adam}
