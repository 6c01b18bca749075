"""Make transformer.npz: PyTorch's normalization, block and transformers, for the tests.

    python tests/reference/make_transformer.py      in an environment with PyTorch (made with 2.13)

The tests do not run this. float64; all parameters are random, γ and β of the normalizations too.
Parameters and gradients are stored in the order in which `flatten` lays them out, and every
matrix as rows @ W, which is the transpose of what PyTorch keeps.
"""

from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

V, T, WIDTH, HEADS, BLOCKS, N = 11, 6, 8, 2, 2, 3


class Block(nn.Module):
    """A pre-norm block out of PyTorch's own parts."""

    def __init__(self, rotary=False):
        super().__init__()
        self.rotary = rotary
        self.norm_1 = nn.LayerNorm(WIDTH)
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.out = nn.Linear(WIDTH, WIDTH)
        self.norm_2 = nn.LayerNorm(WIDTH)
        self.up = nn.Linear(WIDTH, 4 * WIDTH)
        self.down = nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x):
        n, t, d = x.shape
        q, k, v = (
            part.view(n, t, HEADS, d // HEADS).transpose(1, 2)
            for part in self.qkv(self.norm_1(x)).split(d, dim=-1)
        )
        if self.rotary:
            q, k = turned(q), turned(k)
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(mixed.transpose(1, 2).reshape(n, t, d))
        return x + self.down(F.gelu(self.up(self.norm_2(x)), approximate="tanh"))


def turned(x):
    """Rotary positions by complex numbers: feature i and i + width/2 are one, turned by t rate."""
    first, second = x.chunk(2, dim=-1)
    rates = 10_000.0 ** (-torch.arange(0, x.shape[-1], 2, dtype=x.dtype) / x.shape[-1])
    angles = torch.arange(x.shape[-2], dtype=x.dtype)[:, None] * rates
    both = torch.complex(first, second) * torch.polar(torch.ones_like(angles), angles)
    return torch.cat([both.real, both.imag], dim=-1)


class Transformer(nn.Module):
    """The decoder-only transformer of notebook 06, with learned or rotary positions."""

    def __init__(self, rotary=False):
        super().__init__()
        self.token = nn.Embedding(V, WIDTH)
        self.position = None if rotary else nn.Embedding(T, WIDTH)
        self.blocks = nn.ModuleList([Block(rotary) for _ in range(BLOCKS)])
        self.norm = nn.LayerNorm(WIDTH)
        self.head = nn.Linear(WIDTH, V)

    def forward(self, tokens):
        x = self.token(tokens)
        if self.position is not None:
            x = x + self.position(torch.arange(tokens.shape[1]))
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


def flat(module, gradient=False):
    """All parameters (or their gradients) of a module, end to end, matrices as rows @ W."""
    parts = []
    for layer in module.modules():
        for value in layer.parameters(recurse=False):
            value = (value.grad if gradient else value).detach()
            parts.append(value.T if isinstance(layer, nn.Linear) and value.ndim == 2 else value)
    return np.concatenate([part.numpy().ravel() for part in parts])


def randomize(module, rng):
    """Give every parameter a random value; those of a normalization stay around their first."""
    with torch.no_grad():
        for value in module.parameters():
            value.add_(torch.tensor(rng.normal(0, 0.4, tuple(value.shape))))
    return module.double()


def run_layer(module, rng):
    """Forward and backward of a layer on random (N, T, d): what went in and what came out."""
    randomize(module.double(), rng)
    x = torch.tensor(rng.normal(0.5, 2.0, (N, T, WIDTH)), requires_grad=True)
    dy = torch.tensor(rng.normal(size=(N, T, WIDTH)))
    y = module(x)
    y.backward(dy)
    return {"theta": flat(module), "x": x.detach().numpy(), "dy": dy.numpy(),
            "y": y.detach().numpy(), "dx": x.grad.numpy(), "grad": flat(module, True)}


def run_model(model, rng):
    """Forward, loss and backward of the whole model on random tokens."""
    randomize(model.double(), rng)
    tokens, targets = rng.integers(0, V, (2, N, T))
    logits = model(torch.tensor(tokens))
    loss = F.cross_entropy(logits.reshape(-1, V), torch.tensor(targets).reshape(-1))
    loss.backward()
    return {"theta": flat(model), "tokens": tokens, "targets": targets,
            "logits": logits.detach().numpy(), "loss": loss.item(), "grad": flat(model, True)}


def main():
    """Run the four and store what they did."""
    torch.manual_seed(0)
    rng = np.random.default_rng(6)
    runs = {"norm": run_layer(nn.LayerNorm(WIDTH), rng), "block": run_layer(Block(), rng),
            "model": run_model(Transformer(), rng),
            "rotary": run_model(Transformer(rotary=True), rng)}
    config = {"vocab_size": V, "context": T, "width": WIDTH, "heads": HEADS, "blocks": BLOCKS}
    arrays = {f"{run}_{key}": value for run, found in runs.items() for key, value in found.items()}
    path = Path(__file__).with_name("transformer.npz")
    np.savez_compressed(path, **arrays, **config)
    print(f"{path.name}: {path.stat().st_size:,} bytes, PyTorch {torch.__version__}")


if __name__ == "__main__":
    main()
