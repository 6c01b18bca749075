"""Writing with the key-value cache of notebook 06, beside reading everything again.

    python -m benchmarks.generation

The shipped checkpoint, float32, one BLAS thread. First the last token of a full window of 64: a
forward of the window, against one step of the cache. Then a text of 500 characters: the plain way
reads the last 64 characters for each one that it writes; the cached way steps, and reads the last
half of its context again when it is full. Both take turns, a block each, so that a slow spell of
the machine meets both. Printed are medians over the blocks, and the median of the ratios within a
round. Let nothing else run beside it.
"""

import argparse
import statistics
from time import perf_counter

from threadpoolctl import threadpool_limits

from helpers.data import data_path, load_shakespeare
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
            statistics.median(ratios))  # fmt: skip


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--rounds", type=int, default=15)
    arguments.add_argument("--length", type=int, default=500, help="characters of the text")
    options = arguments.parse_args()
    model, tokenizer = load(data_path("transformer.npz"))
    window = tokenizer.encode(load_shakespeare()[1])[: model.config["context"]]
    cache = KeyValueCache(model)
    cache.read(window)

    def step():
        cache.length = len(window) - 1  # as if the last token were not read yet
        cache.step(window[-1])

    def write(cached):
        return lambda: continuation(
            model, tokenizer.encode("HAMLET:\n"), options.length, seed=0, cache=cached
        )

    with threadpool_limits(1):
        slow, fast, ratio = compare(lambda: model(window[None]), step, options.rounds, (20, 300))
        print(f"last token of a window of {len(window)}: plain {1e3 * slow:.2f} ms, "
              f"cached {1e3 * fast:.3f} ms, {ratio:.1f} times faster", flush=True)  # fmt: skip
        slow, fast, ratio = compare(write(False), write(True), max(options.rounds // 5, 1), (1, 3))
        print(f"a text of {options.length}: plain {options.length / slow:.0f} tokens a second, "
              f"cached {options.length / fast:.0f}, {ratio:.1f} times faster")  # fmt: skip


if __name__ == "__main__":
    main()
