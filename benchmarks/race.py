"""The race of notebook 07: seconds to 1.88 nats on a play never read, its recipes and nanoGPT's.

    python -m pip install torch
    python -m benchmarks.race               about eight minutes; the result goes to data/

Three contestants, each a process with two threads, on the same eight plays: nanoGPT's published
recipe for a CPU, in PyTorch eager (4 blocks, 4 heads, width 128, windows of 64, 12 a step, 2000
steps, AdamW at 1e-3 with a warm-up of 100 and a cosine to 1e-4, no dropout); notebook 07's short
recipe, made for 1.88; and its long one, with as many steps as fit into the time of the first. They
take turns, a block of steps each, so that a slow spell of the machine meets all of them. Each is
judged on the whole ninth play, in windows of its own length; meanwhile its clock stands. A loss
between two looks is read off a line between them. Let nothing else run beside it.
"""

import argparse
import json
import math
import os
import subprocess
import sys
from time import perf_counter

import numpy as np

from benchmarks import stored

GOAL = 1.88
SIZE = {"width": 128, "heads": 4, "blocks": 4}
NAMES = {"nanogpt": "nanoGPT's recipe, PyTorch eager", "short": "notebook 07, short",
         "long": "notebook 07, long"}
STEPS = {"nanogpt": 2000, "short": 300}
WINDOW = {"nanogpt": (64, 12), "short": (64, 12), "long": (256, 6)}
BLOCKS = {"nanogpt": 16, "short": 10, "long": 10}  # how often each is judged
TRIAL = {"nanogpt": 60, "long": 20}  # steps between looks, to find out how long a step takes


class Clock:
    """A child's clock. It runs while the child trains; `pause` tells the parent how far it is."""

    def __init__(self, judge):
        self.judge, self.seconds = judge, 0.0
        print("ready", flush=True)
        sys.stdin.readline()
        self.resumed = perf_counter()

    def pause(self, step):
        """Report step, seconds and loss, and wait for the next turn."""
        self.seconds += perf_counter() - self.resumed
        answer = {"step": step, "seconds": self.seconds, "loss": self.judge()}
        print(json.dumps(answer), flush=True)
        sys.stdin.readline()
        self.resumed = perf_counter()


def texts():
    """Return the size of the vocabulary, the training tokens and the held-out tokens."""
    from helpers.data import CharTokenizer, load_shakespeare

    train_text, validation_text = load_shakespeare()
    tokenizer = CharTokenizer.from_text(train_text)
    return tokenizer.vocab_size, tokenizer.encode(train_text), tokenizer.encode(validation_text)


def ours(name, steps, seed, every):
    """Train one of the recipes of notebook 07."""
    from helpers.layers import flatten
    from helpers.lessons.notebook_07.training import optimizers_for, train_modern
    from helpers.modern import ModernTransformer
    from helpers.transformer import evaluate

    vocab_size, tokens, held_out = texts()
    context, batch = WINDOW[name]
    model = ModernTransformer(vocab_size, context, **SIZE)
    flatten(model, np.random.default_rng(seed), np.float32)
    rates = {"muon_rate": 0.03, "adam_rate": 5e-3} if name == "short" else {}
    clock = Clock(lambda: evaluate(model, held_out))
    train_modern(model, tokens, steps, batch, optimizers_for(model, **rates), seed=seed,
                 every=every, progress=False, on_check=lambda step, _: clock.pause(step))


def nanogpt(steps, seed, every):
    """Train GPT-2's architecture by nanoGPT's recipe for a CPU."""
    import torch
    from torch import nn
    from torch.nn import functional as F

    torch.set_num_threads(2)
    torch.manual_seed(seed)
    vocab_size, tokens, held_out = texts()
    (context, batch), width, heads = WINDOW["nanogpt"], SIZE["width"], SIZE["heads"]

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm_1, self.norm_2 = (nn.LayerNorm(width, bias=False) for _ in range(2))
            self.qkv = nn.Linear(width, 3 * width, bias=False)
            self.out = nn.Linear(width, width, bias=False)
            self.up = nn.Linear(width, 4 * width, bias=False)
            self.down = nn.Linear(4 * width, width, bias=False)

        def forward(self, x):
            n, length, _ = x.shape
            parts = self.qkv(self.norm_1(x)).split(width, dim=2)
            q, k, v = (part.view(n, length, heads, -1).transpose(1, 2) for part in parts)
            mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.out(mixed.transpose(1, 2).reshape(n, length, width))
            return x + self.down(F.gelu(self.up(self.norm_2(x))))

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.token = nn.Embedding(vocab_size, width)
            self.position = nn.Embedding(context, width)
            self.blocks = nn.ModuleList([Block() for _ in range(SIZE["blocks"])])
            self.norm = nn.LayerNorm(width, bias=False)
            for name, value in self.named_parameters():
                if value.dim() > 1:
                    deep = name.endswith(("out.weight", "down.weight"))
                    shrink = math.sqrt(2 * SIZE["blocks"]) if deep else 1
                    nn.init.normal_(value, 0.0, 0.02 / shrink)

        def forward(self, inputs, targets):
            x = self.token(inputs) + self.position.weight
            for block in self.blocks:
                x = block(x)
            logits = F.linear(self.norm(x), self.token.weight)          # the table is also the head
            return F.cross_entropy(logits.view(-1, vocab_size), targets.reshape(-1))

    model, text = Model(), torch.tensor(tokens)
    starts = np.arange(0, len(held_out) - context, context)
    windows = torch.tensor(held_out[starts[:, None] + np.arange(context + 1)])

    @torch.no_grad()
    def judge():
        parts = windows.split(64)
        return sum(len(part) * model(part[:, :-1], part[:, 1:]).item() for part in parts) / len(
            windows)

    groups = [{"params": [p for p in model.parameters() if p.dim() > 1], "weight_decay": 0.1},
              {"params": [p for p in model.parameters() if p.dim() == 1], "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.99))
    clock = Clock(judge)
    for step in range(steps):
        falling = 0.5 * (1 + math.cos(math.pi * (step - 100) / (steps - 100)))
        rate = 1e-3 * (step + 1) / 101 if step < 100 else 1e-4 + falling * 9e-4
        for group in optimizer.param_groups:
            group["lr"] = rate
        rows = torch.randint(len(text) - context, (batch, 1)) + torch.arange(context)
        loss = model(text[rows], text[rows + 1])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if (step + 1) % every == 0 or step + 1 == steps:
            clock.pause(step + 1)


class Contestant:
    """A process that trains when it is its turn."""

    def __init__(self, name, steps, seed):
        every = -(-steps // BLOCKS[name])
        self.steps, self.found = steps, []
        command = [sys.executable, "-m", "benchmarks.race", "--serve", name, str(steps), str(seed),
                   str(every)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
            env=os.environ | {"OMP_NUM_THREADS": "2"},
        )
        self.process.stdout.readline()  # "ready"

    def turn(self):
        """Let it train a block, and note how far it is. Returns that."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("a contestant stopped; its error is above")
        self.found.append(json.loads(line))
        return self.found[-1]

    @property
    def done(self):
        """True after the last block."""
        return bool(self.found) and self.found[-1]["step"] == self.steps

    def close(self):
        """End the process."""
        self.process.stdin.close()
        self.process.wait()


def seconds_to(goal, found):
    """When the loss first fell to the goal, on a line between two looks; None if never."""
    before = None
    for look in found:
        if look["loss"] <= goal:
            if before is None:
                return look["seconds"]
            share = (before["loss"] - goal) / (before["loss"] - look["loss"])
            return before["seconds"] + share * (look["seconds"] - before["seconds"])
        before = look
    return None


def calibrate(name, seed):
    """Seconds a step of a contestant, after its first, slower ones."""
    trial = Contestant(name, TRIAL[name] * BLOCKS[name], seed)
    found = [trial.turn() for _ in range(5)]
    first, second = found[0], found[4]
    trial.process.kill()
    trial.process.wait()
    return (second["seconds"] - first["seconds"]) / (second["step"] - first["step"])


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--serve", nargs=4, help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.serve:
        name, *numbers = options.serve
        steps, seed, every = map(int, numbers)
        if name == "nanogpt":
            return nanogpt(steps, seed, every)
        return ours(name, steps, seed, every)
    per_step = {name: calibrate(name, options.seed) for name in ("nanogpt", "long")}
    fit = int(0.98 * STEPS["nanogpt"] * per_step["nanogpt"] / per_step["long"])
    steps = STEPS | {"long": fit}
    racers = {name: Contestant(name, steps[name], options.seed) for name in NAMES}
    while any(not racer.done for racer in racers.values()):
        for name, racer in racers.items():
            if not racer.done:
                look = racer.turn()
                print(f"{NAMES[name]:34s} step {look['step']:5d} {look['seconds']:7.1f} s "
                      f"{look['loss']:.4f}", flush=True)
    result = {}
    for name, racer in racers.items():
        racer.close()
        reached = seconds_to(GOAL, racer.found)
        result[NAMES[name]] = {
            "steps": [look["step"] for look in racer.found],
            "seconds": [round(look["seconds"], 2) for look in racer.found],
            "loss": [round(look["loss"], 4) for look in racer.found],
            "goal": None if reached is None else round(reached, 2),
        }
        print(f"{NAMES[name]:34s} {result[NAMES[name]]['goal']} s to {GOAL}, "
              f"{result[NAMES[name]]['loss'][-1]} at the end")
    old, short = (result[NAMES[name]] for name in ("nanogpt", "short"))
    if short["goal"] is not None:
        share = short["goal"] / (old["goal"] or old["seconds"][-1])
        print(f"share of the older recipe's time: {share:.2f}")
    stored.put("race", {"seed": options.seed, "contestants": result})


if __name__ == "__main__":
    main()
