"""What learners and their machines do to a notebook, and that it comes out the same.

Every notebook is run with right answers filled in and every cell twice, under a CPU quota and in
the memory that Binder gives; and with wrong answers, NumPy's strictest error settings and a dark
style active, beside a busy process; both with as many BLAS threads as the machine has. What it
prints outside its exercises is what is stored. Long runs are short here, and go on with the results
that came with the course.
"""

import ast
import copy
import re
import sys

import pytest
from nbformat.v4 import new_code_cell

from helpers import checks
from helpers.data import load_runs
from tests.course import LONG, NOTEBOOKS, SHORT, check_call, exercises, folder, long_run, shortened
from tests.machines import busy, execute, printed, quota
from tools import build, notebooks

each = pytest.mark.parametrize("name", NOTEBOOKS)

MEMORY = 1_500_000_000  # bytes for the kernel; the rest of Binder's 2 GB is for JupyterLab
PEAK = """
import sys
if sys.platform == "linux":
    import resource
    print("peak", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
BROWSER = re.compile(r"^In a browser: .*\n", re.M)  # what a short run says of itself
STRICT = """
import matplotlib.pyplot, numpy
numpy.seterr(all="raise")
matplotlib.pyplot.style.use("dark_background")
"""


def prepared(name, answers=None, twice=False, first=""):
    """Return a copy of a notebook, and {index of a stored cell: indices of its copies}.

    answers: {number: code} to write in the place of the stubs. twice: put every cell there twice.
    first: the code of a cell to run before all others.
    """
    notebook = shortened(name)
    cells, places = [new_code_cell(first)], {}
    for index, cell in enumerate(notebooks.code_cells(notebook)):
        cell = copy.deepcopy(cell)
        call = check_call(cell.source)
        if call is not None and answers is not None:
            line = f"check({ast.unparse(call.args[0])}, {ast.unparse(call.args[1])})"
            cell.source = f"{answers[call.args[0].value]}\n{line}"
        places[index] = [len(cells)]
        cells.append(cell)
        if twice:
            places[index].append(len(cells))
            cells.append(new_code_cell(cell.source, metadata=cell.metadata))
    notebook.cells = cells
    return notebook, places


def written(outputs):
    """Return what outputs say: texts, descriptions of figures; no pictures and no progress bars."""
    said = []
    for output in build.stable(copy.deepcopy(outputs), "a cell", ignored=True):
        if output.output_type == "stream":
            text = BROWSER.sub("", output.text)
            if output.name == "stdout" and text:
                said.append(text)
        else:
            said.append([output.data.get("text/plain"), output.data.get("text/html")])
    return said


def assert_as_stored(name, notebook, places):
    """What every cell says, but exercises and cells that may differ, is what is stored."""
    stored = notebooks.code_cells(NOTEBOOKS[name])
    for index, cell in enumerate(stored[: long_run(name)]):
        if check_call(cell.source) is not None or notebooks.IGNORE in notebooks.tags(cell):
            continue
        for place in places[index]:
            assert written(notebook.cells[place].outputs) == written(cell.outputs), cell.id


def verdicts(notebook):
    """Return {number: sign} of what the exercises say."""
    said = "".join(
        output.text for cell in notebook.cells for output in cell.get("outputs", [])
        if output.output_type == "stream" and output.name == "stdout"
    )  # fmt: skip
    return {n: sign for sign, n in re.findall(r"^([○✓✗]) (\d+\.\d+)", said, re.M)}


@each
def test_right_answers_and_every_cell_twice_in_a_small_machine(name, tmp_path, record_property):
    """As on a hub or Binder: one core is allowed, while NumPy sees all of the machine.

    The memory of long runs is that of short ones: they only take more steps.
    """
    answers = {exercise.number: exercise.solution for exercise in exercises(name)}
    with quota(1) as group:
        join = f"import os\nopen({str(group)!r}, 'w').write(str(os.getpid()))" if group else ""
        notebook, places = prepared(name, answers, twice=True, first=join)
        notebook.cells.append(new_code_cell(PEAK))
        execute(notebook, tmp_path, **SHORT)
    assert_as_stored(name, notebook, places)
    assert verdicts(notebook) == dict.fromkeys(answers, "✓")
    if name in LONG:
        taken = re.findall(r"^In a browser: .*\((.*)\)", printed(notebook, "stdout"), re.M)
        assert set(taken) == set(load_runs(folder() / "data" / f"runs_{name[:2]}.npz"))
    if sys.platform == "linux":
        peak = 1024 * int(re.search(r"^peak (\d+)$", printed(notebook, "stdout"), re.M)[1])
        record_property("peak", peak)
        assert peak < MEMORY, f"{peak / 1e6:.0f} MB"
    if group is None:
        pytest.skip("it ran, but without a quota: that needs Linux and its rights")


@each
def test_wrong_answers_on_a_strict_and_busy_machine(name, tmp_path):
    answers = {}
    for exercise in exercises(name):
        known = f"__import__('helpers.checks').checks.find({exercise.number!r})"
        names = [ast.unparse(node) for node in ast.walk(ast.parse(exercise.expression))
                 if isinstance(node, ast.Name)]  # fmt: skip
        target = exercise.expression if len(names) > 1 else names[0]
        answers[exercise.number] = f"{target} = {known}.mistakes[0][1]"
    notebook, places = prepared(name, answers, first=STRICT)
    with busy(1):
        execute(notebook, tmp_path, **SHORT)
    assert_as_stored(name, notebook, places)
    assert verdicts(notebook) == dict.fromkeys(answers, "✗")


@each
def test_what_a_stub_names_is_named_nowhere_else(name):
    """Trying an answer at the top level, with the stub's own names, must break nothing."""
    cells = notebooks.code_cells(NOTEBOOKS[name])
    stubs = [ast.parse(cell.source) for cell in cells if check_call(cell.source)]
    elsewhere = set()
    for cell in cells:
        if check_call(cell.source) is None and notebooks.BOOTSTRAP not in notebooks.tags(cell):
            elsewhere |= bound_names(ast.parse(cell.source).body)
    for stub in stubs:
        names = bound_names(stub.body)
        for node in ast.walk(stub):
            if isinstance(node, ast.arg):
                names.add(node.arg)
        assert not (names & elsewhere) - {"self"}, ast.unparse(stub)[:60]


def bound_names(body):
    """Return the names that a cell binds at its top level."""
    names = set()
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        else:
            names |= {n.id for n in ast.walk(node)
                      if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}  # fmt: skip
    return names


@each
def test_every_assert_says_what_it_means(name):
    for cell in notebooks.code_cells(NOTEBOOKS[name]):
        if notebooks.BOOTSTRAP not in notebooks.tags(cell):
            for node in ast.walk(ast.parse(cell.source)):
                if isinstance(node, ast.Assert):
                    assert node.msg is not None, f"cell {cell.id}: {ast.unparse(node)}"


@each
def test_no_time_is_asserted(name):
    """A clock in an assert stops Run All on a slow day."""
    for cell in notebooks.code_cells(NOTEBOOKS[name]):
        for line in re.findall(r"^\s*assert .*", cell.source, re.M):
            assert not re.search(r"perf_counter|second|elapsed|\btime\b", line.split('"')[0]), line


def test_the_first_mistake_is_one_that_can_be_filled_in():
    for name in NOTEBOOKS:
        for exercise in exercises(name):
            assert checks.find(exercise.number).mistakes
