"""The figures of notebook 05: what each must show, over a grid of what a learner can choose."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch

from helpers.attention import attend, split_heads
from helpers.lessons.notebook_05 import figures
from helpers.plots import png
from helpers.lessons.notebook_05.figures import TOKENS, W_K, W_Q, W_V, Matrix, X


def texts(ax):
    """The texts of an axes that are not empty."""
    return [text.get_text() for text in ax.texts if text.get_text()]


@pytest.mark.parametrize("query", TOKENS)
@pytest.mark.parametrize("temperature", [10**-1.5, 0.3, 1.0, 3.0, 10**1.5])
def test_mix_figure_at_the_ends_of_its_controls(query, temperature):
    figure = figures.mix_figure(query, temperature)
    left, middle, right = figure.axes
    row = TOKENS.index(query)
    _, weights = attend(X @ W_Q / temperature, X @ W_K, X @ W_V)
    heights = [bar.get_height() for bar in middle.patches]
    np.testing.assert_allclose(heights, weights[row], rtol=1e-10)
    assert query in middle.get_title("left")
    mixed = weights[row] @ X @ W_V
    np.testing.assert_allclose(right.lines[-3].get_xydata()[0], mixed, atol=1e-12)
    (a, b), (c, d) = right.get_xlim(), right.get_ylim()
    assert a < mixed[0] < b and c < mixed[1] < d
    assert f"({mixed[0]:.2f}, {mixed[1]:.2f})" in right.get_title("left")
    for name in TOKENS:
        assert name in texts(left) and name in texts(right)
    assert len(png(figure)) > 10_000


def test_mix_figure_without_a_direction_marks_the_origin():
    marks = [line.get_marker() for line in figures.mix_figure("code", 1).axes[0].lines]
    assert "X" in marks
    marks = [line.get_marker() for line in figures.mix_figure("she", 1).axes[0].lines]
    assert "X" not in marks


def test_the_example_of_four_tokens_is_as_the_text_says():
    weights = attend(X @ W_Q, X @ W_K, X @ W_V)[1]
    assert weights[3].argmax() == 0 and weights[0].argmax() == 2
    np.testing.assert_allclose(weights[2], 1 / 4)


def test_equation_figure_writes_every_number():
    a, b = np.array([[1.0, -2], [0, 3]]), np.array([[0.256, -1.5]])
    figure = figures.equation_figure([
        [Matrix("A", a, ("r", "s"), ("c", "d")), "·", Matrix("B", b, signed=False)],
        ["softmax of\neach row", Matrix("C", a)],
    ])  # fmt: skip
    (ax,) = figure.axes
    written = texts(ax)
    for text in ("A", "B", "C", "r", "s", "c", "d", "·", "0.26", "−1.50", "1", "−2", "3"):
        assert text in written, text
    assert written.count("−2") == 2
    assert not any(text.startswith("−0") and set(text) <= set("−0.") for text in written)
    low, high = ax.get_xlim()
    assert all(low <= text.get_position()[0] <= high for text in ax.texts)


def test_no_minus_zero_is_written():
    figure = figures.equation_figure([[Matrix("A", [[-0.0, 1.0]])]])
    assert texts(figure.axes[0]).count("0") == 1


def test_arcs_are_as_thick_as_the_weights():
    first = np.zeros((5, 5))
    first[1, 0], first[3, 2], first[3, 0], first[2, 1] = 1.0, 0.5, 0.01, 1.0
    second = np.array([0, 0, 0, 0.9, 0.1])
    figure = figures.arcs_figure(list("a1b2a"), [("one", first, second, "→ 2")] * 2)
    assert len(figure.axes) == 2
    ax = figure.axes[0]
    arcs = [patch for patch in ax.patches if isinstance(patch, PathPatch)]
    assert len(arcs) == 4  # two of the digits, two of the question; a letter's is not drawn
    below = [arc for arc in arcs if arc.get_path().vertices[1, 1] < 0]
    assert len(below) == 2 and below[0].get_linewidth() > below[1].get_linewidth()
    for text in ("a", "1", "b", "2", "→ 2", "one"):
        assert text in texts(ax)


def test_the_opening_figure_trains_a_network_that_answers():
    figure = figures.opening_figure(steps=2)
    before, after = figure.axes
    assert "before training" in texts(before) and "after 2 steps" in texts(after)
    figure = figures.opening_figure()
    guess = next(text for text in texts(figure.axes[1]) if text.startswith("→"))
    boxes = [text.get_text() for text in figure.axes[1].texts[:11]]
    assert guess.split()[1] == boxes[boxes.index(boxes[10]) + 1]
    assert len(png(figure)) < 200_000


def test_kernel_figure_marks_the_answer():
    x = np.linspace(0, 1, 5)
    share = {"h": np.array([0, 0.25, 0.5, 0.25, 0])}
    ax = figures.kernel_figure(x, x**2, 0.5, share, {"h": (x, x)}).axes[0]
    assert ax.get_title("left") == "h"
    assert ax.lines[-1].get_xydata()[0] == pytest.approx([0.5, share["h"] @ x**2])
    sizes = ax.collections[0].get_sizes()
    assert sizes[2] == sizes.max() > sizes[0]


def test_scale_figure_holds_both_rows():
    widths = 2 ** np.arange(11)
    both = np.stack([widths, np.ones(11)]).astype(float)
    figure = figures.scale_figure(widths, both, both / 500, both / 5000, 16)
    for ax in figure.axes:
        assert ax.get_xscale() == "log" and len(ax.lines) >= 2
    assert "ln 16: all alike" in texts(figure.axes[1])
    assert figure.axes[0].get_title("left") == "variance of the scores"


def test_positions_figure_draws_three_places():
    table = np.ones((40, 6))
    figure = figures.positions_figure(table, table @ table.T)
    right = figure.axes[1]
    assert [line.get_label() for line in right.lines] == ["t = 10", "t = 20", "t = 30"]
    assert right.lines[0].get_xdata()[0] == -10


def test_heads_figure_names_the_owner_of_every_entry():
    x = np.arange(24.0).reshape(1, 4, 6)
    figure = figures.heads_figure(split_heads(x, 2)[0], x.reshape(1, 2, 4, 3)[0])
    left, right = (np.array(texts(ax)).reshape(4, 6) for ax in figure.axes)
    assert (left[:, :3] == "head 0").all() and (left[:, 3:] == "head 1").all()
    assert (right[:2] == "head 0").all() and (right[2:] == "head 1").all()


def test_accuracy_figure_names_curves_and_levels():
    curves = {"one": ([0, 50, 100], [0.1, 0.2, 0.3]), "two": ([0, 50], [0.1, 1.0])}
    ax = figures.accuracy_figure(curves, {"a guesser": 0.3}).axes[0]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["one", "two"]
    assert "a guesser" in texts(ax) and ax.get_xlim() == (0, 100) and ax.get_ylim()[1] > 1


def test_maps_figure_hides_the_future():
    maps = {f"map {i}": np.full((3, 3), 0.5) for i in range(4)}
    figure = figures.maps_figure(["a", "1", "a"], maps)
    for ax, title in zip(figure.axes, maps, strict=False):
        assert ax.get_title("left") == title
        shown = np.ma.filled(ax.images[0].get_array(), np.nan)
        assert np.isnan(shown[0, 1:]).all() and shown[2, 0] == 0.5
        assert [tick.get_text() for tick in ax.get_xticklabels()] == ["a", "1", "a"]


def test_cost_figure_is_on_logarithmic_axes():
    lengths = np.array([64, 128])
    figure = figures.cost_figure(lengths, [1e-3, 4e-3], [np.nan, 4e-3], [4e6, 16e6])
    assert isinstance(figure, Figure)
    left, right = figure.axes
    np.testing.assert_allclose(left.lines[0].get_ydata(), [1, 4])
    np.testing.assert_allclose(right.lines[0].get_ydata(), [4, 16])
    assert left.get_xscale() == left.get_yscale() == right.get_yscale() == "log"
