"""The figures of notebook 04: what each must show, over a grid of what a learner can choose."""

import itertools

import matplotlib.pyplot as plt
import numpy as np
import pytest

from helpers.plots import BLUE, ORANGE, png
from helpers.lessons.notebook_04 import figures
from helpers.perceptron import AND, Perceptron, learn


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


def test_the_sixteen_tables_are_all_there_and_rightly_named():
    assert sorted(figures.TABLES.values()) == sorted(itertools.product((0, 1), repeat=4))
    for name, table in figures.TABLES.items():
        if name.isupper():
            continue
        if name in ("never", "always"):
            assert set(table) == {int(name == "always")}
            continue
        formula = name.replace("x₁", "x_1").replace("x₂", "x_2")
        wanted = [int(eval(formula, {"x_1": bool(a), "x_2": bool(b)})) for a, b in figures.CORNERS]
        assert list(table) == wanted, name


@pytest.mark.parametrize("target", figures.TABLES)
def test_gate_figure_over_its_sliders(target):
    for w_1, w_2, bias in [(-2, 1, 0), (1, 1, -1.5), (0, 0, 3), (2, 0, -3), (-1, -2, 1)]:
        figure = figures.gate_figure(w_1, w_2, bias, target)
        left, table = figure.axes
        wanted = [tuple(corner) for corner, value in zip(figures.CORNERS.tolist(),
                                                         figures.TABLES[target], strict=True)
                  if value]  # fmt: skip
        assert filled(left) == sorted(map(tuple, wanted))
        outputs = (figures.CORNERS @ [w_1, w_2] + bias > 0).astype(int)
        right = int((outputs == figures.TABLES[target]).sum())
        found = texts(figure)
        assert found.count("✓") == right and found.count("✗") == 4 - right
        title = table.get_title("left")
        assert title == ("all four rows are right" if right == 4 else f"{right} of 4 rows right")
        assert left.get_xlim() == left.get_ylim() == figures.REACH
        assert left.get_title("left").startswith("fires where")
    assert len(png(figure)) > 5_000
    plt.close("all")


def test_the_line_is_where_the_score_is_zero():
    ax = figures.gate_figure(1, 1, -1.5, "AND").axes[0]
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
    assert any(text.endswith(f"{a} + {b} = {a + b}") for text in found)
    kinds = [text for text in found if text in ("AND", "OR", "NAND")]
    assert len(kinds) == 36
    assert all(f"{name}{index}" in found for name in "abcs" for index in "₀₁₂₃") and "s₄" in found
    gray, blue = figure.axes[0].collections[:2]
    wires = [value[name] for value in columns for inputs in figures.FED_BY.values()
             for name in inputs]  # fmt: skip
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


def test_novikoff_run_is_the_rule_and_keeps_between_its_curves():
    for seed in range(5):
        task = figures.random_task(np.random.default_rng(seed))
        x, targets, w, b = task
        assert x.shape == (50, 2) and ((x @ w + b > 0) == targets).all()
        R, gamma, along, length = figures.novikoff_run(*task)
        M = np.arange(len(along))
        mistakes = learn(Perceptron([0, 0], 0), x, targets, epochs=10_000)
        assert sum(mistakes) == len(M) - 1 <= (R / gamma) ** 2
        assert (along >= gamma * M - 1e-9).all() and (length <= R * np.sqrt(M) + 1e-9).all()
        assert (along <= length + 1e-9).all()


def test_bound_figure_says_what_was_counted():
    example = figures.random_task(np.random.default_rng(1))
    figure = figures.bound_figure(example, np.array([[50, 4], [900, 30]]), np.array([[2, 2]]))
    R, gamma, along, _ = figures.novikoff_run(*example)
    left, right = figure.axes
    assert left.get_title("left") == (
        f"one task: {len(along) - 1} mistakes, the bound is {(R / gamma) ** 2:.0f}"
    )
    assert right.get_title("left") == "3 tasks"
    dots = [line for line in right.lines if line.get_label() == "random points"][0]
    np.testing.assert_array_equal(dots.get_xydata(), [[50, 4], [900, 30]])


def test_all_gates_figure_marks_those_without_a_line():
    results = {name: (None if name in ("XOR", "XNOR") else AND, 3) for name in figures.TABLES}
    figure = figures.all_gates_figure(results)
    titles = [ax.get_title() or ax.get_title("left") for ax in figure.axes]
    assert len(titles) == 16
    assert [title for title in titles if "no line" in title] == ["XOR: no line", "XNOR: no line"]
    for ax, table in zip(figure.axes, figures.TABLES.values(), strict=True):
        assert len(filled(ax)) == sum(table)


def test_cycle_figure_rings_what_is_shown():
    states = [(-1, 0, 1), (-1, 0, 0), (-1, 1, 1), (1, 1, -1.5)]
    figure = figures.cycle_figure(figures.CORNERS, (0, 1, 1, 0), states)
    titles = [ax.get_title("left") for ax in figure.axes]
    said = zip(figures.CORNERS, (1, 0, 0, 1), strict=True)
    assert titles == [f"shown ({a}, {b}): says {says}, wrong" for (a, b), says in said]
    rings = [line for ax in figure.axes for line in ax.lines if line.get_markersize() == 21]
    assert [ring.get_markeredgecolor() for ring in rings] == [ORANGE] * 4


def test_fold_figure_lays_two_corners_on_each_other():
    left, right = figures.fold_figure().axes
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
    outcomes = {2: (None, np.array([0.0, 0.3466, 0.4774])), 8: (None, np.zeros(3))}
    left, right = figures.widths_figure({2: 1 / 3, 8: 1.0}, outcomes, 0.3466, 0.4774).axes
    assert [text.get_text() for text in left.texts] == ["33%", "100%"]
    dots = [line for line in right.lines if line.get_marker() == "."]
    assert sum(len(line.get_xdata()) for line in dots) == 6
    assert {"0.347", "0.477"} <= {text.get_text() for text in right.texts}


def test_slope_and_sums_figures():
    line = np.linspace(-1, 1, 5)
    ax = figures.slope_figure(line, {"step": line**2, "sigmoid": line**2}).axes[0]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["steps", "sigmoids"]
    right = np.ones(256, dtype=bool)
    right[3] = False
    ax = figures.sums_figure(right, np.array([3, 4])).axes[0]
    kinds = np.asarray(ax.images[0].get_array()).ravel()
    assert kinds[3] == 2 and kinds[4] == 1 and (kinds == 0).sum() == 254
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["shown, right: 254", "never shown, right: 1", "never shown, wrong: 1"]
