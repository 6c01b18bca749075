"""Make layers.npz: PyTorch's layers and losses, there and back, for tests/test_layers.py.

    python tests/reference/make_layers.py        in an environment with PyTorch (made with 2.13)

The tests do not run this. Everything is float64 and random: inputs of two and of three axes,
parameters (no bias is zero), and the gradient that comes back from behind.
"""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

SHAPES = [(5, 6), (2, 4, 6)]


def sequential():
    """Three linear layers with two different bends between them."""
    nn = torch.nn
    layers = [nn.Linear(6, 4), nn.Tanh(), nn.Linear(4, 7), nn.GELU(approximate="tanh"),
              nn.Linear(7, 3)]  # fmt: skip
    return nn.Sequential(*layers)


LAYERS = {
    "Linear": lambda: torch.nn.Linear(6, 5),
    "Sigmoid": torch.nn.Sigmoid,
    "Tanh": torch.nn.Tanh,
    "ReLU": torch.nn.ReLU,
    "GELU": lambda: torch.nn.GELU(approximate="tanh"),
    "Sequential": sequential,
}


def there_and_back(module, rng, shape):
    """Return x, dy, y, dx and the parameters with their gradients in the order of theta."""
    for parameter in module.parameters():
        parameter.data = torch.tensor(rng.normal(size=parameter.shape))
    x = torch.tensor(rng.normal(size=shape) * 2, requires_grad=True)
    y = module(x)
    dy = torch.tensor(rng.normal(size=y.shape))
    y.backward(dy)
    # The course's W is the transpose of PyTorch's; then a bias follows each W.
    theta = [p.detach().numpy().T.ravel() for p in module.parameters()]
    grad = [p.grad.numpy().T.ravel() for p in module.parameters()]
    flat = [np.concatenate(parts) if parts else np.zeros(0) for parts in (theta, grad)]
    return {"x": x.detach().numpy(), "dy": dy.numpy(), "y": y.detach().numpy(),
            "dx": x.grad.numpy(), "theta": flat[0], "grad": flat[1]}  # fmt: skip


def losses(rng, shape):
    """Yield (name, guesses, targets, loss, gradient) for every loss."""
    soft = rng.random(shape)
    for name, function, targets in [
        ("MeanSquaredError", F.mse_loss, rng.normal(size=shape)),
        ("BinaryCrossEntropy", F.binary_cross_entropy_with_logits,
         rng.integers(0, 2, shape).astype(float)),
        ("BinaryCrossEntropy, soft", F.binary_cross_entropy_with_logits, soft),
        ("SoftmaxCrossEntropy", F.cross_entropy, rng.integers(0, shape[-1], shape[:-1])),
    ]:  # fmt: skip
        guesses = torch.tensor(rng.normal(size=shape) * 3, requires_grad=True)
        goal = torch.tensor(targets)
        # PyTorch wants the classes on axis 1, so all rows are laid in one column.
        flat = name.startswith("Softmax")
        loss = function(guesses.reshape(-1, shape[-1]) if flat else guesses,
                        goal.reshape(-1) if flat else goal)  # fmt: skip
        loss.backward()
        yield name, guesses.detach().numpy(), targets, loss.item(), guesses.grad.numpy()


def main():
    """Run everything on every shape and store what came out, under NAME/AXES/ARRAY."""
    rng, stored = np.random.default_rng(3), {}
    for shape in SHAPES:
        for name, make in LAYERS.items():
            for key, value in there_and_back(make(), rng, shape).items():
                stored[f"{name}/{len(shape)}/{key}"] = value
        for name, *values in losses(rng, shape):
            for key, value in zip(("guesses", "targets", "loss", "gradient"), values, strict=True):
                stored[f"{name}/{len(shape)}/{key}"] = np.asarray(value)
    path = Path(__file__).with_name("layers.npz")
    np.savez_compressed(path, **stored)
    print(f"{path.name}: {path.stat().st_size:,} bytes, PyTorch {torch.__version__}")


if __name__ == "__main__":
    main()
