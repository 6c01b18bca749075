"""What the tests read out of the notebooks: exercises, stubs, solutions."""

import ast
import copy
import functools
import importlib
import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from conftest import INSTEAD
from tools.export import exported_modules
from tools.notebooks import all_notebooks, code_cells, read

PATHS = {path.stem: INSTEAD.get(path, path) for path in all_notebooks()}
NOTEBOOKS = {name: read(path) for name, path in PATHS.items()}
CODE_BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
FOLDED = re.compile(r"<details><summary>(Hint|Solution)</summary>\n\n(.*?)</details>", re.DOTALL)

# Notebooks whose long runs are short where SHORT is set, as in a browser, and come out the same.
LONG = [name for name, notebook in NOTEBOOKS.items()
        if any("browser_result(" in cell.source for cell in code_cells(notebook))]
SHORT = {"COURSE_SHORT_RUNS": "1"}
STEPS = re.compile(r"^(STEPS = )\d{3,}$", re.MULTILINE)  # of a training that takes a minute


@dataclass
class Exercise:
    """One exercise: its number, the text before the stub, the stub, the hint, the solution."""

    number: str
    text: str
    stub: str
    expression: str
    folded: dict

    @property
    def solution(self):
        """The code of the folded solution."""
        return "\n".join(CODE_BLOCK.findall(self.folded["Solution"]))


def exercises(*names):
    """Return the exercises of the notebooks of these names, in order; by default of all."""
    found = []
    for name in names or NOTEBOOKS:
        cells = NOTEBOOKS[name].cells
        for i, cell in enumerate(cells):
            call = check_call(cell.source) if cell.cell_type == "code" else None
            if call is None:
                continue
            folded = dict(FOLDED.findall(cells[i + 1].source))
            number, answer = call.args
            found.append(
                Exercise(
                    number.value, cells[i - 1].source, cell.source, ast.unparse(answer), folded
                )
            )
    return found


def check_call(source):
    """Return the `check(number, answer)` call of a cell, or None."""
    try:
        body = ast.parse(source).body
    except SyntaxError:  # the bootstrap cell has a magic
        return None
    for node in body:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            if getattr(node.value.func, "id", "") == "check":
                return node.value
    return None


def namespace():
    """Return what an answer may use: NumPy, math, and every name that a notebook exports."""
    return {"np": np, "math": math, **exported_names()}


@functools.cache
def exported_names():
    """Return {name: object} of all that the notebooks export."""
    names = {}
    for module in exported_modules(list(PATHS.values())):
        names.update(public(importlib.import_module(f"helpers.{module}")))
    return names


def public(module):
    """Return the names that a module defines."""
    return {key: value for key, value in vars(module).items() if not key.startswith("_")}


def answer_of(source, expression):
    """Run the code of an answer and return the value that is given to `check`."""
    names = namespace()
    exec(compile(source, "<answer>", "exec"), names)
    return eval(expression, names)


def defined_in(name, *ids):
    """Return all names that are exported, and the functions and classes of some cells, by ID."""
    names = namespace()
    for cell in code_cells(NOTEBOOKS[name]):
        if cell.id in ids:
            tree = ast.parse(cell.source)
            tree.body = [n for n in tree.body if isinstance(n, (ast.FunctionDef, ast.ClassDef))]
            exec(compile(tree, cell.id, "exec"), names)
    return names


def stub_of(exercise):
    """Return the value that the unfilled stub gives to `check`."""
    source = re.sub(r"^check\(.*", "", exercise.stub, flags=re.M | re.S)
    return answer_of(source, exercise.expression)


def long_run(name):
    """Return the index, among the code cells, of a training that SHORT does not make short."""
    cells = code_cells(NOTEBOOKS[name])
    found = [i for i, c in enumerate(cells) if name not in LONG and STEPS.search(c.source)]
    return found[0] if found else len(cells)


def shortened(name):
    """Return a copy of a notebook in which no training takes long where SHORT is set.

    One that SHORT does not make short is cut to 40 steps, and what comes after claims nothing.
    """
    notebook = copy.deepcopy(NOTEBOOKS[name])
    for cell in code_cells(notebook)[long_run(name) :]:
        tree = ast.parse(STEPS.sub(r"\g<1>40", cell.source))
        tree.body = [ast.Expr(n.test) if isinstance(n, ast.Assert) else n for n in tree.body]
        cell.source = ast.unparse(tree)
    return notebook


def folder():
    """Return the root of the repository."""
    return Path(__file__).resolve().parent.parent
