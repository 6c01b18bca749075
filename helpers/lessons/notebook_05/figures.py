"""Figures of notebook 05: who looks where, and every matrix on the way."""

from collections import namedtuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

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
    heatmap,
)

DARK = "#444444"
KEYS, VALUES = "abcdefghijklmnop", "01234567"  # the 16 keys and 8 values of associative recall
LAYER_COLORS = (BLUE, ORANGE)

# The example of four tokens: features and three tables of weights, small enough to follow by hand.
TOKENS = ("Ada", "wrote", "code", "she")
X = np.array([[2.0, 0, 0], [0, 0, 1], [0, 2, 0], [1, 0, 2]])  # (4, 3) person, thing, asks
W_Q = np.array([[0.0, 1], [0, 0], [1, 0]])  # (3, 2)
W_K = np.array([[1.0, 0], [0, 1], [0, 0]])  # (3, 2)
W_V = np.array([[2.0, -1], [-1, 2], [0, 0]])  # (3, 2)

Matrix = namedtuple("Matrix", "title values rows columns signed", defaults=((), (), True))


def softmax_rows(scores):
    """Softmax of the last axis, for drawing.   (..., T) -> (..., T)"""
    p = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return p / p.sum(axis=-1, keepdims=True)


def ink(color):
    """Black or white, whichever can be read on a color (r, g, b, ...)."""
    return "white" if np.dot(color[:3], (0.299, 0.587, 0.114)) < 0.5 else "black"


def equation_figure(lines, figsize=(10, 6.2)):
    """Draw lines of matrices with their numbers, and the operators between them.

    lines: a list of lines; each a list of texts (operators) and Matrix(title, values, rows,
    columns, signed): rows and columns are the names beside and above it; signed colors by a map
    that is white at zero.
    Returns a Figure.
    """
    from matplotlib import colormaps

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
                        fontsize=18 if item == "·" else 11.5)  # fmt: skip
                x += width
                continue
            values = np.asarray(item.values, dtype=float)
            if len(item.rows):
                x += 0.26 * max(len(name) for name in item.rows) + 0.5
            y = middle + len(values) * high / 2
            limit = np.abs(values).max() or 1.0
            whole = np.allclose(values, values.round())
            for (i, j), value in np.ndenumerate(values):
                color = (colormaps[DIVERGING](0.5 + 0.42 * value / limit) if item.signed
                         else colormaps[SEQUENTIAL](value))  # fmt: skip
                corner = (x + j * wide, y - (i + 1) * high)
                ax.add_patch(Rectangle(corner, wide, high, facecolor=color, edgecolor="white"))
                text = f"{value + 0.0:.{0 if whole else 2}f}".replace("-", "−")
                ax.text(corner[0] + wide / 2, corner[1] + high / 2, text, ha="center",
                        va="center", fontsize=9.5 if whole else 9, color=ink(color))  # fmt: skip
            ax.add_patch(Rectangle((x, y - len(values) * high), values.shape[1] * wide,
                                   len(values) * high, fill=False, edgecolor="#999999",
                                   linewidth=0.8))  # fmt: skip
            for i, name in enumerate(item.rows):
                ax.text(x - 0.15, y - (i + 0.5) * high, name, ha="right", va="center",
                        fontsize=9, color=DARK)  # fmt: skip
            for j, name in enumerate(item.columns):
                ax.text(x + (j + 0.5) * wide, y + 0.12, name, ha="center", va="bottom",
                        fontsize=8.5, color=DARK)  # fmt: skip
            center = x + values.shape[1] * wide / 2
            ax.text(center, y + (0.75 if len(item.columns) else 0.2), item.title, ha="center",
                    va="bottom", fontsize=11)  # fmt: skip
            x += values.shape[1] * wide
        top, right = top - 1.75 - tallest - 0.35, max(right, x)
    ax.set(xlim=(-0.2, right + 0.4), ylim=(top, 0))
    ax.axis("off")
    return figure


def arc(ax, start, end, side, color, alpha, width, slope):
    """Draw an arc from one place on the x axis to another, above (1) or below (-1).

    slope: how much higher it is for each place between them.
    """
    height = side * (0.55 + slope * abs(start - end))
    base = side * 0.42
    points = [(start, base), (start, base + height), (end, base + height), (end, base)]
    codes = [Path.MOVETO] + [Path.CURVE4] * 3
    ax.add_patch(PathPatch(Path(points, codes), facecolor="none", edgecolor=color, alpha=alpha,
                           linewidth=width, capstyle="round"))  # fmt: skip


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
                    0.5 + 3 * first[t, u], slope)  # fmt: skip
        for u in np.flatnonzero(second > 0.02):
            arc(ax, T - 1, u, 1, LAYER_COLORS[1], float(min(1, second[u] + 0.05)),
                0.5 + 4 * second[u], slope)  # fmt: skip
        for place, name in enumerate(names):
            asked = place == T - 1
            ax.add_patch(Rectangle((place - 0.36, -0.36), 0.72, 0.72, edgecolor=DARK,
                                   facecolor=YELLOW if asked else "white", zorder=3))  # fmt: skip
            ax.text(place, -0.02, name, ha="center", va="center", fontsize=12, zorder=4)
        ax.text(T - 0.3, -0.02, guess, va="center", fontsize=12)
        reach = 0.42 + 0.75 * (0.55 + slope * (T - 1))
        ax.text(-0.5, reach - 0.1, title, fontsize=11, va="top", weight="bold")
        ax.text(T - 0.3, 1.1, "layer 2: where the\nquestion looks", color=LAYER_COLORS[1],
                fontsize=10, va="center")  # fmt: skip
        ax.text(T - 0.3, -1.1, "layer 1: where\nthe digits look", color=LAYER_COLORS[0],
                fontsize=10, va="center")  # fmt: skip
        ax.set(xlim=(-0.6, T * 1.23), ylim=(-0.55 - 0.75 * (0.55 + slope * (T - 2)), reach))
        ax.axis("off")
    return figure


def opening_figure(steps=400, seed=0):
    """Train a small network of two attention layers on associative recall, and draw what it does.

    The task has 5 pairs out of 8 keys and 8 values here. Returns a Figure: before and after.
    """
    from helpers.attention import Embedding, MultiHeadAttention
    from helpers.layers import Layer, Linear, SoftmaxCrossEntropy, flatten
    from helpers.optimizers import Adam, warmup_cosine

    pairs, keys = 5, 8

    class Lookup(Layer):
        def __init__(self):
            super().__init__()
            self.token, self.position = Embedding(2 * keys, 32, 0.5), Embedding(11, 32, 0.5)
            self.layers = [MultiHeadAttention(32, 1), MultiHeadAttention(32, 1)]
            self.head = Linear(32, keys)

        def forward(self, tokens):
            x = self.token(tokens) + self.position(np.arange(tokens.shape[1]))
            for layer in self.layers:
                x = x + layer(x)
            self.shape = x.shape
            return self.head(x[:, -1])

        def backward(self, dy):
            dx = np.zeros(self.shape, dy.dtype)
            dx[:, -1] = self.head.backward(dy)
            for layer in reversed(self.layers):
                dx = dx + layer.backward(dx)
            self.token.backward(dx)
            self.position.backward(dx.sum(axis=0))

    def batch(N, rng):
        chosen = rng.random((N, keys)).argsort(axis=1)[:, :pairs]
        values = rng.integers(0, keys, (N, pairs))
        tokens = np.zeros((N, 2 * pairs + 1), dtype=int)
        tokens[:, 0:-1:2], tokens[:, 1::2] = chosen, keys + values
        asked = rng.integers(0, pairs, N)
        tokens[:, -1] = chosen[np.arange(N), asked]
        return tokens, values[np.arange(N), asked]

    rng, model, criterion = np.random.default_rng(seed), Lookup(), SoftmaxCrossEntropy()
    theta, grad = flatten(model, rng, np.float32)
    optimizer = Adam(theta, betas=(0.9, 0.99))
    tokens, _ = batch(1, np.random.default_rng(3))
    names = [(KEYS[:keys] + VALUES)[token] for token in tokens[0]]

    def panel(title):
        p = softmax_rows(model(tokens)[0].astype(float))
        first, second = (layer.weights[0, 0] for layer in model.layers)
        return title, first, second[-1], f"→  {VALUES[p.argmax()]}   (p = {p.max():.2f})"

    panels = [panel("before training")]
    for step in range(steps):
        criterion(*(lambda x, y: (model(x), y))(*batch(64, rng)))
        model.backward(criterion.backward())
        optimizer.step(grad, warmup_cosine(step, steps, 4e-3, 20))
    panels.append(panel(f"after {steps} steps"))
    return arcs_figure(names, panels)


def kernel_figure(x, y, query, weights, curves):
    """Draw a soft lookup on a line: how much each point counts for one query, and what comes out.

    x, y: (N,) the points. query: a number. weights: {label: (N,)} for that query.
    curves: {label: (grid, prediction)}, the same labels. Returns a Figure.
    """
    figure = Figure(figsize=(10, 3.6))
    axes = figure.subplots(1, len(curves), sharey=True, squeeze=False)[0]
    for ax, (label, (grid, prediction)) in zip(axes, curves.items(), strict=True):
        share = weights[label]
        ax.axvline(query, color=GRAY, linewidth=1, linestyle="--")
        ax.plot(grid, prediction, color=BLUE, zorder=2)
        ax.scatter(x, y, s=14 + 900 * share, color=ORANGE, alpha=0.35 + 0.6 * (share > 0.02),
                   edgecolor="white", linewidth=0.6, zorder=3)  # fmt: skip
        mixed = share @ y
        ax.plot(query, mixed, "D", color="black", markersize=7, zorder=4)
        ax.set(title=label, xlabel="key x")
    axes[0].set_ylabel("value y")
    return figure


def scale_figure(widths, variance, entropy, slope, places):
    """Draw what dividing by √d does: variance of scores, entropy and slope of their softmax.

    widths: (D,) the lengths d. variance, entropy, slope: (2, D), row 0 without the division, row 1
    with it. places: T, how many scores a softmax has. Returns a Figure.
    """
    figure = Figure(figsize=(10, 3.7))
    axes = figure.subplots(1, 3)
    names, colors = ("q · k", "q · k / √d"), (ORANGE, BLUE)
    for ax, measured in zip(axes, (variance, entropy, slope), strict=True):
        for row, name, color in zip(measured, names, colors, strict=True):
            ax.plot(widths, row, "o-", color=color, label=name, markersize=4, linewidth=1.3)
        ax.set_xscale("log", base=2)
        ax.set(xlabel="length d of queries and keys", xticks=[1, 4, 16, 64, 256, 1024])
        ax.set_xticklabels(["1", "4", "16", "64", "256", "1024"])
    axes[0].plot(widths, widths, "--", color="black", linewidth=1, label="derived: d and 1")
    axes[0].axhline(1, color="black", linestyle="--", linewidth=1)
    axes[0].set(yscale="log", title="variance of the scores")
    axes[0].legend(loc="upper left", fontsize=9)
    axes[1].axhline(np.log(places), color=GRAY, linestyle=":", linewidth=1.2)
    axes[1].text(1024, np.log(places) + 0.04, f"ln {places}: all alike", ha="right", color=DARK,
                 fontsize=9)  # fmt: skip
    axes[1].set(title="entropy of the weights, nats", ylim=(0, np.log(places) + 0.35))
    axes[2].set(yscale="log", title="typical slope of the softmax", ylim=(1e-5, 2))
    return figure


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
    for t, color, width in ((T // 4, SKY, 7), (T // 2, YELLOW, 4), (3 * T // 4, "black", 1.2)):
        right.plot(np.arange(T) - t, dots[t], color=color, linewidth=width, label=f"t = {t}")
    right.set(xlabel="distance u − t", ylabel="dot product", title="place t against place u")
    right.legend()
    return figure


def mix_figure(query, temperature):
    """Draw one query of the four-token example at work: scores, weights, and the mix of values.

    query: the token that looks, one of TOKENS. temperature: scores are divided by it, > 0.
    Returns a Figure.
    """
    row = TOKENS.index(query)
    queries, keys, values = X @ W_Q, X @ W_K, X @ W_V
    scores = queries[row] @ keys.T / np.sqrt(2)
    weights = softmax_rows(scores / temperature)
    mixed = weights @ values
    trail = softmax_rows(scores / np.logspace(-2, 2, 120)[:, None]) @ values  # (120, 2)
    figure, ((left, middle, right),) = fixed_axes(
        (10, 3.9), 1, 3, left=0.075, right=0.985, bottom=0.15, top=0.9, wspace=0.28,
        width_ratios=(1, 0.95, 1.15),
    )  # fmt: skip
    colors = (BLUE, GREEN, PINK, SKY)
    shift = {"Ada": (7, 6), "wrote": (7, -14), "code": (7, 6), "she": (7, 6)}
    for token, key, color in zip(TOKENS, keys, colors, strict=True):
        left.plot(*key, "o", color=color, markersize=9, zorder=3)
        left.annotate(token, key, xytext=shift[token], textcoords="offset points", fontsize=10)
    if queries[row].any():
        left.annotate("", queries[row], (0, 0),
                      arrowprops={"arrowstyle": "-|>", "color": ORANGE, "linewidth": 2,
                                  "shrinkA": 0, "shrinkB": 0})  # fmt: skip
    else:
        left.plot(0, 0, "X", color=ORANGE, markersize=9, zorder=4)
    left.set(xlim=(-0.5, 2.8), ylim=(-0.5, 2.6), xlabel="first feature", ylabel="second feature",
             title="the four keys, and the query")  # fmt: skip
    bars = middle.bar(TOKENS, weights, color=colors)
    for bar, weight in zip(bars, weights, strict=True):
        middle.text(bar.get_x() + bar.get_width() / 2, weight + 0.02, f"{weight:.2f}",
                    ha="center", fontsize=10)  # fmt: skip
    middle.set(ylim=(0, 1.12), title=f"weights of “{query}”, temperature {temperature:.2g}",
               yticks=[0, 0.5, 1])  # fmt: skip
    middle.grid(axis="x", visible=False)
    right.fill(*values[[0, 1, 2]].T, color=GRAY, alpha=0.12, linewidth=0)
    away = {"Ada": (-26, -14), "wrote": (-40, -8), "code": (8, 4), "she": (-30, -10)}
    for token, value, weight, color in zip(TOKENS, values, weights, colors, strict=True):
        right.plot(*np.stack([mixed, value]).T, color=color, linewidth=0.4 + 5 * weight, alpha=0.6)
        right.plot(*value, "o", color=color, markersize=9, zorder=3)
        right.annotate(token, value, xytext=away[token], textcoords="offset points", fontsize=10)
    right.plot(*trail.T, color="black", linewidth=1, linestyle=":")
    right.plot(*mixed, "D", color=ORANGE, markersize=9, zorder=5)
    right.set(xlim=(-2.8, 5.2), ylim=(-2.8, 4.8), xlabel="first feature",
              title=f"the mix of values: ({mixed[0]:.2f}, {mixed[1]:.2f})")  # fmt: skip
    for ax in (left, right):
        ax.axhline(0, color="#CCCCCC", linewidth=0.8, zorder=0)
        ax.axvline(0, color="#CCCCCC", linewidth=0.8, zorder=0)
    return figure


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
               xticks=np.arange(H * width) + 0.5, yticks=np.arange(T) + 0.5)  # fmt: skip
        ax.set_xticklabels(range(H * width))
        ax.set_yticklabels(range(T))
        ax.tick_params(length=0)
        ax.grid(False)
    axes[0].set_ylabel("place")
    return figure


def accuracy_figure(curves, levels):
    """Draw accuracy over training.

    curves: {label: (steps, accuracies)}. levels: {label: accuracy}, drawn as dashed lines.
    Returns a Figure.
    """
    figure = Figure(figsize=(9, 4))
    ax = figure.add_subplot()
    last = max(steps[-1] for steps, _ in curves.values())
    for (label, (steps, accuracies)), color in zip(curves.items(), (BLUE, ORANGE, GREEN, PINK),
                                                   strict=False):  # fmt: skip
        ax.plot(steps, accuracies, color=color, label=label)
    for label, level in levels.items():
        ax.axhline(level, color=GRAY, linestyle="--", linewidth=1.2)
        ax.text(last, level - 0.06, label, ha="right", va="top", color=DARK, fontsize=10)
    ax.set(xlabel="step", ylabel="accuracy on new sequences", xlim=(0, last), ylim=(0, 1.03))
    ax.legend(loc="center right")
    return figure


def maps_figure(names, maps):
    """Draw the weights of two layers, before and after training.

    names: T texts. maps: {title: (T, T)}, four of them, row by row. Returns a Figure.
    """
    figure = Figure(figsize=(9.4, 9))
    axes = figure.subplots(2, 2).ravel()
    places = range(len(names))
    for ax, (title, weights) in zip(axes, maps.items(), strict=True):
        image = heatmap(ax, np.where(np.tri(len(names)) > 0, weights, np.nan), limit=1)
        ax.set_xticks(places, names, fontsize=9)
        ax.set_yticks(places, names, fontsize=9)
        ax.set(title=title)
    for ax in axes[2:]:
        ax.set_xlabel("looks at")
    for ax in axes[::2]:
        ax.set_ylabel("token that looks")
    figure.colorbar(image, ax=list(axes), shrink=0.5, label="weight")
    return figure


def cost_figure(lengths, seconds, fitted, memory):
    """Draw time and memory of attention against the length.

    lengths: (L,). seconds: (L,) measured. fitted: (L,) the fitted power law; NaN where it was not
    fitted. memory: (L,) bytes. Returns a Figure.
    """
    figure = Figure(figsize=(9.5, 3.8))
    left, right = figure.subplots(1, 2)
    left.loglog(lengths, np.array(seconds) * 1e3, "o", color=BLUE, label="measured")
    left.loglog(lengths, np.array(fitted) * 1e3, "--", color="black", linewidth=1.2,
                label="fitted")  # fmt: skip
    left.set(ylabel="time, ms", title="one head, forward")
    right.loglog(lengths, np.array(memory) / 1e6, "o-", color=ORANGE, label="weights, float32")
    right.set(ylabel="memory, MB", title="the T × T weights")
    for ax in (left, right):
        ax.set_xticks(lengths, [str(length) for length in lengths])
        ax.minorticks_off()
        ax.set_xlabel("length T")
        ax.legend(loc="upper left")
    return figure
