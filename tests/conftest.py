"""Fixtures for the tests in a browser: one JupyterLab, one browser, a picture of each failure."""

import re

import nbformat
import pytest
from nbconvert.preprocessors import ClearOutputPreprocessor
from playwright.sync_api import sync_playwright

from tests.browser import JupyterLab, find_browser
from tests.course import NOTEBOOKS, folder, shortened

SCREENSHOTS = folder() / "screenshots"  # of failures; in .gitignore
MEASURED = pytest.StashKey()


def pytest_collection_modifyitems(config, items):
    """Leave out the long tests in JupyterLite unless they are asked for, by marker or by name."""
    if "lite" not in " ".join([config.option.markexpr, *config.args]):
        config.hook.pytest_deselected(items=[item for item in items if is_lite(item)])
        items[:] = [item for item in items if not is_lite(item)]


def is_lite(item):
    """True if a test runs notebooks in JupyterLite."""
    return item.get_closest_marker("lite") is not None


@pytest.fixture(scope="session")
def browser_path():
    """Where the system's own browser is."""
    path = find_browser()
    if path is None:
        pytest.skip("no browser: install Chromium, Chrome or Edge, or name one in COURSE_BROWSER")
    return path


@pytest.fixture(scope="session")
def lab(browser_path, tmp_path_factory):
    """A JupyterLab on a copy of the notebooks that holds no output yet."""
    copies = tmp_path_factory.mktemp("notebooks")
    for name in NOTEBOOKS:
        blank, _ = ClearOutputPreprocessor().preprocess(shortened(name), {})
        nbformat.write(blank, copies / f"{name}.ipynb")
    with JupyterLab(copies, tmp_path_factory.mktemp("jupyter")) as server:
        yield server


@pytest.fixture(scope="module")
def browser(browser_path):
    """A running browser. (Playwright leaves an event loop in this thread: hence not for longer.)"""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path)
        yield browser
        browser.close()


@pytest.fixture
def measured(request):
    """Takes lines for the report at the end of the run."""
    return request.config.stash.setdefault(MEASURED, [])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    """Keep a picture of the whole page when a test with a page fails, and say where it is."""
    report = yield
    visit = getattr(item, "funcargs", {}).get("visit")
    if report.failed and visit is not None:
        SCREENSHOTS.mkdir(exist_ok=True)
        path = SCREENSHOTS / (re.sub(r"\W+", "_", item.name).strip("_") + ".png")
        visit.photograph(path)
        report.sections.append(("Screenshot", str(path)))
    return report


def pytest_sessionfinish(session):
    """Hand what the tests of one worker measured to the process that prints the report."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["measured"] = session.config.stash.get(MEASURED, [])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    """Take what a worker has measured."""
    lines = node.config.stash.setdefault(MEASURED, [])
    lines += getattr(node, "workeroutput", {}).get("measured", [])


def pytest_terminal_summary(terminalreporter, config):
    """Print what the tests measured."""
    lines = config.stash.get(MEASURED, [])
    if lines:
        terminalreporter.section("measured in the browser")
        for line in lines:
            terminalreporter.line(line)
