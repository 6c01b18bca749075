"""Each notebook alone on a machine like Colab's: it fetches the course and runs through.

One fresh environment holds the versions that Colab has. A notebook runs in an empty folder; its
bootstrap cell installs the course from git, where the address of the repository leads to a copy of
the present files, and the course is uninstalled before the next notebook comes. Long runs
are short, unless the environment variable COURSE_LONG is set.
"""

import copy
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell

from tests.course import NOTEBOOKS, SHORT, check_call, exercises, folder, shortened
from tests.machines import Environment, complaints, copy_course, execute, printed, run
from tools import set_repository

COURSE = "broadcast-to-transformer"
VERSIONS = [
    "numpy==2.0.2; python_version < '3.13'",
    "numpy==2.1.3; python_version >= '3.13'",
    "matplotlib==3.10.0",
    "ipywidgets==7.7.1",
    "ipython==7.34.0",
    "ipykernel==6.17.1",
    "tqdm==4.67.1",
    "threadpoolctl==3.6.0",
]

pytestmark = pytest.mark.colab
each = pytest.mark.parametrize("name", NOTEBOOKS)


def python_of_colab():
    """Return a Python 3.12, which Colab has; this Python if there is none on this machine."""
    installed = Path.home().glob(".pyenv/versions/3.12.*/bin/python3.12")
    for candidate in [shutil.which("python3.12"), *installed]:
        if candidate:
            asked = [candidate, "-c", "import ensurepip"]
            if subprocess.run(asked, capture_output=True, check=False).returncode == 0:
                return candidate
    if sys.version_info >= (3, 14):
        pytest.skip("Colab's NumPy 2.0 and 2.1 do not run here: install Python 3.12")
    return sys.executable


@pytest.fixture(scope="session")
def colab(tmp_path_factory):
    """An environment with Colab's versions."""
    path = tmp_path_factory.mktemp("colab") / "env"
    own = os.environ.get("COURSE_COLAB_PYTHON")  # Colab's image: what is there, as it is
    if own:
        return Environment(path, python=own, all_packages=True)
    return Environment(path, *VERSIONS, python=python_of_colab())


@pytest.fixture(scope="session")
def repository(tmp_path_factory):
    """Settings with which git finds, at the course's address, a commit of the present files."""
    path = copy_course(tmp_path_factory.mktemp("repository"))
    author = ("-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=no")
    run("git", "init", "--quiet", path)
    run("git", "-C", path, "add", "--all")
    run("git", "-C", path, *author, "commit", "--quiet", "--message", "The present files")
    (address,) = set_repository.addresses(folder())
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{path.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": f"https://github.com/{address}",
    }


def without_course(colab):
    """Uninstall the course; returns the packages that are left."""
    if COURSE in colab.packages():
        colab.pip("uninstall", "--yes", COURSE)
    return colab.packages()


@each
def test_notebook_runs_alone(name, colab, repository, tmp_path):
    """Every cell of it, and behind every stub the folded solution, as a learner would write it."""
    before, broken = without_course(colab), colab.broken()
    long = os.environ.get("COURSE_LONG")
    notebook = with_solutions(name, NOTEBOOKS[name] if long else shortened(name))
    short = {} if long else SHORT
    execute(notebook, tmp_path, colab.python, **repository, **short)
    after = colab.packages()
    assert COURSE in after, "the bootstrap cell installs the course"
    assert after == {**before, COURSE: after[COURSE]}, "and touches nothing else"
    assert colab.broken() == broken, "and breaks nothing"
    lines = printed(notebook, "stdout").splitlines()
    for exercise in exercises(name):
        assert f"○ {exercise.number} is not filled in yet" in lines
        assert f"✓ {exercise.number}" in lines
    assert not complaints(printed(notebook, "stderr"))


def with_solutions(name, notebook):
    """Return a copy of a notebook with a cell behind each stub: its folded solution, checked."""
    solutions = {exercise.number: exercise for exercise in exercises(name)}
    notebook = copy.deepcopy(notebook)
    cells = []
    for cell in notebook.cells:
        cells.append(cell)
        call = check_call(cell.source) if cell.cell_type == "code" else None
        if call is not None and (exercise := solutions.get(call.args[0].value)):
            check = f"check({exercise.number!r}, {exercise.expression})"
            cells.append(new_code_cell(f"{exercise.solution}\n{check}"))
    notebook.cells = cells
    return notebook
