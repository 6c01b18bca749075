"""The figures of notebook 03: what each must show, over a grid of what a learner can choose."""

import itertools

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from helpers.layers import (
    GELU,
    Linear,
    ReLU,
    Sequential,
    Sigmoid,
    SoftmaxCrossEntropy,
    Tanh,
    fit,
    flatten,
    sigmoid,
)
from helpers.lessons.notebook_03 import figures
from helpers.lessons.notebook_03.points import spirals
from helpers.plots import png


@pytest.fixture(scope="module")
def runs():
    """Two short training runs, as the live figure gets them, with their points."""
    points, labels = spirals()
    found = {}
    for width, depth in [(2, 1), (16, 2)]:
        hidden = [part for _ in range(depth - 1) for part in (Linear(width, width), Tanh())]
        model = Sequential(Linear(2, width, 2.1), Tanh(), *hidden, Linear(width, 3, 0))
        theta, _ = flatten(model)
        kept = {0: theta.copy()}
        losses = fit(model, SoftmaxCrossEntropy(), points, labels, 20, 50,
                     on_epoch=lambda n, m, kept=kept: kept.update({n: m.theta.copy()}))
        found[width, depth] = model, losses, kept
    return found, points, labels


def texts(ax):
    """The texts in a plot."""
    return [text.get_text() for text in ax.texts]


def test_spirals_are_arms_of_the_same_size():
    points, labels = spirals(n=40, arms=3)
    assert points.shape == (120, 2) and labels.tolist() == np.repeat([0, 1, 2], 40).tolist()
    radius = np.linalg.norm(points, axis=1).reshape(3, 40)
    np.testing.assert_allclose(radius, np.tile(np.linspace(0.1, 1, 40), (3, 1)))
    assert np.array_equal(points, spirals(n=40, arms=3)[0])
    assert not np.array_equal(points, spirals(n=40, arms=3, seed=1)[0])
    straight, _ = spirals(n=5, arms=2, noise=0, turns=0)
    np.testing.assert_allclose(straight[:5, 1], 0)  # arm 0 without a turn lies on the axis
    np.testing.assert_allclose(straight[5:], -straight[:5], atol=1e-15)


def test_shade_mixes_the_colors_of_the_classes():
    sure = figures.shade(np.eye(3))
    colors = np.array([to_rgb(color) for color in figures.CLASS_COLORS])
    assert ((sure > colors) | (colors == 1)).all()  # paler, none the same
    np.testing.assert_allclose(figures.shade(np.full(3, 1 / 3)), sure.mean(axis=0))


def test_opening_figure_shows_a_network_that_learns():
    figure = figures.opening()
    shares = [int(ax.get_title("center").split(": ")[1].split("%")[0]) for ax in figure.axes]
    assert len(shares) == 4 and shares == sorted(shares)
    assert shares[0] < 50 and shares[-1] >= 99
    assert [[*ax.get_xticks()] for ax in figure.axes] == 4 * [[-1, 0, 1]]
    assert [[*ax.get_yticks()] for ax in figure.axes] == [[-1, 0, 1], [], [], []], "one for all"
    assert f"{shares[1]}% of the points" in figure.alt and f"{shares[3]}% are right" in figure.alt
    assert len(png(figure)) < 400_000


def test_every_class_has_a_marker_of_its_own():
    points, labels = spirals(n=7)
    _, ax = plt.subplots()
    figures.draw_points(ax, points, labels)
    assert len({line.get_marker() for line in ax.lines}) == 3
    for k, line in enumerate(ax.lines):
        np.testing.assert_array_equal(line.get_xdata(), points[labels == k, 0])
    plt.close("all")


def test_a_guess_leaves_the_model_as_it_is(runs):
    found, points, _ = runs
    model, _, kept = found[16, 2]
    own = model.theta.copy()
    early, late = (figures.guess_of(model, kept[epoch])(points) for epoch in (0, 20))
    assert np.array_equal(model.theta, own)
    np.testing.assert_allclose(early, 1 / 3)
    np.testing.assert_allclose(late.sum(axis=1), 1)


def test_spirals_live_at_the_ends_of_its_sliders(runs):
    found, points, labels = runs
    for (width, depth), epoch in itertools.product(found, (0, 2, 20)):
        left, right = figures.spirals_live(found, points, labels, width, depth, epoch).axes
        assert f"of {width}, epoch {epoch}: " in left.get_title("left")
        model, losses, _ = found[width, depth]
        assert right.get_title("left").startswith(f"{model.theta.size} parameters")
        thick = max(right.lines, key=lambda line: line.get_linewidth())
        np.testing.assert_array_equal(thick.get_ydata(), losses)
        assert right.lines[-1].get_xdata() == [epoch, epoch]
        others = [list(other) for _, other, _ in found.values() if other is not losses]
        assert [list(line.get_ydata()) for line in right.lines[: len(others)]] == others


def test_neurons_are_cut_by_a_straight_line():
    points, labels = spirals(n=30, arms=2)
    w, b = np.array([1.0, -2.0]), 0.3
    figure = figures.neurons([("first", points, labels, w, b), ("second", points, labels, -w, -b)])
    for ax, sign in zip(figure.axes, (1, -1), strict=True):
        right = np.mean((sign * (points @ w + b) > 0) == labels)
        assert f": {right:.0%} right" in ax.get_title("left")
    line = figure.axes[0].collections[0].get_paths()[1].vertices  # p = 1/2
    assert np.abs(line @ w + b).max() < 0.01


def test_regions_and_loss_write_what_is_right():
    points, labels = spirals(n=20, arms=2)
    losses = np.array([0.69, 0.5, 0.01])
    figure = figures.regions_and_loss(lambda x: figures.yes_and_no(sigmoid(x[:, 0])), points,
                                      labels, losses, np.log(2))
    left, right = figure.axes
    share = np.mean((points[:, 0] > 0) == labels)
    assert left.get_title("left") == f"{share:.0%} right" and f"{share:.0%}" in figure.alt
    np.testing.assert_array_equal(right.lines[0].get_ydata(), losses)
    assert right.lines[1].get_ydata()[0] == np.log(2)


def test_neuron_shows_its_numbers():
    figure = figures.neuron(np.array([1.0, 2.0]), np.array([1.5, -0.5]), 0.25, 0.75, 0.679)
    written = texts(figure.axes[0])
    for text in ("$w_1$ = 1.5", "$w_2$ = −0.5", "b = 0.25", "z = 0.75", "p = 0.679",
                 "1.5 · 1 + (−0.5) · 2 + 0.25"):
        assert text in written


def test_network_has_a_circle_for_each_neuron_and_an_arrow_for_each_weight():
    ax = figures.network((2, 4, 3)).axes[0]
    assert len(ax.patches) == 2 + 4 + 3
    assert sum(text.arrow_patch is not None for text in ax.texts if hasattr(text, "arrow_patch")
               ) == 2 * 4 + 4 * 3
    assert "$W^{(1)}$: 4 × 2 weights" in texts(ax) and "$W^{(2)}$: 3 × 4 weights" in texts(ax)


def test_blame_writes_every_value_with_its_slope_below():
    there = {"x": np.array([1.0, 2]), "W_1": np.array([[11.0, 12], [13, 14]]),
             "b_1": np.array([15.0, 16]), "z": np.array([17.0, 18]), "a": np.array([19.0, 20]),
             "W_2": np.array([21.0, 22]), "b_2": np.array(23.0), "y": np.array(24.0),
             "t": 25.0, "loss": 26.0}
    back = {key: 100 + value for key, value in there.items() if key not in ("t", "loss")}
    ax = figures.blame(there, back).axes[0]
    places = {text.get_text().split(" = ")[-1]: text.get_position() for text in ax.texts}
    for value in [1, 2, *range(11, 25)]:
        (x, y), (x_back, y_back) = places[str(value)], places[str(100 + value)]
        assert x == x_back and 0 < y - y_back < 1, f"{value} and its slope stand together"
    assert "L = 26" in texts(ax) and "t = 25" in texts(ax)


def test_chain_figure_pairs_every_array_with_its_gradient():
    written = texts(figures.chain(2, 16, 3, N="64").axes[0])
    shapes = dict(text.split("\n") for text in written if text.count("\n") == 1 and "W" not in text)
    for name in ("x", "z", "a", "ŷ"):
        assert shapes[name] == shapes[f"d{name}"]
    assert shapes["x"] == "(64, 2)" and shapes["ŷ"] == "(64, 3)" and shapes["L"] == "()"
    assert "W (2, 16)\nb (16,)" in written and "dW (2, 16)\ndb (16,)" in written


def one_bend(bends, x):
    """A fit as the notebook gives it: guesses, places, weights."""
    places = np.linspace(x[0], x[-1], bends + 1)[:-1]
    return np.abs(x), places, np.ones(bends)


@pytest.mark.parametrize("bends", [1, 8, 64])
def test_bends_figure_draws_the_fit_that_it_is_given(bends):
    errors = {1: 1.0, 8: 0.1, 64: 0.001}
    figure = figures.bends(np.sin, one_bend, errors, 3, bends)
    left, right = figure.axes
    dots = left.lines[-1]
    assert len(dots.get_xdata()) == bends and f"{bends} bend" in left.get_title("left")
    assert right.lines[-1].get_ydata()[0] == pytest.approx(errors[bends])
    assert f"of {bends} straight" in figure.alt


def test_moved_bends_shows_both_fits_and_the_loss():
    x = np.linspace(-3, 3, 61)
    before, after = (x, np.array([-1.0, 1.0])), (2 * x, np.array([-2.0, 0.5]))
    left, right = figures.moved_bends(x, x**2, before, after, [0.02, 0.01]).axes
    dots = [line.get_xdata().tolist() for line in left.lines if line.get_linestyle() == "None"]
    assert dots == [[-1.0, 1.0], [-2.0, 0.5]]
    assert right.lines[0].get_ydata().tolist() == [0.02, 0.01]
    assert len({line.get_marker() for line in left.lines if line.get_linestyle() == "None"}) == 2


def test_activations_figure_shows_values_and_slopes():
    x = np.linspace(-4, 4, 81)
    layers = [Sigmoid(), Tanh(), ReLU(), GELU()]
    figure = figures.activations(layers, x)
    above, below = figure.axes[:4], figure.axes[4:]
    assert [ax.get_title("left") for ax in above] == ["Sigmoid", "Tanh", "ReLU", "GELU"]
    for top, bottom in zip(above, below, strict=True):
        y, slope = top.lines[0].get_ydata(), bottom.lines[0].get_ydata()
        corner = np.abs(x) < 0.15  # of ReLU
        assert np.abs(np.gradient(y, x) - slope)[1:-1][~corner[1:-1]].max() < 0.02


def test_two_losses_are_told_apart_without_color():
    z = np.linspace(-1, 1, 3)
    both = {"first": z, "second": 2 * z}
    figure = figures.two_losses(z, both, both, {"first": ([1, 2], [3, 30]),
                                                "second": ([1, 2], [4, 400])})
    for ax in figure.axes:
        assert len({line.get_linestyle() for line in ax.lines}) == 2
    assert texts(figure.axes[2]) == ["30", "400"]


def test_curves_figure_shows_every_run_and_where_to_stop():
    steps = np.arange(4, 41, 4.0)
    made = {name: (steps, 1 / steps, 1 / steps + k) for k, name in enumerate(["none", "a", "b"])}
    figure = figures.curves(made, stop=16)
    left, right = figure.axes
    assert texts(right) == list(made), "each line has its name beside it"
    assert "at step 16" in " ".join(texts(left))
    assert np.array_equal(left.lines[1].get_ydata(), made["none"][2])
    assert len({line.get_marker() for line in right.lines}) == 3
    assert "“none” ends lowest, “b” highest" in figure.alt


def test_pictures_of_digits():
    rng = np.random.default_rng(0)
    pictures, copies = rng.random((10, 8, 8)), rng.random((3, 10, 8, 8))
    figure = figures.jiggled(pictures, copies)
    assert len(figure.axes) == 40
    assert np.array_equal(figure.axes[10].images[0].get_array(), copies[0, 0])
    W = rng.normal(size=(64, 30))
    axes = figures.weights(W, np.arange(5, 25)).axes
    assert sum(len(ax.images) for ax in axes) == 20
    assert np.array_equal(axes[0].images[0].get_array(), W[:, 5].reshape(8, 8))
    low, high = axes[0].images[0].get_clim()
    assert low == -high  # white is zero


def test_mistakes_are_named_with_their_probabilities():
    p = np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]])
    figure = figures.mistakes(np.zeros((2, 64)), np.array([0, 1]), p, [1, 0])
    first, second = figure.axes
    assert first.get_title("center") == "is 1: 30.0%"
    assert first.get_xlabel() == "✗ read 2: 60.0%" and second.get_xlabel() == "✓ read 0: 70.0%"
    assert "first 1 are mistakes" in figure.alt


def test_depth_figure_draws_each_scale_with_one_marker():
    sizes = {"small": {key: np.array([1, 0.1]) for key in ("activations", "dx", "dW", "db")},
             "large": {key: np.array([1, 10.0]) for key in ("activations", "dx", "dW", "db")}}
    figure = figures.depth(sizes)
    assert [ax.get_title("left") for ax in figure.axes] == ["activations", "dx", "dW", "db"]
    assert [t.get_text() for t in figure.legends[0].get_texts()] == ["small", "large"]
    for ax in figure.axes:
        assert [line.get_marker() for line in ax.lines] == ["o", "s"]
        assert ax.get_yscale() == "log"
        np.testing.assert_array_equal(ax.lines[1].get_ydata(), [1, 10])


def test_every_figure_says_what_it_shows_and_nothing_stays_open(runs):
    found, points, labels = runs
    before = plt.get_fignums()
    made = [figures.network((2, 3)), figures.chain(2, 3, 4),
            figures.spirals_live(found, points, labels, 2, 1, 0)]
    assert all(isinstance(figure, Figure) and len(figure.alt) > 40 for figure in made)
    assert plt.get_fignums() == before
