"""Figures of notebook 02: the valley, its descents, and what speeds them up."""

import numpy as np
from matplotlib.figure import Figure

from helpers.plots import (
    BLUE,
    GRAY,
    GREEN,
    ORANGE,
    PINK,
    SKY,
    YELLOW,
    fixed_axes,
    sparse_log,
    text_color,
)

MINIMA = np.array([[0.0, 0.0], [1.0, -1.0]]) / np.sqrt(2)  # (2, 2): a column for each minimum
VALLEY_MAP = "viridis"
UPPER, LOWER = BLUE, ORANGE  # where a walk ends


def valley(theta):
    """f(x, y) = x⁴ + x²y² - y² + y⁴ + 6, the landscape of notebook 02.   (2, ...) -> (...)"""
    x, y = theta
    return x**4 + x**2 * y**2 - y**2 + y**4 + 6


def valley_gradient(theta):
    """The gradient of `valley`.   (2, ...) -> (2, ...)"""
    x, y = theta
    return np.stack([2 * x * (2 * x**2 + y**2), 2 * y * (x**2 - 1 + 2 * y**2)])


def rosenbrock(theta):
    """(1 - x)² + 100 (y - x²)², a bent gorge toward (1, 1).   (2, ...) -> (...)"""
    x, y = theta
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def rosenbrock_gradient(theta):
    """The gradient of `rosenbrock`.   (2, ...) -> (2, ...)"""
    x, y = theta
    return np.stack([-2 * (1 - x) - 400 * x * (y - x**2), 200 * (y - x**2)])


def descent_path(start, alpha, steps):
    """Plain descent in the valley with a fixed step size.   start (2,) -> (steps + 1, 2)"""
    path = [np.array(start, dtype=float)]
    for _ in range(steps):
        path.append(path[-1] - alpha * valley_gradient(path[-1]))
    return np.array(path)


def valley_contours(ax, reach=(1.5, 1.5), colorbar=False, levels=None):
    """Draw the valley seen from above: filled contours, dense near the bottom; both minima.

    ax: Axes. reach: how far the axes go from 0 in x and in y.
    """
    from matplotlib.colors import PowerNorm

    x, y = np.linspace(-reach[0], reach[0], 101), np.linspace(-reach[1], reach[1], 101)
    z = valley(np.stack(np.meshgrid(x, y)))
    if levels is None:
        levels = 5.75 + (z.max() - 5.75) * np.linspace(0, 1, 17) ** 3
    norm = PowerNorm(0.4, vmin=5.75, vmax=levels[-1])
    filled = ax.contourf(x, y, z, levels=levels, cmap=VALLEY_MAP, norm=norm, extend="max")
    ax.contour(x, y, z, levels=levels[1:], colors="white", linewidths=0.5, alpha=0.45)
    ax.set(xlabel="x", ylabel="y", xlim=(-reach[0], reach[0]), ylim=(-reach[1], reach[1]),
           aspect="equal")  # fmt: skip
    ax.grid(False)
    if colorbar:
        bar = ax.figure.colorbar(filled, ax=ax, shrink=0.85, label="f(x, y)")
        bar.set_ticks([tick for tick in (5.75, 6, 6.5, 7, 8, 10, 15, 30) if tick <= levels[-1]])
        bar.ax.minorticks_off()
        bar.ax.set_yticklabels([f"{tick:g}" for tick in bar.get_ticks()])
    return filled


def landscape_figure():
    """Draw the valley as a surface and from above, with walks from all around it.

    Each walk is plain descent from a point of height 8; its color says where it ends.
    Returns a Figure.
    """
    from matplotlib.colors import PowerNorm
    from matplotlib.patheffects import withStroke

    rim = 8.0
    angle, share = np.linspace(0, 2 * np.pi, 181), np.linspace(0, 1, 61)[:, None]

    def on_rim(angle):
        """The points at the height of the rim in these directions.   (A,) -> (2, A)"""
        x, y = np.cos(angle), np.sin(angle)
        a, b = x**4 + x**2 * y**2 + y**4, y**2  # along a ray f = 6 - b r² + a r⁴
        return np.sqrt((b + np.sqrt(b**2 + 4 * a * (rim - 6))) / (2 * a)) * np.stack([x, y])

    x, y = on_rim(angle)[:, None] * share  # (61, 181) each
    z = valley(np.stack([x, y]))
    starts = np.radians([0, 20, 45, 75, 105, 135, 160, 180, 200, 225, 255, 285, 315, 340])
    at = on_rim(starts)
    at[1, starts % np.pi == 0] = 0  # exactly on the line between the hollows
    walks = [descent_path(start, 0.01, 600) for start in at.T]
    norm = PowerNorm(0.4, vmin=5.75, vmax=11)

    figure = Figure(figsize=(10, 4.7))
    left = figure.add_subplot(121, projection="3d", computed_zorder=False)
    left.plot_surface(x, y, z, cmap=VALLEY_MAP, norm=norm, rcount=61, ccount=181, linewidth=0,
                      antialiased=False, zorder=1)  # fmt: skip
    for level in (5.8, 5.9, 6, 6.25, 6.5, 7, 7.5):
        left.contour(x, y, z, levels=[level], colors="white", linewidths=0.6, alpha=0.5, zorder=2)
    left.set(xlabel="x", ylabel="y", zlim=(5.6, rim), xticks=[-1, 0, 1],
             yticks=[-1, 0, 1], zticks=[6, 7, 8])  # fmt: skip
    left.view_init(elev=62, azim=-32)
    left.set_box_aspect((1, 1.08, 0.45), zoom=1.12)
    right = figure.add_subplot(122)
    valley_contours(right, (1.45, 1.45), colorbar=True,
                    levels=[5.75, 5.76, 5.8, 5.86, 5.93, 6, 6.1, 6.25, 6.5, 7, 7.5, 8, 9, 10,
                            12])  # fmt: skip
    for walk in walks:
        end = walk[-1, 1]
        color = ORANGE if abs(end) < 0.1 else "white"
        style = {"color": color, "linewidth": 1.6, "solid_capstyle": "round"}
        left.plot(*walk.T, valley(walk.T) + 0.015, zorder=4, **style)
        dot = {"marker": "o", "markersize": 5, "color": color, "markeredgecolor": "black",
               "markeredgewidth": 0.6}  # fmt: skip
        left.plot(*walk[:1].T, valley(walk[:1].T), zorder=5, **dot)
        right.plot(*walk.T, **style)
        right.plot(*walk[0], **dot)
        middle = len(walk) // 60
        arrow = {"arrowstyle": "-|>", "color": color, "linewidth": 1.2}
        right.annotate("", walk[middle + 3], walk[middle], arrowprops=arrow)
    left.plot(*MINIMA, valley(MINIMA) + 0.02, "*", markersize=15, color=YELLOW,
              markeredgecolor="black", zorder=6)  # fmt: skip
    right.plot(*MINIMA, "*", markersize=16, color=YELLOW, markeredgecolor="black")
    right.plot(0, 0, "X", markersize=9, color=ORANGE, markeredgecolor="black")
    left.set_title("the surface z = f(x, y), cut off at 8", loc="center")
    right.set_title("the same from above", loc="center")
    for y, up, text in ((0.707, -19, "minimum"), (-0.707, 12, "minimum"), (0, 10, "saddle")):
        right.annotate(text, (0, y), xytext=(0, up), textcoords="offset points", ha="center",
                       color="white", fontsize=9,
                       path_effects=[withStroke(linewidth=3, foreground="#3b4f86")])  # fmt: skip
    return figure


def rate_figure(alphas, rate, measured):
    """Draw the factor by which one step shrinks the distance to a minimum of the valley.

    alphas, rate, measured: (A,) step sizes, the derived factor and the measured one.
    Returns a Figure.
    """
    figure = Figure(figsize=(8, 4.2))
    ax = figure.add_subplot()
    top = 1.25
    ax.axhspan(1, top, color=ORANGE, alpha=0.12, linewidth=0)
    ax.text(0.012, 1.1, "moves away", color="#444444", va="center")
    ax.text(0.012, 0.06, "comes closer", color="#444444", va="center")
    for curvature, color in ((1, SKY), (4, PINK)):
        line = np.linspace(0, alphas[-1], 400)
        ax.plot(line, np.abs(1 - curvature * line), color=color, linewidth=1.2)
    ax.text(0.3, 0.735, "along x:  |1 - α|", color=text_color(SKY), rotation=-14)
    ax.text(0.052, 0.57, "along y:  |1 - 4α|", color=text_color(PINK), rotation=-44, va="center")
    ax.plot(alphas, rate, color=GRAY, linewidth=5, alpha=0.35, solid_capstyle="round",
            label="derived: the larger of the two")  # fmt: skip
    ax.plot(alphas, measured, ".", color="black", markersize=6, label="measured, 30 steps each")
    ax.plot(0.4, 0.6, "o", markersize=13, fillstyle="none", color="black", markeredgewidth=1.4)
    ax.annotate("best: α = 2/5, rate 3/5", (0.4, 0.6), xytext=(0.36, 0.31), color="black",
                arrowprops={"arrowstyle": "-", "color": "black", "shrinkB": 8})  # fmt: skip
    ax.set(xlim=(0, alphas[-1]), ylim=(0, top), xlabel="learning rate α",
           ylabel="factor by which a step\nshrinks the distance")  # fmt: skip
    ax.legend(loc="lower right")
    return figure


def basins_figure(ends, alphas, reach):
    """Draw where descent from each start point ends, one picture for each learning rate.

    A white dot marks the start (1, 1).

    ends: (A, n, n) integers: 1 upper minimum, -1 lower minimum, 2 far away, 0 neither yet.
    alphas: (A,) the learning rates. reach: the start points go from -reach to reach.
    Returns a Figure.
    """
    from matplotlib.colors import to_rgb
    from matplotlib.patches import Patch

    colors = {1: UPPER, -1: LOWER, 2: "#E8E8E8", 0: "black"}
    names = {1: "upper minimum", -1: "lower minimum", 2: "flies away", 0: "neither"}
    figure = Figure(figsize=(10, 4.1))
    axes = figure.subplots(1, len(alphas), sharey=True)
    for ax, alpha, end in zip(axes, alphas, ends, strict=True):
        picture = np.zeros((*end.shape, 3))
        for kind, color in colors.items():
            picture[end == kind] = to_rgb(color)
        ax.imshow(picture, origin="lower", extent=(-reach, reach, -reach, reach))
        ax.plot(*MINIMA, "*", markersize=11, color=YELLOW, markeredgecolor="black")
        ax.plot(1, 1, "o", markersize=6, color="white", markeredgecolor="black")
        ax.set(title=f"α = {alpha:g}", xlabel="x of the start")
        ax.grid(False)
    axes[0].set_ylabel("y of the start")
    patches = [Patch(facecolor=color, edgecolor=GRAY, label=names[kind])
               for kind, color in colors.items()]  # fmt: skip
    figure.legend(handles=patches, loc="outside lower center", ncols=4)
    return figure


OPTIMIZER_COLORS = {"SGD": BLUE, "Momentum": ORANGE, "RMSProp": GREEN, "Adam": PINK}


def walk(name, start, alpha, steps, gradient=valley_gradient):
    """Take steps with an optimizer of helpers/optimizers.py, until one leaves the numbers.

    name: "SGD", "Momentum", "RMSProp" or "Adam". start: (2,). gradient: of theta (2,).
    Returns the path, (K + 1, 2) with K <= steps; fewer if a point is farther than 1e3 from 0.
    """
    from helpers import optimizers

    theta = np.array(start, dtype=float)
    optimizer = getattr(optimizers, name)(theta, learning_rate=alpha)
    path = [theta.copy()]
    while len(path) <= steps and np.abs(theta).max() < 1e3:
        optimizer.step(gradient(theta))
        path.append(theta.copy())
    return np.array(path)


def walk_figure(x, y, alpha, optimizer, steps=100):
    """Draw a walk in the valley from above, and beside it the height over the steps.

    x, y: the start. alpha: learning rate. optimizer: as for `walk`. Returns a Figure.
    """
    path = walk(optimizer, (x, y), alpha, steps)
    flown = np.abs(path[-1]).max() >= 1e3
    color = OPTIMIZER_COLORS[optimizer]
    figure, ((left, right),) = fixed_axes(
        (9.5, 4.2), 1, 2, width_ratios=(1, 1.15), left=0.07, right=0.98, bottom=0.13, top=0.92,
        wspace=0.24,
    )  # fmt: skip
    valley_contours(left, (1.6, 1.6))
    left.plot(*MINIMA, "*", markersize=14, color=YELLOW, markeredgecolor="black")
    left.plot(*path.T, "o-", color="white", markersize=3.2, linewidth=1.3)
    left.plot(*path[0], "o", markersize=8, color="white", markeredgecolor="black")
    height = np.maximum(valley(path.T) - 5.75, 1e-16)
    right.plot(height, color=color)
    right.set(xlim=(0, steps), xlabel="step", ylabel="f(θ) - 5.75, height above the minima")
    sparse_log(right, -16, 3)
    if flown:
        verdict = f"has flown away after {len(path) - 1} steps"
    else:
        end = path[-1] + 0.0
        close = np.abs(valley_gradient(end)).max() < 1e-5
        verdict = f"after {steps} steps at ({end[0]:.3f}, {end[1]:.3f})".replace("-0.000", "0.000")
        verdict += ", |g| below 1e-5" if close else ""
    left.set_title(f"{optimizer}, α = {alpha:g}")
    right.set_title(verdict)
    return figure


def race_figure(races, percent):
    """Draw where the runners of several races are after a share of the steps, and how high.

    races: a list of (title, function, reach, goals, paths): the function of theta (2, ...) that is
    walked down to 0; xmin, xmax, ymin, ymax; its goals (2, n); and {name: (K, 2)}.
    percent: how much of the longest path of each race to show, 0 to 100. Returns a Figure.
    """
    figure, axes = fixed_axes(
        (9.5, 5.6), 2, len(races), height_ratios=(1.6, 1), left=0.08, right=0.98, bottom=0.09,
        top=0.95, hspace=0.3, wspace=0.2,
    )  # fmt: skip
    for (title, function, reach, goals, paths), (ax, below) in zip(races, axes.T, strict=True):
        last = max(len(path) for path in paths.values()) - 1
        step = round(last * percent / 100)
        x, y = np.linspace(*reach[:2], 71), np.linspace(*reach[2:], 71)
        z = np.log10(function(np.stack(np.meshgrid(x, y))) + 1e-3)
        ax.contourf(x, y, z, levels=14, cmap="Greys_r", alpha=0.75)
        ax.plot(*goals, "*", markersize=15, color=YELLOW, markeredgecolor="black", zorder=5)
        for name, path in paths.items():
            color = OPTIMIZER_COLORS[name]
            ax.plot(*path[: step + 1].T, color=color, linewidth=1.5)
            ax.plot(*path[min(step, len(path) - 1)], "o", markersize=8, color=color,
                    markeredgecolor="white", zorder=6)  # fmt: skip
            height = np.maximum(function(path.T), 1e-18)
            every = max(1, len(path) // 250)  # more points cannot be seen
            steps = np.arange(0, len(path), every)
            below.plot(steps, height[::every], color=color, alpha=0.25)
            done = steps <= step
            below.plot(steps[done], height[::every][done], color=color, label=name)
        ax.set(title=f"{title}, step {step}", xlabel="x", ylabel="y", xlim=reach[:2],
               ylim=reach[2:])  # fmt: skip
        ax.locator_params(nbins=6)
        ax.grid(False)
        below.axvline(step, color=GRAY, linewidth=1)
        below.set(xlabel="step", ylabel="height", xlim=(0, last))
        sparse_log(below, -13, 3)
    axes[1, -1].legend(loc="lower left", ncols=2)
    return figure


def slopes_figure(places, function, gradient, angles, change, predicted):
    """Draw the way down from several places of the valley, and the change of height around one.

    places: (n, 2), each gets an arrow against its gradient. function, gradient: of theta (2, ...).
    angles, change, predicted: (A,) directions of a small step in radians, and what it changes.
    Returns a Figure.
    """
    figure = Figure(figsize=(9.5, 4))
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.2))
    valley_contours(left, (1.5, 1.5))
    for place in places:
        line = gradient(place)
        left.arrow(*place, *(-0.34 * line / np.linalg.norm(line)), facecolor=YELLOW, width=0.03,
                   edgecolor="black", linewidth=0.6, length_includes_head=True,
                   zorder=4)  # fmt: skip
        grid = np.linspace(-1.5, 1.5, 161)
        left.contour(grid, grid, function(np.stack(np.meshgrid(grid, grid))),
                     levels=[function(place)], colors="white", linewidths=1.1)  # fmt: skip
        left.plot(*place, "o", color="white", markeredgecolor="black", markersize=5, zorder=5)
    right.plot(np.degrees(angles), predicted, color=ORANGE, label="derived: |g| |u| cos φ")
    right.plot(np.degrees(angles), change, ".", color="black", label="measured")
    down = np.degrees(np.arctan2(*-gradient(places[0])[::-1])) % 360
    right.axvline(down, color=BLUE, linewidth=1.2, label="against the gradient")
    right.set(xlabel="direction of the step, degrees", ylabel="change of height",
              xticks=range(0, 361, 90))  # fmt: skip
    right.set_ylim(top=1.75 * np.max(change))
    right.legend(loc="upper center", ncols=2)
    return figure


def batches_figure(x, t, goal, paths):
    """Draw walks (w, b) on the mean squared error of lines t = w x + b, side by side.

    x, t: (N,) the points. goal: (2,) the minimum. paths: {title: (K, 2)}. Returns a Figure.
    """
    w, b = np.meshgrid(np.linspace(-0.4, 2.6, 80), np.linspace(-2.1, 1.6, 80))
    loss = ((w[..., None] * x + b[..., None] - t) ** 2).mean(axis=-1)  # (80, 80)
    figure = Figure(figsize=(10, 3.9))
    axes = figure.subplots(1, len(paths), sharey=True)
    for (title, path), ax in zip(paths.items(), axes, strict=True):
        ax.contourf(w, b, np.log(loss), 16, cmap="Greys_r", alpha=0.75)
        ax.plot(*path.T, color=ORANGE, linewidth=1.1)
        ax.plot(*goal, "*", color=YELLOW, markersize=13, markeredgecolor="black", zorder=5)
        ax.set(title=title, xlabel="slope w")
        ax.grid(False)
    axes[0].set_ylabel("offset b")
    return figure


def balls_figure(curves, balls):
    """Draw profiles of landscapes along y, with balls at rest.

    curves: {label: (y, height)}. balls: (n, 2) places (y, height). Returns a Figure.
    """
    figure = Figure(figsize=(8, 3.2))
    ax = figure.add_subplot()
    for (label, (y, height)), color in zip(curves.items(), (GRAY, BLUE), strict=True):
        ax.plot(y, height, color=color, linewidth=1.2 if color == GRAY else 1.8, label=label)
    ax.plot(*np.transpose(balls), "o", color=ORANGE, markersize=10)
    ax.set(xlabel="y", ylabel="height", ylim=(5.5, 6.6))
    ax.legend(loc="upper center")
    return figure
