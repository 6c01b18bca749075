"""A clone in which somebody has worked: what they did stays theirs, and the course still tests.

Run All and save, solve exercises, duplicate a notebook, leave an Untitled one; then the tests, the
tools, and the update that the README describes. And the cell that every notebook begins with, in
the folders where it may find itself.
"""

import copy
import json
import os
import re
import shutil
import subprocess
import sys

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from tests.course import NOTEBOOKS, exercises, folder
from tests.machines import copy_course, execute, printed, run
from tools import notebooks

FIRST, SECOND = list(NOTEBOOKS)[:2]
AUTHOR = ("-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=no")
PYTEST = [sys.executable, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider"]


def git(path, *arguments):
    """Run git in a folder; returns what it prints."""
    return run("git", "-C", path, *AUTHOR, *arguments)


def commit(path, message):
    """Commit all that has changed."""
    git(path, "add", "--all")
    git(path, "commit", "--quiet", "--message", message)


def solved(name):
    """Return a notebook with every exercise solved."""
    answers = {exercise.stub: exercise for exercise in exercises(name)}
    notebook = copy.deepcopy(NOTEBOOKS[name])
    for cell in notebooks.code_cells(notebook):
        if exercise := answers.get(cell.source):
            cell.source = f"{exercise.solution}\ncheck({exercise.number!r}, {exercise.expression})"
    return notebook


def run_and_save(notebook, path):
    """Run All and save, as JupyterLab does it: widgets, times and all."""
    NotebookClient(
        notebook, timeout=600, record_timing=True, store_widget_state=True,
        resources={"metadata": {"path": str(path.parent)}},
    ).execute()  # fmt: skip
    nbformat.write(notebook, path)


@pytest.fixture(scope="module")
def used(tmp_path_factory):
    """A clone in which the first notebook was run and the second solved, both saved."""
    path = copy_course(tmp_path_factory.mktemp("used") / "course")
    git(path, "init", "--quiet", "--initial-branch=main")
    commit(path, "The course")
    at = path / "notebooks"
    run_and_save(copy.deepcopy(NOTEBOOKS[FIRST]), at / f"{FIRST}.ipynb")
    run_and_save(solved(SECOND), at / f"{SECOND}.ipynb")
    shutil.copy(at / f"{FIRST}.ipynb", at / f"{FIRST}-Copy1.ipynb")
    nbformat.write(new_notebook(cells=[new_code_cell("1 / 0")]), at / "Untitled.ipynb")
    return path


def inside(path, *command):
    """Run a command in a clone; returns (exit code, what it prints)."""
    variables = {**os.environ, "PYTHONPATH": str(path)}
    result = subprocess.run(command, cwd=path, env=variables, capture_output=True,
                            encoding="utf-8", check=False)  # fmt: skip
    return result.returncode, result.stdout + result.stderr


def test_the_tests_of_a_used_clone_pass(used):
    names = ["test_notebooks.py", "test_tools.py", "test_strip_solutions.py", "test_exercises.py"]
    files = [f"tests/{name}" for name in names]
    which = ("not (mistake or junk or changed or differ or diagnosis or change or fails or draws "
             "or survives or no_test_at_all)")  # those know no notebook
    code, said = inside(used, *PYTEST, "-k", which, *files, "tests/committed")
    assert code == 0, said[-3000:]
    code, said = inside(used, *PYTEST, "--collect-only", "tests/test_times.py")
    assert f"tested as they were committed: {FIRST}.ipynb, {SECOND}.ipynb" in said
    code, said = inside(used, *PYTEST, "--collect-only", "-q")
    assert set(re.findall(r"^(\S+\.ipynb)::", said, re.M)) == {
        *(f"tests/committed/{name}.ipynb" for name in (FIRST, SECOND)),
        *(f"notebooks/{name}.ipynb" for name in list(NOTEBOOKS)[2:]),
    }


def test_the_tools_leave_the_learners_files_alone(used):
    before = (used / "notebooks" / "Untitled.ipynb").read_bytes()
    code, said = inside(used, sys.executable, "-m", "tools.build", "--export")
    assert code == 0, said
    code, said = inside(used, sys.executable, "-m", "tools.strip_solutions")
    assert code == 0, said
    assert {path.stem for path in (used / "handout").iterdir()} == set(NOTEBOOKS)
    assert (used / "notebooks" / "Untitled.ipynb").read_bytes() == before
    git(used, "diff", "--quiet", "--", "helpers")


def test_a_clone_with_solved_exercises_is_updated_as_the_readme_says(used, tmp_path):
    """The lines under "Update" in the README; the answers are kept on a branch of their own."""
    clone = tmp_path / "clone"
    run("git", "clone", "--quiet", used, clone)
    for name in ("name", "email"):
        git(clone, "config", f"user.{name}", "learner@localhost")
    shutil.copy(used / "notebooks" / f"{SECOND}.ipynb", clone / "notebooks")
    (used / "NEWS.md").write_text("A new version\n", encoding="utf-8")
    git(used, "add", "NEWS.md")
    git(used, "commit", "--quiet", "--message", "News")
    readme = (folder() / "README.md").read_text(encoding="utf-8")
    block = re.search(r"(?:^    git .*\n)+", readme[readme.index("solved exercises") :], re.M)[0]
    for line in block.splitlines():
        run("bash", "-c", line.strip(), cwd=clone)
    assert (clone / "NEWS.md").exists()
    assert not git(clone, "status", "--porcelain")
    mine = git(clone, "show", f"my-answers:notebooks/{SECOND}.ipynb")
    assert mine == (used / "notebooks" / f"{SECOND}.ipynb").read_text(encoding="utf-8")


# The bootstrap cell


def bootstrap(*after):
    """A notebook that begins like all others, with some more cells."""
    cells = [new_code_cell(notebooks.BOOTSTRAP_CELL.replace("github.com", "localhost:9"))]
    return new_notebook(cells=cells + [new_code_cell(source) for source in after])


def kernel(path, tmp_path):
    """A Python without the course and without a network: what its packages are is all it has."""
    environment = tmp_path / "bare"
    run(sys.executable, "-m", "venv", "--without-pip", environment)
    site = next(environment.glob("**/site-packages"))
    own = next(p for p in map(str, sys.path) if p.endswith("site-packages"))
    for package in os.listdir(own):
        if "broadcast_to_transformer" not in package:  # neither the course nor its link
            (site / package).symlink_to(os.path.join(own, package))
    return next(environment.glob("**/python3"), None) or environment / "Scripts" / "python.exe"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no links without rights")
def test_the_cell_finds_the_clone_that_it_lies_in(used, tmp_path):
    """With a kernel that lacks the course, without a network, beside a helpers.py of one's own."""
    at = used / "notebooks"
    (at / "helpers.py").write_text("print('mine')\n", encoding="utf-8")
    try:
        notebook = bootstrap("import helpers\nprint(helpers.__file__)")
        execute(notebook, at, kernel(at, tmp_path), PYTHONPATH="")
    finally:
        (at / "helpers.py").unlink()
    assert printed(notebook, "stdout").strip() == str(used / "helpers" / "__init__.py")
    assert printed(notebook, "stderr") == "", "pip was not asked"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no links without rights")
@pytest.mark.parametrize("own", [None, "helpers.py"])
def test_the_cell_says_what_to_do(own, tmp_path):
    """Alone, without a network: with and without a file that hides the course's helpers."""
    at = tmp_path / "alone"
    at.mkdir()
    if own:
        (at / own).write_text("x = 1\n", encoding="utf-8")
    with pytest.raises(Exception, match="course's helpers cannot be imported") as error:
        execute(bootstrap(), at, kernel(at, tmp_path), PYTHONPATH="")
    assert "Rename it and restart the kernel" in str(error.value)
    assert "Without a network" in re.sub(r'"\s+"', "", str(error.value))


def test_the_metadata_let_a_notebook_be_exported_as_a_script():
    for name, notebook in NOTEBOOKS.items():
        language = json.loads(json.dumps(notebook.metadata.language_info))
        assert language["file_extension"] == ".py", name
        assert language["nbconvert_exporter"] == "python", name
