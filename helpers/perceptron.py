"""Built from 04_perceptron_logic_gates.ipynb by `python -m tools.build`: edit it there."""

import numpy as np

from helpers import guards


class Perceptron:
    """A neuron that fires, 1, if w·x + b > 0, and else is silent, 0; silent also at exactly 0.

    weights: (n,) w, one for each input. bias: b. Learning changes both. Called with n arrays, one
    for each input, such as AND(a, b); they broadcast. Raises ValueError for another count of
    inputs and for NaN or infinite ones, TypeError for what is not a number."""

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
    return guards.fits_in_bits(numbers, n)[..., None] >> np.arange(n) & 1       # (..., n)


def from_bits(bits):
    """The whole number that bits stand for, the lowest first. Raises for what is no bit."""
    bits = guards.bits(bits)
    return bits @ 2 ** np.arange(bits.shape[-1], dtype=np.int64)                # (...)


def ripple_carry_add(a, b, carry=0):
    """Add two n-bit numbers, lowest bit first, by n full adders.   (..., n) -> (..., n + 1)

    carry: a bit to add at the lowest place. Raises ValueError for what is no bit, and for numbers
    of different length."""
    a, b, carry = guards.addends(a, b, carry)
    sums = []
    for k in range(a.shape[-1]):
        bit, carry = full_adder(a[..., k], b[..., k], carry)
        sums.append(bit)
    return np.stack(np.broadcast_arrays(*sums, carry), axis=-1)
