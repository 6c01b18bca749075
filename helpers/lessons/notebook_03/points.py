"""Built from 03_feedforward_networks.ipynb by `python -m tools.build`: edit it there."""

import numpy as np


def spirals(n=100, arms=3, noise=0.2, turns=0.8, seed=0):
    """n points on each of some interlocked spirals, (arms n, 2), and the arm of each, (arms n,).

    turns: how often an arm goes round. noise: the deviation of a point's angle, in radians."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(arms), n)
    radius = np.tile(np.linspace(0.1, 1, n), arms)
    angle = 2 * np.pi * (labels / arms + turns * radius) + rng.normal(0, noise, arms * n)
    return radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1), labels
