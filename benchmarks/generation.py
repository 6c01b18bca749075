"""Writing with the key-value cache, beside reading everything again: windows of 64 and of 256.

    python -m benchmarks.generation               both
    python -m benchmarks.generation --window 64   the model of notebook 06, the shipped checkpoint

The model of 256 is notebook 07's, with random parameters: what they are does not change the time.
float32, one BLAS thread. First the last token of a full window: a forward of the window, against
one step of the cache. Then a text of 500 characters: the plain way reads the last window for each
one that it writes; the cached way steps, and reads the last half of its context again when it is
full. Both take turns, a block each, so that a slow spell of the machine meets both. Printed are
medians over the blocks, and the median of the ratios within a round. Let nothing else run beside
it.
"""

import argparse
import statistics
from time import perf_counter

import numpy as np

from benchmarks import stored
from helpers.data import CharTokenizer, data_path, load_shakespeare
from helpers.layers import flatten
from helpers.modern import ModernTransformer
from helpers.transformer import KeyValueCache, continuation, load


def seconds(action, times):
    """The median time of a block of runs."""
    took = []
    for _ in range(times):
        started = perf_counter()
        action()
        took.append(perf_counter() - started)
    return statistics.median(took)


def compare(plain, cached, rounds, times):
    """Let both take turns. Returns their median seconds, and the median ratio of a round."""
    plain_times, cached_times = [], []
    for _ in range(rounds):
        plain_times.append(seconds(plain, times[0]))
        cached_times.append(seconds(cached, times[1]))
    ratios = [slow / fast for slow, fast in zip(plain_times, cached_times, strict=True)]
    return (statistics.median(plain_times), statistics.median(cached_times),
            statistics.median(ratios))


def model_of(window):
    """Return a model of this window, and its tokenizer."""
    if window == 64:
        return load(data_path("transformer.npz"))
    tokenizer = CharTokenizer.from_text(load_shakespeare()[0])
    model = ModernTransformer(tokenizer.vocab_size, window, width=128, heads=4, blocks=4)
    theta, _ = flatten(model, dtype=np.float32)
    theta += np.random.default_rng(0).normal(0, 0.02, theta.shape).astype(np.float32)
    return model, tokenizer


def measure(model, tokenizer, rounds, length):
    """Print how long both ways take, for the last token of a window and for a text."""
    window = tokenizer.encode(load_shakespeare()[1])[: model.config["context"]]
    cache = KeyValueCache(model)
    cache.read(window)

    def step():
        cache.length = len(window) - 1  # as if the last token were not read yet
        cache.step(window[-1])

    def write(cached):
        return lambda: continuation(
            model, tokenizer.encode("HAMLET:\n"), length, seed=0, cache=cached
        )

    last = compare(lambda: model(window[None]), step, rounds, (20, 100))
    print(f"last token of a window of {len(window)}: plain {1e3 * last[0]:.2f} ms, "
          f"cached {1e3 * last[1]:.3f} ms, {last[2]:.1f} times faster", flush=True)
    text = compare(write(False), write(True), max(rounds // 5, 1), (1, 3))
    print(f"a text of {length}: plain {length / text[0]:.0f} tokens a second, "
          f"cached {length / text[1]:.0f}, {text[2]:.1f} times faster", flush=True)
    return {"context": len(window), "last token": round(last[2], 1), "text": round(text[2], 1)}


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--window", type=int, choices=(64, 256), help="by default both")
    arguments.add_argument("--rounds", type=int, default=15)
    arguments.add_argument("--length", type=int, default=500, help="characters of the text")
    options = arguments.parse_args()
    windows = (64, 256) if options.window is None else (options.window,)
    found = [measure(*model_of(window), options.rounds, options.length) for window in windows]
    if options.window is None:
        stored.put("generation", {"runs": found})


if __name__ == "__main__":
    main()
