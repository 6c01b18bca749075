"""A stranger's machine: installed from the wheel, read-only, an odd path, a busy port."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests.course import NOTEBOOKS, folder
from tests.machines import Environment, complaints, copy_course, run
from tools import notebooks

FIRST = next(iter(NOTEBOOKS))
NOBODY = 65534  # the number of a user and a group without any rights
WINDOWS = sys.platform == "win32"
LAB = "--no-browser --allow-root"

RUN_NOTEBOOK = """
import sys
import nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(notebook, kernel_name="python3", timeout=600).execute()
outputs = [o for cell in notebook.cells if cell.cell_type == "code" for o in cell.outputs]
print("".join(o.text for o in outputs if o.get("name") == "stderr"), end="")
"""


def test_nothing_is_missing_for_the_course_here():
    """`pip check` of the Python that runs the tests, as far as the course is concerned."""
    result = subprocess.run([sys.executable, "-m", "pip", "check"],
                            capture_output=True, encoding="utf-8", check=False)  # fmt: skip
    print(result.stdout)
    assert "broadcast-to-transformer" not in result.stdout


@pytest.mark.network
def test_wheel_alone_is_enough(tmp_path):
    """In a fresh environment, from another folder, without the checkout."""
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    run(*build, "--wheel-dir", tmp_path, copy_course(tmp_path / "course"))
    shutil.rmtree(tmp_path / "course")
    environment = Environment(tmp_path / "env", *tmp_path.glob("*.whl"))
    assert environment.pip("check").startswith("No broken requirements")
    code = """
import helpers
from helpers.data import data_path, load_digits, load_names, load_shakespeare
from helpers.transformer import generate, load
load_digits(), load_names(), load_shakespeare()
print(len(generate(*load(data_path("transformer.npz")), "ROMEO:", 20)), helpers.__file__)
"""
    length, file = run(environment.python, "-c", code, cwd=tmp_path).split(maxsplit=1)
    assert int(length) >= 20
    assert Path(file).is_relative_to(tmp_path / "env")


# A user who may not write


@pytest.fixture
def locked():
    """A folder with the first notebook in it, which a user without rights cannot write."""
    if WINDOWS:
        pytest.skip("Windows has no folders that are read-only for their owner")
    path = Path(tempfile.mkdtemp())  # pytest's own folders are closed to other users
    shutil.copy(notebooks.FOLDER / f"{FIRST}.ipynb", path)
    path.chmod(0o555)
    yield path
    path.chmod(0o755)
    shutil.rmtree(path)


def run_as_stranger(path, home):
    """Run the first notebook in a folder, as a user without rights; returns its standard error."""
    own = ("XDG_", "JUPYTER", "IPYTHON", "MPLCONFIGDIR")
    variables = {key: value for key, value in os.environ.items() if not key.startswith(own)}
    variables["HOME"] = str(home)
    variables["PYTHONPATH"] = f"{Path(pytest.__file__).parent.parent}{os.pathsep}{folder()}"
    options = {"cwd": path, "env": variables}
    if os.getuid() == 0:  # root may write everywhere
        options.update(user=NOBODY, group=NOBODY, extra_groups=[])
    for python in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
        if can_run(python, options):
            return run(python, "-c", RUN_NOTEBOOK, f"{FIRST}.ipynb", **options)
    pytest.skip("no Python here that a user without rights may run: run the tests as such a user")


def can_run(python, options):
    """True if a Python starts with these options and finds the course."""
    command = [python, "-c", "import helpers.data, nbclient"]
    try:
        return subprocess.run(command, capture_output=True, check=False, **options).returncode == 0
    except OSError:  # no right to run it, or no such Python
        return False


def test_notebook_runs_in_a_folder_that_cannot_be_written(locked):
    with tempfile.TemporaryDirectory() as home:
        Path(home).chmod(0o777)
        assert not complaints(run_as_stranger(locked, home))
    assert [path.name for path in locked.iterdir()] == [f"{FIRST}.ipynb"]


def test_notebook_runs_without_a_home(locked):
    """Matplotlib says which folder it cannot write, and takes another; nothing else is said."""
    for line in complaints(run_as_stranger(locked, locked)):
        assert str(locked) in line and "atplotlib" in line


# JupyterLab


@contextlib.contextmanager
def jupyterlab(command, path, runtime):
    """Start a JupyterLab; gives what it says about itself (port, root_dir) once it runs."""
    before = set(runtime.glob("jpserver-*.json"))
    variables = {**os.environ, "JUPYTER_RUNTIME_DIR": str(runtime)}
    process = subprocess.Popen(command, cwd=path, env=variables, shell=isinstance(command, str),
                               stderr=subprocess.PIPE, start_new_session=not WINDOWS)  # fmt: skip
    try:
        while not (new := set(runtime.glob("jpserver-*.json")) - before):
            assert process.poll() is None, process.stderr.read().decode("utf-8", "replace")
            time.sleep(0.2)
        time.sleep(0.5)  # until the file is written whole
        yield json.loads(new.pop().read_text(encoding="utf-8"))
    finally:
        with contextlib.suppress(ProcessLookupError):  # it has ended already
            process.terminate() if WINDOWS else os.killpg(process.pid, signal.SIGTERM)
        process.communicate()


def test_second_jupyterlab_takes_another_port(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "jupyterlab", *LAB.split(), f"--port={port}"]
    with (
        jupyterlab(command, notebooks.FOLDER, tmp_path) as first,
        jupyterlab(command, notebooks.FOLDER, tmp_path) as second,
    ):
        assert first["port"] == port
        assert second["port"] != port


@pytest.mark.network
def test_commands_of_the_readme_work_in_a_folder_with_an_odd_name(tmp_path):
    """Both lines as they stand in the README; but the tests are those of one notebook."""
    if WINDOWS:
        pytest.skip("the lines for Windows need PowerShell, which this test does not start")
    course = copy_course(tmp_path / "Übung 1, 折り紙 & more")
    readme = (course / "README.md").read_text(encoding="utf-8")
    lab, tests = re.findall(r"^    (python3 -m venv .*)$", readme, re.M)
    output = run("bash", "-c", f"{tests} notebooks/{FIRST}.ipynb", cwd=course)
    assert re.search(r"\d+ passed", output) and "failed" not in output
    (tmp_path / "runtime").mkdir()
    with jupyterlab(f"{lab} {LAB}", course, tmp_path / "runtime") as server:
        assert Path(server["root_dir"]) == course / "notebooks"
