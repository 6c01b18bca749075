"""Figures that change: `live` redraws one when a control moves, `Redrawn` when a cell says so."""

from html import escape

import matplotlib.pyplot as plt
from ipywidgets import HTML, Image, Layout, VBox, Widget

from helpers.plots import picture, png, put


class Redrawn:
    """A figure that the cell which shows it can draw again, such as a loss curve while it grows.

    figure: the first state, a matplotlib Figure. alt: what one should see in it; by default the
    figure's own (`with_alt`). around: a function that puts its widget into another one.
    The output carries a PNG of the first state, so that a page without a kernel (GitHub, an export)
    shows a picture; what is drawn later is shown, but not stored.
    """

    def __init__(self, figure, alt=None, around=lambda image: image):
        data, metadata = picture(figure, alt)
        width = f"{metadata['image/png']['width']}px"
        self.image = Image(format="png", layout=Layout(width=width, max_width="100%"))
        self.draw(figure)
        view = {"version_major": 2, "version_minor": 0, "model_id": around(self.image).model_id}
        put(data | {"application/vnd.jupyter.widget-view+json": view}, metadata)

    def draw(self, figure):
        """Show another figure in the place of the last one, and close it."""
        self.image.value = png(figure)
        plt.close(figure)


def live(draw, alt=None, **controls):
    """Show `draw(**values)` under a control for each of its parameters; redraw when one moves.

    draw: a plain function of its parameters that returns a new matplotlib Figure.
    alt: what one should see in the first state; by default the figure's own (`with_alt`).
    controls: a widget for every parameter, such as `alpha=FloatSlider(0.1, min=0, max=1)`.

    An error in `draw` is written under the picture, and the last good picture stays.
    Raises TypeError if a control is not a widget, ValueError if there is none or no description.
    """
    if not controls:
        raise ValueError("live needs a control for each parameter of draw, such as n=IntSlider(3)")
    for name, control in controls.items():
        if not isinstance(control, Widget) or not hasattr(control, "value"):
            raise TypeError(f"live expects a widget for {name!r}, got {control!r}; write for "
                            f"example {name}=FloatSlider(0.5, min=0, max=1)")
        control.description = control.description or name.replace("_", " ")
        control.style = {"description_width": "9em"}
        control.layout = Layout(width="32em", max_width="100%")
    message = HTML()

    def current():
        return draw(**{name: control.value for name, control in controls.items()})

    def redraw(_change):
        try:
            shown.draw(current())
            message.value = ""
        except Exception as error:
            message.value = f"<pre>{escape(f'{type(error).__name__}: {error}')}</pre>"

    shown = Redrawn(current(), alt, lambda image: VBox([*controls.values(), image, message]))
    for control in controls.values():
        control.observe(redraw, names="value")
