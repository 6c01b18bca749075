"""Figures of notebook 03: neurons, networks, the way back, spirals, digits, and what goes wrong."""

import math

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyBboxPatch

from helpers.arrays import softmax
from helpers.layers import Linear, Sequential, SoftmaxCrossEntropy, Tanh, fit, flatten, sigmoid
from helpers.lessons.notebook_03.points import spirals as spiral_points
from helpers.plots import (
    BLUE,
    DIVERGING,
    GRAY,
    GREEN,
    ORANGE,
    PINK,
    SKY,
    YELLOW,
    fixed_axes,
    sparse_log,
    text_color,
    with_alt,
)

CLASS_COLORS = (BLUE, ORANGE, GREEN)
MARKERS = ("o", "s", "^", "D", "v", "P")
INK = "#444444"
BACK = text_color(ORANGE)  # what belongs to the way back
WHITE = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}  # behind a text on a line
ARROW = {"arrowstyle": "-|>", "shrinkA": 0, "shrinkB": 0, "linewidth": 1.3}


# --- points of several classes, and what a network says of every place ---


def shade(p):
    """Probabilities to pale colors: the colors of the classes, mixed.   (..., K) -> (..., 3)"""
    colors = np.array([to_rgb(color) for color in CLASS_COLORS[: p.shape[-1]]])
    return 1 - 0.5 * (1 - p @ colors)


def draw_points(ax, points, labels, size=3.8):
    """Draw points, each class with a color and a marker of its own."""
    for k, (color, marker) in enumerate(zip(CLASS_COLORS, MARKERS, strict=False)):
        ax.plot(*points[labels == k].T, marker, color=color, markersize=size,
                markeredgecolor="white", markeredgewidth=0.4)


def draw_regions(ax, guess, points, labels, n=120, reach=1.12):
    """Draw what `guess` says of every place, and the points. Returns the share that is right.

    guess: (N, 2) -> (N, K) probabilities.
    """
    axis = np.linspace(-reach, reach, n)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    ax.imshow(shade(guess(grid)).reshape(n, n, 3), origin="lower",
              extent=(-reach, reach, -reach, reach), interpolation="bilinear")
    draw_points(ax, points, labels)
    ax.grid(False)
    return np.mean(guess(points).argmax(axis=-1) == labels)


def guess_of(model, theta):
    """The function of points that gives the probabilities of a model with these parameters."""
    def guess(points):
        own = model.theta.copy()
        try:
            model.theta[:] = theta
            return softmax(model(points))
        finally:
            model.theta[:] = own

    return guess


def yes_and_no(p):
    """Probabilities of yes to those of no and yes.   (...) -> (..., 2)"""
    return np.stack([1 - p, p], axis=-1)


def opening():
    """Draw a network learning three spiral arms. It is trained for this. Returns a Figure."""
    points, labels = spiral_points()
    model = Sequential(Linear(2, 16, 3 / math.sqrt(2)), Tanh(), Linear(16, 16), Tanh(),
                       Linear(16, 3, 0))
    flatten(model)
    kept = {0: model.theta.copy()}
    fit(model, SoftmaxCrossEntropy(), points, labels, epochs=100, batch_size=50,
        on_epoch=lambda epoch, model: kept.update({epoch: model.theta.copy()}))
    figure, (axes,) = fixed_axes((10, 2.95), 1, 4, left=0.035, right=0.995, bottom=0.09,
                                 top=0.9, wspace=0.12)
    shares = []
    for ax, epoch in zip(axes, (0, 5, 20, 100), strict=True):
        shares.append(draw_regions(ax, guess_of(model, kept[epoch]), points, labels))
        when = f"after {epoch} epochs" if epoch else "at the start"
        ax.set_title(f"{when}: {shares[-1]:.0%} right", loc="center")
        ax.set(xticks=[-1, 0, 1], yticks=[-1, 0, 1] if epoch == 0 else [])
    return with_alt(figure, (
        "Four maps of the same three spiral arms of points. At the start the background is of one "
        f"color and has nothing to do with them. After 5 epochs it is split into wedges, "
        f"{shares[1]:.0%} of the points are right; after 20 the wedges bend; after 100 each arm "
        f"lies in a curved region of its own color, {shares[3]:.0%} are right."))


def neurons(cases):
    """Draw what one neuron says of every place, for several sets of points.

    cases: a list of (title, points (N, 2), labels (N,) of 0 and 1, w (2,), b). Returns a Figure.
    """
    figure, (axes,) = fixed_axes((9.5, 4.3), 1, len(cases), left=0.05, right=0.99, bottom=0.11,
                                 top=0.92, wspace=0.16)
    shares = []
    for ax, (title, points, labels, w, b) in zip(axes, cases, strict=True):
        def guess(places, w=w, b=b):
            return yes_and_no(sigmoid(places @ w + b))

        reach = 1.1 * np.abs(points).max()
        shares.append(draw_regions(ax, guess, points, labels, 160, reach))
        axis = np.linspace(-reach, reach, 160)
        p = guess(np.stack(np.meshgrid(axis, axis), axis=-1))[..., 1]
        ax.contour(axis, axis, p, levels=[0.1, 0.5, 0.9], colors=INK, linewidths=[1, 2, 1],
                   linestyles=["--", "-", "--"])
        ax.set(title=f"{title}: {shares[-1]:.0%} right", xlabel="$x_1$", ylabel="$x_2$")
    axes[0].text(0.03, 0.04, "line: p = 1/2;  dashed: p = 0.1, 0.9", fontsize=9, color=INK,
                 transform=axes[0].transAxes, bbox={"facecolor": "white", "edgecolor": "none",
                                                    "alpha": 0.8, "pad": 2})
    return with_alt(figure, (
        "Left, two clouds of points, circles and squares, with a straight line between them; the "
        f"colors fade over the line, and {shares[0]:.0%} of the points lie on their own side. "
        "Right, two interlocked spiral arms with a straight line across them, pale everywhere, "
        f"with both kinds of points on either side: {shares[-1]:.0%} are right."))


def regions_and_loss(guess, points, labels, losses, chance):
    """Draw what a trained network says of every place, and its loss over the steps.

    guess: (N, 2) -> (N, K) probabilities. losses: (steps,). chance: the loss that knows nothing.
    Returns a Figure.
    """
    figure, ((left, right),) = fixed_axes((9.5, 4.2), 1, 2, left=0.05, right=0.98, bottom=0.12,
                                          top=0.92, wspace=0.2)
    share = draw_regions(left, guess, points, labels)
    left.set(title=f"{share:.0%} right", xlabel="$x_1$", ylabel="$x_2$")
    right.plot(losses, color=PINK)
    right.axhline(chance, color=GRAY, linewidth=1, linestyle="--")
    right.text(len(losses), chance * 1.1, "a coin", color=GRAY, ha="right", va="bottom")
    right.set(xlabel="step", ylabel="loss, nats", title="loss, one step after the other")
    sparse_log(right, -3, 1, every=1)
    return with_alt(figure, (
        "Left, two interlocked spiral arms, each in a curved band of its own color; "
        f"{share:.0%} of the points are right. Right, the loss falls from {losses[0]:.2f}, that of "
        f"a coin, step by step to {losses[-1]:.3f}."))


def spirals_live(runs, points, labels, width, depth, epoch):
    """Draw one of several training runs at a moment: its regions, and the loss of all runs.

    runs: {(width, depth): (model, losses (E,), {epoch: theta})}. Returns a Figure.
    """
    model, losses, kept = runs[width, depth]
    figure, ((left, right),) = fixed_axes((9.5, 4.3), 1, 2, left=0.05, right=0.98, bottom=0.12,
                                          top=0.92, wspace=0.2)
    share = draw_regions(left, guess_of(model, kept[epoch]), points, labels)
    layers = "1 hidden layer" if depth == 1 else f"{depth} hidden layers"
    left.set_title(f"{layers} of {width}, epoch {epoch}: {share:.0%} right")
    for other, (_, curve, _) in runs.items():
        if other != (width, depth):
            right.plot(np.arange(1, len(curve) + 1), curve, color="#CFCFCF", linewidth=1)
    right.plot(np.arange(1, len(losses) + 1), losses, color=PINK, linewidth=2.5)
    right.axvline(epoch, color=GRAY, linewidth=1)
    right.set(xlim=(0, len(losses)), xlabel="epoch", ylabel="loss, nats",
              title=f"{model.theta.size} parameters; the other networks gray")
    sparse_log(right, -4, 1, every=1)
    return with_alt(figure, (
        f"Left, the plane in three pale colors under three spiral arms of points; {share:.0%} of "
        "the points lie in their own color. Right, the loss over the epochs: one thick pink curve, "
        f"which ends at {losses[-1]:.3f}, among {len(runs) - 1} thin gray ones."))


# --- networks, drawn ---


def number(value):
    """A number as a text, with a minus sign that is one."""
    return f"{value:g}".replace("-", "−")


def node(ax, x, y, radius, text, color=BLUE, size=11):
    """A circle with a text in it."""
    ax.add_patch(Circle((x, y), radius, facecolor=color + "26", edgecolor=color, zorder=2))
    ax.text(x, y, text, ha="center", va="center", fontsize=size, zorder=3)


def arrow(ax, start, end, color=INK, gap=(0.0, 0.0), **style):
    """An arrow between two places, which starts and ends a little away from them."""
    start, end = np.asarray(start, float), np.asarray(end, float)
    along = (end - start) / np.linalg.norm(end - start)
    ax.annotate("", end - gap[1] * along, start + gap[0] * along,
                arrowprops={**ARROW, "color": color, **style})


def blank(figsize, width, height):
    """A figure with one empty drawing of so many units, all as long as wide."""
    figure = Figure(figsize=figsize)
    ax = figure.add_subplot()
    ax.set(xlim=(0, width), ylim=(0, height), aspect="equal")
    ax.axis("off")
    return figure, ax


def neuron(x, w, b, z, p):
    """Draw one neuron with its numbers: inputs x (d,), weights w (d,), b, the sum z, the answer p.

    Returns a Figure.
    """
    figure, ax = blank((9, 2.9), 90, 28)
    places = np.linspace(22, 6, len(x))
    for i, (height, value, weight) in enumerate(zip(places, x, w, strict=True), start=1):
        node(ax, 9, height, 4, f"{value:g}")
        ax.text(3.5, height, f"$x_{i}$", ha="right", va="center")
        arrow(ax, (9, height), (40, 14), gap=(4, 6))
        ax.text(23, 14 + 0.55 * (height - 14), f"$w_{i}$ = {number(weight)}", ha="center",
                va="center", fontsize=10.5, bbox=WHITE)
    node(ax, 40, 14, 6, f"z = {z:g}", GREEN)
    ax.text(40, 26.5, f"b = {b:g}", ha="center", va="top", fontsize=10.5)
    arrow(ax, (40, 24), (40, 14), gap=(0, 6))
    arrow(ax, (40, 14), (62, 14), gap=(6, 6))
    ax.text(51, 15, "σ", ha="center", va="bottom", fontsize=13)
    node(ax, 62, 14, 6, f"p = {p:.3f}", ORANGE)
    ax.text(70, 14, "the probability of a yes", ha="left", va="center", fontsize=10.5)
    terms = " + ".join(f"({number(weight)}) · {value:g}" if weight < 0 else
                       f"{weight:g} · {value:g}" for value, weight in zip(x, w, strict=True))
    ax.text(40, 6.6, f"{terms} + {b:g}", ha="center", va="top", fontsize=10, color=INK)
    return with_alt(figure, (
        f"Circles for the inputs {' and '.join(f'{value:g}' for value in x)}, arrows with the "
        f"weights {' and '.join(f'{weight:g}' for weight in w)} to a circle that holds their sum "
        f"with the bias, z = {z:g}; an arrow with σ leads on to the answer p = {p:.3f}."))


def network(widths):
    """Draw a network: a column of circles for each layer, an arrow for each weight.

    widths: (inputs, neurons of layer 1, …, outputs). Returns a Figure.
    """
    figure, ax = blank((9, 3.5), 90, 35)
    columns = np.linspace(12, 78, len(widths))
    centers = [[(x, 19 + 7 * ((n - 1) / 2 - i)) for i in range(n)]
               for x, n in zip(columns, widths, strict=True)]
    for left, right in zip(centers, centers[1:], strict=False):
        for start in left:
            for end in right:
                arrow(ax, start, end, "#999999", (2.6, 2.6), linewidth=0.8)
    for layer, column in enumerate(centers):
        color = BLUE if layer == 0 else ORANGE if layer == len(centers) - 1 else GREEN
        letter = "x" if layer == 0 else "ŷ" if layer == len(centers) - 1 else "a"
        for i, (x, y) in enumerate(column, start=1):
            node(ax, x, y, 2.6, f"${letter}_{i}$", color)
        name = ["the input", *["hidden"] * (len(widths) - 2), "the guess"][layer]
        letter = "z" if name == "the guess" else "a"
        ax.text(columns[layer], 3.4, f"{name}\n${letter}^{{({layer})}}$", ha="center", va="center",
                fontsize=10, color=INK)
    for layer, (x, y) in enumerate(zip(columns, columns[1:], strict=False), start=1):
        shape = f"{widths[layer]} × {widths[layer - 1]}"
        ax.text((x + y) / 2, 33.6, f"$W^{{({layer})}}$: {shape} weights", ha="center", va="center",
                fontsize=10.5)
    return with_alt(figure, (
        f"Columns of circles, {', '.join(str(n) for n in widths)} of them from left to right: the "
        "input, the hidden layers, the guess. Every circle of a column sends an arrow to every "
        "circle of the next, and to no other."))


def blame(there, back):
    """Draw a pass through a 2-2-1 network in numbers: values, and below each its slope.

    there, back: dicts with x (2,), W_1 (2, 2), b_1 (2,), z (2,), a (2,), W_2 (2,), b_2, y, and
    their gradients; `there` also holds t and loss. Returns a Figure.
    """
    figure, ax = blank((10, 4.9), 100, 49)
    ax.set_position((0, 0, 1, 1))
    inputs, hidden, out = [(10, 36), (10, 12)], [(46, 36), (46, 12)], (76, 24)

    def both(x, y, key, place=(), name="", size=10, box=None):
        ax.text(x, y + 0.2, name + number(there[key][place]), ha="center", va="bottom",
                fontsize=size, bbox=box)
        ax.text(x, y - 0.4, number(back[key][place]), ha="center", va="top", fontsize=size,
                color=BACK, bbox=box)

    for i, start in enumerate(inputs):
        for j, end in enumerate(hidden):
            arrow(ax, start, end, "#999999", (5.2, 7.2), linewidth=1)
            share = 0.5 if i == j else 0.29
            both(*(np.add(start, share * np.subtract(end, start))), "W_1", (i, j), box=WHITE)
    for j, start in enumerate(hidden):
        arrow(ax, start, out, "#999999", (7.2, 5.2), linewidth=1)
        both(*(np.add(start, 0.52 * np.subtract(out, start))), "W_2", (j,), box=WHITE)
    for i, (x, y) in enumerate(inputs):
        node(ax, x, y, 5.2, "")
        both(x, y, "x", (i,), f"$x_{i + 1}$ = ")
    for j, (x, y) in enumerate(hidden):
        node(ax, x, y, 7.2, "", GREEN)
        both(x - 3.3, y, "z", (j,), "z = ", 9)
        both(x + 3.5, y, "a", (j,), "a = ", 9)
        side = 1 if j == 0 else -1
        both(x + 12.5, y + 5.5 * side, "b_1", (j,), "b = ")
        arrow(ax, (x + 10, y + 5.0 * side), (x, y), "#999999", (0, 7.2), linewidth=1)
    node(ax, *out, 5.2, "", ORANGE)
    both(*out, "y", (), "ŷ = ")
    both(out[0], out[1] + 11.5, "b_2", (), "b = ")
    arrow(ax, (out[0], out[1] + 9), out, "#999999", (0, 5.2), linewidth=1)
    arrow(ax, out, (93, 24), "#999999", (5.2, 4.8), linewidth=1)
    node(ax, 93, 24, 4.8, f"L = {there['loss']:g}", GRAY)
    ax.text(93, 17.5, f"t = {there['t']:g}", ha="center", va="top", fontsize=10)
    ax.text(99, 3.8, "black: the value", ha="right", va="bottom", fontsize=10)
    ax.text(99, 3.4, "orange, below it: ∂L by it", ha="right", va="top", fontsize=10, color=BACK)
    return with_alt(figure, (
        "Two inputs, two hidden neurons, one output, a loss, joined by arrows. At each input, "
        "weight, bias, sum and output stands its value, and below it in orange how the loss "
        f"moves with it. The loss is {there['loss']:g}; the output has the slope {back['y']:g}, "
        f"the hidden sums {back['z'][0]:g} and {back['z'][1]:g}, and the first input "
        f"{back['x'][0]:g}, the sum of what comes back over its two arrows."))


def chain(n_in, hidden, n_out, N="N"):
    """Draw two layers and a loss: above the way there, below the way back, with every shape.

    n_in, hidden, n_out: the widths. N: how the number of examples is written. Returns a Figure.
    """
    figure = Figure(figsize=(10, 3.5))
    ax = figure.add_subplot()
    ax.set(xlim=(0, 100), ylim=(1, 35))
    ax.axis("off")
    boxes = [("Linear", BLUE, f"W ({n_in}, {hidden})\nb ({hidden},)"), ("tanh", ORANGE, ""),
             ("Linear", BLUE, f"W ({hidden}, {n_out})\nb ({n_out},)"), ("loss", GREEN, "")]
    there = [f"x\n({N}, {n_in})", f"z\n({N}, {hidden})", f"a\n({N}, {hidden})",
             f"ŷ\n({N}, {n_out})", "L\n()"]
    back = [f"dx\n({N}, {n_in})", f"dz\n({N}, {hidden})", f"da\n({N}, {hidden})",
            f"dŷ\n({N}, {n_out})"]
    centers = [19, 41, 63, 85]
    for (name, color, shapes), x in zip(boxes, centers, strict=True):
        ax.add_patch(FancyBboxPatch((x - 5.25, 10.5), 10.5, 15, facecolor=color + "26",
                                    edgecolor=color, boxstyle="round,pad=0,rounding_size=1"))
        ax.text(x, 18, name, ha="center", va="center", fontsize=12)
        if shapes:
            ax.text(x, 29.6, shapes, ha="center", va="center", fontsize=9.5, color=INK)
            arrow(ax, (x, 27.6), (x, 25.6))
            arrow(ax, (x, 10.4), (x, 7.6), ORANGE)
            ax.text(x, 7, shapes.replace("W", "dW").replace("b", "db"), ha="center", va="top",
                    fontsize=9.5, color=BACK)
    edges = [3, *centers, 97]
    for i, text in enumerate(there):
        start, end = edges[i] + (5.5 if i else 0), edges[i + 1] - (5.5 if i < 4 else 0)
        arrow(ax, (start, 22), (end, 22))
        ax.text((start + end) / 2, 22.6, text, ha="center", va="bottom", fontsize=9.5, color=INK)
    for i, text in enumerate(back):
        start, end = edges[i + 1] - 5.5, edges[i] + (5.5 if i else 0)
        arrow(ax, (start, 14), (end, 14), ORANGE)
        ax.text((start + end) / 2, 13.3, text, ha="center", va="top", fontsize=9.5, color=BACK)
    return with_alt(figure, (
        "Four boxes in a row: Linear, tanh, Linear, loss. Black arrows to the right carry x, z, "
        "a, ŷ and the loss, orange arrows to the left carry their gradients, shaped alike. "
        "Weights enter the Linear boxes from above; their gradients leave below."))


# --- bends ---


def bends(curve, fitted, errors, reach, bends):
    """Draw a curve, the best sum of ReLU bends, and the error over their number.

    curve: a function of x. fitted: fitted(bends, x) returns the guesses (N,), the places (bends,)
    and the weights (bends,). errors: {bends: error}. reach: x runs from -reach to reach.
    Returns a Figure.
    """
    x = np.linspace(-reach, reach, 601)
    figure, ((left, right),) = fixed_axes((9.5, 3.9), 1, 2, width_ratios=(1.6, 1), left=0.06,
                                          right=0.98, bottom=0.13, top=0.91, wspace=0.22)
    guesses, places, weights = fitted(bends, x)
    if bends <= 16:
        for place, weight in zip(places, weights, strict=True):
            left.plot(x, weight * np.maximum(x - place, 0), color=SKY, linewidth=0.8)
        left.plot([], [], color=SKY, linewidth=0.8, label="each ramp")
    left.plot(x, curve(x), color=GRAY, linewidth=5, alpha=0.4, label="the curve")
    left.plot(x, guesses, color=ORANGE, label="constant + sum of ramps")
    left.plot(places, np.interp(places, x, guesses), "o", color=ORANGE, markersize=4)
    left.set(xlim=(-reach, reach), ylim=(-2.6, 3.4), xlabel="x", ylabel="y",
             title=f"{bends} bend{'s' if bends > 1 else ''}")
    left.legend(loc="upper left", ncols=3, columnspacing=1, handlelength=1.4, fontsize=9,
                frameon=True, framealpha=1, facecolor="white", edgecolor="white")
    right.plot(list(errors), list(errors.values()), ".-", color=GRAY, linewidth=1)
    error = np.interp(np.log(bends), np.log(list(errors)), np.log(list(errors.values())))
    right.plot(bends, np.exp(error), "o", color=ORANGE, markersize=9)
    right.set(xscale="log", xlabel="number of bends", title="typical error")
    right.set_xticks([1, 4, 16, 64], ["1", "4", "16", "64"])
    sparse_log(right, -4, 1, every=1)
    return with_alt(figure, (
        f"Left, a wave in gray and on it an orange line of {bends} straight pieces, the sum of a "
        "constant and of ramps, drawn thin and blue. Right, the error over the number of bends on "
        "logarithmic scales: nearly flat up to four bends, then a straight line down."))


def moved_bends(x, wanted, before, after, losses):
    """Draw a curve and a network's guesses before and after training, with its bends, and the loss.

    x, wanted: (N,). before, after: (guesses (N,), places (n,)). losses: (steps,).
    Returns a Figure.
    """
    figure, ((left, right),) = fixed_axes((9.5, 3.9), 1, 2, width_ratios=(1.6, 1), left=0.06,
                                          right=0.98, bottom=0.13, top=0.91, wspace=0.22)
    left.plot(x, wanted, color=GRAY, linewidth=5, alpha=0.4, label="the curve")
    for (guesses, places), color, style, name in [(before, BLUE, "s--", "bends spread evenly"),
                                                  (after, ORANGE, "o-", "bends moved")]:
        left.plot(x, guesses, style[1:], color=color, linewidth=1.5)
        left.plot(places, np.interp(places, x, guesses), style[0], color=color, markersize=6)
        left.plot([], [], style, color=color, label=name)
    left.set(xlabel="x", ylabel="y", ylim=(-2.6, 3.4), title=f"{len(after[1])} bends")
    left.legend(loc="upper left", ncols=3, columnspacing=1, handlelength=2, fontsize=9)
    right.plot(losses, color=PINK)
    right.set(xlabel="step", title="mean squared error")
    sparse_log(right, -3, -1, every=1)
    return with_alt(figure, (
        "Left, a wave in gray; a dashed blue line of straight pieces whose corners are evenly "
        "spread cuts its crests, an orange one whose corners have moved to the crests and troughs "
        f"follows it closely. Right, the mean squared error falls from {losses[0]:.3f} to "
        f"{losses[-1]:.4f}."))


# --- slopes of activations and losses ---


def activations(layers, x):
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
    return with_alt(figure, (
        "Four curves with their slopes below. Sigmoid rises from 0 to 1, its slope is a low hump. "
        "Tanh rises from -1 to 1, its slope is a hump of height 1. ReLU has a corner at 0, its "
        "slope is a step. GELU is a smooth ReLU that dips below 0, its slope a smooth step."))


def two_losses(z, losses, slopes, runs):
    """Draw two losses of a yes over the logit, their slopes, and the steps that a neuron needs.

    z: (N,). losses, slopes: {name: (N,)}. runs: {name: (sizes of the wrong start, steps)}.
    Returns a Figure.
    """
    figure = Figure(figsize=(10, 3.6))
    axes = figure.subplots(1, 3)
    for k, name in enumerate(losses):
        color, style = (BLUE, ORANGE)[k], ("-", "--")[k]
        axes[0].plot(z, losses[name], style, color=color, label=name)
        axes[1].plot(z, slopes[name], style, color=color)
        axes[2].plot(*runs[name], MARKERS[k] + style, color=color)
        axes[2].text(runs[name][0][-1], runs[name][1][-1] * 1.35, f"{runs[name][1][-1]}",
                     color=text_color(color), ha="right", va="bottom")
    axes[0].set(title="the loss of a yes", xlabel="logit z", ylabel="loss", ylim=(-0.2, 8.5))
    axes[1].set(title="its slope", xlabel="logit z", ylim=(-1.08, 0.05))
    axes[2].set(title="steps until 90 % are right", xlabel="how wrong the start was")
    axes[0].legend(loc="upper right", handlelength=2.4)
    sparse_log(axes[2], 0, 4, every=1)
    return with_alt(figure, (
        "Left, over the logit, the cross-entropy climbs in a straight line on the wrong side, the "
        "squared error levels off at 1. Middle, the slope of the first goes to -1 there, that of "
        "the second back to 0. Right, from ever worse starts the first needs a few steps more, "
        "the second ten and a hundred times as many."))


# --- digits ---


def curves(runs, stop):
    """Draw how training and held-out loss run apart, and the held-out loss under several cures.

    runs: {name: (steps (E,), training loss (E,), held-out loss (E,))}; the first has no cure.
    stop: the step at which the first would best be stopped. Returns a Figure.
    """
    figure = Figure(figsize=(10, 4.1))
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=(1, 1.15))
    name, (steps, seen, held) = next(iter(runs.items()))
    left.plot(steps, seen, "--", color=INK)
    left.text(steps[-1], seen[-1] + 0.03, "pictures that it learns from", ha="right", color=INK)
    left.plot(steps, held, color=ORANGE)
    left.text(steps[-1], held[-1] + 0.05, "pictures held out", ha="right", color=BACK)
    left.axvline(stop, color=GRAY, linewidth=1, linestyle=":")
    left.text(stop + 25, 0.95, f"best stopped here, at step {stop}", color=GRAY, va="center")
    left.set(ylim=(0, 1.25), xlabel="step", ylabel="loss, nats", title=name)
    styles = zip((ORANGE, YELLOW, PINK, GREEN), ("-", "--", "-.", "-"), strict=True)
    for (name, (steps, _, held)), (color, style), marker in zip(runs.items(), styles, MARKERS,
                                                               strict=False):
        right.plot(steps, held, style, color=color, marker=marker, markevery=(0.06, 0.2))
        right.text(steps[-1] * 1.02, held[-1], name, color=text_color(color), va="center",
                   fontsize=9.5)
    right.set(xlabel="step", title="held-out loss under each cure", xlim=(0, 1.52 * steps[-1]),
              xticks=[0, 250, 500, 750, 1000])
    ends = {name: held[-1] for name, (_, _, held) in runs.items()}
    best, worst = min(ends, key=ends.get), max(ends, key=ends.get)
    return with_alt(figure, (
        "Left, two losses over the steps. That of the pictures seen falls to nearly 0. That of "
        f"pictures held out falls at first, is lowest at step {stop} and then rises. Right, the "
        f"held-out losses under the cures: “{best}” ends lowest, “{worst}” highest."))


def jiggled(pictures, copies):
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
    return with_alt(figure, (
        "The digits 0 to 9 as given, and below each three copies: the same strokes, slightly "
        "turned, larger or smaller, and shifted."))


def mistakes(pictures, labels, p, order):
    """Draw pictures with the digit that each is, what was read, and with what probability.

    pictures: (N, 64). labels: (N,). p: (N, 10). order: the numbers of those to draw.
    Returns a Figure.
    """
    figure = Figure(figsize=(10, 2.2))
    axes = figure.subplots(1, len(order))
    wrong = 0
    for ax, n in zip(axes, order, strict=True):
        ax.imshow(pictures[n].reshape(8, 8), cmap="gray_r")
        ax.set(xticks=[], yticks=[])
        guess = p[n].argmax()
        wrong += guess != labels[n]
        sign, color = ("✗", BACK) if guess != labels[n] else ("✓", text_color(GREEN))
        ax.set_title(f"is {labels[n]}: {p[n, labels[n]]:.1%}", fontsize=10, loc="center")
        ax.set_xlabel(f"{sign} read {guess}: {p[n, guess]:.1%}", fontsize=10, color=color)
    return with_alt(figure, (
        f"{len(order)} small pictures of smudged or oddly written digits. Above each stands what "
        "it is and the probability that the network gave to that, below what it was read as. The "
        f"first {wrong} are mistakes, marked ✗; the others are right, marked ✓."))


def weights(W, order, columns=12):
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
    return with_alt(figure, (
        f"{len(order)} small pictures in orange and purple. Most show a short stroke or a bow of "
        "orange beside a dark purple spot or stroke, each at another place and angle."))


# --- a deep stack ---


def depth(sizes):
    """Draw how large values and gradients are in each layer of a stack, for several first scales.

    sizes: {name of the scale: {name of the panel: (D,) typical sizes, layer 1 first}}.
    Returns a Figure.
    """
    panels = list(next(iter(sizes.values())))
    figure = Figure(figsize=(10, 5.6))
    axes = figure.subplots(2, 2, sharex=True).ravel()
    colors = (BLUE, SKY, GREEN, ORANGE)
    for ax, panel in zip(axes, panels, strict=True):
        every = np.concatenate([found[panel] for found in sizes.values()])
        for k, (name, found) in enumerate(sizes.items()):
            layer = np.arange(1, len(found[panel]) + 1)
            ax.plot(layer, found[panel], MARKERS[k] + "-", color=colors[k], markersize=4,
                    linewidth=1.3, label=name)
        low, high = math.floor(np.log10(every.min())), math.ceil(np.log10(every.max()))
        ax.set(title=panel, xticks=range(1, len(layer) + 1), xlim=(0.7, len(layer) + 0.3))
        sparse_log(ax, low, high, every=2)
    for ax in axes[2:]:
        ax.set_xlabel("layer")
    axes[0].set_ylabel("typical size")
    axes[2].set_ylabel("typical size")
    figure.legend(*axes[0].get_legend_handles_labels(), title="deviation of W at the start",
                  loc="outside right center")
    return with_alt(figure, (
        "Four panels over layers 1 to 10, four straight lines in each, one for each first scale. "
        "Activations fall steeply, fall gently, stay level or rise from left to right; the "
        "gradients dx and db do the same from layer 10 back to layer 1; the gradients dW lie level "
        "at every scale, at heights that are far apart. Level in all panels is √2/√n alone."))
