"""Built from 04_perceptron_logic_gates.ipynb by `python -m tools.build`: edit it there."""

import numpy as np

from helpers.arrays import as_floats


def finite(values, what):
    """Return values as an array of floats, a copy. Raises ValueError if one is NaN or infinite."""
    (values,) = as_floats(values)
    if not np.isfinite(values).all():
        raise ValueError(f"{what} must be finite numbers, got {values[~np.isfinite(values)][0]}")
    return values.copy()


class Perceptron:
    """A neuron that fires, 1, if w·x + b > 0, and else is silent, 0; silent also at exactly 0.

    weights: (n,) w, one for each input. bias: b. Learning changes both.
    Called with n arrays, one for each input, such as AND(a, b); they broadcast.
    Raises ValueError for numbers that are not finite and for another count of inputs, TypeError
    for what is not a number.
    Source: Rosenblatt, The perceptron, 1958.
    """

    def __init__(self, weights, bias):
        self.weights, bias = finite(weights, "the weights"), finite(bias, "the bias")
        if self.weights.ndim != 1 or self.weights.size == 0 or bias.ndim != 0:
            raise ValueError("a perceptron needs weights of shape (n,), one for each input, and a "
                             f"single bias; got {self.weights.shape} and {bias.shape}")
        self.bias = float(bias)

    def score(self, x):
        """w·x + b of each row.   (..., n) -> (...)"""
        x = finite(x, "the inputs")
        if x.ndim == 0 or x.shape[-1] != self.weights.size:
            raise ValueError(f"this perceptron has {self.weights.size} inputs, so the last axis "
                             f"must be {self.weights.size} long; got shape {x.shape}")
        return x @ self.weights + self.bias

    def decide(self, x):
        """1 where the score is above 0, else 0.   (..., n) -> (...)"""
        return (self.score(x) > 0).astype(int)

    def __call__(self, *inputs):
        if len(inputs) != self.weights.size:
            raise ValueError(f"this perceptron has {self.weights.size} inputs, got {len(inputs)}; "
                             "give one array for each, or a table of rows to decide()")
        return self.decide(np.stack(np.broadcast_arrays(*inputs), axis=-1))


AND = Perceptron([1, 1], -1.5)
OR = Perceptron([1, 1], -0.5)
NAND = Perceptron([-1, -1], 1.5)
NOR = Perceptron([-1, -1], 0.5)
NOT = Perceptron([-1], 0.5)


def check_examples(perceptron, x, targets):
    """Return x (N, n) as floats and targets (N,) as 0 and 1. Raises ValueError if they are not."""
    x, targets = finite(x, "the inputs"), finite(targets, "the targets")
    n = perceptron.weights.size
    if x.ndim != 2 or x.shape[1] != n or targets.shape != x.shape[:1] or x.shape[0] == 0:
        raise ValueError(f"expected x of shape (N, {n}) and targets of shape (N,), with at least "
                         f"one example; got {x.shape} and {targets.shape}")
    strange = targets[(targets != 0) & (targets != 1)]
    if strange.size:
        raise ValueError(f"targets must be 0 or 1, got {strange[0]:g}; for two classes of any "
                         "other names write (labels == one_of_them)")
    return x, targets.astype(int)


def learn_epoch(perceptron, x, targets):
    """Show every example once, in order; after a mistake w ← w + (t - y) x, b ← b + (t - y).

    x: (N, n). targets: (N,) of 0 and 1. Changes the perceptron. Returns the number of mistakes.
    Raises ValueError for other shapes, other targets, and numbers that are not finite.
    Source: Rosenblatt, The perceptron, 1958.
    """
    x, targets = check_examples(perceptron, x, targets)
    mistakes = 0
    for row, target in zip(x, targets, strict=True):
        error = int(target) - int(row @ perceptron.weights + perceptron.bias > 0)
        if error:
            perceptron.weights = perceptron.weights + error * row
            perceptron.bias = perceptron.bias + error
            mistakes += 1
    return mistakes


class NotSeparated(RuntimeError):
    """Learning ended at its limit with mistakes left; `mistakes` holds those of every epoch."""

    def __init__(self, message, mistakes):
        super().__init__(message)
        self.mistakes = mistakes


def learn(perceptron, x, targets, epochs=1000):
    """Repeat `learn_epoch` until one epoch has no mistake. Returns the mistakes of every epoch.

    x: (N, n). targets: (N,) of 0 and 1. epochs: the limit. Changes the perceptron.
    Raises NotSeparated at the limit; the perceptron then has the weights of the last epoch.
    Raises ValueError for bad examples, as `learn_epoch` does, and for a limit below 1.
    """
    if epochs < 1:
        raise ValueError(f"epochs is {epochs}; learning needs at least one")
    mistakes = []
    while len(mistakes) < epochs:
        mistakes.append(learn_epoch(perceptron, x, targets))
        if mistakes[-1] == 0:
            return mistakes
    raise NotSeparated(f"no line found in {epochs} epochs, {mistakes[-1]} mistakes in the last: "
                       "there is none, or it takes more epochs", mistakes)


def XOR(a, b):
    """1 where exactly one of a and b is 1: AND of OR and NAND, two layers.   (...), (...) -> (...)

    Source: Minsky and Papert, Perceptrons, 1969, for why one layer is not enough.
    """
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
    """Whole numbers to n bits, the lowest first.   (...) -> (..., n)

    Raises ValueError for numbers that n bits cannot hold, TypeError for what is not whole.
    """
    numbers = np.asarray(numbers)
    if numbers.dtype.kind not in "iu":
        raise TypeError(f"bits are for whole numbers, got an array of {numbers.dtype}")
    if numbers.size and (numbers.min() < 0 or numbers.max() >= 2**n):
        bad = numbers[(numbers < 0) | (numbers >= 2**n)].flat[0]
        raise ValueError(f"{n} bits hold 0 to {2**n - 1}, not {bad}")
    return numbers[..., None] >> np.arange(n) & 1


def from_bits(bits):
    """The whole number that bits stand for, the lowest first.   (..., n) -> (...)"""
    bits = np.asarray(bits)
    return bits @ 2 ** np.arange(bits.shape[-1])


def ripple_carry_add(a, b, carry=0):
    """Add two n-bit numbers, lowest bit first, by n full adders.   (..., n) -> (..., n + 1)

    carry: a bit to add at the lowest place. Raises ValueError for numbers of different length.
    """
    a, b = np.asarray(a), np.asarray(b)
    if a.ndim == 0 or b.ndim == 0 or a.shape[-1] != b.shape[-1]:
        raise ValueError(f"expected as many bits in both numbers, got {a.shape} and {b.shape}")
    bits = []
    for k in range(a.shape[-1]):
        bit, carry = full_adder(a[..., k], b[..., k], carry)
        bits.append(bit)
    return np.stack(np.broadcast_arrays(*bits, carry), axis=-1)
