"""The figures of notebook 05: what each must show, over a grid of what a learner can choose."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch

from helpers.attention import attend, split_heads
from helpers.lessons.notebook_05 import figures
from helpers.lessons.notebook_05.figures import Matrix
from helpers.plots import png

TOKENS = ("Ada", "wrote", "code", "she")
QUERIES = np.array([[0.0, 2], [1, 0], [0, 0], [2, 1]])
KEYS = np.array([[2.0, 0], [0, 0], [0, 2], [1, 0]])
VALUES = np.array([[2.0, 0], [0, 0], [0, 2], [0, 0]])


def texts(ax):
    """The texts of an axes that are not empty."""
    return [text.get_text() for text in ax.texts if text.get_text()]


@pytest.mark.parametrize("query", TOKENS)
@pytest.mark.parametrize("temperature", [10**-1.5, 0.3, 1.0, 3.0, 10**1.5])
def test_mix_figure_at_the_ends_of_its_controls(query, temperature):
    figure = figures.mixer(TOKENS, QUERIES, KEYS, VALUES)(query, temperature)
    left, middle, right = figure.axes
    row = TOKENS.index(query)
    mixed, weights = (part[row] for part in attend(QUERIES / temperature, KEYS, VALUES))
    heights = [bar.get_height() for bar in middle.patches]
    np.testing.assert_allclose(heights, weights, rtol=1e-10)
    assert query in middle.get_title("left") and query in figure.alt
    diamond = next(line for line in right.lines if line.get_marker() == "D")
    np.testing.assert_allclose(diamond.get_xydata()[0], mixed, atol=1e-12)
    (a, b), (c, d) = right.get_xlim(), right.get_ylim()
    assert a < mixed[0] < b and c < mixed[1] < d
    assert f"({mixed[0]:.2f}, {mixed[1]:.2f})" in right.get_title("left")
    for name in TOKENS:
        assert name in texts(left) and name in ", ".join(texts(right))
    assert right.get_xlabel() == "how much Ada" and right.get_ylabel() == "how much code"
    assert len(png(figure)) > 10_000


def test_mix_figure_without_a_direction_marks_the_origin():
    draw = figures.mixer(TOKENS, QUERIES, KEYS, VALUES)
    assert "X" in [line.get_marker() for line in draw("code", 1).axes[0].lines]
    assert "X" not in [line.get_marker() for line in draw("she", 1).axes[0].lines]


def test_mix_figure_shades_the_triangle_of_the_values():
    right = figures.mixer(TOKENS, QUERIES, KEYS, VALUES)("she", 1).axes[2]
    (triangle,) = right.patches
    x, y = triangle.get_xy()[:-1].T
    assert abs(x @ np.roll(y, 1) - y @ np.roll(x, 1)) / 2 == pytest.approx(2)


def test_equation_figure_writes_every_number():
    a, b = np.array([[1.0, -2], [0, 3]]), np.array([[0.256, -1.5]])
    figure = figures.equation_figure([
        [Matrix("A", a, ("r", "s"), ("c", "d")), "·", Matrix("B", b)],
        ["softmax of\neach row", Matrix("C", abs(b) / 2, signed=False)],
    ], (6, 4))
    (ax,) = figure.axes
    written = texts(ax)
    for text in ("A", "B", "C", "r", "s", "c", "d", "·", "0.26", "−1.50", "1", "−2", "3", "0.75"):
        assert text in written, text
    low, high = ax.get_xlim()
    assert all(low <= text.get_position()[0] <= high for text in ax.texts)


def test_no_minus_zero_is_written_and_zero_is_white():
    figure = figures.equation_figure([[Matrix("A", [[-0.0, 1.0]])]], (3, 3))
    assert texts(figure.axes[0]).count("0") == 1
    for signed in (True, False):
        assert min(figures.cell_color(0.0, 1.0, signed)) > 0.96


def four_tokens():
    """All matrices of the way there and back, for four tokens."""
    rng = np.random.default_rng(0)
    shapes = {"X": 4, "W_Q": 2, "W_K": 2, "W_V": 2, "Q": 2, "K": 2, "V": 2, "S": 4, "Z": 4, "P": 4,
              "M": 2, "dM": 2, "dP": 4, "dZ": 4, "dQ": 2, "dK": 2, "dV": 2}
    return {name: rng.random((4, width)).round(3) for name, width in shapes.items()}


def test_the_way_there_and_back_show_all_matrices():
    m = four_tokens()
    there, back = figures.forward_figure(TOKENS, m), figures.backward_figure(TOKENS, m)
    for figure, names in ((there, "X Q K V P M"), (back, "dM dP dZ dQ dK dV")):
        written = texts(figure.axes[0])
        for name in names.split():
            assert any(name in text for text in written), name
            for value in m[name].flat:
                assert f"{value:.2f}" in written, name
    assert f"{m['M'][3, 0]:.2f} of Ada" in there.alt
    assert f"({m['dQ'][2, 0]:.2f}, {m['dQ'][2, 1]:.2f})" in back.alt


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


def pairs(N, seed):
    """Texts of three pairs of a letter and a digit, then one of the letters; the answers."""
    rng = np.random.default_rng(seed)
    letters = rng.random((N, 16)).argsort(axis=1)[:, :3]
    digits, asked = rng.integers(0, 8, (N, 3)), rng.integers(0, 3, N)
    found = np.zeros((N, 7), dtype=int)
    found[:, 0:6:2], found[:, 1::2] = letters, 16 + digits
    found[:, 6] = letters[np.arange(N), asked]
    return found, digits[np.arange(N), asked]


def test_the_opening_figure_trains_a_network_that_answers():
    names = "abcdefghijklmnop01234567"
    (train, answers), (text, answer) = pairs(20_000, 0), pairs(1, 1)
    figure = figures.opening_figure(names, train, answers, text[0], answer[0])
    before, after = figure.axes
    assert "before training" in texts(before) and "after 300 steps" in texts(after)
    assert any(line.startswith(f"→  {answer[0]} ") for line in texts(after))
    assert "which is right" in figure.alt and len(png(figure)) < 200_000
    arcs = [patch for patch in after.patches if isinstance(patch, PathPatch)]
    above = [arc for arc in arcs if arc.get_path().vertices[1, 1] > 0]
    x = max(above, key=PathPatch.get_linewidth).get_path().vertices[:, 0]
    value = np.flatnonzero(text[0] == text[0, -1])[0] + 1
    assert (x.min().round(), x.max().round()) == (value, 6), "the question looks at its value"
    for answer in (0, 1):
        figure = figures.opening_figure(names, train, answers, text[0], answer, steps=1)
        right = any(line.startswith(f"→  {answer} ") for line in texts(figure.axes[1]))
        assert f"which is {'right' if right else 'wrong'}" in figure.alt


def test_kernel_figure_marks_the_answer():
    x = np.linspace(0, 1, 5)
    share = {"h": np.array([0, 0.25, 0.5, 0.25, 0])}
    figure = figures.kernel_figure(x, x**2, 0.5, share, {"h": (x, x)})
    ax = figure.axes[0]
    assert ax.get_title("left") == "h"
    assert "with h the largest dot has the weight 0.50" in figure.alt
    assert ax.lines[-1].get_xydata()[0] == pytest.approx([0.5, share["h"] @ x**2])
    sizes = ax.collections[0].get_sizes()
    assert sizes[2] == sizes.max() > sizes[0]


def test_scale_figure_holds_both_rows_and_tells_them_apart_without_color():
    widths = 2 ** np.arange(11)
    both = np.stack([widths, np.ones(11)]).astype(float)
    figure = figures.scale_figure(widths, both, both / 500, both / 5000, 16)
    for ax in figure.axes:
        assert ax.get_xscale() == "log"
        assert ax.lines[0].get_marker() != ax.lines[1].get_marker()
    assert "ln 16: all alike" in texts(figure.axes[1])
    assert {"with √d", "without √d"} <= set(texts(figure.axes[0]))
    assert "to 1024" in figure.alt


def test_positions_figure_draws_three_places():
    table = np.ones((40, 6))
    figure = figures.positions_figure(table, table @ table.T)
    right = figure.axes[1]
    assert [line.get_label() for line in right.lines] == ["t = 10", "t = 20", "t = 30"]
    assert right.lines[0].get_xdata()[0] == -10 and "a peak of 6" in figure.alt


def test_rotary_figure_names_the_peaks():
    distance = np.arange(-3, 4)
    scores = {"one": -np.abs(distance), "two": -np.abs(distance + 2)}
    figure = figures.rotary_figure(distance, scores, np.arange(4) / 4, np.arange(4)[::-1] / 4, 0.8)
    left, right = figure.axes
    assert "with one at 0 and with two at -2" in figure.alt
    assert {line.get_linestyle() for line in left.lines[:2]} == {"--", "-"}
    np.testing.assert_allclose(right.lines[0].get_ydata(), [0.75, 0.5, 0.25, 0])
    np.testing.assert_allclose(right.lines[1].get_ydata(), 0.8)


def test_mask_figure_writes_nought_where_nobody_may_look():
    free, masked = np.full((4, 4), 0.25), np.tri(4) / np.arange(1, 5)[:, None]
    left, right = figures.mask_figure(TOKENS, free, masked).axes
    assert texts(left) == ["0.25"] * 16
    assert texts(right).count("0") == 6 and texts(right)[0] == "1.00"
    assert right.images[0].cmap(right.images[0].norm(0.0))[:3] == pytest.approx((1, 1, 1), abs=0.04)


def test_heads_figure_names_the_owner_of_every_entry():
    x = np.arange(24.0).reshape(1, 4, 6)
    figure = figures.heads_figure(split_heads(x, 2)[0], x.reshape(1, 2, 4, 3)[0])
    left, right = (np.array(texts(ax)).reshape(4, 6) for ax in figure.axes)
    assert (left[:, :3] == "head 0").all() and (left[:, 3:] == "head 1").all()
    assert (right[:2] == "head 0").all() and (right[2:] == "head 1").all()


def test_accuracy_figure_names_curves_and_levels():
    curves = {"one": ([0, 50, 100], [0.1, 0.2, 0.3]), "two": ([0, 50], [0.1, 1.0])}
    figure = figures.accuracy_figure(curves, {"a guesser": 0.3})
    ax = figure.axes[0]
    named = [text.get_text() for text in ax.get_legend().get_texts()]
    assert named == ["one", "two", "a guesser"]
    assert len({line.get_marker() for line in ax.lines[:2]}) == 2
    assert ax.get_xlim() == (0, 100) and ax.get_ylim()[1] > 1
    assert "one 30%, two 100%" in figure.alt


def test_maps_figure_hides_the_future():
    before, after = [np.full((3, 3), 0.5)] * 2, [np.tri(3)] * 2
    figure = figures.maps_figure(["a", "1", "a"], before, after)
    titles = [ax.get_title("left") for ax in figure.axes[:4]]
    assert titles == [f"layer {n}, {when} training" for when in ("before", "after") for n in (1, 2)]
    for ax in figure.axes[:4]:
        shown = np.ma.filled(ax.images[0].get_array().astype(float), np.nan)
        assert np.isnan(shown[0, 1:]).all() and shown[2, 0] in (0.5, 1.0)
        assert [tick.get_text() for tick in ax.get_xticklabels()] == ["a", "1", "a"]


def test_lengths_figure_draws_every_run():
    lengths = np.array([2, 4, 8])
    tables = {name: np.ones((2, 3)) / (i + 1) for i, name in enumerate("abc")}
    figure = figures.lengths_figure(lengths, tables, trained=4)
    ax = figure.axes[0]
    drawn = [line for line in ax.lines if len(line.get_xdata()) == 3]
    assert len(drawn) == 6 and len({line.get_marker() for line in drawn}) == 3
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b", "c"]
    assert "at 8 pairs: a 100%, b 50%, c 33%" in figure.alt


def test_cost_figure_is_on_logarithmic_axes():
    lengths = np.array([64, 128])
    figure = figures.cost_figure(lengths, [1e-3, 4e-3], [np.nan, 4e-3], [4e6, 16e6])
    assert isinstance(figure, Figure)
    left, right = figure.axes
    np.testing.assert_allclose(left.lines[0].get_ydata(), [1, 4])
    np.testing.assert_allclose(right.lines[0].get_ydata(), [4, 16])
    assert left.get_xscale() == left.get_yscale() == right.get_yscale() == "log"


@pytest.mark.parametrize("rate", [0.0, 0.5, 2.0])
def test_turn_figure_shows_the_same_angle_twice(rate):
    q, k = np.array([0.9, 0.3]), np.array([0.5, -0.6])
    figure = figures.turn_figure(q, k, rate, ((3, 1), (6, 4)))
    left, right = figure.axes
    assert left.get_title("left") == right.get_title("left")
    assert "query at place 3" in texts(left) and "key at place 4" in texts(right)
    for ax in figure.axes:
        (low, high), (bottom, top) = ax.get_xlim(), ax.get_ylim()
        for x, y in (text.get_position() for text in ax.texts if text.get_text()):
            assert low < x < high and bottom < y < top


def test_ink_can_be_read_on_its_color():
    assert figures.ink((1.0, 1.0, 0.9, 1.0)) == "black"
    assert figures.ink((0.0, 0.1, 0.4, 1.0)) == "white"
