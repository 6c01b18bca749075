"""The figures of notebook 04: what each must show, over a grid of what a learner can choose."""

import itertools

import matplotlib.pyplot as plt
import numpy as np
import pytest

from helpers.lessons.notebook_04 import figures
from helpers.perceptron import AND, OR
from helpers.plots import BLUE, ORANGE, png


def texts(figure):
    """Every text of a figure's axes and of the figure itself."""
    found = [text.get_text() for text in figure.texts]
    for ax in figure.axes:
        found += [text.get_text() for text in ax.texts] + [ax.get_title("left")]
    return found


def filled(ax):
    """The points that `corners` has drawn filled."""
    lines = [line for line in ax.lines if line.get_marker() == "o" and line.get_color() == BLUE]
    return sorted(map(tuple, np.concatenate([line.get_xydata() for line in lines]).tolist()))


QUESTIONS = {"AND": (0, 0, 0, 1), "XOR": (0, 1, 1, 0), "never": (0, 0, 0, 0), "x₁": (0, 0, 1, 1)}


@pytest.mark.parametrize("target", QUESTIONS)
def test_gate_figure_over_its_sliders(target):
    for w_1, w_2, bias in [(-2, 1, 0), (1, 1, -1.5), (0, 0, 3), (2, 0, -3), (-1, -2, 1)]:
        figure = figures.gate_figure(QUESTIONS, w_1, w_2, bias, target)
        left, table = figure.axes
        wanted = [tuple(corner) for corner, value in zip(figures.CORNERS.tolist(),
                                                         QUESTIONS[target], strict=True)
                  if value]
        assert filled(left) == sorted(map(tuple, wanted))
        outputs = (figures.CORNERS @ [w_1, w_2] + bias > 0).astype(int)
        right = int((outputs == QUESTIONS[target]).sum())
        found = texts(figure)
        assert found.count("✓") == right and found.count("✗") == 4 - right
        title = table.get_title("left")
        assert title == ("all four rows are right" if right == 4 else f"{right} of 4 rows right")
        assert left.get_xlim() == left.get_ylim() == figures.REACH
        assert left.get_title("left").startswith("fires where")
    assert len(png(figure)) > 5_000
    plt.close("all")


def test_the_line_is_where_the_score_is_zero():
    ax = figures.gate_figure(QUESTIONS, 1, 1, -1.5, "AND").axes[0]
    drawn = [c for c in ax.collections if c.get_paths() and len(c.get_facecolor()) == 0]
    points = np.concatenate([path.vertices for c in drawn for path in c.get_paths()])
    np.testing.assert_allclose(points.sum(axis=1), 1.5)


@pytest.mark.parametrize("a", [0, 1, 7, 11, 15])
@pytest.mark.parametrize("b", [0, 1, 6, 15])
def test_adder_figure_adds(a, b):
    columns = figures.adder_values(a, b)
    assert figures.read(columns) == a + b
    figure = figures.adder_figure(a, b)
    found = texts(figure)
    assert any(text.split() == f"{a:04b} + {b:04b} = {a + b:05b} {a} + {b} = {a + b}".split()
               for text in found)
    kinds = [text for text in found if text in ("AND", "OR", "NAND")]
    assert len(kinds) == 36
    assert all(f"{name}{index}" in found for name in "abcs" for index in "₀₁₂₃") and "s₄" in found
    gray, blue = figure.axes[0].collections[:2]
    wires = [value[name] for value in columns for inputs in figures.FED_BY.values()
             for name in inputs]
    ends = [value[name] for value in columns for name in ("sum", "out")]
    lit = sum(wires) + sum(ends)
    assert (len(gray.get_segments()), len(blue.get_segments())) == (72 + 8 - lit, lit)
    plt.close("all")


def test_the_circuit_is_wired_as_the_full_adder():
    for a, b, carry in itertools.product((0, 1), repeat=3):
        column = figures.adder_values(a + 2 * carry, b + 2 * carry, n=2)[0]
        assert column["sum"] + 2 * column["out"] == a + b
    assert set(figures.FED_BY) == set(figures.PLACES) - {"a", "b", "carry"}
    assert len(figures.FED_BY) == 9


def test_epochs_figure_has_a_panel_for_each():
    epochs = [(np.array([1.0, -2.0]), 0.5, 1), (np.zeros(2), 0.0, 3), (np.ones(2), -1.5, 0)]
    figure = figures.epochs_figure(figures.CORNERS, AND(*figures.CORNERS.T), epochs)
    titles = [ax.get_title("left") for ax in figure.axes]
    assert titles == ["epoch 1\n1 mistake", "epoch 2\n3 mistakes", "epoch 3\n0 mistakes"]
    assert figure.axes[0].get_xlabel() == "w = (1, −2)\nb = 0.5"
    assert all(filled(ax) == [(1.0, 1.0)] for ax in figure.axes)


def test_bound_figure_says_what_was_counted():
    along, length = np.array([0, 1, 2, 2.5]), np.array([0, 1.5, 2.2, 2.6])
    random_ones, hard_ones = np.array([[50, 4], [900, 30]]), np.array([[2, 2]])
    figure = figures.bound_figure(2.0, 0.5, along, length, random_ones, hard_ones)
    left, right = figure.axes
    assert left.get_title("left") == "one task: 3 mistakes, the bound is 16"
    high, low = left.lines[:2]
    M = high.get_xdata()
    np.testing.assert_allclose(high.get_ydata(), 2 * np.sqrt(M))
    np.testing.assert_allclose(low.get_ydata(), 0.5 * M)
    np.testing.assert_array_equal(left.lines[2].get_ydata(), length)
    np.testing.assert_array_equal(left.lines[3].get_ydata(), along)
    assert left.lines[4].get_xdata()[0] == 16
    assert right.get_title("left") == "3 tasks"
    dots, diamonds = (next(line for line in right.lines if line.get_marker() == m) for m in "oD")
    np.testing.assert_array_equal(dots.get_xydata(), random_ones)
    np.testing.assert_array_equal(diamonds.get_xydata(), hard_ones)
    assert "the bound, 16;" in figure.alt and "end at 3." in figure.alt


def test_all_gates_figure_marks_those_without_a_line():
    questions = {str(table): table for table in itertools.product((0, 1), repeat=4)}
    without = ["(0, 1, 1, 0)", "(1, 0, 0, 1)"]
    results = {name: (None if name in without else AND, 3) for name in questions}
    figure = figures.all_gates_figure(questions, results)
    titles = [ax.get_title() or ax.get_title("left") for ax in figure.axes]
    assert len(titles) == 16
    assert [title for title in titles if "no line" in title] == [f"{n}: no line" for n in without]
    assert titles[0] == "(0, 0, 0, 0): 3 mistakes"
    for ax, table in zip(figure.axes, questions.values(), strict=True):
        assert len(filled(ax)) == sum(table)
    assert "In 14 a line" in figure.alt and " and ".join(without) in figure.alt


@pytest.mark.parametrize(("neuron", "fires"), [(AND, "(1, 1)"), (OR, "(0, 1), (1, 0), (1, 1)")])
def test_neuron_figure_shows_its_numbers(neuron, fires):
    figure = figures.neuron_figure(neuron.weights, neuron.bias)
    left, right = figure.axes
    found = [text.get_text() for text in left.texts]
    assert found.count("1") >= 3 and f"−{abs(neuron.bias):g}" in found
    assert len(filled(right)) == fires.count("(")
    assert f"lies {fires} alone" in figure.alt


def test_cycle_figure_rings_what_is_shown():
    states = [(-1, 0, 1), (-1, 0, 0), (-1, 1, 1), (1, 1, -1.5)]
    figure = figures.cycle_figure(figures.CORNERS, (0, 1, 1, 0), states)
    titles = [ax.get_title("left") for ax in figure.axes]
    said = zip(figures.CORNERS, (1, 0, 0, 1), strict=True)
    assert titles == [f"shown ({a}, {b})\nsays {says}, wrong" for (a, b), says in said]
    rings = [line for ax in figure.axes for line in ax.lines if line.get_markersize() == 21]
    assert [ring.get_markeredgecolor() for ring in rings] == [ORANGE] * 4


def test_fold_figure_lays_two_corners_on_each_other():
    wires, left, right = figures.fold_figure().axes
    assert [text.get_text() for text in wires.texts if text.get_text()] == [
        "x₁", "x₂", "OR", "NAND", "AND"
    ]
    assert filled(left) == [(0.0, 1.0), (1.0, 0.0)]
    assert filled(right) == [(1.0, 1.0), (1.0, 1.0)]
    assert "(0, 1) and (1, 0)" in [text.get_text() for text in right.texts]


@pytest.mark.parametrize("moment", [0, 1, 2])
def test_hidden_figure_counts_what_is_right(moment):
    by_hand = np.array([20, 20, 20, 20, -10, -30, 20, -20, -10.0])  # OR, AND; OR and not AND
    thetas = np.stack([np.zeros(9), by_hand, -by_hand])
    figure = figures.hidden_figure(thetas, [0, 5, 9], moment)
    left, right = figure.axes
    assert left.get_title("left") == f"after {[0, 5, 9][moment]} steps: the answer p"
    assert right.get_title("left").endswith(f"{(2, 4, 2)[moment]} of 4 right")
    if moment == 1:
        np.testing.assert_allclose(filled(right), [(1, 0), (1, 0)], atol=1e-3)
    assert len(png(figure)) > 10_000


def test_widths_figure_draws_every_start():
    losses = {2: np.array([0.0, 0.3466, 0.4774]), 8: np.zeros(3)}
    figure = figures.widths_figure({2: 1 / 3, 8: 1.0}, losses, (0.3466, 0.4774))
    left, right = figure.axes
    assert [text.get_text() for text in left.texts] == ["33.3%", "100.0%"]
    marks = {m: [line for line in right.lines if line.get_marker() == m] for m in "ox"}
    assert sum(len(line.get_xdata()) for line in marks["o"]) == 4, "learned: a dot"
    failed = np.concatenate([line.get_ydata() for line in marks["x"]])
    assert failed.tolist() == [0.3466, 0.4774], "failed: a cross"
    assert {"0.347", "0.477"} <= {text.get_text() for text in right.texts}
    assert "33.3% for 2, 100.0% for 8 hidden" in figure.alt


def test_slope_figure_tells_its_curves_apart_without_color():
    line = np.linspace(-1, 1, 5)
    ax = figures.slope_figure(line, line**2, line**4).axes[0]
    assert [text.get_text() for text in ax.texts] == ["steps", "sigmoids"]
    assert [drawn.get_linestyle() for drawn in ax.lines] == ["--", "-"]
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), line**2)
    np.testing.assert_array_equal(ax.lines[1].get_ydata(), line**4)
    x, y = ax.texts[1].get_position()
    assert 0 < x < line[-1], "right of the hollow, inside the axes"
    assert np.isclose(y, np.interp(x - 0.1, line, line**4)), "beside its own curve"


def test_sums_figure_crosses_what_is_wrong():
    right = np.ones(256, dtype=bool)
    right[35] = False
    figure = figures.sums_figure(right, np.array([35, 4]))
    ax = figure.axes[0]
    kinds = np.asarray(ax.images[0].get_array()).ravel()
    assert kinds[35] == 2 and kinds[4] == 1 and (kinds == 0).sum() == 254
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["shown, right: 254", "never shown, right: 1", "never shown, wrong: 1"]
    crosses = next(line for line in ax.lines if line.get_marker() == "x")
    assert crosses.get_xydata().tolist() == [[3, 2]], "column b = 3, row a = 2"
    assert "Of the other 2, never shown, 1 are blue" in figure.alt


def test_every_figure_says_what_it_shows():
    alt = figures.adder_figure(3, 5).alt
    assert "0011 and 0101 enter" in alt and "01000 leaves" in alt and "3 + 5 = 8" in alt
    figure = figures.gate_figure(QUESTIONS, 1, 1, -1.5, "XOR")
    assert "truth table of XOR" in figure.alt and "1 of 4 rows agree" in figure.alt
    epochs = [(np.zeros(2), 0.0, 3), (np.ones(2), -1.5, 0)]
    alt = figures.epochs_figure(figures.CORNERS, AND(*figures.CORNERS.T), epochs).alt
    assert "2 panels" in alt and "are 3, 0;" in alt


def test_hidden_figure_leaves_the_parameters_as_they_are():
    thetas = np.random.default_rng(0).normal(size=(2, 9))
    before = thetas.copy()
    figures.hidden_figure(thetas, [0, 7], 1)
    np.testing.assert_array_equal(thetas, before)


def test_descent_figure_marks_the_ends_of_its_legs():
    losses = np.array([0.4, 0.35, 0.3, 0.1, 0.0])
    figure = figures.descent_figure(losses, ["one", "two"])
    ax = figure.axes[0]
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), losses)
    np.testing.assert_array_equal(ax.lines[1].get_xydata(), [[0, 0.4], [2, 0.3], [4, 0.0]])
    assert [(text.get_text(), text.get_position()[0]) for text in ax.texts] == [
        ("one", 1), ("two", 3)
    ]
    assert "it is 0.4000, 0.3000, 0.0000." in figure.alt


def test_labels_stand_where_their_things_are():
    _, _, folded = figures.fold_figure().axes
    places = {text.get_text(): tuple(text.xy) for text in folded.texts}
    assert places == {"(0, 0)": (0, 1), "(1, 1)": (1, 0), "(0, 1) and (1, 0)": (1, 1)}
    along, length = np.array([0, 1, 2, 2.5]), np.array([0, 1.5, 2.2, 2.6])
    ones = np.array([[50, 4], [900, 30]])
    left, right = figures.bound_figure(2.0, 0.5, along, length, ones, ones[:1]).axes
    places = {text.get_text(): text for text in left.texts}
    assert places["|θ|, measured"].xy == (3, 2.6) and places["u · θ, measured"].xy == (3, 2.5)
    for text in left.texts + right.texts:
        x, y = text.get_position() if not hasattr(text, "xy") else text.xy
        assert left.get_xlim()[0] <= x and y >= 0
    assert places["at most √M R"].get_position()[1] > 2 * np.sqrt(0.62 * 16)
    assert places["at least M γ"].get_position()[1] < 0.5 * 0.62 * 16
    line = np.linspace(-1, 1, 5)
    ax = figures.slope_figure(line, line**2, line**4).axes[0]
    (x, y), (_, lower) = (text.get_position() for text in ax.texts)
    assert x < 1 and 1 < y < 1.1, "beside the right end of its curve"
    assert lower == line[3] ** 4


def test_texts_are_drawn_over_circles_and_circles_over_wires():
    for ax in (figures.neuron_figure([1, 1], -1.5).axes[0], figures.fold_figure().axes[0]):
        circles = [drawn.get_zorder() for drawn in ax.collections]
        names = [text for text in ax.texts if not hasattr(text, "arrow_patch")]
        wires = [text.get_zorder() for text in ax.texts if getattr(text, "arrow_patch", None)]
        assert max(wires) < min(circles)
        inside = [text for text in names if text.get_zorder() > max(circles)]
        assert len(inside) == len(circles), "a name in every circle, over it"
        low, high = ax.get_ylim()
        assert all(low < y < high for ring in ax.collections for _, y in ring.get_offsets())
        assert high - low < 4, "no empty margins"


def test_shades_and_grids():
    thetas = np.array([[20, 20, 20, 20, -10, -30, 20, -20, -10.0]])
    left, right = figures.hidden_figure(thetas, [5], 0).axes
    assert left.collections[0].norm.vmin == 0 and left.collections[0].norm.vmax > 1
    assert right.get_xticks().tolist() == right.get_yticks().tolist() == [0, 0.5, 1]
    ax = figures.sums_figure(np.ones(256, dtype=bool), np.array([4])).axes[0]
    minor = ax.get_xticks(minor=True)
    assert minor.tolist() == ax.get_yticks(minor=True).tolist() == (np.arange(17) - 0.5).tolist()


def test_texts_lie_inside_their_axes():
    ones = np.array([[50, 4], [900, 30]])
    along = np.array([0, 1, 2, 2.5])
    for figure in (
        figures.gate_figure(QUESTIONS, 1, 1, -1.5, "AND"),
        figures.bound_figure(2.0, 0.5, along, along + 0.1, ones, ones[:1]),
        figures.fold_figure(), figures.neuron_figure([1, 1], -1.5),
    ):
        for ax in figure.axes:
            for text in ax.texts:
                if text.get_text() and not hasattr(text, "xy"):
                    x, y = text.get_position()
                    assert ax.get_xlim()[0] <= x <= ax.get_xlim()[1], text.get_text()
                    assert ax.get_ylim()[0] <= y <= ax.get_ylim()[1], text.get_text()
    x, y = next(text.get_position() for text in figures.bound_figure(
        2.0, 0.5, along, along, ones, ones[:1]).axes[1].texts if text.get_text() == "random points")
    assert 30 < y < x, "over the dots and under the diagonal"
