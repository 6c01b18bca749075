"""Requirements, packaging, and what importing the course does and does not do."""

import ast
import re
import subprocess
import sys
import tomllib
import zipfile

import pytest

from tests.course import NOTEBOOKS, folder
from tools.notebooks import code_cells

ROOT = folder()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
MODULES = sorted(path.stem for path in (ROOT / "helpers").glob("*.py") if path.stem != "__init__")


def requirements():
    """The lines of requirements.txt that ask for something."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def package(line):
    """The name of a required package."""
    return re.match(r"[A-Za-z0-9_-]+", line)[0].lower()


def run(code, **options):
    """Run Python code in a new process; returns what it prints."""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8",
                            check=False, **options)  # fmt: skip
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_requirements_hold_the_course_and_all_that_the_helpers_need():
    asked = {package(line): line for line in requirements() if not line.startswith("-e")}
    assert {"numpy", "matplotlib", "jupyterlab", "nbval", "ipywidgets"} <= set(asked)
    assert "-e ." in requirements()
    for line in PROJECT["dependencies"]:
        assert asked[package(line)] == line, "the same bound in requirements.txt and pyproject.toml"


def test_environment_takes_its_packages_from_requirements():
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    assert "- -r requirements.txt" in text
    for name in ("numpy", "matplotlib", "jupyterlab"):
        assert name not in text


def test_runtime_dependencies_are_what_the_helpers_import():
    imported = set()
    for path in (ROOT / "helpers").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in getattr(node, "names", [])]
            if isinstance(node, ast.ImportFrom):
                imported.add(node.module.split(".")[0])
            elif isinstance(node, ast.Import):
                imported |= {name.split(".")[0] for name in names}
    outside = imported - set(sys.stdlib_module_names) - {"helpers"}
    given = {package(line) for line in PROJECT["dependencies"]}
    # IPython comes with ipywidgets, PIL (Pillow) with Matplotlib; both need them to work at all.
    assert outside - {"IPython", "PIL"} == given


def test_bounds_are_met_by_colab():
    colab = {"numpy": (2, 0), "matplotlib": (3, 10), "ipywidgets": (7, 7)}
    for line in PROJECT["dependencies"]:
        bound = re.fullmatch(r"[\w-]+>=([\d.]+)", line)
        assert bound, f"{line}: a lower bound only, so that nothing is downgraded"
        if package(line) in colab:
            assert tuple(map(int, bound[1].split("."))) <= colab[package(line)]
    assert PROJECT["requires-python"] == ">=3.11"


@pytest.mark.parametrize("module", MODULES)
def test_import_from_any_folder(module, tmp_path):
    run(f"import helpers.{module}", cwd=tmp_path)


def test_import_writes_nothing_downloads_nothing_and_trains_nothing(tmp_path):
    """An audit hook sees every file opened for writing and every connection."""
    code = """
import sys
import matplotlib.pyplot  # its font cache is its own affair
seen = []
def hook(event, arguments):
    if event == "socket.connect" or event == "subprocess.Popen":
        seen.append(event)
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        seen.append(arguments[0])
    if event == "open" and "data" in str(arguments[0]) and str(arguments[0]).endswith("npz"):
        seen.append(arguments[0])
sys.addaudithook(hook)
sys.dont_write_bytecode = True
for name in {modules}:
    __import__("helpers." + name)
import helpers.checks
assert not seen, seen
assert "torch" not in sys.modules and "scipy" not in sys.modules
""".replace("{modules}", repr(MODULES))
    run(code, cwd=tmp_path)
    assert not list(tmp_path.iterdir())


def test_helpers_are_thin():
    """What the notebooks share; a lesson's own lies in its folder."""
    lines = sum(len((ROOT / "helpers" / f"{name}.py").read_text(encoding="utf-8").splitlines())
                for name in MODULES)  # fmt: skip
    assert lines <= 2600, f"helpers/*.py have {lines} lines: move what one notebook needs"


def test_no_lesson_is_imported_by_the_helpers_or_by_another_lesson():
    for path in sorted((ROOT / "helpers").rglob("*.py")):
        own = f"helpers.lessons.{path.parent.name}"
        for name in re.findall(r"helpers\.lessons\.\w+", path.read_text(encoding="utf-8")):
            assert name == own or path.name == "checks.py", f"{path.name} imports {name}"


def test_no_notebook_imports_a_private_name():
    for name, notebook in NOTEBOOKS.items():
        for cell in code_cells(notebook):
            for line in re.findall(r"^\s*from helpers.*import (.*)", cell.source, re.M):
                assert not re.search(r"\b_\w", line), f"{name}: {line}"


def test_importing_the_course_holds_blas_to_one_thread_until_it_is_released(tmp_path):
    code = """
import numpy, threadpoolctl
def threads():
    return [p["num_threads"] for p in threadpoolctl.threadpool_info() if p["user_api"] == "blas"]
before = threads()
import helpers
assert set(threads()) <= {1}, threads()
helpers.release_threads()
assert threads() == before, (threads(), before)
"""
    run(code, cwd=tmp_path)


def test_the_style_does_not_depend_on_the_one_before(tmp_path):
    """Not on a dark style, and not on LaTeX, which would have to be installed."""
    code = """
import hashlib, matplotlib.pyplot as plt
{before}
from helpers.plots import png
figure, ax = plt.subplots()
ax.plot([1, 3, 2], label="a")
ax.set(xlabel="x", title="t")
ax.legend()
print(hashlib.sha256(png(figure)).hexdigest())
"""
    styles = ["", "plt.style.use('dark_background')", "plt.rcParams['text.usetex'] = True"]
    assert len({run(code.replace("{before}", style), cwd=tmp_path) for style in styles}) == 1


def test_wheel_carries_helpers_and_data(tmp_path):
    """Built as pip does, and imported from where nothing else of the course is."""
    code = f"import hatchling.build as b; print(b.build_wheel({str(tmp_path)!r}))"
    name = run(code, cwd=ROOT).strip().splitlines()[-1]
    site = tmp_path / "site"
    with zipfile.ZipFile(tmp_path / name) as wheel:
        wheel.extractall(site)
    roots = {path.name.partition("-")[0] for path in site.iterdir()}
    assert roots == {"helpers", "broadcast_to_transformer"}, "tests and tools stay at home"
    code = """
import helpers
assert helpers.__path__[0].startswith({site!r}), helpers.__path__
from helpers.data import data_path, load_digits, load_names, load_shakespeare
from helpers.transformer import load
from helpers import plots
from helpers.lessons.notebook_01 import exercises, figures
assert len(load_shakespeare()) == 2 and len(load_names()) > 5000 and len(load_digits()) == 4
model, tokenizer = load(data_path("transformer.npz"))
assert str(data_path("names.txt")).startswith({site!r})
""".replace("{site!r}", repr(str(site)))
    run("import sys; sys.path.insert(0, " + repr(str(site)) + ")\n" + code, cwd=tmp_path)


def test_the_code_is_clean():
    result = subprocess.run([sys.executable, "-m", "ruff", "check", str(ROOT)],
                            capture_output=True, encoding="utf-8", check=False)  # fmt: skip
    assert result.returncode == 0, result.stdout
