"""Figures of notebook 01: shapes, broadcasting, memory."""

from functools import lru_cache

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.textpath import TextPath

from helpers.plots import (
    BLUE,
    GRAY,
    GREEN,
    ORANGE,
    SEQUENTIAL,
    YELLOW,
    text_color,
    with_alt,
)

_LAYER_SHIFT, _LAYER_GAP = 0.35, 0.4  # of a cell: from one layer of an array to the next
_SOLID, _PALE = (0.28, 0.72), 0.4  # how much color the first and the last cell get; a ghost's part


def _canvas(width, height):
    """An empty figure with one frameless Axes over all of it, measured in inches, y down."""
    figure = Figure(figsize=(width, height))
    figure.set_layout_engine("none")  # and not layout="none", which ends with the first savefig
    ax = figure.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, width), ylim=(height, 0))
    ax.axis("off")
    return figure, ax


def _shape(value, name):
    """A shape as a tuple of up to three whole numbers, or an error that says what is wrong."""
    shape = (value,) if isinstance(value, (int, np.integer)) else value
    if not isinstance(shape, (tuple, list)) or not all(
        isinstance(n, (int, np.integer)) and 0 <= n <= 9 for n in shape
    ):
        raise ValueError(
            f"{name} is {value!r}; give a shape with sizes from 0 to 9, such as (3, 1) or (4,)"
        )
    if len(shape) > 3:
        raise ValueError(f"{name} has {len(shape)} axes; the drawing has room for three")
    return tuple(int(n) for n in shape)


def _tints(color, amounts):
    """Mix a color with white.   amounts (n,) from 0 (white) to 1 -> (n, 3)"""
    return 1 - np.asarray(amounts)[:, None] * (1 - np.array(mpl.colors.to_rgb(color)))


def _ramp(places, count):
    """The amount of color of the cells at `places` (n,) of an array with `count` cells."""
    low, high = _SOLID
    return low + (high - low) * np.asarray(places) / max(count - 1, 1)


def _corners(shape, x, y, cell):
    """Where the cells of an array with three axes are drawn.   -> (cells, 4, 2)

    Layers lie one below the other, each a little to the right; y runs down.
    """
    layer, row, column = np.indices(shape).reshape(3, -1)
    left = x + cell * (column + _LAYER_SHIFT * layer)
    top = y + cell * (row + layer * (shape[1] + _LAYER_GAP))
    square = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
    return np.stack([left, top], axis=-1)[:, None, :] + cell * square


def _extent(shape):
    """Width and height of a drawn array, in cells; an empty one gets room for a cell."""
    layers, rows, columns = (max(n, 1) for n in shape)
    return (columns + _LAYER_SHIFT * (layers - 1), rows * layers + _LAYER_GAP * (layers - 1))


def _polygons(ax, corners, colors, label, **style):
    """Add polygons in one collection, which tests find by its label."""
    if len(corners):
        ax.add_collection(
            mpl.collections.PolyCollection(corners, facecolors=colors, label=label, **style),
            autolim=False,
        )


@lru_cache
def _glyph(character):
    """The outline of a character of height 1, y down: vertices and codes of a path."""
    path = TextPath((0, 0), character, size=1)
    return path.vertices * (1, -1), path.codes


def _numbers(ax, corners, values, cell, color):
    """Write a value into each cell, if there is room.

    All are one path, because a hundred texts would take longer to draw than a slider may wait.
    """
    if cell < 0.2 or not len(corners):
        return
    size, advance, half = min(11, 72 * cell * 0.36) / 72, np.array([0.636, 0]), np.array([0, 0.36])
    outlines, codes = [], []
    for middle, value in zip(corners.mean(axis=1), values, strict=True):
        text = str(value)
        for place, character in enumerate(text):
            outline, code = _glyph(character)
            outlines.append((outline + (place - len(text) / 2) * advance + half) * size + middle)
            codes.append(code)
    path = mpl.path.Path(np.concatenate(outlines), np.concatenate(codes))
    ax.add_artist(mpl.patches.PathPatch(path, facecolor=color, edgecolor="none", zorder=3,
                                        label=" ".join(map(str, values))))


def _bracket(ax, start, end, label, color, width=1.2, dashed_from=None):
    """A line along an axis of an array with a size beside it, above it or to its left."""
    (x0, y0), (x1, y1) = start, end
    across, tick, gap = x1 > x0, 0.04, (np.nan, np.nan)
    dx, dy = (0, tick) if across else (tick, 0)
    points = [(x0 - dx, y0 - dy), (x0 + dx, y0 + dy), gap, (x1 - dx, y1 - dy), (x1 + dx, y1 + dy)]
    points += [gap, start, end if dashed_from is None else dashed_from]
    style = {"color": color, "linewidth": width, "solid_capstyle": "butt"}
    ax.add_line(mpl.lines.Line2D(*zip(*points, strict=True), **style))
    if dashed_from is not None:
        ends = zip(dashed_from, end, strict=True)
        ax.add_line(mpl.lines.Line2D(*ends, linestyle=(0, (2, 1.5)), **style))
    weight = "bold" if width > 2 else "normal"
    if across:
        ax.text((x0 + x1) / 2, y0 - 0.07, label, ha="center", va="bottom", fontsize=10,
                color=text_color(color), weight=weight)
    else:
        ax.text(x0 - 0.07, (y0 + y1) / 2, label, ha="right", va="center", fontsize=10,
                rotation=90 if len(label) > 1 else 0, color=text_color(color),
                weight=weight)


def broadcast_figure(a, b):
    """Draw how two shapes meet: aligned on the right in a table of sizes, then as arrays.

    a, b: shapes of up to three axes with sizes from 0 to 9. The array a holds 0, 10, 20, …, the
    array b holds 0, 1, 2, …; below each result stands which cells it came from: a's color in the
    upper left half, b's in the lower right one. Stretched copies are pale with dashed edges. If
    the shapes do not fit, the axes that fail are marked, and there is no result.
    Returns a Figure. Raises ValueError for anything that is not such a shape.
    """
    shapes = _shape(a, "a"), _shape(b, "b")
    ndim = max(map(len, shapes))
    padded = [(1,) * (ndim - len(shape)) + shape for shape in shapes]
    fails = [m != n and 1 not in (m, n) for m, n in zip(*padded, strict=True)]
    full = [n if m == 1 else m for m, n in zip(*padded, strict=True)]
    figure, ax = _canvas(9.6, 5.4)
    _size_table(ax, shapes, padded, full, fails)
    said = _verdict(ax, shapes, padded, full, fails)

    targets = [
        [own if fail else wide for own, wide, fail in zip(shape, full, fails, strict=True)]
        for shape in padded
    ]
    drawn = [(1,) * (3 - ndim) + tuple(target) for target in targets]
    drawn.append(drawn[0] if not any(fails) else (1, 1, 2))
    extents = [_extent(shape) for shape in drawn]
    left, top, room = 0.75, 2.5, 2.75  # inches: margin, where the arrays start, how high
    gap = 1.4 if ndim == 3 else 1.15  # between arrays
    wide, high = sum(width for width, _ in extents), max(height for _, height in extents)
    cell = min(0.6, room / high, (9.6 - left - 0.3 - 2 * gap) / wide)
    x = left + max(0.0, (9.6 - (left + cell * wide + 2 * gap) - 0.3) / 2)
    top += max(0.0, (room - cell * high) / 5)
    values = [
        step * np.arange(np.prod(own, dtype=int)).reshape((1,) * (3 - ndim) + own)
        for step, own in zip((10, 1), padded, strict=True)
    ]
    failing = [False] * (3 - ndim) + fails
    _equation(ax, values, drawn, "+", x, top, cell, gap, ndim, failing)
    where = "Pale dashed copies stand where an array was stretched." if any(
        own != tuple(wide) for own, wide in zip(padded, targets, strict=True)) else ""
    result = ("No result is drawn; the sizes that do not fit are outlined in orange."
              if any(fails) else "Each cell of the sum shows the two cells that it came from.")
    return with_alt(figure, f"A table of sizes aligned on the right: a has {shapes[0]}, b has "
                            f"{shapes[1]}. {said} Below, the cells of a and b. {where} {result}")


def meetings_figure():
    """Draw three meetings: a row and a number, a table and a row, a column and a row."""
    row, column = np.array([2, 0, 5, 1]), np.array([[10], [20], [30]])
    table = np.arange(12).reshape(3, 4)
    figure, ax = _canvas(9.6, 5.8)
    top, cell = 0.82, 0.4
    for title, a, b, sign in [
        ("a row times a number", row, np.array(10), "×"),
        ("a table plus a row", table, row, "+"),
        ("a column plus a row", column, row, "+"),
    ]:
        shape = np.broadcast_shapes(a.shape, b.shape)
        drawn = [(1,) * (3 - len(shape)) + shape] * 3
        values = [array.reshape((1,) * (3 - array.ndim) + array.shape) for array in (a, b)]
        rows = drawn[0][1]
        ax.text(0.2, top + cell * rows / 2 - 0.13, title, va="center", fontsize=12)
        ax.text(0.2, top + cell * rows / 2 + 0.13, f"{a.shape} and {b.shape}", va="center",
                fontsize=10, color=GRAY)
        _equation(ax, values, drawn, sign, 2.75, top, cell, 0.88, len(shape))
        top += cell * rows + 0.95
    return with_alt(figure, (
        "Three lines. A row 2, 0, 5, 1 times a number 10, which is drawn with three pale copies "
        "to its right, gives 20, 0, 50, 10. A table of three rows plus one row, drawn with two "
        "pale copies below it. A column 10, 20, 30 with pale copies to the right plus a row with "
        "pale copies below it gives a full table of 3 by 4 sums."
    ))


def _equation(ax, values, shapes, sign, x, y, cell, gap, ndim, fails=(False,) * 3):
    """Draw two arrays, stretched to their shapes, with a sign between them, and the result.

    values: two arrays of three axes. shapes: to which they are stretched, and how much room the
    result needs. fails: for each of the three axes, True if the arrays do not fit there.
    """
    tallest = cell * max(_extent(shape)[1] for shape in shapes[:2])
    stretched = []
    for name, color, own, shape, after in zip(
        "ab", (BLUE, YELLOW), values, shapes[:2], (sign, "="), strict=True
    ):
        stretched.append(_operand(ax, name, color, own, shape, fails, ndim, x, y, cell))
        x += cell * _extent(shape)[0]
        ax.text(x + gap * 0.3, y + tallest / 2, after, ha="center", va="center", fontsize=18)
        x += gap
    if any(fails):
        ax.text(x, y + tallest / 2, "✗  no result", va="center", fontsize=15,
                color=text_color(ORANGE))
    else:
        _result(ax, stretched, sign, shapes[2], ndim, x, y, cell)


def _operand(ax, name, color, values, shape, fails, ndim, x, y, cell):
    """Draw one array, stretched to `shape`; return its values and the colors of its cells."""
    own, count = values.shape, values.size
    places = np.broadcast_to(np.arange(count).reshape(own), shape).ravel()
    numbers = np.broadcast_to(values, shape).ravel()
    corners = _corners(shape, x, y, cell)
    index = np.indices(shape).reshape(3, -1)
    solid = (index < np.array(own)[:, None]).all(axis=0)  # the cells that the array itself has
    amounts = _ramp(places, count)
    _layers(ax, shape, x, y, cell)
    _polygons(ax, corners[~solid], _tints(color, _PALE * amounts[~solid]), f"{name} ghosts",
              edgecolors=GRAY, linestyles=[(0, (2, 2))], linewidths=0.7)
    _polygons(ax, corners[solid], _tints(color, amounts[solid]), f"{name} cells",
              edgecolors="#222222", linewidths=1.0)
    _numbers(ax, corners[~solid], numbers[~solid], cell, GRAY)
    _numbers(ax, corners[solid], numbers[solid], cell, "black")
    _sizes(ax, own, shape, fails, ndim, x, y, cell)
    ax.text(x, y - 0.5, name, fontsize=14, weight="bold", color="#222222")
    return numbers, _tints(color, amounts)


def _result(ax, stretched, sign, shape, ndim, x, y, cell):
    """Draw the result: every cell in the colors of the two cells that met there."""
    corners = _corners(shape, x, y, cell)
    (a, a_colors), (b, b_colors) = stretched
    _layers(ax, shape, x, y, cell)
    _polygons(ax, corners[:, [0, 1, 3]], a_colors, "result from a", edgecolors="none")
    _polygons(ax, corners[:, [1, 2, 3]], b_colors, "result from b", edgecolors="none")
    _polygons(ax, corners, "none", "result cells", edgecolors="#222222", linewidths=1.0)
    _numbers(ax, corners, a * b if sign == "×" else a + b, cell, "black")
    _sizes(ax, shape, shape, [False] * 3, ndim, x, y, cell)
    ax.text(x, y - 0.5, f"a {sign} b", fontsize=14, weight="bold", color="#222222")


def _layers(ax, shape, x, y, cell):
    """Thin lines that tie the layers of an array together; a frame for an empty one."""
    layers, rows, columns = shape
    if 0 in shape:
        ax.add_patch(
            plt.Rectangle((x, y), cell * max(columns, 1), cell * max(rows, 1), fill=False,
                          edgecolor=GRAY, linestyle=":")
        )
        ax.text(x + cell * max(columns, 1) / 2, y + cell * max(rows, 1) + 0.06, "empty",
                ha="center", va="top", fontsize=9, color=GRAY)
        return
    dx, dy = cell * _LAYER_SHIFT * (layers - 1), cell * (rows + _LAYER_GAP) * (layers - 1)
    right, bottom = x + columns * cell, y + rows * cell
    ties = [[(x, y), (right, y), (x, bottom), (right, bottom)]]
    ties.append([(left + dx, height + dy) for left, height in ties[0]])
    if layers > 1:
        ax.add_collection(mpl.collections.LineCollection(
            np.swapaxes(ties, 0, 1), colors="#BBBBBB", linewidths=0.7, zorder=0.5), autolim=False
        )


def _sizes(ax, own, shape, fails, ndim, x, y, cell):
    """Mark the sizes of an array along its axes: 3, or 1 → 4 where it was stretched."""
    layers, rows, columns = (max(n, 1) for n in shape)
    far = [(x - 0.42, y), (x - 0.12, y), (x, y - 0.12)]
    ends = [
        (x - 0.42, y + cell * _extent(shape)[1]),
        (x - 0.12, y + cell * rows),
        (x + cell * columns, y - 0.12),
    ]
    for axis in range(3 - ndim, 3):
        was, now = own[axis], shape[axis]
        label = str(now) if was == now else f"{was} → {now}"
        color = ORANGE if fails[axis] else "#444444" if was == now else GRAY
        part = None
        if was != now:
            share = 1 / max(now, 1)
            (x0, y0), (x1, y1) = far[axis], ends[axis]
            part = (x0 + share * (x1 - x0), y0 + share * (y1 - y0))
        _bracket(ax, far[axis], ends[axis], label, color, 2.6 if fails[axis] else 1.2, part)


def _size_table(ax, shapes, padded, full, fails):
    """The sizes of both arrays and of the result, aligned on the right."""
    ndim, width, height, right, top = len(full), 0.78, 0.36, 4.3, 0.48
    names = [f"a   {shapes[0]}", f"b   {shapes[1]}", "result"]
    for i, name in enumerate(names):
        ax.text(right - 3 * width - 0.25, top + (i + 0.5) * height, name, ha="right", va="center",
                fontsize=11)
    if ndim == 0:
        ax.text(right - 2.4 * width, top + 1.5 * height, "two plain numbers:\nno axis to align",
                va="center", fontsize=10, color="#444444")
    for j in range(ndim):
        x = right - (ndim - j) * width
        ax.text(x + width / 2, top - 0.1, f"axis −{ndim - j}", ha="center", va="bottom", fontsize=9,
                color=text_color(ORANGE) if fails[j] else "#444444")
        for i in range(3):
            added = i < 2 and j < ndim - len(shapes[i])
            grows = i < 2 and not fails[j] and padded[i][j] != full[j]
            text = str(padded[i][j]) if i < 2 else "✗" if fails[j] else str(full[j])
            text = f"{text} → {full[j]}" if grows else text
            tint = (BLUE + "40", YELLOW + "50", "#00000010")[i]
            edge = ORANGE if fails[j] else GRAY if grows or added else "#444444"
            ax.add_patch(
                plt.Rectangle(
                    (x + 0.03, top + i * height + 0.03), width - 0.06, height - 0.06,
                    facecolor="white" if added or grows else tint, edgecolor=edge,
                    linestyle="--" if added or grows else "-", linewidth=2 if fails[j] else 1,
                )
            )
            ax.text(x + width / 2, top + (i + 0.5) * height, text, ha="center", va="center",
                    fontsize=11, weight="bold" if i == 2 else "normal",
                    color=GRAY if added else "black")


def _verdict(ax, shapes, padded, full, fails):
    """Say in words what happens: the result and who is stretched, or why there is none."""
    ndim, lines = len(full), []
    for name, shape, own in zip("ab", shapes, padded, strict=True):
        if len(shape) < ndim:
            count = ndim - len(shape)
            lines.append(f"{name} gets {count} leading axis of size 1" if count == 1 else
                         f"{name} gets {count} leading axes of size 1")
        for j in range(ndim):
            if not fails[j] and own[j] != full[j]:
                lines.append(f"{name} is stretched along axis −{ndim - j}, from 1 to {full[j]}")
    reasons = [f"axis −{ndim - j}: {m} against {n}, and neither is 1"
               for j, (m, n) in enumerate(zip(*padded, strict=True)) if fails[j]]
    if reasons:
        head, lines = "These shapes do not fit.", reasons
    else:
        head = f"The result has shape {tuple(full)}."
        lines = lines or ["the shapes are equal: nothing is stretched"]
    ax.text(4.75, 0.5, head, fontsize=13, weight="bold", va="center",
            color=text_color(ORANGE) if reasons else "black")
    for i, line in enumerate(lines):
        ax.text(4.75, 0.8 + 0.25 * i, line, fontsize=10.5, va="center")
    return f"{head} {'; '.join(lines)}."


def memory_figure(memory, views):
    """Draw a row of memory, and how each view of it walks there by its shape and strides.

    memory: (n,) array of up to 16 numbers that lie one behind the other.
    views: {title: array of two axes that shares this memory}, up to four.
    Below each view its walk is drawn: hops above the row of memory go one column on, hops below
    it one row on. Cells that read bytes again which an earlier cell has read are ghosts.
    Returns a Figure. Raises ValueError if an array has other axes or lies elsewhere.
    """
    itemsize, n = memory.itemsize, memory.size
    figure, ax = _canvas(9.6, 5.2)
    cell, x, y = min(0.62, 7.6 / n), 1.55, 0.35
    corners = _corners((1, 1, n), x, y, cell)
    _polygons(ax, corners, _tints(BLUE, _ramp(np.arange(n), n)), "memory", edgecolors="#222222")
    _numbers(ax, corners, memory.tolist(), cell, "black")
    ax.text(x - 0.15, y + cell / 2, "memory", ha="right", va="center", fontsize=11)
    ax.text(x - 0.15, y + cell + 0.15, "byte", ha="right", va="center", fontsize=9, color=GRAY)
    for i in range(n):
        ax.text(x + i * cell, y + cell + 0.15, str(i * itemsize), ha="center", va="center",
                fontsize=9, color=GRAY)
    ax.vlines(x + np.arange(n) * cell, y + cell, y + cell + 0.06, color=GRAY, linewidth=0.8)
    start = memory.__array_interface__["data"][0]
    panel = 9.4 / len(views)
    for i, (title, view) in enumerate(views.items()):
        if view.ndim != 2 or (view.size and not np.shares_memory(memory, view)):
            raise ValueError(f"{title!r} must have two axes and lie in the same memory")
        offset = view.__array_interface__["data"][0] - start
        _view_panel(ax, title, view, offset, n, 0.1 + i * panel, panel)
    walks = "; ".join(f"{title} by strides {view.strides}" for title, view in views.items())
    return with_alt(figure, (
        f"A row of {n} numbers in memory with their byte addresses, 0 to {itemsize * (n - 1)}. "
        f"Below it {len(views)} grids read the same row: {walks}. Under each grid its walk: arcs "
        "above the row of memory hop one column on, arcs below it one row on; where a stride is 0 "
        "there are rings that stay, and the cells read again are pale."
    ))


def _view_panel(ax, title, view, offset, n, left, width):
    """One view: its cells, its two strides, and its walk over the row of memory."""
    rows, columns = view.shape
    down, right = view.strides
    place = (offset + np.arange(rows)[:, None] * down + np.arange(columns) * right) // view.itemsize
    place = place.ravel()
    cell, top = min(0.4, 1.6 / rows, (width - 0.8) / columns), 2.12
    x = left + (width - cell * columns) / 2 + 0.2
    middle = left + width / 2 + 0.05
    corners = _corners((1, rows, columns), x, top, cell)
    again = np.ones(place.size, bool)
    again[np.unique(place, return_index=True)[1]] = False  # the first cell that reads a place
    amounts = _ramp(place, n)
    _polygons(ax, corners[again], _tints(BLUE, _PALE * amounts[again]), f"{title} ghosts",
              edgecolors=GRAY, linestyles=[(0, (2, 2))], linewidths=0.7)
    _polygons(ax, corners[~again], _tints(BLUE, amounts[~again]), f"{title} cells",
              edgecolors="#222222")
    _numbers(ax, corners[again], view.ravel()[again].tolist(), cell, GRAY)
    _numbers(ax, corners[~again], view.ravel()[~again].tolist(), cell, "black")
    ax.text(middle, top - 0.62, title, ha="center", va="center", fontsize=9.5,
            family="DejaVu Sans Mono")
    arrow = {"arrowstyle": "-|>", "shrinkA": 0, "shrinkB": 0, "linewidth": 1.4}
    if columns > 1:
        ax.annotate("", (x + 1.5 * cell, top - 0.1), (x + 0.5 * cell, top - 0.1),
                    arrowprops=arrow | {"color": GREEN})
        ax.text(x + cell, top - 0.17, f"+{right} bytes", ha="center", va="bottom", fontsize=9,
                color=text_color(GREEN))
    if rows > 1:
        ax.annotate("", (x - 0.1, top + 1.5 * cell), (x - 0.1, top + 0.5 * cell),
                    arrowprops=arrow | {"color": ORANGE})
        ax.text(x - 0.2, top + cell, f"+{down}\nbytes", ha="right", va="center", fontsize=9,
                color=text_color(ORANGE))
    small = min(0.165, (width - 0.2) / n)
    strip_left, strip_top = middle - small * n / 2, 4.3
    strip = _corners((1, 1, n), strip_left, strip_top, small)
    read = np.isin(np.arange(n), place)
    _polygons(ax, strip[read], _tints(BLUE, _ramp(np.flatnonzero(read), n)), f"{title} read",
              edgecolors="#222222", linewidths=0.8)
    _polygons(ax, strip[~read], "white", f"{title} not read", edgecolors="#BBBBBB", linewidths=0.8)
    grid = place.reshape(view.shape)
    _hops(ax, grid[0], strip_left, strip_top, small, GREEN, -1)
    _hops(ax, grid[:, 0], strip_left, strip_top + small, small, ORANGE, 1)
    ax.text(middle, 4.98, f"shape {view.shape}   strides {view.strides}", ha="center", va="center",
            fontsize=9.5)


def _hops(ax, places, left, y, cell, color, side):
    """Arcs from each place in memory to the next; a ring where the walk stays."""
    for here, there in zip(places, places[1:], strict=False):
        middle = left + cell * ((here + there) / 2 + 0.5)
        width = max(abs(int(there - here)) * cell, 0.12)
        height = min(0.5, 0.16 + 0.4 * width)
        y0 = y if here != there else y + side * 0.09
        arc = (0, 360) if here == there else (180, 360) if side < 0 else (0, 180)
        height = 0.15 if here == there else height
        ax.add_patch(
            mpl.patches.Arc((middle, y0), width, height, theta1=arc[0], theta2=arc[1], color=color,
                            linewidth=1.3)
        )


def axis_figure(table):
    """Draw a table of whole numbers, its sums along either axis, and what shape they have.

    table: (rows, columns) array of whole numbers, up to 4 by 6.
    """
    rows, columns = table.shape
    figure, ax = _canvas(7.6, 4.15)
    cell, x, y = 0.5, 0.95, 0.9
    right, bottom = x + columns * cell, y + rows * cell

    def draw(values, left, top, color, label):
        corners = _corners((1, *values.shape), left, top, cell)
        tints = _tints(color, _ramp(np.arange(values.size), values.size))
        _polygons(ax, corners, tints, label, edgecolors="#222222")
        _numbers(ax, corners, values.ravel(), cell, "black")

    def say(left, top, code, shape):
        ax.text(left, top, code, fontsize=10.5, family="DejaVu Sans Mono")
        fits = shape[-1] in (1, columns)
        against = "fits A" if fits else f"{shape[-1]} against {columns}: does not fit A"
        ax.text(left, top + 0.27, f"shape {shape}, {against}", fontsize=10,
                color=GRAY if fits else text_color(ORANGE))

    arrow = {"arrowstyle": "-|>", "shrinkA": 0, "shrinkB": 0, "linewidth": 1.6}
    draw(table, x, y, BLUE, "table")
    ax.text(x, y - 0.6, f"A, shape {table.shape}", fontsize=10.5)
    ax.annotate("", (x - 0.18, bottom), (x - 0.18, y), arrowprops=arrow | {"color": ORANGE})
    ax.text(x - 0.3, (y + bottom) / 2, "axis 0", rotation=90, ha="right", va="center",
            color=text_color(ORANGE), fontsize=11)
    ax.annotate("", (right, y - 0.14), (x, y - 0.14), arrowprops=arrow | {"color": GREEN})
    ax.text((x + right) / 2, y - 0.24, "axis 1", ha="center", va="bottom",
            color=text_color(GREEN), fontsize=11)
    down, across = table.sum(axis=0), table.sum(axis=1)
    ax.annotate("", ((x + right) / 2, bottom + 0.42), ((x + right) / 2, bottom + 0.08),
                arrowprops=arrow | {"color": ORANGE})
    draw(down[None, :], x, bottom + 0.5, YELLOW, "sums down")
    say(x, bottom + 1.28, "A.sum(axis=0)", down.shape)
    ax.annotate("", (right + 0.95, (y + bottom) / 2), (right + 0.12, (y + bottom) / 2),
                arrowprops=arrow | {"color": GREEN})
    kept = across[:, None]
    draw(kept, right + 1.05, y, YELLOW, "sums kept")
    say(right + 1.75, (y + bottom) / 2 - 0.1, "A.sum(axis=1, keepdims=True)", kept.shape)
    draw(across[None, :], right + 1.05, bottom + 0.5, YELLOW, "sums across")
    say(right + 1.05, bottom + 1.28, "A.sum(axis=1)", across.shape)
    return with_alt(figure, (
        f"A table A of {rows} rows and {columns} columns. An arrow down its left side says axis 0, "
        f"one along its top says axis 1. Below it a row of {columns} sums, A.sum(axis=0): each "
        f"column was added up. To its right a column of {rows} sums, with keepdims; and below that "
        f"the same sums without it, a row of shape ({rows},), which does not fit A."
    ))


def square_figure(layer):
    """Draw a square of numbered cells."""
    figure = Figure(figsize=(3.4, 3.2))
    ax = figure.add_subplot()
    image = ax.imshow(layer, cmap=SEQUENTIAL, vmin=0)
    for (row, column), value in np.ndenumerate(layer):
        red, green, blue, _ = image.cmap(image.norm(value))
        dark = 0.299 * red + 0.587 * green + 0.114 * blue < 0.5
        ax.text(column, row, f"{value:.0f}", ha="center", va="center", fontsize=9,
                color="white" if dark else "black")
    ax.axis("off")
    n = len(layer)
    return with_alt(figure, (
        f"A square of {n} by {n} cells. The corner cell is 1; around it lies an L of three cells "
        f"with a 2, then an L of five cells with a 3, and so on, up to {2 * n - 1} cells with "
        f"a {n}."
    ))


def surface_figure(x, y, f):
    """Draw a function of two variables as a surface and by its contours.

    x: (n,), y: (m, 1), f: (m, n)
    """
    figure = Figure(figsize=(9.2, 4.2))
    left, right = figure.add_subplot(1, 2, 1, projection="3d"), figure.add_subplot(1, 2, 2)
    left.plot_surface(x, y, f, cmap=SEQUENTIAL, rcount=61, ccount=71)
    left.set(xlabel="x", ylabel="y", title="f(x, y)")
    left.view_init(elev=32, azim=-35)
    lines = right.contour(x, y[:, 0], f, levels=[5.8, 6, 6.5, 7, 8, 9], cmap=SEQUENTIAL, vmax=13)
    right.clabel(lines, fontsize=9)
    right.set(xlabel="x", ylabel="y", title="its contours")
    return with_alt(figure, (
        "Left, a surface like a bowl whose floor rises to a low ridge in its middle. Right, its "
        "contours: two separate rings around points on the y axis, near plus and minus 0.7, "
        "inside wider rings that enclose both."
    ))


def digits_figure(pictures):
    """Draw one picture for each digit.   pictures (10, 64)"""
    figure = Figure(figsize=(9.6, 1.3))
    for k, ax in enumerate(figure.subplots(1, len(pictures))):
        ax.imshow(pictures[k].reshape(8, 8), cmap="gray_r")
        ax.set_title(f"{k}", loc="center")
        ax.axis("off")
    return with_alt(figure, (
        "Ten small blurred pictures in a row, each the mean of all handwritten examples of one "
        "digit, from 0 to 9, every one easy to read."
    ))


def weights_figure(mask, weights):
    """Draw a mask (T, T) of bool beside the weights (T, T) that a softmax makes under it."""
    T = len(mask)
    figure = Figure(figsize=(8.4, 3.7))
    titles = "causal_mask(T)", "softmax of equal scores under it"
    for ax, values, title in zip(figure.subplots(1, 2), (mask, weights), titles, strict=True):
        ax.imshow(values, cmap="Blues", vmin=0, vmax=1.6)
        for (t, u), value in np.ndenumerate(values):
            text = f"{value:.2f}".rstrip("0").rstrip(".") if values is weights else str(value)
            ax.text(u, t, text, ha="center", va="center", fontsize=9)
        ax.set(title=title, xlabel="place u that is looked at", ylabel="place t that looks",
               xticks=range(T), yticks=range(T))
        ax.grid(False)
    return with_alt(figure, (
        f"Two triangles of {T} rows. Left, the mask: True on and left of the diagonal, False to "
        f"the right of it. Right, the weights: row t holds t + 1 times the share 1/(t + 1), from "
        f"1 in the first row to {1 / T:.2f} in the last, and 0 where the mask is False."
    ))


def pairs_figure(unseen, known, truth, read):
    """Draw unseen digits above the known ones that lie nearest.

    unseen, known: (n, 64). truth, read: (n,) the labels of both.
    """
    figure = Figure(figsize=(9.6, 2.7))
    for i, (above, below) in enumerate(figure.subplots(2, len(unseen)).T):
        above.imshow(unseen[i].reshape(8, 8), cmap="gray_r")
        below.imshow(known[i].reshape(8, 8), cmap="gray_r")
        right = truth[i] == read[i]
        above.set_title(f"is {truth[i]}", fontsize=10, loc="center")
        below.set_title(f"read {read[i]} {'✓' if right else '✗'}", fontsize=10, loc="center",
                        color=text_color(GREEN if right else ORANGE))
        above.axis("off")
        below.axis("off")
    mistakes = int(np.count_nonzero(truth != read))
    return with_alt(figure, (
        f"{len(unseen)} pairs of small pictures, an unseen digit above and its nearest known one "
        f"below. {len(unseen) - mistakes} pairs agree, with a check mark. The other {mistakes}, "
        "with a cross, look alike but are different digits."
    ))
