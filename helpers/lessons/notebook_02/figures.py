"""Figures of notebook 02: the valley, its descents, and what speeds them up."""

import numpy as np
from matplotlib.colors import PowerNorm, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke

from helpers.lessons.notebook_02.walks import MINIMA, path_of, valley, valley_gradient
from helpers.optimizers import SGD
from helpers.plots import (
    BLACK,
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
    with_alt,
)

STYLES = {  # of an optimizer: color, line style and marker
    "SGD": {"color": BLUE, "linestyle": "-", "marker": "o"},
    "Momentum": {"color": ORANGE, "linestyle": "--", "marker": "s"},
    "RMSProp": {"color": GREEN, "linestyle": ":", "marker": "D"},
    "Adam": {"color": BLACK, "linestyle": "-.", "marker": "^"},
}
STAR = {"marker": "*", "markersize": 14, "color": YELLOW, "markeredgecolor": "black",
        "linestyle": "none"}
HALO = [withStroke(linewidth=3, foreground="white")]


def power_ticks(ax, powers):
    """Give a logarithmic x axis ticks at these powers of ten, written as everywhere: 1e-4."""
    ax.set_xticks([10.0**p for p in powers], [f"1e{p}" if p else "1" for p in powers])
    ax.minorticks_off()


def valley_contours(ax, reach=(1.5, 1.5), colorbar=False, levels=None):
    """Draw the valley seen from above: filled contours, dense near the bottom.

    ax: Axes. reach: how far the axes go from 0 in x and in y.
    """
    x, y = np.linspace(-reach[0], reach[0], 101), np.linspace(-reach[1], reach[1], 101)
    z = valley(np.stack(np.meshgrid(x, y)))
    if levels is None:
        levels = 5.75 + (z.max() - 5.75) * np.linspace(0, 1, 17) ** 3
    norm = PowerNorm(0.4, vmin=5.75, vmax=levels[-1])
    filled = ax.contourf(x, y, z, levels=levels, cmap="viridis", norm=norm, extend="max")
    ax.contour(x, y, z, levels=levels[1:], colors="white", linewidths=0.5, alpha=0.45)
    ax.set(xlabel="x", ylabel="y", xlim=(-reach[0], reach[0]), ylim=(-reach[1], reach[1]),
           aspect="equal")
    ax.grid(False)
    if colorbar:
        bar = ax.figure.colorbar(filled, ax=ax, shrink=0.85, label="f(x, y)")
        bar.set_ticks([tick for tick in (5.75, 6, 6.5, 7, 8, 10, 15, 30) if tick <= levels[-1]])
        bar.ax.minorticks_off()
        bar.ax.set_yticklabels([f"{tick:g}" for tick in bar.get_ticks()])
    return filled


def on_rim(angle, rim=8.0):
    """The points where the valley is as high as the rim, in these directions.   (A,) -> (2, A)"""
    x, y = np.cos(angle), np.sin(angle)
    a, b = x**4 + x**2 * y**2 + y**4, y**2  # along a ray f = 6 - b r² + a r⁴
    return np.sqrt((b + np.sqrt(b**2 + 4 * a * (rim - 6))) / (2 * a)) * np.stack([x, y])


def landscape_figure():
    """Draw the valley as a surface and from above, with walks from all around it.

    Each walk is plain descent from a point of height 8. Those that stay on the line between the
    hollows are orange and dashed.
    """
    degrees = np.array([0, 20, 45, 75, 105, 135, 160, 180, 200, 225, 255, 285, 315, 340])
    starts = on_rim(np.radians(degrees))
    starts[1, degrees % 180 == 0] = 0  # exactly on the line between the hollows
    walks = path_of(SGD(starts, 0.01), valley_gradient, 600).transpose(2, 0, 1)  # (14, 601, 2)

    figure = Figure(figsize=(10, 4.7))
    left = figure.add_subplot(121, projection="3d", computed_zorder=False)
    x, y = on_rim(np.linspace(0, 2 * np.pi, 181))[:, None] * np.linspace(0, 1, 61)[:, None]
    z = valley(np.stack([x, y]))
    left.plot_surface(x, y, z, cmap="viridis", norm=PowerNorm(0.4, vmin=5.75, vmax=11), rcount=61,
                      ccount=181, linewidth=0, antialiased=False, zorder=1)
    for level in (5.8, 5.9, 6, 6.25, 6.5, 7, 7.5):
        left.contour(x, y, z, levels=[level], colors="white", linewidths=0.6, alpha=0.5, zorder=2)
    left.set(xlabel="x", ylabel="y", zlim=(5.6, 8), xticks=[-1, 0, 1], yticks=[-1, 0, 1],
             zticks=[6, 7, 8])
    left.view_init(elev=62, azim=-32)
    left.set_box_aspect((1, 1.08, 0.45), zoom=1.12)
    right = figure.add_subplot(122)
    valley_contours(right, (1.45, 1.45), colorbar=True,
                    levels=[5.75, 5.76, 5.8, 5.86, 5.93, 6, 6.1, 6.25, 6.5, 7, 7.5, 8, 9, 10, 12])
    for walk in walks:
        stuck = abs(walk[-1, 1]) < 0.1
        color = ORANGE if stuck else "white"
        style = {"color": color, "linewidth": 1.8, "linestyle": (0, (3, 1.2)) if stuck else "-"}
        left.plot(*walk.T, valley(walk.T) + 0.015, zorder=4, **style)
        dot = {"marker": "o", "markersize": 5, "color": color, "markeredgecolor": "black",
               "markeredgewidth": 0.6}
        left.plot(*walk[:1].T, valley(walk[:1].T), zorder=5, **dot)
        right.plot(*walk.T, **style)
        right.plot(*walk[0], **dot)
        arrow = {"arrowstyle": "-|>", "color": color, "linewidth": 1.2}
        right.annotate("", walk[13], walk[10], arrowprops=arrow)
    left.plot(*MINIMA, valley(MINIMA) + 0.02, zorder=6, **STAR)
    right.plot(*MINIMA, **STAR)
    right.plot(0, 0, "X", markersize=9, color=ORANGE, markeredgecolor="black")
    left.set_title("the surface z = f(x, y), cut off at 8", loc="center")
    right.set_title("the same from above", loc="center")
    for y, up, text in ((0.707, -19, "minimum"), (-0.707, 12, "minimum"), (0, 10, "saddle")):
        right.annotate(text, (0, y), xytext=(0, up), textcoords="offset points", ha="center",
                       color="white", fontsize=9,
                       path_effects=[withStroke(linewidth=3, foreground="#3b4f86")])
    return with_alt(figure, "Left, a bowl with two hollows; right, the same from above. From a rim "
                    "of equal height 14 walks run down. Six bend into the upper hollow, six into "
                    "the lower one, each marked by a star. Two, dashed and orange, run along the "
                    "line between the hollows toward a saddle in the middle.")


def difference_figure(h, forward, central, rounding):
    """Draw the errors of two difference quotients and of rounding over h.   (n,) each"""
    figure = Figure()
    ax = figure.add_subplot()
    ax.loglog(h, forward, "s-", color=ORANGE, linewidth=1, markersize=3.5)
    ax.loglog(h, central, "o-", color=BLUE, linewidth=1, markersize=3.5)
    ax.loglog(h, rounding, "--", color=GRAY, linewidth=1.2)
    ax.text(3e-4, 8e-3, "forward", color=text_color(ORANGE), ha="right")
    ax.text(4e-3, 6e-7, "central", color=text_color(BLUE))
    ax.text(2e-4, 6e-12, "rounding: 1e-16 f / h", color=text_color(GRAY))
    ax.set(xlabel="h", ylabel="error of the slope", xlim=(5e-16, 2))
    sparse_log(ax, -13, 2, 3)
    power_ticks(ax, range(-15, 1, 3))
    return with_alt(figure, "Two V shapes. From the right, the forward error falls tenfold for "
                    "each tenfold of h until 1e-8, the central error a hundredfold until 1e-5. "
                    "Further left both rise again along one common ragged line, up to errors of 1.")


def slopes_figure(places, angles, change, predicted):
    """Draw the way down from places of the valley, and the change of height around the first.

    places: (n, 2), each gets an arrow against its gradient. angles, change, predicted: (A,)
    directions of a small step in radians, and what it changes.
    """
    figure = Figure(figsize=(9.5, 4))
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.2))
    valley_contours(left, (1.5, 1.5))
    grid = np.linspace(-1.5, 1.5, 161)
    for i, place in enumerate(places):
        line = valley_gradient(place)
        left.arrow(*place, *(-0.34 * line / np.linalg.norm(line)), facecolor=YELLOW, width=0.03,
                   edgecolor="black", linewidth=0.6, length_includes_head=True, zorder=4)
        left.contour(grid, grid, valley(np.stack(np.meshgrid(grid, grid))),
                     levels=[valley(place)], colors="white", linewidths=1.1)
        left.plot(*place, "s" if i == 0 else "o", color="white", markeredgecolor="black",
                  markersize=7 if i == 0 else 5, zorder=5)
    right.plot(np.degrees(angles), predicted, color=ORANGE)
    right.plot(np.degrees(angles), change, ".", color="black")
    down = np.degrees(np.arctan2(*-valley_gradient(places[0])[::-1])) % 360
    right.axvline(down, color=BLUE, linewidth=1.2)
    right.text(down + 6, 0.8 * np.max(change), f"against the\ngradient, {down:.0f}°",
               color=BLUE, va="center")
    right.text(120, 0.85 * np.max(change), "derived", color=text_color(ORANGE))
    right.text(120, 0.65 * np.max(change), "measured: dots", color="black")
    right.set(xlabel="direction of the step from the square, degrees", ylabel="change of height",
              xticks=range(0, 361, 90))
    return with_alt(figure, "Left: five arrows on the contours, each leaving its contour at a "
                    "right angle, toward lower ground. Right: the measured change of height over "
                    "the direction of the step is a cosine that lies on the derived curve; it is "
                    f"lowest at {down:.0f} degrees, exactly against the gradient.")


def lengths_figure(g, shapes):
    """Draw all steps of length 1, for several measures of length, and the one that falls most.

    g: (2,) the gradient. shapes: {title: (steps (2, A), best (2,))}.
    """
    figure = Figure(figsize=(9.5, 3.8))
    x, y = np.meshgrid(np.linspace(-1.5, 1.5, 41), np.linspace(-1.5, 1.5, 41))
    for ax, (title, (steps, best)) in zip(figure.subplots(1, 3, sharey=True), shapes.items(),
                                          strict=True):
        ax.contour(x, y, g[0] * x + g[1] * y, levels=13, colors="#BBBBBB", linewidths=0.8,
                   linestyles="solid")
        ax.plot(*steps, color=BLUE)
        for end, color, width in ((-g / np.linalg.norm(g), GRAY, 0.025), (best, ORANGE, 0.05)):
            ax.arrow(0, 0, *end, color=color, width=width, length_includes_head=True, zorder=3)
        ax.set(title=title, xlabel="step along x", xlim=(-1.5, 1.5), ylim=(-1.5, 1.5),
               aspect="equal", xticks=[-1, 0, 1], yticks=[-1, 0, 1])
        ax.text(0.97, 0.04, f"changes f by {g @ best:.1f}", transform=ax.transAxes, ha="right",
                path_effects=HALO)
        ax.grid(False)
    figure.axes[0].set_ylabel("step along y")
    return with_alt(figure, "All steps of length 1, on straight parallel contours: a circle, a "
                    "square and a diamond. A thin gray arrow in each goes against the gradient. "
                    "The thick orange one, which falls most, agrees with it only in the circle; in "
                    "the square it goes to a corner, in the diamond to a tip.")


def distances_figure(rounds, minimum):
    """Draw how far a walk is from the upper minimum, along x and along y.   rounds (K, 2)"""
    figure = Figure(figsize=(8, 3.4))
    ax = figure.add_subplot()
    x, y = np.abs(rounds - minimum).T
    ax.semilogy(x, color=BLUE)
    ax.semilogy(y, color=ORANGE, linestyle="--")
    k = np.arange(200, 1070)
    ax.semilogy(k, 8 * x[200] * 0.99 ** (k - 200), ":", color=GRAY)
    for height, name, color in ((x[-1], "along x", BLUE), (y[-1], "along y", ORANGE),
                                (1.3e-3, "0.99 a step", GRAY)):
        ax.text(1085, height, name, color=text_color(color), va="center")
    ax.set(xlabel="round", ylabel="distance to the minimum", xlim=(0, 1080))
    sparse_log(ax, -10, 1, 2)
    return with_alt(figure, "On a logarithmic scale the distance along x falls as a straight line, "
                    "parallel to 0.99 a step, for a thousand rounds. The distance along y follows "
                    "it down twice as steeply.")


def regimes_figure(paths):
    """Draw walks from one start with larger and larger learning rates.   {alpha: (K, 2)}"""
    figure = Figure(figsize=(10, 6.2))
    for ax, (alpha, path) in zip(figure.subplots(2, 3).flat, paths.items(), strict=True):
        valley_contours(ax, (1.6, 1.6))
        ax.plot(*MINIMA, **STAR)
        ax.plot(*path.T, "o-", color="white", markersize=3.2, linewidth=1.1)
        ax.plot(*path[0], "o", color="white", markersize=8, markeredgecolor="black")
        flown = np.abs(path[-1]).max() > 2
        end = "flies away" if flown else f"{len(path) - 1} steps"
        ax.set(title=f"α = {alpha:g}: {end}", xlabel="", ylabel="", xticks=[-1, 0, 1],
               yticks=[-1, 0, 1])
    return with_alt(figure, "Six maps, each with one white path from the same start (1, 1). At α = "
                    f"{min(paths):g} the dots lie so close that they make a line into the upper "
                    "minimum; at 0.1 they spread out; at 0.2 the first step already overshoots, "
                    "and the walk comes back. At 0.25 it creeps along y = 0, at 0.3 it jumps into "
                    f"the lower minimum, at {max(paths):g} it hops wider and wider and is gone.")


def walk_figure(walk, steps=100, **controls):
    """Draw a walk in the valley from above, and beside it the height over the steps.

    walk: a function of the controls that returns a path (K + 1, 2), K <= steps.
    """
    path = walk(**controls)
    figure, ((left, right),) = fixed_axes(
        (9.5, 4.2), 1, 2, width_ratios=(1, 1.15), left=0.07, right=0.98, bottom=0.13, top=0.92,
        wspace=0.24,
    )
    valley_contours(left, (1.6, 1.6))
    left.plot(*MINIMA, **STAR)
    left.plot(*path.T, "o-", color="white", markersize=3.2, linewidth=1.3)
    left.plot(*path[0], "o", markersize=8, color="white", markeredgecolor="black")
    right.plot(np.clip(valley(path.T) - 5.75, 1e-16, 1e9), color=BLUE)
    right.set(xlim=(0, steps), xlabel="step", ylabel="f(θ) - 5.75, height above the minima")
    sparse_log(right, -16, 3)
    end = path[-1]
    if np.abs(end).max() > 10:
        verdict = f"has flown away after {len(path) - 1} steps"
    else:
        verdict = f"after {len(path) - 1} steps at ({end[0]:.3f}, {end[1]:.3f})"
        verdict = verdict.replace("-0.000", "0.000")
        verdict += ", level" if np.abs(valley_gradient(end)).sum() <= 1e-5 else ""
    name = controls.get("optimizer", "plain descent")
    left.set_title(f"{name}, α = {controls['alpha']:.2g}")
    right.set_title(verdict)
    return with_alt(figure, f"Left, a white path from ({path[0, 0]:g}, {path[0, 1]:g}) over the "
                    "contours. Right, on a logarithmic scale, the height above the minima over "
                    f"the steps. The walk {'' if 'has' in verdict else 'is '}{verdict}.")


def rate_figure(alphas, rate, measured):
    """Draw the factor by which one step shrinks the distance to a minimum of the valley.

    alphas, rate, measured: (A,) step sizes, the derived factor and the measured one.
    """
    figure = Figure(figsize=(8, 4.2))
    ax = figure.add_subplot()
    top = 1.25
    ax.axhspan(1, top, color=ORANGE, alpha=0.12, linewidth=0)
    ax.text(0.012, 1.1, "moves away", color="#444444", va="center")
    ax.text(0.012, 0.06, "comes closer", color="#444444", va="center")
    line = np.linspace(0, alphas[-1], 400)
    ax.plot(line, np.abs(1 - line), color=SKY, linewidth=1.4)
    ax.plot(line, np.abs(1 - 4 * line), color=PINK, linewidth=1.4, linestyle="--")
    ax.text(0.3, 0.735, "along x:  |1 - α|", color=text_color(SKY), rotation=-14)
    ax.text(0.052, 0.57, "along y:  |1 - 4α|", color=text_color(PINK), rotation=-44, va="center")
    ax.plot(alphas, rate, color=GRAY, linewidth=5, alpha=0.35, solid_capstyle="round",
            label="derived: the larger of the two")
    ax.plot(alphas, measured, ".", color="black", markersize=6, label="measured, 30 steps each")
    ax.plot(0.4, 0.6, "o", markersize=13, fillstyle="none", color="black", markeredgewidth=1.4)
    ax.annotate("best: α = 2/5, rate 3/5", (0.4, 0.6), xytext=(0.36, 0.31), color="black",
                arrowprops={"arrowstyle": "-", "color": "black", "shrinkB": 8})
    ax.set(xlim=(0, alphas[-1]), ylim=(0, top), xlabel="learning rate α",
           ylabel="factor by which a step\nshrinks the distance")
    ax.legend(loc="lower right")
    return with_alt(figure, "Two straight lines fall from 1; the steeper one rebounds at α = 1/4 "
                    "and crosses the other at α = 2/5, height 3/5. Measured points lie on the "
                    "upper of the two. Beyond α = 1/2 they rise above 1.")


def basins_figure(ends, alphas, reach):
    """Draw where descent from each start point ends, one picture for each learning rate.

    ends: (A, n, n) integers: 1 upper minimum, -1 lower minimum, 2 far away, 0 neither yet.
    alphas: (A,) the learning rates. reach: the start points go from -reach to reach.
    """
    colors = {1: BLUE, -1: YELLOW, 2: "#E8E8E8", 0: "black"}
    names = {1: "upper minimum", -1: "lower minimum", 2: "flies away", 0: "neither"}
    figure = Figure(figsize=(10, 4.1))
    axes = figure.subplots(1, len(alphas), sharey=True)
    for ax, alpha, end in zip(axes, alphas, ends, strict=True):
        picture = np.zeros((*end.shape, 3))
        for kind, color in colors.items():
            picture[end == kind] = to_rgb(color)
        ax.imshow(picture, origin="lower", extent=(-reach, reach, -reach, reach))
        ax.plot(*MINIMA, "*", markersize=11, color="white", markeredgecolor="black")
        ax.plot(1, 1, "o", markersize=6, color="white", markeredgecolor="black")
        ax.set(title=f"α = {alpha:g}", xlabel="x of the start")
        ax.grid(False)
    axes[0].set_ylabel("y of the start")
    patches = [Patch(facecolor=color, edgecolor=GRAY, label=names[kind])
               for kind, color in colors.items()]
    figure.legend(handles=patches, loc="outside lower center", ncols=4)
    return with_alt(figure, "Three maps of start points. At α = 0.03 the upper half is blue and "
                    "the lower half yellow. At 0.2 and 0.3 each half has bands of the other "
                    "color, ever thinner toward an outer rim, and beyond the rim all is gray: "
                    "those walks fly away. The start (1, 1), a white dot, is in blue, in blue, "
                    "and in a yellow band.")


def saddle_figure(runs):
    """Draw the heights of walks along the line between the hollows.   {size of push: (K,)}"""
    figure = Figure(figsize=(8, 3.4))
    ax = figure.add_subplot()
    styles = zip((BLACK, BLUE, GREEN, ORANGE), ("-", "--", "-.", "-"), (1.8, 1.8, 1.8, 0.9),
                 strict=True)
    for (push, heights), (color, style, width) in zip(runs.items(), styles, strict=True):
        ax.plot(heights, color=color, linestyle=style, linewidth=width)
        leaves = np.argmax(heights < 0.02) if push else 150
        place = (leaves + 2, 2e-2 if push else 0.5)
        ax.text(*place, f"push {push:.0e}".replace("e-0", "e-") if push else "no push",
                color=text_color(color), path_effects=HALO)
    ax.set(xlabel="step", ylabel="height above the minima", xlim=(0, 200))
    sparse_log(ax, -6, 1, 2)
    return with_alt(figure, "Without a push the height stays at 0.25, the height of the saddle. "
                    "With pushes of 1e-9, 1e-6 and 1e-3 it leaves that level after some 120, 80 "
                    "and 40 steps and drops to the bottom.")


def momentum_figure(paths):
    """Draw walks down a long bowl: seen from above, and the share of the distance that is left.

    paths: {(alpha, beta): (K, 2)}.
    """
    figure = Figure(figsize=(9.5, 3.8))
    left, right = figure.subplots(1, 2, width_ratios=(1.3, 1))
    styles = zip((BLUE, ORANGE, GREEN, BLACK), ("-", "--", ":", "-"), "os^D", strict=False)
    for ((alpha, beta), path), (color, line, marker) in zip(paths.items(), styles, strict=False):
        style = {"color": color, "linestyle": line, "label": f"α = {alpha:.3f}, β = {beta:.2f}"}
        if beta < 0.9:
            left.plot(*path.T, marker=marker, markersize=3.5, linewidth=1.2, **style)
        share = np.linalg.norm(path, axis=1) / np.linalg.norm(path[0])
        right.plot(np.maximum(share, 1e-12), marker=marker, markevery=20, **style)
    left.set(xlabel="x, curvature 1", ylabel="y, curvature 25", ylim=(-2.9, 2.9))
    right.set(xlabel="step", ylabel="share of the distance left", xlim=(0, 250))
    right.axhline(1e-5, color=GRAY, linewidth=0.8)
    sparse_log(right, -9, 1, 2)
    right.legend(loc="upper right", fontsize=9)
    return with_alt(figure, "Left: without momentum the path zigzags all the way to the bottom; "
                    "with β = 0.5 the zigzag dies after a few swings and the path runs along the "
                    "valley. Right: the distance falls along a straight line for β = 0, three "
                    "times as steeply for β = 0.5, and in ripples, less steeply, for β = 0.9.")


def push_figure(walk, alphas, betas, rates, alpha, beta):
    """Draw the derived rate over learning rate and momentum, a place on it, and its walk.

    walk: a function of alpha and beta that returns a path (K + 1, 2) in the bowl of curvatures 1
    and 25. rates: (B, A) for alphas (A,) and betas (B,).
    """
    figure, ((left, right),) = fixed_axes(
        (9.5, 4.2), 1, 2, width_ratios=(1.15, 1), left=0.07, right=0.98, bottom=0.13, top=0.92,
        wspace=0.26,
    )
    levels = [2 / 3, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1]
    left.contourf(alphas, betas, rates, levels=levels, cmap="Blues_r")
    lines = left.contour(alphas, betas, rates, levels=levels[1:], colors="#444444", linewidths=0.7)
    labels = left.clabel(lines, fmt=lambda level: f"{level:.2f}", fontsize=8)
    for label in labels:
        label.set_color("white" if float(label.get_text()) < 0.82 else "#333333")
    left.plot(1 / 9, 4 / 9, **STAR)
    left.plot(alpha, beta, "o", markersize=9, color=ORANGE, markeredgecolor="black")
    left.set(xlabel="learning rate α", ylabel="momentum β", xlim=(alphas[0], alphas[-1]),
             ylim=(betas[0], betas[-1]))
    left.grid(False)
    left.set_title("derived rate; white: flies away")
    path = walk(alpha, beta)
    share = np.clip(np.linalg.norm(path, axis=1) / np.linalg.norm(path[0]), 1e-12, 1e3)
    right.plot(share, color=ORANGE)
    right.axhline(1e-5, color=GRAY, linewidth=0.8)
    below = share <= 1e-5
    steps = len(below) - np.argmax(~below[::-1]) if below[-1] else None
    verdict = f"{steps} steps to five digits" if steps else "five digits not reached"
    right.set(xlabel="step", ylabel="share of the distance left", xlim=(0, len(path) - 1))
    right.set_title(f"α = {alpha:.3f}, β = {beta:.2f}: {verdict}")
    sparse_log(right, -9, 3, 3)
    return with_alt(figure, "Left, a map of the rate over α and β: a narrow wedge of dark blue, "
                    "with a star at its tip, where α = 1/9, β = 4/9 and the rate is 2/3. A dot "
                    f"shows α = {alpha:.3f}, β = {beta:.2f}. Right, the distance over the steps of "
                    f"that walk: {verdict}.")


def jump_figure(height, effective):
    """Draw the height of an RMSProp walk, and its own step size times the curvature.   (K,) each"""
    figure = Figure(figsize=(8, 4.6))
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(1.3, 1))
    above.plot(height, color=BLUE)
    sparse_log(above, -17, 1, 3)
    above.set(ylabel="height above\nthe minimum")
    below.plot(effective, color=ORANGE)
    below.axhline(2, color=BLACK, linestyle="--", linewidth=1)
    below.text(1, 2.25, "above 2 a deviation grows", va="bottom")
    passed = np.argmax(effective > 2)
    for ax in (above, below):
        ax.axvline(passed, color=GRAY, linewidth=1, linestyle=":")
    above.text(passed - 2, 1e-14, f"passes 2 at step {passed}", ha="right", color=GRAY)
    below.set(xlabel="step", ylabel="α / √v, times 4", xlim=(0, len(height) - 1))
    return with_alt(figure, "Above, the height falls faster and faster, to 1e-15 near step 73, and "
                    "then jumps up by ten powers of ten, again and again. Below, the walk's own "
                    f"step size times the curvature rises all the while and passes 2 at step "
                    f"{passed}, before the jump.")


def race_figure(landscapes, rates, race):
    """Draw one walk of each optimizer, and how long the typical walk takes, over α.

    landscapes: {title: (function, reach, goals, {name: (alpha, path)})}: what is walked down to
    0; xmin, xmax, ymin, ymax; (2, n) goals; the best rate and a walk with it.
    rates: A learning rates. race: {title: {name: (A, D)}}, steps or inf in each of D draws of
    starts: a small marker each, and a line through their medians.
    """
    figure = Figure(figsize=(10, 7.4))
    axes = figure.subplots(2, len(landscapes), height_ratios=(1.35, 1), squeeze=False)
    for (title, (function, reach, goals, walks)), (ax, below) in zip(landscapes.items(), axes.T,
                                                                     strict=True):
        x, y = np.linspace(*reach[:2], 71), np.linspace(*reach[2:], 71)
        z = np.log10(function(np.stack(np.meshgrid(x, y))) + 1e-3)
        ax.contourf(x, y, z, levels=14, cmap="Greys_r", alpha=0.6)
        ax.plot(*goals, zorder=5, **STAR)
        for name, (alpha, path) in walks.items():
            style = STYLES[name]
            ax.plot(*path.T, markersize=5, markevery=max(1, len(path) // 12), linewidth=1.5,
                    label=f"{name}, α = {alpha:g}", **style)
            below.plot(rates, np.median(race[title][name], axis=1), markersize=6, **style)
            below.plot(rates, race[title][name], markersize=3, alpha=0.6,
                       **{**style, "linestyle": "none"})
        ax.set(title=f"{title}, from ({path[0, 0]:g}, {path[0, 1]:g})", xlabel="x", ylabel="y",
               xlim=reach[:2], ylim=reach[2:])
        ax.legend(loc="lower left", fontsize=8.5, frameon=True, framealpha=0.85, handlelength=3.4)
        ax.locator_params(nbins=6)
        ax.grid(False)
        below.set(xscale="log", yscale="log", xlabel="learning rate α",
                  ylabel="steps until below 0.001", xlim=(rates[0] / 1.2, rates[-1] * 1.2))
        power_ticks(below, (-3, -2, -1))
        steps = np.stack(list(race[title].values()))
        low, high = steps.min() / 1.4, steps[np.isfinite(steps)].max() * 1.4
        ticks = [tick for tick in (10, 30, 100, 300, 1000, 3000) if low < tick < high]
        below.set_yticks(ticks, [f"{tick}" for tick in ticks])
        below.set_ylim(low, high)
    return with_alt(figure, "Above, two landscapes with a walk of each optimizer, told apart by "
                    "line and marker. Below, the steps they need over the learning rate, for "
                    "several draws of starts. On f plain descent gets lowest. In the bent gorge of "
                    "Rosenbrock it works with one learning rate only and takes thousands of steps; "
                    "momentum takes the fewest. Adam's curves overlap, from 0.018 to 0.1; no "
                    "other's do by more than one rate.")


def batches_figure(s, t, goal, paths):
    """Draw walks (w, b) on the mean squared error of lines t = w s + b, side by side.

    s, t: (N,) the points. goal: (2,) the minimum. paths: {title: (K, 2)}.
    """
    w, b = np.meshgrid(np.linspace(-0.4, 2.6, 80), np.linspace(-2.1, 1.6, 80))
    loss = ((w[..., None] * s + b[..., None] - t) ** 2).mean(axis=-1)  # (80, 80)
    figure = Figure(figsize=(10, 3.9))
    axes = figure.subplots(1, len(paths), sharey=True)
    for (title, path), ax in zip(paths.items(), axes, strict=True):
        ax.contourf(w, b, np.log(loss), 16, cmap="Greys_r", alpha=0.75)
        ax.plot(*path.T, color=ORANGE, linewidth=1.1)
        ax.plot(*path[0], "o", color="white", markeredgecolor="black")
        ax.plot(*goal, zorder=5, **STAR)
        ax.set(title=title, xlabel="slope w")
        ax.grid(False)
    axes[0].set_ylabel("offset b")
    return with_alt(figure, "Three walks down the same oblong bowl. With all examples a smooth "
                    "curve leads toward the star. With batches of 4 the walk arrives near the star "
                    "and scribbles around it. With the schedule the same scribble tightens into "
                    "the star.")


def examples_figure(curves):
    """Draw the excess loss over the examples seen.   {name: (seen (K,), excess (seeds, K))}"""
    figure = Figure(figsize=(8.4, 4.2))
    ax = figure.add_subplot()
    styles = zip((BLACK, GREEN, ORANGE, BLUE), ("-", "--", ":", "-"), "Ds^o", strict=True)
    for (name, (seen, excess)), (color, line, marker) in zip(curves.items(), styles, strict=True):
        edges = np.unique(np.searchsorted(seen, np.geomspace(seen[0], seen[-1], 24)))
        middle = np.add.reduceat(seen, edges) / np.diff([*edges, len(seen)])  # means over bins
        bins = np.add.reduceat(excess, edges, axis=1) / np.diff([*edges, len(seen)])
        ax.fill_between(middle, *np.quantile(bins, [0.1, 0.9], axis=0), color=color, alpha=0.12,
                        linewidth=0)
        mean = bins.mean(axis=0)
        ax.plot(middle, mean, color=color, linestyle=line, marker=marker, markevery=3)
        ax.annotate(name, (middle[-1], mean[-1]), xytext=(8, 0), textcoords="offset points",
                    color=text_color(color), va="center")
    ax.set(xscale="log", xlabel="examples seen", ylabel="loss above the lowest one",
           xlim=(4, 1.3e5))
    ax.set_xticks([10, 100, 1000, 10_000], ["10", "100", "1000", "10,000"])
    ax.minorticks_off()
    sparse_log(ax, -5, 1, 1)
    return with_alt(figure, "The loss above the lowest one over the examples seen, mean and spread "
                    "over seeds. After as many examples, all 512 at a time have hardly begun; "
                    "batches of 32 are far lower; batches of 4 fall first and then stay on a "
                    "plateau; with the schedule they fall off that plateau, lower than all others.")


def balls_figure(curves, balls):
    """Draw profiles of landscapes along y, with balls at rest.

    curves: {label: (y, height)}. balls: (n, 2) places (y, height).
    """
    figure = Figure(figsize=(8, 3.2))
    ax = figure.add_subplot()
    for (label, (y, height)), style in zip(
            curves.items(), ({"color": GRAY, "linestyle": "--"}, {"color": BLUE}), strict=True):
        ax.plot(y, height, linewidth=1.6, label=label, **style)
    ax.plot(*np.transpose(balls), "o", color=ORANGE, markersize=10)
    ax.set(xlabel="y", ylabel="height", ylim=(5.5, 6.6))
    ax.legend(loc="upper center")
    return with_alt(figure, "The dashed gray curve has two equal hollows. In the blue one, tilted, "
                    "the left hollow is deeper. Two orange balls have come to rest, one in each "
                    "hollow.")
