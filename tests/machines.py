"""Other machines: fresh environments, and notebooks that a kernel in one of them executes."""

import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from jupyter_client import AsyncKernelManager
from nbclient import NotebookClient

from tests.course import folder
from tools import notebooks


def run(*command, **options):
    """Run a command; returns what it prints, fails with its error."""
    result = subprocess.run(
        [str(part) for part in command],
        capture_output=True, text=True, encoding="utf-8", errors="replace", check=False, **options,
    )  # fmt: skip
    assert result.returncode == 0, f"{command} failed:\n{result.stdout}{result.stderr}"
    return result.stdout


class Environment:
    """A virtual environment of its own, made by `python`, with some packages installed.

    all_packages: it sees those of `python`, too.
    """

    def __init__(self, path, *packages, python=sys.executable, all_packages=False):
        run(python, "-m", "venv", *["--system-site-packages"] * all_packages, path)
        windows = sys.platform == "win32"
        self.scripts = path / ("Scripts" if windows else "bin")
        self.python = self.scripts / ("python.exe" if windows else "python")
        if packages:
            self.install(*packages)

    def install(self, *packages):
        """Install packages; the test is skipped where the registry cannot be reached."""
        try:
            self.pip("install", "--quiet", "--no-compile", "--retries", "2", *packages)
        except AssertionError as error:
            if "connection broken" in str(error):
                pytest.skip("the package registry cannot be reached: connect to the network")
            raise

    def pip(self, *arguments, **options):
        """Run pip; returns what it prints."""
        return run(self.python, "-m", "pip", "--disable-pip-version-check", *arguments, **options)

    def broken(self):
        """Return what `pip check` says of packages that do not fit together; "" if all do."""
        command = [self.python, "-m", "pip", "--disable-pip-version-check", "check"]
        result = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
        return result.stdout if result.returncode else ""

    def packages(self):
        """Return {name: version} of all that is installed."""
        listed = json.loads(self.pip("list", "--format=json"))
        return {package["name"].lower(): package["version"] for package in listed}


def execute(notebook, path, python=sys.executable, **variables):
    """Execute a notebook in the folder `path`, by a kernel of another Python.

    variables: what is set in the kernel's environment besides.
    Raises CellExecutionError if a cell fails.
    """
    manager = AsyncKernelManager(kernel_name="python3")
    manager.kernel_spec.argv[0] = str(python)
    client = NotebookClient(
        notebook, km=manager, timeout=1800, record_timing=False, coalesce_streams=True,
        resources={"metadata": {"path": str(path)}},
    )  # fmt: skip
    client.execute(cleanup_kc=True, env={**os.environ, **variables})  # and end the kernel
    return notebook


def printed(notebook, name):
    """Return all that a notebook's cells wrote to "stdout" or "stderr"."""
    return "".join(
        output.text
        for cell in notebooks.code_cells(notebook)
        for output in cell.outputs
        if output.output_type == "stream" and output.name == name
    )


def complaints(text):
    """Return the lines of a standard error but for progress bars and Matplotlib's first start."""
    return [line for line in text.splitlines() if "%|" not in line and "font cache" not in line]


def copy_course(target):
    """Copy the course as it is here, with changes not yet committed, but nothing git ignores."""
    if shutil.which("git") is None:
        pytest.skip("git is missing: install it")
    if not (folder() / ".git").exists():
        pytest.skip("this is no git checkout: fetch the course with git clone")
    listing = ("ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in run("git", "-C", folder(), *listing).split("\0"):
        source = folder() / name
        if source.is_file():  # and not one that was deleted and not yet committed
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target / name)
    return target


@contextmanager
def busy(processes):
    """Keep so many cores busy for the time of the block."""
    running = [subprocess.Popen([sys.executable, "-c", "while True: pass"])
               for _ in range(processes)]  # fmt: skip
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


@contextmanager
def quota(cores):
    """Make a control group that is allowed so many cores; gives the file that a process joins.

    None where no control group can be made: not on Linux, or without the rights.
    """
    period = 100_000  # microseconds
    for group, settings in (
        (Path("/sys/fs/cgroup/cpu"), {"cpu.cfs_period_us": f"{period}",
                                      "cpu.cfs_quota_us": f"{int(cores * period)}"}),
        (Path("/sys/fs/cgroup"), {"cpu.max": f"{int(cores * period)} {period}"}),
    ):  # fmt: skip
        group /= f"course-{uuid4().hex[:8]}"
        try:
            group.mkdir()
        except OSError:
            continue
        try:
            for name, value in settings.items():
                (group / name).write_text(value, encoding="ascii")
        except OSError:  # the controller is not to be had here
            group.rmdir()
            continue
        try:
            yield group / "cgroup.procs"
        finally:
            group.rmdir()
        return
    yield None
