"""helpers/arrays.py: properties that hold for all inputs, dtypes, and what is refused."""

import math
import tracemalloc
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from helpers import guards
from helpers.arrays import (
    causal_mask,
    one_hot,
    pairwise_distances,
    softmax,
    standardize,
)

FLOATS = (np.float32, np.float64)
quick = settings(max_examples=60, deadline=None)


def numbers(limit, dtype=np.float64):
    """A strategy for finite floats from -limit to limit."""
    width = 32 if dtype == np.float32 else 64
    return st.floats(-limit, limit, width=width)


def tables(limit, **sides):
    """A strategy for arrays of one to three axes."""
    shapes = array_shapes(max_dims=3, max_side=5, **sides)
    return arrays(np.float64, shapes, elements=numbers(limit))


# softmax


@quick
@given(tables(1e4), st.data())
def test_softmax_sums_to_1_along_any_axis(scores, data):
    axis = data.draw(st.integers(-scores.ndim, scores.ndim - 1))
    p = softmax(scores, axis=axis)
    assert p.shape == scores.shape
    assert (p >= 0).all()
    np.testing.assert_allclose(p.sum(axis=axis), 1, rtol=1e-12)


@quick
@given(tables(1e4), st.integers(-10_000, 10_000))
def test_a_shift_of_the_scores_does_not_matter(scores, shift):
    np.testing.assert_allclose(softmax(scores + shift), softmax(scores), rtol=1e-9, atol=1e-12)


@quick
@given(tables(30))
def test_softmax_is_the_formula_where_that_works(scores):
    e = np.exp(scores)
    np.testing.assert_allclose(softmax(scores), e / e.sum(axis=-1, keepdims=True), rtol=1e-12)


@quick
@given(tables(1e4))
def test_softmax_keeps_the_order(scores):
    p = softmax(scores)
    assert (np.take_along_axis(p, np.argsort(scores), -1)[..., 1:]
            >= np.take_along_axis(p, np.argsort(scores), -1)[..., :-1]).all()


def test_softmax_gives_minus_infinity_exactly_zero_and_does_not_warn():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        p = softmax(np.array([[0.0, -np.inf], [-1000.0, 1000.0]]))
    np.testing.assert_array_equal(p, [[1, 0], [0, 1]])


def test_softmax_does_not_mind_what_is_too_small_for_a_float():
    with np.errstate(all="raise"):
        np.testing.assert_array_equal(softmax([0.0, -800.0]), [1, 0])
        np.testing.assert_array_equal(softmax(np.float32([0, -200])), np.float32([1, 0]))


def test_softmax_leaves_its_input_alone_and_passes_nan_on():
    scores = np.array([[1.0, 2.0], [np.nan, 0.0]])
    before = scores.copy()
    p = softmax(scores)
    np.testing.assert_array_equal(scores, before)
    assert np.isfinite(p[0]).all() and np.isnan(p[1]).all()


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        ([-np.inf, -np.inf], "all -inf"),
        ([[0.0, 1.0], [np.inf, 0.0]], r"\+inf"),
        (3.0, "at least one score"),
        (np.zeros((2, 0)), "at least one score"),
    ],
)
def test_softmax_refuses_what_has_no_softmax(scores, message):
    with pytest.raises(ValueError, match=message):
        softmax(scores)


@pytest.mark.parametrize("axis", [2, -3])
def test_softmax_names_an_axis_that_is_not_there(axis):
    with pytest.raises(ValueError, match=f"along axis {axis}"):
        softmax(np.zeros((2, 3)), axis=axis)


# one_hot


@quick
@given(st.integers(1, 12), st.data())
def test_one_hot_is_undone_by_argmax(n, data):
    shape = data.draw(array_shapes(max_dims=3, max_side=5, min_side=0))
    labels = data.draw(arrays(np.int64, shape, elements=st.integers(0, n - 1)))
    rows = one_hot(labels, n)
    assert rows.shape == (*shape, n)
    np.testing.assert_array_equal(rows.argmax(axis=-1), labels)
    np.testing.assert_array_equal(rows.sum(axis=-1), np.ones(shape))
    assert set(np.unique(rows)) <= {0.0, 1.0}


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int8, bool])
@pytest.mark.parametrize("labels_dtype", [np.uint8, np.int32, np.uint64])
def test_one_hot_has_the_dtype_that_is_asked_for(dtype, labels_dtype):
    rows = one_hot(np.array([2, 0], labels_dtype), 3, dtype=dtype)
    assert rows.dtype == dtype
    np.testing.assert_array_equal(rows, [[0, 0, 1], [1, 0, 0]])


@pytest.mark.parametrize(
    ("labels", "n", "error", "message"),
    [
        ([0, 3], 3, ValueError, "label 3 is not one of 0 to 2"),
        ([0, -1], 3, ValueError, "label -1"),
        ([0.0, 1.0], 3, TypeError, "an array of integers, got float64"),
        ([True, False], 2, TypeError, "got bool"),
        ([0], 0, ValueError, "n is 0"),
        ([0], 2.5, TypeError, "n is 2.5"),
    ],
)
def test_one_hot_refuses_what_is_no_label(labels, n, error, message):
    with pytest.raises(error, match=message):
        one_hot(labels, n)


# causal_mask


@pytest.mark.parametrize("T", [0, 1, 2, 7, np.int64(5)])
def test_causal_mask_allows_the_past_and_oneself(T):
    mask = causal_mask(T)
    assert mask.dtype == bool and mask.shape == (T, T)
    assert all(mask[t, u] == (u <= t) for t in range(T) for u in range(T))


@pytest.mark.parametrize("T", [-1, 2.0, "3", None])
def test_causal_mask_refuses_what_is_no_length(T):
    with pytest.raises((TypeError, ValueError), match="whole number of places"):
        causal_mask(T)


# standardize


@quick
@given(arrays(np.float64, st.tuples(st.integers(1, 8), st.integers(1, 4)), elements=numbers(1e100)))
def test_standardize_gives_mean_0_and_deviation_1_or_a_column_of_zeros(x):
    """As exactly as the numbers of a column differ: by 1e-6 of the largest here, or not at all."""
    spread, largest = np.ptp(x, axis=0), np.abs(x).max(axis=0)
    x[:, (spread < 1e-6 * largest) | (largest < 1e-100)] = 7.7
    z = standardize(x)
    constant = x.max(axis=0) == x.min(axis=0)
    np.testing.assert_array_equal(z[:, constant], 0)
    np.testing.assert_allclose(z.mean(axis=0), 0, atol=1e-8)
    np.testing.assert_allclose(z.std(axis=0)[~constant], 1, rtol=1e-8)


@pytest.mark.parametrize("value", [0.1, 0.7, 1e-300, 1e300, -3.3, 0.0])
@pytest.mark.parametrize("n", [1, 3, 10, 1000])
@pytest.mark.parametrize("dtype", FLOATS)
def test_a_constant_column_becomes_exactly_zero(value, n, dtype):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        x = np.full((n, 2), value if dtype == np.float64 else np.clip(value, -1e34, 1e34), dtype)
        np.testing.assert_array_equal(standardize(x), 0)


def test_standardize_takes_a_single_column_and_more_axes():
    x = np.random.default_rng(0).normal(3, 5, size=(6, 4, 2))
    z = standardize(x)
    np.testing.assert_allclose(z[:, 1, 1], standardize(x[:, 1, 1]))
    np.testing.assert_allclose([z.mean(axis=0), z.std(axis=0) - 1], 0, atol=1e-12)
    np.testing.assert_array_equal(standardize(np.full(3, 0.1)), 0)


@pytest.mark.parametrize("x", [np.zeros((0, 3)), 5.0])
def test_standardize_refuses_nothing(x):
    with pytest.raises(ValueError, match="nothing to standardize"):
        standardize(x)


# pairwise_distances


def loop(a, b):
    """The distances one by one."""
    return np.array([[math.dist(p, q) for q in b] for p in a]).reshape(len(a), len(b))


@quick
@given(st.integers(0, 4), st.integers(0, 4), st.integers(0, 4), st.data())
def test_pairwise_distances_agree_with_the_loop(n, m, d, data):
    a = data.draw(arrays(np.float64, (n, d), elements=numbers(1e6)))
    b = data.draw(arrays(np.float64, (m, d), elements=numbers(1e6)))
    result = pairwise_distances(a, b)
    assert result.shape == (n, m)
    np.testing.assert_allclose(result, loop(a, b), rtol=1e-12, atol=1e-150)
    np.testing.assert_array_equal(np.diag(pairwise_distances(a, a)), 0)


@quick
@given(st.integers(-30, -1), st.integers(0, 8))
def test_near_points_far_from_the_origin_keep_their_distance(near, far):
    """Whatever the subtraction of two coordinates gives is exact; the identity would lose it."""
    a = np.full((1, 3), 10.0**far)
    b = a + np.array([2.0**near, 0, 0])
    np.testing.assert_allclose(pairwise_distances(a, b), [[b[0, 0] - a[0, 0]]], rtol=1e-15)


def test_pairwise_distances_make_no_large_temporary():
    a, b = np.ones((200, 150)), np.ones((180, 150))
    tracemalloc.start()
    try:
        pairwise_distances(a, b)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 200 * 180 * 150 * 8 / 20


@pytest.mark.parametrize(
    ("a", "b"), [(np.zeros(3), np.zeros((2, 3))), (np.zeros((2, 3)), np.zeros((2, 4))),
                 (np.zeros((1, 2, 3)), np.zeros((2, 3)))]
)
def test_pairwise_distances_name_the_shapes_that_do_not_fit(a, b):
    with pytest.raises(ValueError, match=r"expected shapes \(N, d\) and \(M, d\)") as error:
        pairwise_distances(a, b)
    assert str(a.shape) in str(error.value) and str(b.shape) in str(error.value)


# all of them


@pytest.mark.parametrize("dtype", [np.float16, *FLOATS])
def test_dtype_in_is_dtype_out(dtype):
    x = np.random.default_rng(0).normal(size=(5, 4)).astype(dtype)
    assert softmax(x).dtype == dtype
    assert standardize(x).dtype == dtype
    assert pairwise_distances(x, x).dtype == dtype


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, bool])
def test_whole_numbers_become_float64_and_do_not_wrap(dtype):
    x = np.array([[0, 1], [1, 0], [1, 1]], dtype)
    for function in (softmax, standardize, lambda x: pairwise_distances(x, x)):
        result = function(x)
        assert result.dtype == np.float64
        np.testing.assert_array_equal(result, function(x.astype(np.float64)))


@pytest.mark.parametrize("x", [["a", "b"], [[1], [1, 2]], [1j, 2j], [None, 1]])
def test_what_is_no_number_is_refused(x):
    for function in (softmax, standardize, guards.floats, lambda x: pairwise_distances(x, x)):
        with pytest.raises(TypeError, match="expected"):
            function(x)


def test_floats_finds_a_common_dtype_and_copies_only_if_it_must():
    x = np.ones(3, np.float32)
    same, wide = guards.floats(x)[0], guards.floats(x, np.ones(2))[0]
    assert same is x and wide.dtype == np.float64
