"""The style and the colors of all figures, what several notebooks draw, and `show`.

Importing this module applies the style file `course.mplstyle` to Matplotlib, whatever style was
active before.
"""

import io
from base64 import b64encode
from html import escape
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from PIL import Image

plt.style.use(["default", Path(__file__).with_name("course.mplstyle")])

# Okabe and Ito (2008): eight colors that color-blind readers can tell apart.
BLUE, ORANGE, GREEN, PINK = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
YELLOW, SKY, BLACK, GRAY = "#E69F00", "#56B4E9", "#000000", "#666666"

SEQUENTIAL = "cividis"  # maps of values of one sign
DIVERGING = "PuOr_r"  # maps of signed values, white at zero

PIXELS_PER_INCH = 100  # how large a figure appears on the page
SHARPNESS = 1.6  # pixels stored for each pixel shown


def text_color(color):
    """Return a color made dark enough for words on white: WCAG 2 asks for a contrast of 4.5.

    Lines need less, so that they can be told apart more easily; hence two shades of one color.
    """
    while True:
        rgb = np.array(to_rgb(color))
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        if 1.05 / (linear @ [0.2126, 0.7152, 0.0722] + 0.05) >= 4.5:  # by the relative luminance
            return color
        color = to_hex(0.98 * rgb)


def png(figure):
    """Return a figure as PNG bytes that are the same for the same figure: no program, no day."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=PIXELS_PER_INCH * SHARPNESS,
                   pil_kwargs={"compress_level": 1})
    # 255 colors instead of 16 million: a quarter of the bytes, so that a notebook stays small.
    image = Image.open(buffer).convert("RGB").quantize(255, Image.Quantize.FASTOCTREE, dither=0)
    image.putpalette([255 if value >= 250 else value for value in image.getpalette()])  # white
    buffer = io.BytesIO()
    image.save(buffer, format="png")
    return buffer.getvalue()


def with_alt(figure, alt):
    """Give a figure its description, for a reader who cannot see it. Returns the figure.

    figure: matplotlib Figure. alt: what one should see in it, in a sentence or two.
    Raises ValueError if `alt` says nothing.
    """
    if not isinstance(alt, str) or len(alt.split()) < 4:
        raise ValueError(f"a figure needs an alternative text, but alt={alt!r}; give a sentence "
                         "that says what one should see in it, for a reader who cannot see it")
    figure.alt = alt
    return figure


def picture(figure, alt=None):
    """Return the display data and metadata of a figure: (data, metadata) of a Jupyter output.

    Its description, `alt` or what `with_alt` gave to it, stands in the metadata, for nbconvert's
    classic template and the web book, and as plain text, which terminals show and nbval compares.
    """
    alt = with_alt(figure, getattr(figure, "alt", None) if alt is None else alt).alt
    data = {"image/png": b64encode(png(figure)).decode("ascii"), "text/plain": alt}
    width = round(figure.get_figwidth() * PIXELS_PER_INCH)
    return data, {"image/png": {"alt": alt, "width": width}}


def description(alt):
    """Return the HTML of a description that folds out under its figure."""
    return ('<details class="figure-description"><summary>What the figure shows</summary>'
            f"<p>{escape(alt)}</p></details>")


def put(data, metadata):
    """Put a picture on the page and, folded under it, its description: few read the metadata."""
    display(data, raw=True, metadata=metadata)
    display({"text/html": description(data["text/plain"])}, raw=True)


def show(figure, alt=None):
    """Put a figure on the page, its description folded under it, and close it.

    figure: matplotlib Figure.
    alt: what one should see in it; by default what `with_alt` gave to the figure.
    Raises TypeError if `figure` is something else, ValueError if it has no description.
    """
    if not isinstance(figure, Figure):
        raise TypeError(f"show expects a Matplotlib figure, got {type(figure).__name__}; "
                        "pass the `fig` of `fig, ax = plt.subplots()`")
    put(*picture(figure, alt))
    plt.close(figure)


def text_figure(text, probabilities, columns=76):
    """Draw a text in which each character is shaded by its probability. Returns a Figure.

    text: str of T characters. probabilities: (T,) from 0 to 1; NaN leaves a character unshaded
    and sets it in bold, as the prompt. columns: longer lines are broken.
    """
    if len(text) != len(probabilities):
        raise ValueError(f"{len(text)} characters, but {len(probabilities)} probabilities")
    rows = [[]]
    for character, probability in zip(text, probabilities, strict=True):
        if character == "\n" or len(rows[-1]) == columns:
            rows.append([])
        if character != "\n":
            rows[-1].append((character, probability))
    shade = np.full((len(rows), columns), np.nan)
    wide, high = 0.602 * 10 / 72 * columns, 1.5 * 10 / 72 * len(rows)  # DejaVu Sans Mono, 10 points
    width, height = wide + 0.2, high + 0.75  # inches
    figure = Figure(figsize=(width, height))
    figure.set_layout_engine("none")  # the axes are placed by hand; layout="none" ends with a save
    ax = figure.add_axes([0.1 / width, 0.65 / height, wide / width, high / height])
    ax.axis("off")
    for i, row in enumerate(rows):
        shade[i, : len(row)] = [probability for _, probability in row]
        for given, weight in ((True, "bold"), (False, "normal")):
            line = "".join(c if np.isnan(p) == given else " " for c, p in row).rstrip()
            if line:
                ax.text(0, i + 0.52, line, family="DejaVu Sans Mono", fontsize=10, va="center",
                        weight=weight, parse_math=False)
    image = ax.imshow(shade, cmap="Blues", vmin=0, vmax=1.4, aspect="auto",
                      extent=(0, columns, len(rows), 0))
    key = figure.add_axes([0.2 / width, 0.36 / height, 0.3, 0.13 / height])
    figure.colorbar(image, cax=key, orientation="horizontal", ticks=[0, 0.5, 1])
    key.set_xlim(0, 1)
    key.tick_params(labelsize=9)
    key.text(1.04, 0.5, "probability given to the character", va="center", fontsize=9,
             transform=key.transAxes)
    return figure


def fixed_axes(figsize, rows, columns, **margins):
    """Return a figure and its axes (rows, columns), placed by margins.

    Constrained layout draws every figure twice to find its margins. A live figure cannot wait.
    """
    figure = Figure(figsize=figsize)
    figure.set_layout_engine("none")
    return figure, figure.subplots(rows, columns, squeeze=False, gridspec_kw=margins)


def sparse_log(ax, low, high, every=4):
    """Give a logarithmic y axis the limits 10^low and 10^high and few ticks, quick to draw."""
    ax.set(yscale="log", ylim=(10.0**low, 10.0**high))
    ticks = range(high - high % every, low - 1, -every)
    ax.set_yticks([10.0**tick for tick in ticks], [f"1e{tick}" if tick else "1" for tick in ticks])
    ax.minorticks_off()
