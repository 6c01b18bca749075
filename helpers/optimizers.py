"""Built from 06_mini_generative_transformer.ipynb by `python -m tools.build`: edit it there."""

import math

import numpy as np


def numerical_gradient(f, theta, h=1e-5):
    """The gradient of f by central differences, (f(θ + h) - f(θ - h)) / 2h for every entry.

    f: a function of no arguments that computes a number from the values in `theta`.
    theta: (P,) float64; changed one entry at a time, and left as it was.
    Returns (P,).
    """
    gradient = np.zeros_like(theta)
    for i, value in enumerate(theta):
        theta[i] = value + h
        above = f()
        theta[i] = value - h
        gradient[i] = (above - f()) / (2 * h)
        theta[i] = value
    return gradient


def relative_error(a, b):
    """How far two arrays are apart, measured by the larger: |a - b| / max(|a|, |b|).

    Lengths are Euclidean, over all entries. 0 if both are zero.
    """
    a, b = np.ravel(a), np.ravel(b)
    size = max(np.linalg.norm(a), np.linalg.norm(b))
    return float(np.linalg.norm(a - b) / size) if size > 0 else 0.0


class AdamW:
    """Adam with decoupled weight decay; `step` changes `theta` in place.

    theta: (P,) float array. learning_rate: α. betas: β₁ and β₂. epsilon: ε.
    weight_decay: λ. decays: (P,) bool, which parameters decay; by default all.
    Source: Kingma and Ba, 2015, algorithm 1; Loshchilov and Hutter, 2019, algorithm 2.
    """

    def __init__(self, theta, learning_rate=1e-3, betas=(0.9, 0.99), epsilon=1e-8,
                 weight_decay=0.0, decays=None):
        self.theta, self.learning_rate, self.betas = theta, learning_rate, betas
        self.epsilon, self.steps = epsilon, 0
        self.m, self.v, self.change = (np.zeros_like(theta) for _ in range(3))
        decays = np.ones_like(theta) if decays is None else decays
        self.decay = (weight_decay * decays).astype(theta.dtype)

    def step(self, gradient, learning_rate=None):
        """Take one step; a learning_rate given here counts for this step only."""
        alpha = self.learning_rate if learning_rate is None else learning_rate
        beta_1, beta_2 = self.betas
        self.steps += 1
        self.m += (1 - beta_1) * (gradient - self.m)
        self.v += (1 - beta_2) * (gradient * gradient - self.v)
        np.sqrt(self.v / (1 - beta_2**self.steps), out=self.change)
        self.change += self.epsilon
        np.divide(self.m, self.change, out=self.change)
        self.change *= alpha / (1 - beta_1**self.steps)
        self.theta -= alpha * self.decay * self.theta
        self.theta -= self.change


def warmup_cosine(step, steps, peak, warmup):
    """The learning rate of a step: up to `peak` over `warmup` steps, then half a cosine to 0.

    step: 0 to steps - 1. Source: Loshchilov and Hutter, SGDR, 2017, section 3.
    """
    if step < warmup:
        return peak * (step + 1) / warmup
    u = (step - warmup) / max(steps - warmup, 1)                        # 0 to 1
    return peak * (1 + math.cos(math.pi * u)) / 2


def clip_gradient(gradient, limit):
    """Scale a gradient down in place if it is longer than `limit`. Returns its length before."""
    length = float(np.sqrt(np.dot(gradient, gradient)))
    if length > limit:
        gradient *= limit / length
    return length
