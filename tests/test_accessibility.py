"""The course for readers who see it with other eyes, or hear it.

Each notebook is exported to HTML, as by File > Save and Export, and looked at by axe-core and by
the questions of this file. A figure's description is looked for where its readers find it: folded
under the picture in the default template, and as its alternative text in the classic one. The
colors are looked at as color-blind readers see them.
"""

import ast
import itertools
import re
from contextlib import closing

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from matplotlib import rcParams
from matplotlib.colors import to_rgb
from nbconvert import HTMLExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from helpers import plots
from tests.course import NOTEBOOKS, folder
from tools.notebooks import code_cells

# What nbconvert's template colors too palely, whatever a notebook holds: the numbers beside the
# cells, and the words of the code that Pygments colors. All other text has to pass.
PALE_TEMPLATE = [[".jp-InputPrompt"], [".jp-OutputPrompt"], [".highlight span"]]
NO_TEXT = "No description has been provided for this image"  # what nbconvert writes where none is

HEADINGS = """() => [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')]
    .map(e => [Number(e.tagName[1]), e.innerText.replace('¶', '').trim()])"""
# Every picture outside a link, with the heading that it stands under.
PICTURES = """() => {
    const found = []
    let heading = ''
    for (const e of document.querySelectorAll('h1, h2, h3, h4, h5, h6, img')) {
        if (e.tagName !== 'IMG') heading = e.innerText
        else if (!e.closest('a')) found.push([e.getAttribute('alt') || '', heading])
    }
    return found
}"""
# What the fold under every picture of an output says; "" where there is none.
DESCRIPTIONS = """() => [...document.querySelectorAll('.jp-OutputArea-output img')].map(image => {
    const next = image.closest('.jp-OutputArea-child').nextElementSibling
    const fold = next && next.querySelector('details.figure-description')
    return fold ? fold.querySelector('p').innerText : ''
})"""
# Every link but the pilcrows beside headings, which are the template's.
LINKS = """() => [...document.querySelectorAll('a[href]:not(.anchor-link)')].map(
    e => [e.innerText.trim() || [...e.querySelectorAll('img')].map(i => i.alt).join(), e.href])"""
EMPTY = {"here", "click here", "this", "this page", "link", "more", "read more", "source", "page"}


def open_export(notebook, browser, template="lab"):
    """Return the page of an exported notebook, its folded parts unfolded, without the network."""
    html, _ = HTMLExporter(template_name=template).from_notebook_node(notebook)
    page = browser.new_page()
    page.route(lambda url: url.startswith("http"), lambda route: route.abort())
    page.set_content(html, wait_until="domcontentloaded")
    page.locator("details").evaluate_all("all => all.forEach(e => { e.open = true })")
    return page


@pytest.fixture(scope="module", params=NOTEBOOKS)
def page(request, browser):
    """An exported notebook."""
    with closing(open_export(NOTEBOOKS[request.param], browser)) as page:
        yield page


@pytest.fixture(params=NOTEBOOKS)
def classic_page(request, browser):
    """A notebook exported with the template that writes alternative texts."""
    with closing(open_export(NOTEBOOKS[request.param], browser, "classic")) as page:
        yield page


def barriers(page):
    """What axe-core calls serious or critical, apart from the template's pale letters."""
    found = {"resultTypes": ["violations"]}  # to list what passes takes most of the time
    contrast = {"type": "rule", "values": ["color-contrast"]}
    results = [
        Axe().run(page, options=found | {"rules": {"color-contrast": {"enabled": False}}}),
        Axe().run(page, context={"exclude": PALE_TEMPLATE}, options=found | {"runOnly": contrast}),
    ]
    return [
        f"{rule['id']}: {node['html'][:200]}"
        for result in results
        for rule in result.response["violations"]
        for node in rule["nodes"]
        if rule["impact"] in ("serious", "critical")
    ]


def bad_headings(page):
    """Titles other than one, and headings that skip a level."""
    found, before = [], 0
    for level, text in page.evaluate(HEADINGS):
        if level > before + 1 or (level == 1 and before):
            found.append(f"level {level} after level {before}: {text}")
        before = level
    return found


def bad_alternatives(page):
    """Pictures whose alternative text is missing, short, or says no more than the heading."""
    return [
        f"under {heading!r}: {alt!r}"
        for alt, heading in page.evaluate(PICTURES)
        if alt == NO_TEXT or len(alt) <= 40 or len(words(alt) - words(heading)) < 5
    ]


def undescribed(page):
    """Pictures of figures that are not followed by a description that folds out and says enough."""
    return [said for said in page.evaluate(DESCRIPTIONS) if len(said.split()) < 8]


def bad_links(page):
    """Links whose words do not say where they lead, or say the same of two places."""
    found, places = [], {}
    for text, address in page.evaluate(LINKS):
        said = " ".join(text.split()).lower().strip(".")
        if len(said) < 4 or said in EMPTY or "://" in said:
            found.append(f"{text!r} to {address}")
        if places.setdefault(said, address) != address:
            found.append(f"{text!r} to {address} and to {places[said]}")
    return found


def words(text):
    """The set of words of a text, in lower case."""
    return set(re.findall(r"\w+", text.lower()))


@pytest.mark.browser
def test_axe_finds_no_barrier(page):
    assert barriers(page) == []


@pytest.mark.browser
def test_headings_are_in_order(page):
    assert page.locator("h1").count() == 1
    assert bad_headings(page) == []


@pytest.mark.browser
def test_pictures_are_described(classic_page):
    assert classic_page.evaluate(PICTURES)
    assert bad_alternatives(classic_page) == []


@pytest.mark.browser
def test_every_figure_is_followed_by_its_description(page):
    assert page.locator(".jp-OutputArea-output img").count() > 0
    assert undescribed(page) == []


@pytest.mark.browser
def test_links_say_where_they_lead(page):
    assert page.evaluate(LINKS)
    assert bad_links(page) == []


def display(data, **alt):
    """A code cell that has displayed something."""
    metadata = {"image/png": alt} if alt else {}
    return new_code_cell("", outputs=[new_output("display_data", data=data, metadata=metadata)])


@pytest.mark.browser
def test_flaws_are_found(browser):
    """Each question, asked of a notebook that is wrong in every way."""
    picture = {"image/png": "iVBORw0KGgo="}
    notebook = new_notebook(cells=[
        new_markdown_cell("# The loss falls over the steps of training\n\n### Two below"),
        new_markdown_cell("# A second title\n\n[here](https://a.org), [a paper](https://a.org), "
                          "[a paper](https://b.org), [https://c.org](https://c.org)"),
        display(picture),
        display(picture, alt="a loss curve"),
        display(picture, alt="A second title: a second title, a second title, and a second title"),
        display({"text/html": "<p style='color: #bbb'>pale</p><input type='text'>"}),
    ])  # fmt: skip
    with closing(open_export(notebook, browser, "classic")) as page:
        assert len(bad_alternatives(page)) == 3
    with closing(open_export(notebook, browser)) as page:
        assert {text.partition(":")[0] for text in barriers(page)} == {"color-contrast", "label"}
        assert len(undescribed(page)) == 3
        assert len(bad_headings(page)) == 2
        assert len(bad_links(page)) == 3


# Machado, Oliveira and Fernandes (2009), A physiologically-based model for simulation of color
# vision deficiency, severity 1.0: what linear RGB turns into.
VISION = {
    "full": np.eye(3),
    "protanopia": np.array([[0.152286, 1.052583, -0.204868],
                            [0.114503, 0.786281, 0.099216],
                            [-0.003882, -0.048116, 1.051998]]),
    "deuteranopia": np.array([[0.367322, 0.860646, -0.227968],
                              [0.280085, 0.672501, 0.047413],
                              [-0.011820, 0.042940, 0.968881]]),
    "tritanopia": np.array([[1.255528, -0.076749, -0.178779],
                            [-0.078411, 0.930809, 0.147602],
                            [0.004733, 0.691367, 0.303900]]),
}  # fmt: skip
XYZ = np.array([[0.4124564, 0.3575761, 0.1804375],  # of linear sRGB, white being D65
                [0.2126729, 0.7151522, 0.0721750],
                [0.0193339, 0.1191920, 0.9503041]])  # fmt: skip
PALETTE = {name: getattr(plots, name)
           for name in "BLUE ORANGE GREEN PINK YELLOW SKY BLACK GRAY".split()}  # fmt: skip
# The distance is CIE76, the plain distance in CIE Lab. Two large patches side by side differ
# noticeably from about 2.3 on (Mahy, Van Eycken and Oosterlinck, 1994). Thin lines that lie apart
# and are named in a legend need several times that; we ask for six times.
APART = 6 * 2.3


def linear(color):
    """Linear RGB, (3,) from 0 to 1, of a color."""
    rgb = np.array(to_rgb(color))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    """CIE Lab, (3,), of linear RGB; clipped to what a screen can show."""
    ratio = XYZ @ np.clip(rgb, 0, 1) / XYZ.sum(axis=1)
    x, y, z = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio * (29 / 6) ** 2 / 3 + 4 / 29)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def contrast(color):
    """The contrast of a color with white (WCAG 2), from 1 to 21."""
    return 1.05 / (linear(color) @ [0.2126, 0.7152, 0.0722] + 0.05)


def test_colors_are_measured_right():
    """Against what is known: Lab of red, gray that all see as gray, the contrast of black."""
    np.testing.assert_allclose(lab(linear("#FF0000")), [53.24, 80.09, 67.20], atol=0.02)
    for matrix in VISION.values():
        np.testing.assert_allclose(matrix.sum(axis=1), 1, atol=2e-6)
    assert contrast("black") == pytest.approx(21)
    assert contrast("#767676") == pytest.approx(4.54, abs=0.005)
    red, green = (VISION["deuteranopia"] @ linear(color) for color in ("#B04000", "#607000"))
    assert np.linalg.norm(lab(red) - lab(green)) < APART, "a pair that is known to be confused"


@pytest.mark.parametrize("vision", VISION)
def test_colors_of_lines_stay_apart(vision):
    """Every pair of the palette, since any two may meet in a figure."""
    seen = {name: lab(VISION[vision] @ linear(color)) for name, color in PALETTE.items()}
    for a, b in itertools.combinations(seen, 2):
        assert np.linalg.norm(seen[a] - seen[b]) > APART, f"{a} and {b} look alike"


def test_lines_take_the_colors_of_the_palette():
    cycle = {color.lstrip("#").upper() for color in rcParams["axes.prop_cycle"].by_key()["color"]}
    assert cycle <= {color.lstrip("#") for color in PALETTE.values()}


@pytest.mark.parametrize("name", PALETTE)
def test_words_can_be_read_on_white(name):
    """Words want 4.5 to 1. The hue stays: every channel is darkened by the same factor."""
    color = np.array(to_rgb(PALETTE[name]))
    darker = np.array(to_rgb(plots.text_color(PALETTE[name])))
    assert contrast(darker) >= 4.5
    np.testing.assert_allclose(darker * color.sum(), color * darker.sum(), atol=0.05)


def words_too_pale(source):
    """The colors too pale for words that source code gives to a text, a title or a label."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if node.func.attr not in ("text", "annotate", "set_title", "set_xlabel", "set_ylabel"):
            continue
        for keyword in node.keywords:
            if keyword.arg == "color":
                found += [color for color in colors_in(keyword.value) if contrast(color) < 4.5]
    return found


def colors_in(node):
    """The colors that an expression may stand for; what goes through `text_color` is left out."""
    if isinstance(node, ast.Call):
        return []
    if isinstance(node, ast.Constant) and node.value != "white":  # white is for dark grounds
        return [node.value]
    if isinstance(node, ast.Name):
        return [PALETTE[node.id]] if node.id in PALETTE else []
    if isinstance(node, ast.IfExp):
        return colors_in(node.body) + colors_in(node.orelse)
    return []


def test_pale_words_are_found():
    assert words_too_pale("ax.text(0, 0, 'a', color=PINK)") == [plots.PINK]
    assert words_too_pale("ax.text(0, 0, 'a', color='#999999' if b else BLACK)") == ["#999999"]
    assert words_too_pale("ax.text(0, 0, 'a', color=text_color(PINK))") == []
    assert words_too_pale("ax.plot(x, color=PINK)") == []


@pytest.mark.parametrize(
    "path",
    [folder() / "helpers" / "plots.py", *(folder() / "helpers").glob("lessons/*/figures.py")],
    ids=lambda path: path.parent.name,
)
def test_words_in_figures_can_be_read(path):
    pale = words_too_pale(path.read_text(encoding="utf-8"))
    assert not pale, f"{path.name} writes words in {pale}: write color=text_color(…)"


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_words_in_the_figures_of_a_notebook_can_be_read(name):
    for cell in code_cells(NOTEBOOKS[name])[1:]:  # the first has a magic
        pale = words_too_pale(cell.source)
        assert not pale, f"cell {cell.id} writes words in {pale}: write color=text_color(…)"
