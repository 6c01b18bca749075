"""Make optimizers.npz: 50 steps of PyTorch's optimizers, for tests/test_optimizers.py.

    python tests/reference/make_optimizers.py        in an environment with PyTorch (made with 2.13)

The tests do not run this. Each optimizer is fed the same 50 random gradients, in float64.
"""

from pathlib import Path

import numpy as np
import torch

STEPS, P = 50, 7
LIMIT = 1e3  # of the clipped run


def run(make, start, gradients, limit=None):
    """Return theta after every step, (STEPS, P)."""
    parts = [torch.tensor(part, requires_grad=True) for part in np.split(start, [4])]
    optimizer, path = make(parts), []
    for gradient in gradients:
        for part, value in zip(parts, np.split(gradient, [4]), strict=True):
            part.grad = torch.tensor(value)
        if limit is not None:
            torch.nn.utils.clip_grad_norm_(parts, limit)
        optimizer.step()
        path.append(torch.cat(parts).detach().numpy().copy())
    return np.array(path)


def main():
    """Run every optimizer and store what it did."""
    rng = np.random.default_rng(2)
    start = rng.normal(size=P)
    scales = 10.0 ** np.arange(-3, 4)  # gradients of very different sizes
    gradients = rng.normal(size=(STEPS, P)) * scales
    # PyTorch adds 1e-6 to the length when it clips. Lengths of 1e5 and more hide that.
    large = rng.normal(size=(STEPS, P)) * np.logspace(6, 8, STEPS)[:, None]
    large[::5] /= 1e7  # and some that are not clipped
    betas = {"betas": (0.9, 0.99), "eps": 1e-8}
    runs = {
        "sgd": run(lambda p: torch.optim.SGD(p, lr=0.01), start, gradients),
        "momentum": run(lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.9), start, gradients),
        "rmsprop": run(
            lambda p: torch.optim.RMSprop(p, lr=0.01, alpha=0.9, eps=1e-8), start, gradients
        ),
        "adam": run(lambda p: torch.optim.Adam(p, lr=0.01, **betas), start, gradients),
        "adam_decay": run(lambda p: torch.optim.AdamW(p, lr=0.01, weight_decay=0.1, **betas),
                          start, gradients),
        "adam_part": run(
            lambda p: torch.optim.AdamW(
                [{"params": p[:1], "weight_decay": 0.1}, {"params": p[1:], "weight_decay": 0.0}],
                lr=0.01, **betas,
            ),
            start, gradients,
        ),
        "clipped": run(lambda p: torch.optim.SGD(p, lr=0.01), start, large, limit=LIMIT),
        "clipped_adam": run(lambda p: torch.optim.Adam(p, lr=0.01, **betas), start, large, LIMIT),
    }  # fmt: skip
    path = Path(__file__).with_name("optimizers.npz")
    np.savez_compressed(path, start=start, gradients=gradients, large=large, **runs)
    print(f"{path.name}: {path.stat().st_size:,} bytes, PyTorch {torch.__version__}")


if __name__ == "__main__":
    main()
