"""Every exercise: its stub is seen as unfilled, its solution passes, its wrong answers are told."""

import importlib
import signal

import pytest

from helpers import checks
from tests.course import NOTEBOOKS, answer_of, exercises, stub_of

ALL = {exercise.number: exercise for exercise in exercises()}
WRONG = [
    (number, source, fragment)
    for name in NOTEBOOKS
    for number, source, fragment in importlib.import_module(
        f"tests.answers.notebook_{name[:2]}"
    ).WRONG
]


@pytest.mark.parametrize("number", ALL)
def test_exercise_is_complete(number):
    exercise = ALL[number]
    assert f"### Exercise {number}: " in exercise.text, "the text before the stub has a heading"
    assert " minutes)" in exercise.text, "the heading gives the minutes"
    assert set(exercise.folded) == {"Hint", "Solution"}, "a folded hint and solution follow"
    assert exercise.solution.strip(), "the solution has a ```python block"


@pytest.mark.parametrize("number", ALL)
def test_stub_is_seen_as_unfilled(number):
    line = checks.verdict(number, stub_of(ALL[number]))
    assert line == f"○ {number} is not filled in yet"


@pytest.mark.parametrize("number", ALL)
def test_solution_passes(number):
    exercise = ALL[number]
    answer = answer_of(exercise.solution, exercise.expression)
    assert checks.verdict(number, answer) == f"✓ {number}"


@pytest.mark.parametrize(
    ("number", "source", "fragment"), WRONG, ids=[f"{n}-{f[:30]}" for n, _, f in WRONG]
)
def test_wrong_answer_is_diagnosed(number, source, fragment):
    line = checks.verdict(number, answer_of(source, ALL[number].expression))
    assert line.startswith(f"✗ {number}: "), line
    assert fragment in line
    assert "\n" not in line


def test_every_exercise_has_wrong_answers():
    for number in ALL:
        assert sum(n == number for n, _, _ in WRONG) >= 2, f"{number} needs two wrong answers"


@pytest.mark.parametrize("number", ALL)
@pytest.mark.parametrize("junk", [None, 3, "text", [], (1, 2, 3), sorted, len, object(), int])
def test_junk_is_never_right_and_never_raises(number, junk, capsys):
    checks.check(number, junk)
    line = capsys.readouterr().out
    assert line.startswith((f"✗ {number}: ", f"○ {number} is not filled in yet"))
    assert line.count("\n") == 1


def test_every_judge_has_an_exercise():
    for name in NOTEBOOKS:
        importlib.import_module(f"helpers.checks.notebook_{name[:2]}")
    assert set(checks.EXERCISES) == set(ALL)


@pytest.mark.parametrize("handler", [signal.default_int_handler, signal.SIG_IGN])
def test_an_answer_that_does_not_end_is_stopped(handler, monkeypatch):
    monkeypatch.setattr(checks, "PATIENCE", 0.2)
    before = signal.signal(signal.SIGINT, handler)  # background jobs start with it ignored

    def my_descent(gradient, theta, *_):
        while True:
            theta = theta + 1

    try:
        line = checks.verdict("2.3", my_descent)
        assert line.startswith("✗ 2.3: your code was still running after 0.2 s, so it was stopped")
        assert signal.getsignal(signal.SIGINT) is handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_the_stop_button_stops_a_check():
    with pytest.raises(KeyboardInterrupt), checks.time_limit(60):
        raise KeyboardInterrupt
