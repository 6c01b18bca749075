"""The figures that recur in the course, their colors, and `show`, which puts a figure on the page.

Importing this module applies the style file `course.mplstyle` to Matplotlib.
"""

import io
from base64 import b64encode
from functools import lru_cache
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display
from matplotlib.figure import Figure
from matplotlib.textpath import TextPath
from PIL import Image

plt.style.use(Path(__file__).with_name("course.mplstyle"))

# Okabe and Ito (2008): eight colors that color-blind readers can tell apart.
BLUE, ORANGE, GREEN, PINK = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
YELLOW, SKY, BLACK, GRAY = "#E69F00", "#56B4E9", "#000000", "#777777"

SEQUENTIAL = "cividis"  # maps of values of one sign
DIVERGING = "PuOr_r"  # maps of signed values, white at zero

PIXELS_PER_INCH = 100  # how large a figure appears on the page
SHARPNESS = 1.6  # pixels stored for each pixel shown


def png(figure):
    """Return a figure as PNG bytes that are the same for the same figure.

    figure: matplotlib Figure. Nothing about the program or the day is stored in the picture.
    """
    buffer = io.BytesIO()
    figure.savefig(
        buffer, format="png", dpi=PIXELS_PER_INCH * SHARPNESS, pil_kwargs={"compress_level": 1}
    )  # fmt: skip
    # 255 colors instead of 16 million: a quarter of the bytes, so that a notebook stays small.
    image = Image.open(buffer).convert("RGB").quantize(255, Image.Quantize.FASTOCTREE, dither=0)
    palette = [255 if value >= 250 else value for value in image.getpalette()]  # white stays white
    image.putpalette(palette)
    buffer = io.BytesIO()
    image.save(buffer, format="png")
    return buffer.getvalue()


def require_alt(alt):
    """Raise ValueError unless `alt` is a text that says what one should see."""
    if not isinstance(alt, str) or len(alt.split()) < 4:
        raise ValueError(
            f"a figure needs an alternative text, but alt={alt!r}; give a sentence that says "
            "what one should see in it, for a reader who cannot see it"
        )


def picture(figure, alt):
    """Return the display data and metadata of a figure: (data, metadata) of a Jupyter output.

    The alternative text stands in the metadata, where nbconvert looks for it, and as the output's
    plain text, which terminals show and nbval compares.
    """
    require_alt(alt)
    data = {"image/png": b64encode(png(figure)).decode("ascii"), "text/plain": alt}
    width = round(figure.get_figwidth() * PIXELS_PER_INCH)
    return data, {"image/png": {"alt": alt, "width": width}}


def show(figure, alt):
    """Put a figure on the page with its alternative text, and close it.

    figure: matplotlib Figure.
    alt: what one should see in it, in a sentence or two.
    Raises TypeError if `figure` is something else, ValueError if `alt` says nothing.
    """
    if not isinstance(figure, Figure):
        raise TypeError(
            f"show expects a Matplotlib figure, got {type(figure).__name__}; "
            "pass the `fig` of `fig, ax = plt.subplots()`"
        )
    data, metadata = picture(figure, alt)
    plt.close(figure)
    display(data, raw=True, metadata=metadata)


def heatmap(ax, values, signed=False, numbers=None, colorbar=False, limit=None):
    """Draw a matrix as a grid of colored cells.

    ax: Axes to draw on.
    values: (rows, columns) numbers; NaN stays white.
    signed: color by a map that is white at zero, with equal ends.
    numbers: a format such as ".2f" to write every value into its cell.
    colorbar: draw the scale beside it.
    limit: the value (or, if signed, the size) at the end of the scale; by default the largest.
    Returns the image that Matplotlib made.
    """
    values = np.asarray(values, dtype=float)
    if values.ndim != 2:
        raise ValueError(f"a heatmap needs a matrix, got an array of shape {values.shape}")
    limit = np.nanmax(np.abs(values)) if limit is None else limit
    low = -limit if signed else min(0.0, np.nanmin(values))
    cmap = DIVERGING if signed else SEQUENTIAL
    image = ax.imshow(values, cmap=cmap, vmin=low, vmax=limit)
    ax.grid(False)
    if numbers is not None:
        for (row, column), value in np.ndenumerate(values):
            if np.isnan(value):
                continue
            red, green, blue, _ = image.cmap(image.norm(value))
            dark = 0.299 * red + 0.587 * green + 0.114 * blue < 0.5
            ax.text(
                column, row, format(value, numbers), ha="center", va="center",
                color="white" if dark else "black", fontsize=9,
            )  # fmt: skip
    if colorbar:
        ax.figure.colorbar(image, ax=ax, shrink=0.85)
    return image


def text_figure(text, probabilities, columns=76):
    """Draw a text in which each character is shaded by its probability.

    text: str of T characters. probabilities: (T,) from 0 to 1; NaN leaves a character unshaded
    and sets it in bold, as the prompt.
    columns: longer lines are broken.
    Returns a Figure.
    """
    if len(text) != len(probabilities):
        raise ValueError(f"{len(text)} characters, but {len(probabilities)} probabilities")
    rows, row = [], []
    for character, probability in zip(text, probabilities, strict=True):
        if character == "\n" or len(row) == columns:
            rows.append(row)
            row = []
        if character != "\n":
            row.append((character, probability))
    rows.append(row)
    shade = np.full((len(rows), columns), np.nan)
    for i, row in enumerate(rows):
        shade[i, : len(row)] = [probability for _, probability in row]
    size = 10.0  # points
    width, height = 0.602 * size / 72, 1.5 * size / 72  # of one DejaVu Sans Mono character, inches
    figure = Figure(figsize=(columns * width + 0.2, len(rows) * height + 0.75))
    figure.set_layout_engine("none")  # the axes are placed by hand
    total = figure.get_figheight()
    ax = figure.add_axes(
        [0.1 / figure.get_figwidth(), 0.65 / total,
         columns * width / figure.get_figwidth(), len(rows) * height / total]
    )  # fmt: skip
    image = ax.imshow(
        shade, cmap="Blues", vmin=0, vmax=1.4, aspect="auto",
        extent=(0, columns, len(rows), 0),
    )  # fmt: skip
    ax.axis("off")
    for i, row in enumerate(rows):
        for given in (True, False):
            line = "".join(c if np.isnan(p) == given else " " for c, p in row).rstrip()
            if line:
                ax.text(
                    0, i + 0.52, line, family="DejaVu Sans Mono", fontsize=size, va="center",
                    weight="bold" if given else "normal", parse_math=False,
                )  # fmt: skip
    key = figure.add_axes([0.2 / figure.get_figwidth(), 0.36 / total, 0.3, 0.13 / total])
    colorbar = figure.colorbar(image, cax=key, orientation="horizontal", ticks=[0, 0.5, 1])
    colorbar.ax.set_xlim(0, 1)
    colorbar.ax.tick_params(labelsize=9)
    key.text(1.04, 0.5, "probability given to the character", va="center", fontsize=9,
             transform=key.transAxes)  # fmt: skip
    return figure


def transformer_figure(vocab_size, context, width, heads, blocks):
    """Draw a decoder-only transformer with the shape of everything that flows in it.

    The arguments are those of `helpers.transformer.Transformer`. Returns a Figure.
    """
    figure = Figure(figsize=(10, 4.6))
    ax = figure.add_subplot()
    ax.set(xlim=(0, 97), ylim=(-1, 46))
    ax.axis("off")
    stream = 12  # the height of the residual stream

    def box(x, y, text, color, w=11, h=6):
        ax.add_patch(
            plt.Rectangle((x - w / 2, y - h / 2), w, h, facecolor=color + "26", edgecolor=color)
        )
        ax.text(x, y, text, ha="center", va="center", fontsize=9.5)

    def arrow(x0, y0, x1, y1, label=None, dx=0.0, dy=1.4):
        ax.annotate(
            "", (x1, y1), (x0, y0),
            arrowprops={"arrowstyle": "-|>", "color": "#444444", "shrinkA": 0, "shrinkB": 0},
        )  # fmt: skip
        if label:
            ax.text((x0 + x1) / 2 + dx, (y0 + y1) / 2 + dy, label, fontsize=8, ha="center",
                    color="#444444")  # fmt: skip

    def plus(x):
        ax.add_patch(plt.Circle((x, stream), 1.3, facecolor="white", edgecolor="#444444"))
        ax.text(x, stream - 0.05, "+", ha="center", va="center", fontsize=11)

    T, d, V, hidden, head = context, width, vocab_size, 4 * width, width // heads
    ax.text(4, stream, f"tokens\n(N, {T})", ha="center", va="center", fontsize=9.5)
    arrow(7.5, stream, 9.5, stream)
    box(14.5, stream, f"token table\n{V} × {d}", GREEN, w=10)
    box(14.5, stream - 9, f"position table\n{T} × {d}", GREEN, w=10)
    arrow(19.5, stream, 21.7, stream)
    plus(23)
    ax.plot([19.5, 23], [stream - 9] * 2, color="#444444", linewidth=1.2)
    arrow(23, stream - 9, 23, stream - 1.3)

    ax.add_patch(
        plt.Rectangle((30, 5.5), 41.5, 39.5, facecolor="#00000008", edgecolor=GRAY, linestyle="--")
    )
    ax.text(70.7, 6.6, f"block, {blocks} times one behind the other", fontsize=9.5, ha="right",
            color="#444444")  # fmt: skip
    arrow(24.3, stream, 49.2, stream)
    ax.text(31, stream - 2.8, f"residual stream  (N, {T}, {d})", fontsize=8, color="#444444")
    for left, name, inside, label, color in (
        (36, "attention", f"by {heads} heads", f"(N, {heads}, {T}, {head})", ORANGE),
        (56, "MLP", "with GELU", f"(N, {T}, {hidden})", BLUE),
    ):
        right = left + 14.5
        arrow(left, stream, left, 20.5)
        box(left, 23, "norm", GRAY, w=8, h=5)
        ax.plot([left, left], [25.5, 35], color="#444444", linewidth=1.2)
        arrow(left, 35, left + 2.5, 35)
        box(left + 8, 35, f"{name}\n{inside}", color, h=9)
        ax.text(left + 8, 41, label, fontsize=8, ha="center", color="#444444")
        ax.plot([left + 13.5, right], [35, 35], color="#444444", linewidth=1.2)
        arrow(right, 35, right, stream + 1.3)
        ax.text(right - 0.8, 24, f"(N, {T}, {d})", fontsize=8, ha="right", color="#444444",
                rotation=90, va="center")  # fmt: skip
        plus(right)
    arrow(51.8, stream, 69.2, stream)
    arrow(71.8, stream, 75, stream)
    box(79, stream, "norm", GRAY, w=8, h=5)
    arrow(83, stream, 85, stream)
    box(89, stream, f"linear\n{d} → {V}", BLUE, w=8)
    arrow(89, stream + 3, 89, stream + 9.5)
    ax.text(89, stream + 12.5, f"logits\n(N, {T}, {V})", ha="center", va="center", fontsize=9.5)
    return figure


def writing_figure(model, tokenizer, prompt, temperature, top_k, length, seed):
    """Let a language model continue a prompt, and draw the text shaded by probability.

    model, tokenizer: as `helpers.transformer.load` returns them. The rest as for
    `helpers.transformer.continuation`. Returns a Figure.
    """
    from helpers.transformer import continuation

    tokens = tokenizer.encode(prompt)
    tokens, probabilities = continuation(model, tokens, length, temperature, top_k, seed)
    return text_figure(tokenizer.decode(tokens), probabilities)
# Notebook 01: shapes, broadcasting, memory

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
                                        label=" ".join(map(str, values))))  # fmt: skip


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
        ax.text((x0 + x1) / 2, y0 - 0.07, label, ha="center", va="bottom", fontsize=10, color=color,
                weight=weight)  # fmt: skip
    else:
        ax.text(x0 - 0.07, (y0 + y1) / 2, label, ha="right", va="center", fontsize=10, color=color,
                rotation=90 if len(label) > 1 else 0, weight=weight)  # fmt: skip


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
    _verdict(ax, shapes, padded, full, fails)

    targets = [[own if fail else wide for own, wide, fail in zip(shape, full, fails, strict=True)]
               for shape in padded]  # fmt: skip
    drawn = [(1,) * (3 - ndim) + tuple(target) for target in targets]
    drawn.append(drawn[0] if not any(fails) else (1, 1, 2))
    extents = [_extent(shape) for shape in drawn]
    left, top, room = 0.75, 2.5, 2.75  # inches: margin, where the arrays start, how high
    gap = 1.4 if ndim == 3 else 1.15  # between arrays
    cell = min(
        0.6, room / max(height for _, height in extents),
        (9.6 - left - 0.3 - 2 * gap) / sum(width for width, _ in extents),
    )  # fmt: skip
    used = left + cell * sum(width for width, _ in extents) + 2 * gap
    x = left + max(0.0, (9.6 - used - 0.3) / 2)
    tallest = cell * max(height for _, height in extents)
    top += max(0.0, (room - tallest) / 5)
    stretched = []
    for name, color, step, own, shape, (width, _) in zip(
        "ab", (BLUE, YELLOW), (10, 1), padded, drawn[:2], extents[:2], strict=True
    ):
        own3 = (1,) * (3 - ndim) + own
        failing = [False] * (3 - ndim) + fails
        stretched.append(_operand(ax, name, color, step, own3, shape, failing, ndim, x, top, cell))
        x += cell * width
        sign = "+" if name == "a" else "="
        ax.text(x + 0.35, top + tallest / 2, sign, ha="center", va="center", fontsize=18)
        x += gap
    if any(fails):
        ax.text(x, top + tallest / 2, "✗  no result", va="center", fontsize=15, color=ORANGE)
    else:
        _result(ax, stretched, drawn[2], ndim, x, top, cell)
    return figure


def _operand(ax, name, color, step, own, shape, fails, ndim, x, y, cell):
    """Draw one array, stretched to `shape`; return its values and the colors of its cells."""
    count = int(np.prod(own))
    places = np.broadcast_to(np.arange(count).reshape(own), shape).ravel()
    corners = _corners(shape, x, y, cell)
    index = np.indices(shape).reshape(3, -1)
    solid = (index < np.array(own)[:, None]).all(axis=0)  # the cells that the array itself has
    amounts = _ramp(places, count)
    _layers(ax, shape, x, y, cell)
    _polygons(ax, corners[~solid], _tints(color, _PALE * amounts[~solid]), f"{name} ghosts",
              edgecolors=GRAY, linestyles=[(0, (2, 2))], linewidths=0.7)  # fmt: skip
    _polygons(ax, corners[solid], _tints(color, amounts[solid]), f"{name} cells",
              edgecolors="#222222", linewidths=1.0)  # fmt: skip
    _numbers(ax, corners[~solid], step * places[~solid], cell, "#777777")
    _numbers(ax, corners[solid], step * places[solid], cell, "black")
    _sizes(ax, own, shape, fails, ndim, x, y, cell)
    ax.text(x, y - 0.5, name, fontsize=14, weight="bold", color="#222222")
    return places * step, _tints(color, amounts)


def _result(ax, stretched, shape, ndim, x, y, cell):
    """Draw the sum: every cell in the colors of the two cells that met there."""
    corners = _corners(shape, x, y, cell)
    (a, a_colors), (b, b_colors) = stretched
    _layers(ax, shape, x, y, cell)
    _polygons(ax, corners[:, [0, 1, 3]], a_colors, "result from a", edgecolors="none")
    _polygons(ax, corners[:, [1, 2, 3]], b_colors, "result from b", edgecolors="none")
    _polygons(ax, corners, "none", "result cells", edgecolors="#222222", linewidths=1.0)
    _numbers(ax, corners, a + b, cell, "black")
    _sizes(ax, shape, shape, [False] * 3, ndim, x, y, cell)
    ax.text(x, y - 0.5, "a + b", fontsize=14, weight="bold", color="#222222")


def _layers(ax, shape, x, y, cell):
    """Thin lines that tie the layers of an array together; a frame for an empty one."""
    layers, rows, columns = shape
    if 0 in shape:
        ax.add_patch(
            plt.Rectangle((x, y), cell * max(columns, 1), cell * max(rows, 1), fill=False,
                          edgecolor=GRAY, linestyle=":")
        )  # fmt: skip
        ax.text(x + cell * max(columns, 1) / 2, y + cell * max(rows, 1) + 0.06, "empty",
                ha="center", va="top", fontsize=9, color=GRAY)  # fmt: skip
        return
    dx, dy = cell * _LAYER_SHIFT * (layers - 1), cell * (rows + _LAYER_GAP) * (layers - 1)
    right, bottom = x + columns * cell, y + rows * cell
    ties = [[(x, y), (right, y), (x, bottom), (right, bottom)]]
    ties.append([(left + dx, height + dy) for left, height in ties[0]])
    if layers > 1:
        ax.add_collection(mpl.collections.LineCollection(
            np.swapaxes(ties, 0, 1), colors="#BBBBBB", linewidths=0.7, zorder=0.5), autolim=False
        )  # fmt: skip


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
                fontsize=11)  # fmt: skip
    if ndim == 0:
        ax.text(right - 2.4 * width, top + 1.5 * height, "two plain numbers:\nno axis to align",
                va="center", fontsize=10, color="#444444")  # fmt: skip
    for j in range(ndim):
        x = right - (ndim - j) * width
        ax.text(x + width / 2, top - 0.1, f"axis −{ndim - j}", ha="center", va="bottom", fontsize=9,
                color=ORANGE if fails[j] else "#444444")  # fmt: skip
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
            )  # fmt: skip
            ax.text(x + width / 2, top + (i + 0.5) * height, text, ha="center", va="center",
                    fontsize=11, color=ORANGE if fails[j] else GRAY if added else "black",
                    weight="bold" if i == 2 else "normal")  # fmt: skip


def _verdict(ax, shapes, padded, full, fails):
    """Say in words what happens: the result and who is stretched, or why there is none."""
    ndim, lines = len(full), []
    for name, shape, own in zip("ab", shapes, padded, strict=True):
        if len(shape) < ndim:
            count = ndim - len(shape)
            lines.append(f"{name} gets {count} leading axis of size 1" if count == 1 else
                         f"{name} gets {count} leading axes of size 1")  # fmt: skip
        for j in range(ndim):
            if not fails[j] and own[j] != full[j]:
                lines.append(f"{name} is stretched along axis −{ndim - j}, from 1 to {full[j]}")
    reasons = [f"axis −{ndim - j}: {m} against {n}, and neither is 1"
               for j, (m, n) in enumerate(zip(*padded, strict=True)) if fails[j]]  # fmt: skip
    if reasons:
        head, lines = "These shapes do not fit.", reasons
    else:
        head = f"The result has shape {tuple(full)}."
        lines = lines or ["the shapes are equal: nothing is stretched"]
    ax.text(4.75, 0.5, head, fontsize=13, weight="bold", va="center",
            color=ORANGE if reasons else "black")  # fmt: skip
    for i, line in enumerate(lines):
        ax.text(4.75, 0.8 + 0.25 * i, line, fontsize=10.5, va="center")


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
                fontsize=9, color=GRAY)  # fmt: skip
    ax.vlines(x + np.arange(n) * cell, y + cell, y + cell + 0.06, color=GRAY, linewidth=0.8)
    start = memory.__array_interface__["data"][0]
    panel = 9.4 / len(views)
    for i, (title, view) in enumerate(views.items()):
        if view.ndim != 2 or (view.size and not np.shares_memory(memory, view)):
            raise ValueError(f"{title!r} must have two axes and lie in the same memory")
        offset = view.__array_interface__["data"][0] - start
        _view_panel(ax, title, view, offset, n, 0.1 + i * panel, panel)
    return figure


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
              edgecolors=GRAY, linestyles=[(0, (2, 2))], linewidths=0.7)  # fmt: skip
    _polygons(ax, corners[~again], _tints(BLUE, amounts[~again]), f"{title} cells",
              edgecolors="#222222")  # fmt: skip
    _numbers(ax, corners[again], view.ravel()[again].tolist(), cell, "#777777")
    _numbers(ax, corners[~again], view.ravel()[~again].tolist(), cell, "black")
    ax.text(middle, top - 0.62, title, ha="center", va="center", fontsize=9.5,
            family="DejaVu Sans Mono")  # fmt: skip
    arrow = {"arrowstyle": "-|>", "shrinkA": 0, "shrinkB": 0, "linewidth": 1.4}
    if columns > 1:
        ax.annotate("", (x + 1.5 * cell, top - 0.1), (x + 0.5 * cell, top - 0.1),
                    arrowprops=arrow | {"color": GREEN})  # fmt: skip
        ax.text(x + cell, top - 0.17, f"+{right} bytes", ha="center", va="bottom", fontsize=9,
                color=GREEN)  # fmt: skip
    if rows > 1:
        ax.annotate("", (x - 0.1, top + 1.5 * cell), (x - 0.1, top + 0.5 * cell),
                    arrowprops=arrow | {"color": ORANGE})  # fmt: skip
        ax.text(x - 0.2, top + cell, f"+{down}\nbytes", ha="right", va="center", fontsize=9,
                color=ORANGE)  # fmt: skip
    small = min(0.165, (width - 0.2) / n)
    strip_left, strip_top = middle - small * n / 2, 4.3
    strip = _corners((1, 1, n), strip_left, strip_top, small)
    read = np.isin(np.arange(n), place)
    _polygons(ax, strip[read], _tints(BLUE, _ramp(np.flatnonzero(read), n)), f"{title} read",
              edgecolors="#222222", linewidths=0.8)  # fmt: skip
    _polygons(ax, strip[~read], "white", f"{title} not read", edgecolors="#BBBBBB", linewidths=0.8)
    grid = place.reshape(view.shape)
    _hops(ax, grid[0], strip_left, strip_top, small, GREEN, -1)
    _hops(ax, grid[:, 0], strip_left, strip_top + small, small, ORANGE, 1)
    ax.text(middle, 4.98, f"shape {view.shape}   strides {view.strides}", ha="center", va="center",
            fontsize=9.5)  # fmt: skip


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
        )  # fmt: skip
# --- Notebook 02: gradient descent -------------------------------------------------------------

MINIMA = np.array([[0.0, 0.0], [1.0, -1.0]]) / np.sqrt(2)  # (2, 2): a column for each minimum
VALLEY_MAP = "viridis"
UPPER, LOWER = BLUE, ORANGE  # where a walk ends


def valley(theta):
    """f(x, y) = x⁴ + x²y² - y² + y⁴ + 6, the landscape of notebook 02.   (2, ...) -> (...)"""
    x, y = theta
    return x**4 + x**2 * y**2 - y**2 + y**4 + 6


def valley_gradient(theta):
    """The gradient of `valley`.   (2, ...) -> (2, ...)"""
    x, y = theta
    return np.stack([2 * x * (2 * x**2 + y**2), 2 * y * (x**2 - 1 + 2 * y**2)])


def rosenbrock(theta):
    """(1 - x)² + 100 (y - x²)², a bent gorge toward (1, 1).   (2, ...) -> (...)"""
    x, y = theta
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def rosenbrock_gradient(theta):
    """The gradient of `rosenbrock`.   (2, ...) -> (2, ...)"""
    x, y = theta
    return np.stack([-2 * (1 - x) - 400 * x * (y - x**2), 200 * (y - x**2)])


def descent_path(start, alpha, steps):
    """Plain descent in the valley with a fixed step size.   start (2,) -> (steps + 1, 2)"""
    path = [np.array(start, dtype=float)]
    for _ in range(steps):
        path.append(path[-1] - alpha * valley_gradient(path[-1]))
    return np.array(path)


def fixed_axes(figsize, rows, columns, **margins):
    """Return a figure and its axes (rows, columns), placed by margins.

    Constrained layout draws every figure twice to find its margins. A live figure cannot wait.
    """
    figure = Figure(figsize=figsize)
    figure.set_layout_engine("none")
    ratios = {key: margins.pop(key) for key in ("width_ratios", "height_ratios") if key in margins}
    axes = figure.subplots(rows, columns, squeeze=False, gridspec_kw=margins, **ratios)
    return figure, axes


def sparse_log(ax, low, high, every=4):
    """Give a logarithmic y axis the limits 10^low and 10^high and few ticks, quick to draw."""
    ax.set(yscale="log", ylim=(10.0**low, 10.0**high))
    ticks = range(high - high % every, low - 1, -every)
    ax.set_yticks([10.0**tick for tick in ticks], [f"1e{tick}" if tick else "1" for tick in ticks])
    ax.minorticks_off()


def valley_contours(ax, reach=(1.5, 1.5), colorbar=False, levels=None):
    """Draw the valley seen from above: filled contours, dense near the bottom; both minima.

    ax: Axes. reach: how far the axes go from 0 in x and in y.
    """
    from matplotlib.colors import PowerNorm

    x, y = np.linspace(-reach[0], reach[0], 101), np.linspace(-reach[1], reach[1], 101)
    z = valley(np.stack(np.meshgrid(x, y)))
    if levels is None:
        levels = 5.75 + (z.max() - 5.75) * np.linspace(0, 1, 17) ** 3
    norm = PowerNorm(0.4, vmin=5.75, vmax=levels[-1])
    filled = ax.contourf(x, y, z, levels=levels, cmap=VALLEY_MAP, norm=norm, extend="max")
    ax.contour(x, y, z, levels=levels[1:], colors="white", linewidths=0.5, alpha=0.45)
    ax.set(xlabel="x", ylabel="y", xlim=(-reach[0], reach[0]), ylim=(-reach[1], reach[1]),
           aspect="equal")  # fmt: skip
    ax.grid(False)
    if colorbar:
        bar = ax.figure.colorbar(filled, ax=ax, shrink=0.85, label="f(x, y)")
        bar.set_ticks([tick for tick in (5.75, 6, 6.5, 7, 8, 10, 15, 30) if tick <= levels[-1]])
        bar.ax.minorticks_off()
        bar.ax.set_yticklabels([f"{tick:g}" for tick in bar.get_ticks()])
    return filled


def landscape_figure():
    """Draw the valley as a surface and from above, with walks from all around it.

    Each walk is plain descent from a point of height 8; its color says where it ends.
    Returns a Figure.
    """
    from matplotlib.colors import PowerNorm
    from matplotlib.patheffects import withStroke

    rim = 8.0
    angle, share = np.linspace(0, 2 * np.pi, 181), np.linspace(0, 1, 61)[:, None]

    def on_rim(angle):
        """The points at the height of the rim in these directions.   (A,) -> (2, A)"""
        x, y = np.cos(angle), np.sin(angle)
        a, b = x**4 + x**2 * y**2 + y**4, y**2  # along a ray f = 6 - b r² + a r⁴
        return np.sqrt((b + np.sqrt(b**2 + 4 * a * (rim - 6))) / (2 * a)) * np.stack([x, y])

    x, y = on_rim(angle)[:, None] * share  # (61, 181) each
    z = valley(np.stack([x, y]))
    starts = np.radians([0, 20, 45, 75, 105, 135, 160, 180, 200, 225, 255, 285, 315, 340])
    at = on_rim(starts)
    at[1, starts % np.pi == 0] = 0  # exactly on the line between the hollows
    walks = [descent_path(start, 0.01, 600) for start in at.T]
    norm = PowerNorm(0.4, vmin=5.75, vmax=11)

    figure = Figure(figsize=(10, 4.7))
    left = figure.add_subplot(121, projection="3d", computed_zorder=False)
    left.plot_surface(x, y, z, cmap=VALLEY_MAP, norm=norm, rcount=61, ccount=181, linewidth=0,
                      antialiased=False, zorder=1)  # fmt: skip
    for level in (5.8, 5.9, 6, 6.25, 6.5, 7, 7.5):
        left.contour(x, y, z, levels=[level], colors="white", linewidths=0.6, alpha=0.5, zorder=2)
    left.set(xlabel="x", ylabel="y", zlim=(5.6, rim), xticks=[-1, 0, 1],
             yticks=[-1, 0, 1], zticks=[6, 7, 8])  # fmt: skip
    left.view_init(elev=62, azim=-32)
    left.set_box_aspect((1, 1.08, 0.45), zoom=1.12)
    right = figure.add_subplot(122)
    valley_contours(right, (1.45, 1.45), colorbar=True,
                    levels=[5.75, 5.76, 5.8, 5.86, 5.93, 6, 6.1, 6.25, 6.5, 7, 7.5, 8, 9, 10,
                            12])  # fmt: skip
    for walk in walks:
        end = walk[-1, 1]
        color = ORANGE if abs(end) < 0.1 else "white"
        style = {"color": color, "linewidth": 1.6, "solid_capstyle": "round"}
        left.plot(*walk.T, valley(walk.T) + 0.015, zorder=4, **style)
        dot = {"marker": "o", "markersize": 5, "color": color, "markeredgecolor": "black",
               "markeredgewidth": 0.6}  # fmt: skip
        left.plot(*walk[:1].T, valley(walk[:1].T), zorder=5, **dot)
        right.plot(*walk.T, **style)
        right.plot(*walk[0], **dot)
        middle = len(walk) // 60
        arrow = {"arrowstyle": "-|>", "color": color, "linewidth": 1.2}
        right.annotate("", walk[middle + 3], walk[middle], arrowprops=arrow)
    left.plot(*MINIMA, valley(MINIMA) + 0.02, "*", markersize=15, color=YELLOW,
              markeredgecolor="black", zorder=6)  # fmt: skip
    right.plot(*MINIMA, "*", markersize=16, color=YELLOW, markeredgecolor="black")
    right.plot(0, 0, "X", markersize=9, color=ORANGE, markeredgecolor="black")
    left.set_title("the surface z = f(x, y), cut off at 8", loc="center")
    right.set_title("the same from above", loc="center")
    for y, up, text in ((0.707, -19, "minimum"), (-0.707, 12, "minimum"), (0, 10, "saddle")):
        right.annotate(text, (0, y), xytext=(0, up), textcoords="offset points", ha="center",
                       color="white", fontsize=9,
                       path_effects=[withStroke(linewidth=3, foreground="#3b4f86")])  # fmt: skip
    return figure


def rate_figure(alphas, rate, measured):
    """Draw the factor by which one step shrinks the distance to a minimum of the valley.

    alphas, rate, measured: (A,) step sizes, the derived factor and the measured one.
    Returns a Figure.
    """
    figure = Figure(figsize=(8, 4.2))
    ax = figure.add_subplot()
    top = 1.25
    ax.axhspan(1, top, color=ORANGE, alpha=0.12, linewidth=0)
    ax.text(0.012, 1.1, "moves away", color=ORANGE, va="center")
    ax.text(0.012, 0.06, "comes closer", color=GRAY, va="center")
    for curvature, color in ((1, SKY), (4, PINK)):
        line = np.linspace(0, alphas[-1], 400)
        ax.plot(line, np.abs(1 - curvature * line), color=color, linewidth=1.2)
    ax.text(0.3, 0.735, "along x:  |1 - α|", color="#2b7fb0", rotation=-14)
    ax.text(0.052, 0.57, "along y:  |1 - 4α|", color=PINK, rotation=-44, va="center")
    ax.plot(alphas, rate, color=GRAY, linewidth=5, alpha=0.35, solid_capstyle="round",
            label="derived: the larger of the two")  # fmt: skip
    ax.plot(alphas, measured, ".", color="black", markersize=6, label="measured, 30 steps each")
    ax.plot(0.4, 0.6, "o", markersize=13, fillstyle="none", color="black", markeredgewidth=1.4)
    ax.annotate("best: α = 2/5, rate 3/5", (0.4, 0.6), xytext=(0.36, 0.31), color="black",
                arrowprops={"arrowstyle": "-", "color": "black", "shrinkB": 8})  # fmt: skip
    ax.set(xlim=(0, alphas[-1]), ylim=(0, top), xlabel="learning rate α",
           ylabel="factor by which a step\nshrinks the distance")  # fmt: skip
    ax.legend(loc="lower right")
    return figure


def basins_figure(ends, alphas, reach):
    """Draw where descent from each start point ends, one picture for each learning rate.

    A white dot marks the start (1, 1).

    ends: (A, n, n) integers: 1 upper minimum, -1 lower minimum, 2 far away, 0 neither yet.
    alphas: (A,) the learning rates. reach: the start points go from -reach to reach.
    Returns a Figure.
    """
    from matplotlib.colors import to_rgb
    from matplotlib.patches import Patch

    colors = {1: UPPER, -1: LOWER, 2: "#E8E8E8", 0: "black"}
    names = {1: "upper minimum", -1: "lower minimum", 2: "flies away", 0: "neither"}
    figure = Figure(figsize=(10, 4.1))
    axes = figure.subplots(1, len(alphas), sharey=True)
    for ax, alpha, end in zip(axes, alphas, ends, strict=True):
        picture = np.zeros((*end.shape, 3))
        for kind, color in colors.items():
            picture[end == kind] = to_rgb(color)
        ax.imshow(picture, origin="lower", extent=(-reach, reach, -reach, reach))
        ax.plot(*MINIMA, "*", markersize=11, color=YELLOW, markeredgecolor="black")
        ax.plot(1, 1, "o", markersize=6, color="white", markeredgecolor="black")
        ax.set(title=f"α = {alpha:g}", xlabel="x of the start")
        ax.grid(False)
    axes[0].set_ylabel("y of the start")
    patches = [Patch(facecolor=color, edgecolor=GRAY, label=names[kind])
               for kind, color in colors.items()]  # fmt: skip
    figure.legend(handles=patches, loc="outside lower center", ncols=4)
    return figure


OPTIMIZER_COLORS = {"SGD": BLUE, "Momentum": ORANGE, "RMSProp": GREEN, "Adam": PINK}


def walk(name, start, alpha, steps, gradient=valley_gradient):
    """Take steps with an optimizer of helpers/optimizers.py, until one leaves the numbers.

    name: "SGD", "Momentum", "RMSProp" or "Adam". start: (2,). gradient: of theta (2,).
    Returns the path, (K + 1, 2) with K <= steps; fewer if a point is farther than 1e3 from 0.
    """
    from helpers import optimizers

    theta = np.array(start, dtype=float)
    optimizer = getattr(optimizers, name)(theta, learning_rate=alpha)
    path = [theta.copy()]
    while len(path) <= steps and np.abs(theta).max() < 1e3:
        optimizer.step(gradient(theta))
        path.append(theta.copy())
    return np.array(path)


def walk_figure(x, y, alpha, optimizer, steps=100):
    """Draw a walk in the valley from above, and beside it the height over the steps.

    x, y: the start. alpha: learning rate. optimizer: as for `walk`. Returns a Figure.
    """
    path = walk(optimizer, (x, y), alpha, steps)
    flown = np.abs(path[-1]).max() >= 1e3
    color = OPTIMIZER_COLORS[optimizer]
    figure, ((left, right),) = fixed_axes(
        (9.5, 4.2), 1, 2, width_ratios=(1, 1.15), left=0.07, right=0.98, bottom=0.13, top=0.92,
        wspace=0.24,
    )  # fmt: skip
    valley_contours(left, (1.6, 1.6))
    left.plot(*MINIMA, "*", markersize=14, color=YELLOW, markeredgecolor="black")
    left.plot(*path.T, "o-", color="white", markersize=3.2, linewidth=1.3)
    left.plot(*path[0], "o", markersize=8, color="white", markeredgecolor="black")
    height = np.maximum(valley(path.T) - 5.75, 1e-16)
    right.plot(height, color=color)
    right.set(xlim=(0, steps), xlabel="step", ylabel="f(θ) - 5.75, height above the minima")
    sparse_log(right, -16, 3)
    if flown:
        verdict = f"has flown away after {len(path) - 1} steps"
    else:
        end = path[-1] + 0.0
        close = np.abs(valley_gradient(end)).max() < 1e-5
        verdict = f"after {steps} steps at ({end[0]:.3f}, {end[1]:.3f})".replace("-0.000", "0.000")
        verdict += ", |g| below 1e-5" if close else ""
    left.set_title(f"{optimizer}, α = {alpha:g}")
    right.set_title(verdict)
    return figure


def race_figure(races, percent):
    """Draw where the runners of several races are after a share of the steps, and how high.

    races: a list of (title, function, reach, goals, paths): the function of theta (2, ...) that is
    walked down to 0; xmin, xmax, ymin, ymax; its goals (2, n); and {name: (K, 2)}.
    percent: how much of the longest path of each race to show, 0 to 100. Returns a Figure.
    """
    figure, axes = fixed_axes(
        (9.5, 5.6), 2, len(races), height_ratios=(1.6, 1), left=0.08, right=0.98, bottom=0.09,
        top=0.95, hspace=0.3, wspace=0.2,
    )  # fmt: skip
    for (title, function, reach, goals, paths), (ax, below) in zip(races, axes.T, strict=True):
        last = max(len(path) for path in paths.values()) - 1
        step = round(last * percent / 100)
        x, y = np.linspace(*reach[:2], 71), np.linspace(*reach[2:], 71)
        z = np.log10(function(np.stack(np.meshgrid(x, y))) + 1e-3)
        ax.contourf(x, y, z, levels=14, cmap="Greys_r", alpha=0.75)
        ax.plot(*goals, "*", markersize=15, color=YELLOW, markeredgecolor="black", zorder=5)
        for name, path in paths.items():
            color = OPTIMIZER_COLORS[name]
            ax.plot(*path[: step + 1].T, color=color, linewidth=1.5)
            ax.plot(*path[min(step, len(path) - 1)], "o", markersize=8, color=color,
                    markeredgecolor="white", zorder=6)  # fmt: skip
            height = np.maximum(function(path.T), 1e-18)
            every = max(1, len(path) // 250)  # more points cannot be seen
            steps = np.arange(0, len(path), every)
            below.plot(steps, height[::every], color=color, alpha=0.25)
            done = steps <= step
            below.plot(steps[done], height[::every][done], color=color, label=name)
        ax.set(title=f"{title}, step {step}", xlabel="x", ylabel="y", xlim=reach[:2],
               ylim=reach[2:])  # fmt: skip
        ax.locator_params(nbins=6)
        ax.grid(False)
        below.axvline(step, color=GRAY, linewidth=1)
        below.set(xlabel="step", ylabel="height", xlim=(0, last))
        sparse_log(below, -13, 3)
    axes[1, -1].legend(loc="lower left", ncols=2)
    return figure


def slopes_figure(places, function, gradient, angles, change, predicted):
    """Draw the way down from several places of the valley, and the change of height around one.

    places: (n, 2), each gets an arrow against its gradient. function, gradient: of theta (2, ...).
    angles, change, predicted: (A,) directions of a small step in radians, and what it changes.
    Returns a Figure.
    """
    figure = Figure(figsize=(9.5, 4))
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.2))
    valley_contours(left, (1.5, 1.5))
    for place in places:
        line = gradient(place)
        left.arrow(*place, *(-0.34 * line / np.linalg.norm(line)), facecolor=YELLOW, width=0.03,
                   edgecolor="black", linewidth=0.6, length_includes_head=True,
                   zorder=4)  # fmt: skip
        grid = np.linspace(-1.5, 1.5, 161)
        left.contour(grid, grid, function(np.stack(np.meshgrid(grid, grid))),
                     levels=[function(place)], colors="white", linewidths=1.1)  # fmt: skip
        left.plot(*place, "o", color="white", markeredgecolor="black", markersize=5, zorder=5)
    right.plot(np.degrees(angles), predicted, color=ORANGE, label="derived: |g| |u| cos φ")
    right.plot(np.degrees(angles), change, ".", color="black", label="measured")
    down = np.degrees(np.arctan2(*-gradient(places[0])[::-1])) % 360
    right.axvline(down, color=BLUE, linewidth=1.2, label="against the gradient")
    right.set(xlabel="direction of the step, degrees", ylabel="change of height",
              xticks=range(0, 361, 90))  # fmt: skip
    right.set_ylim(top=1.75 * np.max(change))
    right.legend(loc="upper center", ncols=2)
    return figure


def batches_figure(x, t, goal, paths):
    """Draw walks (w, b) on the mean squared error of lines t = w x + b, side by side.

    x, t: (N,) the points. goal: (2,) the minimum. paths: {title: (K, 2)}. Returns a Figure.
    """
    w, b = np.meshgrid(np.linspace(-0.4, 2.6, 80), np.linspace(-2.1, 1.6, 80))
    loss = ((w[..., None] * x + b[..., None] - t) ** 2).mean(axis=-1)  # (80, 80)
    figure = Figure(figsize=(10, 3.9))
    axes = figure.subplots(1, len(paths), sharey=True)
    for (title, path), ax in zip(paths.items(), axes, strict=True):
        ax.contourf(w, b, np.log(loss), 16, cmap="Greys_r", alpha=0.75)
        ax.plot(*path.T, color=ORANGE, linewidth=1.1)
        ax.plot(*goal, "*", color=YELLOW, markersize=13, markeredgecolor="black", zorder=5)
        ax.set(title=title, xlabel="slope w")
        ax.grid(False)
    axes[0].set_ylabel("offset b")
    return figure


def balls_figure(curves, balls):
    """Draw profiles of landscapes along y, with balls at rest.

    curves: {label: (y, height)}. balls: (n, 2) places (y, height). Returns a Figure.
    """
    figure = Figure(figsize=(8, 3.2))
    ax = figure.add_subplot()
    for (label, (y, height)), color in zip(curves.items(), (GRAY, BLUE), strict=True):
        ax.plot(y, height, color=color, linewidth=1.2 if color == GRAY else 1.8, label=label)
    ax.plot(*np.transpose(balls), "o", color=ORANGE, markersize=10)
    ax.set(xlabel="y", ylabel="height", ylim=(5.5, 6.6))
    ax.legend(loc="upper center")
    return figure
