"""The rungs of notebook 06 that take too long for it: every rival, over seeds.

    python -m benchmarks.rungs                 all runs that data/rungs.json does not hold yet
    python -m benchmarks.rungs --only MLP      those whose name begins with a text
    python -m benchmarks.rungs --list          what there is to run

The models are those of notebook 06: the code of its cells is read from the notebook. Each rival
has as many steps as the transformer there, with the learning rate that suits it, unless its name
says how many. Stored are for each run: steps, parameters, seconds, the loss on the whole held-out
play, and the loss by place in the window. About 20 minutes on two cores; let nothing else run
beside it.
"""

import argparse
import datetime
import json
import platform
import re

import numpy as np

from helpers.layers import flatten
from helpers.transformer import Transformer, evaluate, token_losses, train
from tools import notebooks

CELLS = ("imports", "load-text", "window-mlp", "without-code", "roll-code")
PATH = notebooks.ROOT / "data" / "rungs.json"
T, LEARNING_RATE = 64, 2e-3
PARTS = ("residual stream", "normalization", "positions", "MLP", "attention")


def notebook():
    """The names that the cells of notebook 06 define, and how many steps it trains."""
    cells = {cell.id: cell.source for cell in notebooks.read(notebooks.find("6")).cells}
    names = {"Transformer": Transformer, "token_losses": token_losses}
    for cell in CELLS:
        exec(compile(cells[cell], cell, "exec"), names)
    (steps,) = re.findall(r"^STEPS = (\d+)$", "\n".join(cells.values()), re.MULTILINE)
    return names, int(steps)


def runs(names, steps):
    """Return {name: (make a model, steps, learning rate, seeds)}."""
    V, mlp, without = names["V"], names["WindowMLP"], names["without"]
    found = {"transformer": (lambda: without(None), steps, LEARNING_RATE, (0, 1, 2))}
    for blocks in (1, 2, 4):
        found[f"attention alone, {blocks} block{'s' if blocks > 1 else ''}"] = (
            lambda blocks=blocks: without("MLP", blocks), steps, 5e-3, (0, 1, 2))
    for window in (1, 2, 4, 8, 16, 32):
        found[f"MLP, {window} character{'s' if window > 1 else ''}"] = (
            lambda window=window: mlp(V, T, 24, window, 256), steps, 1e-2, (0, 1, 2))
    found["MLP of the same size, 8 characters"] = (
        lambda: mlp(V, T, 48, 8, 680, 680), steps, 3e-3, (0, 1, 2))
    found["MLP of the same size, 9,000 steps"] = (  # as many as the shipped checkpoint has had
        lambda: mlp(V, T, 48, 8, 680, 680), 9000, 3e-3, (0,))
    for part in PARTS:
        found[f"without {part}, 300 steps"] = (
            lambda part=part: without(part), 300, LEARNING_RATE, (0, 1))
    found["as it is, 300 steps"] = (lambda: without(None), 300, LEARNING_RATE, (0, 1))
    found["roll call, MLP, 32 characters"] = (
        lambda: mlp(names["roll_tokenizer"].vocab_size, T, 24, 32, 680, 370), 1600, 5e-3, (0,))
    return found


def run(names, name, make, steps, learning_rate, seed):
    """Train and judge one model. Returns what is stored of it."""
    model, roll = make(), name.startswith("roll call")
    flatten(model, np.random.default_rng(seed), dtype=np.float32)
    text = names["roll_tokens" if roll else "train_tokens"]
    with np.errstate(over="ignore", invalid="ignore"):
        history = train(model, text, steps, learning_rate=learning_rate, seed=seed, progress=False)
    result = {"seed": seed, "steps": steps, "learning_rate": learning_rate,
              "parameters": model.theta.size, "seconds": round(history["seconds"], 1),
              "training": round(float(history["loss"][-100:].mean()), 4)}
    if roll:
        result["loss"] = round(float(names["call_losses"](model, names["roll_tests"])[1]), 4)
    else:
        play = names["validation_tokens"]
        places = np.arange(0, len(play) - T, T)[:, None] + np.arange(T)
        losses = np.concatenate([token_losses(model, play[rows], play[rows + 1])
                                 for rows in np.array_split(places, 100)])
        result["loss"] = round(float(losses.mean()), 4)
        result["by_place"] = [round(float(loss), 4) for loss in losses.mean(axis=0)]
        assert abs(evaluate(model, play) - losses.mean()) < 1e-4
    return result


def main():
    """Run what is missing, and store each result as soon as it is there."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="how the names of the runs begin")
    parser.add_argument("--seeds", type=int, nargs="*", help="only these seeds")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    names, steps = notebook()
    for name, (make, many, rate, seeds) in runs(names, steps).items():
        if not name.startswith(options.only):
            continue
        for seed in seeds if options.seeds is None else options.seeds:
            stored = json.loads(PATH.read_text(encoding="utf-8")) if PATH.exists() else {"runs": {}}
            known = stored["runs"].setdefault(name, [])
            if any(found["seed"] == seed and found["steps"] == many for found in known):
                continue
            if options.list:
                print(f"{name}, seed {seed}")
                continue
            result = run(names, name, make, many, rate, seed)
            if PATH.exists():  # another process may have written meanwhile
                stored = json.loads(PATH.read_text(encoding="utf-8"))
            stored["runs"].setdefault(name, []).append(result)
            stored |= {"command": "python -m benchmarks.rungs", "numpy": np.__version__,
                       "date": datetime.date.today().isoformat(), "machine": platform.machine()}
            PATH.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")
            print(f"{name}, seed {seed}: {result['loss']:.3f} in {result['seconds']:.0f} s, "
                  f"{result['parameters']:,} parameters", flush=True)


if __name__ == "__main__":
    main()
