"""Train the checkpoint that ships in data/: the model of notebook 06, trained for longer.

    python -m tools.train_checkpoint            about 9 minutes on two cores

It writes data/transformer.npz. Two machines do not make the same bytes: float32 sums depend on the
BLAS library. The loss agrees to the second digit.
"""

import hashlib

import numpy as np

from helpers.data import CharTokenizer, load_shakespeare
from helpers.layers import flatten
from helpers.transformer import Transformer, evaluate, save, train
from tools.notebooks import ROOT

STEPS = 9_000


def main():
    """Train, judge and save the model."""
    train_text, validation_text = load_shakespeare()
    tokenizer = CharTokenizer.from_text(train_text)
    validation = tokenizer.encode(validation_text)
    model = Transformer(tokenizer.vocab_size, context=64, width=128, heads=4, blocks=4)
    flatten(model, np.random.default_rng(0), dtype=np.float32)
    history = train(
        model, tokenizer.encode(train_text), STEPS, validation=validation, every=1000
    )
    path = save(ROOT / "data" / "transformer.npz", model, tokenizer)
    content = path.read_bytes()
    print(f"{STEPS} steps in {history['seconds']:.0f} s")
    print(f"training loss {history['loss'][-500:].mean():.3f}")
    print(f"validation loss {evaluate(model, validation):.3f}")
    print(f"{path.name}: {len(content):,} bytes, sha256 {hashlib.sha256(content).hexdigest()}")


if __name__ == "__main__":
    main()
