"""What each idea of notebook 07 is worth: the short recipe of its race with one of them taken out.

    python -m benchmarks.ideas                    all of the following
    python -m benchmarks.ideas --only ideas       each idea taken out, over three seeds
    python -m benchmarks.ideas --only switches    every combination of the four of the live figure
    python -m benchmarks.ideas --only windows     windows of 64, 128, 256, equally many characters
    python -m benchmarks.ideas --only rates       what Adam reaches in Muon's place, by its rate

Every run is stored in data/modern_runs.json as soon as it has ended, with its seed and its seconds;
a run that is stored is not repeated, so that the work can be done in parts. `--minutes 5` stops
after the run in which five minutes have passed. What is stored are losses, which do not depend on
what else the machine does; all of it takes half an hour on two quiet cores.
"""

import argparse
import itertools
from time import perf_counter

import numpy as np

from benchmarks import stored
from helpers.data import CharTokenizer, load_shakespeare
from helpers.layers import flatten
from helpers.lessons.notebook_07.ideas import loss_by_place, without
from helpers.lessons.notebook_07.training import optimizers_for, train_modern
from helpers.modern import ModernTransformer
from helpers.optimizers import warmup_cosine
from helpers.transformer import Transformer, evaluate, train

SIZE = {"width": 128, "heads": 4, "blocks": 4}
STEPS, CONTEXT, BATCH, JUDGED = 300, 64, 12, 600  # JUDGED: windows of the held-out play, spread
RATES = {"muon_rate": 0.03, "adam_rate": 5e-3}  # those of the short recipe
ADAM_RATES = (2e-3, 5e-3, 1e-2)  # tried in Muon's place
ADAM_ALONE = 5e-3  # the best of them
TAKEN_OUT = [[], ["rotary"], ["RMSNorm"], ["ReLU²"], ["ReLU² for a gate"], ["QK-norm"],
             ["gain"], ["no biases"], ["start at 0"], ["untied head"], ["Muon"],
             ["no warm-up"], ["all"]]
SWITCHES = ["rotary", "QK-norm", "start at 0", "Muon"]
WINDOWS = {64: 24, 128: 12, 256: 6}  # the same 1536 characters a step
LONGER = 600  # steps with these windows, at the rates of the long recipe
SEEDS = (0, 1, 2)


def texts():
    """Return the tokenizer, the training tokens and the held-out tokens."""
    train_text, validation_text = load_shakespeare()
    tokenizer = CharTokenizer.from_text(train_text)
    return tokenizer, tokenizer.encode(train_text), tokenizer.encode(validation_text)


def older_schedule(step, steps):
    """Notebook 06's: a hundred steps up, then half a cosine down."""
    return warmup_cosine(step, steps, 1.0, 100)


def one_run(ideas, seed, adam_rate=ADAM_ALONE):
    """Train without some ideas. Returns what is stored of the run."""
    tokenizer, tokens, held_out = texts()
    V = tokenizer.vocab_size
    options = {"seed": seed, "validation": held_out, "every": 25, "progress": False}
    if ideas == ["all"]:  # the model and the training of notebook 06
        model = Transformer(V, CONTEXT, **SIZE)
        flatten(model, np.random.default_rng(seed), np.float32)
        history = train(model, tokens, STEPS, BATCH, **options)
    else:
        model = without(ModernTransformer(V, CONTEXT, **SIZE), *ideas)
        flatten(model, np.random.default_rng(seed), np.float32)
        alone = {"muon_rate": None, "adam_rate": adam_rate}
        rates = RATES | (alone if "Muon" in ideas else {})
        options["optimizers"] = optimizers_for(model, **rates)
        if "no warm-up" in ideas:
            options["schedule"] = older_schedule
        history = train_modern(model, tokens, STEPS, BATCH, **options)
    loss = evaluate(model, held_out, windows=JUDGED)
    return {"without": ideas, "seed": seed, "loss": round(loss, 4),
            "training": round(float(np.mean(history["loss"][-50:])), 4),
            "checked": [int(step) for step in history["checked"]],
            "validation": [round(float(loss), 3) for loss in history["validation"]],
            "seconds": round(history["seconds"], 1), "parameters": model.theta.size}


def window_run(context, seed):
    """Train with windows of one length. Returns what is stored of the run."""
    tokenizer, tokens, held_out = texts()
    model = ModernTransformer(tokenizer.vocab_size, context, **SIZE)
    flatten(model, np.random.default_rng(seed), np.float32)
    history = train_modern(model, tokens, LONGER, WINDOWS[context], seed=seed, progress=False)
    return {"context": context, "batch": WINDOWS[context], "seed": seed,
            "loss": round(evaluate(model, held_out), 4),
            "training": round(float(np.mean(history["loss"][-50:])), 4),
            "by_place": [round(float(x), 3) for x in loss_by_place(model, held_out)],
            "seconds": round(history["seconds"], 1)}


def jobs_of(name):
    """Return (what, seed) of every run of one kind."""
    if name == "windows":
        return [(context, seed) for seed in SEEDS for context in WINDOWS]
    if name == "ideas":
        return [(ideas, seed) for seed in SEEDS for ideas in TAKEN_OUT]
    return [(list(ideas), 0) for n in range(len(SWITCHES) + 1)
            for ideas in itertools.combinations(SWITCHES, n)]


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--only", choices=("ideas", "switches", "windows", "rates"))
    arguments.add_argument("--minutes", type=float, default=60.0)
    options = arguments.parse_args()
    started = perf_counter()
    if options.only == "rates":
        for rate in ADAM_RATES:
            loss = one_run(["Muon"], 0, rate)["loss"]
            print(f"Adam everywhere at {rate}: {loss:.3f}", flush=True)
        return
    for kind in [options.only] if options.only else ["ideas", "switches", "windows"]:
        name, key = ("windows", "context") if kind == "windows" else ("ideas", "without")
        about = {"steps": LONGER if kind == "windows" else STEPS, "judged": JUDGED,
                 "context": CONTEXT, "batch": BATCH} | SIZE
        for what, seed in jobs_of(kind):
            if any(run[key] == what and run["seed"] == seed for run in stored.runs(name)):
                continue
            if perf_counter() - started > 60 * options.minutes:
                return
            run = window_run(what, seed) if kind == "windows" else one_run(what, seed)
            stored.add(name, run, about)
            print(f"{what!s:40} seed {seed}: {run['loss']:.3f} nats", flush=True)


if __name__ == "__main__":
    main()
