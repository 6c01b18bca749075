"""The copy without solutions: they are gone, all else is there, and the checks work."""

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_markdown_cell, new_notebook

from tests.course import CODE_BLOCK, FOLDED, NOTEBOOKS, PATHS, exercises
from tools import build, notebooks, strip_solutions

QUICK = "01_numpy_broadcasting"


@pytest.fixture(scope="module")
def handout(tmp_path_factory):
    """The folder with the copies."""
    folder = tmp_path_factory.mktemp("class") / "handout"
    strip_solutions.strip_solutions(list(PATHS.values()), folder)
    return folder


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_solutions_are_gone_and_hints_are_there(handout, name):
    text = (handout / f"{name}.ipynb").read_text(encoding="utf-8")
    notebook = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook)
    assert "Solution</summary>" not in text
    before = [dict(FOLDED.findall(cell.source)) for cell in NOTEBOOKS[name].cells]
    after = [dict(FOLDED.findall(cell.source)) for cell in notebook.cells]
    assert [folded.get("Hint") for folded in after] == [folded.get("Hint") for folded in before]
    for folded, cell in zip(before, notebook.cells, strict=True):
        for code in CODE_BLOCK.findall(folded.get("Solution", "")):
            assert code not in cell.source
        assert cell.source.count("<details>") == cell.source.count("</details>")


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_all_else_is_the_same_byte_for_byte(handout, name):
    """With the sources of the cells with solutions put back, the file is the course's."""
    path = handout / f"{name}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    for cell, original in zip(notebook.cells, NOTEBOOKS[name].cells, strict=True):
        if "<summary>Solution" in original.source:
            cell.source = original.source
    text = nbformat.writes(notebook).rstrip("\n") + "\n"
    assert text == PATHS[name].read_text(encoding="utf-8")
    assert build.is_current(path) == build.is_current(PATHS[name])


def test_the_copy_runs_and_its_checks_work(handout, tmp_path):
    """Run All in another folder, with one exercise filled in and the others as they were."""
    solved, *others = [e for e in exercises() if e.number.startswith("1.")]
    notebook = nbformat.read(handout / f"{QUICK}.ipynb", as_version=4)
    for cell in notebook.cells:
        if cell.source == solved.stub:
            call = f'check("{solved.number}", {solved.expression})'
            cell.source = f"from helpers.checks import check\n\n{solved.solution}\n{call}"
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(tmp_path)}}).execute()
    said = "".join(
        output.get("text", "") for cell in notebooks.code_cells(notebook) for output in cell.outputs
    )
    assert f"✓ {solved.number}\n" in said
    for exercise in others:
        assert f"○ {exercise.number} is not filled in yet\n" in said


def test_the_same_files_may_be_written_again(tmp_path):
    for _ in range(2):
        assert strip_solutions.main([str(tmp_path / "handout")]) == 0
    written = {path.stem for path in (tmp_path / "handout").iterdir()}
    assert written == set(NOTEBOOKS), "the course's own, and no copy that lies beside them"


@pytest.mark.parametrize("name", ["homework.txt", f"{QUICK}.ipynb"])
def test_nobodys_work_is_overwritten(tmp_path, capsys, name):
    (tmp_path / name).write_text("mine", encoding="utf-8")
    assert strip_solutions.main([str(tmp_path)]) == 1
    assert f"already holds {name}" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text(encoding="utf-8") == "mine"


def test_the_course_itself_is_not_overwritten(capsys):
    before = {path: path.read_bytes() for path in notebooks.all_notebooks()}
    assert strip_solutions.main([str(notebooks.FOLDER)]) == 1
    assert "which is not the one to be written" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in notebooks.all_notebooks()} == before


def test_a_file_is_no_folder(tmp_path, capsys):
    (tmp_path / "handout").touch()
    assert strip_solutions.main([str(tmp_path / "handout")]) == 1
    assert "is a file; name a folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text", ["<details><summary>Solution</summary>\n\nx = 1", "<summary>Solution: x</summary>"]
)
def test_a_solution_of_another_form_is_named(tmp_path, text):
    path = tmp_path / "01_a.ipynb"
    nbformat.write(new_notebook(cells=[new_markdown_cell(text, id="here")]), path)
    with pytest.raises(ValueError, match="01_a.ipynb, cell here: a solution that begins"):
        strip_solutions.strip_solutions([path], tmp_path / "handout")
    assert not (tmp_path / "handout").exists()


def test_a_broken_notebook_is_named(tmp_path):
    path = tmp_path / "01_a.ipynb"
    path.write_text("{", encoding="utf-8")
    with pytest.raises(ValueError, match="01_a.ipynb is not a readable notebook"):
        strip_solutions.strip_solutions([path], tmp_path / "handout")
