"""Figures of notebook 03: neurons, bends, the way back, spirals, digits, and what goes wrong."""

import math

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from helpers.plots import (
    BLUE,
    DIVERGING,
    GRAY,
    GREEN,
    ORANGE,
    PINK,
    SEQUENTIAL,
    SKY,
    YELLOW,
    fixed_axes,
    sparse_log,
    text_color,
)

CLASS_COLORS = (BLUE, ORANGE, GREEN)
INK = "#444444"


def spirals(n=100, arms=3, noise=0.2, turns=0.8, seed=0):
    """Points on interlocked spiral arms, and the arm of each: (arms n, 2) and (arms n,) integers.

    n: points on each arm. noise: how far a point may turn off its arm, in radians.
    turns: how often an arm goes round.
    """
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(arms), n)
    radius = np.tile(np.linspace(0.1, 1, n), arms)
    angle = 2 * np.pi * (labels / arms + turns * radius) + rng.normal(0, noise, arms * n)
    return radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1), labels


def spiral_network(width, depth, classes=3):
    """A network from the plane to `classes` scores: `depth` hidden layers of `width` tanh units."""
    from helpers.layers import Linear, Sequential, Tanh

    layers, n_in = [], 2
    for _ in range(depth):
        layers += [Linear(n_in, width, scale=3 / math.sqrt(n_in) if n_in == 2 else None), Tanh()]
        n_in = width
    return Sequential(*layers, Linear(n_in, classes))


def snapshots(model, epochs):
    """A function for `fit(on_epoch=…)`, and the dict in which it keeps theta after these epochs.

    The first values, epoch 0, are kept at once.
    """
    kept = {0: model.theta.copy()}

    def keep(epoch, model):
        if epoch in epochs:
            kept[epoch] = model.theta.copy()

    return keep, kept


def shade(p):
    """Probabilities to pale colors: the colors of the classes, mixed.   (..., K) -> (..., 3)"""
    colors = np.array([to_rgb(color) for color in CLASS_COLORS[: p.shape[-1]]])
    return 1 - 0.5 * (1 - p @ colors)


def draw_regions(ax, model, theta, points, labels, n=120, reach=1.12):
    """Draw what a network says of every place of the plane, and the points that it was shown.

    theta: (P,) the parameters to use; the model's own are left as they were.
    """
    from helpers.arrays import softmax

    axis = np.linspace(-reach, reach, n)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    own = model.theta.copy()
    try:
        model.theta[:] = theta
        p, right = softmax(model(grid)), np.mean(model(points).argmax(axis=-1) == labels)
    finally:
        model.theta[:] = own
    ax.imshow(shade(p).reshape(n, n, 3), origin="lower", extent=(-reach, reach, -reach, reach),
              interpolation="bilinear")  # fmt: skip
    for k, color in enumerate(CLASS_COLORS):
        ax.plot(*points[labels == k].T, "o", color=color, markersize=3.6, markeredgecolor="white",
                markeredgewidth=0.4)  # fmt: skip
    ax.set(xticks=[-1, 0, 1], yticks=[-1, 0, 1])
    ax.grid(False)
    return right


def regions_figure(model, kept, points, labels):
    """Draw the regions of a network at several moments of its training, side by side.

    kept: {epoch: theta}. Returns a Figure.
    """
    figure, (axes,) = fixed_axes((10, 2.95), 1, len(kept), left=0.035, right=0.995, bottom=0.09,
                                 top=0.9, wspace=0.12)  # fmt: skip
    for ax, (epoch, theta) in zip(axes, kept.items(), strict=True):
        right = draw_regions(ax, model, theta, points, labels)
        when = f"after {epoch} epoch{'s' if epoch > 1 else ''}" if epoch else "at the start"
        ax.set_title(f"{when}: {right:.0%} right", loc="center")
        if ax is not axes[0]:
            ax.set_yticks([])
    return figure


def opening_figure():
    """Draw a network learning three spiral arms. It is trained for this. Returns a Figure."""
    from helpers.layers import SoftmaxCrossEntropy, fit, flatten

    points, labels = spirals()
    model = spiral_network(width=16, depth=2)
    flatten(model)
    keep, kept = snapshots(model, (5, 20, 100))
    fit(model, SoftmaxCrossEntropy(), points, labels, epochs=100, batch_size=50, on_epoch=keep)
    return regions_figure(model, kept, points, labels)


def spirals_live(runs, points, labels, width, depth, epoch):
    """Draw one of several training runs at a moment: its regions, and the loss of all runs.

    runs: {(width, depth): (model, losses (E,), {epoch: theta})}. Returns a Figure.
    """
    model, losses, kept = runs[width, depth]
    figure, ((left, right),) = fixed_axes((9.5, 4.3), 1, 2, left=0.05, right=0.98, bottom=0.12,
                                          top=0.92, wspace=0.2)  # fmt: skip
    share = draw_regions(left, model, kept[epoch], points, labels)
    layers = "1 hidden layer" if depth == 1 else f"{depth} hidden layers"
    left.set_title(f"{layers} of {width}, epoch {epoch}: {share:.0%} right")
    for other, (_, curve, _) in runs.items():
        if other != (width, depth):
            right.plot(np.arange(1, len(curve) + 1), curve, color="#CFCFCF", linewidth=1)
    right.plot(np.arange(1, len(losses) + 1), losses, color=PINK)
    right.axvline(epoch, color=GRAY, linewidth=1)
    right.set(xlim=(0, len(losses)), xlabel="epoch", ylabel="loss, nats",
              title=f"{model.theta.size} parameters; the other networks gray")  # fmt: skip
    sparse_log(right, -4, 1, every=1)
    return figure


def neuron_figure(cases):
    """Draw what one neuron says of every place, for several sets of points.

    cases: a list of (title, points (N, 2), labels (N,) of 0 and 1, w (2,), b). Returns a Figure.
    """
    figure, (axes,) = fixed_axes((9.5, 4.3), 1, len(cases), left=0.05, right=0.99, bottom=0.11,
                                 top=0.92, wspace=0.16)  # fmt: skip
    for ax, (title, points, labels, w, b) in zip(axes, cases, strict=True):
        reach = 1.1 * np.abs(points).max()
        axis = np.linspace(-reach, reach, 160)
        grid = np.stack(np.meshgrid(axis, axis), axis=-1)  # (160, 160, 2)
        z = grid @ w + b
        p = 0.5 * (1 + np.tanh(0.5 * z))
        ax.imshow(shade(np.stack([1 - p, p], axis=-1)), origin="lower",
                  extent=(-reach, reach, -reach, reach))  # fmt: skip
        ax.contour(axis, axis, p, levels=[0.1, 0.5, 0.9], colors=INK, linewidths=[1, 2, 1],
                   linestyles=["--", "-", "--"])  # fmt: skip
        for k in (0, 1):
            ax.plot(*points[labels == k].T, "o", color=CLASS_COLORS[k], markersize=4.5,
                    markeredgecolor="white", markeredgewidth=0.5)  # fmt: skip
        right = np.mean((points @ w + b > 0) == labels)
        ax.set(title=f"{title}: {right:.0%} right", xlabel="$x_1$", ylabel="$x_2$")
        ax.grid(False)
    axes[0].text(0.03, 0.04, "line: p = 1/2;  dashed: p = 0.1, 0.9", fontsize=9, color=INK,
                 transform=axes[0].transAxes, bbox={"facecolor": "white", "edgecolor": "none",
                                                    "alpha": 0.8, "pad": 2})  # fmt: skip
    return figure


def fit_bends(function, bends, x):
    """Fit a constant plus a sum of ReLU bends to a function by least squares.

    bends: how many; bend i is max(x - place_i, 0), at even distances from the left end of x.
    x: (N,) sorted. Returns the guesses (N,), the places (bends,), the weights (bends + 1,); the
    last weight is the constant.
    """
    places = np.linspace(x[0], x[-1], bends + 1)[:-1]
    hidden = np.maximum(x[:, None] - places, 0)  # (N, bends)
    features = np.concatenate([hidden, np.ones((len(x), 1))], axis=1)
    weights = np.linalg.lstsq(features, function(x), rcond=None)[0]
    return features @ weights, places, weights


def bends_figure(function, reach, bends):
    """Draw a curve, the best sum of ReLU bends, and the error over their number.

    function: of x. reach: x runs from -reach to reach. bends: how many. Returns a Figure.
    """
    x = np.linspace(-reach, reach, 601)
    figure, ((left, right),) = fixed_axes((9.5, 3.9), 1, 2, width_ratios=(1.6, 1), left=0.06,
                                          right=0.98, bottom=0.13, top=0.91,
                                          wspace=0.22)  # fmt: skip
    guesses, places, weights = fit_bends(function, bends, x)
    if bends <= 16:
        for place, weight in zip(places, weights[:-1], strict=True):
            left.plot(x, weight * np.maximum(x - place, 0), color=SKY, linewidth=0.8)
        left.plot([], [], color=SKY, linewidth=0.8, label="each bend")
    left.plot(x, function(x), color=GRAY, linewidth=5, alpha=0.4, label="the curve")
    left.plot(x, guesses, color=ORANGE, label="constant + sum of bends")
    left.plot(places, np.interp(places, x, guesses), "o", color=ORANGE, markersize=4)
    left.set(xlim=(-reach, reach), ylim=(-2.6, 3.4), xlabel="x", ylabel="y",
             title=f"{bends} bend{'s' if bends > 1 else ''}")  # fmt: skip
    left.legend(loc="upper left", ncols=3, columnspacing=1, handlelength=1.4, fontsize=9)
    numbers = np.array([1, 2, 3, 4, 6, 8, 11, 16, 23, 32, 45, 64])
    errors = [root_mean_square(fit_bends(function, n, x)[0] - function(x)) for n in numbers]
    error = root_mean_square(guesses - function(x))
    right.plot(numbers, errors, ".-", color=GRAY, linewidth=1)
    right.plot(bends, error, "o", color=ORANGE, markersize=9)
    right.set(xscale="log", xlabel="number of bends", title=f"typical error {error:.2g}")
    right.set_xticks([1, 4, 16, 64], ["1", "4", "16", "64"])
    sparse_log(right, -4, 1, every=1)
    return figure


def root_mean_square(values):
    """The typical size of numbers: the root of their mean square."""
    return float(np.sqrt(np.mean(np.square(values))))


def activations_figure(layers, x):
    """Draw activation functions, and below each its slope as its `backward` gives it.

    layers: a list of activation layers. x: (N,). Returns a Figure.
    """
    figure = Figure(figsize=(10, 4))
    axes = figure.subplots(2, len(layers), sharex=True, height_ratios=(1.35, 1))
    for column, layer in zip(axes.T, layers, strict=True):
        column[0].plot(x, layer(x), color=BLUE)
        column[0].set(title=type(layer).__name__, ylim=(-1.3, 3))
        column[1].plot(x, layer.backward(np.ones_like(x)), color=ORANGE)
        column[1].set(ylim=(-0.25, 1.25), xlabel="x", xticks=[-4, -2, 0, 2, 4])
    axes[0, 0].set_ylabel("y")
    axes[1, 0].set_ylabel("dy/dx")
    return figure


def chain_figure(n_in, hidden, n_out, N="N"):
    """Draw two layers and a loss: above the way there, below the way back, with every shape.

    n_in, hidden, n_out: the widths. N: how the number of examples is written. Returns a Figure.
    """
    figure = Figure(figsize=(10, 3.5))
    ax = figure.add_subplot()
    ax.set(xlim=(0, 100), ylim=(1, 35))
    ax.axis("off")
    boxes = [("Linear", BLUE, f"W ({n_in}, {hidden})\nb ({hidden},)"), ("tanh", ORANGE, ""),
             ("Linear", BLUE, f"W ({hidden}, {n_out})\nb ({n_out},)"),
             ("loss", GREEN, "")]  # fmt: skip
    there = [f"x\n({N}, {n_in})", f"z\n({N}, {hidden})", f"a\n({N}, {hidden})",
             f"ŷ\n({N}, {n_out})", "L\n()"]  # fmt: skip
    back = [f"dx\n({N}, {n_in})", f"dz\n({N}, {hidden})", f"da\n({N}, {hidden})",
            f"dŷ\n({N}, {n_out})"]  # fmt: skip
    centers = [19, 41, 63, 85]
    arrow = {"arrowstyle": "-|>", "shrinkA": 0, "shrinkB": 0, "linewidth": 1.3}
    for (name, color, shapes), center in zip(boxes, centers, strict=True):
        ax.add_patch(_box(center, 18, 10.5, 15, color))
        ax.text(center, 18, name, ha="center", va="center", fontsize=12)
        if shapes:
            ax.text(center, 29.6, shapes, ha="center", va="center", fontsize=9.5, color=INK)
            ax.annotate("", (center, 25.6), (center, 27.6), arrowprops={**arrow, "color": INK})
            ax.annotate("", (center, 7.6), (center, 10.4),
                        arrowprops={**arrow, "color": ORANGE})  # fmt: skip
            ax.text(center, 7, shapes.replace("W", "dW").replace("b", "db"), ha="center", va="top",
                    fontsize=9.5, color=text_color(ORANGE))  # fmt: skip
    edges = [3, *centers, 97]
    for i, text in enumerate(there):
        start, end = edges[i] + (5.5 if i else 0), edges[i + 1] - (5.5 if i < 4 else 0)
        ax.annotate("", (end, 22), (start, 22), arrowprops={**arrow, "color": INK})
        ax.text((start + end) / 2, 22.6, text, ha="center", va="bottom", fontsize=9.5, color=INK)
    for i, text in enumerate(back):
        start, end = edges[i + 1] - 5.5, edges[i] + (5.5 if i else 0)
        ax.annotate("", (end, 14), (start, 14), arrowprops={**arrow, "color": ORANGE})
        ax.text((start + end) / 2, 13.3, text, ha="center", va="top", fontsize=9.5,
                color=text_color(ORANGE))  # fmt: skip
    return figure


def _box(x, y, width, height, color):
    """A pale rectangle around a center."""
    from matplotlib.patches import FancyBboxPatch

    return FancyBboxPatch(
        (x - width / 2, y - height / 2), width, height, boxstyle="round,pad=0,rounding_size=1",
        facecolor=color + "26", edgecolor=color,
    )  # fmt: skip


def curves_figure(runs, stop):
    """Draw how training and held-out loss run apart, and the held-out loss under several cures.

    runs: {name: (steps (E,), training loss (E,), held-out loss (E,))}; the first has no cure.
    stop: the step at which the first would best be stopped. Returns a Figure.
    """
    figure = Figure(figsize=(10, 4.1))
    left, right = figure.subplots(1, 2, sharey=True)
    colors = dict(zip(runs, (ORANGE, YELLOW, PINK, GREEN, BLUE, SKY), strict=False))
    name, (steps, train, held) = next(iter(runs.items()))
    left.plot(steps, train, color=INK, label="pictures that it learns from")
    left.plot(steps, held, color=ORANGE, label="pictures held out")
    left.axvline(stop, color=GRAY, linewidth=1, linestyle="--")
    left.text(stop + 12, 0.22, f"best stopped here, at step {stop}", color=GRAY, va="center")
    left.set(ylim=(0, 1.2), xlabel="step", ylabel="loss, nats", title=name)
    left.legend(loc="upper right")
    for name, (steps, _, held) in runs.items():
        right.plot(steps, held, color=colors[name], label=name)
    right.set(xlabel="step", title="held-out loss under each cure")
    right.legend(loc="upper right")
    return figure


def jiggled_figure(pictures, copies):
    """Draw pictures in the top row, and below each some copies of it.

    pictures: (n, 8, 8). copies: (m, n, 8, 8). Returns a Figure.
    """
    figure = Figure(figsize=(8, 0.8 * (1 + len(copies)) + 0.1))
    axes = figure.subplots(1 + len(copies), len(pictures))
    for row, images in zip(axes, [pictures, *copies], strict=True):
        for ax, image in zip(row, images, strict=True):
            ax.imshow(image, cmap="gray_r", vmin=0, vmax=1)
            ax.set(xticks=[], yticks=[])
    axes[0, 0].set_ylabel("given")
    axes[1, 0].set_ylabel("made")
    return figure


def confusion_figure(table):
    """Draw how often each digit was read as each: table[label, guess]. Returns a Figure."""
    figure = Figure(figsize=(5, 4.5))
    ax = figure.add_subplot()
    wrong = np.where(np.eye(len(table), dtype=bool) | (table == 0), np.nan, table)
    ax.imshow(wrong, cmap=SEQUENTIAL, vmin=0, vmax=max(3, table[~np.isnan(wrong)].max(initial=0)))
    for (label, guess), count in np.ndenumerate(table):
        if count:
            right = label == guess
            ax.text(guess, label, count, ha="center", va="center", fontsize=10,
                    color=text_color(GREEN) if right else "white" if count < 3 else "black",
                    weight="normal" if right else "bold")  # fmt: skip
    ax.set(xlabel="read as", ylabel="is", xticks=range(len(table)), yticks=range(len(table)))
    edges = np.arange(len(table) + 1) - 0.5
    ax.set_xticks(edges, minor=True)
    ax.set_yticks(edges, minor=True)
    ax.grid(False)
    ax.grid(True, which="minor")
    ax.tick_params(which="minor", length=0)
    return figure


def mistakes_figure(pictures, labels, p, order):
    """Draw pictures with the digit that each is, what was read, and with what probability.

    pictures: (N, 64). labels: (N,). p: (N, 10). order: the numbers of those to draw.
    Returns a Figure.
    """
    figure = Figure(figsize=(10, 2.1))
    axes = figure.subplots(1, len(order))
    for ax, n in zip(axes, order, strict=True):
        ax.imshow(pictures[n].reshape(8, 8), cmap="gray_r")
        ax.set(xticks=[], yticks=[])
        guess = p[n].argmax()
        color = ORANGE if guess != labels[n] else GREEN
        ax.set_title(f"is {labels[n]}: {p[n, labels[n]]:.1%}", fontsize=10, loc="center")
        ax.set_xlabel(f"read {guess}: {p[n, guess]:.1%}", fontsize=10, color=color)
    return figure


def weights_figure(W, order, columns=12):
    """Draw what units of a first layer look for: each column of W as a picture.

    W: (64, units). order: the units to draw, row by row. Returns a Figure.
    """
    rows = math.ceil(len(order) / columns)
    figure = Figure(figsize=(10, 0.86 * rows + 0.1))
    axes = figure.subplots(rows, columns, squeeze=False)
    limit = np.abs(W[:, order]).max() * 0.8
    for ax in axes.flat:
        ax.axis("off")
    for ax, unit in zip(axes.flat, order, strict=False):
        ax.imshow(W[:, unit].reshape(8, 8), cmap=DIVERGING, vmin=-limit, vmax=limit)
    return figure


def depth_figure(sizes):
    """Draw how large activations and gradients are in each layer, for several first scales.

    sizes: {name: (activations (D,), gradients (D,))}, layer 1 first. Returns a Figure.
    """
    figure = Figure(figsize=(10, 3.9))
    left, right = figure.subplots(1, 2, sharey=True)
    for (name, (forward, backward)), color in zip(
        sizes.items(), (BLUE, SKY, GREEN, YELLOW, ORANGE), strict=False
    ):
        layer = np.arange(1, len(forward) + 1)
        left.plot(layer, forward, ".-", color=color, label=name)
        right.plot(layer, backward, ".-", color=color, label=name)
    left.set(yscale="log", xlabel="layer", ylabel="typical size",
             title="activations, the way there")  # fmt: skip
    right.set(xlabel="layer", title="gradients, the way back, right to left")
    left.set_xticks(range(1, len(forward) + 1))
    right.set_xticks(range(1, len(forward) + 1))
    left.legend(title="deviation of W", loc="lower left")
    return figure
