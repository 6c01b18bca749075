"""Built from 04_perceptron_logic_gates.ipynb by `python -m tools.build`: edit it there."""

import numpy as np

from helpers.lessons.notebook_04 import bit_guards
from helpers.perceptron import AND, OR, XOR


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
    return bit_guards.fits_in_bits(numbers, n)[..., None] >> np.arange(n) & 1   # (..., n)


def from_bits(bits):
    """The whole number that bits stand for, the lowest first. Raises for what is no bit."""
    bits = bit_guards.bits(bits)
    return bits @ 2 ** np.arange(bits.shape[-1], dtype=np.int64)                # (...)


def ripple_carry_add(a, b, carry=0):
    """Add two n-bit numbers, lowest bit first, by n full adders.   (..., n) -> (..., n + 1)

    carry: a bit to add at the lowest place. Raises ValueError for what is no bit, and for numbers
    of different length."""
    a, b, carry = bit_guards.addends(a, b, carry)
    sums = []
    for k in range(a.shape[-1]):
        bit, carry = full_adder(a[..., k], b[..., k], carry)
        sums.append(bit)
    return np.stack(np.broadcast_arrays(*sums, carry), axis=-1)
