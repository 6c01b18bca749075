"""What zeros and ones must be: the targets of a perceptron, the bits of the adder."""

import numpy as np

from helpers.guards import finite, floats, must, places_in, whole


def zeros_and_ones(name, values, remedy):
    """Raise ValueError unless every value is 0 or 1."""
    strange = values[(values != 0) & (values != 1)]
    if strange.size:
        raise ValueError(f"{name} must be 0 or 1, got {strange.flat[0]:g}; {remedy}")


def examples(x, targets, n):
    """Return x (N, n) as floats and targets as a list of N whole numbers, 0 and 1."""
    x, targets = finite(x, "the inputs"), finite(targets, "the targets")
    must(x.shape[1:] == (n,) and targets.shape == x.shape[:1] != (0,), "expected x of shape (N, "
         "{}) and targets of shape (N,), with at least one example; got {} and {}", n, x, targets)
    zeros_and_ones("targets", targets, "for classes of other names write (labels == one_of_them)")
    return x, targets.astype(int).tolist()


def fits_in_bits(numbers, n):
    """Return whole numbers as an array. Raises unless n bits can hold them."""
    whole("n", n, 1, "the number of bits")
    return places_in("number", np.asarray(numbers), 2**n, "bits are for whole numbers",
                     "n bits hold {}: take a larger n, or no number below 0")


def bits(values, what="bits", axes=1):
    """Return bits as an array of whole numbers. Raises unless every one is 0 or 1."""
    (values,) = floats(values)
    zeros_and_ones(what, values, "to_bits(number, n) makes the n bits of a number")
    must(values.ndim >= axes, "{} must be an array (..., n), the lowest bit first; got a single "
         "number", what)
    return values.astype(np.int64)


def addends(a, b, carry):
    """Return the bits of two numbers and of a carry. Raises ValueError unless a, b are as long."""
    a, b, carry = bits(a), bits(b), bits(carry, "the carry", 0)
    must(a.shape[-1] == b.shape[-1] > 0, "expected as many bits in both numbers, got {} and {}; "
         "to_bits(number, n) makes the n bits of a number", a, b)
    return a, b, carry
