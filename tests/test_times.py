"""The times that are stated follow from what a notebook holds, by the rule in tools/times.py."""

import re

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests.course import NOTEBOOKS, folder
from tools import times

README = (folder() / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_stated_time_is_what_the_rule_gives(name):
    needed, said = times.minutes(NOTEBOOKS[name]), times.stated(NOTEBOOKS[name])
    assert said is not None, "write **Time** about N minutes"
    assert abs(said - needed) <= 0.15 * needed, "run python -m tools.times --write"


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_readme_states_the_same_time(name):
    (row,) = re.findall(rf"^\| \[{name[:2]} .*", README, re.M)
    minutes = re.search(r"\| (\d+) min \|", row)
    assert int(minutes[1]) == times.stated(NOTEBOOKS[name])
    running = re.search(r"of which (\d+) (s|minutes?) ", NOTEBOOKS[name].cells[0].source)
    assert row.endswith(f"| {running[1]} {'s' if running[2] == 's' else 'min'} |")


def test_the_rule():
    picture = new_output("display_data", data={"image/png": ""})
    notebook = new_notebook(cells=[
        new_markdown_cell("word " * 1498 + "$x$ $y$\n\n> **Predict before you run.** **Predict**"),
        new_markdown_cell("### Exercise 1.1: do it (12 minutes)\n\n"
                          "<details><summary>Hint</summary>\n\n" + "folded " * 999 + "</details>"),
        new_code_cell("x = 1\n\n" * 120, outputs=[picture] * 4),
    ])  # fmt: skip
    has = times.contents(notebook)
    assert has["code lines"] == 120 and has["exercises"] == 12
    assert has["predictions"] == 2 and has["figures"] == 4
    assert 1500 <= has["words"] <= 1520, "what is folded is not counted"
    assert times.minutes(notebook) == 5 * round((1510 / 150 + 10 + 12 + 2 + 2) / 5)
