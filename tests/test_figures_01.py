"""The figures of notebook 01: every pair of shapes, checked against NumPy's own rule."""

import math

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from helpers.plots import png
from helpers.lessons.notebook_01.figures import broadcast_figure, memory_figure

# Those of the live figure, and empty ones.
SHAPES = [
    (), (1,), (2,), (3,), (4,), (1, 4), (2, 1), (2, 3), (2, 4), (3, 1), (3, 3), (3, 4), (4, 3),
    (1, 1, 4), (1, 3, 1), (2, 1, 1), (2, 1, 3), (2, 1, 4), (2, 3, 1), (2, 3, 4), (0,), (0, 3),
]  # fmt: skip


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


@pytest.mark.parametrize(
    ("a", "b", "reasons"),
    [
        ((3,), (3, 4), ["axis −1: 3 against 4, and neither is 1"]),
        ((2, 3), (3, 2), ["axis −2: 2 against 3, and neither is 1",
                          "axis −1: 3 against 2, and neither is 1"]),
        ((2, 3, 4), (3, 3, 1), ["axis −3: 2 against 3, and neither is 1"]),
        ((0,), (3,), ["axis −1: 0 against 3, and neither is 1"]),
    ],
)  # fmt: skip
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
)  # fmt: skip
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
                            (view.shape for view in views.values()))  # fmt: skip


def test_memory_figure_refuses_what_lies_elsewhere():
    x = np.arange(12)
    with pytest.raises(ValueError, match="same memory"):
        memory_figure(x, {"a copy": x.reshape(3, 4).copy()})
    with pytest.raises(ValueError, match="two axes"):
        memory_figure(x, {"a row": x[:3]})
