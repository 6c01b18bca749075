"""The results of long runs that a browser reads from data/, where its own runs are short."""

import sys

import pytest

from helpers.data import load_runs
from tests.course import LONG, folder
from tests.machines import run

STORED = {path.stem.removeprefix("runs_"): path for path in (folder() / "data").glob("runs_*.npz")}


def test_a_browser_is_known_and_its_kernel_is_quiet():
    """Threads cannot start there: tqdm's monitor would say so in a red box."""
    code = (
        "import sys, numpy, matplotlib.pyplot\n"
        "sys.platform = 'emscripten'\n"
        "import helpers.data, logging, tqdm\n"
        "print(helpers.data.SHORT_RUNS, tqdm.tqdm.monitor_interval,"
        " logging.getLogger('matplotlib.font_manager').isEnabledFor(logging.WARNING),"
        " __import__('tqdm.auto').auto.tqdm.__module__)"
    )
    said = run(sys.executable, "-c", code, cwd=folder()).split()
    assert said == ["True", "0", "False", "tqdm.notebook"]


def test_every_notebook_with_long_runs_has_them_stored():
    assert LONG, "a training of a minute takes an hour in a browser"
    assert set(STORED) == {name[:2] for name in LONG}


@pytest.mark.parametrize("number", STORED)
def test_stored_runs_are_small_and_named_by_their_notebook(number):
    path = STORED[number]
    assert path.stat().st_size < 3_000_000, "put into browser_result only what is needed later"
    assert all(name.startswith(f"{number} ") for name in load_runs(path))
