"""The figures of notebook 02: what each must show, over a grid of what a learner can choose."""

import itertools
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.contour import ContourSet
from matplotlib.figure import Figure

from helpers.lessons.notebook_02 import figures
from helpers.lessons.notebook_02.walks import MINIMA, path_of, valley, valley_gradient
from helpers.optimizers import SGD, Adam, Momentum
from helpers.plots import png
from tests.course import defined_in

RMSProp = defined_in("02_gradient_descent", "rmsprop")["RMSProp"]
MAKERS = {"SGD": SGD, "Momentum": Momentum, "RMSProp": RMSProp, "Adam": Adam}
STARTS = [(1, 1), (0, 0), (1.5, -1.5)]


def walk(x, y, alpha, optimizer, steps=100):
    """What the notebook gives to `walk_figure`."""
    return path_of(MAKERS[optimizer](np.array([x, y], dtype=float), alpha), valley_gradient, steps)


def texts(figure):
    """Every text of a figure."""
    return [t.get_text() for t in figure.findobj(plt.Text) if t.get_text()]


def test_the_landscape_shows_both_minima_and_fourteen_walks_from_one_height():
    figure = figures.landscape_figure()
    surface, above = figure.axes[:2]
    lines = [line for line in above.lines if len(line.get_xydata()) > 10]
    walks = [line.get_xydata() for line in lines]
    assert len(walks) == 14
    np.testing.assert_allclose([valley(walk[0]) for walk in walks], 8, atol=1e-9)
    ends = np.array([walk[-1] for walk in walks])
    for minimum in MINIMA.T:
        assert (np.abs(ends - minimum).max(axis=1) < 0.01).sum() == 6
    stuck = np.abs(ends[:, 1]) < 0.1
    dashed = [line.get_linestyle() != "-" for line in lines]
    np.testing.assert_array_equal(dashed, stuck)
    stars = [line for line in above.lines if line.get_marker() == "*"]
    np.testing.assert_allclose(stars[0].get_xydata(), MINIMA.T)
    assert [text.get_text() for text in above.texts if text.get_text()].count("minimum") == 2
    assert len(surface.collections) > 1
    assert len(png(figure)) < 400_000


@pytest.mark.parametrize("optimizer", MAKERS)
@pytest.mark.parametrize("alpha", [0.001, 0.1, 1.0])
def test_walk_figure_at_the_ends_of_its_sliders(optimizer, alpha):
    for x, y in STARTS:
        path = walk(x, y, alpha, optimizer)
        figure = figures.walk_figure(walk, x=x, y=y, alpha=alpha, optimizer=optimizer)
        left, right = figure.axes[:2]
        assert left.get_title("left") == f"{optimizer}, α = {alpha:.2g}"
        np.testing.assert_allclose(left.lines[1].get_xydata(), path)
        height = right.lines[0].get_ydata()
        assert np.isfinite(height).all() and len(height) == len(path)
        flown = np.abs(path[-1]).max() > 10
        assert ("flown away" in right.get_title("left")) == flown
        assert ("flown away" in figure.alt) == flown
    assert len(png(figure)) > 10_000


def test_walk_figure_says_where_the_walk_ends():
    def title(alpha):
        figure = figures.walk_figure(partial(walk, optimizer="SGD"), x=1, y=1, alpha=alpha)
        assert figure.axes[0].get_title("left") == f"plain descent, α = {alpha:g}"
        return figure.axes[1].get_title("left")

    assert title(0.2) == "after 100 steps at (0.000, 0.707), level"
    assert "(0.000, -0.707)" in title(0.3)
    assert title(0.25).endswith("0.000)"), "the saddle is not level yet"
    assert "flown away" in title(0.4)


def test_every_optimizer_has_a_line_and_a_marker_of_its_own():
    for key in ("color", "linestyle", "marker"):
        assert len({style[key] for style in figures.STYLES.values()}) == len(figures.STYLES)


def test_race_figure_shows_every_walk_and_every_arrival():
    rates = (0.001, 0.01, 0.1)
    walks = {name: (0.01, walk(1, 1, 0.01, name, 40)) for name in MAKERS}
    draws = np.array([[50.0, 20, np.inf], [60, 30, np.inf], [70, np.inf, 40]]).T    # (3 rates, 3)
    race = {"f": {name: draws + i for i, name in enumerate(MAKERS)}}
    reach = (-1, 1, 0, 1)
    figure = figures.race_figure({"f": (lambda t: valley(t) - 5.75, reach, MINIMA, walks)},
                                 rates, race)
    above, below = figure.axes
    assert above.get_title("left") == "f, from (1, 1)"
    for i, (line, (name, (_, path))) in enumerate(zip(above.lines[1:], walks.items(),
                                                      strict=True)):
        arrival, *each = below.lines[4 * i : 4 * i + 4]  # the medians, and each of three draws
        np.testing.assert_array_equal(line.get_xydata(), path)
        np.testing.assert_array_equal(arrival.get_ydata(), [60 + i, 30 + i, np.inf])
        np.testing.assert_array_equal([one.get_ydata() for one in each], race["f"][name].T)
        assert {one.get_linestyle() for one in each} == {"None"}
        assert line.get_color() == arrival.get_color() == figures.STYLES[name]["color"]
        assert line.get_linestyle() == figures.STYLES[name]["linestyle"]
    labels = [text.get_text() for text in above.get_legend().get_texts()]
    assert labels == [f"{name}, α = 0.01" for name in MAKERS]
    assert below.get_ylim()[0] < 20 < 73 < below.get_ylim()[1]


def test_rate_figure_holds_what_was_measured():
    alphas = np.linspace(0.01, 0.55, 12)
    rate = np.abs(1 - alphas[:, None] * [1, 4]).max(axis=1)
    ax = figures.rate_figure(alphas, rate, rate + 0.01).axes[0]
    measured = [line for line in ax.lines if line.get_label().startswith("measured")]
    np.testing.assert_allclose(measured[0].get_ydata(), rate + 0.01)
    assert any("2/5" in text.get_text() for text in ax.texts)


def test_regimes_figure_names_how_each_walk_ends():
    paths = {alpha: walk(1, 1, alpha, "SGD", 60) for alpha in (0.01, 0.1, 0.2, 0.25, 0.3, 0.4)}
    figure = figures.regimes_figure(paths)
    titles = [ax.get_title("left") for ax in figure.axes]
    assert titles[:2] == ["α = 0.01: 60 steps", "α = 0.1: 60 steps"]
    assert titles[-1] == "α = 0.4: flies away"
    for ax, path in zip(figure.axes, paths.values(), strict=True):
        np.testing.assert_array_equal(ax.lines[1].get_xydata(), path)


def test_basins_figure_colors_every_kind():
    ends = np.array([[[1, -1], [2, 0]], [[1, 1], [1, 1]]])
    figure = figures.basins_figure(ends, [0.1, 0.2], reach=2)
    assert [ax.get_title("left") for ax in figure.axes] == ["α = 0.1", "α = 0.2"]
    pixels = figure.axes[0].images[0].get_array().reshape(-1, 3)
    assert len(np.unique(pixels, axis=0)) == 4
    brightness = np.sort(pixels @ [0.2126, 0.7152, 0.0722])
    assert np.diff(brightness).min() > 0.15, "told apart without color, too"
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["upper minimum", "lower minimum", "flies away", "neither"]


def test_slopes_figure_marks_the_way_down():
    angles = np.linspace(0, 2 * np.pi, 9)
    places = np.array([(0.5, 1.1), (-1, 0.6)])
    figure = figures.slopes_figure(places, angles, np.cos(angles), np.cos(angles))
    left, right = figure.axes
    assert len([patch for patch in left.patches if type(patch).__name__ == "FancyArrow"]) == 2
    g = valley_gradient(places[0])
    down = right.lines[-1].get_xdata()[0]
    assert np.cos(np.radians(down)) == pytest.approx(-g[0] / np.linalg.norm(g))
    assert np.sin(np.radians(down)) == pytest.approx(-g[1] / np.linalg.norm(g))
    assert f"against the\ngradient, {down:.0f}°" in texts(figure)


def test_lengths_figure_draws_the_step_that_falls_most():
    g = np.array([3.0, 1.0])
    shapes = {name: (np.eye(2), np.array(best)) for name, best in
              (("a", (-1, -1)), ("b", (-0.6, 0.8)), ("c", (-1, 0)))}
    figure = figures.lengths_figure(g, shapes)
    assert [ax.get_title("left") for ax in figure.axes] == ["a", "b", "c"]
    assert {f"changes f by {value}" for value in ("-4.0", "-1.0", "-3.0")} <= set(texts(figure))


def test_difference_distances_and_saddle_figures_hold_their_data():
    h = np.logspace(-15, 0, 16)
    ax = figures.difference_figure(h, 2 * h, 3 * h, 4 * h).axes[0]
    np.testing.assert_array_equal([line.get_ydata() for line in ax.lines], [2 * h, 3 * h, 4 * h])
    rounds = walk(1, 1, 0.01, "SGD", 1070)
    x, y, _ = figures.distances_figure(rounds, MINIMA[:, 0]).axes[0].lines
    np.testing.assert_array_equal(x.get_ydata(), np.abs(rounds[:, 0]))
    np.testing.assert_array_equal(y.get_ydata(), np.abs(rounds[:, 1] - MINIMA[1, 0]))
    heights = np.logspace(0, -5, 300)
    figure = figures.saddle_figure({0: heights, 1e-9: heights, 1e-6: heights, 1e-3: heights})
    assert {"no push", "push 1e-9", "push 1e-6", "push 1e-3"} <= set(texts(figure))


def bowl_walk(alpha, beta, steps=300):
    curvatures = np.array([1.0, 25.0])
    return path_of(Momentum(np.array([10.0, 2.0]), alpha, beta), lambda t: curvatures * t, steps)


def test_momentum_figure_shows_the_share_that_is_left():
    paths = {(0.05, beta): bowl_walk(0.05, beta) for beta in (0.0, 0.5, 0.9)}
    left, right = figures.momentum_figure(paths).axes
    assert len(left.lines) == 2, "the liveliest would hide the others"
    for line, path in zip(right.lines, paths.values(), strict=False):
        share = np.linalg.norm(path, axis=1) / np.linalg.norm(path[0])
        np.testing.assert_allclose(line.get_ydata(), np.maximum(share, 1e-12))


@pytest.mark.parametrize("alpha", [0.005, 0.077, 0.111, 0.16])
@pytest.mark.parametrize("beta", [0.0, 0.44, 0.95])
def test_push_figure_at_the_ends_of_its_sliders(alpha, beta):
    alphas, betas = np.linspace(0.005, 0.16, 32), np.linspace(0, 0.95, 20)
    rates = 0.7 + 0.3 * np.random.default_rng(0).random((20, 32))
    figure = figures.push_figure(bowl_walk, alphas, betas, rates, alpha, beta)
    left, right = figure.axes
    np.testing.assert_array_equal(left.lines[-1].get_xydata(), [(alpha, beta)])
    filled, lines = [c for c in left.collections if isinstance(c, ContourSet)]
    assert list(lines.levels) == list(filled.levels[1:]) == [0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1]
    assert {text.get_text() for text in left.texts} >= {"0.75", "0.80", "0.85", "0.90", "0.95"}
    path = bowl_walk(alpha, beta)
    share = np.linalg.norm(path, axis=1) / np.linalg.norm(path[0])
    title = right.get_title("left")
    if share[-1] > 1e-5:
        assert title.endswith("five digits not reached")
    else:
        assert f": {np.flatnonzero(share > 1e-5)[-1] + 1} steps to five digits" in title
    assert len(png(figure)) > 10_000


def test_jump_figure_marks_where_the_step_becomes_too_large():
    effective = np.linspace(0, 4, 41)
    figure = figures.jump_figure(np.logspace(0, -8, 41), effective)
    assert "passes 2 at step 21" in texts(figure) and "step 21" in figure.alt


def test_batches_and_balls_figures():
    rng = np.random.default_rng(0)
    s, t = rng.normal(size=(2, 30))
    paths = {"a": rng.normal(size=(5, 2)), "b": rng.normal(size=(7, 2))}
    figure = figures.batches_figure(s, t, (0.5, 0), paths)
    for ax, (title, path) in zip(figure.axes, paths.items(), strict=True):
        assert ax.get_title("left") == title
        np.testing.assert_array_equal(ax.lines[0].get_xydata(), path)
    y = np.linspace(-1, 1, 5)
    balls = np.array([(0.5, 5.8), (-0.5, 5.7)])
    ax = figures.balls_figure({"one": (y, y + 6), "two": (y, y + 5.9)}, balls).axes[0]
    np.testing.assert_array_equal(ax.lines[-1].get_xydata(), balls)


def test_examples_figure_draws_means_over_the_seeds_and_over_bins():
    seen = 4 * np.arange(1, 1001)
    excess = np.stack([1.0 / seen, 3.0 / seen])  # whose mean is 2 / seen
    curves = {name: (seen, excess) for name in "abcd"}
    ax = figures.examples_figure(curves).axes[0]
    for line in ax.lines:
        x, y = line.get_data()
        assert len(x) < 30 and x[0] == 4 and x[-1] == 4000
        np.testing.assert_allclose(y, 2 / x, rtol=0.1)
    assert [text.get_text() for text in ax.texts] == list("abcd")


def test_contours_reach_as_far_as_asked():
    for x, y in itertools.product((0.5, 1.5, 2), repeat=2):
        figure = Figure()
        ax = figure.add_subplot()
        figures.valley_contours(ax, (x, y), colorbar=True)
        assert ax.get_xlim() == (-x, x) and ax.get_ylim() == (-y, y)
