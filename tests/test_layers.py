"""The layer contract: views into one vector, gradients that agree with the numbers, dtypes kept."""

import copy
import pickle
from pathlib import Path

import numpy as np
import pytest

from helpers.attention import (
    MultiHeadAttention,
    attend,
    attend_backward,
    merge_heads,
    split_heads,
)
from helpers.layers import (
    GELU,
    BinaryCrossEntropy,
    Layer,
    Linear,
    MeanSquaredError,
    ReLU,
    Sequential,
    Sigmoid,
    SoftmaxCrossEntropy,
    Tanh,
    fit,
    flatten,
    gradient_error,
    is_matrix,
    parameters,
    walk,
)
from helpers.optimizers import SGD, Adam, numerical_gradient, relative_error
from helpers.transformer import Block, Embedding, LayerNorm, Transformer

LAYERS = {
    "Linear": lambda: Linear(6, 5),
    "Sigmoid": Sigmoid,
    "Tanh": Tanh,
    "ReLU": ReLU,
    "GELU": GELU,
    "Sequential": lambda: Sequential(Linear(6, 4), Tanh(), Linear(4, 7), GELU(), Linear(7, 3)),
    "LayerNorm": lambda: LayerNorm(6),
    "MultiHeadAttention": lambda: MultiHeadAttention(6, 3),
    "MultiHeadAttention, not causal": lambda: MultiHeadAttention(6, 2, causal=False),
    "Block": lambda: Block(6, 2),
}


class Pair(Layer):
    """Two linear layers, one of them in a list, and a parameter of its own."""

    def __init__(self):
        super().__init__(a=(3,))
        self.first = Linear(2, 3)
        self.rest = [Linear(3, 4)]


def test_flatten_gives_views_that_share_memory():
    model = Pair()
    theta, grad = flatten(model)
    assert theta.size == grad.size == 3 + (2 * 3 + 3) + (3 * 4 + 4)
    theta[:] = np.arange(theta.size)
    grad[:] = -theta
    for _, layer, key in parameters(model):
        assert np.shares_memory(getattr(layer, key), theta)
        assert np.shares_memory(getattr(layer, f"d{key}"), grad)
        assert np.array_equal(getattr(layer, f"d{key}"), -getattr(layer, key))
    ordered = np.concatenate([getattr(layer, key).ravel() for _, layer, key in parameters(model)])
    assert np.array_equal(ordered, theta), "parameters() is in the order of theta"


def test_names_say_where_a_parameter_is():
    names = [name for name, *_ in parameters(Pair())]
    assert names == ["a", "first.W", "first.b", "rest[0].W", "rest[0].b"]
    assert len(list(walk(Pair()))) == 3


def test_shared_theta_keeps_its_values_and_gradients_apart():
    model = Pair()
    theta, grad = flatten(model, np.random.default_rng(3))
    before = theta.copy()
    twin = copy.deepcopy(model)
    theta_2, grad_2 = flatten(twin, theta=theta)
    assert theta_2 is theta and np.array_equal(theta, before)
    assert not np.shares_memory(grad, grad_2)
    with pytest.raises(ValueError, match=r"theta has shape \(3,\), the model has 28 parameters"):
        flatten(model, theta=np.zeros(3))


def test_flatten_is_reproducible_and_takes_a_generator():
    assert np.array_equal(flatten(Linear(3, 4))[0], flatten(Linear(3, 4))[0])
    other = flatten(Linear(3, 4), np.random.default_rng(1))[0]
    assert not np.array_equal(flatten(Linear(3, 4))[0], other)


def test_forward_before_flatten_says_what_to_do():
    with pytest.raises(AttributeError, match=r"Linear has no W yet: call flatten\(model\)"):
        Linear(2, 2)(np.ones((1, 2)))
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        Linear(2, 2).nonsense  # noqa: B018


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("shape", [(2, 4, 6), (1, 1, 6)])
def test_backward_agrees_with_the_numerical_gradient(name, shape):
    rng = np.random.default_rng(5)
    layer = LAYERS[name]()
    theta, grad = flatten(layer, rng)
    theta += rng.normal(0, 0.5, theta.shape)  # γ is not 1, no bias is 0
    x = rng.normal(size=shape)
    r = rng.normal(size=layer(x).shape)
    grad[:] = np.nan  # backward must write every entry
    dx = layer.backward(r)
    assert dx.shape == x.shape

    def loss(_):
        return np.sum(layer(x) * r)

    assert relative_error(grad, numerical_gradient(loss, theta)) < 1e-7
    assert relative_error(dx, numerical_gradient(loss, x)) < 1e-7


def test_backward_does_not_change_its_input():
    for name, make in LAYERS.items():
        layer = make()
        flatten(layer)
        x = np.random.default_rng(0).normal(size=(2, 3, 6))
        kept = x.copy()
        y = layer(x)
        dy = np.ones_like(y)
        layer.backward(dy)
        assert np.array_equal(x, kept), name
        assert np.array_equal(dy, np.ones_like(y)), name


def test_embedding_adds_up_repeated_tokens():
    layer = Embedding(4, 3)
    flatten(layer)
    tokens = np.array([[1, 1, 3]])
    assert np.array_equal(layer(tokens), layer.W[tokens])
    dy = np.arange(9.0).reshape(1, 3, 3)
    layer.backward(dy)
    expected = np.zeros((4, 3))
    np.add.at(expected, tokens, dy)
    assert np.array_equal(layer.dW, expected)


def test_cross_entropy_and_its_gradient():
    rng = np.random.default_rng(7)
    logits, targets = rng.normal(size=(2, 3, 5)), rng.integers(0, 5, (2, 3))
    criterion = SoftmaxCrossEntropy()
    p = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    expected = -np.log(np.take_along_axis(p, targets[..., None], -1)).mean()
    assert np.isclose(criterion(logits, targets), expected, rtol=1e-12)
    gradient = criterion.backward()
    measured = numerical_gradient(lambda z: criterion(z, targets), logits)
    assert relative_error(gradient, measured) < 1e-8
    assert np.isfinite(SoftmaxCrossEntropy()(np.array([[0.0, 1e4]]), np.array([0])))


def test_heads_equal_a_loop_over_heads():
    rng = np.random.default_rng(8)
    q, k, v = rng.normal(size=(3, 2, 5, 6))
    together = merge_heads(attend(*(split_heads(a, 3) for a in (q, k, v)))[0])
    for head in range(3):
        part = slice(2 * head, 2 * head + 2)
        assert np.allclose(attend(q[..., part], k[..., part], v[..., part])[0], together[..., part])
    assert np.array_equal(merge_heads(split_heads(q, 3)), q)
    assert np.shares_memory(split_heads(q, 3), q)


def test_attend_backward_agrees_with_the_numbers():
    rng = np.random.default_rng(9)
    qkv = list(rng.normal(size=(3, 4, 3)))
    mask = np.tri(4, dtype=bool)
    mixed, weights = attend(*qkv, mask)
    assert np.allclose(weights.sum(-1), 1) and (weights[~mask] == 0).all()
    r = rng.normal(size=mixed.shape)
    for a, gradient in zip(qkv, attend_backward(r, *qkv, mixed, weights), strict=True):
        measured = numerical_gradient(lambda _: np.sum(attend(*qkv, mask)[0] * r), a)
        assert relative_error(gradient, measured) < 1e-8


def test_causal_attention_cannot_see_the_future():
    layer = MultiHeadAttention(6, 2)
    flatten(layer)
    x = np.random.default_rng(1).normal(size=(1, 5, 6))
    y = layer(x)
    for t in range(5):
        changed = x.copy()
        changed[:, t] += 1
        assert np.array_equal(layer(changed)[:, :t], y[:, :t])
        assert not np.allclose(layer(changed)[:, t:], y[:, t:])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", LAYERS)
def test_layers_keep_the_dtype(name, dtype):
    layer = LAYERS[name]()
    flatten(layer, dtype=dtype)
    x = np.ones((2, 3, 6), dtype=dtype)
    y = layer(x)
    assert y.dtype == dtype
    assert layer.backward(y).dtype == dtype
    assert no_other_float(layer, dtype)


def no_other_float(model, dtype):
    """True if every float array that a model holds, parameters and notes, has the dtype."""
    found = []
    for _, layer in walk(model):
        for value in vars(layer).values():
            parts = value if isinstance(value, (list, tuple)) else [value]
            found += [p for p in parts if isinstance(p, np.ndarray) and p.dtype.kind == "f"]
    return all(array.dtype == dtype for array in found)


def test_is_matrix_marks_what_decays():
    model = Transformer(5, 4, 8, 2, 1)
    theta, _ = flatten(model)
    mask = is_matrix(model)
    assert mask.shape == theta.shape
    end = 0
    for name, layer, key in parameters(model):
        start, end = end, end + getattr(layer, key).size
        assert (mask[start:end] == (key == "W")).all(), name


def test_width_not_divisible_by_heads():
    with pytest.raises(ValueError, match="a width of 10 cannot be split over 3 heads"):
        MultiHeadAttention(10, 3)


REFERENCE = dict(np.load(Path(__file__).parent / "reference" / "layers.npz"))
LOSSES = {"MeanSquaredError": MeanSquaredError, "BinaryCrossEntropy": BinaryCrossEntropy,
          "BinaryCrossEntropy, soft": BinaryCrossEntropy,
          "SoftmaxCrossEntropy": SoftmaxCrossEntropy}  # fmt: skip
IN_PYTORCH = sorted({name.split("/")[0] for name in REFERENCE} - set(LOSSES))
each_loss = pytest.mark.parametrize("name", LOSSES)


def test_the_reference_holds_every_layer_and_loss_of_notebook_03():
    assert IN_PYTORCH == ["GELU", "Linear", "ReLU", "Sequential", "Sigmoid", "Tanh"]


@pytest.mark.parametrize("axes", [2, 3])
@pytest.mark.parametrize("name", IN_PYTORCH)
def test_forward_and_backward_agree_with_pytorch(name, axes):
    given = {key: REFERENCE[f"{name}/{axes}/{key}"] for key in ("x", "dy", "y", "dx", "theta",
                                                                "grad")}  # fmt: skip
    layer = LAYERS[name]()
    theta, grad = flatten(layer)
    theta[:], grad[:] = given["theta"], np.nan
    assert relative_error(layer(given["x"]), given["y"]) < 1e-12
    assert relative_error(layer.backward(given["dy"]), given["dx"]) < 1e-12
    assert relative_error(grad, given["grad"]) < 1e-12
    assert layer(given["x"]).shape == given["y"].shape


@pytest.mark.parametrize("axes", [2, 3])
@each_loss
def test_losses_agree_with_pytorch(name, axes):
    given = {key: REFERENCE[f"{name}/{axes}/{key}"] for key in ("guesses", "targets", "loss",
                                                                "gradient")}  # fmt: skip
    criterion, kept = LOSSES[name](), given["guesses"].copy()
    assert relative_error(criterion(given["guesses"], given["targets"]), given["loss"]) < 1e-12
    assert relative_error(criterion.backward(), given["gradient"]) < 1e-12
    assert np.array_equal(given["guesses"], kept)


def targets_for(name, shape, rng):
    """Targets that a loss accepts for guesses of a shape."""
    if name == "SoftmaxCrossEntropy":
        return rng.integers(0, shape[-1], shape[:-1])
    return rng.integers(0, 2, shape)  # whole numbers must not turn float32 into float64


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@each_loss
def test_losses_keep_the_dtype(name, dtype):
    rng, criterion = np.random.default_rng(1), LOSSES[name]()
    guesses = rng.normal(size=(4, 3)).astype(dtype)
    assert criterion(guesses, targets_for(name, (4, 3), rng)).dtype == dtype
    assert criterion.backward().dtype == dtype


def test_whole_number_guesses_and_lists_are_not_cut_to_integers():
    assert MeanSquaredError()(np.array([1, 2]), np.array([0.5, 2.5])) == 0.25
    assert MeanSquaredError()([1.0, 2.0], [0.5, 2.5]) == 0.25
    assert np.isclose(BinaryCrossEntropy()(np.array([0, 0]), [0.5, 1]), np.log(2))


@each_loss
def test_large_guesses_do_no_harm(name):
    rng, criterion = np.random.default_rng(2), LOSSES[name]()
    for dtype in (np.float32, np.float64):
        guesses = np.array([[800.0, -800.0], [-800.0, 800.0]], dtype=dtype)
        with np.errstate(all="raise", under="ignore"):
            assert np.isfinite(criterion(guesses, targets_for(name, (2, 2), rng)))
            assert np.isfinite(criterion.backward()).all()
    criterion = LOSSES["SoftmaxCrossEntropy"]()
    assert criterion(np.array([[800.0, 0.0]]), np.array([1])) == 800
    assert BinaryCrossEntropy()(np.array([-800.0]), np.array([1.0])) == 800


@pytest.mark.parametrize("name", ["Sigmoid", "Tanh", "GELU", "ReLU"])
def test_activations_survive_large_numbers(name):
    layer, x = LAYERS[name](), np.array([[-1e4, -50.0, 0.0, 50.0, 1e4]])
    with np.errstate(all="raise", under="ignore"):
        assert np.isfinite(layer(x)).all()
        assert np.isfinite(layer.backward(np.ones_like(x))).all()
    assert LAYERS["ReLU"]()(np.array([np.nan]))[0] != 0  # NaN is not hidden


@pytest.mark.parametrize("optimizer", [None, SGD])
def test_fit_keeps_float32_in_model_gradient_and_optimizer(optimizer):
    rng = np.random.default_rng(0)
    model = Sequential(Linear(4, 8), GELU(), Linear(8, 3))
    theta, grad = flatten(model, dtype=np.float32)
    made = (optimizer or Adam)(theta, learning_rate=1e-2)
    x = rng.normal(size=(20, 4)).astype(np.float32)
    losses = fit(model, SoftmaxCrossEntropy(), x, rng.integers(0, 3, 20), epochs=3, optimizer=made)
    assert losses.shape == (3,)
    assert model.theta is theta and theta.dtype == grad.dtype == np.float32
    assert no_other_float(model, np.float32)
    state = [value for value in vars(made).values() if isinstance(value, np.ndarray)]
    assert state and all(value.dtype == np.float32 for value in state)


def test_fit_learns_and_reports_the_mean_loss_of_each_epoch():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(50, 2))
    labels = (x[:, 0] * x[:, 1] > 0).astype(int)  # no line does this
    model = Sequential(Linear(2, 16), Tanh(), Linear(16, 2))
    flatten(model)
    seen = []
    losses = fit(model, SoftmaxCrossEntropy(), x, labels, epochs=150, batch_size=16,
                 on_epoch=lambda epoch, m: seen.append((epoch, m is model)))  # fmt: skip
    assert seen == [(epoch, True) for epoch in range(1, 151)]
    assert losses[-1] < 0.2 * losses[0]
    assert np.mean(model(x).argmax(axis=-1) == labels) > 0.95


def test_fit_with_a_whole_batch_and_plain_descent_is_the_loop_of_notebook_02():
    rng = np.random.default_rng(0)
    x, targets = rng.normal(size=(9, 3)), rng.normal(size=(9, 2))
    model, twin = Linear(3, 2), Linear(3, 2)
    theta, _ = flatten(model)
    by_hand, grad = flatten(twin)
    criterion = MeanSquaredError()
    losses = fit(model, criterion, x, targets, 4, batch_size=9, learning_rate=0.1,
                 optimizer=SGD(theta, 1.0))  # fmt: skip
    for loss in losses:
        assert np.isclose(criterion(twin(x), targets), loss, rtol=1e-12)
        twin.backward(criterion.backward())
        by_hand -= 0.1 * grad
    assert relative_error(theta, by_hand) < 1e-12


def test_fit_is_reproducible_and_leaves_the_data():
    rng = np.random.default_rng(0)
    x, labels = rng.normal(size=(30, 2)), rng.integers(0, 2, 30)
    kept, results = x.copy(), []
    for seed in (0, 0, 1):
        model = Linear(2, 2)
        flatten(model)
        fit(model, SoftmaxCrossEntropy(), x, labels, 3, batch_size=7, seed=seed)
        results.append(model.theta.copy())
    assert np.array_equal(results[0], results[1]) and not np.array_equal(results[0], results[2])
    assert np.array_equal(x, kept)


def ready(model):
    """A model with its parameters."""
    flatten(model)
    return model


X, LABELS = np.ones((4, 3)), np.array([0, 1, 2, 0])
BAD = [
    ("wrong width", lambda: ready(Linear(3, 2))(np.ones((4, 5))), ValueError,
     r"Linear\(3, 2\) got an input of shape \(4, 5\); its last axis must hold the 3 features"),
    ("wrong width inside", lambda: ready(Sequential(Linear(3, 2), Tanh(), Linear(3, 2)))(X),
     ValueError, r"Linear\(3, 2\) got an input of shape \(4, 2\)"),
    ("no axis", lambda: ready(Linear(3, 2))(np.array(1.0)), ValueError, "its last axis"),
    ("no array", lambda: ready(Linear(3, 2))([[1.0, 2.0, 3.0]]), TypeError,
     r"Linear\(3, 2\) got a list; give it a NumPy array of floats"),
    ("float64 into float32", lambda: float32_model()(X), TypeError,
     r"Linear\(3, 2\) holds float32 and got an input of float64; write x.astype\(np.float32\)"),
    ("backward first", lambda: ready(Linear(3, 2)).backward(np.ones((4, 2))), AttributeError,
     "Linear has no attribute 'x'; if backward looked for it: forward keeps it, so call"),
    ("backward of a loss first", lambda: SoftmaxCrossEntropy().backward(), AttributeError,
     "SoftmaxCrossEntropy has no attribute 'targets'; if backward looked for it"),
    ("no logits", lambda: SoftmaxCrossEntropy()(np.ones((0, 3)), LABELS[:0]), ValueError,
     "one label for each row, .* and one row or more"),
    ("logits in a list", lambda: SoftmaxCrossEntropy()([[1.0, 2.0]], LABELS[:1]), TypeError,
     "logits must be an array of floats, got"),
    ("mse of nothing", lambda: MeanSquaredError()(X[:0], X[:0]), ValueError,
     "there are no guesses"),
    ("bce of nothing", lambda: BinaryCrossEntropy()(X[:0], X[:0]), ValueError,
     "there are no logits"),
    ("backward of bce first", lambda: BinaryCrossEntropy().backward(), AttributeError, "before"),
    ("backward of mse first", lambda: MeanSquaredError().backward(), AttributeError, "before"),
    ("a label too large", lambda: SoftmaxCrossEntropy()(X, LABELS + 1), ValueError,
     "label 3 is not one of 0 to 2"),
    ("a negative label", lambda: SoftmaxCrossEntropy()(X, LABELS - 1), ValueError,
     "label -1 is not one of 0 to 2"),
    ("labels that are floats", lambda: SoftmaxCrossEntropy()(X, LABELS * 1.0), TypeError,
     "labels must be an array of integers, got float64"),
    ("labels in a list", lambda: SoftmaxCrossEntropy()(X, [0, 1, 2, 0]), TypeError,
     r"got list \[0, 1, 2, 0\]"),
    ("one-hot labels", lambda: SoftmaxCrossEntropy()(X, np.eye(4, 3, dtype=int)), ValueError,
     r"labels of shape \(4, 3\) do not fit logits of shape \(4, 3\); expected one label "
     r"for each row, \(4,\)"),
    ("labels in a column", lambda: SoftmaxCrossEntropy()(X, LABELS[:, None]), ValueError,
     r"labels of shape \(4, 1\)"),
    ("mse, other shapes", lambda: MeanSquaredError()(np.ones((4, 1)), np.ones(4)), ValueError,
     r"guesses have shape \(4, 1\), targets \(4,\); they must be the same"),
    ("bce, other shapes", lambda: BinaryCrossEntropy()(np.ones((4, 1)), np.ones(4)), ValueError,
     r"logits have shape \(4, 1\), targets \(4,\)"),
    ("bce, other classes", lambda: BinaryCrossEntropy()(np.ones(4), LABELS), ValueError,
     r"targets must be 0 \(no\) to 1 \(yes\), got 0 to 2"),
    ("bce, NaN", lambda: BinaryCrossEntropy()(np.ones(2), np.array([0, np.nan])), ValueError,
     "targets must be 0"),
    ("fit, other lengths", lambda: fit(ready(Linear(3, 3)), SoftmaxCrossEntropy(), X, LABELS[:3],
                                       1), ValueError,
     "there are 4 inputs but 3 targets; each input needs one target"),
    ("fit, nothing", lambda: fit(ready(Linear(3, 3)), SoftmaxCrossEntropy(), X[:0], LABELS[:0], 1),
     ValueError, r"inputs must be an array of at least one example, got .*shape \(0, 3\)"),
    ("fit, lists", lambda: fit(ready(Linear(3, 3)), SoftmaxCrossEntropy(), X, [0, 1, 2, 0], 1),
     ValueError, "targets must be an array of at least one example, got list"),
    ("fit, no epochs", lambda: fit(ready(Linear(3, 3)), SoftmaxCrossEntropy(), X, LABELS, 0),
     ValueError, "epochs is 0"),
    ("fit, half a batch", lambda: fit(ready(Linear(3, 3)), SoftmaxCrossEntropy(), X, LABELS, 1,
                                      2.5), TypeError, "batch_size is 2.5"),
    ("fit, another theta", lambda: fit(ready(Linear(3, 3)), SoftmaxCrossEntropy(), X, LABELS, 1,
                                       optimizer=Adam(np.zeros(12))), ValueError,
     "the optimizer moves another theta than that of this model"),
    ("fit, a copy of the model", lambda: fit_a_copy(), ValueError, "another theta"),
    ("fit, not flattened", lambda: fit(Linear(3, 3), SoftmaxCrossEntropy(), X, LABELS, 1),
     AttributeError, r"Linear has no theta yet: call flatten\(model\)"),
    ("fit, not finite", lambda: fit(ready(Linear(3, 3)), SoftmaxCrossEntropy(), X * np.nan, LABELS,
                                    1), ValueError, "inputs hold 12 numbers that are NaN or"),
    ("fit, too long a step", lambda: fit(ready(Linear(3, 3)), MeanSquaredError(), X, X * 1e200, 9,
                                         optimizer=SGD(np.zeros(0), 1.0)), ValueError,
     "another theta"),
    ("fit, diverged", lambda: diverge(), FloatingPointError, "the gradient is"),
    ("a layer twice", lambda: flatten(Sequential(*[Linear(3, 3)] * 2)), ValueError,
     "a layer is in the model twice; make two layers"),
    ("an activation twice", lambda: flatten(Sequential(*[Tanh()] * 2)), ValueError,
     "a layer is in the model twice"),
    ("a list of layers", lambda: Sequential([Linear(3, 3), Tanh()]), TypeError,
     r"Sequential takes layers, .* got \[<helpers.layers.Linear"),
    ("a class for a layer", lambda: Sequential(Linear(3, 3), Tanh), TypeError,
     "got <class .*Tanh"),
    ("a shared theta of whole numbers", lambda: flatten(Linear(3, 3), theta=np.zeros(12, int)),
     TypeError, "theta must be a NumPy array of floats.*got int64 of shape"),
    ("a shared theta in a list", lambda: flatten(Linear(3, 3), theta=[0.0] * 12),
     TypeError, "theta must be a NumPy array of floats"),
    ("a part that was flattened alone", lambda: fit(stale_part(), MeanSquaredError(), X, X, 1),
     AttributeError, r"Linear has no theta yet: call flatten\(model\)"),
    ("whole-number parameters", lambda: flatten(Linear(3, 3), dtype=int), TypeError,
     "parameters must be floats, got dtype int"),
]  # fmt: skip


def float32_model():
    """A layer of float32."""
    layer = Linear(3, 2)
    flatten(layer, dtype=np.float32)
    return layer


def fit_a_copy():
    """Train a copy of a model by the optimizer of the first."""
    model = ready(Linear(3, 3))
    fit(copy.deepcopy(model), MeanSquaredError(), X, X, 1, optimizer=Adam(model.theta))


def diverge():
    """Train with a step that is far too long."""
    model = ready(Linear(3, 3))
    with np.errstate(all="ignore"):
        fit(model, MeanSquaredError(), X, X, 999, learning_rate=1e9, optimizer=SGD(model.theta, 1))


def stale_part():
    """A layer that was flattened alone, and then again as part of a model."""
    part = ready(Linear(3, 3))
    flatten(Sequential(part, Tanh()))
    return part


@pytest.mark.parametrize(("run", "error", "message"), [case[1:] for case in BAD],
                         ids=[case[0] for case in BAD])  # fmt: skip
def test_bad_input_is_told(run, error, message):
    with pytest.raises(error, match=message):
        run()


def copies(model):
    """A model copied in each way that Python has."""
    return [copy.deepcopy(model), pickle.loads(pickle.dumps(model))]


def test_a_copy_of_a_model_is_whole_and_on_its_own():
    rng = np.random.default_rng(0)
    model = Sequential(Linear(3, 4), Tanh(), Sequential(Linear(4, 3, bias=False)))
    theta, grad = flatten(model)
    grad[:] = rng.normal(size=grad.shape)
    kept = theta.copy()
    for twin in copies(model):
        assert np.array_equal(twin.theta, theta) and np.array_equal(twin.grad, grad)
        for _, layer, key in parameters(twin):
            assert np.shares_memory(getattr(layer, key), twin.theta)
            assert np.shares_memory(getattr(layer, f"d{key}"), twin.grad)
        losses = fit(twin, MeanSquaredError(), X, rng.normal(size=(4, 3)), 50)
        assert losses[-1] < 0.9 * losses[0]
        assert np.array_equal(theta, kept), "the first model stays as it was"
    for part in copies(model.layers[0]):
        with pytest.raises(AttributeError, match="call flatten"):
            fit(part, MeanSquaredError(), X, np.ones((4, 4)), 1)


def test_a_model_and_its_optimizer_are_copied_together():
    model = ready(Linear(3, 3))
    for twin, optimizer in copies((model, Adam(model.theta))):
        assert optimizer.theta is twin.theta
        fit(twin, MeanSquaredError(), X, X, 1, optimizer=optimizer)
        assert not np.array_equal(twin.theta, model.theta)


def test_a_linear_layer_without_bias():
    layer = Linear(3, 4, bias=False)
    theta, _ = flatten(layer)
    assert theta.size == 12 and not hasattr(layer, "b") and not hasattr(layer, "db")
    x = np.random.default_rng(0).normal(size=(5, 3))
    assert np.array_equal(layer(x), x @ layer.W)
    assert gradient_error(layer, x) < 1e-8


def test_first_values():
    for scale, deviation in [(None, 1 / 20), (0.3, 0.3), (0, 0)]:
        layer = ready(Linear(400, 300, scale))
        assert np.isclose(layer.W.std(), deviation, rtol=0.01) and not layer.b.any()
        assert abs(layer.W.mean()) <= 0.01 * deviation


def test_layers_in_a_dict_and_in_nested_lists_are_found():
    model = Layer()
    model.parts = {"a": Linear(2, 3), "b": [[Linear(1, 1, bias=False)], (Tanh(),)]}
    assert [name for name, *_ in parameters(model)] == [
        "parts['a'].W", "parts['a'].b", "parts['b'][0][0].W"]  # the order of their making


def test_a_loss_can_be_asked_twice():
    criterion = SoftmaxCrossEntropy()
    criterion(X, LABELS)
    assert np.array_equal(criterion.backward(), criterion.backward())


def test_layers_in_a_tuple_are_found():
    model = Layer()
    model.parts = (Linear(2, 3), Tanh())
    assert [name for name, *_ in parameters(model)] == ["parts[0].W", "parts[0].b"]


class Faulty(Linear):
    """A linear layer with one fault."""

    fault = None

    def forward(self, x):
        y = super().forward(x)
        if self.fault == "forward moves W":
            self.W += 1e-12
        return y

    def backward(self, dy):
        dx = super().backward(dy)
        if self.fault == "b is forgotten":
            self.db[:] = 0
        if self.fault == "x is forgotten":
            dx = np.zeros_like(dx)
        if self.fault == "backward moves W":
            self.W *= 1.5
        if self.fault == "backward moves dy":
            dy *= 0.5
        if self.fault == "backward moves x":
            self.x += 1.0
        if self.fault == "dW is replaced":
            self.dW = self.dW.copy()
        if self.fault == "a small sign":
            self.dW[0] *= -1
        return dx


FAULTS = ["b is forgotten", "x is forgotten", "a small sign"]
MOVES = ["forward moves W", "backward moves W", "backward moves dy", "backward moves x"]


@pytest.mark.parametrize("fault", [None, *FAULTS, *MOVES])
def test_gradient_error_sees_every_fault(fault):
    x = np.random.default_rng(0).normal(size=(2, 3, 4))
    x[..., 0] *= 1e-9  # so that dW[0] is tiny
    layer, kept = Faulty(4, 5), x.copy()
    layer.fault = fault
    if fault in MOVES:
        with pytest.raises(ValueError, match="Faulty changes (its parameters|its input|dy)"):
            gradient_error(layer, x)
        return
    assert (gradient_error(layer, x) < 1e-8) == (fault is None)
    assert np.array_equal(x, kept)
