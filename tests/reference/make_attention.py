"""Make attention.npz: what PyTorch's attention gives, forward and every gradient, in float64.

Needs PyTorch, which the course does not; this was run once with PyTorch 2.13.0:

    pip install torch==2.13.0 numpy
    python tests/reference/make_attention.py

Two of PyTorch's own functions are asked. torch.nn.MultiheadAttention: for 1, 2 and 4 heads, causal
and not, several lengths, with random weights and biases. Its tables are stored as `x @ W` reads
them, (n_in, n_out). torch.nn.functional.scaled_dot_product_attention: for stacks, masked and not,
also with fewer queries than keys.
"""

from itertools import product
from pathlib import Path

import numpy as np
import torch

WIDTH = 8
LENGTHS, HEADS = (1, 5, 12), (1, 2, 4)
STACKS = {"plain": ((2, 3, 4, 6), 4, None), "causal": ((2, 3, 5, 4), 5, "causal"),
          "one": ((3, 1, 2), 7, None), "random": ((2, 4, 3), 6, "random")}  # fmt: skip


def layer(rng, length, heads, causal):
    """Return what MultiheadAttention does with random input and parameters, as arrays."""
    attention = torch.nn.MultiheadAttention(WIDTH, heads, batch_first=True, dtype=torch.float64)
    with torch.no_grad():
        for parameter in attention.parameters():
            parameter.copy_(torch.tensor(rng.normal(0, 0.6, tuple(parameter.shape))))
    x = torch.tensor(rng.normal(size=(3, length, WIDTH)), requires_grad=True)
    dy = torch.tensor(rng.normal(size=(3, length, WIDTH)))
    hidden = torch.triu(torch.ones(length, length, dtype=torch.bool), 1) if causal else None
    y, weights = attention(x, x, x, attn_mask=hidden, average_attn_weights=False)
    y.backward(dy)
    parts = {"qkv.W": attention.in_proj_weight, "qkv.b": attention.in_proj_bias,
             "out.W": attention.out_proj.weight, "out.b": attention.out_proj.bias}  # fmt: skip
    arrays = {"x": x, "dy": dy, "y": y, "weights": weights, "dx": x.grad}
    for name, part in parts.items():
        turned = (part.T, part.grad.T) if part.ndim == 2 else (part, part.grad)
        arrays[name], arrays[f"d{name}"] = turned
    return arrays


def stack(rng, shape, keys, kind):
    """Return what scaled_dot_product_attention does with random stacks, as arrays."""
    *front, queries, features = shape
    q = torch.tensor(rng.normal(size=shape), requires_grad=True)
    k, v = (torch.tensor(rng.normal(size=(*front, keys, features)), requires_grad=True)
            for _ in range(2))  # fmt: skip
    mask = None
    if kind == "causal":
        mask = torch.ones(queries, keys, dtype=torch.bool).tril()
    elif kind == "random":
        mask = torch.tensor(rng.random((queries, keys)) < 0.6)
        mask[:, 0] = True
    dy = torch.tensor(rng.normal(size=shape))
    y = torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    y.backward(dy)
    arrays = {"q": q, "k": k, "v": v, "dy": dy, "y": y, "dq": q.grad, "dk": k.grad, "dv": v.grad}
    return arrays if mask is None else {**arrays, "mask": mask}


def main():
    """Run every case and store what it did."""
    rng, found = np.random.default_rng(5), {}
    for length, heads, causal in product(LENGTHS, HEADS, (False, True)):
        name = f"layer,{length},{heads},{int(causal)}"
        case = layer(rng, length, heads, causal)
        found |= {f"{name},{key}": value for key, value in case.items()}
    for name, case in STACKS.items():
        found |= {f"stack,{name},{key}": value for key, value in stack(rng, *case).items()}
    path = Path(__file__).with_name("attention.npz")
    np.savez_compressed(path, **{k: v.detach().numpy().copy() for k, v in found.items()})
    print(f"{path.name}: {path.stat().st_size:,} bytes, PyTorch {torch.__version__}")


if __name__ == "__main__":
    main()
