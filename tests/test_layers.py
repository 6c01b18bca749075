"""The layer contract: views into one vector, gradients that agree with the numbers, dtypes kept."""

import copy

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
    Layer,
    Linear,
    SoftmaxCrossEntropy,
    flatten,
    is_matrix,
    parameters,
    walk,
)
from helpers.optimizers import numerical_gradient, relative_error
from helpers.transformer import Block, Embedding, LayerNorm, Transformer

LAYERS = {
    "Linear": lambda: Linear(6, 5),
    "GELU": GELU,
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
    for a, gradient in zip(qkv, attend_backward(r, *qkv, weights), strict=True):
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
    model = Transformer(5, 4, 6, 2, 1)
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
