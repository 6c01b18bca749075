"""Settings for every test, and which notebooks are tested.

A deprecated call is an error where the course's own code makes it.

The notebooks are executed and compared as they were built. Where a learner has run or solved one
and saved it, the one that was committed is tested in its place; what else lies beside them (a copy,
an Untitled) is left alone.
"""

import os
import subprocess
from pathlib import Path

import pytest

# PYTHONWARNINGS takes the full name of a module, no pattern; a notebook's cells are `__main__`.
ROOT = Path(__file__).parent
FILES = [path.relative_to(ROOT).with_suffix("") for path in ROOT.glob("helpers/**/*.py")]
MODULES = ["__main__", *(".".join(file.parts).removesuffix(".__init__") for file in FILES)]
os.environ["PYTHONWARNINGS"] = ",".join(f"error::DeprecationWarning:{name}" for name in MODULES)

# The files that take a minute or more, the longest first.
LONGEST = ["06_", "test_learners", "test_colab", "07_", "test_browser", "test_accessibility",
           "test_stranger", "test_site", "test_used_copy"]

COMMITTED = ROOT / "tests" / "committed"  # in .gitignore; one folder below the root's, as notebooks


def committed(path):
    """Return the committed text of a notebook that was saved after it was built, or None.

    None, too, where it was not changed, or where git does not know it: then it is tested as it is.
    """
    from tools.build import is_as_built
    from tools.notebooks import read

    name = path.relative_to(ROOT).as_posix()
    try:
        if is_as_built(read(path)):
            return None
    except ValueError:  # it is not even readable
        pass
    shown = subprocess.run(["git", "-C", ROOT, "show", f"HEAD:{name}"], capture_output=True)
    return shown.stdout.decode("utf-8") if shown.returncode == 0 else None


def prepare():
    """Write what is to be tested in the place of used notebooks. Returns {used: tested} paths."""
    from tools.notebooks import all_notebooks

    instead = {}
    for path in all_notebooks():
        text = committed(path) if (ROOT / ".git").exists() else None
        target = COMMITTED / path.name
        if text is not None and text != path.read_text(encoding="utf-8"):
            COMMITTED.mkdir(exist_ok=True)
            target.write_text(text, encoding="utf-8", newline="\n")
            instead[path] = target
        elif target.exists():
            target.unlink()
    return instead


try:
    INSTEAD = prepare()
except FileNotFoundError:  # no git
    INSTEAD = {}


def pytest_report_header():
    """Say which notebooks are tested as they were committed."""
    if INSTEAD:
        names = ", ".join(path.name for path in INSTEAD)
        return f"saved since they were built, so tested as they were committed: {names}"


def pytest_ignore_collect(collection_path):
    """Leave out what is not the course's, and what is tested in another form."""
    if collection_path == COMMITTED:
        return not INSTEAD
    if collection_path.suffix != ".ipynb":
        return None
    from tools.notebooks import all_notebooks

    wanted = [INSTEAD.get(path, path) for path in all_notebooks()]
    return None if collection_path in wanted else True


def pytest_collection_modifyitems(items):
    """Let the longest files come first, so that at the end no worker waits for the other.

    The notebooks come last, where they would not, since some are tested in another form.
    """
    def place(item):
        long = [name for name in LONGEST if item.path.name.startswith(name)]
        return LONGEST.index(long[0]) if long else len(LONGEST), item.path.suffix == ".ipynb"

    items.sort(key=place)


@pytest.fixture(autouse=True)
def _leave_no_figures():
    """Close the figures that a test has drawn with pyplot."""
    yield
    import sys

    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
