"""The training run of notebook 06 from other first values and batches: its losses and its seconds.

    python -m benchmarks.seeds            three seeds, about a minute each
    python -m benchmarks.seeds 3 4 5      others

Seed 0 is the notebook's own. Let nothing else run beside it.
"""

import argparse
import re

import numpy as np

from helpers.data import CharTokenizer, load_shakespeare
from helpers.layers import flatten
from helpers.transformer import Transformer, evaluate, train
from tools import notebooks


def steps_of_the_notebook():
    """How many steps notebook 06 trains."""
    sources = [cell.source for cell in notebooks.code_cells(notebooks.read(notebooks.find("6")))]
    (steps,) = re.findall(r"^STEPS = (\d+)$", "\n".join(sources), re.MULTILINE)
    return int(steps)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("seeds", nargs="*", type=int, default=[0, 1, 2])
    train_text, validation_text = load_shakespeare()
    tokenizer = CharTokenizer.from_text(train_text)
    tokens, validation = tokenizer.encode(train_text), tokenizer.encode(validation_text)
    losses = []
    for seed in arguments.parse_args().seeds:
        model = Transformer(tokenizer.vocab_size, context=64, width=128, heads=4, blocks=4)
        flatten(model, np.random.default_rng(seed), dtype=np.float32)
        history = train(model, tokens, steps_of_the_notebook(), seed=seed, progress=False,
                        validation=validation, every=100)
        losses.append(evaluate(model, validation))
        print(f"seed {seed}: {history['seconds']:.0f} s, training loss "
              f"{history['loss'][-100:].mean():.3f}, validation loss {losses[-1]:.3f}",
              flush=True)
    print(f"validation loss from {min(losses):.3f} to {max(losses):.3f}")


if __name__ == "__main__":
    main()
