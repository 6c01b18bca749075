"""Built from 02_gradient_descent.ipynb by `python -m tools.build`: edit it there."""

import numpy as np


def valley(theta):
    """The landscape f(x, y) = x⁴ + x²y² - y² + y⁴ + 6, at one point or many.   (2, ...) -> (...)"""
    x, y = theta
    return x**4 + x**2 * y**2 - y**2 + y**4 + 6


def valley_gradient(theta):
    """The gradient of `valley`, derived by hand, at one point or many.   (2, ...) -> (2, ...)"""
    x, y = theta
    return np.stack([2 * x * (2 * x**2 + y**2), 2 * y * (x**2 - 1 + 2 * y**2)])


MINIMA = np.array([[0, 0], [1, -1]]) / np.sqrt(2)   # of `valley`, (2, 2): a column for each


def path_of(optimizer, gradient, steps, far=1e3):
    """Let an optimizer walk. Returns where its theta was after 0, 1, 2, … steps, (K + 1, *shape).

    gradient: a function of theta. The walk ends early if an entry is more than `far` away from 0.
    """
    path = [optimizer.theta.copy()]
    while len(path) <= steps and np.abs(path[-1]).max() <= far:
        optimizer.step(gradient(optimizer.theta))
        path.append(optimizer.theta.copy())
    return np.array(path)
