"""Figures of notebook 07: what the parts do, what each idea is worth, what the model has read."""

import numpy as np
from matplotlib.figure import Figure

from helpers.plots import BLUE, GRAY, GREEN, ORANGE, fixed_axes, text_color, with_alt

GOAL = 1.88  # nats: the loss that nanoGPT's README states for its recipe
STYLES = ((ORANGE, "s", "--"), (BLUE, "o", "-"), (GREEN, "^", "-."))
LABELS = {
    "rotary": "learned positions, not rotary",
    "RMSNorm": "LayerNorm, not RMSNorm",
    "ReLU²": "GELU, not ReLU²",
    "ReLU² for a gate": "a gate, not ReLU²",
    "QK-norm": "no QK-norm",
    "gain": "QK-norm without the gain",
    "no biases": "with biases",
    "start at 0": "branches start small, not at 0",
    "untied head": "head tied to the token table",
    "Muon": "Adam, not Muon",
    "no warm-up": "warm-up and cosine",
    "all": "notebook 06, model and training",
}


def race_figure(race):
    """Draw loss over seconds for every recipe. race: as benchmarks/race.py stores it."""
    figure = Figure(figsize=(8.4, 4.4))
    ax = figure.add_subplot()
    for (name, run), (color, marker, line) in zip(race["contestants"].items(), STYLES, strict=True):
        ax.plot(run["seconds"], run["loss"], color=color, marker=marker, linestyle=line,
                markersize=4, label=name)
        ax.text(run["seconds"][-1] * 1.05, run["loss"][-1], f"{run['loss'][-1]:.3f}",
                color=text_color(color), va="center", fontsize=9,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1})
    ax.axhline(GOAL, color=GRAY, linewidth=1)
    ax.set(xscale="log", ylim=(1.55, 2.7), xlabel="seconds of training", ylabel="loss in nats, "
           "held-out play")
    ax.set_xticks([2, 5, 10, 20, 50, 100, 200], ["2", "5", "10", "20", "50", "100", "200"])
    ax.minorticks_off()
    low, high = ax.get_xlim()
    ax.set_xlim(max(low, 1.0), high * 1.25)
    ax.text(ax.get_xlim()[0] * 1.05, GOAL - 0.012, f"goal: {GOAL}", va="top", fontsize=9,
            color=text_color(GRAY))
    ax.legend(loc="upper right")
    old, short, long = race["contestants"].values()
    return with_alt(figure, (
        f"Three falling curves over seconds on a logarithmic axis. The older recipe ends at "
        f"{old['loss'][-1]:.2f} nats after {old['seconds'][-1]:.0f} s. The short recipe of this "
        f"notebook crosses 1.88 after {short['goal'] or short['seconds'][-1]:.0f} s; the long one "
        f"ends at {long['loss'][-1]:.2f}."))


def bend_figure(bends):
    """Draw nonlinearities and their slopes. bends: {name: layer}, two of them."""
    x = np.linspace(-3, 2, 401)
    figure = Figure(figsize=(8.4, 3.4))
    axes = figure.subplots(1, 2)
    for (name, layer), (color, _, line) in zip(bends.items(), STYLES, strict=False):
        values = layer(x)
        for ax, curve in ((axes[0], values), (axes[1], layer.backward(np.ones_like(x)))):
            ax.plot(x, curve, color=color, linestyle=line, label=name)
    axes[0].set(title="value", xlabel="x", ylim=(-0.5, 4.2))
    axes[1].set(title="slope", xlabel="x", ylim=(-0.5, 4.2))
    axes[0].legend(loc="upper left")
    return with_alt(figure, "Left: ReLU² is 0 up to 0 and then a parabola; GELU dips a little "
                    "below 0 and then becomes a line of slope 1. Right: the slope of ReLU² is 0 "
                    "and then a rising line without end; GELU's settles at 1.")


def sure_figure(growth, plain, normed):
    """Draw the largest weight of a row against the growth of queries and keys, without and with."""
    figure = Figure(figsize=(6.6, 3.5))
    ax = figure.add_subplot()
    for values, name, (color, marker, line) in zip((plain, normed), ("as in notebook 05",
                                                   "with QK-norm"), STYLES, strict=False):
        ax.plot(growth, values, color=color, marker=marker, linestyle=line, label=name)
    ax.set(xscale="log", ylim=(0, 1.05), xlabel="queries and keys are larger by a factor of",
           ylabel="weight on the favorite")
    ax.set_xticks(growth, [f"{g:.0f}" for g in growth])
    ax.minorticks_off()
    ax.legend(loc="center right")
    return with_alt(figure, f"Without the norm the weight on the favorite key rises from "
                    f"{plain[0]:.2f} to {plain[-1]:.2f} as queries and keys grow sixty-fourfold. "
                    f"With the norm it stays at {normed[0]:.2f}.")


def turns_figure(start, families):
    """Draw what 1, 3 and 5 turns make of singular values. families: {name: [three arrays]}."""
    figure = Figure(figsize=(8.8, 3.6))
    axes = figure.subplots(1, 2, sharey=True)
    for ax, (name, curves) in zip(axes, families.items(), strict=True):
        for curve, turns, (color, _, line) in zip(curves, (1, 3, 5), STYLES, strict=True):
            ax.plot(start, curve, color=color, linestyle=line,
                    label=f"{turns} turn{'s' if turns > 1 else ''}")
        ax.axhline(1, color=GRAY, linewidth=0.8)
        ax.set(xscale="log", title=f"{name} coefficients", xlabel="singular value before",
               ylim=(0, 1.3))
    axes[0].set_ylabel("singular value after")
    axes[0].legend(loc="lower right")
    return with_alt(figure, "Left, the classical coefficients: after five turns values above 0.1 "
                    "have come to 1 and stay there, but those below 0.01 are still small. Right, "
                    "Muon's: after five turns all values above 0.01 lie between 0.7 and 1.2, in "
                    "waves.")


def singular_figure(before, after):
    """Draw the singular values of a gradient, sorted, before and after so many turns."""
    figure = Figure(figsize=(6.8, 3.6))
    ax = figure.add_subplot()
    ranks = np.arange(1, len(before) + 1)
    series = {"before": before} | {f"after {n} turns": values for n, values in after.items()}
    for (name, values), (color, marker, line) in zip(series.items(), STYLES, strict=True):
        ax.plot(ranks, values, color=color, marker=marker, linestyle=line, markersize=3, label=name)
    ax.set(yscale="log", xlabel="singular values, largest first", ylabel="size")
    ax.legend(loc="lower left")
    spread = before[0] / before[-1]
    return with_alt(figure, f"Before, the singular values fall steeply: the largest is "
                    f"{spread:.0f} times the smallest. After three turns most are near 1, with a "
                    "tail that falls; after five nearly all lie on a level line at about 1.")


def worth_figure(ideas):
    """Draw what it costs to take out each idea, a dot for each seed."""
    losses = {}
    for run in ideas["runs"]:
        if len(run["without"]) < 2:
            losses.setdefault(run["without"][0] if run["without"] else "", {})[run["seed"]] = (
                run["loss"])
    full = losses.pop("")
    costs = {name: [losses[name][seed] - full[seed] for seed in sorted(losses[name])]
             for name in LABELS if name in losses}
    single = sorted((n for n in costs if n != "all"), key=lambda name: np.mean(costs[name]))
    order, best = [*single, "all"], single[-1]
    figure = Figure(figsize=(8.6, 0.36 * len(order) + 1.1))
    ax = figure.add_subplot()
    for row, name in enumerate(order):
        mean = np.mean(costs[name])
        ax.plot([0, mean], [row, row], color=BLUE, linewidth=5, alpha=0.35, solid_capstyle="butt")
        ax.plot(costs[name], [row] * len(costs[name]), "o", color=BLUE, markersize=5)
        ax.text(max(*costs[name], 0) + 0.006, row, f"{mean:+.3f}", va="center", fontsize=9)
    ax.axvline(0, color=GRAY, linewidth=1)
    ax.set_yticks(range(len(order)), [LABELS[name] for name in order])
    ax.set(xlabel=f"nats more than the full recipe ({np.mean(list(full.values())):.3f}), "
           f"after {ideas['steps']} steps; a dot for each seed")
    ax.set_xlim(min(-0.03, ax.get_xlim()[0]), ax.get_xlim()[1] * 1.08)
    return with_alt(figure, f"One row an idea, sorted by what its loss costs. The last before "
                    f"notebook 06 itself is '{LABELS[best]}' at {np.mean(costs[best]):+.2f} nats; "
                    f"the first is '{LABELS[order[0]]}' at {np.mean(costs[order[0]]):+.3f}. The "
                    "dots of three seeds lie close together.")


def switches_figure(ideas, on):
    """Draw the stored curve of one setting of the switches, over all others. on: {idea: bool}."""
    figure, axes = fixed_axes((7.4, 3.9), 1, 1, left=0.1, right=0.97, top=0.9, bottom=0.14)
    ax, missing = axes[0, 0], sorted(name for name, value in on.items() if not value)
    chosen = None
    for run in ideas["runs"]:
        if run["seed"] == 0 and set(run["without"]) <= set(on):
            ax.plot(run["checked"], run["validation"], color=GRAY, alpha=0.35, linewidth=1)
            if sorted(run["without"]) == missing:
                chosen = run
    ax.set(xlim=(30, ideas["steps"] * 1.02), ylim=(1.75, 2.9), xlabel="steps",
           ylabel="loss in nats, held-out play")
    name = "everything on" if not missing else "without " + ", ".join(missing)
    ax.plot(chosen["checked"], chosen["validation"], color=BLUE, marker="o", linewidth=2.5)
    ax.set_title(f"{name}: {chosen['loss']:.3f} nats after {ideas['steps']} steps")
    return with_alt(figure, f"Gray: the curves of all sixteen settings. Blue, {name}: it ends at "
                    f"{chosen['loss']:.3f} nats.")


def bars(ax, values, digits, unit):
    """Draw labeled horizontal bars, the first on top. values: {name: number}."""
    names = list(values)
    ax.barh(range(len(names)), list(values.values()), color=BLUE, height=0.62)
    ax.set_yticks(range(len(names)), names)
    ax.invert_yaxis()
    ax.grid(axis="y", visible=False)
    largest = max(values.values())
    for row, value in enumerate(values.values()):
        ax.text(value + 0.01 * largest, row, f"{value:.{digits}f}{unit}", va="center", fontsize=9)
    ax.set_xlim(0, 1.14 * largest)


def cost_figure(cost):
    """Draw what passes cost, in units of one matrix product. cost: {name: units}."""
    figure = Figure(figsize=(8.4, 0.36 * len(cost) + 0.8))
    ax = figure.add_subplot()
    bars(ax, cost, 2, "")
    ax.set_xlabel("time, in units of the product (768, 128) @ (128, 512) in float32")
    told = "; ".join(f"{name}, {value:.2f}" for name, value in cost.items())
    return with_alt(figure, f"Bars of time in units of one product. From top to bottom: {told}.")


def tricks_figure(tricks):
    """Draw the time of a step as one trick follows the other. tricks: {name: seconds}."""
    figure = Figure(figsize=(8.4, 2.8))
    ax = figure.add_subplot()
    first = next(iter(tricks.values()))
    bars(ax, {name: value / first for name, value in tricks.items()}, 2, "")
    ax.set_xlabel("time of a training step, as a share of the first")
    told = "; ".join(f"{name}, {value / first:.2f}" for name, value in tricks.items())
    return with_alt(figure, f"Bars of time, as shares of the first. From top to bottom: {told}.")


def doubling(by_place):
    """Return centers and means of the losses over places 1–2, 2–4, 4–8, …"""
    edges = [2**i for i in range(int(np.log2(len(by_place))) + 1)]
    pairs = list(zip(edges[:-1], edges[1:], strict=True))
    return ([np.sqrt(low * high) for low, high in pairs],
            [np.mean(by_place[low:high]) for low, high in pairs])


def windows_figure(windows):
    """Draw the loss by place for windows of several lengths, the mean over the seeds."""
    figure = Figure(figsize=(7.6, 3.8))
    ax, told = figure.add_subplot(), []
    for context, (color, marker, line) in zip((64, 128, 256), STYLES, strict=True):
        runs = [run for run in windows["runs"] if run["context"] == context]
        by_place = np.mean([run["by_place"] for run in runs], axis=0)
        ax.plot(*doubling(by_place), color=color, marker=marker, linestyle=line,
                label=f"window of {context}: {np.mean([run['loss'] for run in runs]):.3f} nats")
        told.append(f"{context}, {doubling(by_place)[1][-1]:.2f}")
    places_axis(ax)
    ax.legend(loc="upper right")
    return with_alt(figure, "A curve for each window falls with the number of characters read. "
                    f"Window and last point in nats: {'; '.join(told)}.")


def places_axis(ax):
    """The axes of a loss by place."""
    ax.set(xscale="log", xlabel="characters read in the window", ylabel="loss in nats")
    ticks = [2**i for i in range(9)]
    ax.set_xticks(ticks, [str(tick) for tick in ticks])
    ax.minorticks_off()


def curve_figure(history, goal):
    """Draw the loss of a run: batches, their running mean, the held-out play, and a goal."""
    figure = Figure(figsize=(7.6, 3.8))
    ax = figure.add_subplot()
    loss = np.asarray(history["loss"])
    steps = np.arange(1, len(loss) + 1)
    ax.plot(steps, loss, color=GRAY, alpha=0.35, linewidth=0.8, label="batches")
    n = min(25, len(loss))
    ax.plot(steps[n - 1 :] - n // 2, np.convolve(loss, np.full(n, 1 / n), "valid"), color=ORANGE,
            label=f"mean of {n} batches")
    ax.plot(history["checked"], history["validation"], color=BLUE, marker="o", markersize=4,
            label="held-out play")
    ax.axhline(goal, color="black", linewidth=1, linestyle="--")
    ax.text(len(loss), goal + 0.02, f"goal {goal}", ha="right", fontsize=9)
    ax.set(ylim=(1.2, 3.0), xlabel="steps", ylabel="loss in nats")
    ax.legend(loc="upper right")
    crossed = [step for step, value in zip(history["checked"], history["validation"], strict=True)
               if value <= goal]
    return with_alt(figure, "The loss falls steeply, then slowly, and faster again at the end, as "
                    "the rate falls. The held-out play "
                    + (f"is below the goal from step {crossed[0]} on." if crossed else
                       "does not reach the goal."))


def place_figure(by_place):
    """Draw the loss by place of one model, over doublings of the place."""
    figure = Figure(figsize=(7.2, 3.6))
    ax = figure.add_subplot()
    places = np.arange(1, len(by_place))
    ax.plot(places, by_place[1:], ".", color=GRAY, alpha=0.4, markersize=3, label="each place")
    centers, means = doubling(by_place)
    ax.plot(centers, means, color=BLUE, marker="o", label="mean of each doubling")
    for x, y in list(zip(centers, means, strict=True))[3:]:
        ax.annotate(f"{y:.2f}", (x, y), (0, 9), textcoords="offset points", ha="center", fontsize=9)
    places_axis(ax)
    ax.legend(loc="upper right")
    return with_alt(figure, f"The loss falls from {means[0]:.2f} nats after one character to "
                    f"{means[3]:.2f} between 8 and 16 and {means[-1]:.2f} between 128 and 256: "
                    "still falling at the end.")


def jump_figure(growth):
    """Draw the loss on a passage, first and second time. growth: [(step, first, second)]."""
    steps, first, second = np.transpose(growth)
    figure = Figure(figsize=(7.2, 3.5))
    ax = figure.add_subplot()
    for values, name, (color, marker, line) in zip((first, second), ("first time", "second time"),
                                                   STYLES, strict=False):
        ax.plot(steps, values, color=color, marker=marker, markersize=4, linestyle=line, label=name)
    ax.set(xlabel="steps", ylabel="loss in nats, play never read", ylim=(0, None))
    ax.legend(loc="center right")
    return with_alt(figure, "Two curves start together and fall slowly. Then that of the second "
                    f"time falls off within some fifty steps and ends at {second[-1]:.2f} nats; "
                    f"that of the first time goes on as before and ends at {first[-1]:.2f}.")


def copying_figure(weights, length, shares):
    """Draw where a head looks in a doubled passage, and how much every head copies.

    weights: (2 length, 2 length), mean over passages. shares: (blocks, heads).
    """
    figure = Figure(figsize=(9.2, 4.2))
    left, right = figure.subplots(1, 2, width_ratios=(1.25, 1))
    image = left.imshow(weights, cmap="Blues", vmin=0, vmax=0.5, interpolation="nearest")
    left.axhline(length - 0.5, color=GRAY, linewidth=0.8)
    left.axvline(length - 0.5, color=GRAY, linewidth=0.8)
    left.grid(False)
    left.set(xlabel="place that is looked at", ylabel="place that looks",
             title="the head that copies most")
    figure.colorbar(image, ax=left, shrink=0.8, label="weight")
    right.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    right.grid(False)
    for (row, column), value in np.ndenumerate(shares):
        right.text(column, row, f"{value:.0%}", ha="center", va="center",
                   color="white" if value > 0.6 else "black", fontsize=10)
    right.set(xlabel="head", ylabel="block", title="weight on the place behind\nthe first copy")
    right.set_xticks(range(shares.shape[1]), range(1, shares.shape[1] + 1))
    right.set_yticks(range(shares.shape[0]), range(1, shares.shape[0] + 1))
    return with_alt(figure, "Left, the weights of one head on a passage that comes twice: in the "
                    "lower half, a second diagonal runs one place beside the first copy. Right, a "
                    f"table of all heads: the best puts {shares.max():.0%} of its weight there, "
                    "most put next to none.")
