"""The tools of a contributor: export, build, set the repository address."""

import ast
import shutil
import subprocess

import nbformat
import pytest
from matplotlib.figure import Figure
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from helpers.plots import with_alt
from tests.course import PATHS, folder
from tools import build, export, mutate, notebooks, set_repository

FIRST = """#| export: shapes
LIMIT = 3


def area(width, height=LIMIT):
    return math.prod((width, height)) + np.zeros(1)[0]
"""
SECOND = """#| export: solids
class Box(Base):
    def volume(self):
        return area(2) * self.depth
"""


def cells(*sources, **tags):
    """A notebook of code cells; the keyword cN gives the tags of cell N."""
    made = [new_code_cell(source, id=f"c{i}") for i, source in enumerate(sources)]
    for key, names in tags.items():
        made[int(key[1:])].metadata["tags"] = names
    return new_notebook(cells=made)


def put(path, notebook):
    """Write a notebook and return its path."""
    nbformat.write(notebook, path)
    return path


def test_export_finds_the_imports(tmp_path):
    one = put(tmp_path / "01_a.ipynb", cells("import math\nimport numpy as np", FIRST, "area(1)"))
    two = put(tmp_path / "02_b.ipynb", cells("from collections import UserDict as Base", SECOND))
    modules = export.exported_modules([one, two])
    assert set(modules) == {"shapes", "solids"}
    assert modules["shapes"].splitlines()[:4] == [
        '"""Built from 01_a.ipynb by `python -m tools.build`: edit it there."""', "",
        "import math", "",
    ]  # fmt: skip
    assert "import numpy as np\n\n\nLIMIT = 3\n" in modules["shapes"].replace("\n\n\n\n", "\n\n\n")
    assert "from collections import UserDict as Base" in modules["solids"]
    assert "from helpers.shapes import area" in modules["solids"]
    assert "area(1)" not in modules["shapes"]
    names = {}
    exec(modules["shapes"], names)
    assert names["area"](2) == 6


@pytest.mark.parametrize(
    ("sources", "message"),
    [
        (["#| export: shapes\nprint('hello')"], "holds only functions, classes, constants"),
        (["#| export: shapes\ndef f():\n    return missing"], "use 'missing', which no notebook"),
        (["#| export: plots\nX = 1"], "which is written by hand"),
    ],
)
def test_export_says_what_is_wrong(tmp_path, sources, message):
    path = put(tmp_path / "01_a.ipynb", cells(*sources))
    with pytest.raises(export.ExportError, match=message):
        export.exported_modules([path])


def test_a_module_is_built_from_one_notebook(tmp_path):
    one = put(tmp_path / "01_a.ipynb", cells("#| export: shapes\nA = 1"))
    two = put(tmp_path / "02_b.ipynb", cells("#| export: shapes\nB = 1"))
    with pytest.raises(export.ExportError, match=r"02_b.ipynb exports to shapes, which 01_a"):
        export.exported_modules([one, two])


def test_a_broken_notebook_is_named(tmp_path):
    path = tmp_path / "01_a.ipynb"
    path.write_text("{", encoding="utf-8")
    with pytest.raises(ValueError, match="01_a.ipynb is not a readable notebook"):
        export.exported_modules([path])


NOISY = """from time import perf_counter
from tqdm.auto import tqdm
for _ in tqdm(range(3)): pass
print(perf_counter())"""
FIGURE = """import matplotlib.pyplot as plt
from ipywidgets import IntSlider
from helpers.plots import show
from helpers.live import live
def draw(n):
    fig, ax = plt.subplots(figsize=(2, 2))
    ax.plot([0, n])
    return fig
show(draw(1), alt="a line that rises from left to right")
live(draw, alt="a line that rises from left to right", n=IntSlider(2))"""


def test_building_twice_changes_no_byte(tmp_path):
    path = put(
        tmp_path / "01_a.ipynb",
        cells("print('kept'); 1 + 1", NOISY, FIGURE, c1=[notebooks.IGNORE]),
    )
    assert not build.is_current(path)
    build.execute(path)
    assert build.is_current(path)
    first = path.read_bytes()
    build.execute(path)
    assert path.read_bytes() == first
    one, noisy, figure = nbformat.read(path, as_version=4).cells
    assert one.outputs[0].text == "kept\n" and one.outputs[1].data["text/plain"] == "2"
    assert [output.name for output in noisy.outputs] == ["stdout"], "the progress bar is gone"
    shown, described = {"image/png", "text/plain"}, {"text/html"}
    assert [set(o.data) for o in figure.outputs] == [shown, described] * 2
    build.execute(path, fresh=True)
    assert nbformat.read(path, as_version=4).cells[1].outputs != noisy.outputs
    assert nbformat.read(path, as_version=4).cells[0] == one


def test_changed_code_renews_ignored_outputs(tmp_path):
    path = put(tmp_path / "01_a.ipynb", cells("n = 1", "print(n)", c1=[notebooks.IGNORE]))
    build.execute(path)
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[0].source = "n = 2"
    put(path, notebook)
    assert not build.is_current(path)
    build.execute(path)
    assert nbformat.read(path, as_version=4).cells[1].outputs[0].text == "2\n"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("1 / 0", "a cell failed"),
        ("import warnings; warnings.warn('oh')", "writes to stderr"),
        ("object()", "prints a memory address"),
        (f"print({str(folder())!r})", "a path of this machine"),
    ],
)
def test_build_refuses_what_is_not_stable_and_keeps_the_file(tmp_path, source, message):
    path = put(tmp_path / "01_a.ipynb", cells(source))
    before = path.read_bytes()
    with pytest.raises(build.BuildError, match=message):
        build.execute(path)
    assert path.read_bytes() == before


def test_fingerprint_ignores_text_and_bootstrap_but_not_code():
    notebook = cells("%pip install x", "a = 1", c0=[notebooks.BOOTSTRAP])
    mark = build.fingerprint(notebook)
    notebook.cells[0].source = "%pip install y"
    notebook.cells.append(new_markdown_cell("text"))
    notebook.cells[1].outputs = [new_output("stream", text="x")]
    assert build.fingerprint(notebook) == mark
    notebook.cells[1].source = "a = 2"
    assert build.fingerprint(notebook) != mark


def test_check_reports_and_changes_nothing(capsys, monkeypatch):
    monkeypatch.setattr(notebooks, "all_notebooks", lambda: list(PATHS.values()))
    assert build.main(["--check"]) == 0, capsys.readouterr().out


def test_find_notebook_by_number_name_and_path():
    path = notebooks.all_notebooks()[-1]
    for name in (path.name, path.stem, path.name[:2], str(int(path.name[:2])), str(path)):
        assert notebooks.find(name) == path
    with pytest.raises(SystemExit, match="no notebook '99'"):
        notebooks.find("99")


@pytest.fixture
def copy(tmp_path):
    """A copy of the files in which the address stands."""
    for path in set_repository.files(folder()):
        target = tmp_path / path.relative_to(folder())
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    return tmp_path


def test_set_repository_changes_every_address_and_nothing_else(copy):
    before = {path: path.read_text(encoding="utf-8") for path in set_repository.files(copy)}
    (old,) = set_repository.addresses(copy)
    set_repository.set_address(copy, "ada/course.v2")
    assert set_repository.addresses(copy) == {"ada/course.v2"}
    site = "https://{}.github.io/{}".format(*old.split("/"))
    assert any(site in text for text in before.values())
    for path, text in before.items():
        moved = text.replace(old, "ada/course.v2").replace(site, "https://ada.github.io/course.v2")
        assert path.read_text(encoding="utf-8") == moved
        if path.suffix == ".ipynb":
            current = build.is_current(folder() / path.relative_to(copy))
            assert build.is_current(path) == current, "an address makes no notebook stale"
    set_repository.set_address(copy, old)
    assert all(path.read_text(encoding="utf-8") == text for path, text in before.items())


@pytest.mark.parametrize(
    "url", ["https://github.com/ada/course.git", "git@github.com:ada/course.git",
            "https://github.com/ada/course", "ssh://git@github.com/ada/course.git"],
)  # fmt: skip
def test_address_of_origin(tmp_path, url):
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    with pytest.raises(ValueError, match="no remote `origin` on GitHub"):
        set_repository.origin(tmp_path)
    subprocess.run(["git", "-C", str(tmp_path), "remote", "add", "origin", url], check=True)
    assert set_repository.origin(tmp_path) == "ada/course"


def test_set_repository_rejects_what_is_no_address(capsys):
    assert set_repository.main(["not an address"]) == 1
    assert "write OWNER/REPO" in capsys.readouterr().err


def test_alt_text_must_say_something():
    assert with_alt(Figure(), "a line that rises").alt == "a line that rises"
    with pytest.raises(ValueError, match="says what one should see"):
        with_alt(Figure(), "figure 1")


def test_the_address_is_kept_when_the_bootstrap_cell_is_renewed():
    old = "%pip install --quiet git+https://github.com/ada/course.v2"
    notebook = cells(old, "1", c0=[notebooks.BOOTSTRAP])
    build.refresh_bootstrap(notebook)
    assert "git+https://github.com/ada/course.v2\n" in notebook.cells[0].source
    assert notebook.cells[0].source.splitlines()[0].startswith("# Run this first")
    assert notebook.cells[1].source == "1"


def test_the_same_seed_draws_the_same_changes():
    drawn = mutate.draw(3, 60)
    assert drawn == mutate.draw(3, 60) and drawn[:9] == mutate.draw(3, 9)
    assert drawn != mutate.draw(4, 60)
    assert len({(mutation.file, mutation.line) for mutation in drawn}) == 60


def differences(a, b):
    """The smallest parts in which two syntax trees differ, as pairs."""
    if type(a) is not type(b) or isinstance(a, list) and len(a) != len(b):
        return [(a, b)]
    if isinstance(a, ast.BoolOp) and type(a.op) is not type(b.op):  # its operands group anew
        return [(a, b)]
    if isinstance(a, list):
        return [pair for one, other in zip(a, b, strict=True) for pair in differences(one, other)]
    if isinstance(a, ast.AST):
        return [p for name in a._fields for p in differences(getattr(a, name), getattr(b, name))]
    return [] if a == b else [(a, b)]


def test_every_change_parses_and_changes_one_place():
    sources = {file: (folder() / file).read_bytes() for file in mutate.files()}
    trees = {file: ast.parse(source) for file, source in sources.items()}
    for mutation in mutate.draw(0, 100):
        source = sources[mutation.file]
        found = differences(trees[mutation.file], ast.parse(mutation.applied(source)))
        assert len(found) == 1, f"{mutation.file}:{mutation.line}\n{mutation.shown(source)}"


HEAD = '"""0 < 1"""\nimport math\n\n\n'
CHANGED = {  # a line, and what becomes of it; nothing where it stays as it is
    "ä = 1 if ö < 2 else 3": ["ä = 2 if ö < 2 else 3", "ä = 1 if ö <= 2 else 3",
        "ä = 1 if ö < 3 else 3", "ä = 1 if (not (ö < 2)) else 3", "ä = 1 if ö < 2 else 4"],
    "é = -x ** y": ["é = -(x * y)"],
    "a = b @ c": [],
    "a = 'é' + b": [],
    "a = f'{1 + 2:3d}'": [],
    "a: 1 = b": [],
    "a = b is not c": ["a = b is c"],
    "a = b.mean(axis=-1, keepdims=True)": ["a = b.mean(axis=0, keepdims=True)",
                                           "a = b.mean(axis=-1, keepdims=False)"],
    "a = zip(b, c, strict=True)": [],
    "a = np.random.default_rng(7)": [],
    "if not a: raise b": ["if  a: raise b", "if not a: pass"],
    "a += b": ["a -= b", "pass"],
    "a.b(c)": ["pass"],
    "def f(a, seed=0): return a": [],
    "def f(self, a, n=2): return n": ["def f(self, a, n=3): return n",
                                      "def f(self, a, n=2): return a"],
    "if __name__ == '__main__': f(1)": [],
}  # fmt: skip
IN_EXERCISES = {
    "a.mistake('wrong', lambda x: x + 1)": [],
    "for d, m in [('wrong', 1)]: a.mistake(d, m)": [],
    "a = Exercise('1.1', f, [(1, 2)])": [],
    "a = Exercise('1.1', x + 1, cases=g(1))": ["a = Exercise('1.1', x - 1, cases=g(1))",
                                               "a = Exercise('1.1', x + 2, cases=g(1))"],
    "def some_cases(): return [1 + 2]": [],
    "def all_of(e, l):\n    for d, m in l: e.mistake(d, m)\nall_of(a, [('wrong', x + 1)])": [],
    "def f(x): return x + A\nA = 1\na.mistake('wrong', lambda x: f(x) + 1)": [],
    "B = 0 < 1\na = Exercise('1.1', f, [B])\na.told('wrong', B)": [],
    "def f(x): return B\nB = x + y\na = Exercise('1.1', f, [B])\na.told('wrong', B)": [
        "def f(x): return x\nB = x + y\na = Exercise('1.1', f, [B])\na.told('wrong', B)",
        "def f(x): return B\nB = x - y\na = Exercise('1.1', f, [B])\na.told('wrong', B)"],
}  # fmt: skip
IN_FIGURES = {
    "ax.text(0.5 * x, 1 + y, 'a', size=9)": [],
    "axes[0].plot(np.linspace(0, 1, 50))": [],
    "ax.plot(x[0], np.cumsum(x + 1))": ["ax.plot(x[1], np.cumsum(x + 1))",
                                        "ax.plot(x[0], np.cumsum(x - 1))",
                                        "ax.plot(x[0], np.cumsum(x + 2))"],
    "ax.set(title=str(x > 3))": ["ax.set(title=str(x >= 3))"],
    "ax.text(x, y, 'a', ha='left' if x > 3 else 'right')": [],
}  # fmt: skip


@pytest.mark.parametrize(
    ("file", "line", "wanted"),
    [(file, line, wanted)
     for file, table in [("layers.py", CHANGED), ("exercises.py", CHANGED | IN_EXERCISES),
                         ("figures.py", IN_FIGURES)]
     for line, wanted in table.items()],
)  # fmt: skip
def test_what_a_line_is_changed_to(file, line, wanted):
    source = f"{HEAD}{line}\n".encode()
    found = [mutation.applied(source) for mutation in mutate.Finder(file, source).found]
    assert sorted(found) == sorted(f"{HEAD}{changed}\n".encode() for changed in wanted)


def test_every_changed_file_has_tests():
    names = [name for file in mutate.files() for run in mutate.tests_of(file) for name in run]
    names += [f"tests/{stem}.py" for stem in mutate.LEFT_OUT]
    names += [name.partition("::")[0] for name in mutate.DESELECTED]
    for name in {name for name in names if name.startswith("tests")}:
        assert (folder() / name).exists(), name


def test_the_tests_of_a_file_are_those_that_can_reach_it():
    own, others = mutate.tests_of("helpers/layers.py")
    assert own == ["tests/test_layers.py"]
    assert "tests/test_attention.py" in others, "through helpers.attention"
    assert "tests/test_exercises.py" in others, "answers may use anything"
    assert not {"tests/test_optimizers.py", "tests/test_learners.py", *own} & set(others)


@pytest.mark.parametrize(
    ("test", "patience", "said"),
    [("def test_a(): pass", 99, None), ("def test_a(): assert 0", 99, "test_a.py::test_a"),
     ("import missing", 99, "test_a.py"), ("while True: pass", 2, "time-out")],
)  # fmt: skip
def test_what_fails_is_named(tmp_path, test, patience, said):
    (tmp_path / "test_a.py").write_text(test, encoding="utf-8")
    assert mutate.failure(tmp_path, ["test_a.py"], patience) == said


def test_no_test_at_all_is_an_error(tmp_path):
    with pytest.raises(RuntimeError, match="no test was found"):
        mutate.failure(tmp_path, [], patience=60)


def test_what_survives_is_printed_and_one_change_is_made_at_a_time(monkeypatch, capsys):
    if not (folder() / ".git").exists():
        pytest.skip("this is no git checkout: fetch the course with git clone")
    seen = []

    def failure(copy, arguments, patience):
        seen.append([file for file in mutate.files()
                     if (copy / file).read_bytes() != (folder() / file).read_bytes()])  # fmt: skip
        return None if len(seen) <= 2 else "test_x"

    monkeypatch.setattr(mutate, "failure", failure)
    monkeypatch.setattr(mutate, "check_copy", lambda copy: 1.0)
    assert mutate.main(["--seed", "5", "--number", "2"]) == 0
    one, other = mutate.draw(5, 2)
    assert seen == [[one.file], [one.file], [other.file]]
    said = capsys.readouterr().out
    assert f"2 {other.file}:{other.line} test_x\n" in said
    survivor = f"{one.file}:{one.line}\n{one.shown((folder() / one.file).read_bytes())}\n"
    assert said.endswith(f"1 of 2 changes survive\n{survivor}")
