"""What docs/instructors.md and CONTRIBUTING.md say is so: link, times, examples."""

import re

import numpy as np
import pytest
from matplotlib.figure import Figure

from helpers import checks
from helpers.lessons.notebook_01 import exercises  # noqa: F401  registered once, for good
from helpers.plots import BLUE, png, with_alt
from tests.course import NOTEBOOKS, answer_of, folder
from tools import set_repository, times

PAGE = (folder() / "docs" / "instructors.md").read_text(encoding="utf-8")
TROUBLES = (folder() / "docs" / "troubleshooting.md").read_text(encoding="utf-8")


def test_readme_leads_to_the_page():
    assert "](docs/instructors.md)" in (folder() / "README.md").read_text(encoding="utf-8")


def test_link_for_a_hub_fetches_this_repository_and_opens_the_first_notebook():
    """nbgitpuller's address: the repository, its branch, the folder of the copy, the first page."""
    (address,) = set_repository.addresses(folder())
    first = min(NOTEBOOKS)
    assert (
        f"/hub/user-redirect/git-pull?repo=https://github.com/{address}&branch=main"
        "&targetPath=broadcast-to-transformer"
        f"&urlpath=lab/tree/broadcast-to-transformer/notebooks/{first}.ipynb\n"
    ) in PAGE
    assert f"git+https://github.com/{address}\n" in PAGE
    assert set_repository.addresses(folder()) == {address}


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_schedule_has_the_times_of_the_notebooks(name):
    """A row a notebook, with the time that its first cell gives."""
    row = re.search(rf"^\| \d \| {name[:2]} .*?\| (\d+) min \|", PAGE, re.MULTILINE)
    assert int(row[1]) == times.stated(NOTEBOOKS[name])


@pytest.mark.parametrize("path", re.findall(r"`((?:helpers|tests|tools|data)/[\w./]*)`", PAGE))
def test_files_that_are_named_exist(path):
    assert (folder() / path).exists()


@pytest.fixture
def example(monkeypatch):
    """The stub and the exercise (registered for a while) that CONTRIBUTING.md shows."""
    page = (folder() / "CONTRIBUTING.md").read_text(encoding="utf-8")
    figure, stub, lesson = re.findall(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    monkeypatch.setattr(checks, "EXERCISES", dict(checks.EXERCISES))
    exec(lesson, {"np": np, "Exercise": checks.Exercise})
    return figure, stub, checks.EXERCISES["1.8"]


def test_example_of_an_exercise_works(example):
    _, stub, exercise = example
    definition, _, call = stub.partition("\ncheck(")
    number, name = re.fullmatch(r'"([\d.]+)", (\w+)\)\n', call).groups()
    assert number == exercise.number == "1.8"
    assert checks.verdict(number, answer_of(definition, name)) == f"○ {number} is not filled in yet"
    assert checks.verdict(number, exercise.right) == f"✓ {number}"
    assert len(exercise.mistakes) == 2
    for diagnosis, answer in exercise.mistakes:
        assert checks.verdict(number, answer) == f"✗ {number}: {diagnosis}"


def test_example_of_a_figure_works(example):
    names = {"Figure": Figure, "BLUE": BLUE, "with_alt": with_alt}
    exec(example[0], names)
    alphas = np.linspace(0, 1, 11)
    figure = names["rate_figure"](alphas, np.abs(alphas - 0.4))
    assert "lowest point at α = 0.40" in figure.alt
    assert png(figure).startswith(b"\x89PNG")


BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def test_table_of_a_class_is_made_of_what_progress_writes(monkeypatch, tmp_path, capsys):
    """The blocks as they stand on the page, but for the folder of the hub."""
    said, table, _ = BLOCKS
    for user, answer in [("ada", lambda T: np.tri(T, dtype=bool)), ("ben", lambda T: np.tri(T))]:
        monkeypatch.setenv("JUPYTERHUB_USER", user)
        monkeypatch.setattr(checks, "VERDICTS", {})
        checks.check("1.2", answer)
        exec(said.replace("progress()", f"progress({str(tmp_path)!r})"), {})
    capsys.readouterr()
    exec(table.replace('"/srv/progress"', repr(str(tmp_path))), {})
    ada, ben = capsys.readouterr().out.splitlines()
    assert re.match(r"ada +1 of \d+ \(1\.2\) at 20", ada)
    assert re.match(r"ben +0 of \d+ \(\) at 20", ben)


def test_cell_for_a_grading_tool_raises_what_a_wrong_answer_is_told():
    *_, graded = BLOCKS
    exec(graded, {"my_causal_mask": lambda T: np.tri(T, dtype=bool)})
    with pytest.raises(AssertionError, match=r"✗ 1\.2: "):
        exec(graded, {"my_causal_mask": lambda T: np.tri(T)})


@pytest.mark.parametrize("number", ["05", "06"])
def test_troubleshooting_adds_up_the_memory_of_server_and_kernel(number):
    """What 05 and 06 need there: what this page measured of both, rounded up to tenths of a GB."""
    server = int(re.search(r"(\d+) MB for the JupyterLab server", PAGE)[1])
    kernel = int(re.search(rf"(\d+) MB in {number}\b", PAGE)[1])
    told = re.search(rf"\b{number} needs ([\d.]+) GB", TROUBLES)[1]
    assert float(told) == -(-(server + kernel) // 100) / 10


def test_troubleshooting_quotes_what_the_course_says():
    """A learner searches the page for the words on the screen."""
    for words, path in [
        ("the course's helpers cannot be imported", "notebooks/01_numpy_broadcasting.ipynb"),
        ("In a browser: after a short run, the result of the whole one", "helpers/data.py"),
        ("is not filled in yet", "helpers/checks.py"),
    ]:
        assert words in (folder() / path).read_text(encoding="utf-8"), path
        assert words in TROUBLES
