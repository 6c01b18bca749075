"""Built from 04_perceptron_logic_gates.ipynb by `python -m tools.build`: edit it there."""

import numpy as np

from helpers import guards


class Perceptron:
    """A neuron that fires, 1, if w·x + b > 0, and else is silent, 0; silent also at exactly 0.

    weights: (n,) w, one for each input. bias: b. Learning changes both.
    Called with n arrays, one for each input, such as AND(a, b); they broadcast.
    Raises ValueError for another count of inputs and for NaN or infinite ones, TypeError for what
    is not a number.
    """

    def __init__(self, weights, bias):
        self.weights, self.bias = guards.neuron(weights, bias)

    def score(self, x):                         # (..., n) -> (...)
        return guards.inputs(x, self.weights.size) @ self.weights + self.bias

    def decide(self, x):                        # (..., n) -> (...)
        return (self.score(x) > 0).astype(int)

    def __call__(self, *inputs):                # n arrays (...) -> (...)
        return self.decide(np.stack(np.broadcast_arrays(*inputs), axis=-1))


AND = Perceptron([1, 1], -1.5)
OR = Perceptron([1, 1], -0.5)
NAND = Perceptron([-1, -1], 1.5)
NOR = Perceptron([-1, -1], 0.5)
NOT = Perceptron([-1], 0.5)


def learn_epoch(perceptron, x, targets):
    """Show every example once, in order; after a mistake w ← w + (t - y) x, b ← b + (t - y).

    x: (N, n). targets: (N,) of 0 and 1. Changes the perceptron. Returns the number of mistakes.
    Raises ValueError for other shapes, other targets, and numbers that are not finite.
    """
    x, targets = guards.examples(x, targets, perceptron.weights.size)
    mistakes = 0
    for row, t in zip(x, targets, strict=True):
        y = int(row @ perceptron.weights + perceptron.bias > 0)
        if y != t:
            perceptron.weights = perceptron.weights + (t - y) * row
            perceptron.bias = perceptron.bias + (t - y)
            mistakes += 1
    return mistakes


class NotSeparated(RuntimeError):
    """Learning ended at its limit with mistakes left; `mistakes` holds those of every epoch."""

    def __init__(self, message, mistakes):
        super().__init__(message)
        self.mistakes = mistakes


def learn(perceptron, x, targets, epochs=1000):
    """Repeat `learn_epoch` until one epoch has no mistake. Returns the mistakes of every epoch.

    epochs: the limit; there NotSeparated is raised, and the perceptron keeps its last weights.
    """
    guards.whole("epochs", epochs, 1)
    mistakes = []
    while len(mistakes) < epochs:
        mistakes.append(learn_epoch(perceptron, x, targets))
        if mistakes[-1] == 0:
            return mistakes
    raise NotSeparated(f"no line found in {epochs} epochs, {mistakes[-1]} mistakes in the last: "
                       "there is none, or it takes more epochs", mistakes)


def XOR(a, b):
    """1 where exactly one of a and b is 1: the AND of OR and NAND.   (...), (...) -> (...)"""
    return AND(OR(a, b), NAND(a, b))


def half_adder(a, b):
    """Add two bits: a + b = sum + 2 carry.   (...), (...) -> (sum, carry), each (...)"""
    return XOR(a, b), AND(a, b)


def full_adder(a, b, carry):
    """Add three bits: a + b + carry = sum + 2 carry out.   -> (sum, carry out), each (...)"""
    partial, carry_1 = half_adder(a, b)
    total, carry_2 = half_adder(partial, carry)
    return total, OR(carry_1, carry_2)


def to_bits(numbers, n):
    """Whole numbers to n bits, the lowest first. Raises if n bits do not hold them."""
    numbers = guards.fits_in_bits(numbers, n)
    return numbers[..., None] >> np.arange(n) & 1                       # (...) -> (..., n)


def from_bits(bits):
    """The whole number that bits stand for, the lowest first. Raises for what is no bit."""
    bits = guards.bits(bits)
    return bits @ 2 ** np.arange(bits.shape[-1], dtype=np.int64)        # (..., n) -> (...)


def ripple_carry_add(a, b, carry=0):
    """Add two n-bit numbers, lowest bit first, by n full adders.   (..., n) -> (..., n + 1)

    carry: a bit to add at the lowest place. Raises ValueError for what is no bit, and for numbers
    of different length.
    """
    a, b, carry = guards.addends(a, b, carry)
    sums = []
    for k in range(a.shape[-1]):
        bit, carry = full_adder(a[..., k], b[..., k], carry)
        sums.append(bit)
    return np.stack(np.broadcast_arrays(*sums, carry), axis=-1)
