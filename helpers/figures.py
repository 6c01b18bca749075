"""The figures that recur in the course, their colors, and `show`, which puts a figure on the page.

Importing this module applies the style file `course.mplstyle` to Matplotlib.
"""

import io
from base64 import b64encode
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display
from matplotlib.figure import Figure

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
        buffer, format="png", dpi=PIXELS_PER_INCH * SHARPNESS, metadata={"Software": None}
    )
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
