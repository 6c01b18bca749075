"""Attention: against PyTorch, its laws, its dtypes, and its words about bad input."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest

from helpers.arrays import causal_mask
from helpers.attention import (
    Embedding,
    MultiHeadAttention,
    attend,
    attend_backward,
    merge_heads,
    rotary_tables,
    rotate,
    split_heads,
)
from helpers.layers import Sequential, flatten, gradient_error
from helpers.lessons.notebook_05.parts import Last, Residual
from helpers.optimizers import numerical_gradient, relative_error

REFERENCE = dict(np.load(Path(__file__).parent / "reference" / "attention.npz"))
LAYERS = list(product((1, 5, 12), (1, 2, 4), (False, True)))
PARTS = ("qkv.W", "qkv.b", "out.W", "out.b")
STACKS = ("plain", "causal", "one", "random")


def reference(*case):
    """The arrays of one case, {name: array}."""
    start = ",".join(str(int(part) if isinstance(part, bool) else part) for part in case) + ","
    found = {k.removeprefix(start): v for k, v in REFERENCE.items() if k.startswith(start)}
    assert found
    return found


def part_of(layer, name):
    """The parameter or gradient "qkv.W" or "dqkv.W" of a layer."""
    inner, key = name.removeprefix("d").split(".")
    return getattr(getattr(layer, inner), "d" + key if name.startswith("d") else key)


@pytest.mark.parametrize(("length", "heads", "causal"), LAYERS)
def test_the_layer_agrees_with_pytorch(length, heads, causal):
    right = reference("layer", length, heads, causal)
    layer = MultiHeadAttention(8, heads, causal)
    _, grad = flatten(layer)
    for name in PARTS:
        part_of(layer, name)[:] = right[name]
    grad[:] = np.nan  # backward must write every entry
    assert relative_error(layer(right["x"]), right["y"]) < 1e-12
    assert relative_error(layer.weights, right["weights"]) < 1e-12
    assert relative_error(layer.backward(right["dy"]), right["dx"]) < 1e-10
    for name in PARTS:
        gradient, expected = part_of(layer, "d" + name), right["d" + name]
        assert gradient.shape == expected.shape
        assert relative_error(gradient, expected) < 1e-10, name


@pytest.mark.parametrize("name", STACKS)
def test_attend_agrees_with_pytorch(name):
    right = reference("stack", name)
    arrays = [right[key] for key in "qkv"]
    kept = [array.copy() for array in (*arrays, right["dy"])]
    mixed, weights = attend(*arrays, right.get("mask"))
    assert relative_error(mixed, right["y"]) < 1e-12
    gradients = attend_backward(right["dy"], *arrays, mixed, weights)
    for gradient, key in zip(gradients, ("dq", "dk", "dv"), strict=True):
        assert relative_error(gradient, right[key]) < 1e-10, key
    for array, before in zip((*arrays, right["dy"]), kept, strict=True):
        assert np.array_equal(array, before), "an input was changed"


def test_one_query_against_all_keys_is_the_last_row():
    q, k, v = np.random.default_rng(0).normal(size=(3, 2, 3, 6, 4))
    all_rows, weights = attend(q, k, v, causal_mask(6))
    last, row = attend(q[..., -1:, :], k, v)
    np.testing.assert_allclose(last, all_rows[..., -1:, :], rtol=1e-12)
    np.testing.assert_allclose(row, weights[..., -1:, :], rtol=1e-12)


def test_rows_of_weights_sum_to_one_and_masked_ones_are_zero():
    q, k, v = np.random.default_rng(1).normal(size=(3, 2, 9, 4)) * 100  # scores in the thousands
    mixed, weights = attend(q, k, v, causal_mask(9))
    np.testing.assert_allclose(weights.sum(axis=-1), 1, rtol=1e-12)
    assert (weights[:, ~causal_mask(9)] == 0).all() and np.isfinite(mixed).all()


@pytest.mark.parametrize("heads", [1, 2, 3])
def test_permutations_go_through(heads):
    layer = MultiHeadAttention(6, heads, causal=False)
    flatten(layer, np.random.default_rng(heads))
    x = np.random.default_rng(2).normal(size=(2, 7, 6))
    order = np.random.default_rng(3).permutation(7)
    np.testing.assert_allclose(layer(x[:, order]), layer(x)[:, order], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("heads", [1, 2, 4])
def test_the_layer_equals_a_loop_over_heads(heads):
    layer = MultiHeadAttention(8, heads)
    theta, _ = flatten(layer)
    theta += np.random.default_rng(4).normal(size=theta.shape)
    x = np.random.default_rng(5).normal(size=(2, 6, 8))
    q, k, v = np.split(x @ layer.qkv.W + layer.qkv.b, 3, axis=-1)
    total = np.zeros_like(x) + layer.out.b
    for i in range(heads):
        own = slice(i * 8 // heads, (i + 1) * 8 // heads)
        total += attend(q[..., own], k[..., own], v[..., own], causal_mask(6))[0] @ layer.out.W[own]
    np.testing.assert_allclose(layer(x), total, rtol=1e-10)


def test_split_is_a_view_and_merge_undoes_it():
    x = np.arange(2 * 4 * 6.0).reshape(2, 4, 6)
    pieces = split_heads(x, 3)
    assert pieces.shape == (2, 3, 4, 2) and np.shares_memory(pieces, x)
    np.testing.assert_array_equal(pieces[1, 2], x[1, :, 4:])
    np.testing.assert_array_equal(merge_heads(pieces), x)


def test_a_rotated_score_depends_on_the_distance_alone():
    q, k = np.random.default_rng(9).normal(size=(2, 8))
    cos, sin = rotary_tables(30, 8)
    rows, columns = (rotate(np.tile(x, (30, 1)), cos, sin) for x in (q, k))
    scores = rows @ columns.T
    for step in (-20, -3, 0, 1, 8):
        np.testing.assert_allclose(np.diag(scores, step), np.diag(scores, step)[0], rtol=1e-10)
    assert not np.isclose(scores[3, 0], scores[0, 3])                   # three back, three on
    np.testing.assert_allclose(rotate(rows, cos, -sin), np.tile(q, (30, 1)), rtol=1e-10)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), np.linalg.norm(q), rtol=1e-12)


def test_rotary_tables_are_as_the_paper_says():
    cos, sin = rotary_tables(5, 6, np.float32)
    assert rotary_tables(0, 6)[0].shape == (0, 3)
    assert cos.shape == sin.shape == (5, 3) and cos.dtype == sin.dtype == np.float32
    rates = np.array([1, 10_000.0 ** (-1 / 3), 10_000.0 ** (-2 / 3)])
    angles = np.arange(5)[:, None] * rates
    np.testing.assert_allclose(cos, np.cos(angles), rtol=1e-6)
    np.testing.assert_allclose(sin, np.sin(angles), rtol=1e-6)
    turned = rotate(np.array([[1.0, 0, 0, 0, 0, 0]]), cos[1:2], sin[1:2])
    np.testing.assert_allclose(turned, [[np.cos(1), 0, 0, np.sin(1), 0, 0]], rtol=1e-6)


@pytest.mark.parametrize("heads", [1, 2, 4])
@pytest.mark.parametrize("causal", [True, False])
def test_rotary_gradients(heads, causal):
    x = np.random.default_rng(10).normal(size=(2, 5, 8))
    assert gradient_error(MultiHeadAttention(8, heads, causal, rotary=True), x) < 1e-8


def test_a_rotary_layer_sees_distances_and_not_places():
    layer = MultiHeadAttention(8, 2, rotary=True)
    flatten(layer)
    x = np.random.default_rng(11).normal(size=(1, 6, 8))
    later = np.concatenate([x[:, :1], x], axis=1)                       # all one place later
    layer(later)
    weights = layer.weights[:, :, 1:, 1:]
    weights = weights / weights.sum(axis=-1, keepdims=True)
    layer(x)
    np.testing.assert_allclose(weights, layer.weights, rtol=1e-10)
    order = [3, 0, 4, 1, 2, 5]
    free = MultiHeadAttention(8, 2, causal=False, rotary=True)
    flatten(free)
    assert not np.allclose(free(x[:, order]), free(x)[:, order])        # the order counts now


def test_embedding_gradient_and_scale():
    layer = Embedding(5, 3, scale=2.0)
    theta, grad = flatten(layer, np.random.default_rng(6))
    assert 1 < theta.std() < 3 and flatten(Embedding(500, 3))[0].std() < 0.03
    theta, grad = flatten(layer)
    tokens = np.array([[4, 1, 4], [0, 4, 1]])
    r = np.random.default_rng(7).normal(size=(2, 3, 3))
    layer(tokens)
    assert layer.backward(r) is None
    measured = numerical_gradient(lambda _: np.sum(layer(tokens) * r), theta)
    assert relative_error(grad, measured) < 1e-8
    assert (layer.dW[2:4] == 0).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtypes_are_kept(dtype):
    q, k, v = np.random.default_rng(8).normal(size=(3, 2, 5, 4)).astype(dtype)
    mixed, weights = attend(q, k, v, causal_mask(5))
    assert mixed.dtype == weights.dtype == dtype
    assert all(g.dtype == dtype for g in attend_backward(mixed, q, k, v, mixed, weights))
    layer = Embedding(5, 4)
    flatten(layer, dtype=dtype)
    y = layer(np.array([1, 2]))
    layer.backward(y)
    assert y.dtype == layer.dW.dtype == dtype


@pytest.mark.parametrize(("width", "heads"), [(10, 3), (4, 8)])
def test_a_width_that_heads_do_not_divide(width, heads):
    with pytest.raises(ValueError, match=f"a width of {width} cannot be split over {heads} heads"):
        MultiHeadAttention(width, heads)


@pytest.mark.parametrize(("heads", "error"), [(0, ValueError), (-2, ValueError), (2.0, TypeError)])
def test_a_number_of_heads_that_is_none(heads, error):
    with pytest.raises(error, match=f"heads is {heads}"):
        MultiHeadAttention(6, heads)


def test_rotary_heads_need_pairs():
    with pytest.raises(ValueError, match="each of the 2 heads has 3 features; rotary"):
        MultiHeadAttention(6, 2, rotary=True)


@pytest.mark.parametrize("shape", [(5, 6), (2, 5, 7), (6,), (1, 2, 5, 6)])
def test_a_layer_says_which_shape_it_needs(shape):
    layer = MultiHeadAttention(6, 2)
    flatten(layer)
    with pytest.raises(ValueError, match=r"this layer needs an array \(N, T, 6\)") as error:
        layer(np.ones(shape))
    assert str(shape) in str(error.value)


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        (((4, 3), (4, 2), (4, 2)), "queries have 3 features, keys 2"),
        (((4, 3), (5, 3), (4, 3)), "there are 5 keys but 4 values"),
        (((2, 4, 3), (4, 3), (4, 3)), r"keys are .*shape \(4, 3\), queries .*shape \(2, 4, 3\)"),
        (((2, 4, 3), (2, 4, 3), (3, 4, 3)), r"values are .*shape \(3, 4, 3\)"),
        (((3,), (4, 3), (4, 3)), r"queries are .*shape \(3,\)"),
    ],
)
def test_attend_says_which_shapes_do_not_fit(shapes, message):
    with pytest.raises(ValueError, match=message):
        attend(*(np.ones(shape) for shape in shapes))


@pytest.mark.parametrize(
    "mask", [np.ones((4, 4)), np.ones((4, 5), bool), np.ones((4, 4), int), np.ones(4, bool)]
)
def test_attend_says_what_a_mask_is(mask):
    q = np.ones((4, 3))
    with pytest.raises(ValueError, match=r"it must be bool, \(queries, keys\) = \(4, 4\)"):
        attend(q, q, q, mask)


def test_attend_refuses_what_is_not_a_float_and_a_row_that_may_look_nowhere():
    q = np.ones((4, 3))
    with pytest.raises(TypeError, match="keys must be an array of floats, got int64"):
        attend(q, q.astype(np.int64), q)
    with pytest.raises(ValueError, match="-inf"):
        attend(q, q, q, np.zeros((4, 4), bool))


@pytest.mark.parametrize("tokens", [[5], [-1], [[0, 1], [7, 2]], np.array([2, 255], np.uint8)])
def test_tokens_outside_the_table(tokens):
    layer = Embedding(5, 3)
    flatten(layer)
    wrong = next(t for t in np.ravel(tokens) if not 0 <= t < 5)
    with pytest.raises(ValueError, match=f"token {wrong} is not one of 0 to 4; the table has 5"):
        layer(np.array(tokens))


@pytest.mark.parametrize("tokens", [np.array([1.0]), np.array([True]), np.array(["a"])])
def test_tokens_that_are_not_integers(tokens):
    layer = Embedding(5, 3)
    flatten(layer)
    with pytest.raises(TypeError, match="tokens must be an array of integers"):
        layer(tokens)


@pytest.mark.parametrize(("shape", "heads"), [((2, 4, 6), 4), ((4, 6), 2), ((2, 2, 4, 6), 2)])
def test_split_heads_says_what_it_needs(shape, heads):
    with pytest.raises(ValueError, match=f"d a multiple of {heads}"):
        split_heads(np.ones(shape), heads)


def test_positions_refuse_what_makes_no_pairs():
    with pytest.raises(ValueError, match="width is 3; sines and cosines come in pairs"):
        rotary_tables(4, 3)
    with pytest.raises(ValueError, match="width is 0"):
        rotary_tables(4, 0)
    with pytest.raises(ValueError, match="length is -1"):
        rotary_tables(-1, 4)
    with pytest.raises(TypeError, match="length is 2.0"):
        rotary_tables(2.0, 4)


def test_a_residual_layer_adds_and_the_last_place_is_picked():
    x = np.random.default_rng(12).normal(size=(3, 5, 4))
    layer = Residual(MultiHeadAttention(4, 2, rotary=True))
    flatten(layer)
    np.testing.assert_allclose(layer(x), x + layer.layer(x))
    assert gradient_error(Residual(MultiHeadAttention(4, 2)), x) < 1e-8
    assert gradient_error(Sequential(Residual(MultiHeadAttention(4, 1)), Last()), x) < 1e-8
    last = Last()
    np.testing.assert_array_equal(last(x), x[:, -1])
    dx = last.backward(np.ones((3, 4), np.float32))
    assert dx.dtype == np.float32 and dx.sum() == 12 == dx[:, -1].sum()


def test_an_output_scale_is_the_deviation_of_the_last_weights():
    layer = MultiHeadAttention(64, 4, out_scale=0.02)
    flatten(layer)
    assert 0.018 < layer.out.W.std() < 0.022 and 0.11 < layer.qkv.W.std() < 0.14


def test_attend_wants_arrays_and_a_mask_that_fits():
    q = np.ones((4, 3))
    with pytest.raises(TypeError, match="queries must be an array of floats, got list"):
        attend(q.tolist(), q, q)
    with pytest.raises(ValueError, match="must fit the scores .* by broadcasting"):
        attend(q, q, q, np.ones((2, 4, 4), bool))
    q = np.ones((2, 4, 3))
    with pytest.raises(ValueError, match="must fit the scores .* by broadcasting"):
        attend(q, q, q, np.ones((3, 4, 4), bool))
    assert attend(q, q, q, np.ones((1, 4, 4), bool))[1].shape == (2, 4, 4)


def test_harmless_underflow_is_borne():
    q = np.array([[30.0], [0.0]], np.float32)
    with np.errstate(all="raise"):
        mixed, weights = attend(q, np.array([[0.0], [-3.0]], np.float32), q * 1e-20)
        attend_backward(mixed, q, q, q, mixed, weights)
