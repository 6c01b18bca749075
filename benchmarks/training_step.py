"""A training step of notebook 06 or 07, beside the same model's step in PyTorch.

    python -m pip install torch
    python -m benchmarks.training_step              notebook 06's model
    python -m benchmarks.training_step --modern     notebook 07's; the result goes to data/
    python -m benchmarks.training_step --sweep      also other contexts, widths and batches

Muon is left out on both sides: everything is trained with AdamW. Each contestant is a process of
its own, with two threads: NumPy as the notebooks train, with two
workers; PyTorch eager; PyTorch compiled. They take turns, a block of steps each, so that a slow
spell of the machine meets all of them. Printed are the medians over the blocks, the ratio of
NumPy's step to each of the others (the median of the ratios within a round), and the peak memory
of each process. Let nothing else run beside it.
"""

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
from time import perf_counter

from benchmarks import stored

SIZE = {"context": 64, "width": 128, "heads": 4, "blocks": 4, "batch": 12, "modern": False}
VOCABULARY = 62
SWEEP = [{"context": 32}, {"context": 128}, {"width": 64}, {"width": 256}, {"batch": 6},
         {"batch": 24}]
NAMES = {"numpy": "NumPy, two workers", "eager": "PyTorch eager", "compiled": "PyTorch compiled"}


def numpy_step(context, width, heads, blocks, batch, modern):
    """Return a function that takes one step as `helpers.transformer.train` does."""
    import numpy as np
    from threadpoolctl import threadpool_limits

    from helpers.layers import flatten, is_matrix
    from helpers.modern import ModernTransformer
    from helpers.optimizers import Adam, clip_gradient
    from helpers.transformer import Transformer, Workers, sample_batch

    threadpool_limits(1)  # one BLAS thread for each of the two workers
    rng = np.random.default_rng(0)
    tokens = rng.integers(0, VOCABULARY, 100_000)
    kind = ModernTransformer if modern else Transformer
    model = kind(VOCABULARY, context, width, heads, blocks)
    flatten(model, rng, np.float32)
    decays, team = is_matrix(model), Workers(model, 2)
    optimizers = [Adam(model.theta[part], betas=(0.9, 0.99), weight_decay=0.1, decays=decays[part])
                  for part in team.parts]

    def step():
        loss = float(team.loss_and_gradient(*sample_batch(tokens, batch, context, rng)))
        clip_gradient(model.grad, 1.0)
        team.run(lambda adam, part: adam.step(model.grad[part], 1e-4), optimizers, team.parts)
        return loss

    return step


def torch_step(context, width, heads, blocks, batch, modern, compiled):
    """Return a function that takes the same step in PyTorch, on two threads."""
    import torch
    from torch import nn
    from torch.nn import functional as F

    d_head = width // heads
    angles = torch.arange(context)[:, None] * 10_000.0 ** (-torch.arange(0, d_head, 2) / d_head)
    cos, sin = angles.cos(), angles.sin()

    def rotate(x):
        first, second = x.chunk(2, dim=-1)
        return torch.cat([first * cos - second * sin, first * sin + second * cos], dim=-1)

    def norm():
        return nn.RMSNorm(width, elementwise_affine=False) if modern else nn.LayerNorm(width)

    def linear(n_in, n_out):
        return nn.Linear(n_in, n_out, bias=not modern)

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm_1, self.norm_2 = norm(), norm()
            self.qkv, self.out = linear(width, 3 * width), linear(width, width)
            self.up, self.down = linear(width, 4 * width), linear(4 * width, width)

        def forward(self, x):
            n, length, _ = x.shape
            parts = self.qkv(self.norm_1(x)).split(width, dim=-1)
            q, k, v = (part.view(n, length, heads, -1).transpose(1, 2) for part in parts)
            if modern:
                q, k = (1.5 * F.rms_norm(part, (d_head,)) for part in (q, k))
            mixed = F.scaled_dot_product_attention(rotate(q), rotate(k), v, is_causal=True)
            x = x + self.out(mixed.transpose(1, 2).reshape(n, length, width))
            hidden = self.up(self.norm_2(x))
            if modern:
                return x + self.down(F.relu(hidden).square())
            return x + self.down(F.gelu(hidden, approximate="tanh"))

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.token = nn.Embedding(VOCABULARY, width)
            self.blocks = nn.ModuleList([Block() for _ in range(blocks)])
            self.norm, self.head = norm(), linear(width, VOCABULARY)

        def forward(self, tokens, targets):
            x = self.token(tokens)
            for block in self.blocks:
                x = block(x)
            logits = self.head(self.norm(x))
            return F.cross_entropy(logits.view(-1, VOCABULARY), targets.view(-1))

    torch.set_num_threads(2)
    torch.manual_seed(0)
    text = torch.randint(VOCABULARY, (100_000,))
    model = Model()
    forward = torch.compile(model) if compiled else model
    groups = [{"params": [p for p in model.parameters() if p.dim() > 1], "weight_decay": 0.1},
              {"params": [p for p in model.parameters() if p.dim() == 1], "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=1e-4, betas=(0.9, 0.99))
    places = torch.arange(context)

    def step():
        rows = torch.randint(len(text) - context, (batch, 1)) + places
        loss = forward(text[rows], text[rows + 1])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        return loss.item()

    return step


def serve(name, size):
    """The process of one contestant: for each number read, take so many steps, print seconds."""
    step = numpy_step(**size) if name == "numpy" else torch_step(**size, compiled=name != "eager")
    for line in sys.stdin:
        times = []
        for _ in range(int(line)):
            started = perf_counter()
            step()
            times.append(perf_counter() - started)
        print(json.dumps({"seconds": times, "peak": peak_memory()}), flush=True)


def peak_memory():
    """The most memory that this process has held so far, in MB; None where it cannot be told."""
    if importlib.util.find_spec("resource") is None:
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def compare(size, names, rounds, steps):
    """Let the contestants take turns; return {name: [median seconds of each block]} and peaks."""
    processes, blocks, peaks = {}, {name: [] for name in names}, {}
    for name in names:
        command = [sys.executable, "-m", "benchmarks.training_step", "--serve", name,
                   json.dumps(size)]
        # Two threads for each: OpenMP's for PyTorch, the workers for NumPy.
        processes[name] = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
            env=os.environ | {"OMP_NUM_THREADS": "2"},
        )

    def turn(name, count):
        processes[name].stdin.write(f"{count}\n")
        processes[name].stdin.flush()
        answer = processes[name].stdout.readline()
        if not answer:
            raise SystemExit(f"{NAMES[name]} stopped; its error is above")
        return json.loads(answer)

    for name in names:
        turn(name, 10)  # to warm up, and to compile
    for _ in range(rounds):
        for name in names:
            answer = turn(name, steps)
            blocks[name].append(statistics.median(answer["seconds"]))
            peaks[name] = answer["peak"]
    for process in processes.values():
        process.stdin.close()
        process.wait()
    return blocks, peaks


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--rounds", type=int, default=15)
    arguments.add_argument("--steps", type=int, default=20, help="steps in a block")
    arguments.add_argument("--modern", action="store_true", help="notebook 07's model")
    arguments.add_argument("--sweep", action="store_true", help="other sizes, too")
    arguments.add_argument("--no-compile", action="store_true", help="leave torch.compile out")
    arguments.add_argument("--serve", nargs=2, help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.serve:
        return serve(options.serve[0], json.loads(options.serve[1]))
    if importlib.util.find_spec("torch") is None:
        raise SystemExit("PyTorch is missing: python -m pip install torch")
    names = [name for name in NAMES if name != "compiled" or not options.no_compile]
    for change in [{}] + (SWEEP if options.sweep else []):
        size = SIZE | {"modern": options.modern} | change
        if change:  # compiling anew for each size would take minutes
            names = [name for name in names if name != "compiled"]
        print(", ".join(f"{key} {value}" for key, value in size.items()), flush=True)
        blocks, peaks = compare(size, names, options.rounds, options.steps)
        entry = {"milliseconds": {}, "ratios": {}}
        for name in names:
            milliseconds = 1000 * statistics.median(blocks[name])
            entry["milliseconds"][NAMES[name]] = round(milliseconds, 1)
            line = f"  {NAMES[name]:20}{milliseconds:7.1f} ms a step"
            if peaks[name] is not None:
                line += f", peak memory {peaks[name]:5.0f} MB"
            if name != "numpy":
                ratio = statistics.median(ours / theirs for ours, theirs in
                                          zip(blocks["numpy"], blocks[name], strict=True))
                entry["ratios"][NAMES[name]] = round(ratio, 2)
                line += f", NumPy takes {ratio:.2f} of it"
            print(line, flush=True)
        if options.modern and not change:
            stored.put("training_step", size | entry)


if __name__ == "__main__":
    main()
