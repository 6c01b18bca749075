"""What docs/instructors.md says is so: its link, its times, its example of a new exercise."""

import re

import pytest

from helpers import checks
from helpers.lessons.notebook_01 import exercises as notebook_01
from tests.course import FOLDED, NOTEBOOKS, answer_of, folder
from tools import set_repository

PAGE = (folder() / "docs" / "instructors.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^(```+)(\w+)\n(.*?)^\1\n", PAGE, re.DOTALL | re.MULTILINE)


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
    """A row a notebook, with the time that its first cell gives: 90 minutes, 2 hours."""
    row = re.search(rf"^\| \d \| {name[:2]} .*?\| (\d+) (min|h) \|", PAGE, re.MULTILINE)
    given = re.search(r"\*\*Time\*\* about (\d+) (min|h)", NOTEBOOKS[name].cells[0].source)
    assert row and row.groups() == given.groups()


@pytest.mark.parametrize("path", re.findall(r"`((?:helpers|tests|tools|data)/[\w./]*)`", PAGE))
def test_files_that_are_named_exist(path):
    assert (folder() / path).exists()


@pytest.fixture
def example(monkeypatch):
    """The stub, the folded text, the judge (registered for a while) and the wrong answers."""
    stub, folded, judge, wrong = (text for _, _, text in BLOCKS)
    monkeypatch.setattr(checks, "EXERCISES", dict(checks.EXERCISES))
    exec(judge, dict(vars(notebook_01)))
    answers = {"WRONG": []}
    exec(wrong, answers)
    return stub, dict(FOLDED.findall(folded)), answers["WRONG"]


def test_example_of_an_exercise_works(example):
    stub, folded, wrong = example
    definition, _, call = stub.partition("\ncheck(")
    number, name = re.fullmatch(r'"([\d.]+)", (\w+)\)\n', call).groups()
    assert checks.verdict(number, answer_of(definition, name)) == f"○ {number} is not filled in yet"
    solution = re.search(r"```python\n(.*?)```", folded["Solution"], re.DOTALL)[1]
    assert checks.verdict(number, answer_of(solution, name)) == f"✓ {number}"
    assert len(wrong) >= 2
    for known, source, fragment in wrong:
        line = checks.verdict(known, answer_of(source, name))
        assert line.startswith(f"✗ {number}: ") and fragment in line
