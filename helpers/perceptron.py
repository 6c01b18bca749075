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
