"""The figures of notebook 03: what each must show, over a grid of what a learner can choose."""

import itertools

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from helpers.lessons.notebook_03 import figures
from helpers.plots import png
from helpers.layers import GELU, Linear, ReLU, Sigmoid, SoftmaxCrossEntropy, Tanh, fit, flatten


def curve(x):
    """The curve of the notebook."""
    return np.sin(2 * x) + 0.3 * x


@pytest.fixture(scope="module")
def runs():
    """Two short training runs, as the live figure gets them, with their points."""
    points, labels = figures.spirals()
    found = {}
    for width, depth in [(2, 1), (16, 2)]:
        model = figures.spiral_network(width, depth)
        flatten(model)
        keep, kept = figures.snapshots(model, (2, 20))
        losses = fit(model, SoftmaxCrossEntropy(), points, labels, 20, 50, on_epoch=keep)
        found[width, depth] = model, losses, kept
    return found, points, labels


def test_spirals_are_arms_of_the_same_size():
    points, labels = figures.spirals(n=40, arms=3)
    assert points.shape == (120, 2) and np.bincount(labels).tolist() == [40, 40, 40]
    radius = np.linalg.norm(points, axis=1).reshape(3, 40)
    np.testing.assert_allclose(radius, np.tile(np.linspace(0.1, 1, 40), (3, 1)))
    assert np.array_equal(points, figures.spirals(n=40, arms=3)[0])


@pytest.mark.parametrize(("width", "depth"), [(16, 2), (2, 1), (32, 3)])
def test_spiral_network_has_the_size_that_the_text_says(width, depth):
    theta, _ = flatten(figures.spiral_network(width, depth))
    hidden = (2 * width + width) + (depth - 1) * (width * width + width)
    assert theta.size == hidden + width * 3 + 3
    assert (theta.size == 371) == ((width, depth) == (16, 2))


def test_snapshots_are_copies_of_the_first_and_of_the_wanted_epochs(runs):
    for model, _, kept in runs[0].values():
        assert list(kept) == [0, 2, 20]
        assert np.array_equal(kept[20], model.theta) and not np.array_equal(kept[0], kept[2])
        assert not np.shares_memory(kept[20], model.theta)


def test_shade_mixes_the_colors_of_the_classes():
    sure = figures.shade(np.eye(3))
    colors = np.array([to_rgb(color) for color in figures.CLASS_COLORS])
    assert ((sure > colors) | (colors == 1)).all()  # paler, none the same
    np.testing.assert_allclose(figures.shade(np.full(3, 1 / 3)), sure.mean(axis=0))


def test_opening_figure_shows_a_network_that_learns():
    figure = figures.opening_figure()
    shares = [int(ax.get_title("center").split(": ")[1].split("%")[0]) for ax in figure.axes]
    assert len(shares) == 4 and shares == sorted(shares)
    assert shares[0] < 50 and shares[-1] >= 99
    assert len(png(figure)) < 400_000


def test_spirals_live_at_the_ends_of_its_sliders(runs):
    found, points, labels = runs
    for (width, depth), epoch in itertools.product(found, (0, 2, 20)):
        model, losses, kept = found[width, depth]
        own = model.theta.copy()
        figure = figures.spirals_live(found, points, labels, width, depth, epoch)
        left, right = figure.axes
        model.theta[:] = kept[epoch]
        share = np.mean(model(points).argmax(axis=-1) == labels)
        model.theta[:] = own
        title = left.get_title("left")
        assert f"of {width}, epoch {epoch}: {share:.0%} right" in title
        assert title.startswith("1 hidden layer of" if depth == 1 else f"{depth} hidden layers of")
        assert sum(len(line.get_xdata()) for line in left.lines) == 300
        (pink,) = [line for line in right.lines if line.get_color() == figures.PINK]
        assert np.array_equal(pink.get_ydata(), losses)
        assert len(right.lines) == len(found) + 1
        assert f"{model.theta.size} parameters" in right.get_title("left")


def test_regions_leave_the_model_as_it_was_even_after_an_error(runs):
    found, points, labels = runs
    model, _, kept = found[16, 2]
    own = model.theta.copy()
    figures.regions_figure(model, kept, points, labels)
    assert np.array_equal(model.theta, own)
    with pytest.raises(ValueError):
        figures.draw_regions(plt.Figure().add_subplot(), model, kept[2], points[:, :1], labels)
    assert np.array_equal(model.theta, own)


@pytest.mark.parametrize("bends", [1, 2, 3, 8, 16, 17, 64])
def test_bends_figure_at_the_ends_of_its_slider(bends):
    figure = figures.bends_figure(curve, 3, bends)
    left, right = figure.axes
    assert left.get_title("left") == f"{bends} bend{'s' if bends > 1 else ''}"
    (corners,) = [line for line in left.lines if line.get_marker() == "o"]
    assert len(corners.get_xdata()) == bends
    x = np.linspace(-3, 3, 601)
    guesses, places, weights = figures.fit_bends(curve, bends, x)
    error = figures.root_mean_square(guesses - curve(x))
    (dot,) = [line for line in right.lines if line.get_marker() == "o"]
    np.testing.assert_allclose(dot.get_xydata()[0], (bends, error))
    by_hand = weights[-1] + np.maximum(x[:, None] - places, 0) @ weights[:-1]
    np.testing.assert_allclose(guesses, by_hand, atol=1e-12)
    assert np.interp(bends, *right.lines[0].get_data()) == pytest.approx(error, rel=0.2)


def test_no_bends_fit_better_than_least_squares():
    x, rng = np.linspace(-3, 3, 601), np.random.default_rng(0)
    guesses, places, weights = figures.fit_bends(curve, 6, x)
    best = figures.root_mean_square(guesses - curve(x))
    for _ in range(20):
        other = weights + rng.normal(0, 0.01, 7)
        tried = other[-1] + np.maximum(x[:, None] - places, 0) @ other[:-1]
        assert figures.root_mean_square(tried - curve(x)) > best


def test_neuron_figure_draws_the_line_where_the_sum_is_zero():
    points = np.array([[1.0, 1.0], [-1.0, -1.0], [2.0, 0.5]])
    labels, w, b = np.array([1, 0, 0]), np.array([1.0, 2.0]), -0.5
    figure = figures.neuron_figure([("some", points, labels, w, b)])
    (ax,) = figure.axes
    assert ax.get_title("left") == "some: 67% right"
    (lines,) = [c for c in ax.collections if hasattr(c, "levels")]
    middle = lines.get_paths()[1].vertices
    np.testing.assert_allclose(middle @ w + b, 0, atol=0.02)


def test_chain_figure_gives_every_gradient_the_shape_of_its_namesake():
    texts = [text.get_text() for text in figures.chain_figure(2, 16, 3, N="64").axes[0].texts]
    shapes = dict(text.split("\n") for text in texts if text.count("\n") == 1 and "W" not in text)
    for name in ("x", "z", "a", "ŷ"):
        assert shapes[name] == shapes[f"d{name}"]
    assert shapes["x"] == "(64, 2)" and shapes["ŷ"] == "(64, 3)" and shapes["L"] == "()"
    assert "W (2, 16)\nb (16,)" in texts and "dW (2, 16)\ndb (16,)" in texts


def test_activations_figure_shows_values_and_slopes():
    x = np.linspace(-4, 4, 81)
    layers = [Sigmoid(), Tanh(), ReLU(), GELU()]
    figure = figures.activations_figure(layers, x)
    above, below = figure.axes[:4], figure.axes[4:]
    assert [ax.get_title("left") for ax in above] == ["Sigmoid", "Tanh", "ReLU", "GELU"]
    for top, bottom in zip(above, below, strict=True):
        y, slope = top.lines[0].get_ydata(), bottom.lines[0].get_ydata()
        corner = np.abs(x) < 0.15  # of ReLU
        assert np.abs(np.gradient(y, x) - slope)[1:-1][~corner[1:-1]].max() < 0.02


def test_curves_figure_shows_every_run_and_where_to_stop():
    steps = np.arange(4, 41, 4.0)
    made = {name: (steps, 1 / steps, 1 / steps + k) for k, name in enumerate(["none", "a", "b"])}
    left, right = figures.curves_figure(made, stop=16).axes
    assert [text.get_text() for text in right.get_legend().get_texts()] == list(made)
    assert "at step 16" in left.texts[0].get_text()
    assert np.array_equal(left.lines[1].get_ydata(), made["none"][2])


def test_pictures_of_digits():
    rng = np.random.default_rng(0)
    pictures, copies = rng.random((10, 8, 8)), rng.random((3, 10, 8, 8))
    figure = figures.jiggled_figure(pictures, copies)
    assert len(figure.axes) == 40
    assert np.array_equal(figure.axes[10].images[0].get_array(), copies[0, 0])
    W = rng.normal(size=(64, 30))
    axes = figures.weights_figure(W, np.arange(5, 25)).axes
    assert sum(len(ax.images) for ax in axes) == 20
    assert np.array_equal(axes[0].images[0].get_array(), W[:, 5].reshape(8, 8))
    low, high = axes[0].images[0].get_clim()
    assert low == -high  # white is zero


def test_mistakes_are_named_with_their_probabilities():
    p = np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]])
    axes = figures.mistakes_figure(np.zeros((2, 64)), np.array([0, 1]), p, [1, 0]).axes
    assert axes[0].get_title("center") == "is 1: 30.0%" and axes[0].get_xlabel() == "read 2: 60.0%"
    colors = [ax.xaxis.label.get_color() for ax in axes]
    assert colors == [figures.ORANGE, figures.GREEN]


def test_confusion_figure_writes_every_count():
    table = np.array([[5, 0, 2], [0, 7, 0], [1, 0, 9]])
    ax = figures.confusion_figure(table).axes[0]
    written = {text.get_position(): text.get_text() for text in ax.texts}
    assert written == {(0, 0): "5", (2, 0): "2", (1, 1): "7", (0, 2): "1", (2, 2): "9"}
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("read as", "is")


def test_depth_figure_draws_each_scale_in_one_color():
    sizes = {"small": (np.array([1, 0.1]), np.array([0.2, 1])),
             "large": (np.array([1, 10.0]), np.array([9.0, 1]))}  # fmt: skip
    left, right = figures.depth_figure(sizes).axes
    assert [t.get_text() for t in left.get_legend().get_texts()] == ["small", "large"]
    for a, b in zip(left.lines, right.lines, strict=True):
        assert a.get_color() == b.get_color()
    assert left.get_yscale() == "log"


def test_every_figure_is_a_figure_and_nothing_stays_open(runs):
    found, points, labels = runs
    before = plt.get_fignums()
    made = [figures.bends_figure(curve, 3, 4), figures.chain_figure(2, 3, 4),
            figures.spirals_live(found, points, labels, 2, 1, 0)]  # fmt: skip
    assert all(isinstance(figure, Figure) for figure in made)
    assert plt.get_fignums() == before


def test_networks_of_notebook_and_figures_agree():
    """The notebook writes out the network that the opening figure trains."""
    network = figures.spiral_network(16, 2)
    assert [type(layer) for layer in network.layers] == [Linear, Tanh, Linear, Tanh, Linear]
    assert network.layers[0].scale == pytest.approx(3 / np.sqrt(2))
