"""Every notebook as a learner meets it: in JupyterLab, in a browser, by keyboard."""

import re
from dataclasses import dataclass, field
from time import perf_counter
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, TimeoutError, expect

from tests.browser import JupyterLab, find_browser
from tests.course import NOTEBOOKS, exercises
from tools.notebooks import IGNORE, code_cells, tags

pytest.importorskip("ipywidgets", "8", reason="JupyterLab 4 shows the controls of ipywidgets 8")
pytestmark = pytest.mark.browser
expect.set_options(timeout=60_000)  # milliseconds; a busy machine is slow

BADGES = {"colab.research.google.com", "mybinder.org"}  # all that a page asks the network for
NO_PICTURE = """<svg xmlns="http://www.w3.org/2000/svg" width="100" height="20"/>"""
AIM = 500  # milliseconds from a key to its picture

STDOUT = "[data-mime-type='application/vnd.jupyter.stdout']"
STDERR = "[data-mime-type='application/vnd.jupyter.stderr']"  # JupyterLab's errors, too
PROMPTS = "[...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].map(e => e.textContent)"
STARTED = f"() => {PROMPTS}.some(text => /\\[(\\d+|\\*)\\]/.test(text))"
ENDED = f"() => !{PROMPTS}.some(text => text.includes('*'))"
LOADED = "() => [...document.querySelectorAll('.jp-OutputArea img')].every(e => e.complete)"
SIZES = "images => images.map(e => e.naturalWidth)"
WRONG_MATH = "merror, mtext[mathcolor=red]"  # what cannot be read, and macros that are not known
HEIGHT = """() => {
    const cells = [...document.querySelectorAll('.jp-Cell')].map(e => e.getBoundingClientRect())
    return Math.ceil(Math.max(...cells.map(c => c.bottom)) - Math.min(...cells.map(c => c.top)))
}"""
# What the fold under every picture says, a live one included.
DESCRIPTIONS = """() => [...document.querySelectorAll('.jp-OutputArea img')].map(image => {
    let child = image.closest('.jp-OutputArea-child')
    while (child.parentElement.closest('.jp-OutputArea-child'))
        child = child.parentElement.closest('.jp-OutputArea-child')
    const fold = child.nextElementSibling.querySelector('details.figure-description')
    return fold.querySelector('p').textContent
})"""
TO_TOP = "() => document.querySelectorAll('.jp-Notebook *').forEach(e => e.scrollTo(0, 0))"
REDRAWN = "([image, before]) => image.src !== before && image.complete && image.naturalWidth > 0"


@dataclass
class Visit:
    """A notebook that is open in a browser, and what the page has said and asked for."""

    name: str
    page: Page
    errors: list = field(default_factory=list)
    hosts: set = field(default_factory=set)
    seconds: float = 0

    def open(self, lab):
        """Open the notebook and wait until its kernel is idle."""
        self.page.set_default_timeout(120_000)
        self.page.on("console", self.note)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.route(lambda url: urlsplit(url).hostname != "127.0.0.1", self.answer)
        self.page.goto(lab.url(f"doc/tree/{self.name}.ipynb"))
        self.page.locator(".jp-NotebookPanel .jp-Cell").first.wait_for()
        self.page.locator(".jp-NotebookPanel .jp-Spinner").wait_for(state="detached")
        self.wait_until_idle()

    def note(self, message):
        """Keep an error of the page's console."""
        if message.type == "error":
            self.errors.append(f"{message.text} ({message.location.get('url')})")

    def answer(self, route):
        """Answer what would go to the network with an empty picture, and note whom it asks."""
        self.hosts.add(urlsplit(route.request.url).hostname)
        route.fulfill(content_type="image/svg+xml", body=NO_PICTURE)

    def wait_until_idle(self):
        """Wait until no cell runs and the status bar says so."""
        self.page.wait_for_function(ENDED, timeout=900_000)
        self.page.get_by_text("| Idle").first.wait_for()

    def run_all(self):
        """Choose Run > Run All Cells and wait for the end."""
        self.page.get_by_role("menuitem", name="Run", exact=True).click()
        self.page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        self.page.wait_for_function(STARTED)
        self.wait_until_idle()
        self.page.wait_for_function(LOADED)

    def complaints(self):
        """Return what the cells have written to stderr: warnings, and the tracebacks of errors."""
        return self.page.locator(STDERR).all_inner_texts()

    def photograph(self, path):
        """Save a picture of the whole notebook, not only of what is in view."""
        height = self.page.evaluate(HEIGHT) + 200
        self.page.set_viewport_size({"width": 1100, "height": min(height, 16_000)})
        self.page.evaluate(TO_TOP)
        if self.complaints():
            self.page.locator(STDERR).first.scroll_into_view_if_needed()
        self.page.screenshot(path=path)


@pytest.fixture(scope="module", params=NOTEBOOKS)
def visit(request, browser, lab):
    """A notebook in which Run All has ended."""
    visit = Visit(request.param, browser.new_page(viewport={"width": 1100, "height": 1400}))
    start = perf_counter()
    visit.open(lab)
    visit.run_all()
    visit.seconds = perf_counter() - start
    yield visit
    visit.page.close()
    lab.end_kernels()


def test_every_cell_ran_without_an_error(visit, measured):
    prompts = visit.page.evaluate(PROMPTS)
    count = len(code_cells(NOTEBOOKS[visit.name]))
    assert visit.complaints() == []
    assert prompts == [f"[{number}]:" for number in range(1, count + 1)]
    measured.append(f"{visit.name}: opened and run in {visit.seconds:.0f} s")


def test_every_picture_is_drawn(visit):
    stored = [
        output
        for cell in code_cells(NOTEBOOKS[visit.name])
        for output in cell.outputs
        if "image/png" in output.get("data", {})
    ]
    sizes = visit.page.locator(".jp-OutputArea img").evaluate_all(SIZES)
    assert len(sizes) == len(stored)
    assert all(width > 0 for width in sizes), sizes


def test_every_figure_is_followed_by_its_description(visit):
    """JupyterLab gives a picture no alternative text: the description folds out under it."""
    described = visit.page.evaluate(DESCRIPTIONS)
    stored = [
        (output.metadata["image/png"]["alt"], IGNORE in tags(cell))
        for cell in code_cells(NOTEBOOKS[visit.name])
        for output in cell.outputs
        if "image/png" in output.get("data", {})
    ]
    assert len(described) == len(stored)
    for said, (wanted, may_differ) in zip(described, stored, strict=True):
        assert said == wanted or (may_differ and len(said.split()) >= 8)


def test_every_formula_is_set(visit):
    assert visit.page.locator("mjx-container").count() > 0
    assert visit.page.locator(WRONG_MATH).all_text_contents() == []


def test_every_exercise_says_that_it_is_not_filled_in(visit):
    said = "\n".join(visit.page.locator(STDOUT).all_inner_texts())
    numbers = [e.number for e in exercises() if int(e.number.split(".")[0]) == int(visit.name[:2])]
    assert re.findall(r"^○ (\d+\.\d+)", said, re.M) == numbers


def test_every_control_moves_its_picture_by_keyboard(visit, measured):
    """The time from the last key to the new picture is reported, not asserted."""
    boxes = visit.page.locator(".widget-vbox:has(> .widget-image)")
    live = [c for c in code_cells(NOTEBOOKS[visit.name]) if re.search(r"^live\(", c.source, re.M)]
    assert boxes.count() == len(live)
    complaints = visit.complaints()
    for box in boxes.all():
        image = box.locator("> .widget-image").element_handle()
        controls = box.locator("> :not(.widget-image):not(.widget-html)").all()
        assert controls
        for control in controls:
            label = control.locator(".widget-label").first.inner_text()
            before = image.get_attribute("src")
            *opening, last = keys_for(control)
            for key in opening:
                visit.page.keyboard.press(key)
            start = perf_counter()
            visit.page.keyboard.press(last)
            try:
                visit.page.wait_for_function(REDRAWN, arg=[image, before], timeout=20_000)
            except TimeoutError:
                pytest.fail(f"{label}: pressing {last} did not change the picture")
            time = 1000 * (perf_counter() - start)
            late = "" if time <= AIM else f", above the aim of {AIM} ms"
            measured.append(f"{visit.name}: {label}, redrawn after {time:.0f} ms{late}")
            assert box.locator("> .widget-html").inner_text() == "", f"{label}: an error"
            if last == "Home":  # at its start it may leave nothing for the next control to change
                before = image.get_attribute("src")
                visit.page.keyboard.press("End")
                visit.page.wait_for_function(REDRAWN, arg=[image, before], timeout=20_000)
    assert visit.complaints() == complaints


def keys_for(control):
    """Put the focus on a control and return the keys that change it by one step."""
    field = control.locator("[role=slider], select, textarea, input").first
    field.scroll_into_view_if_needed()
    field.focus()
    if field.get_attribute("role") == "slider":
        at_end = field.get_attribute("aria-valuenow") == field.get_attribute("aria-valuemax")
        return ["Home" if at_end else "ArrowRight"]  # one step back from "all" may change nothing
    kind = field.evaluate("e => e.type")
    if kind == "select-one":  # closed, it leaves the arrows to JupyterLab, which changes the cell
        at_end = field.evaluate("e => e.selectedIndex === e.options.length - 1")
        return ["Space", "ArrowUp" if at_end else "ArrowDown", "Enter"]
    if kind == "number":
        at_end = field.evaluate("e => e.max !== '' && e.valueAsNumber >= Number(e.max)")
        return ["ArrowDown" if at_end else "ArrowUp"]
    if kind == "checkbox":
        return ["Space"]
    assert kind in ("text", "textarea"), f"no keys are known for a control of type {kind}"
    return ["End", "a", "Tab"]


def test_console_says_no_error(visit):
    """None is left out: what the network would be asked for is answered here."""
    assert visit.errors == []


def test_network_is_asked_for_the_badges_only(visit):
    assert visit.hosts == BADGES


@pytest.mark.parametrize("visit", ["01_numpy_broadcasting"], indirect=True)
def test_a_wrong_answer_is_told_and_the_folded_solution_passes(visit):
    """Exercise 1.2: an answer typed over the dots of the stub, then the solution from the page."""
    keyboard = visit.page.keyboard
    cell = visit.page.locator(".jp-CodeCell", has_text='check("1.2", my_causal_mask)')
    said = cell.locator(".jp-OutputArea-output")
    cell.locator(".cm-line", has_text="...").click()
    keyboard.press("End")
    keyboard.press("Shift+Home")
    keyboard.type("return np.tri(length)")
    keyboard.press("Shift+Enter")
    expect(said).to_have_text(re.compile(r"^✗ 1\.2: .* a mask is of bool"))

    folded = cell.locator("xpath=following-sibling::*[1]").locator("details", has_text="Solution")
    expect(folded.locator("code")).not_to_be_visible()
    folded.locator("summary").click()
    expect(folded.locator("code")).to_be_visible()
    solution = folded.locator("code").inner_text()
    cell.locator(".cm-line").first.click()
    keyboard.press("ControlOrMeta+a")
    keyboard.insert_text(f'{solution}\n\ncheck("1.2", my_causal_mask)')
    keyboard.press("Shift+Enter")
    expect(said).to_have_text(re.compile(r"^✓ 1\.2\s*$"))


def test_jupyterlab_leaves_no_process_behind(tmp_path):
    """Neither the server nor a kernel that was still running outlives the block."""
    (tmp_path / "notebooks").mkdir()
    with JupyterLab(tmp_path / "notebooks", tmp_path / "private") as lab:
        lab.request("POST", "api/kernels")
        processes = lab.processes()
        assert len(processes) >= 2, "the server and its kernel"
    assert not any(process.is_running() for process in processes)
    with pytest.raises(OSError):
        lab.request("GET", "api/status")


def test_jupyterlab_that_cannot_start_says_why(tmp_path):
    """The error carries what the server said."""
    with pytest.raises(RuntimeError, match="no-such-folder"):
        JupyterLab(tmp_path / "no-such-folder", tmp_path / "private").__enter__()


def test_the_browser_is_the_one_that_is_asked_for(tmp_path):
    chrome = tmp_path / "Google" / "Chrome" / "Application" / "chrome.exe"
    chrome.parent.mkdir(parents=True)
    chrome.touch()
    commands = {"chromium": "/bin/chromium", "mine": "/bin/mine"}.get
    nothing = {}.get
    assert find_browser({}, commands) == "/bin/chromium"
    assert find_browser({"COURSE_BROWSER": "mine"}, commands) == "/bin/mine"
    assert find_browser({"PROGRAMFILES": str(tmp_path)}, nothing) == str(chrome)
    with pytest.raises(FileNotFoundError, match="COURSE_BROWSER names his"):
        find_browser({"COURSE_BROWSER": "his"}, commands)
