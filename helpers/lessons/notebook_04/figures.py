"""Figures of notebook 04: lines and their sides, circuits, and what a hidden layer does."""

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from helpers.plots import BLACK, BLUE, GRAY, ORANGE, SKY, fixed_axes, text_color

FIRES, SILENT = "#CFE3F2", "white"  # the two sides of a line
CORNERS = np.array([(0, 0), (0, 1), (1, 0), (1, 1)])
REACH = (-0.6, 1.6)

# The 16 Boolean functions of two inputs: their values at the four corners.
TABLES = {
    "never": (0, 0, 0, 0), "AND": (0, 0, 0, 1), "x₁ and not x₂": (0, 0, 1, 0), "x₁": (0, 0, 1, 1),
    "x₂ and not x₁": (0, 1, 0, 0), "x₂": (0, 1, 0, 1), "XOR": (0, 1, 1, 0), "OR": (0, 1, 1, 1),
    "NOR": (1, 0, 0, 0), "XNOR": (1, 0, 0, 1), "not x₂": (1, 0, 1, 0), "x₁ or not x₂": (1, 0, 1, 1),
    "not x₁": (1, 1, 0, 0), "x₂ or not x₁": (1, 1, 0, 1), "NAND": (1, 1, 1, 0),
    "always": (1, 1, 1, 1),
}  # fmt: skip


def sides(ax, weights, bias, reach=REACH, color=FIRES):
    """Shade the side of a line on which a perceptron fires, and draw the line.

    ax: Axes. weights: (2,). bias: a number. reach: the limits of both axes.
    """
    weights, bias = np.asarray(weights, dtype=float), float(bias)
    corner = np.array(reach)
    score = weights[0] * corner + weights[1] * corner[:, None] + bias  # (2, 2): linear, so enough
    ax.set_facecolor(color if score.min() > 0 else SILENT)
    if score.min() <= 0 < score.max():
        ax.contourf(corner, corner, score, levels=[0, score.max() + 1], colors=[color])
    if score.min() < 0 < score.max():
        ax.contour(corner, corner, score, levels=[0], colors=[BLUE], linewidths=1.8)
    ax.set(xlim=reach, ylim=reach, aspect="equal")
    ax.grid(False)


def corners(ax, values, points=CORNERS, size=11):
    """Draw points, filled blue where the value is 1, white where it is 0.

    ax: Axes. values: (n,) of 0 and 1. points: (n, 2).
    """
    for value, color in ((0, "white"), (1, BLUE)):
        chosen = np.asarray(points)[np.asarray(values) == value]
        ax.plot(*chosen.T, "o", markersize=size, color=color, markeredgecolor=BLACK,
                markeredgewidth=1.2, zorder=5)  # fmt: skip


def square(ax, labels=True):
    """Give the axes of an input plane their ticks and names."""
    ax.set(xticks=[0, 1], yticks=[0, 1])
    if labels:
        ax.set_xlabel("x₁", labelpad=-2)
        ax.set_ylabel("x₂", rotation=0, labelpad=4)


def gate_figure(w_1, w_2, bias, target):
    """Draw a perceptron's line among the four corners, and its truth table beside the target's.

    w_1, w_2, bias: its numbers. target: a name in TABLES. Returns a Figure.
    """
    wanted = np.array(TABLES[target])
    scores = CORNERS @ [w_1, w_2] + bias
    outputs = (scores > 0).astype(int)
    right = outputs == wanted
    figure, ((left, table),) = fixed_axes((9, 3.9), 1, 2, left=0.06, right=0.98, bottom=0.12,
                                          top=0.9, wspace=0.1, width_ratios=(1, 1.5))  # fmt: skip
    sides(left, (w_1, w_2), bias)
    corners(left, wanted, size=13)
    left.plot(*CORNERS[~right].T, "o", markersize=23, color="none", markeredgecolor=ORANGE,
              markeredgewidth=2.2)  # fmt: skip
    square(left)
    signed = [f"{'−' if value < 0 else '+'} {abs(value):g}" for value in (w_2, bias)]
    first = f"{w_1:g}".replace("-", "−")
    left.set_title(f"fires where {first} x₁ {signed[0]} x₂ {signed[1]} > 0")
    table.axis("off")
    table.set(xlim=(0, 6.4), ylim=(-0.6, 4.6))
    columns = (0.5, 1.3, 2.6, 3.9, 5.2)
    for x, name in zip(columns, ("x₁", "x₂", "score", "output", target), strict=True):
        table.text(x, 4.1, name, ha="center", weight="bold")
    table.plot([0.1, 6.3], [3.8, 3.8], color=GRAY, linewidth=1)
    for i, ((x_1, x_2), score) in enumerate(zip(CORNERS, scores, strict=True)):
        y, color = 3.2 - i, BLACK if right[i] else text_color(ORANGE)
        texts = (x_1, x_2, f"{score:g}".replace("-", "−"), outputs[i], wanted[i])
        for x, text in zip(columns, texts, strict=True):
            table.text(x, y, str(text), ha="center", color=color)
        table.text(6.0, y, "✓" if right[i] else "✗", ha="center", color=color,
                   family="DejaVu Sans")  # fmt: skip
    table.set_title("all four rows are right" if right.all() else f"{right.sum()} of 4 rows right")
    return figure


def epochs_figure(points, targets, epochs):
    """Draw the line after each epoch of learning.

    points: (N, 2). targets: (N,). epochs: a list of (weights, bias, mistakes). Returns a Figure.
    """
    figure = Figure(figsize=(10, 2.5))
    axes = np.atleast_1d(figure.subplots(1, len(epochs), sharey=True))
    for number, (ax, (weights, bias, mistakes)) in enumerate(zip(axes, epochs, strict=True), 1):
        sides(ax, weights, bias)
        corners(ax, targets, points, size=9)
        square(ax, labels=False)
        ax.set_title(f"epoch {number}\n{mistakes} mistake{'s' * (mistakes != 1)}", fontsize=10)
        ax.set_xlabel(f"w = ({weights[0]:g}, {weights[1]:g})\nb = {float(bias):g}"
                      .replace("-", "−"), fontsize=9)  # fmt: skip
    return figure


def random_task(rng, N=50):
    """Draw points of a square on both sides of a random line, none within a random gap of it.

    rng: numpy Generator. Returns x (N, 2), targets (N,), and the line: w (2,), b.
    """
    while True:
        w, b, gap = rng.normal(size=2), rng.normal(), 10 ** rng.uniform(-2, -0.5)
        x = rng.uniform(-1, 1, (40 * N, 2))
        scores = (x @ w + b) / np.sqrt(w @ w + b * b)
        x = x[np.abs(scores) > gap][:N]
        targets = (x @ w + b > 0).astype(int)
        if len(x) == N and 5 <= targets.sum() <= N - 5:
            return x, targets, w, b


def novikoff_run(x, targets, w, b):
    """Follow θ through the mistakes of the rule, beside a separator.

    x: (N, n). targets: (N,). w (n,) and b separate them. Returns R, γ, u·θ (M + 1,), |θ| (M + 1,).
    """
    v = np.column_stack([x, np.ones(len(x))]) * (2 * targets - 1)[:, None]
    u = np.append(w, b) / np.linalg.norm(np.append(w, b))
    thetas = [np.zeros(v.shape[1])]
    wrong = True
    while wrong:
        wrong = False
        for row, target in zip(v, targets, strict=True):
            score = thetas[-1] @ row  # of v, which is turned round for target 0
            if score < 0 or (score == 0 and target == 1):
                thetas.append(thetas[-1] + row)
                wrong = True
    return (np.linalg.norm(v, axis=1).max(), (v @ u).min(), np.array(thetas) @ u,
            np.linalg.norm(thetas, axis=1))  # fmt: skip


def bound_figure(example, random_ones, hard_ones):
    """Draw the race inside Novikoff's proof, and counted mistakes against the bound.

    example: x, targets, w, b of a task. random_ones, hard_ones: (n, 2) bounds and mistakes.
    Returns a Figure.
    """
    R, gamma, along, length = novikoff_run(*example)
    bound = (R / gamma) ** 2
    figure = Figure(figsize=(10, 4.1))
    left, right = figure.subplots(1, 2)
    M = np.linspace(0, 1.12 * bound, 300)
    left.fill_between(M, gamma * M, R * np.sqrt(M), where=gamma * M <= R * np.sqrt(M), color=SKY,
                      alpha=0.15, linewidth=0)  # fmt: skip
    left.plot(M, R * np.sqrt(M), color=GRAY, label="at most √M R")
    left.plot(length, ".-", color=ORANGE, markersize=4, label="|θ|, measured")
    left.plot(along, ".-", color=BLUE, markersize=4, label="u · θ, measured")
    left.plot(M, gamma * M, "--", color=GRAY, label="at least M γ")
    left.axvline(bound, color=BLACK, linewidth=1, linestyle=":")
    left.annotate("the bound", (bound, 0), xytext=(-5, 8), textcoords="offset points", ha="right",
                  fontsize=10)  # fmt: skip
    left.set(xlabel="mistakes M", ylabel="u · θ and |θ|", xlim=(0, 1.12 * bound), ylim=(0, None),
             title=f"one task: {len(along) - 1} mistakes, the bound is {bound:.0f}")  # fmt: skip
    left.legend(loc="upper left")
    ends = np.array([1, 2 * max(random_ones[:, 0].max(), hard_ones[:, 0].max())])
    right.fill_between(ends, ends, ends[1], color=ORANGE, alpha=0.12, linewidth=0)
    right.plot(ends, ends, color=BLACK, linewidth=1.2)
    right.plot(*random_ones.T, "o", color=BLUE, alpha=0.55, markersize=4.5, markeredgewidth=0,
               label="random points")  # fmt: skip
    right.plot(*hard_ones.T, "D", color=ORANGE, markersize=6, label="all at right angles")
    right.text(2, ends[1] / 5, "more than the bound", color="#444444")
    right.set(xscale="log", yscale="log", xlabel="Novikoff's bound (R/γ)²", ylabel="mistakes",
              xlim=ends, ylim=(1, ends[1]), title=f"{len(random_ones) + len(hard_ones)} tasks")
    right.legend(loc="lower right")
    return figure


def all_gates_figure(results):
    """Draw the 16 Boolean functions of two inputs, each with its line or without.

    results: {name in TABLES: (perceptron or None, mistakes)}. Returns a Figure.
    """
    figure = Figure(figsize=(9, 9.3))
    axes = figure.subplots(4, 4)
    for ax, (name, (neuron, mistakes)) in zip(axes.flat, results.items(), strict=True):
        if neuron is None:
            sides(ax, (0, 0), 0)
            ax.set_title(f"{name}: no line", fontsize=10, color=text_color(ORANGE),
                         weight="bold")  # fmt: skip
            for spine in ax.spines.values():
                spine.set(visible=True, color=ORANGE, linewidth=2)
        else:
            sides(ax, neuron.weights, neuron.bias)
            noun = "mistake" if mistakes == 1 else "mistakes"
            ax.set_title(f"{name}: {mistakes} {noun}", fontsize=10)
        corners(ax, TABLES[name], size=10)
        square(ax)
    return figure


def cycle_figure(points, targets, states):
    """Draw the weights that each example meets when the perceptron goes round in a circle.

    points: (N, 2). targets: (N,). states: a list of N tuples (w₁, w₂, b, …), the state before each
    example is shown. Returns a Figure.
    """
    figure = Figure(figsize=(10, 3.1))
    axes = figure.subplots(1, len(points), sharey=True)
    for ax, point, target, (w_1, w_2, bias, *_) in zip(axes, points, targets, states, strict=True):
        says = int(point @ [w_1, w_2] + bias > 0)
        sides(ax, (w_1, w_2), bias)
        corners(ax, targets, points)
        color = BLACK if says == target else ORANGE
        ax.plot(*point, "o", markersize=21, color="none", markeredgecolor=color,
                markeredgewidth=2.2)  # fmt: skip
        square(ax, labels=False)
        verdict = "right" if says == target else "wrong"
        ax.set_title(f"shown ({point[0]}, {point[1]}): says {says}, {verdict}", fontsize=10)
        ax.set_xlabel(f"w = ({w_1:g}, {w_2:g}), b = {bias:g}".replace("-", "−"), fontsize=10)
    return figure


def fold_figure():
    """Draw XOR by hand: two lines in the input plane, one in the plane of OR and NAND."""
    from helpers.perceptron import AND, NAND, OR, XOR

    figure = Figure(figsize=(9, 4))
    left, right = figure.subplots(1, 2)
    values = XOR(*CORNERS.T)
    axis = np.array(REACH)
    left.set_facecolor(SILENT)
    left.fill_between(axis, OR.weights @ [1, 0] * -axis - OR.bias, -axis + NAND.bias, color=FIRES,
                      linewidth=0)  # fmt: skip
    for neuron, name, place in ((OR, "OR fires", (0.36, 0.36)), (NAND, "NAND fires", (0.64, 0.64))):
        left.plot(axis, -(neuron.weights[0] * axis + neuron.bias) / neuron.weights[1], color=BLUE)
        left.text(*place, name, color=BLUE, rotation=-45, ha="center", va="center")
    corners(left, values, size=13)
    left.set(xlim=REACH, ylim=REACH, aspect="equal", title="what comes in")
    left.grid(False)
    square(left)
    hidden = np.stack([OR(*CORNERS.T), NAND(*CORNERS.T)], axis=1)
    sides(right, AND.weights, AND.bias)
    corners(right, values, hidden, size=13)
    for point, text, shift in (((0, 1), "(0, 0)", (0, 14)), ((1, 0), "(1, 1)", (0, -22)),
                               ((1, 1), "(0, 1) and (1, 0)", (-6, 14))):  # fmt: skip
        right.annotate(text, point, xytext=shift, textcoords="offset points", ha="center")
    right.set(xticks=[0, 1], yticks=[0, 1], xlabel="OR", ylabel="NAND",
              title="what the third neuron sees")  # fmt: skip
    return figure


# One full adder: nine perceptrons at (x, y), and what each is fed by.
COLUMN = 4.35
PLACES = {
    "a": (1.15, 10), "b": (2.55, 10), "and 1": (0.15, 8.1), "or 1": (1.45, 8.1),
    "nand 1": (2.75, 8.1), "xor 1": (2.0, 6.35), "carry": (3.45, 6.35), "and 2": (1.05, 4.6),
    "or 2": (2.0, 4.6), "nand 2": (2.95, 4.6), "sum": (2.47, 2.85), "out": (0.15, 2.85),
}  # fmt: skip
FED_BY = {
    "and 1": ("a", "b"), "or 1": ("a", "b"), "nand 1": ("a", "b"), "xor 1": ("or 1", "nand 1"),
    "and 2": ("xor 1", "carry"), "or 2": ("xor 1", "carry"), "nand 2": ("xor 1", "carry"),
    "sum": ("or 2", "nand 2"), "out": ("and 1", "and 2"),
}  # fmt: skip
KINDS = {"and": "AND", "or": "OR", "nand": "NAND", "xor": "AND", "sum": "AND", "out": "OR"}


def adder_values(a, b, n=4):
    """Every wire of the ripple-carry adder: a dictionary for each place, lowest first.

    a, b: whole numbers of n bits. Each perceptron of helpers/perceptron.py is asked once.
    """
    from helpers import perceptron

    columns, carry = [], 0
    for k in range(n):
        value = {"a": a >> k & 1, "b": b >> k & 1, "carry": carry}
        for node, inputs in FED_BY.items():
            gate = getattr(perceptron, KINDS[node.split()[0]])
            value[node] = int(gate(*(value[name] for name in inputs)))
        columns.append(value)
        carry = value["out"]
    return columns


def adder_figure(a, b):
    """Draw the 4-bit adder out of 36 perceptrons, with the wires lit that carry a 1.

    a, b: whole numbers from 0 to 15. Returns a Figure.
    """
    n = 4
    columns = adder_values(a, b, n)
    wires, lit = [], []
    nodes, texts = [], []  # (x, y, value, is perceptron), (x, y, text)

    def wire(value, *points):
        wires.append(points)
        lit.append(value)

    for k, value in enumerate(columns):
        shift = (n - 1 - k) * COLUMN
        place = {name: (x + shift, y) for name, (x, y) in PLACES.items()}
        for node, inputs in FED_BY.items():
            for name in inputs:
                wire(value[name], place[name], place[node])
        x, y = place["sum"]
        wire(value["sum"], (x, y), (x, 1.05))
        nodes.append((x, 1.05, value["sum"], ""))
        texts.append((x, 0.1, f"s{'₀₁₂₃'[k]}"))
        x, y = place["out"]
        if k + 1 < n:  # to the next column, around its right side
            wire(value["out"], (x, y), (x - 0.36, y), (x - 0.36, 6.35),
                 (PLACES["carry"][0] + shift - COLUMN, 6.35))  # fmt: skip
        else:
            wire(value["out"], (x, y), (x, 1.05))
            nodes.append((x, 1.05, value["out"], ""))
            texts.append((x, 0.1, "s₄"))
        for name in ("a", "b"):
            nodes.append((*place[name], value[name], ""))
            texts.append((place[name][0], 10.95, f"{name}{'₀₁₂₃'[k]}"))
        nodes.append((*place["carry"], value["carry"], ""))
        texts.append((place["carry"][0] + 0.1, 6.98, f"c{'₀₁₂₃'[k]}"))
        for node in FED_BY:
            nodes.append((*place[node], value[node], KINDS[node.split()[0]]))

    figure = Figure(figsize=(10, 5.9))
    figure.set_layout_engine("none")
    ax = figure.add_axes([0.01, 0.01, 0.98, 0.91])
    ax.set(xlim=(-0.75, n * COLUMN - 0.1), ylim=(-0.35, 11.4))
    ax.axis("off")
    for k in range(n):  # a box for each full adder
        left = (n - 1 - k) * COLUMN - 0.38
        ax.add_patch(FancyBboxPatch((left, 2.1), COLUMN - 0.62, 6.9, boxstyle="round,pad=0.08",
                                    facecolor="none", edgecolor="#CCCCCC", zorder=0))  # fmt: skip
    lit = np.array(lit)
    for on, color, width in ((0, "#BBBBBB", 1.0), (1, BLUE, 2.2)):
        chosen = [line for line, value in zip(wires, lit, strict=True) if value == on]
        ax.add_collection(LineCollection(chosen, colors=color, linewidths=width, zorder=1 + on))
    for gate in (True, False):
        for on in (0, 1):
            spots = np.array([(x, y) for x, y, value, kind in nodes
                              if value == on and bool(kind) == gate])  # fmt: skip
            if len(spots):
                ax.scatter(*spots.T, s=760 if gate else 210, color=BLUE if on else "white",
                           edgecolor=BLUE if on else "#888888", linewidth=1.3,
                           zorder=4)  # fmt: skip
    for x, y, value, kind in nodes:
        ax.text(x, y, kind or str(value), ha="center", va="center", fontsize=7.5 if kind else 10,
                color="white" if value else "#333333", zorder=5)  # fmt: skip
    for x, y, text in texts:
        ax.text(x, y, text, ha="center", va="center", fontsize=11)
    figure.text(0.5, 0.955, f"{a:04b} + {b:04b} = {a + b:05b}        {a} + {b} = {read(columns)}",
                ha="center", va="center", fontsize=14)  # fmt: skip
    return figure


def read(columns):
    """The number at the bottom of the circuit."""
    bits = [value["sum"] for value in columns] + [columns[-1]["out"]]
    return sum(bit << k for k, bit in enumerate(bits))


def slope_figure(line, curves):
    """Draw the losses of a step network and a sigmoid network along one parameter.

    line: (n,). curves: {"step": (n,), "sigmoid": (n,)}. Returns a Figure.
    """
    figure = Figure(figsize=(8, 3.4))
    ax = figure.add_subplot()
    ax.plot(line, curves["step"], color=ORANGE, label="steps", drawstyle="steps-mid")
    ax.plot(line, curves["sigmoid"], color=BLUE, label="sigmoids")
    ax.set(xlabel="bias of the OR neuron", ylabel="mean squared error", xlim=(line[0], line[-1]),
           ylim=(-0.03, None))  # fmt: skip
    ax.legend(loc="upper center")
    return figure


def hidden_figure(thetas, steps, moment):
    """Draw what a network 2-2-1 of sigmoids answers, and where its hidden layer sends the square.

    thetas: (K, 9) its parameters at several moments. steps: (K,) the steps they were taken at.
    moment: which of them. Returns a Figure.
    """
    theta = thetas[moment]
    W, b, v, c = theta[:4].reshape(2, 2), theta[4:6], theta[6:8], theta[8]

    def sigmoid(z):
        return 0.5 * (np.tanh(0.5 * z) + 1)

    def layer(x):
        return sigmoid(x @ W + b)

    wanted = np.array(TABLES["XOR"])
    answers = sigmoid(layer(CORNERS) @ v + c)
    figure, ((left, right),) = fixed_axes((9.5, 4.5), 1, 2, left=0.07, right=0.97, bottom=0.13,
                                          top=0.9, wspace=0.2)  # fmt: skip
    axis = np.linspace(*REACH, 45)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1)
    left.contourf(axis, axis, sigmoid(layer(grid) @ v + c), levels=np.linspace(0, 1, 11),
                  cmap="Blues", vmin=0, vmax=1.6)  # fmt: skip
    for k in range(2):  # the line of each hidden neuron, where it is at one half
        score = grid @ W[:, k] + b[k]
        if score.min() < 0 < score.max():
            left.contour(axis, axis, score, levels=[0], colors=[ORANGE], linewidths=1.4,
                         linestyles="--")  # fmt: skip
    corners(left, wanted, size=12)
    square(left)
    left.set(xlim=REACH, ylim=REACH, aspect="equal")
    left.grid(False)
    left.set_title(f"after {steps[moment]} steps: the answer p")
    ends = np.array([-0.06, 1.06])
    sides(right, v, c, reach=ends)
    fine, few = np.linspace(0, 1, 30), np.linspace(0, 1, 11)
    lines = [np.stack(np.broadcast_arrays(*pair), axis=-1)
             for value in few for pair in ((fine, value), (value, fine))]  # fmt: skip
    right.add_collection(LineCollection([layer(line) for line in lines], colors=GRAY,
                                        linewidths=0.7, alpha=0.8))  # fmt: skip
    corners(right, wanted, layer(CORNERS), size=12)
    right.set(xlabel="hidden neuron 1", ylabel="hidden neuron 2", xticks=[0, 0.5, 1],
              yticks=[0, 0.5, 1])  # fmt: skip
    good = ((answers > 0.5) == wanted).sum()
    right.set_title(f"the square inside the hidden layer: {good} of 4 right")
    return figure


def widths_figure(shares, outcomes, *levels):
    """Draw how many starts learn XOR by hidden width, and the losses at which the others stay.

    shares: {width: share}. outcomes: {width: (thetas, losses (S,))}. levels: losses to mark.
    Returns a Figure.
    """
    figure = Figure(figsize=(10, 3.9))
    left, right = figure.subplots(1, 2)
    places = np.arange(len(shares))
    bars = left.bar(places, list(shares.values()), color=BLUE, width=0.65)
    left.bar_label(bars, [f"{share:.0%}" for share in shares.values()], padding=2)
    left.set(xlabel="hidden neurons", ylabel="share of the starts that learn XOR", ylim=(0, 1.1))
    left.set_xticks(places, list(shares))
    left.grid(axis="x", visible=False)
    for level in levels:
        right.axhline(level, color=GRAY, linewidth=1, linestyle=":")
        right.text(places[-1] + 0.55, level, f"{level:.3f}", va="center", fontsize=10)
    for place, (_, losses) in zip(places, outcomes.values(), strict=True):
        spread = (np.argsort(np.argsort(losses)) / len(losses) - 0.5) * 0.6
        good = losses < 0.1
        for chosen, color in ((good, BLUE), (~good, ORANGE)):
            right.plot(place + spread[chosen], losses[chosen], ".", color=color, markersize=4)
    right.set(xlabel="hidden neurons", ylabel="loss after the last step", ylim=(-0.03, 0.75),
              xlim=(-0.6, places[-1] + 0.5))  # fmt: skip
    right.set_xticks(places, list(shares))
    right.grid(False)
    return figure


def sums_figure(right, held_out, n=16):
    """Draw which sums of two numbers a network gets right.

    right: (n²,) bool, of the pairs in order. held_out: which of them it has never been shown.
    Returns a Figure.
    """
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    kinds = np.where(right, 0, 3)
    kinds[held_out] = np.where(right[held_out], 1, 2)
    colors = ["#E4E4E4", BLUE, ORANGE, BLACK]
    names = ["shown, right", "never shown, right", "never shown, wrong", "shown, wrong"]
    figure = Figure(figsize=(7.2, 4.6))
    ax = figure.add_subplot()
    ax.imshow(kinds.reshape(n, n), cmap=ListedColormap(colors), vmin=-0.5, vmax=3.5)
    ax.set(xlabel="b", ylabel="a", xticks=range(0, n, 5), yticks=range(0, n, 5))
    ax.set_xticks(np.arange(n + 1) - 0.5, minor=True)
    ax.set_yticks(np.arange(n + 1) - 0.5, minor=True)
    ax.grid(False)
    ax.grid(which="minor", color="white", linewidth=1.5)
    ax.tick_params(which="minor", length=0)
    ax.legend(handles=[Patch(color=colors[kind], label=f"{names[kind]}: {(kinds == kind).sum()}")
                       for kind in np.unique(kinds)], loc="center left",
              bbox_to_anchor=(1.03, 0.5))  # fmt: skip
    return figure
