"""The optimizers of notebook 02: against PyTorch, their dtype, their errors; schedule, clipping."""

import math
from pathlib import Path

import numpy as np
import pytest

from helpers.lessons.notebook_02.walks import MINIMA, path_of, valley, valley_gradient
from helpers.optimizers import (
    SGD,
    Adam,
    Momentum,
    clip_gradient,
    numerical_gradient,
    relative_error,
    warmup_cosine,
)
from tests.course import defined_in

RMSProp = defined_in("02_gradient_descent", "rmsprop")["RMSProp"]
REFERENCE = dict(np.load(Path(__file__).parent / "reference" / "optimizers.npz"))
PART = np.arange(7) < 4  # the parameters that decay in the run "adam_part"
BETAS = {"betas": (0.9, 0.99)}
MAKERS = {
    "sgd": lambda theta: SGD(theta, 0.01),
    "momentum": lambda theta: Momentum(theta, 0.01, beta=0.9),
    "rmsprop": lambda theta: RMSProp(theta, 0.01, rho=0.9),
    "adam": lambda theta: Adam(theta, 0.01, **BETAS),
    "adam_decay": lambda theta: Adam(theta, 0.01, weight_decay=0.1, **BETAS),
    "adam_part": lambda theta: Adam(theta, 0.01, weight_decay=0.1, decays=PART, **BETAS),
}
each = pytest.mark.parametrize("name", MAKERS)


@each
def test_every_step_agrees_with_pytorch(name):
    theta = REFERENCE["start"].copy()
    optimizer = MAKERS[name](theta)
    for gradient, right in zip(REFERENCE["gradients"], REFERENCE[name], strict=True):
        optimizer.step(gradient)
        assert relative_error(theta, right) < 1e-10
        np.testing.assert_allclose(theta, right, rtol=1e-10)


@pytest.mark.parametrize(("run", "name"), [("clipped", "sgd"), ("clipped_adam", "adam")])
def test_clipping_agrees_with_pytorch(run, name):
    theta, clipped = REFERENCE["start"].copy(), 0
    optimizer = MAKERS[name](theta)
    for gradient, right in zip(REFERENCE["large"].copy(), REFERENCE[run], strict=True):
        clipped += clip_gradient(gradient, 1e3) > 1e3
        optimizer.step(gradient)
        assert relative_error(theta, right) < 1e-10
    assert clipped == 40  # and 10 were short enough


@each
def test_theta_is_changed_in_place_and_the_gradient_is_not(name):
    theta = REFERENCE["start"].copy()
    view, gradient = theta[2:4], REFERENCE["gradients"][0].copy()
    before = view.copy()
    MAKERS[name](theta).step(gradient)
    assert (view != before).all()
    np.testing.assert_array_equal(gradient, REFERENCE["gradients"][0])


@each
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rate", [None, 0.01, np.float64(0.01), np.float32(0.01)])
def test_the_state_keeps_the_dtype(name, dtype, rate):
    theta = REFERENCE["start"].astype(dtype)
    optimizer = MAKERS[name](theta)
    for gradient in REFERENCE["gradients"]:
        optimizer.step(gradient.astype(dtype), rate)
    assert optimizer.theta is theta
    assert {v.dtype for v in vars(optimizer).values() if isinstance(v, np.ndarray)} == {theta.dtype}
    single = np.float32 in (dtype, type(rate))
    assert relative_error(theta, REFERENCE[name][-1]) < (1e-5 if single else 1e-9)


@each
def test_a_float64_gradient_does_not_promote_float32(name):
    theta = REFERENCE["start"].astype(np.float32)
    optimizer = MAKERS[name](theta)
    optimizer.step(REFERENCE["gradients"][0])
    assert {v.dtype for v in vars(optimizer).values() if isinstance(v, np.ndarray)} == {theta.dtype}


@each
def test_a_learning_rate_counts_for_one_step(name):
    a, b = REFERENCE["start"].copy(), REFERENCE["start"].copy()
    one, two = MAKERS[name](a), MAKERS[name](b)
    gradient = REFERENCE["gradients"][0]
    one.step(gradient, 0.0)
    np.testing.assert_array_equal(a, REFERENCE["start"])
    two.step(gradient, 0.02)
    expected = REFERENCE["start"] + 2 * (REFERENCE[name][0] - REFERENCE["start"])
    np.testing.assert_allclose(b, expected, rtol=1e-9)
    assert two.learning_rate == 0.01


@each
@pytest.mark.parametrize("shape", [(), (3,), (2, 3)])
def test_any_shape_of_theta(name, shape):
    theta = np.ones(shape)
    if name == "adam_part":
        Adam(theta, weight_decay=0.1, decays=np.zeros(shape, dtype=bool)).step(np.ones(shape))
    else:
        MAKERS[name](theta).step(np.ones(shape))
    assert (theta < 1).all()


@each
@pytest.mark.parametrize("theta", [[1.0, 2.0], 3.0, np.array([1, 2]), np.array(["a"]), None])
def test_theta_must_be_an_array_of_floats(name, theta):
    with pytest.raises(TypeError, match=r"theta must be a NumPy array of floats.*np\.array"):
        MAKERS[name](theta)


@each
@pytest.mark.parametrize("shape", [(), (1,), (6,), (7, 1), (1, 7)])
def test_a_gradient_of_another_shape_is_named(name, shape):
    theta = REFERENCE["start"].copy()
    with pytest.raises(ValueError, match="the gradient has shape") as error:
        MAKERS[name](theta).step(np.ones(shape))
    assert str(shape) in str(error.value) and "(7,)" in str(error.value)
    np.testing.assert_array_equal(theta, REFERENCE["start"])


@each
@pytest.mark.parametrize(("value", "word"), [(np.nan, "NaN"), (np.inf, "infinite"),
                                             (-np.inf, "infinite")])  # fmt: skip
def test_a_gradient_that_is_not_finite_changes_nothing(name, value, word):
    theta = REFERENCE["start"].copy()
    optimizer, other = MAKERS[name](theta), MAKERS[name](REFERENCE["start"].copy())
    gradient = REFERENCE["gradients"][0].copy()
    gradient[4] = value
    with pytest.raises(FloatingPointError, match=f"is {word} at index 4; 1 of its 7"):
        optimizer.step(gradient)
    np.testing.assert_array_equal(theta, REFERENCE["start"])
    for gradient in REFERENCE["gradients"]:
        optimizer.step(gradient)
        other.step(gradient)
    np.testing.assert_array_equal(theta, other.theta)  # the state was not touched either


@pytest.mark.parametrize("decays", [np.ones(6, dtype=bool), np.ones(7), [True]])
def test_the_mask_of_decay_is_checked(decays):
    with pytest.raises(ValueError, match="decays must be bool of shape"):
        Adam(np.ones(7), weight_decay=0.1, decays=decays)


def test_decay_alone_shrinks_only_the_marked():
    theta = np.ones(7)
    Adam(theta, learning_rate=0.5, weight_decay=0.2, decays=PART).step(np.zeros(7))
    np.testing.assert_allclose(theta, np.where(PART, 0.9, 1.0))


@pytest.mark.parametrize("value", [1e-6, 1.0, 1e6])
def test_adams_first_step_is_alpha(value):
    theta = np.zeros(3)
    Adam(theta, learning_rate=0.01, epsilon=1e-16).step(np.array([value, -value, 0]))
    np.testing.assert_allclose(theta, [-0.01, 0.01, 0], rtol=1e-9)


def test_warmup_and_cosine():
    rates = [warmup_cosine(k, 100, 2.0, 10) for k in range(100)]
    np.testing.assert_allclose(rates[:10], 0.2 * np.arange(1, 11))
    assert rates[9] == rates[10] == 2.0
    assert rates[55] == pytest.approx(1.0)  # half way down
    assert rates == sorted(rates[:10]) + sorted(rates[10:], reverse=True)
    assert 0 < rates[-1] < 2e-3 and warmup_cosine(100, 100, 2.0, 10) == pytest.approx(0)


def test_a_schedule_without_warmup_and_one_that_is_only_warmup():
    assert warmup_cosine(0, 10, 3.0, 0) == 3.0
    assert [warmup_cosine(k, 4, 1.0, 4) for k in range(4)] == [0.25, 0.5, 0.75, 1.0]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_clipping_keeps_direction_and_dtype(dtype):
    gradient = np.array([3, -4, 0], dtype=dtype)
    assert clip_gradient(gradient, 10) == 5.0
    np.testing.assert_array_equal(gradient, [3, -4, 0])
    assert clip_gradient(gradient, 0.5) == 5.0
    np.testing.assert_allclose(gradient, [0.3, -0.4, 0], rtol=1e-6)
    assert gradient.dtype == dtype


def test_clipping_a_gradient_whose_square_overflows_float32():
    gradient = np.array([3e30, -4e30], dtype=np.float32)
    assert clip_gradient(gradient, 1.0) == pytest.approx(5e30)
    np.testing.assert_allclose(gradient, [0.6, -0.8], rtol=1e-6)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_clipping_refuses_what_is_not_finite(value):
    gradient = np.array([1.0, value])
    with pytest.raises(FloatingPointError, match="not finite"):
        clip_gradient(gradient, 1.0)
    assert gradient[0] == 1.0


@pytest.mark.parametrize("shape", [(), (4,), (2, 3)])
def test_numerical_gradient_of_a_known_function(shape):
    theta = np.random.default_rng(0).normal(size=shape)
    before = theta.copy()
    result = numerical_gradient(lambda t: np.sum(np.sin(t) + t**3), theta)
    assert relative_error(result, np.cos(theta) + 3 * theta**2) < 1e-9
    assert result.shape == shape
    np.testing.assert_array_equal(theta, before)


def test_numerical_gradient_gives_theta_itself():
    theta = np.array([1.0, 2.0])
    part = theta[1:]  # a view, as the layers have
    seen = []
    result = numerical_gradient(lambda t: seen.append(t is theta) or part[0] ** 2, theta)
    assert all(seen) and len(seen) == 4
    np.testing.assert_allclose(result, [0, 4], atol=1e-9)


def test_numerical_gradient_puts_theta_back_after_an_error():
    theta = np.array([1.0, 2.0])
    with pytest.raises(ZeroDivisionError):
        numerical_gradient(lambda t: 1 // 0, theta)
    np.testing.assert_array_equal(theta, [1.0, 2.0])


@pytest.mark.parametrize("theta", [[1.0], np.array([1, 2]), np.ones(2, dtype=np.float32), 1.0])
def test_numerical_gradient_wants_float64(theta):
    with pytest.raises(TypeError, match="float64"):
        numerical_gradient(np.sum, theta)


def test_relative_error():
    assert relative_error([3.0, 4.0], [3.0, 4.0]) == 0
    assert relative_error(np.zeros(3), np.zeros(3)) == 0
    assert relative_error([1.0], [0.0]) == 1
    assert relative_error([[3.0, 4.0]], [3.0, 4.5]) == pytest.approx(0.5 / math.hypot(3, 4.5))
    assert math.isnan(relative_error([np.nan], [1.0]))
    with pytest.raises(ValueError, match=r"cannot compare .*\(2,\) with .*\(3,\)"):
        relative_error(np.ones(2), np.ones(3))
    assert relative_error([1e-200], [2e-200]) == pytest.approx(0.5)  # whose squares are 0
    assert relative_error(np.float32([1e30, 0]), np.float32([1e30, 1e30])) > 0.5


@pytest.mark.parametrize("small", [1e-3, 1e-9, 1e-30])
def test_relative_error_does_not_hide_a_wrong_sign(small):
    right = np.array([1.0, -3.0, small, 0.5])
    assert relative_error(right, right * [1, 1, -1, 1]) == 2
    assert relative_error(right, right * [1, 1, -0.5, 1]) == 1.5
    noise = small * 0.01 * np.array([1, -1, 0, 1])
    assert relative_error(right, right * [1, 1, -1, 1] + noise) == pytest.approx(2)


def test_relative_error_lets_noise_turn_a_sign():
    rng = np.random.default_rng(0)
    for _ in range(100):
        right = rng.normal(size=50) * 10.0 ** rng.integers(-14, 1, size=50)
        assert relative_error(right, right + 1e-11 * rng.normal(size=50)) < 1e-9
    assert relative_error([1.0, 0.0], [1.0, 1e-12]) < 1e-9


def test_the_valley_its_gradient_and_its_minima():
    for theta in np.random.default_rng(0).normal(size=(20, 2)):
        assert relative_error(valley_gradient(theta), numerical_gradient(valley, theta)) < 1e-7
    assert np.abs(valley_gradient(MINIMA)).max() < 1e-15
    np.testing.assert_allclose(valley(MINIMA), 5.75, rtol=1e-15)
    assert valley_gradient(np.ones((2, 3, 4))).shape == (2, 3, 4)


def test_path_of_keeps_every_place_and_ends_when_it_is_far():
    theta = np.array([1.0, -2.0])
    path = path_of(SGD(theta, 0.1), lambda t: 2 * t, 3)
    np.testing.assert_allclose(path, np.outer(0.8 ** np.arange(4), [1, -2]))
    np.testing.assert_array_equal(path[-1], theta)
    far = path_of(SGD(np.ones(1), 1.5), lambda t: 2 * t, 100, far=30)  # doubles each step
    np.testing.assert_allclose(far[:, 0], (-2.0) ** np.arange(6))
    assert path_of(Adam(np.ones((2, 5))), valley_gradient, 7).shape == (8, 2, 5)


@each
def test_tiny_gradients_do_not_raise_where_underflow_does(name):
    theta = np.ones(7, dtype=np.float32)
    with np.errstate(all="raise"):
        for _ in range(3):
            MAKERS[name](theta).step(np.full(7, 1e-30, dtype=np.float32))
        clip_gradient(np.full(7, 1e-30, dtype=np.float32), 1.0)


def test_a_float64_gradient_too_large_for_float32_is_told():
    with pytest.raises(FloatingPointError, match="infinite at index 1"), np.errstate(all="raise"):
        SGD(np.ones(2, dtype=np.float32), 0.1).step(np.array([1.0, 1e300]))


@each
@pytest.mark.parametrize("rate", [math.nan, math.inf, -0.1])
def test_a_learning_rate_that_is_none_changes_nothing(name, rate):
    theta = REFERENCE["start"].copy()
    with pytest.raises(ValueError, match="the learning rate is"):
        MAKERS[name](theta).step(REFERENCE["gradients"][0], rate)
    np.testing.assert_array_equal(theta, REFERENCE["start"])


def test_the_constants_that_are_taken_if_none_are_given():
    for maker, name in ((lambda t: Momentum(t, 0.01), "momentum"), (RMSProp, "rmsprop")):
        theta = REFERENCE["start"].copy()
        optimizer = maker(theta)
        for gradient in REFERENCE["gradients"]:
            optimizer.step(gradient)
        np.testing.assert_allclose(theta, REFERENCE[name][-1], rtol=1e-10)
    adam = Adam(np.zeros(1))
    for gradient in (1.0, 2.0):
        adam.step(np.array([gradient]))
    first = 1e-3 / (1 + 1e-8)
    m = (0.9 * 0.1 + 0.1 * 2) / (1 - 0.9**2)
    v = (0.999 * 0.001 + 0.001 * 4) / (1 - 0.999**2)
    np.testing.assert_allclose(adam.theta, -first - 1e-3 * m / (math.sqrt(v) + 1e-8), rtol=1e-10)
    assert len(path_of(SGD(np.ones(1), 1.5), lambda t: 2 * t, 100)) == 11  # 1024 is too far
    theta = np.array([1.0])
    assert numerical_gradient(lambda t: t[0] ** 3, theta)[0] - 3 == pytest.approx(1e-10, rel=0.5)


def test_after_the_last_step_the_schedule_stays_at_zero():
    assert [warmup_cosine(k, 10, 1.0, 2) for k in (10, 15, 1000)] == [0, 0, 0]
