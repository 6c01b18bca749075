"""The form of every notebook: executed, current, accessible, small; badges and bootstrap agree."""

import re

import nbformat
import pytest

from helpers.plots import description
from tests.course import NOTEBOOKS, PATHS, folder
from tools import build, notebooks, set_repository
from tools.export import exported_modules, stale_modules

PARAGRAPHS = ("**You will build**", "**You will need**", "**Time**")
SECTIONS = ("## Bugs worth meeting", "## What you can now do", "## Going further")
TAGS = {notebooks.BOOTSTRAP, notebooks.IGNORE}

each = pytest.mark.parametrize("name", NOTEBOOKS)


def outputs(notebook, mime):
    """Return (cell, output) for every output of a notebook that carries a media type."""
    return [
        (cell, output)
        for cell in notebooks.code_cells(notebook)
        for output in cell.outputs
        if mime in output.get("data", {})
    ]


def test_the_folder_holds_the_notebooks_of_the_course():
    assert tuple(NOTEBOOKS) == notebooks.NAMES


def test_exported_modules_are_current():
    stale = [path.name for path in stale_modules(exported_modules(list(PATHS.values())))]
    assert not stale, f"{stale} out of date: run python -m tools.build --export"


@each
def test_notebook_is_valid_and_small(name):
    nbformat.validate(NOTEBOOKS[name])
    size = PATHS[name].stat().st_size
    assert size < 1_500_000, f"{name} has {size:,} bytes"


@each
def test_outputs_were_made_by_this_code(name):
    assert build.is_as_built(NOTEBOOKS[name]), (
        f"{name} was changed after its last run: run python -m tools.build {name[:2]}"
    )


@each
def test_every_code_cell_was_executed(name):
    cells = notebooks.code_cells(NOTEBOOKS[name])
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert all(output.output_type != "error" for cell in cells for output in cell.outputs)


@each
def test_every_picture_has_alt_text(name):
    pictures = outputs(NOTEBOOKS[name], "image/png")
    assert pictures
    for cell, output in pictures:
        alt = output.metadata.get("image/png", {}).get("alt", "")
        assert len(alt) > 40, f"cell {cell.id}: say what one should see"
        assert output.data["text/plain"] == alt, f"cell {cell.id}"
        after = cell.outputs[cell.outputs.index(output) + 1]
        assert after.data["text/html"] == description(alt), f"cell {cell.id}: show() writes it"


@each
def test_figures_are_shown_only_by_show_and_live(name):
    for cell in notebooks.code_cells(NOTEBOOKS[name]):
        assert "plt.show(" not in cell.source, f"cell {cell.id}: use show(fig, alt=...)"
        assert "Figure(" not in str([o.get("data", {}).get("text/plain") for o in cell.outputs])


@each
def test_every_live_figure_has_a_picture(name):
    for cell in notebooks.code_cells(NOTEBOOKS[name]):
        if re.search(r"^live\(", cell.source, re.M):
            assert any("image/png" in output.get("data", {}) for output in cell.outputs), cell.id


@each
def test_no_widget_state_is_stored(name):
    text = PATHS[name].read_text(encoding="utf-8")
    assert "application/vnd.jupyter.widget" not in text
    assert "widgets" not in NOTEBOOKS[name].metadata


@each
def test_tags_are_known(name):
    for cell in NOTEBOOKS[name].cells:
        assert set(notebooks.tags(cell)) <= TAGS, cell.id


@each
def test_no_two_code_cells_without_a_sentence_between(name):
    cells = NOTEBOOKS[name].cells
    pairs = [
        (before.id, cell.id)
        for before, cell in zip(cells, cells[1:], strict=False)
        if before.cell_type == cell.cell_type == "code"
    ]
    assert not pairs


@each
def test_anatomy(name):
    cells = [cell.source for cell in NOTEBOOKS[name].cells if cell.cell_type == "markdown"]
    assert cells[0].startswith("# ")
    for paragraph in PARAGRAPHS:
        assert paragraph in cells[0]
    headings = [line for source in cells for line in source.splitlines() if line.startswith("#")]
    headings = [line for line in headings if re.match(r"#{1,6} ", line)]
    assert [line for line in headings if line in SECTIONS] == list(SECTIONS)
    levels = [len(line.split()[0]) for line in headings]
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in zip(levels, levels[1:], strict=False)), "a level was skipped"


@each
def test_folded_blocks_render(name):
    """A blank line after </summary>, or Markdown inside is not rendered; every block is closed."""
    for cell in NOTEBOOKS[name].cells:
        if cell.cell_type == "markdown":
            assert cell.source.count("<details>") == cell.source.count("</details>"), cell.id
            for line, after in re.findall(r"(.*</summary>)\n(.*)", cell.source):
                assert after.strip(" >") == "", f"cell {cell.id}: blank line after {line!r}"


def test_bootstrap_cells_are_identical_and_come_first():
    sources = set()
    for name, notebook in NOTEBOOKS.items():
        first = notebooks.code_cells(notebook)[0]
        assert notebooks.tags(first) == [notebooks.BOOTSTRAP], name
        sources.add(first.source)
    (address,) = set_repository.addresses(folder())
    assert sources == {notebooks.BOOTSTRAP_CELL.replace("OWNER/REPO", address)}


def test_repository_address_agrees_everywhere():
    addresses = set_repository.addresses(folder())
    assert len(addresses) == 1, f"run python -m tools.set_repository; found {addresses}"


@each
def test_badges_open_this_notebook(name):
    (address,) = set_repository.addresses(folder())
    badges = NOTEBOOKS[name].cells[0].source
    path = f"notebooks/{name}.ipynb"
    assert f"https://colab.research.google.com/github/{address}/blob/main/{path}" in badges
    assert f"https://mybinder.org/v2/gh/{address}/main?urlpath=lab/tree/{path}" in badges


def test_readme_shows_the_opening_figure_of_its_notebook():
    readme = (folder() / "README.md").read_text(encoding="utf-8")
    for name, picture in build.PICTURES.items():
        assert f"](docs/{picture})" in readme
        stored = (folder() / "docs" / picture).read_bytes()
        assert stored == build.opening_picture(NOTEBOOKS[name])
