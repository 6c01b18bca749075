"""The figures of notebook 02: what each must show, over a grid of what a learner can choose."""

import itertools

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure

from helpers.lessons.notebook_02 import figures
from helpers.plots import png
from helpers.optimizers import numerical_gradient, relative_error

STARTS = [(1, 1), (-1.5, 1.5), (0.3, 0), (0, 0), (1.5, -1.5)]


@pytest.mark.parametrize(
    ("function", "gradient"),
    [(figures.valley, figures.valley_gradient), (figures.rosenbrock, figures.rosenbrock_gradient)],
)
def test_gradients_of_the_landscapes(function, gradient):
    for theta in np.random.default_rng(0).normal(size=(20, 2)):
        assert relative_error(gradient(theta), numerical_gradient(function, theta)) < 1e-7


def test_the_minima_are_minima():
    assert np.abs(figures.valley_gradient(figures.MINIMA)).max() < 1e-15
    np.testing.assert_allclose(figures.valley(figures.MINIMA), 5.75, rtol=1e-15)


def test_the_landscape_shows_both_minima_and_fourteen_walks_from_one_height():
    figure = figures.landscape_figure()
    surface, above = figure.axes[:2]
    lines = [line.get_xydata() for line in above.lines]
    walks = [line for line in lines if len(line) > 10]
    assert len(walks) == 14
    np.testing.assert_allclose([figures.valley(walk[0]) for walk in walks], 8, atol=1e-9)
    ends = np.array([walk[-1] for walk in walks])
    for minimum in figures.MINIMA.T:
        assert (np.abs(ends - minimum).max(axis=1) < 0.01).sum() == 6
    stars = [line for line in above.lines if line.get_marker() == "*"]
    np.testing.assert_allclose(stars[0].get_xydata(), figures.MINIMA.T)
    assert [text.get_text() for text in above.texts if text.get_text()].count("minimum") == 2
    assert len(surface.collections) > 1
    assert len(png(figure)) < 400_000


@pytest.mark.parametrize("optimizer", figures.OPTIMIZER_COLORS)
@pytest.mark.parametrize("alpha", [0.001, 0.1, 0.5, 1.0])
def test_walk_figure_at_the_ends_of_its_sliders(optimizer, alpha):
    for x, y in STARTS:
        figure = figures.walk_figure(x, y, alpha, optimizer)
        left, right = figure.axes[:2]
        assert left.get_title("left") == f"{optimizer}, α = {alpha:g}"
        path = left.lines[1].get_xydata()
        np.testing.assert_allclose(path[0], (x, y))
        height = right.lines[0].get_ydata()
        assert np.isfinite(height).all() and len(height) == len(path)
        flown = np.abs(path[-1]).max() >= 1e3
        assert ("flown away" in right.get_title("left")) == flown
        assert len(path) == 101 or flown
        assert len(png(figure)) > 10_000
        plt.close(figure)


def test_walk_figure_says_where_the_walk_ends():
    title = figures.walk_figure(1, 1, 0.2, "SGD").axes[1].get_title("left")
    assert title == "after 100 steps at (0.000, 0.707), |g| below 1e-5"
    assert "(0.000, -0.707)" in figures.walk_figure(1, 1, 0.3, "SGD").axes[1].get_title("left")
    assert "flown away" in figures.walk_figure(1, 1, 0.4, "SGD").axes[1].get_title("left")


def test_walk_takes_the_steps_of_the_optimizer():
    path = figures.walk("SGD", (1, 1), 0.1, 3)
    np.testing.assert_allclose(path, figures.descent_path((1, 1), 0.1, 3))


@pytest.fixture
def races():
    lengths = dict(zip(figures.OPTIMIZER_COLORS, (10, 40, 40, 40), strict=True))
    paths = {name: figures.walk(name, (1, 1), 0.1, steps) for name, steps in lengths.items()}
    return [("f", lambda t: figures.valley(t) - 5.75, (-1, 1, 0, 1), figures.MINIMA, paths),
            ("g", figures.rosenbrock, (-1, 1, 0, 1), [[1], [1]], paths)]  # fmt: skip


@pytest.mark.parametrize("percent", [0, 1, 20, 50, 99, 100])
def test_race_figure_shows_the_share_that_was_run(races, percent):
    figure = figures.race_figure(races, percent)
    assert isinstance(figure, Figure)
    step = round(40 * percent / 100)
    for i, (title, *_, paths) in enumerate(races):
        ax, below = figure.axes[i], figure.axes[2 + i]
        assert ax.get_title("left") == f"{title}, step {step}"
        runs = ax.lines[1::2]
        for line, (name, path) in zip(runs, paths.items(), strict=True):
            assert len(line.get_xdata()) == min(step + 1, len(path)), name
            assert line.get_color() == figures.OPTIMIZER_COLORS[name]
        assert below.get_xlim() == (0, 40)
    labels = [text.get_text() for text in figure.axes[-1].get_legend().get_texts()]
    assert labels == list(figures.OPTIMIZER_COLORS)


def test_rate_figure_holds_what_was_measured():
    alphas = np.linspace(0.01, 0.55, 12)
    rate = np.abs(1 - alphas[:, None] * [1, 4]).max(axis=1)
    ax = figures.rate_figure(alphas, rate, rate + 0.01).axes[0]
    measured = [line for line in ax.lines if line.get_label().startswith("measured")]
    np.testing.assert_allclose(measured[0].get_ydata(), rate + 0.01)
    assert any("2/5" in text.get_text() for text in ax.texts)


def test_basins_figure_colors_every_kind():
    ends = np.array([[[1, -1], [2, 0]], [[1, 1], [1, 1]]])
    figure = figures.basins_figure(ends, [0.1, 0.2], reach=2)
    assert [ax.get_title("left") for ax in figure.axes] == ["α = 0.1", "α = 0.2"]
    pixels = figure.axes[0].images[0].get_array().reshape(-1, 3)
    assert len(np.unique(pixels, axis=0)) == 4
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["upper minimum", "lower minimum", "flies away", "neither"]


def test_slopes_figure_marks_the_way_down():
    angles = np.linspace(0, 2 * np.pi, 9)
    figure = figures.slopes_figure(
        np.array([(0.9, 0.3), (-1, 0.6)]), figures.valley, figures.valley_gradient, angles,
        np.cos(angles), np.cos(angles),
    )  # fmt: skip
    left, right = figure.axes
    assert len([patch for patch in left.patches if type(patch).__name__ == "FancyArrow"]) == 2
    g = figures.valley_gradient(np.array([0.9, 0.3]))
    down = right.lines[-1].get_xdata()[0]
    assert np.cos(np.radians(down)) == pytest.approx(-g[0] / np.linalg.norm(g))


def test_batches_and_balls_figures():
    rng = np.random.default_rng(0)
    x, t = rng.normal(size=(2, 30))
    paths = {"a": rng.normal(size=(5, 2)), "b": rng.normal(size=(7, 2))}
    figure = figures.batches_figure(x, t, (0.5, 0), paths)
    for ax, (title, path) in zip(figure.axes, paths.items(), strict=True):
        assert ax.get_title("left") == title
        np.testing.assert_array_equal(ax.lines[0].get_xydata(), path)
    y = np.linspace(-1, 1, 5)
    balls = np.array([(0.5, 5.8), (-0.5, 5.7)])
    ax = figures.balls_figure({"one": (y, y + 6), "two": (y, y + 5.9)}, balls).axes[0]
    np.testing.assert_array_equal(ax.lines[-1].get_xydata(), balls)


def test_contours_reach_as_far_as_asked():
    for x, y in itertools.product((0.5, 1.5, 2), repeat=2):
        figure = Figure()
        ax = figure.add_subplot()
        figures.valley_contours(ax, (x, y), colorbar=True)
        assert ax.get_xlim() == (-x, x) and ax.get_ylim() == (-y, y)
