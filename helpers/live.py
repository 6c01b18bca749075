"""Figures that change: `live` redraws one when a control moves, `Redrawn` when a cell says so."""

from html import escape

import matplotlib.pyplot as plt
from IPython.display import display
from ipywidgets import HTML, Image, Layout, VBox, Widget

from helpers.figures import PIXELS_PER_INCH, picture, png


def live(draw, alt, **controls):
    """Show `draw(**values)` under a control for each of its parameters; redraw when one moves.

    draw: a plain function of its parameters that returns a new matplotlib Figure.
    alt: what one should see in the first state.
    controls: a widget for every parameter, such as `alpha=FloatSlider(0.1, min=0, max=1)`.

    Beside the widgets the output carries a PNG of the first state, so that a page without a kernel
    (GitHub, an export) shows a picture. An error in `draw` is written under the picture, and the
    last good picture stays.
    Raises TypeError if a control is not a widget, ValueError if there is none or alt says nothing.
    """
    box, data, metadata = build(draw, alt, controls)
    data["application/vnd.jupyter.widget-view+json"] = {
        "version_major": 2, "version_minor": 0, "model_id": box.model_id,
    }  # fmt: skip
    display(data, raw=True, metadata=metadata)


def build(draw, alt, controls):
    """Return the widget box of a live figure, and the data and metadata of its first state."""
    if not controls:
        raise ValueError("live needs a control for each parameter of draw, such as n=IntSlider(3)")
    for name, control in controls.items():
        if not isinstance(control, Widget) or not hasattr(control, "value"):
            raise TypeError(
                f"live expects a widget for {name!r}, got {control!r}; "
                f"write for example {name}=FloatSlider(0.5, min=0, max=1)"
            )
        if not control.description:
            control.description = name.replace("_", " ")
        control.style = {"description_width": "9em"}
        control.layout = Layout(width="32em", max_width="100%")

    def current():
        return draw(**{name: control.value for name, control in controls.items()})

    figure = current()
    data, metadata = picture(figure, alt)
    width = f"{round(figure.get_figwidth() * PIXELS_PER_INCH)}px"
    image = Image(value=png(figure), format="png", layout=Layout(width=width, max_width="100%"))
    message = HTML()
    plt.close(figure)

    def redraw(_change):
        try:
            figure = current()
            image.value = png(figure)
            plt.close(figure)
            message.value = ""
        except Exception as error:
            message.value = f"<pre>{escape(f'{type(error).__name__}: {error}')}</pre>"

    for control in controls.values():
        control.observe(redraw, names="value")
    return VBox([*controls.values(), image, message]), data, metadata


class Redrawn:
    """A figure that the cell which shows it can draw again, such as a loss curve while it grows.

    figure: the first state, a matplotlib Figure. alt: what one should see in it.
    The output carries a PNG of the first state; what is drawn later is shown, but not stored.
    """

    def __init__(self, figure, alt):
        data, metadata = picture(figure, alt)
        width = f"{round(figure.get_figwidth() * PIXELS_PER_INCH)}px"
        self.image = Image(
            value=png(figure), format="png", layout=Layout(width=width, max_width="100%")
        )
        plt.close(figure)
        data["application/vnd.jupyter.widget-view+json"] = {
            "version_major": 2, "version_minor": 0, "model_id": self.image.model_id,
        }  # fmt: skip
        display(data, raw=True, metadata=metadata)

    def draw(self, figure):
        """Show another figure in the place of the last one."""
        self.image.value = png(figure)
        plt.close(figure)
