"""`check` and what all judges share, on an exercise made up for the purpose."""

import io
import json
import math
import sys
from datetime import datetime
from fractions import Fraction

import numpy as np
import pytest

from helpers import checks
from helpers.checks import Exercise


@pytest.fixture(autouse=True)
def own_exercises(monkeypatch):
    """Exercises of a notebook 99 that no file holds."""
    monkeypatch.setattr(checks, "EXERCISES", {})
    monkeypatch.setattr(checks, "VERDICTS", {})
    monkeypatch.setattr(checks, "find", lambda number: checks.EXERCISES[number])


def table(x, n):
    return np.outer(x, np.arange(1, n + 1))


@pytest.fixture
def outer():
    """An exercise whose answer is a function that returns a matrix."""
    rng = np.random.default_rng(0)
    exercise = Exercise("99.1", table, [(rng.normal(size=3), 2), (rng.normal(size=5), 3)])
    exercise.mistake("you counted from 0", lambda x, n: np.outer(x, np.arange(n)))
    exercise.mistake("you added", lambda x, n: x[:, None] + np.arange(1, n + 1))
    return exercise


def said(answer, number="99.1"):
    return checks.verdict(number, answer)


def test_right_and_known_mistakes(outer):
    assert said(table) == "✓ 99.1"
    assert said(lambda x, n: x[:, None] * (np.arange(n) + 1)) == "✓ 99.1"
    assert said(lambda x, n: x[:, None] * np.arange(n)) == "✗ 99.1: you counted from 0"


@pytest.mark.parametrize(
    ("answer", "part"),
    [
        (lambda x, n: -table(x, n), "the sign is turned round"),
        (lambda x, n: 2 * table(x, n), "all numbers are 2 times what they should be"),
        (lambda x, n: table(x, n).T, "shape (2, 3), expected (3, 2)"),
        (lambda x, n: table(x, n).astype(np.float16), "right to about"),
        (lambda x, n: table(x, n) * (1 + 1e-4), "right to about 4 digits only"),
        (lambda x, n: table(x, n) + np.eye(len(x), n), "your result at index"),
        (lambda x, n: np.sqrt(-np.ones((len(x), n))), "not a number (NaN) at index [0, 0]"),
        (lambda x, n: [[1, 2], [3]], "should be numbers, got list [[1, 2], [3]]"),
        (lambda x, n: table(x, n) > 0, "dtype bool, expected float64"),
        (lambda x, n: print(n), "gives back None; is a `return` missing?"),
        (lambda x, n: x.nothing, "your code raised AttributeError"),
        (lambda x, n: exit(), "your code raised SystemExit"),
        (7, "expected a function, got int 7"),
    ],
)  # fmt: skip
def test_other_answers_are_told_what_is_off(outer, answer, part):
    line = said(answer)
    assert line.startswith("✗ 99.1: ")
    assert part in line


class Odd:
    """What NumPy cannot turn into an array."""

    def __array__(self, *_, **__):
        raise ZeroDivisionError("odd")


def test_an_answer_that_cannot_be_read_is_told(outer):
    line = said(lambda x, n: Odd())
    assert line == "✗ 99.1: the check could not read your answer (ZeroDivisionError: odd)"


def test_a_long_value_is_told_by_its_type_alone(outer):
    assert said("x" * 38).endswith(f"got str '{'x' * 38}'")
    assert said("x" * 39).endswith("got str")


def test_an_answer_that_changes_its_argument_is_wrong(outer):
    def answer(x, n):
        result = table(x, n)
        x += 1
        return result

    assert "you changed `x`" in said(answer)


def test_turned_square_results_are_told():
    Exercise("99.1", np.outer, [(np.arange(1, 4), np.arange(2, 5)), (np.arange(2), np.ones(2))])
    assert said(lambda a, b: np.outer(b, a)).endswith("rows and columns are swapped")


@pytest.mark.parametrize("stub", [..., (1, ...), np.array([1, ...]), {"a": ...}, lambda x, n: ...])
def test_what_is_half_filled_is_not_filled_in(outer, stub):
    assert said(stub) == "○ 99.1 is not filled in yet"


def test_values_and_their_parts():
    exercise = Exercise("99.2", (2 / 9, 3), parts=("rate", "steps"), tolerance=1e-3)
    exercise.mistake("you forgot to square", (2 / 3, 3))
    exercise.mistake("you counted one step too many", (2 / 9, 4))
    assert said((Fraction(2, 9), 3), "99.2") == "✓ 99.2"
    assert said([0.2222, np.array([3])], "99.2") == "✓ 99.2"
    assert said((2 / 3, 5), "99.2").endswith("you forgot to square"), "the first of two mistakes"
    assert said((math.nan, 3), "99.2") == "✗ 99.2: rate is not a number (NaN)"
    assert "give 2 things, rate, steps; got" in said((1, 2, 3), "99.2")
    assert "steps is 7, expected 3" in said((2 / 9, 7), "99.2")


def test_a_class_may_have_methods_that_do_nothing():
    class Right:
        def run(self, x):
            return x + 1

    class Answer:
        def reset(self):
            pass

        def run(self, x):
            return 1 + x

    class Stub:
        def run(self, x):
            ...

    Exercise("99.3", Right, [(1.0,), (2.0,)], probe=lambda cls, x: checks.call(cls().run, x))
    assert said(Answer, "99.3") == "✓ 99.3"
    assert said(Stub, "99.3") == "○ 99.3 is not filled in yet"


def test_two_numbers_in_a_message_never_look_the_same():
    for a, b in [(2.13704, 2.13705), (1e300, 1.0000001e300), (0.1 + 0.2, 0.3), (-0.0, 5e-324)]:
        first, second = checks.two_numbers(a, b)
        assert first != second


def test_the_number_may_be_a_float_and_the_output_narrow(outer, monkeypatch, capsys):
    checks.check(99.1, table)
    assert capsys.readouterr().out == "✓ 99.1\n"
    narrow = io.TextIOWrapper(io.BytesIO(), encoding="cp1252")
    monkeypatch.setattr(sys, "stdout", narrow)
    checks.check("99.1", table)
    checks.check("99.1", lambda x, n: ...)
    monkeypatch.undo()
    narrow.seek(0)
    assert narrow.read().split("\n")[:2] == ["[right] 99.1", "[open] 99.1 is not filled in yet"]


def test_progress(outer, capsys, tmp_path):
    Exercise("99.10", 3.0)
    Exercise("99.2", 3.0)
    checks.check("99.1", table)
    checks.check("99.2", 4.0)
    capsys.readouterr()
    checks.progress(tmp_path / "progress.json")
    assert capsys.readouterr().out.splitlines() == [
        " 99.1  right", " 99.2  wrong", "99.10  not run yet", "1 of 3 are right",
    ]  # fmt: skip
    kept = json.loads((tmp_path / "progress.json").read_text(encoding="utf-8"))
    assert kept["exercises"] == {"99.1": "right", "99.2": "wrong", "99.10": "not run yet"}
    assert kept["user"] and datetime.fromisoformat(kept["at"]) <= datetime.now()


def test_progress_in_a_folder_is_named_by_user_and_notebook(outer, monkeypatch, tmp_path):
    monkeypatch.setenv("JUPYTERHUB_USER", "ada")
    for answer, state in [(4.0, "wrong"), (table, "right")]:
        checks.check("99.1", answer)
        checks.progress(tmp_path)
        (path,) = tmp_path.iterdir()
        assert path.name == "ada_99.json"
        assert json.loads(path.read_text(encoding="utf-8"))["exercises"]["99.1"] == state


def test_a_case_is_described_by_its_arguments():
    def right(x, n, row, size):
        return x

    case = np.zeros((3, 4)), 2, np.array([1, 2]), 1 / 3
    told = "for x of shape (3, 4), n = 2, row = [1, 2], size = 0.3333: "
    assert checks.describe_case(right, case) == told
    assert checks.describe_case(lambda: 1, ()) == ""


@pytest.mark.parametrize("answer", [0, (1, 2), [[1]], np.array([1, None]), {"a": 1}, {}, table])
def test_what_is_filled_is_no_stub(answer):
    assert checks.is_stub(answer) is False


def test_a_factor_is_found_beside_cases_that_have_none():
    x, infinite = np.array([1.0, 3.0]), np.array([1.0, np.inf])
    assert checks.common_factor([(2 * x, x), (0 * x, 0 * x)]) == 2
    assert checks.common_factor([(2 * x, x), (infinite, infinite)]) == 2
    assert checks.common_factor([(2 * x, x), (3 * x, x)]) is None
