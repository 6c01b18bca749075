"""Notebooks as a browser runs them: long runs are short, and what they came to is read from data/."""

import copy
import re

import pytest

from helpers.data import load_runs
from tests.course import NOTEBOOKS, folder
from tests.machines import execute, printed
from tools.notebooks import IGNORE, code_cells, tags

STORED = {path.stem.removeprefix("runs_"): path for path in (folder() / "data").glob("runs_*.npz")}
SHORT = [
    name
    for name, notebook in NOTEBOOKS.items()
    if any("browser_result(" in cell.source for cell in code_cells(notebook))
]
NOTE = re.compile(r"^In a browser: .*\(([^)]*)\).*\n?", re.M)


def test_every_notebook_with_long_runs_has_them_stored():
    assert SHORT, "a training of a minute takes an hour in a browser"
    assert set(STORED) == {name[:2] for name in SHORT}


@pytest.mark.parametrize("number", STORED)
def test_stored_runs_are_small_and_named_by_their_notebook(number):
    path = STORED[number]
    assert path.stat().st_size < 3_000_000, "put into browser_result only what is needed later"
    assert all(name.startswith(f"{number} ") for name in load_runs(path))


@pytest.mark.parametrize("name", SHORT)
def test_notebook_with_short_runs_claims_and_prints_the_same(name):
    """All asserts hold, and the cells whose outputs may not differ print what they always do."""
    notebook = copy.deepcopy(NOTEBOOKS[name])
    execute(notebook, folder() / "notebooks", COURSE_SHORT_RUNS="1")
    for cell, stored in zip(code_cells(notebook), code_cells(NOTEBOOKS[name]), strict=True):
        if IGNORE in tags(cell):
            continue
        texts = [
            "".join(o.text for o in c.outputs if o.output_type == "stream") for c in (cell, stored)
        ]
        assert texts[0] == texts[1], f"cell {cell.id} (a browser_result needs the tag {IGNORE})"
    taken = set(NOTE.findall(printed(notebook, "stdout")))
    assert taken == set(load_runs(STORED[name[:2]])), "what is stored is what the notebook takes"
