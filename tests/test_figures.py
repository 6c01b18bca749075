"""`show`, `live`, and the figures that recur."""

import base64
import io

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
import pytest

from helpers import live, plots

ALT = "a line that rises from left to right"
WIDGET = "application/vnd.jupyter.widget-view+json"


def line(slope=1.0, title=""):
    """A figure with one line."""
    fig, ax = plt.subplots()
    ax.plot([0, 1], [0, slope])
    ax.set_title(title)
    return fig


@pytest.fixture
def displayed(monkeypatch):
    """Collect what show and live display: a list of (data, metadata)."""
    found = []

    def display(data, raw, metadata=None):
        assert raw is True
        found.append((data, metadata))

    monkeypatch.setattr(plots, "display", display)
    return found


@pytest.fixture
def boxes(monkeypatch, displayed):
    """Collect the boxes of widgets that live makes; each must be what it displays."""
    found = []

    def box(parts):
        found.append(ipywidgets.VBox(parts))
        return found[-1]

    monkeypatch.setattr(live, "VBox", box)
    yield found
    (data, _), _ = displayed
    assert data[WIDGET]["model_id"] == found[0].model_id


def texts(figure):
    """Every text of a figure."""
    return [t.get_text() for t in figure.findobj(plt.Text) if t.get_text()]


def test_show_gives_the_picture_its_alternative_text_and_closes_it(displayed):
    fig = line()
    plots.show(fig, alt=ALT)
    (data, metadata), (fold, _) = displayed
    assert fold == {"text/html": plots.description(ALT)}
    assert set(data) == {"image/png", "text/plain"}
    assert data["text/plain"] == metadata["image/png"]["alt"] == ALT
    assert metadata["image/png"]["width"] == 800
    assert not plt.fignum_exists(fig.number)


def test_show_rejects_what_is_no_figure_or_has_no_text(displayed):
    fig, ax = plt.subplots()
    with pytest.raises(TypeError, match="show expects a Matplotlib figure, got Axes"):
        plots.show(ax, alt=ALT)
    for alt in ("", "plot", None, 3):
        with pytest.raises(ValueError, match="needs an alternative text"):
            plots.show(fig, alt=alt)
    assert not displayed
    plt.close(fig)


def test_a_figure_may_carry_its_description(displayed):
    plots.show(plots.with_alt(line(), "a < b rises from left to right"))
    (data, metadata), (fold, _) = displayed
    assert data["text/plain"] == metadata["image/png"]["alt"] == "a < b rises from left to right"
    assert "<summary>What the figure shows</summary>" in fold["text/html"]
    assert "<p>a &lt; b rises from left to right</p>" in fold["text/html"]


def test_the_same_figure_gives_the_same_bytes():
    first, second = plots.png(line()), plots.png(line())
    assert first == second and first != plots.png(line(2.0))
    assert b"Matplotlib" not in first and b"Software" not in first
    picture = plt.imread(io.BytesIO(first))
    assert picture.shape[1] == 800 * plots.SHARPNESS
    assert np.allclose(picture[0, 0], 1), "the background is white"


def test_live_shows_widgets_with_a_picture_of_the_first_state(displayed):
    live.live(line, alt=ALT, slope=ipywidgets.FloatSlider(2.0, min=0, max=3))
    (data, metadata), (fold, _) = displayed
    assert fold == {"text/html": plots.description(ALT)}
    assert set(data) == {"image/png", "text/plain", WIDGET}
    assert data["text/plain"] == metadata["image/png"]["alt"] == ALT
    assert base64.b64decode(data["image/png"]) == plots.png(line(2.0))


def test_live_redraws_when_a_control_moves(boxes):
    slider, text = ipywidgets.FloatSlider(1.0, min=0, max=3), ipywidgets.Text("one")
    live.live(line, ALT, slope=slider, title=text)
    (box,) = boxes
    image, message = box.children[2], box.children[3]
    assert image.value == plots.png(line(1.0, "one"))
    slider.value = 2.5
    assert image.value == plots.png(line(2.5, "one"))
    text.value = "two"
    assert image.value == plots.png(line(2.5, "two"))
    assert message.value == ""
    plt.close("all")
    slider.value = 0.5
    assert not plt.get_fignums(), "every figure is closed"
    assert slider.description == "slope"


def test_live_writes_an_error_under_the_last_good_picture(boxes):
    def draw(n):
        if n == 2:
            raise ValueError("two <is> too many")
        return line(n)

    slider = ipywidgets.IntSlider(1, min=0, max=3)
    live.live(draw, ALT, n=slider)
    (box,) = boxes
    before = box.children[1].value
    slider.value = 2
    assert "ValueError: two &lt;is&gt; too many" in box.children[2].value
    assert box.children[1].value == before
    slider.value = 3
    assert box.children[2].value == "" and box.children[1].value != before


def test_live_rejects_bad_controls():
    with pytest.raises(ValueError, match="needs a control for each parameter"):
        live.live(line, alt=ALT)
    with pytest.raises(TypeError, match="expects a widget for 'slope', got 3"):
        live.live(line, alt=ALT, slope=3)
    with pytest.raises(ValueError, match="needs an alternative text"):
        live.live(line, alt="", slope=ipywidgets.FloatSlider(1.0))


def test_redrawn_shows_a_picture_of_the_first_state_and_then_others(displayed):
    plot = live.Redrawn(line(2.0), alt=ALT)
    (data, metadata), (fold, _) = displayed
    assert fold == {"text/html": plots.description(ALT)}
    assert set(data) == {"image/png", "text/plain", WIDGET}
    assert data["text/plain"] == metadata["image/png"]["alt"] == ALT
    assert data[WIDGET]["model_id"] == plot.image.model_id
    assert base64.b64decode(data["image/png"]) == plot.image.value == plots.png(line(2.0))
    plt.close("all")
    plot.draw(line(1.0))
    assert plot.image.value == plots.png(line(1.0))
    plt.close("all")
    plot.draw(line(0.5))
    assert not plt.get_fignums() and len(displayed) == 2
    with pytest.raises(ValueError, match="needs an alternative text"):
        live.Redrawn(line(), alt="")


def test_text_figure_shades_each_character():
    text = "AB:\nword\n" + "x" * 30
    probabilities = np.linspace(0, 1, len(text))
    probabilities[:4] = np.nan
    fig = plots.text_figure(text, probabilities, columns=20)
    shade = fig.axes[0].images[0].get_array().filled(np.nan)
    assert shade.shape == (4, 20), "two lines, and one that is broken in two"
    assert np.isnan(shade[0]).all()
    assert np.allclose(shade[1, :4], probabilities[4:8])
    assert np.allclose(shade[2], probabilities[9:29])
    lines = {t.get_text(): t.get_fontweight() for t in fig.axes[0].texts}
    assert lines == {"AB:": "bold", "word": "normal", "x" * 20: "normal", "x" * 10: "normal"}
    with pytest.raises(ValueError, match="3 characters, but 2 probabilities"):
        plots.text_figure("abc", [0.1, 0.2])


def test_palette_is_okabe_ito():
    named = {plots.BLUE, plots.ORANGE, plots.GREEN, plots.PINK, plots.YELLOW,
             plots.SKY, plots.BLACK}  # fmt: skip
    assert {c.lstrip("#") for c in named} == {
        c.lstrip("#") for c in plt.rcParams["axes.prop_cycle"].by_key()["color"]
    } | {"000000"}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("make", [
    lambda: plots.fixed_axes((4, 3), 1, 2, left=0.2)[0],
    lambda: plots.text_figure("to be", [np.nan, 0.5, 0.1, 0.9, 1.0]),
])
def test_what_is_placed_by_hand_stays_where_it_is_when_saved_again(make):
    """A live figure is saved for the page and for its widget."""
    figure = make()
    places = [ax.get_position().bounds for ax in figure.axes]
    assert plots.png(figure) == plots.png(figure)
    assert [ax.get_position().bounds for ax in figure.axes] == places
