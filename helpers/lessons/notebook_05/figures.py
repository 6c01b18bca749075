"""Figures of notebook 05: who looks where, and every matrix on the way."""

from collections import namedtuple

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from helpers.arrays import softmax
from helpers.attention import Embedding, MultiHeadAttention, rotate
from helpers.layers import Linear, Sequential, SoftmaxCrossEntropy, fit, flatten
from helpers.lessons.notebook_05.parts import Last, Residual
from helpers.optimizers import Adam
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
    text_color,
    with_alt,
)

DARK = "#444444"
WEIGHTS = "Blues"  # maps of weights: white is none
LAYER_COLORS = (BLUE, ORANGE)

Matrix = namedtuple("Matrix", "title values rows columns signed", defaults=((), (), True))


def ink(color):
    """Black or white, whichever can be read on a color (r, g, b, ...)."""
    return "white" if np.dot(color[:3], (0.299, 0.587, 0.114)) < 0.5 else "black"


def cell_color(value, limit, signed):
    """The color of a number in a matrix: white at 0."""
    if signed:
        return colormaps[DIVERGING](0.5 + 0.42 * value / limit)
    return colormaps[WEIGHTS](0.85 * value)


def draw_matrix(ax, item, x, y, wide, high):
    """Draw a Matrix with its upper left corner at (x, y), every number in a cell wide · high."""
    values = np.asarray(item.values, dtype=float)
    rows, columns = values.shape
    limit = np.abs(values).max() or 1.0
    whole = np.allclose(values, values.round())
    for (i, j), value in np.ndenumerate(values):
        color = cell_color(value, limit, item.signed)
        corner = (x + j * wide, y - (i + 1) * high)
        ax.add_patch(Rectangle(corner, wide, high, facecolor=color, edgecolor="white"))
        text = f"{value + 0.0:.{0 if whole else 2}f}".replace("-", "−")
        ax.text(corner[0] + wide / 2, corner[1] + high / 2, text, ha="center", va="center",
                fontsize=9.5 if whole else 9, color=ink(color))
    ax.add_patch(Rectangle((x, y - rows * high), columns * wide, rows * high, fill=False,
                           edgecolor="#999999", linewidth=0.8))
    for i, name in enumerate(item.rows):
        ax.text(x - 0.15, y - (i + 0.5) * high, name, ha="right", va="center", fontsize=9,
                color=DARK)
    for j, name in enumerate(item.columns):
        ax.text(x + (j + 0.5) * wide, y + 0.12, name, ha="center", va="bottom", fontsize=8.5,
                color=DARK)
    ax.text(x + columns * wide / 2, y + (0.75 if len(item.columns) else 0.2), item.title,
            ha="center", va="bottom", fontsize=11)


def equation_figure(lines, figsize):
    """Draw lines of matrices with their numbers, and the operators between them.

    lines: a list of lines; each a list of texts (operators) and Matrix(title, values, rows,
    columns, signed): rows and columns are the names beside and above it; signed colors by a map
    that is white at zero. Returns a Figure.
    """
    wide, high, gap = 1.6, 0.82, 0.3  # a cell, and the space around an operator
    figure = Figure(figsize=figsize)
    figure.set_layout_engine("none")
    ax = figure.add_axes((0.01, 0.01, 0.98, 0.98))
    top, right = 0.0, 0.0
    for line in lines:
        tallest = max(len(item.values) for item in line if isinstance(item, Matrix)) * high
        middle, x = top - 1.75 - tallest / 2, 0.0
        for item in line:
            if isinstance(item, str):
                width = 0.30 * max(len(part) for part in item.split("\n")) + 2 * gap
                ax.text(x + width / 2, middle, item, ha="center", va="center",
                        fontsize=18 if item == "·" else 11.5)
                x += width
                continue
            if len(item.rows):
                x += 0.26 * max(len(name) for name in item.rows) + 0.5
            rows, columns = np.shape(item.values)
            draw_matrix(ax, item, x, middle + rows * high / 2, wide, high)
            x += columns * wide
        top, right = top - 1.75 - tallest - 0.35, max(right, x)
    ax.set(xlim=(-0.2, right + 0.4), ylim=(top, 0))
    ax.axis("off")
    return figure


def forward_figure(tokens, m):
    """Draw all matrices of attention over four tokens.

    tokens: T names. m: {"X": (T, 4), "W_Q": (4, 2), …, "M": (T, 2)}, all of them.
    Returns a Figure.
    """
    kinds, said = ("person", "thing"), (tokens[0], tokens[2])
    figure = equation_figure([
        [Matrix("$X$", m["X"], tokens, ("person", "thing", "asks", tokens[0])), "·",
         Matrix("$W_Q$", m["W_Q"], (), kinds), "=", Matrix("$Q$", m["Q"], (), kinds)],
        ["$X$ ·", Matrix("$W_K$", m["W_K"], (), kinds), "=", Matrix("$K$", m["K"], tokens, kinds),
         "      $X$ ·", Matrix("$W_V$", m["W_V"], (), said), "=",
         Matrix("$V$", m["V"], tokens, said)],
        [Matrix("$Q$", m["Q"], tokens, kinds), "·", Matrix("$K^T$", m["K"].T, (), tokens), "=",
         Matrix("$S = Q K^T$", m["S"], tokens, tokens)],
        ["softmax\nof S / √2 =", Matrix("$P$", m["P"], tokens, tokens, signed=False), "·",
         Matrix("$V$", m["V"], (), said), "=", Matrix("$M = P V$", m["M"], tokens, said)],
    ], (10, 8.6))
    she = ", ".join(f"{p:.2f} for {name}" for p, name in zip(m["P"][3], tokens, strict=True))
    return with_alt(figure, (
        "Four lines of small matrices. X times three tables gives Q, K and V. Q times K transposed "
        f"gives the scores. The row of {tokens[3]} in the weights P is {she}. Times V it gives her "
        f"row of M: {m['M'][3, 0]:.2f} of {said[0]}, {m['M'][3, 1]:.2f} of {said[1]}."))


def backward_figure(tokens, m):
    """Draw all matrices of the way back through attention over four tokens.

    tokens: T names. m: {"dM": (T, 2), …, "dV": (T, 2)}, all of them. Returns a Figure.
    """
    figure = equation_figure([
        [Matrix("$dM$", m["dM"], tokens), "·", Matrix("$V^T$", m["V"].T, (), tokens), "=",
         Matrix("$dP$", m["dP"], tokens, tokens), "softmax\nbackward",
         Matrix("$dZ$", m["dZ"], (), tokens)],
        [Matrix("$dZ$", m["dZ"], tokens, tokens), "·", Matrix("$K$", m["K"], tokens), "÷ √2 =",
         Matrix("$dQ$", m["dQ"], tokens)],
        [Matrix("$dZ^T$", m["dZ"].T, tokens, tokens), "·", Matrix("$Q$", m["Q"], tokens), "÷ √2 =",
         Matrix("$dK$", m["dK"], tokens)],
        [Matrix("$P^T$", m["P"].T, tokens, tokens, signed=False), "·",
         Matrix("$dM$", m["dM"], tokens), "=", Matrix("$dV$", m["dV"], tokens)],
    ], (10, 8.2))
    row = ", ".join(f"{value:.2f}" for value in m["dQ"][2])
    return with_alt(figure, (
        "Four lines of small matrices: dM times V transposed gives dP, and the softmax turns it "
        "into dZ, whose rows sum to 0. dZ times K and dZ transposed times Q, divided by √2, give "
        "dQ and dK. P transposed times dM gives dV. "
        f"The row of {tokens[2]} in dQ is ({row}), not 0."))


def arc(ax, start, end, side, color, alpha, width, slope):
    """Draw an arc from one place on the x axis to another, above (1) or below (-1).

    slope: how much higher it is for each place between them.
    """
    height = side * (0.55 + slope * abs(start - end))
    base = side * 0.42
    points = [(start, base), (start, base + height), (end, base + height), (end, base)]
    codes = [Path.MOVETO] + [Path.CURVE4] * 3
    ax.add_patch(PathPatch(Path(points, codes), facecolor="none", edgecolor=color, alpha=alpha,
                           linewidth=width, capstyle="round"))


def arcs_figure(names, panels):
    """Draw who looks where in two layers of attention, as arcs over and under a row of tokens.

    names: T texts. panels: a list of (title, first, second, guess): the weights (T, T) of layer 1,
    of which the digits' rows, at odd places, are drawn below; those of the last place in layer 2,
    (T,), drawn above; the text behind the tokens.
    Returns a Figure.
    """
    T = len(names)
    slope = 2.2 / T
    figure = Figure(figsize=(10, 3.1 * len(panels)))
    axes = figure.subplots(len(panels), 1, squeeze=False)[:, 0]
    for ax, (title, first, second, guess) in zip(axes, panels, strict=True):
        for t, u in np.argwhere(first > 0.04):
            if t != u and t % 2:
                arc(ax, t, u, -1, LAYER_COLORS[0], float(min(1, first[t, u])),
                    0.5 + 3 * first[t, u], slope)
        for u in np.flatnonzero(second > 0.02):
            arc(ax, T - 1, u, 1, LAYER_COLORS[1], float(min(1, second[u] + 0.05)),
                0.5 + 4 * second[u], slope)
        for place, name in enumerate(names):
            asked = place == T - 1
            ax.add_patch(Rectangle((place - 0.36, -0.36), 0.72, 0.72, edgecolor=DARK,
                                   facecolor=YELLOW if asked else "white", zorder=3))
            ax.text(place, -0.02, name, ha="center", va="center", fontsize=12, zorder=4)
        ax.text(T - 0.3, -0.02, guess, va="center", fontsize=12)
        reach = 0.42 + 0.75 * (0.55 + slope * (T - 1))
        ax.text(-0.5, reach - 0.1, title, fontsize=11, va="top", weight="bold")
        ax.text(T - 0.3, 1.1, "layer 2: where the\nquestion looks",
                color=text_color(LAYER_COLORS[1]),
                fontsize=10, va="center")
        ax.text(T - 0.3, -1.1, "layer 1: where\nthe digits look",
                color=text_color(LAYER_COLORS[0]),
                fontsize=10, va="center")
        ax.set(xlim=(-0.6, T * 1.23), ylim=(-0.55 - 0.75 * (0.55 + slope * (T - 2)), reach))
        ax.axis("off")
    return figure


def looks_of(model, text):
    """The weights of the two attention layers of a model for one text: two maps (T, T)."""
    model(text[None])
    return [look.layer.weights[0, 0] for look in model.layers[1:3]]


@np.errstate(under="ignore")  # in a network that is nearly sure, gradients round to 0
def opening_figure(names, texts, answers, text, answer, steps=300, seed=0):
    """Train two layers of attention to look up values, and draw where the tokens of a text look.

    names: V, of the tokens. texts (N, T), answers (N,): to train on, 64 a step. text (T,), answer:
    what is drawn. Returns a Figure: before and after.
    """
    looks = [Residual(MultiHeadAttention(32, heads=1, rotary=True)) for _ in range(2)]
    model = Sequential(Embedding(len(names), 32, scale=1), *looks, Last(), Linear(32, 8))
    flatten(model, np.random.default_rng(seed), np.float32)
    panels = []
    for title, count in (("before training", 0), (f"after {steps} steps", steps)):
        if count:
            rows = slice(0, 64 * count)
            fit(model, SoftmaxCrossEntropy(), texts[rows], answers[rows], epochs=1, batch_size=64,
                optimizer=Adam(model.theta, betas=(0.9, 0.99)), learning_rate=4e-3)
        first, second = looks_of(model, text)
        p = softmax(model(text[None])[0].astype(float))
        guess = names[-8:][p.argmax()]
        panels.append((title, first, second[-1], f"→  {guess}   (p = {p.max():.2f})"))
    figure = arcs_figure([names[token] for token in text], panels)
    digits = np.arange(1, len(text) - 1, 2)
    said = "right" if p.argmax() == answer else "wrong"
    return with_alt(figure, (
        f"A row of {len(text)} tokens, letters and digits in turn, twice. Before training, "
        "arcs lead everywhere. After training, digits have thick blue arcs to the letter before "
        f"them, of the mean weight {first[digits, digits - 1].mean():.2f}, and the last token has "
        f"a thick orange arc, {second[-1].max():.2f}, to a digit: {guess}, which is {said}."))


def kernel_figure(x, y, query, weights, curves):
    """Draw a soft lookup on a line: how much each point counts for one query, and what comes out.

    x, y: (N,) the points. query: a number. weights: {label: (N,)} for that query.
    curves: {label: (grid, prediction)}, the same labels. Returns a Figure.
    """
    figure = Figure(figsize=(10, 3.6))
    axes = figure.subplots(1, len(curves), sharey=True, squeeze=False)[0]
    told = []
    for ax, (label, (grid, prediction)) in zip(axes, curves.items(), strict=True):
        share = weights[label]
        ax.axvline(query, color=GRAY, linewidth=1, linestyle="--")
        ax.plot(grid, prediction, color=BLUE, zorder=2)
        ax.scatter(x, y, s=14 + 900 * share, color=ORANGE, alpha=0.35 + 0.6 * (share > 0.02),
                   edgecolor="white", linewidth=0.6, zorder=3)
        ax.plot(query, share @ y, "D", color="black", markersize=7, zorder=4)
        ax.set(title=label, xlabel="key x")
        told.append(f"with {label} the largest dot has the weight {share.max():.2f} and the curve "
                    f"spans {np.ptp(prediction):.1f}")
    axes[0].set_ylabel("value y")
    return with_alt(figure, "Pictures of the same wave of points: " + "; ".join(told) + ".")


def scale_figure(widths, variance, entropy, slope, places):
    """Draw what dividing by √d does: variance of scores, entropy and slope of their softmax.

    widths: (D,) the lengths d. variance, entropy, slope: (2, D), row 0 without the division, row 1
    with it. places: T, how many scores a softmax has. Returns a Figure.
    """
    figure = Figure(figsize=(10, 3.7))
    axes = figure.subplots(1, 3)
    styles = (("without √d", "s-", ORANGE), ("with √d", "o-", BLUE))
    for ax, measured in zip(axes, (variance, entropy, slope), strict=True):
        for row, (_, style, color) in zip(measured, styles, strict=True):
            ax.plot(widths, row, style, color=color, markersize=4, linewidth=1.3)
        ax.set_xscale("log", base=2)
        ax.set(xlabel="length d of queries and keys", xticks=[1, 4, 16, 64, 256, 1024])
        ax.set_xticklabels(["1", "4", "16", "64", "256", "1024"])
    for (name, _, color), place in zip(styles, ((0.62, 0.86), (0.98, 0.14)), strict=True):
        axes[0].text(*place, name, color=text_color(color), fontsize=10, ha="right",
                     transform=axes[0].transAxes)
    axes[0].plot(widths, widths, "--", color="black", linewidth=1)
    axes[0].axhline(1, color="black", linestyle="--", linewidth=1)
    axes[0].set(yscale="log", title="variance of the scores", ylim=(0.4, 3000))
    axes[0].text(1024, 9, "dashed: derived,\nd and 1", ha="right", color=DARK, fontsize=9)
    axes[1].axhline(np.log(places), color=GRAY, linestyle=":", linewidth=1.2)
    axes[1].text(1024, np.log(places) + 0.04, f"ln {places}: all alike", ha="right", color=DARK,
                 fontsize=9)
    axes[1].set(title="entropy of the weights, nats", ylim=(0, np.log(places) + 0.35))
    axes[2].set(yscale="log", title="median slope of the softmax", ylim=(1e-5, 2))
    return with_alt(figure, (
        f"Three charts over d. The variance of the raw scores rises on the line d to "
        f"{variance[0, -1]:.0f}, that of the divided ones stays at 1. The entropy of the raw "
        f"weights falls to {entropy[0, -1]:.1f}, of the divided ones it stays at "
        f"{entropy[1, -1]:.1f}. The raw slope falls off a cliff to {slope[0, -1]:.0e}; the divided "
        f"one stays at {slope[1, -1]:.1f}."))


def positions_figure(table, dots):
    """Draw a table of positions and the dot products between its rows.

    table: (T, d). dots: (T, T). Returns a Figure.
    """
    figure = Figure(figsize=(10, 4))
    left, right = figure.subplots(1, 2, width_ratios=(1.05, 1))
    image = left.imshow(table, cmap=DIVERGING, vmin=-1, vmax=1, aspect="auto")
    figure.colorbar(image, ax=left, shrink=0.85)
    left.set(xlabel="feature", ylabel="place t", title="the vector of each place")
    left.grid(False)
    T = len(table)
    for t, color, width, style in ((T // 4, SKY, 7, "-"), (T // 2, YELLOW, 3.5, "-"),
                                   (3 * T // 4, "black", 1.2, "--")):
        right.plot(np.arange(T) - t, dots[t], style, color=color, linewidth=width, label=f"t = {t}")
    right.set(xlabel="distance u − t", ylabel="dot product", title="place t against place u")
    right.legend()
    return with_alt(figure, (
        f"Left, {T} rows of waves: the columns on the left alternate quickly from row to row, "
        "those on the right hardly change. Right, three curves of dot products over the distance "
        f"lie on each other: a peak of {dots.max():.0f} at distance 0, the same to both sides."))


def turn_figure(q, k, rate, places):
    """Draw one pair of features of a query and a key, turned by the places where they stand.

    q, k: (2,). rate: the angle for one place. places: two pairs (t, u), of query and key.
    Returns a Figure.
    """
    figure = Figure(figsize=(9.5, 2.7))
    axes = figure.subplots(1, 2)
    told = []
    for ax, (t, u) in zip(axes, places, strict=True):
        there, angles = [], []
        for x, place, name, color in ((q, t, "query", ORANGE), (k, u, "key", BLUE)):
            x = rotate(x, *(np.array([f(rate * place)]) for f in (np.cos, np.sin)))
            ax.annotate("", x, (0, 0), arrowprops={"arrowstyle": "-|>", "color": color,
                                                   "linewidth": 2, "shrinkA": 0, "shrinkB": 0})
            ax.text(*(1.1 * x + 0.04 * np.sign(x)), f"{name} at place {place}", fontsize=10,
                    color=text_color(color), va="center", ha="left" if x[0] > 0 else "right")
            there.append(x)
            angles.append(np.arctan2(x[1], x[0]))
        between = np.linspace(angles[1], angles[1] + (angles[0] - angles[1]) % (2 * np.pi), 40)
        ax.plot(0.3 * np.cos(between), 0.3 * np.sin(between), color=DARK, linewidth=1.2)
        score = there[0] @ there[1]
        told.append(f"at places {t} and {u} their dot product is {score:.3f}")
        ax.set(title=f"t − u = {t - u}, dot product {score:.3f}".replace("-", "−"), aspect="equal",
               xlim=(-2.6, 2.6), ylim=(-0.8, 1.2), xlabel="first of the pair")
        ax.set_ylabel("second")
    return with_alt(figure, "Two arrows in the plane, a query and a key, on the right both turned "
                    f"further by the same angle: {' and '.join(told)}. The angle between them is "
                    "the same in both.")


def rotary_figure(distance, scores, deviations, by_sum, by_turning):
    """Draw scores of rotated vectors over the distance, and two look-back heads among tokens.

    distance: (D,) u - t. scores: {label: (D,)}. deviations: (S,) of the tokens' entries.
    by_sum: (S,) the weight at the place before when positions are added; by_turning: when q and k
    are turned. Returns a Figure.
    """
    figure = Figure(figsize=(10, 3.9))
    left, right = figure.subplots(1, 2)
    styles = (("s--", ORANGE), ("o-", BLUE))
    peaks = []
    for (label, score), (style, color) in zip(scores.items(), styles, strict=True):
        left.plot(distance, score, style, color=color, markersize=4, linewidth=1.3, label=label)
        peaks.append(f"with {label} at {distance[np.argmax(score)]}")
    left.axvline(0, color=GRAY, linewidth=1)
    left.set(xlabel="distance u − t   (before the query  |  after it)", ylabel="score before ÷ √d",
             title="score over the distance")
    low, high = left.get_ylim()
    left.set_ylim(low, high + 0.4 * (high - low))
    left.legend(loc="upper left")
    right.plot(deviations, by_sum, "s--", color=ORANGE)
    right.plot(deviations, np.full(len(deviations), by_turning), "o-", color=BLUE)
    right.text(deviations[-1], by_turning + 0.03, "q and k turned by their places", ha="right",
               va="bottom", color=text_color(BLUE), fontsize=10)
    right.text(deviations[2] + 0.03, by_sum[2], "positions added", va="bottom", fontsize=10,
               color=text_color(ORANGE))
    right.set(xlabel="deviation of the tokens' entries", ylim=(0, 1.03),
              title="weight at the place before")
    return with_alt(figure, (
        f"Left, two hills of scores over the distance; the peak is {' and '.join(peaks)}. Right, "
        "the weight of a look-back head at the place before, over the size of the tokens: with "
        f"added positions it falls from {by_sum[0]:.2f} to {by_sum[-1]:.2f}, turned it stays at "
        f"{by_turning:.2f}."))


def mixer(tokens, queries, keys, values):
    """Return draw(query, temperature): one query of a small attention at work, as a Figure.

    tokens: T names. queries, keys, values: (T, 2). query: one of the names. temperature: the
    scores are divided by it, above 0.
    """

    def draw(query, temperature):
        return mix_figure(tokens, queries, keys, values, query, temperature)

    return draw


def draw_keys(ax, tokens, keys, query, colors):
    """Draw keys as dots, a query as an arrow, all of them in the plane."""
    for token, key, color in zip(tokens, keys, colors, strict=True):
        ax.plot(*key, "o", color=color, markersize=9, zorder=3)
        down = (7, -14) if not key.any() else (7, 6)
        ax.annotate(token, key, xytext=down, textcoords="offset points", fontsize=10)
    if query.any():
        ax.annotate("", query, (0, 0), arrowprops={"arrowstyle": "-|>", "color": ORANGE,
                                                   "linewidth": 2, "shrinkA": 0, "shrinkB": 0})
    else:
        ax.plot(0, 0, "X", color=ORANGE, markersize=9, zorder=4)
    ax.set(xlim=(-0.5, 2.8), ylim=(-0.5, 2.6), xlabel="person", ylabel="thing",
           title="the keys, and the query")


def mix_figure(tokens, queries, keys, values, query, temperature):
    """Draw one query at work: keys, weights, and the mix of values. Returns a Figure."""
    row = tokens.index(query)
    scores = queries[row] @ keys.T / np.sqrt(keys.shape[1])
    weights = softmax(scores / temperature)
    mixed = weights @ values
    trail = softmax(scores / np.logspace(-2, 2, 120)[:, None]) @ values  # (120, 2)
    figure, ((left, middle, right),) = fixed_axes(
        (10, 3.9), 1, 3, left=0.075, right=0.985, bottom=0.15, top=0.9, wspace=0.28,
        width_ratios=(1, 0.95, 1.15))
    colors = (BLUE, GREEN, PINK, SKY)
    draw_keys(left, tokens, keys, queries[row], colors)
    bars = middle.bar(tokens, weights, color=colors)
    for bar, weight in zip(bars, weights, strict=True):
        middle.text(bar.get_x() + bar.get_width() / 2, weight + 0.02, f"{weight:.2f}",
                    ha="center", fontsize=10)
    middle.set(ylim=(0, 1.12), title=f"weights of “{query}”, temperature {temperature:.2g}",
               yticks=[0, 0.5, 1])
    middle.grid(axis="x", visible=False)
    corners = np.unique(values, axis=0)
    around = np.arctan2(*(corners - corners.mean(axis=0)).T)
    right.fill(*corners[np.argsort(around)].T, color=GRAY, alpha=0.2, linewidth=0)
    spots = {}
    for token, value, weight, color in zip(tokens, values, weights, colors, strict=True):
        right.plot(*np.stack([mixed, value]).T, color=color, linewidth=0.4 + 5 * weight, alpha=0.6)
        right.plot(*value, "o", color=color, markersize=9, zorder=3)
        spots.setdefault(tuple(value), []).append(token)
    for value, names in spots.items():
        right.annotate(", ".join(names), value, xytext=(-8, -17), textcoords="offset points",
                       fontsize=10)
    right.plot(*trail.T, color="black", linewidth=1, linestyle=":")
    right.plot(*mixed, "D", color=ORANGE, markersize=9, zorder=5)
    right.set(xlim=(-0.6, 2.6), ylim=(-0.6, 2.6), xlabel=f"how much {tokens[0]}",
              ylabel=f"how much {tokens[2]}",
              title=f"the mix of values: ({mixed[0]:.2f}, {mixed[1]:.2f})")
    most = tokens[int(np.argmax(weights))]
    return with_alt(figure, (
        f"Left, four keys in the plane and the query of {query} as an arrow. Middle, bars of its "
        f"weights, the largest {weights.max():.2f} for {most}. Right, the values, joined to a "
        f"diamond: {mixed[0]:.2f} of {tokens[0]}, {mixed[1]:.2f} of {tokens[2]}."))


def mask_figure(tokens, free, masked):
    """Draw two tables of weights: everyone sees all, and with the causal mask.

    tokens: T names. free, masked: (T, T). Returns a Figure.
    """
    figure = Figure(figsize=(8, 3.5))
    axes = figure.subplots(1, 2)
    for ax, p, title in zip(axes, (free, masked), ("everyone sees all", "with the causal mask"),
                            strict=True):
        ax.imshow(p, cmap=WEIGHTS, vmin=0, vmax=1.15)
        for (t, u), weight in np.ndenumerate(p):
            ax.text(u, t, f"{weight:.2f}" if weight else "0", ha="center", va="center",
                    fontsize=9, color=ink(colormaps[WEIGHTS](weight / 1.15)))
        ax.set_xticks(range(len(tokens)), tokens)
        ax.set_yticks(range(len(tokens)), tokens)
        ax.set(title=title, xlabel="looks at")
        ax.grid(False)
    return with_alt(figure, (
        "Two tables of weights. Left all cells are filled. Right the upper triangle is 0: "
        f"{tokens[0]} looks only at herself with weight {masked[0, 0]:.0f}; the last row, "
        f"{tokens[-1]}, is as it was."))


def heads_figure(right, wrong):
    """Draw where the entries of head 0 and head 1 come from, for two ways to cut (T, d).

    right, wrong: (H, T, d_h) arrays whose entries are numbered 0 to T d - 1. Returns a Figure.
    """
    figure = Figure(figsize=(9, 3.3))
    axes = figure.subplots(1, 2)
    H, T, width = right.shape
    titles = ("reshape, then swap axes", "reshape alone")
    for ax, cut, title in zip(axes, (right, wrong), titles, strict=True):
        owner = np.zeros(T * H * width)
        for head in range(H):
            owner[cut[head].ravel().astype(int)] = head
        owner = owner.reshape(T, H * width)
        for (t, j), head in np.ndenumerate(owner):
            color = (BLUE, YELLOW, GREEN, PINK)[int(head)]
            ax.add_patch(Rectangle((j, t), 1, 1, facecolor=color, alpha=0.75, edgecolor="white"))
            ax.text(j + 0.5, t + 0.5, f"head {int(head)}", ha="center", va="center", fontsize=9)
        ax.set(xlim=(0, H * width), ylim=(T, 0), title=title, xlabel="feature",
               xticks=np.arange(H * width) + 0.5, yticks=np.arange(T) + 0.5)
        ax.set_xticklabels(range(H * width))
        ax.set_yticklabels(range(T))
        ax.tick_params(length=0)
        ax.grid(False)
    axes[0].set_ylabel("place")
    return with_alt(figure, (
        f"Two tables of {T} places by {H * width} features. Left, each head owns {width} columns "
        "of every place. Right, each head owns all features of some of the places."))


def accuracy_figure(curves, levels):
    """Draw accuracy over training.

    curves: {label: (steps, accuracies)}, up to five. levels: {label: accuracy}, dashed lines.
    Returns a Figure.
    """
    figure = Figure(figsize=(9, 4.2))
    ax = figure.add_subplot()
    last = max(steps[-1] for steps, _ in curves.values())
    styles = (("^-", GREEN), ("o-", BLUE), ("D-", PINK), ("v-", SKY), ("s-", ORANGE))
    for (label, (steps, accuracies)), (style, color) in zip(curves.items(), styles, strict=False):
        ax.plot(steps, accuracies, style, color=color, label=label, markersize=4, linewidth=1.3)
    for label, level in levels.items():
        ax.axhline(level, color="black", linestyle="--", linewidth=1.2, label=label)
    ax.set(xlabel="step", ylabel="accuracy on new texts", xlim=(0, last), ylim=(0, 1.03))
    ax.legend(loc="center right", bbox_to_anchor=(1, 0.62))
    ends = ", ".join(f"{label} {accuracies[-1]:.0%}" for label, (_, accuracies) in curves.items())
    return with_alt(figure, (
        f"Accuracy over {last:.0f} steps. At its end each curve is at: {ends}. The dashed line is "
        + ", ".join(f"{label}, {level:.0%}" for label, level in levels.items()) + "."))


def maps_figure(names, before, after):
    """Draw the weights of two layers, before and after training.

    names: T texts. before, after: two maps (T, T) each, of layer 1 and layer 2. Returns a Figure.
    """
    figure = Figure(figsize=(9.4, 9))
    axes = figure.subplots(2, 2)
    places = range(len(names))
    colors = colormaps[WEIGHTS].with_extremes(bad="#EEEEEE")
    for row, (when, maps) in enumerate((("before", before), ("after", after))):
        for column, weights in enumerate(maps):
            ax = axes[row, column]
            seen = np.ma.masked_array(weights, ~np.tri(len(names), dtype=bool))
            image = ax.imshow(seen, cmap=colors, vmin=0, vmax=1)
            ax.set_xticks(places, names, fontsize=9)
            ax.set_yticks(places, names, fontsize=9)
            ax.set_title(f"layer {column + 1}, {when} training")
            ax.grid(False)
    for ax in axes[1]:
        ax.set_xlabel("looks at")
    for ax in axes[:, 0]:
        ax.set_ylabel("token that looks")
    figure.colorbar(image, ax=list(axes.flat), shrink=0.5, label="weight")
    digits = np.arange(1, len(names) - 1, 2)
    return with_alt(figure, (
        f"Four triangular maps of {len(names)} by {len(names)} weights. Before training both are "
        "pale. After it, in layer 1 every second row, the digits, has one dark cell just left of "
        f"the diagonal, on average {after[0][digits, digits - 1].mean():.2f}. In layer 2 the last "
        f"row has one dark cell, {after[1][-1].max():.2f}, at the token "
        f"{names[int(after[1][-1].argmax())]}."))


def lengths_figure(lengths, tables, trained):
    """Draw accuracy over the number of pairs in a text.

    lengths: (L,). tables: {kind of positions: (runs, L)}. trained: the most pairs in training.
    Returns a Figure.
    """
    figure = Figure(figsize=(8.5, 4))
    ax = figure.add_subplot()
    ax.axvline(trained, color="black", linestyle="--", linewidth=1)
    ax.text(trained + 0.15, 0.04, "longer than any text seen in training  →", color=DARK,
            fontsize=10)
    styles = (("o-", BLUE), ("s--", ORANGE), ("^:", GREEN))
    ends = []
    for (label, table), (style, color) in zip(tables.items(), styles, strict=True):
        for run, accuracies in enumerate(table):
            ax.plot(lengths, accuracies, style, color=color, markersize=5,
                    label=None if run else label)
        ends.append(f"{label} {table[:, -1].mean():.0%}")
    ax.set(xlabel="pairs in the text", ylabel="accuracy on new texts", ylim=(0, 1.03),
           xlim=(lengths[0], lengths[-1]), xticks=lengths)
    ax.legend(loc="lower left", bbox_to_anchor=(0.02, 0.12))
    return with_alt(figure, (
        f"Accuracy over the number of pairs. Up to {trained} pairs all curves are near 1. Beyond, "
        f"they fall; at {lengths[-1]} pairs: {', '.join(ends)}."))


def cost_figure(lengths, seconds, fitted, memory):
    """Draw time and memory of attention against the length.

    lengths: (L,). seconds: (L,) measured. fitted: (L,) the fitted power law. memory: (L,) bytes.
    Returns a Figure.
    """
    figure = Figure(figsize=(9.5, 3.8))
    left, right = figure.subplots(1, 2)
    left.loglog(lengths, np.array(seconds) * 1e3, "o", color=BLUE, label="measured")
    left.loglog(lengths, np.array(fitted) * 1e3, "--", color="black", linewidth=1.2,
                label="fitted from T = 128 on")
    left.set(ylabel="time, ms", title="one head, forward")
    right.loglog(lengths, np.array(memory) / 1e6, "s-", color=ORANGE, label="weights, float32")
    right.set(ylabel="memory, MB", title="the T × T weights")
    for ax in (left, right):
        ax.set_xticks(lengths, [str(length) for length in lengths])
        ax.minorticks_off()
        ax.set_xlabel("length T")
        ax.legend(loc="upper left")
    return with_alt(figure, (
        "Two charts on logarithmic axes. Left, measured times from T = 128 on lie near a straight "
        "line. Right, the memory of the weights is a straight line: four times as much for twice "
        "the length."))
