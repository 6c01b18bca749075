"""The perceptron, its learning rule, the gates and the adders of notebook 04."""

import itertools
import warnings

import numpy as np
import pytest

from helpers import perceptron as module
from helpers.lessons.notebook_04.adder import (
    from_bits,
    full_adder,
    half_adder,
    ripple_carry_add,
    to_bits,
)
from helpers.perceptron import AND, NAND, OR, XOR, Perceptron
from tests.course import defined_in

HERE = defined_in("04_perceptron_logic_gates", "learn-epoch", "learn")
learn_epoch, learn, NotSeparated = HERE["learn_epoch"], HERE["learn"], HERE["NotSeparated"]
CORNERS = np.array([(0, 0), (0, 1), (1, 0), (1, 1)])
TABLES = {
    "AND": lambda a, b: a and b,
    "OR": lambda a, b: a or b,
    "NAND": lambda a, b: not (a and b),
    "XOR": lambda a, b: a != b,
}


@pytest.mark.parametrize("name", TABLES)
def test_gates_have_their_truth_tables(name):
    gate = getattr(module, name)
    for a, b in CORNERS:
        assert gate(a, b) == int(TABLES[name](a, b))
    wanted = [int(TABLES[name](a, b)) for a, b in CORNERS]
    assert np.array_equal(gate(*CORNERS.T), wanted)
    assert gate(np.array([[0], [1]]), np.array([0, 1])).shape == (2, 2), "inputs broadcast"


def test_a_score_of_exactly_zero_is_silent():
    neuron = Perceptron([1, -1], 0)
    assert neuron(1, 1) == 0 and neuron(2, 1) == 1 and neuron(1, 2) == 0
    assert neuron.decide(np.zeros((3, 2))).tolist() == [0, 0, 0]


def test_decisions_are_whole_numbers_and_shapes_are_kept():
    x = np.random.default_rng(0).normal(size=(2, 5, 3))
    neuron = Perceptron([1, -2, 0.5], 0.1)
    assert neuron.decide(x).shape == neuron.score(x).shape == (2, 5)
    assert neuron.decide(x).dtype.kind == "i" and set(np.unique(neuron.decide(x))) <= {0, 1}
    np.testing.assert_allclose(neuron.score(x), x @ [1, -2, 0.5] + 0.1)
    assert Perceptron(np.float32([1, 2]), 0.5).score(np.float32([[1, 1]])).dtype == np.float32


def test_a_perceptron_keeps_its_own_weights():
    weights = np.zeros(2)
    neuron = Perceptron(weights, 0)
    assert not np.shares_memory(neuron.weights, weights)
    learn(neuron, CORNERS, OR(*CORNERS.T))
    assert not weights.any() and neuron.weights.any()


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Perceptron([], 0), ValueError, r"weights of shape \(n,\)"),
        (lambda: Perceptron([[1, 2]], 0), ValueError, r"got .*shape \(1, 2\) and .*shape \(\)"),
        (lambda: Perceptron([1, 2], [0, 1]), ValueError, "a single bias"),
        (lambda: Perceptron([1, np.nan], 0), ValueError, "the weights must be finite.*nan"),
        (lambda: Perceptron([1, 1], np.inf), ValueError, "the bias must be finite.*inf"),
        (lambda: Perceptron(["a", "b"], 0), TypeError, "expected real numbers"),
        (lambda: AND(1), ValueError, r"has 2 inputs, got shape \(1,\); give one array"),
        (lambda: AND(1, 1, 1), ValueError, r"has 2 inputs, got shape \(3,\)"),
        (lambda: AND(1, np.nan), ValueError, "the inputs must be finite numbers, got nan"),
        (lambda: AND.decide([[1, 0, 1]]), ValueError, r"got shape \(1, 3\).* rows \(\.\.\., 2\)"),
        (lambda: AND.decide(1), ValueError, r"got shape \(\)"),
        (lambda: AND("x", "y"), TypeError, "expected real numbers"),
    ],
)
def test_bad_neurons_and_inputs_are_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize(
    ("x", "targets", "error", "message"),
    [
        (CORNERS, [-1, -1, -1, 1], ValueError, "targets must be 0 or 1, got -1"),
        (CORNERS, [0, 0, 0, 2], ValueError, "targets must be 0 or 1, got 2"),
        (CORNERS, [0, 0, 0.5, 1], ValueError, "targets must be 0 or 1, got 0.5"),
        (CORNERS, [0, 0, np.nan, 1], ValueError, "the targets must be finite"),
        (CORNERS, [0, 0, 1], ValueError, r"got .*shape \(4, 2\) and .*shape \(3,\)"),
        (CORNERS, [[0], [0], [0], [1]], ValueError, r"targets of shape \(N,\)"),
        (CORNERS[0], [0], ValueError, r"expected x of shape \(N, 2\)"),
        (np.ones((4, 3)), [0, 0, 0, 1], ValueError, r"expected x of shape \(N, 2\)"),
        (np.ones((0, 2)), [], ValueError, "at least one example"),
        ([[0, np.inf], [1, 1]], [0, 1], ValueError, "the inputs must be finite numbers, got inf"),
        (CORNERS, ["no", "no", "no", "yes"], TypeError, "expected real numbers"),
    ],
)
@pytest.mark.parametrize("function", [learn_epoch, learn])
def test_bad_examples_are_refused_and_nothing_is_learned(function, x, targets, error, message):
    neuron = Perceptron([1, 2], 3)
    with pytest.raises(error, match=message):
        function(neuron, x, targets)
    assert neuron.weights.tolist() == [1, 2] and neuron.bias == 3


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int8, np.float32, float])
def test_targets_of_any_type_teach_the_same(dtype):
    neuron = Perceptron([0, 0], 0)
    assert learn(neuron, CORNERS, np.array([0, 0, 0, 1]).astype(dtype)) == [1, 3, 3, 2, 1, 0]
    assert neuron.weights.tolist() == [2, 1] and neuron.bias == -2


def test_an_epoch_follows_the_rule():
    rng = np.random.default_rng(0)
    x, targets = rng.normal(size=(30, 4)), rng.integers(0, 2, 30)
    neuron, w, b, wrong = Perceptron(np.ones(4), 0.5), np.ones(4), 0.5, 0
    for row, t in zip(x, targets, strict=True):
        y = 1 if row @ w + b > 0 else 0
        w, b, wrong = w + (t - y) * row, b + t - y, wrong + (t != y)
    assert learn_epoch(neuron, x, targets) == wrong > 0
    np.testing.assert_array_equal(neuron.weights, w)
    assert neuron.bias == b


def test_fourteen_of_sixteen_are_learned_and_two_end_at_the_limit():
    failed = []
    for table in itertools.product((0, 1), repeat=4):
        neuron = Perceptron([0, 0], 0)
        try:
            history = learn(neuron, CORNERS, np.array(table), epochs=50)
        except NotSeparated:
            failed.append(table)
        else:
            assert history[-1] == 0 and 0 not in history[:-1]
            assert tuple(neuron.decide(CORNERS)) == table
    assert failed == [(0, 1, 1, 0), (1, 0, 0, 1)]


@pytest.mark.parametrize("epochs", [1, 2, 37])
def test_what_has_no_line_ends_at_its_limit_and_says_so(epochs):
    neuron = Perceptron([0, 0], 0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(NotSeparated, match=f"no line found in {epochs} epochs, . m") as caught:
            learn(neuron, CORNERS, [0, 1, 1, 0], epochs=epochs)
    assert len(caught.value.mistakes) == epochs and min(caught.value.mistakes) > 0
    again = Perceptron([0, 0], 0)
    assert [learn_epoch(again, CORNERS, [0, 1, 1, 0]) for _ in range(epochs)] == (
        caught.value.mistakes
    )
    assert np.array_equal(neuron.weights, again.weights) and neuron.bias == again.bias
    assert isinstance(caught.value, RuntimeError)


def test_contradictory_examples_end_at_the_limit():
    with pytest.raises(NotSeparated):
        learn(Perceptron([0.0], 0), [[1.0], [1.0]], [0, 1], epochs=10)


def test_learning_keeps_novikoffs_bound():
    rng = np.random.default_rng(1)
    for _ in range(30):
        n = int(rng.integers(1, 6))
        u = rng.normal(size=n + 1)
        x = rng.normal(size=(25, n))
        v = np.column_stack([x, np.ones(25)])
        targets = (v @ u > 0).astype(int)
        gamma = np.abs(v @ u).min() / np.linalg.norm(u)
        bound = (np.linalg.norm(v, axis=1).max() / gamma) ** 2
        if bound > 20_000:
            continue
        assert sum(learn(Perceptron(np.zeros(n), 0), x, targets, epochs=20_001)) <= bound


def test_adders_add():
    a, b, carry = np.indices((2, 2, 2)).reshape(3, 8)
    total, out = half_adder(a, b)
    assert np.array_equal(total + 2 * out, a + b)
    total, out = full_adder(a, b, carry)
    assert np.array_equal(total + 2 * out, a + b + carry)


@pytest.mark.parametrize("n", [1, 2, 4, 6])
@pytest.mark.parametrize("carry", [0, 1])
def test_every_sum_of_two_numbers_is_right(n, carry):
    numbers = np.arange(2**n)
    bits = ripple_carry_add(to_bits(numbers[:, None], n), to_bits(numbers, n), carry)
    assert bits.shape == (2**n, 2**n, n + 1)
    assert np.array_equal(from_bits(bits), numbers[:, None] + numbers + carry)


def test_bits_round_trip_and_refuse():
    numbers = np.arange(64).reshape(4, 16)
    assert np.array_equal(from_bits(to_bits(numbers, 6)), numbers)
    assert to_bits(6, 4).tolist() == [0, 1, 1, 0], "the lowest bit comes first"
    with pytest.raises(ValueError, match="number 16 is not one of 0 to 15; n bits"):
        to_bits([0, 3, 16], 4)
    with pytest.raises(ValueError, match="number -1 is not one"):
        to_bits(-1, 4)
    with pytest.raises(TypeError, match="integers, got float64 .*whole numbers"):
        to_bits(1.0, 4)
    with pytest.raises(ValueError, match=r"as many bits in both numbers, got .*\(4,\) and .*3"):
        ripple_carry_add(to_bits(1, 4), to_bits(1, 3))
    with pytest.raises(ValueError, match=r"n is 0; it must be the number of bits"):
        to_bits(1, 0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: from_bits([2, 5]), "bits must be 0 or 1, got 2; to_bits"),
        (lambda: from_bits([0, 0.5]), "bits must be 0 or 1, got 0.5"),
        (lambda: from_bits([1, -1]), "bits must be 0 or 1, got -1"),
        (lambda: from_bits([np.nan]), "bits must be 0 or 1, got nan"),
        (lambda: from_bits(1), r"an array \(\.\.\., n\), the lowest bit first; got a single"),
        (lambda: ripple_carry_add([2, 3], [0, 1]), "bits must be 0 or 1, got 2"),
        (lambda: ripple_carry_add([0, 1], [1, 7]), "bits must be 0 or 1, got 7"),
        (lambda: ripple_carry_add([0], [1], carry=2), "the carry must be 0 or 1, got 2"),
        (lambda: ripple_carry_add(1, 1), r"an array \(\.\.\., n\)"),
        (lambda: ripple_carry_add([], []), r"as many bits in both numbers, got .*\(0,\)"),
    ],
)
def test_what_is_no_bit_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_bits_may_be_booleans_or_floats_and_large_numbers_are_right():
    assert from_bits([True, False, True]) == 5 and from_bits([1.0, 0.0]) == 1
    assert from_bits(to_bits(2**45 + 1, 50)) == 2**45 + 1
    assert from_bits(ripple_carry_add([1.0, 0.0], [True, True], carry=1.0)) == 5


def test_xor_is_nothing_but_perceptrons(monkeypatch):
    asked, decide = [], Perceptron.decide

    def counted(neuron, x):
        asked.append(neuron)
        return decide(neuron, x)

    monkeypatch.setattr(Perceptron, "decide", counted)
    XOR(0, 1)
    assert asked == [OR, NAND, AND]
    asked.clear()
    ripple_carry_add(to_bits(15, 4), to_bits(1, 4))
    assert len(asked) == 36 and set(map(id, asked)) == {id(OR), id(NAND), id(AND)}
