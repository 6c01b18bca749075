"""The figures of notebook 01: every pair of shapes, checked against NumPy's own rule."""

import contextlib
import io
import math

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from helpers import plots
from helpers.lessons.notebook_01 import figures
from helpers.lessons.notebook_01.figures import broadcast_figure, memory_figure
from helpers.plots import png
from tests.course import NOTEBOOKS
from tools.notebooks import BOOTSTRAP, IGNORE, code_cells, tags

# Those of the live figure, and empty ones.
SHAPES = [
    (), (1,), (2,), (3,), (4,), (1, 4), (2, 1), (2, 3), (2, 4), (3, 1), (3, 3), (3, 4), (4, 3),
    (1, 1, 4), (1, 3, 1), (2, 1, 1), (2, 1, 3), (2, 1, 4), (2, 3, 1), (2, 3, 4), (0,), (0, 3),
]


def texts(figure):
    """Every text of a figure."""
    return [text.get_text() for text in figure.axes[0].texts]


def cells(figure):
    """{label: number of polygons} of a figure."""
    return {c.get_label(): len(c.get_paths()) for c in figure.axes[0].collections}


def rule(a, b):
    """The shape that NumPy gives, or None."""
    try:
        return np.broadcast_shapes(a, b)
    except ValueError:
        return None


@pytest.mark.parametrize("a", SHAPES, ids=str)
def test_broadcast_figure_follows_the_rule(a):
    for b in SHAPES:
        figure, result = broadcast_figure(a, b), rule(a, b)
        written, drawn = texts(figure), cells(figure)
        assert f"a has {a}, b has {b}." in figure.alt
        assert ("No result is drawn" in figure.alt) == (result is None)
        if result is None:
            assert "These shapes do not fit." in written
            assert "✗  no result" in written
            assert not any("result" in label for label in drawn)
            assert any("and neither is 1" in text for text in written)
            continue
        assert f"The result has shape {result}." in written
        count = math.prod(result)
        for name, shape in (("a", a), ("b", b)):
            solid = drawn.get(f"{name} cells", 0)
            assert solid == (math.prod(shape) if count else 0), (a, b)
            assert solid + drawn.get(f"{name} ghosts", 0) == count, (a, b)
            assert drawn.get(f"result from {name}", 0) == count
        assert drawn.get("result cells", 0) == count


@pytest.mark.parametrize(
    ("a", "b"), [((3, 1), (4,)), ((3, 1), (2, 1, 4)), ((2, 3, 4), (2, 1, 1)), ((), (3,))]
)
def test_broadcast_figure_writes_the_sums(a, b):
    count = [math.prod(shape) for shape in (a, b)]
    x = 10 * np.arange(count[0]).reshape(a)
    y = np.arange(count[1]).reshape(b)
    total = x + y
    patches = broadcast_figure(a, b).axes[0].patches
    numbers = [patch.get_label() for patch in patches if type(patch).__name__ == "PathPatch"]
    assert numbers[-1] == " ".join(map(str, total.ravel()))
    assert " ".join(map(str, x.ravel())) in numbers and " ".join(map(str, y.ravel())) in numbers


def test_broadcast_figure_writes_the_sizes_and_what_they_become():
    sizes = [text for text in texts(broadcast_figure((3, 1), (2, 1, 4))) if "→" in text]
    assert sorted(sizes) == sorted(2 * ["1 → 2", "1 → 3", "1 → 4"]), "in the table and beside it"
    assert not [text for text in texts(broadcast_figure((3, 4), (3, 4))) if "→" in text]


def test_broadcast_figure_draws_equal_squares_side_by_side():
    squares, halves = [], []
    for collection in broadcast_figure((3, 1), (2, 1, 4)).axes[0].collections:
        for path in collection.get_paths():
            corners = np.unique(path.vertices.round(9), axis=0)
            if collection.get_label().startswith("result from"):
                halves.append(corners)
            elif collection.get_label().endswith(("cells", "ghosts")):
                squares.append(corners)
    assert {len(corners) for corners in squares} == {4}
    assert {len(corners) for corners in halves} == {3}
    low = np.array([corners.min(axis=0) for corners in squares])
    high = np.array([corners.max(axis=0) for corners in squares])
    np.testing.assert_allclose(high - low, (high - low)[0, 0])  # as wide as high, all the same
    assert {tuple(place) for place in low} >= {tuple(corners.min(axis=0)) for corners in halves}
    apart = np.maximum(low[:, None] - high, low - high[:, None]).max(axis=-1)
    assert (apart[~np.eye(len(low), dtype=bool)] > -1e-6).all(), "two of them overlap"


@pytest.mark.parametrize(
    ("a", "b", "reasons"),
    [
        ((3,), (3, 4), ["axis −1: 3 against 4, and neither is 1"]),
        ((2, 3), (3, 2), ["axis −2: 2 against 3, and neither is 1",
                          "axis −1: 3 against 2, and neither is 1"]),
        ((2, 3, 4), (3, 3, 1), ["axis −3: 2 against 3, and neither is 1"]),
        ((0,), (3,), ["axis −1: 0 against 3, and neither is 1"]),
    ],
)
def test_broadcast_figure_marks_the_axes_that_fail(a, b, reasons):
    figure = broadcast_figure(a, b)
    written = texts(figure)
    assert [text for text in written if "against" in text] == reasons
    assert written.count("✗") == len(reasons)  # in the table, in the row of the result
    thick = [line for line in figure.axes[0].lines if line.get_linewidth() > 2]
    assert len(thick) == 2 * len(reasons)  # in a and in b


@pytest.mark.parametrize(
    ("a", "b"),
    [((3, 1), (2, 1, 4)), ((2, 3, 4), (2, 3, 4)), ((3,), (3, 4)), ((4, 3), (3, 4)), ((), ()),
     ((2, 1, 1), (3, 4)), ((1,), (2, 3, 4)), ((2, 3, 4), (3, 3, 1)), ((0, 3), ()),
     ((4, 4, 4), (1, 1, 1)), ((9,), (9, 9))],
)
def test_no_text_leaves_the_figure_and_no_label_covers_another(a, b):
    figure = broadcast_figure(a, b)
    FigureCanvasAgg(figure).draw()
    width, height = figure.bbox.width, figure.bbox.height
    boxes = [(text.get_text(), text.get_window_extent()) for text in figure.axes[0].texts]
    for text, box in boxes:
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height, text
    words = [(text, box) for text, box in boxes if not text.isdigit()]
    for i, (text, box) in enumerate(words):
        for other, another in words[i + 1 :]:
            assert not box.overlaps(another), (text, other)


def test_a_figure_can_be_saved_twice_with_the_same_bytes():
    figure = broadcast_figure((2, 3), (3,))
    assert png(figure) == png(figure)


@pytest.mark.parametrize("shape", [(1, 2, 3, 4), (-1,), (10,), "3", 2.5, (2.0,), None])
def test_broadcast_figure_refuses_what_it_cannot_draw(shape):
    with pytest.raises(ValueError, match="give a shape|room for three"):
        broadcast_figure(shape, (1,))


def test_memory_figure_reads_the_strides_of_the_views():
    x = np.arange(12).reshape(3, 4)
    views = {"x": x, "columns": x[:, 1:3], "x.T": x.T, "row": np.broadcast_to(x[1], (3, 4))}
    figure = memory_figure(x.reshape(-1), views)
    written, drawn = texts(figure), cells(figure)
    assert drawn["memory"] == 12
    for title, view in views.items():
        assert f"shape {view.shape}   strides {view.strides}" in written
        own = len(np.unique(view))
        assert drawn[f"{title} cells"] == drawn[f"{title} read"] == own
        assert drawn.get(f"{title} ghosts", 0) == view.size - own
    assert "+0\nbytes" in written
    arcs = [patch for patch in figure.axes[0].patches if type(patch).__name__ == "Arc"]
    assert len(arcs) == sum(rows - 1 + columns - 1 for rows, columns in
                            (view.shape for view in views.values()))


def test_memory_figure_refuses_what_lies_elsewhere():
    x = np.arange(12)
    with pytest.raises(ValueError, match="same memory"):
        memory_figure(x, {"a copy": x.reshape(3, 4).copy()})
    with pytest.raises(ValueError, match="two axes"):
        memory_figure(x, {"a row": x[:3]})


def numbers(figure):
    """Every row of numbers that is written into cells."""
    patches = figure.axes[0].patches
    return [patch.get_label() for patch in patches if type(patch).__name__ == "PathPatch"]


def inside(figure):
    """Assert that no text leaves the figure and no two texts overlap."""
    FigureCanvasAgg(figure).draw()
    boxes = [(text.get_text(), text.get_window_extent()) for text in figure.axes[0].texts]
    for i, (text, box) in enumerate(boxes):
        assert box.x0 >= 0 and box.y0 >= 0, text
        assert box.x1 <= figure.bbox.width and box.y1 <= figure.bbox.height, text
        for other, another in boxes[i + 1 :]:
            assert not box.overlaps(another), (text, other)


def test_meetings_figure_multiplies_and_adds():
    figure = figures.meetings_figure()
    written = numbers(figure)
    assert "20 0 50 10" in written, "a row times 10"
    assert "2 1 7 4 6 5 11 8 10 9 15 12" in written, "a table plus a row"
    assert "12 10 15 11 22 20 25 21 32 30 35 31" in written, "a column plus a row"
    inside(figure)


def test_axis_figure_draws_the_sums_and_says_which_fit():
    figure = figures.axis_figure(np.arange(6).reshape(2, 3) ** 2)
    assert numbers(figure) == ["0 1 4 9 16 25", "9 17 29", "5 50", "5 50"]
    assert "shape (3,), fits A" in texts(figure) and "shape (2, 1), fits A" in texts(figure)
    assert "shape (2,), 2 against 3: does not fit A" in texts(figure)
    inside(figure)


def test_pairs_figure_marks_what_is_read_wrong():
    pictures = np.zeros((4, 64))
    truth, read = np.array([1, 2, 3, 4]), np.array([1, 2, 8, 4])
    figure = figures.pairs_figure(pictures, pictures, truth, read)
    titles = [ax.get_title() for ax in figure.axes]
    assert [title for title in titles if "✗" in title] == ["read 8 ✗"]
    assert sum("✓" in title for title in titles) == 3
    assert "3 pairs agree" in figure.alt and "The other 1" in figure.alt


def test_weights_figure_writes_mask_and_shares():
    mask = np.tri(4, dtype=bool)
    figure = figures.weights_figure(mask, mask / mask.sum(axis=1, keepdims=True))
    left, right = ([text.get_text() for text in ax.texts] for ax in figure.axes)
    assert left == [str(value) for value in mask.ravel()]
    assert right[:8] == ["1", "0", "0", "0", "0.5", "0.5", "0", "0"] and right[-1] == "0.25"


def test_the_other_figures_say_what_one_sees():
    x, y = np.linspace(-1, 1, 9), np.linspace(-1, 1, 7)[:, None]
    for draw in (
        lambda: figures.surface_figure(x, y, 6 + x**4 + y**2),
        lambda: figures.digits_figure(np.zeros((10, 64))),
        lambda: figures.square_figure(np.ones((3, 3))),
    ):
        assert len(draw().alt) > 80
        assert png(draw()) == png(draw())


def test_it_prints_the_same_where_whole_numbers_have_32_bits(monkeypatch):
    """As in a browser: there NumPy makes int32 of whole numbers when no dtype is given."""

    def narrow(function):
        def made(*arguments, **options):
            array = function(*arguments, **options)
            given = isinstance(arguments[0], np.ndarray) or options.get("dtype") is not None
            return array if given or array.dtype != np.int64 else array.astype(np.int32)

        return made

    for name in ("arange", "array"):
        monkeypatch.setattr(np, name, narrow(getattr(np, name)))
    monkeypatch.setattr(plots, "display", lambda *data, **options: None)
    names = {}
    for cell in code_cells(NOTEBOOKS["01_numpy_broadcasting"]):
        if {BOOTSTRAP, IGNORE} & set(tags(cell)):
            continue
        stored = "".join(out.text for out in cell.outputs if out.output_type == "stream")
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(compile(cell.source, cell.id, "exec"), names)
        assert printed.getvalue() == stored, cell.id
    assert names["row"].dtype == np.int32, "this test has not made any number narrow"
