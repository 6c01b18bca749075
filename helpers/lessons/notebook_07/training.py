"""Built from 07_modern_transformer.ipynb by `python -m tools.build`: edit it there."""

from time import perf_counter

import numpy as np
from tqdm.auto import tqdm

from helpers import guards
from helpers.layers import parameters
from helpers.modern import Muon
from helpers.optimizers import Adam
from helpers.transformer import Workers, can_start_threads, look, sample_batch


def optimizers_for(model, muon_rate=0.02, adam_rate=3e-3, turns=5):
    """An optimizer for each parameter array: a list of (optimizer, its gradient).

    Muon for the matrices inside the blocks, Adam for everything else; for all if muon_rate is None.
    """
    pairs = []
    for name, layer, key in parameters(model):
        theta, gradient = getattr(layer, key), getattr(layer, f"d{key}")
        if muon_rate is not None and name.startswith("blocks") and theta.ndim == 2:
            pairs.append((Muon(theta, muon_rate, turns=turns), gradient))
        else:
            pairs.append((Adam(theta, adam_rate, betas=(0.9, 0.95)), gradient))
    return pairs


def hold_then_fall(step, steps, fall=0.6):
    """The share of the learning rate: 1, then over the last `fall` of all steps in a line to 0."""
    return min(1.0, (steps - step) / (fall * steps))


@np.errstate(under="ignore")
def train_modern(model, tokens, steps, batch_size=6, optimizers=None, schedule=hold_then_fall,
                 workers=2, seed=0, validation=None, every=250, on_check=None, progress=True):
    """Like `train` of notebook 06, with an optimizer for each array; the same history comes back.

    optimizers: as `optimizers_for` gives them, which is the default. schedule: a function of step
    and steps. "seconds" counts training alone, without the looks at the held-out text.
    """
    guards.training(model, tokens, steps, batch_size)
    rng, seconds = np.random.default_rng(seed), 0.0
    history = {"loss": [], "checked": [], "validation": []}
    pairs = optimizers_for(model) if optimizers is None else optimizers
    bar = tqdm(range(steps), desc="training", leave=False, disable=not progress, mininterval=1)
    with Workers(model, min(workers, batch_size) if can_start_threads() else 1) as team:
        try:
            for step in bar:
                started, share = perf_counter(), schedule(step, steps)
                batch = sample_batch(tokens, batch_size, model.config["context"], rng)
                loss = float(team.loss_and_gradient(*batch))
                guards.finite_loss(loss, step)
                team.run(lambda pair, share=share:
                         pair[0].step(pair[1], share * pair[0].learning_rate), pairs)
                history["loss"].append(loss)
                seconds += perf_counter() - started
                if (step + 1) % every == 0 or step + 1 == steps:
                    look(history, step + 1, model, validation, on_check, bar)
        except KeyboardInterrupt:
            print(f"stopped after {len(history['loss'])} steps; the model keeps what it learned")
    return {key: np.array(values) for key, values in history.items()} | {"seconds": seconds}
