"""Make modern.npz: the parts of notebook 07 and its model, by PyTorch's own parts, for the tests.

    python tests/reference/make_modern.py      in an environment with PyTorch (made with 2.13)

The tests do not run this. float64; all parameters are random. Parameters and gradients are stored
in the order in which `flatten` lays them out, and every matrix as rows @ W, which is the transpose
of what PyTorch keeps. `torch.optim.Muon` turns its matrices in bfloat16; here that rounding is
switched off, so that its own code gives float64.
"""

from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.optim._muon import _zeropower_via_newtonschulz

V, T, WIDTH, HEADS, BLOCKS, N = 11, 6, 12, 3, 2, 4
EPSILON, GAIN = 1e-6, 1.5


def rotate(x):
    """Rotary positions, base 10,000; neighbors are the halves of a head."""
    width = x.shape[-1]
    rates = 10_000.0 ** (-torch.arange(0, width, 2, dtype=torch.float64) / width)
    angles = torch.arange(x.shape[-2], dtype=torch.float64)[:, None] * rates
    turns = torch.polar(torch.ones_like(angles), angles)                # e^(i angle)
    first, second = x.chunk(2, dim=-1)
    turned = torch.complex(first, second) * turns
    return torch.cat([turned.real, turned.imag], dim=-1)


class QKNorm(nn.Module):
    """RMSNorm, times the gain, of each head's query and key inside (N, T, 3d)."""

    def forward(self, qkv):
        q, k, v = qkv.chunk(3, dim=-1)
        q, k = (GAIN * F.rms_norm(part.unflatten(-1, (HEADS, -1)), (part.shape[-1] // HEADS,),
                           eps=EPSILON).flatten(-2) for part in (q, k))
        return torch.cat([q, k, v], dim=-1)


class Block(nn.Module):
    """A block of notebook 07."""

    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH, bias=False)
        self.out = nn.Linear(WIDTH, WIDTH, bias=False)
        self.up = nn.Linear(WIDTH, 4 * WIDTH, bias=False)
        self.down = nn.Linear(4 * WIDTH, WIDTH, bias=False)

    def forward(self, x):
        parts = QKNorm()(self.qkv(norm(x))).chunk(3, dim=-1)
        q, k, v = (part.unflatten(-1, (HEADS, -1)).transpose(1, 2) for part in parts)
        mixed = F.scaled_dot_product_attention(rotate(q), rotate(k), v, is_causal=True)
        x = x + self.out(mixed.transpose(1, 2).flatten(-2))
        return x + self.down(F.relu(self.up(norm(x))).square())


class Model(nn.Module):
    """The transformer of notebook 07."""

    def __init__(self):
        super().__init__()
        self.token = nn.Embedding(V, WIDTH)
        self.blocks = nn.ModuleList([Block() for _ in range(BLOCKS)])
        self.head = nn.Linear(WIDTH, V, bias=False)

    def forward(self, tokens):
        x = self.token(tokens)
        for block in self.blocks:
            x = block(x)
        return self.head(norm(x))


class Tied(Model):
    """The same with the token table as its head."""

    def forward(self, tokens):
        x = self.token(tokens)
        for block in self.blocks:
            x = block(x)
        return F.linear(norm(x), self.token.weight)


def norm(x):
    """RMSNorm over the last axis, without gains."""
    return F.rms_norm(x, (x.shape[-1],), eps=EPSILON)


def gate(x):
    """swish(a) b of the halves a and b."""
    a, b = x.chunk(2, dim=-1)
    return F.silu(a) * b


def flat(module, gradient=False):
    """All parameters (or their gradients) of a module, end to end, matrices as rows @ W."""
    parts = []
    for layer in module.modules():
        for value in layer.parameters(recurse=False):
            value = (value.grad if gradient else value).detach()
            parts.append(value.T if isinstance(layer, nn.Linear) else value)
    return np.concatenate([part.numpy().ravel() for part in parts])


def run_part(function, rng, shape):
    """Forward and backward of a part on random numbers: what went in and what came out."""
    x = torch.tensor(rng.normal(0.5, 2.0, shape), requires_grad=True)
    y = function(x)
    dy = torch.tensor(rng.normal(size=tuple(y.shape)))
    y.backward(dy)
    return {"x": x.detach().numpy(), "dy": dy.numpy(), "y": y.detach().numpy(),
            "dx": x.grad.numpy()}


def run_model(model, rng, skipped=()):
    """Forward, loss and backward of a whole model on random tokens."""
    with torch.no_grad():
        for value in model.double().parameters():
            value.copy_(torch.tensor(rng.normal(0, 0.4, tuple(value.shape))))
    for name in skipped:
        delattr(model, name)
    tokens, targets = rng.integers(0, V, (2, N, T))
    logits = model(torch.tensor(tokens))
    loss = F.cross_entropy(logits.reshape(-1, V), torch.tensor(targets).reshape(-1))
    loss.backward()
    return {"theta": flat(model), "tokens": tokens, "targets": targets,
            "logits": logits.detach().numpy(), "loss": loss.item(), "grad": flat(model, True)}


def run_turns(rng, shape):
    """PyTorch's Newton–Schulz, and the exact factor."""
    G = torch.tensor(rng.normal(size=shape))
    turned = _zeropower_via_newtonschulz(G, (3.4445, -4.7750, 2.0315), 5, 1e-12)
    U, sigma, Vh = torch.linalg.svd(G, full_matrices=False)
    return {"G": G.numpy(), "turned": turned.numpy(), "factor": (U @ Vh).numpy(),
            "sigma": sigma.numpy()}


def run_muon(rng, shape, steps=3):
    """Three steps of `torch.optim.Muon` (Nesterov, no decay); shape: (n_out, n_in)."""
    parameter = nn.Parameter(torch.tensor(rng.normal(size=shape)))
    W = parameter.detach().numpy().T.copy()
    optimizer = torch.optim.Muon([parameter], lr=0.02, momentum=0.95, weight_decay=0.0, eps=1e-12,
                                 adjust_lr_fn="original")
    gradients = rng.normal(size=(steps, *shape))
    for gradient in gradients:
        parameter.grad = torch.tensor(gradient)
        optimizer.step()
    return {"W": W, "gradients": gradients.swapaxes(1, 2), "after": parameter.detach().numpy().T}


def main():
    torch.Tensor.bfloat16 = torch.Tensor.clone                          # no rounding
    rng = np.random.default_rng(0)
    groups = {
        "rms": run_part(norm, rng, (N, T, WIDTH)),
        "relu2": run_part(lambda x: F.relu(x).square(), rng, (N, T, WIDTH)),
        "gate": run_part(gate, rng, (N, T, 2 * 5)),
        "qk": run_part(QKNorm(), rng, (N, T, 3 * WIDTH)),
        "model": run_model(Model(), rng),
        "tied": run_model(Tied(), rng, skipped=["head"]),
        "wide": run_turns(rng, (5, 9)),
        "tall": run_turns(rng, (8, 3)),
        "muon_wide": run_muon(rng, (6, 4)),
        "muon_tall": run_muon(rng, (4, 7)),
    }
    arrays = {f"{group}.{key}": value for group, part in groups.items()
              for key, value in part.items()}
    np.savez_compressed(Path(__file__).with_name("modern.npz"), **arrays)


if __name__ == "__main__":
    main()
