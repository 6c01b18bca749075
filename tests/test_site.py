"""The web book: built in one command, and looked at page by page."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.course import NOTEBOOKS, folder
from tests.web import Page, broken, served
from tools import set_repository, site
from tools.notebooks import code_cells

pytestmark = pytest.mark.site

LIMIT = 500_000  # bytes of a page without its pictures
LITE = "lite/lab/index.html"  # where the launch buttons lead; `python -m tools.site --lite` puts it
PHONE = {"width": 390, "height": 844}
OPEN = "() => document.querySelectorAll('details').forEach(e => { e.open = true })"
# Formulas are set when MathJax says so; pages without any do not load it.
SET = "() => !document.querySelector('.math') || document.querySelector('mjx-container')"
# axe takes minutes on thousands of elements: formulas, and the words of code that Pygments colors.
SIMPLER = """() => {
    document.querySelectorAll('mjx-container').forEach(e => e.remove())
    document.querySelectorAll('.highlight pre').forEach(e => { e.textContent = e.textContent })
}"""
# What sticks out at the right, unless something around it scrolls by itself.
OUTSIDE = """() => [...document.querySelectorAll('body *')].filter(e => {
    if (e.getBoundingClientRect().right <= innerWidth + 1) return false
    for (let p = e; p && p !== document.body; p = p.parentElement)
        if (getComputedStyle(p).overflowX !== 'visible' || getComputedStyle(p).position === 'fixed')
            return false
    return true
}).map(e => e.tagName + ': ' + e.textContent.slice(0, 60))"""


def skip_without_network(error):
    """Skip the test if what was asked for could not be fetched; raise the error if not."""
    if re.search("connection broken|ENOTFOUND|EAI_AGAIN|ECONN|ETIMEDOUT|ENETUNREACH|"
                 "cannot be fetched|Name or service", str(error)):
        pytest.skip("what builds the site cannot be fetched: connect to the network")
    raise error


@pytest.fixture(scope="module")
def book(tmp_path_factory, measured_once):
    """The folder of the book."""
    target = tmp_path_factory.mktemp("site").resolve()
    try:
        site.environment(site.PUBLIC.requirements)  # a minute when it is made, once
    except site.SiteError as error:
        skip_without_network(error)
    measured_once(site.timed, "book", site.book, target)
    return target


@pytest.fixture(scope="module")
def measured_once(request):
    """Calls a function that prints what it measured; the line goes into the report."""
    from tests.conftest import MEASURED

    def call(function, *arguments):
        line = function(*arguments)
        request.config.stash.setdefault(MEASURED, []).append(line)

    return call


@pytest.fixture(scope="module")
def pages(book):
    """Every page of the book: {path: Page}."""
    return {path: Page(path) for path in sorted(book.rglob("*.html")) if "_static" not in str(path)}


@pytest.fixture(scope="module")
def address(book):
    """The book's address on this machine."""
    with served(book) as address:
        yield address


def notebook_pages(pages):
    """The pages of the notebooks, in order: [(name, Page)]."""
    found = [(path.stem, page) for path, page in pages.items() if path.stem in NOTEBOOKS]
    assert [name for name, _ in found] == list(NOTEBOOKS)
    return found


def test_every_page_is_there_and_light(book, pages):
    names = {path.relative_to(book).as_posix() for path in pages}
    wanted = {"index.html", *(f"notebooks/{name}.html" for name in NOTEBOOKS)}
    wanted |= {name.replace(".md", ".html") for name in site.PAGES if (folder() / name).exists()}
    assert wanted <= names and "search.html" in names
    heavy = [path.name for path in pages if path.stat().st_size > LIMIT]
    assert heavy == []


def test_no_link_inside_the_site_is_broken(book, pages):
    known = {f"../{LITE}"}  # built beside the book, and tested in tests/test_lite.py
    found = {
        path.relative_to(book).as_posix(): links
        for path, page in pages.items()
        if (links := [x for x in broken(page, pages, book) if urlsplit(x).path not in known])
    }
    assert found == {}


def test_broken_links_are_found(tmp_path):
    text = ('<p id="a"><a href="#a"></a><a href="#b"></a><a href="no.html"></a><img src="no.png">'
            '<a href="https://no.org"></a><a href="page.html#a"></a>')
    (tmp_path / "page.html").write_text(text, encoding="utf-8")
    page = Page(tmp_path / "page.html")
    found = broken(page, {page.path: page}, tmp_path)
    assert found == ["#b", "no.html", "no.png"]


def test_pages_ask_no_other_server(pages):
    """Not even for MathJax, fonts, or the badges of the notebooks."""
    asked = {address for page in pages.values() for address in page.loaded
             if urlsplit(address).netloc}
    assert asked == set()


def test_every_picture_is_there_and_described_as_in_the_notebook(pages):
    for name, page in notebook_pages(pages):
        stored = [
            output.metadata["image/png"]["alt"]
            for cell in code_cells(NOTEBOOKS[name])
            for output in cell.outputs
            if "image/png" in output.get("data", {})
        ]
        shown = [alt for source, alt in page.pictures if "_images" in source]
        assert stored and shown == stored, name
    for page in pages.values():
        assert all(len(alt) > 3 for _, alt in page.pictures), page.path.name


def test_every_fold_of_a_notebook_folds(pages):
    for name, page in notebook_pages(pages):
        sources = [c.source for c in NOTEBOOKS[name].cells if c.cell_type == "markdown"]
        outputs = [output.get("data", {}).get("text/html", "")
                   for cell in code_cells(NOTEBOOKS[name]) for output in cell.outputs]
        assert page.folds == "".join([*sources, *outputs]).count("<details"), name


def test_every_printed_line_is_on_the_page(pages):
    for name, page in notebook_pages(pages):
        text = re.sub(r"<[^>]+>", "", page.path.read_text(encoding="utf-8"))
        text = " ".join(text.replace("&#39;", "'").split())
        for cell in code_cells(NOTEBOOKS[name]):
            for output in cell.outputs:
                if output.output_type == "stream":
                    first = " ".join(output.text.split("\n")[0].split())
                    escaped = first.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
                    assert escaped.replace('"', "&quot;") in text or escaped in text, first


def test_launch_buttons_open_the_notebook_of_the_page(pages):
    (repository,) = set_repository.addresses(folder())
    for name, page in notebook_pages(pages):
        path = f"notebooks/{name}.ipynb"
        assert f"https://mybinder.org/v2/gh/{repository}/main?urlpath=lab/tree/{path}" in page.links
        colab = f"https://colab.research.google.com/github/{repository}/blob/main/{path}"
        assert colab in page.links
        assert f"../{LITE}?path={path}" in page.links


def paths():
    """The pages that are opened in the browser: the notebooks and what stands beside them."""
    beside = [name.replace(".md", ".html") for name in site.PAGES if (folder() / name).exists()]
    return ["index.html", "search.html", *beside, *(f"notebooks/{n}.html" for n in NOTEBOOKS)]


@pytest.fixture(params=paths())
def visit(request, browser, address):
    """A page that is open in a window of a phone's width, all folds open, and its complaints."""
    page = browser.new_page(viewport=PHONE)
    page.complaints = []
    page.on("console", lambda m: m.type == "error" and page.complaints.append(m.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.goto(address + request.param)
    page.wait_for_load_state("networkidle")
    page.wait_for_function(SET)
    page.evaluate(OPEN)
    page.photograph = lambda path: page.screenshot(path=path)
    yield page
    page.close()


def barriers(page, rules=None):
    """What axe-core calls serious or critical: of some rules, or of all but the contrast's."""
    contrast = {"color-contrast": {"enabled": False}}  # has a test of its own
    options = {"runOnly": rules} if rules else {"rules": contrast}
    options["resultTypes"] = ["violations"]  # to list what passes takes most of the time
    return [
        f"{rule['id']}: {node['html'][:200]}"
        for rule in Axe().run(page, options=options).response["violations"]
        for node in rule["nodes"]
        if rule["impact"] in ("serious", "critical")
    ]


@pytest.mark.browser
def test_page_works_on_a_phone_and_for_every_reader(visit):
    """No error, nothing sticks out, formulas are set, axe finds no barrier."""
    assert visit.complaints == []
    assert visit.evaluate(OUTSIDE) == []
    assert visit.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert visit.locator("merror, mtext[mathcolor=red]").all_text_contents() == []
    visit.evaluate(SIMPLER)
    assert barriers(visit) == []


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("visit", ["index.html", paths()[-len(NOTEBOOKS)]], indirect=True)
def test_words_can_be_read_in_both_themes(visit, theme):
    """The colors are the theme's, so that one notebook stands for all."""
    visit.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
    assert barriers(visit, ["color-contrast"]) == []


@pytest.mark.browser
def test_search_finds_what_a_notebook_says(browser, address):
    page = browser.new_page()
    page.goto(f"{address}search.html?q=broadcasting")
    page.locator("#search-results li a").first.wait_for(timeout=20_000)
    found = page.locator("#search-results li a").evaluate_all("all => all.map(e => e.href)")
    assert any("01_numpy_broadcasting" in link for link in found)
    page.close()


def test_links_to_what_is_no_page_lead_to_the_repository():
    text = "[a](LICENSE) [b](docs/instructors.md) [c](tests/course.py) [d](tools) [e](no.md)"
    (repository,) = set_repository.addresses(folder())
    root = f"https://github.com/{repository}"
    assert site.outside(text, folder().relative_to(folder())) == (
        f"[a]({root}/blob/main/LICENSE) [b](docs/instructors.md) "
        f"[c]({root}/blob/main/tests/course.py) [d]({root}/tree/main/tools) [e](no.md)"
    )
    assert site.outside("[a](../README.md)", Path("docs")) == "[a](../index.md)"
    assert site.outside("[a](README.md)", Path("data")) == "[a](README.md)"


def test_readme_opens_the_book_and_the_first_notebook_in_every_way():
    text = (folder() / "README.md").read_text(encoding="utf-8")
    (repository,) = set_repository.addresses(folder())
    owner, name = repository.split("/")
    first = f"notebooks/{next(iter(NOTEBOOKS))}.ipynb"
    pages = f"https://{owner}.github.io/{name}/"
    given = dict(re.findall(r"^\[([^]]+)\]: (\S+)$", text, re.M))
    assert given == {
        "read the book": pages,
        "run the first notebook in your browser": f"{pages}{LITE}?path={first}",
        "Colab": f"https://colab.research.google.com/github/{repository}/blob/main/{first}",
        "Binder": f"https://mybinder.org/v2/gh/{repository}/main?urlpath=lab/tree/{first}",
        "Kaggle": "https://kaggle.com/kernels/welcome?src="
                  f"https://github.com/{repository}/blob/main/{first}",
        "Codespaces": f"https://codespaces.new/{repository}?quickstart=1",
    }
    for name in given:
        assert f"[{name}]" in text.split("[read the book]: ")[0]


TERM = re.compile(r"^- \*\*(.+)\*\* \(\[(\d\d)\]\(\.\./notebooks/(.+)\.ipynb\)\): \S.*\.$")


def test_glossary_names_notebooks_that_use_the_words():
    lines = (folder() / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines()[4:]
    terms = [TERM.match(line).groups() for line in lines]
    words = [term.lower() for term, _, _ in terms]
    assert words == sorted(set(words))
    for term, number, name in terms:
        text = " ".join(cell.source for cell in NOTEBOOKS[name].cells).lower()
        assert name.startswith(number) and term.lower() in text, f"{term} is not in {name}"
    assert {name for _, _, name in terms} == set(NOTEBOOKS)
