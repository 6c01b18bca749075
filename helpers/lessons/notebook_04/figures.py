"""Figures of notebook 04: lines and their sides, circuits, and what a hidden layer does."""

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Patch

from helpers import perceptron
from helpers.layers import Linear, Sequential, Sigmoid, flatten
from helpers.lessons.notebook_04.adder import from_bits
from helpers.perceptron import AND, NAND, OR, XOR, Perceptron
from helpers.plots import BLACK, BLUE, GRAY, ORANGE, SKY, fixed_axes, text_color, with_alt

FIRES, SILENT = "#CFE3F2", "white"  # the two sides of a line
CORNERS = np.array([(0, 0), (0, 1), (1, 0), (1, 1)])
REACH = (-0.6, 1.6)


def minus(text):
    """The text with real minus signs."""
    return text.replace("-", "−")


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
                markeredgewidth=1.2, zorder=5)


def square(ax, labels=True):
    """Give the axes of an input plane their ticks and names."""
    ax.set(xticks=[0, 1], yticks=[0, 1])
    if labels:
        ax.set_xlabel("x₁", labelpad=-2)
        ax.set_ylabel("x₂", rotation=0, labelpad=4)


def circle(ax, x, y, text, size=1500, color="white"):
    """Draw a neuron or an input as a circle with a text in it."""
    ax.scatter([x], [y], s=size, color=color, edgecolor=BLACK, linewidth=1.3, zorder=3)
    ax.text(x, y, text, ha="center", va="center", fontsize=10, zorder=4)


def arrow(ax, start, end, text="", shift=(0, 0.12), gap=20):
    """Draw a wire from one circle to another, `gap` points from its middle, with its weight."""
    ax.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": GRAY, "linewidth": 1.4,
                                            "shrinkA": 0, "shrinkB": gap}, zorder=1)
    middle = np.add(start, end) / 2 + shift
    ax.text(*middle, text, ha="center", va="center", fontsize=10)


def neuron_figure(weights, bias):
    """Draw a perceptron with two inputs: its wires and weights, and its line among the corners."""
    figure = Figure(figsize=(9, 3.5))
    left, right = figure.subplots(1, 2, width_ratios=(1.35, 1))
    left.set(xlim=(-0.4, 5.2), ylim=(-0.5, 2.5))
    left.axis("off")
    for y, name, weight in zip((2, 1, 0), ("x₁", "x₂", "1"), (*weights, bias), strict=True):
        circle(left, 0, y, name, 700)
        arrow(left, (0, y), (2.2, 1), minus(f"{weight:g}"), (-0.15, 0.2 if y > 0 else -0.28), 25)
    circle(left, 2.2, 1, "score\nz", 2100)
    arrow(left, (2.2, 1), (4.2, 1), "z > 0 ?", (0.05, 0.16), 24)
    circle(left, 4.2, 1, "0 or 1", 1900, FIRES)
    outputs = Perceptron(weights, bias).decide(CORNERS)
    sides(right, weights, bias)
    corners(right, outputs, size=13)
    right.text(1.3, 1.42, "fires", color=text_color(BLUE), ha="center")
    right.text(-0.3, -0.48, "silent", color="#444444", ha="center")
    square(right)
    fires = ", ".join(str(tuple(corner)) for corner in CORNERS[outputs == 1].tolist())
    return with_alt(figure, "Left, three wires with the weights "
                    f"{weights[0]:g}, {weights[1]:g} and, from an input that is always 1, {bias:g} "
                    "meet in a circle, the score; if it is above 0 the output is 1. Right, a line "
                    f"through the square of the four inputs: on its blue side lies {fires} alone.")


def gate_figure(questions, w_1, w_2, bias, target):
    """Draw a perceptron's line among the four corners, and its truth table beside the target's.

    questions: {name: (4,) of 0 and 1}. w_1, w_2, bias: the neuron's numbers. target: a name.
    """
    neuron, wanted = Perceptron([w_1, w_2], bias), np.array(questions[target])
    scores, outputs = neuron.score(CORNERS), neuron.decide(CORNERS)
    right = outputs == wanted
    figure, ((left, table),) = fixed_axes((9, 3.9), 1, 2, left=0.06, right=0.98, bottom=0.12,
                                          top=0.9, wspace=0.1, width_ratios=(1, 1.5))
    sides(left, (w_1, w_2), bias)
    corners(left, wanted, size=13)
    left.plot(*CORNERS[~right].T, "o", markersize=23, color="none", markeredgecolor=ORANGE,
              markeredgewidth=2.2)
    square(left)
    signed = [f"{'−' if value < 0 else '+'} {abs(value):g}" for value in (w_2, bias)]
    left.set_title(f"fires where {minus(f'{w_1:g}')} x₁ {signed[0]} x₂ {signed[1]} > 0")
    table.axis("off")
    table.set(xlim=(0, 6.4), ylim=(-0.6, 4.6))
    columns = (0.5, 1.3, 2.6, 3.9, 5.2)
    for x, name in zip(columns, ("x₁", "x₂", "score", "output", target), strict=True):
        table.text(x, 4.1, name, ha="center", weight="bold")
    table.plot([0.1, 6.3], [3.8, 3.8], color=GRAY, linewidth=1)
    for i, ((x_1, x_2), score) in enumerate(zip(CORNERS, scores, strict=True)):
        y, color = 3.2 - i, BLACK if right[i] else text_color(ORANGE)
        texts = (x_1, x_2, minus(f"{score:g}"), outputs[i], wanted[i])
        for x, text in zip(columns, texts, strict=True):
            table.text(x, y, str(text), ha="center", color=color)
        table.text(6.0, y, "✓" if right[i] else "✗", ha="center", color=color,
                   family="DejaVu Sans")
    table.set_title("all four rows are right" if right.all() else f"{right.sum()} of 4 rows right")
    verdict = "all four rows agree" if right.all() else f"{right.sum()} of 4 rows agree"
    return with_alt(figure, "Left, the square of four corners with the line of a neuron; on its "
                    f"blue side the neuron fires. Right, the truth table of {target} beside the "
                    f"scores and the outputs: {verdict}.")


def epochs_figure(points, targets, epochs):
    """Draw the line after each epoch of learning.

    points: (N, 2). targets: (N,). epochs: a list of (weights, bias, mistakes).
    """
    figure = Figure(figsize=(10, 2.5))
    axes = np.atleast_1d(figure.subplots(1, len(epochs), sharey=True))
    for number, (ax, (weights, bias, mistakes)) in enumerate(zip(axes, epochs, strict=True), 1):
        sides(ax, weights, bias)
        corners(ax, targets, points, size=9)
        square(ax, labels=False)
        ax.set_title(f"epoch {number}\n{mistakes} mistake{'s' * (mistakes != 1)}", fontsize=10)
        ax.set_xlabel(minus(f"w = ({weights[0]:g}, {weights[1]:g})\nb = {float(bias):g}"),
                      fontsize=9)
    counts = ", ".join(str(mistakes) for *_, mistakes in epochs)
    return with_alt(figure, f"{len(epochs)} panels, one an epoch, each with the neuron's line "
                    f"among the examples. The mistakes of the epochs are {counts}; at the end the "
                    "filled corners alone are on the blue side, where the neuron fires.")


def bound_figure(R, gamma, along, length, random_ones, hard_ones):
    """Draw the race inside Novikoff's proof, and counted mistakes against the bound.

    R, gamma: of the task. along, length: (M + 1,) u·θ and |θ| after each mistake.
    random_ones, hard_ones: (n, 2) bounds and mistakes of many tasks.
    """
    bound, mistakes = (R / gamma) ** 2, len(along) - 1
    figure = Figure(figsize=(10, 4.1))
    left, right = figure.subplots(1, 2)
    M = np.linspace(0, 1.12 * bound, 300)
    low, high = gamma * M, R * np.sqrt(M)
    left.fill_between(M, low, high, where=low <= high, color=SKY, alpha=0.15, linewidth=0)
    left.plot(M, high, color=GRAY)
    left.plot(M, low, "--", color=GRAY)
    left.plot(length, "s-", color=ORANGE, markersize=4)
    left.plot(along, "o-", color=BLUE, markersize=4)
    left.axvline(bound, color=BLACK, linewidth=1, linestyle=":")
    top = 1.2 * high[-1]
    for x, y, text, color, turn in [
        (0.62 * bound, R * np.sqrt(0.62 * bound), "at most √M R", "#444444", "bottom"),
        (0.62 * bound, 0.62 * bound * gamma, "at least M γ", "#444444", "top"),
    ]:
        left.text(x, y + {"bottom": 0.02, "top": -0.03}[turn] * top, text, color=color, va=turn,
                  ha="right" if turn == "bottom" else "left", fontsize=10)
    for y, text, color, shift in [(length[-1], "|θ|, measured", text_color(ORANGE), 9),
                                  (along[-1], "u · θ, measured", text_color(BLUE), -9)]:
        left.annotate(text, (mistakes, y), xytext=(7, shift), textcoords="offset points",
                      color=color, va="center", fontsize=10,
                      bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5})
    left.text(0.98 * bound, 0.03 * top, "the bound", ha="right", fontsize=10)
    left.set(xlabel="mistakes M", ylabel="u · θ and |θ|", xlim=(0, 1.12 * bound), ylim=(0, top),
             title=f"one task: {mistakes} mistakes, the bound is {bound:.0f}")
    ends = np.array([1, 2 * max(random_ones[:, 0].max(), hard_ones[:, 0].max())])
    right.fill_between(ends, ends, ends[1], color=ORANGE, alpha=0.12, linewidth=0)
    right.plot(ends, ends, color=BLACK, linewidth=1.2)
    right.plot(*random_ones.T, "o", color=BLUE, alpha=0.55, markersize=4.5, markeredgewidth=0)
    right.plot(*hard_ones.T, "D", color=ORANGE, markersize=6)
    right.text(2, ends[1] / 5, "more than the bound", color="#444444")
    right.text(*(hard_ones[-1] * (0.75, 1.5)), "all at right angles", ha="right",
               color=text_color(ORANGE))
    right.text(ends[1] / 2, 3 * random_ones[:, 1].max(), "random points", ha="right",
               color=text_color(BLUE))
    right.set(xscale="log", yscale="log", xlabel="Novikoff's bound (R/γ)²", ylabel="mistakes",
              xlim=ends, ylim=(1, ends[1]), title=f"{len(random_ones) + len(hard_ones)} tasks")
    return with_alt(figure, "Left: over the mistakes of one run, a straight line and a square root "
                    f"that meet at the bound, {bound:.0f}; the two measured curves stay between "
                    f"them and end at {mistakes}. Right, on logarithmic axes: {len(random_ones)} "
                    f"round dots lie below the diagonal; {len(hard_ones)} diamonds lie on it.")


def all_gates_figure(questions, results):
    """Draw the 16 Boolean functions of two inputs, each with its line or without.

    questions: {name: (4,) of 0 and 1}. results: {name: (perceptron or None, mistakes)}.
    """
    figure = Figure(figsize=(9, 9.6))
    axes = figure.subplots(4, 4)
    for ax, (name, (neuron, mistakes)) in zip(axes.flat, results.items(), strict=True):
        if neuron is None:
            sides(ax, (0, 0), 0)
            ax.set_title(f"{name}: no line", fontsize=10, color=text_color(ORANGE),
                         weight="bold")
            for spine in ax.spines.values():
                spine.set(visible=True, color=ORANGE, linewidth=2)
        else:
            sides(ax, neuron.weights, neuron.bias)
            noun = "mistake" if mistakes == 1 else "mistakes"
            ax.set_title(f"{name}: {mistakes} {noun}", fontsize=10)
        corners(ax, questions[name], size=10)
        square(ax)
    lines = sum(neuron is not None for neuron, _ in results.values())
    none = " and ".join(name for name, (neuron, _) in results.items() if neuron is None)
    return with_alt(figure, f"Sixteen squares of four corners. In {lines} a line, or a plane of "
                    "one color, separates the filled corners from the empty ones. "
                    f"{none or 'None'} are framed and have no line: the filled corners lie on one "
                    "diagonal, the empty ones on the other.")


def cycle_figure(points, targets, states):
    """Draw the weights that each example meets when the perceptron goes round in a circle.

    points: (N, 2). targets: (N,). states: a list of N tuples (w₁, w₂, b, …), the state before each
    example is shown.
    """
    figure = Figure(figsize=(10, 3.7))
    axes = figure.subplots(1, len(points), sharey=True)
    for ax, point, target, (w_1, w_2, bias, *_) in zip(axes, points, targets, states, strict=True):
        says = int(Perceptron([w_1, w_2], bias).decide(point))
        sides(ax, (w_1, w_2), bias)
        corners(ax, targets, points)
        color = BLACK if says == target else ORANGE
        ax.plot(*point, "o", markersize=21, color="none", markeredgecolor=color,
                markeredgewidth=2.2)
        square(ax, labels=False)
        verdict = "right" if says == target else "wrong"
        ax.set_title(f"shown ({point[0]}, {point[1]})\nsays {says}, {verdict}", fontsize=10)
        ax.set_xlabel(minus(f"w = ({w_1:g}, {w_2:g})\nb = {bias:g}"), fontsize=10)
    return with_alt(figure, f"{len(points)} panels, one for each example of an epoch. In each of "
                    "them the corner that is shown is ringed, and the line has come to lie so that "
                    "this corner is on the wrong side of it.")


def fold_figure(points=CORNERS):
    """Draw XOR by hand: its wiring, the two lines in the input plane, the one behind them."""
    figure = Figure(figsize=(10.5, 3.9))
    wires, left, right = figure.subplots(1, 3, width_ratios=(1, 1.15, 1.15))
    wires.set(xlim=(-0.45, 1.45), ylim=(-0.35, 3.5), title="the wiring")
    wires.axis("off")
    places = {"x₁": (0, 0), "x₂": (1, 0), "OR": (0, 1.35), "NAND": (1, 1.35), "AND": (0.5, 2.7)}
    for start in ("x₁", "x₂"):
        for end in ("OR", "NAND"):
            arrow(wires, places[start], places[end])
    for start in ("OR", "NAND"):
        arrow(wires, places[start], places["AND"])
    arrow(wires, places["AND"], (0.5, 3.5), gap=0)
    for name, place in places.items():
        circle(wires, *place, name, 650 if name[0] == "x" else 1500,
               "white" if name[0] == "x" else FIRES)
    values = XOR(*points.T)
    axis = np.array(REACH)
    left.set_facecolor(SILENT)
    left.fill_between(axis, -axis - OR.bias, -axis + NAND.bias, color=FIRES, linewidth=0)
    for neuron, name, place in ((OR, "OR fires", (0.36, 0.36)), (NAND, "NAND fires", (0.64, 0.64))):
        left.plot(axis, -(neuron.weights[0] * axis + neuron.bias) / neuron.weights[1], color=BLUE)
        left.text(*place, name, color=text_color(BLUE), rotation=-45, ha="center", va="center")
    corners(left, values, points, size=13)
    left.set(xlim=REACH, ylim=REACH, aspect="equal", title="what comes in")
    left.grid(False)
    square(left)
    hidden = np.stack([OR(*points.T), NAND(*points.T)], axis=1)
    sides(right, AND.weights, AND.bias)
    corners(right, values, hidden, size=13)
    for point, text, shift in (((0, 1), "(0, 0)", (0, 14)), ((1, 0), "(1, 1)", (0, -22)),
                               ((1, 1), "(0, 1) and (1, 0)", (-6, 14))):
        right.annotate(text, point, xytext=shift, textcoords="offset points", ha="center")
    right.set(xticks=[0, 1], yticks=[0, 1], xlabel="OR", ylabel="NAND",
              title="what the third neuron sees")
    return with_alt(figure, "Left: x₁ and x₂ feed OR and NAND, and both of these feed AND. Middle: "
                    "the four corners, with the lines of OR and NAND and a blue strip between them "
                    "that holds (0, 1) and (1, 0). Right: in the plane of OR and NAND these two "
                    "have become one point, (1, 1), and a line cuts it off from the other two.")


# One full adder: nine perceptrons at (x, y), and what each is fed by.
COLUMN = 4.35
PLACES = {
    "a": (1.15, 10), "b": (2.55, 10), "and 1": (0.15, 8.1), "or 1": (1.45, 8.1),
    "nand 1": (2.75, 8.1), "xor 1": (2.0, 6.35), "carry": (3.45, 6.35), "and 2": (1.05, 4.6),
    "or 2": (2.0, 4.6), "nand 2": (2.95, 4.6), "sum": (2.47, 2.85), "out": (0.15, 2.85),
}
FED_BY = {
    "and 1": ("a", "b"), "or 1": ("a", "b"), "nand 1": ("a", "b"), "xor 1": ("or 1", "nand 1"),
    "and 2": ("xor 1", "carry"), "or 2": ("xor 1", "carry"), "nand 2": ("xor 1", "carry"),
    "sum": ("or 2", "nand 2"), "out": ("and 1", "and 2"),
}
KINDS = {"and": "AND", "or": "OR", "nand": "NAND", "xor": "AND", "sum": "AND", "out": "OR"}


def adder_values(a, b, n=4):
    """Every wire of the ripple-carry adder: a dictionary for each place, lowest first.

    a, b: whole numbers of n bits. Each perceptron of helpers/perceptron.py is asked once.
    """
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

    a, b: whole numbers from 0 to 15.
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
                 (PLACES["carry"][0] + shift - COLUMN, 6.35))
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
                                    facecolor="none", edgecolor="#CCCCCC", zorder=0))
    lit = np.array(lit)
    for on, color, width in ((0, "#BBBBBB", 1.0), (1, BLUE, 2.2)):
        chosen = [line for line, value in zip(wires, lit, strict=True) if value == on]
        ax.add_collection(LineCollection(chosen, colors=color, linewidths=width, zorder=1 + on))
    for gate in (True, False):
        for on in (0, 1):
            spots = np.array([(x, y) for x, y, value, kind in nodes
                              if value == on and bool(kind) == gate])
            if len(spots):
                ax.scatter(*spots.T, s=760 if gate else 210, color=BLUE if on else "white",
                           edgecolor=BLUE if on else "#888888", linewidth=1.3,
                           zorder=4)
    for x, y, value, kind in nodes:
        ax.text(x, y, kind or str(value), ha="center", va="center", fontsize=7.5 if kind else 10,
                color="white" if value else "#333333", zorder=5)
    for x, y, text in texts:
        ax.text(x, y, text, ha="center", va="center", fontsize=11)
    figure.text(0.5, 0.955, f"{a:04b} + {b:04b} = {a + b:05b}        {a} + {b} = {read(columns)}",
                ha="center", va="center", fontsize=14)
    return with_alt(figure, "A circuit of four columns with nine circles each. The bits "
                    f"{a:04b} and {b:04b} enter at the top; wires that carry a 1 are thick and "
                    "blue, the others thin and gray. Carries run from column to column toward the "
                    f"left, and {read(columns):05b} leaves at the bottom: {a} + {b} = "
                    f"{read(columns)}.")


def read(columns):
    """The number at the bottom of the circuit."""
    return int(from_bits([value["sum"] for value in columns] + [columns[-1]["out"]]))


def slope_figure(line, steps, sigmoids):
    """Draw the losses of a step network and of a sigmoid network, each (n,), along one bias."""
    figure = Figure(figsize=(8, 3.4))
    ax = figure.add_subplot()
    ax.plot(line, steps, color=ORANGE, drawstyle="steps-mid", linestyle="--")
    ax.plot(line, sigmoids, color=BLUE)
    ax.text(line[-1] - 0.1, steps[-1] + 0.02, "steps", color=text_color(ORANGE), ha="right")
    k = np.argmin(np.abs(line - 0.55))
    ax.text(line[k] + 0.1, sigmoids[k], "sigmoids", color=text_color(BLUE), va="top")
    ax.set(xlabel="bias of the OR neuron", ylabel="mean squared error", xlim=(line[0], line[-1]),
           ylim=(-0.03, 1.15 * max(steps)))
    return with_alt(figure, "Over the bias of the OR neuron, the loss of the step network is a "
                    "broken staircase of level treads, 0 between −1 and 0. The loss of the sigmoid "
                    "network follows it as a smooth curve that slopes down into the same hollow "
                    "from both sides.")


def hidden_figure(thetas, steps, moment):
    """Draw what a network 2-2-1 of sigmoids answers, and where its hidden layer sends the square.

    thetas: (K, 9) its parameters at several moments. steps: (K,) the steps they were taken at.
    moment: which of them.
    """
    model, probability = Sequential(Linear(2, 2), Sigmoid(), Linear(2, 1)), Sigmoid()
    flatten(model, theta=thetas[moment].copy())
    first, squash, last = model.layers

    def layer(x):
        return squash(first(x))

    wanted = XOR(*CORNERS.T)
    answers = probability(model(CORNERS.astype(float)))[:, 0]
    figure, ((left, right),) = fixed_axes((9.5, 4.5), 1, 2, left=0.07, right=0.97, bottom=0.13,
                                          top=0.9, wspace=0.2)
    axis = np.linspace(*REACH, 45)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1)
    left.contourf(axis, axis, probability(model(grid))[..., 0], levels=np.linspace(0, 1, 11),
                  cmap="Blues", vmin=0, vmax=1.6)
    scores = first(grid)
    for k, style in enumerate(("--", ":")):  # the line of each hidden neuron: it is at one half
        if scores[..., k].min() < 0 < scores[..., k].max():
            left.contour(axis, axis, scores[..., k], levels=[0], colors=[ORANGE], linewidths=1.8,
                         linestyles=style)
    corners(left, wanted, size=12)
    square(left)
    left.set(xlim=REACH, ylim=REACH, aspect="equal")
    left.grid(False)
    left.set_title(f"after {steps[moment]} steps: the answer p")
    left.text(0.02, 0.02, "- -  hidden 1     · · ·  hidden 2", transform=left.transAxes, fontsize=9,
              bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 2})
    ends = np.array([-0.06, 1.06])
    sides(right, last.W[:, 0], last.b[0], reach=ends)
    fine, few = np.linspace(0, 1, 30), np.linspace(0, 1, 11)
    lines = [np.stack(np.broadcast_arrays(*pair), axis=-1)
             for value in few for pair in ((fine, value), (value, fine))]
    right.add_collection(LineCollection([layer(line) for line in lines], colors=GRAY,
                                        linewidths=0.7, alpha=0.8))
    corners(right, wanted, layer(CORNERS.astype(float)), size=12)
    right.set(xlabel="hidden neuron 1", ylabel="hidden neuron 2", xticks=[0, 0.5, 1],
              yticks=[0, 0.5, 1])
    good = ((answers > 0.5) == wanted).sum()
    right.set_title(f"the square inside the hidden layer: {good} of 4 right")
    return with_alt(figure, f"After {steps[moment]} steps. Left, the square of inputs, the darker "
                    "the surer the network answers 1, with the lines of both hidden neurons. "
                    "Right, the same square as the hidden layer sees it, with the line of the "
                    f"output: {good} of the 4 corners are on their side.")


def descent_figure(losses, legs):
    """Draw the loss along a way of several legs, all of the same length.

    losses: (n + 1,). legs: their names.
    """
    figure = Figure(figsize=(8, 3))
    ax = figure.add_subplot()
    ends = np.linspace(0, len(losses) - 1, len(legs) + 1)
    ax.plot(losses, color=BLUE)
    ax.plot(ends, losses[ends.astype(int)], "o", color=BLUE)
    for name, left, right in zip(legs, ends[:-1], ends[1:], strict=True):
        ax.text((left + right) / 2, 1.1 * losses[0], name, ha="center")
        ax.axvline(right, color=GRAY, linewidth=1, linestyle=":")
    ax.set(xlabel="step along the way", ylabel="loss", ylim=(-0.02, 1.25 * losses[0]),
           xlim=(-8, len(losses) + 7), xticks=ends)
    halts = ", ".join(f"{losses[int(end)]:.4f}" for end in ends)
    return with_alt(figure, "The loss along a way through the plateau never rises. Level to the "
                    f"eye on the first leg, it falls on the others; at the ends it is {halts}.")


def widths_figure(shares, losses, levels):
    """Draw how many starts learn XOR by hidden width, and the losses at which they end.

    shares: {width: share}. losses: {width: (S,)}. levels: losses to mark.
    """
    figure = Figure(figsize=(10, 3.9))
    left, right = figure.subplots(1, 2)
    places = np.arange(len(shares))
    bars = left.bar(places, list(shares.values()), color=BLUE, width=0.65)
    left.bar_label(bars, [f"{share:.1%}" for share in shares.values()], padding=2)
    left.set(xlabel="hidden neurons", ylabel="share of the starts that learn XOR", ylim=(0, 1.1))
    left.set_xticks(places, list(shares))
    left.grid(axis="x", visible=False)
    for level in levels:
        right.axhline(level, color=GRAY, linewidth=1, linestyle=":")
        right.text(places[-1] + 0.55, level, f"{level:.3f}", va="center", fontsize=10)
    for place, ends in zip(places, losses.values(), strict=True):
        spread = (np.argsort(np.argsort(ends)) / len(ends) - 0.5) * 0.6
        good = ends < 0.1
        right.plot(place + spread[good], ends[good], "o", color=BLUE, markersize=2.5)
        right.plot(place + spread[~good], ends[~good], "x", color=ORANGE, markersize=4)
    right.set(xlabel="hidden neurons", ylabel="loss after the last step", ylim=(-0.03, 0.75),
              xlim=(-0.6, places[-1] + 0.5))
    right.set_xticks(places, list(shares))
    right.grid(False)
    words = ", ".join(f"{share:.1%} for {width}" for width, share in shares.items())
    return with_alt(figure, f"Left, bars: the share of starts that learn XOR is {words} hidden "
                    "neurons. Right: the final losses of all starts for each width. Dots near 0 "
                    "have learned it; crosses have not, and from two neurons on they lie on two "
                    f"levels, {levels[0]:.3f} and {levels[1]:.3f}.")


def sums_figure(right, held_out, n=16):
    """Draw which sums of two numbers a network gets right.

    right: (n²,) bool, of the pairs in order. held_out: which of them it has never been shown.
    """
    kinds = np.where(right, 0, 3)
    kinds[held_out] = np.where(right[held_out], 1, 2)
    colors = ["#E4E4E4", BLUE, ORANGE, BLACK]
    names = ["shown, right", "never shown, right", "never shown, wrong", "shown, wrong"]
    figure = Figure(figsize=(7.2, 4.6))
    ax = figure.add_subplot()
    ax.imshow(kinds.reshape(n, n), cmap=ListedColormap(colors), vmin=-0.5, vmax=3.5)
    wrong = np.argwhere(kinds.reshape(n, n) >= 2)
    ax.plot(wrong[:, 1], wrong[:, 0], "x", color="white", markersize=7, markeredgewidth=2)
    ax.set(xlabel="b", ylabel="a", xticks=range(0, n, 5), yticks=range(0, n, 5))
    ax.set_xticks(np.arange(n + 1) - 0.5, minor=True)
    ax.set_yticks(np.arange(n + 1) - 0.5, minor=True)
    ax.grid(False)
    ax.grid(which="minor", color="white", linewidth=1.5)
    ax.tick_params(which="minor", length=0)
    ax.legend(handles=[Patch(color=colors[kind], label=f"{names[kind]}: {(kinds == kind).sum()}")
                       for kind in np.unique(kinds)], loc="center left",
              bbox_to_anchor=(1.03, 0.5))
    good, new = int(right[held_out].sum()), len(held_out)
    return with_alt(figure, f"A table of {n} by {n} sums. {n * n - new} cells are pale: shown in "
                    f"training. Of the other {new}, never shown, {good} are blue, right, and "
                    f"{new - good} orange with a cross, wrong.")
