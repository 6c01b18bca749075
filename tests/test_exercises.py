"""Every exercise: its stub counts as unfilled, its solution passes, its mistakes are told."""

import ast
import copy
import importlib
import inspect
import itertools
import signal
import sys
import threading

import numpy as np
import pytest

from helpers import checks
from helpers.checks import Exercise
from tests.course import NOTEBOOKS, answer_of, defined_in, exercises, folder, stub_of

ALL = {exercise.number: exercise for exercise in exercises()}
for _name in NOTEBOOKS:
    importlib.import_module(f"helpers.lessons.notebook_{_name[:2]}.exercises")
KNOWN = {n: e for n, e in checks.EXERCISES.items() if isinstance(e, Exercise)}
MISTAKES = [(n, i) for n, e in KNOWN.items() for i in range(len(e.mistakes))]
OTHERS = [(n, i) for n, e in KNOWN.items() for i in range(len(e.others))]
COMPARED = [n for n, e in KNOWN.items() if not inspect.isclass(e.right)]
FILES = [folder() / "helpers" / "checks.py"] + sorted(
    (folder() / "helpers" / "lessons").glob("*/exercises.py")
)


def test_every_exercise_has_a_judge_and_every_judge_an_exercise():
    assert set(checks.EXERCISES) == set(ALL)


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


@pytest.mark.parametrize("number", [n for n in COMPARED if callable(KNOWN[n].right)])
def test_an_answer_that_gives_back_dots_is_seen_as_unfilled(number):
    assert checks.verdict(number, lambda *_: ...) == f"○ {number} is not filled in yet"


@pytest.mark.parametrize("number", ALL)
def test_solution_passes(number):
    exercise = ALL[number]
    answer = answer_of(exercise.solution, exercise.expression)
    assert checks.verdict(number, answer) == f"✓ {number}"


@pytest.mark.parametrize("number", KNOWN)
def test_own_answer_passes(number):
    assert checks.verdict(number, KNOWN[number].right) == f"✓ {number}"


@pytest.mark.parametrize(("number", "i"), MISTAKES)
def test_mistake_gets_its_diagnosis(number, i):
    diagnosis, answer = KNOWN[number].mistakes[i]
    line = checks.verdict(number, answer)
    assert line == f"✗ {number}: {checks.one_line(diagnosis)}"


@pytest.mark.parametrize(("number", "i"), OTHERS)
def test_other_wrong_answer_is_told(number, i, monkeypatch):
    part, answer = KNOWN[number].others[i]
    monkeypatch.setattr(checks, "PATIENCE", 3)
    line = checks.verdict(number, answer)
    assert line.startswith(f"✗ {number}: ")
    assert part in line


@pytest.mark.parametrize("number", KNOWN)
def test_mistakes_and_the_answer_differ_pairwise(number):
    exercise = KNOWN[number]
    answers = {"the right answer": exercise.right, **dict(exercise.mistakes)}
    assert len(answers) == len(exercise.mistakes) + 1, "two mistakes share a diagnosis"
    results = {diagnosis: exercise.trials(answer) for diagnosis, answer in answers.items()}
    for (a, first), (b, second) in itertools.combinations(results.items(), 2):
        assert not exercise.agree(first, second), f"{a!r} and {b!r} give the same in all cases"


def changed(value, entry):
    """A copy of a result in which one number is another one; None if there are no numbers."""
    array = checks.numbers(0.0 if value is None else value)
    if array is None or array.size == 0:
        return None
    array = array.copy()
    place = np.unravel_index(entry % array.size, array.shape)
    if array.dtype == bool:
        array[place] = not array[place]
    elif array.dtype.kind in "iu":
        array[place] += 1
    else:
        array[place] = array[place] * 1.02 + 0.02 if np.isfinite(array[place]) else 0.0
    return array if array.ndim else array.item()


def variants(result):
    """Yield copies of a result with one number changed, in every member of a tuple."""
    if isinstance(result, (tuple, list)) and checks.numbers(result) is None:
        for i, part in enumerate(result):
            for other in variants(part):
                yield type(result)([*result[:i], other, *result[i + 1 :]])
        return
    for entry in (0, 1, -1):
        other = changed(result, entry)
        if other is not None:
            yield other


def spoiled(function, which, pick):
    """The right function, but the result number `which` has one number changed."""
    calls = itertools.count()

    def answer(*arguments, **options):
        result = function(*arguments, **options)
        if next(calls) != which:
            return result
        found = list(variants(copy.deepcopy(result)))
        return found[pick % len(found)] if found else result

    return answer


@pytest.mark.parametrize("number", COMPARED)
def test_the_answer_with_one_entry_changed_is_never_right(number):
    exercise = KNOWN[number]
    if not callable(exercise.right):
        tried = list(variants(exercise.right))
        assert tried
        for answer in tried:
            assert not checks.verdict(number, answer).startswith("✓"), answer
        return
    for which in range(len(exercise.cases)):
        for pick in range(3):
            line = checks.verdict(number, spoiled(exercise.right, which, pick))
            assert line.startswith("✗"), f"case {which}, entry {pick}: {line}"


def raising_lines():
    """Yield (file, line) of every `raise Wrong` in the checks and the lessons."""
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                if getattr(node.exc.func, "id", "") == "Wrong":
                    yield path, node.lineno


def test_no_diagnosis_exists_that_no_test_produces(monkeypatch):
    """Each `raise Wrong` is reached by a mistake, by an answer that is `told`, or by `GENERIC`."""
    reached = set()

    class Watched(checks.Wrong):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            frame = sys._getframe(1)
            reached.add((frame.f_code.co_filename, frame.f_lineno))

    monkeypatch.setattr(checks, "PATIENCE", 3)
    original = checks.Wrong
    for name, module in list(sys.modules.items()):
        if name.startswith("helpers.") and getattr(module, "Wrong", None) is original:
            monkeypatch.setattr(module, "Wrong", Watched)
    for number, exercise in KNOWN.items():
        for _, answer in [*exercise.mistakes, *exercise.others]:
            checks.verdict(number, answer)
    for number, answer in GENERIC:
        checks.verdict(number, answer)
    files = {str(path) for path, _ in raising_lines()}
    reached = {(file, line) for file, line in reached if file in files}
    missed = [
        f"{path.parent.name}/{path.name}:{line}"
        for path, line in raising_lines()
        if not any(file == str(path) and line <= at <= line + 4 for file, at in reached)
    ]
    assert not missed


def endless(*_):
    while True:
        pass


GENERIC = [
    ("1.2", lambda T: 1 / 0), ("1.2", lambda T: None), ("1.2", lambda T: {}), ("1.2", 3),
    ("1.2", endless), ("1", 3), ("98.1", 3), ("1.98", 3),
]  # fmt: skip


@pytest.mark.parametrize(("number", "told"), [
    ("1", 'name the exercise as in the text, for example check("6.1", answer)'),
    (12, 'name the exercise as in the text, for example check("6.1", answer)'),
    ("98.1", "there is no notebook 98 with exercises"),
    ("1.98", "there is no such exercise; notebook 1 has 1.1, 1.2, "),
])  # fmt: skip
def test_a_number_that_no_exercise_has_is_told(number, told):
    assert checks.verdict(number, 3).startswith(f"✗ {number}: {told}")


def test_there_are_enough_mistakes():
    counts = {number: len(exercise.mistakes) for number, exercise in KNOWN.items()}
    assert np.mean(list(counts.values())) >= 8, counts
    assert min(counts.values()) >= 3, counts


JUNK = [None, 3, "text", [], (1, 2, 3), sorted, len, object(), int, {}, np.array([np.nan])]


@pytest.mark.parametrize("number", ALL)
@pytest.mark.parametrize("junk", JUNK, ids=[repr(junk)[:12] for junk in JUNK])
def test_junk_is_never_right_and_never_raises(number, junk, capsys):
    checks.check(number, junk)
    line = capsys.readouterr().out
    assert line.startswith((f"✗ {number}: ", f"○ {number} is not filled in yet"))
    assert line.count("\n") == 1


@pytest.mark.parametrize("handler", [signal.default_int_handler, signal.SIG_IGN])
def test_an_answer_that_does_not_end_is_stopped(handler, monkeypatch):
    monkeypatch.setattr(checks, "PATIENCE", 0.2)
    before = signal.signal(signal.SIGINT, handler)  # background jobs start with it ignored
    try:
        line = checks.verdict("1.2", endless)
        assert line.startswith("✗ 1.2: your code was still running after 0.2 s, so it was stopped")
        assert signal.getsignal(signal.SIGINT) is handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_check_leaves_no_clock_running():
    with checks.time_limit(60):
        pass
    clocks = [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]
    for clock in clocks:
        clock.join(5)
    assert not any(clock.is_alive() for clock in clocks)


def test_the_stop_button_stops_a_check():
    with pytest.raises(KeyboardInterrupt), checks.time_limit(60):
        raise KeyboardInterrupt


def exchanged(my_slopes, my_alpha, my_beta_1, my_beta_2, my_epsilon):
    """Adam with the shares of old and new exchanged, written without the lesson's own `adam`."""
    m, v, rows = 0, 0, []
    for k, g in enumerate(my_slopes, start=1):
        m = (1 - my_beta_1) * m + my_beta_1 * g
        v = (1 - my_beta_2) * v + my_beta_2 * g**2
        below = np.sqrt(v / (1 - my_beta_2**k)) + my_epsilon
        rows.append(my_alpha * m / (1 - my_beta_1**k) / below)
    return rows


def tiled(shape_a, shape_b):
    """The rule of a learner who thinks that a shorter axis is repeated until it fits."""
    result = []
    for m, n in itertools.zip_longest(shape_a[::-1], shape_b[::-1], fillvalue=1):
        if m != n and 1 not in (m, n) and (0 in (m, n) or max(m, n) % min(m, n)):
            return None
        result.insert(0, 0 if 0 in (m, n) else max(m, n))
    return tuple(result)


def buffered(my_slopes, my_alpha, my_beta_1, my_beta_2, my_epsilon):
    """Right, but for one array that stands in the list many times."""
    change, rows = np.zeros(my_slopes.shape[1]), []
    for row in KNOWN["2.6"].right(my_slopes, my_alpha, my_beta_1, my_beta_2, my_epsilon):
        change[:] = row
        rows.append(change)
    return np.array(rows)


def slope_of_slopes(my_f, my_x, my_h):
    return abs((my_f(my_x + my_h) - my_f(my_x)) - (my_f(my_x) - my_f(my_x - my_h))) / my_h**2


@pytest.mark.parametrize(("number", "part", "answer"), [
    ("1.1", "a size is not repeated until it fits", tiled),
    ("1.3", "they are whole numbers", lambda k, n: np.eye(n, dtype=int)[k]),
    ("1.3", "your result at index", lambda k, n: np.eye(n, dtype=int)[np.sort(k)]),
    ("2.2", "a curvature has a sign", slope_of_slopes),
    ("2.6", "β keeps the OLD mean", exchanged),
    ("2.6", "you put ONE array into your list", buffered),
])
def test_an_answer_written_another_way_gets_the_same_diagnosis(number, part, answer):
    assert part in checks.verdict(number, answer)


def test_the_far_points_of_1_5_coincide_so_closely_that_a_square_becomes_negative():
    lesson = importlib.import_module("helpers.lessons.notebook_01.exercises")
    far, _ = KNOWN["1.5"].cases[3]
    assert (lesson.squares(far, far) < 0).any()
    gaps = np.sqrt(np.square(far[:, None] - far).sum(axis=-1))
    assert set(gaps.round(3).ravel()) == {0, 3.464}  # two heaps, so a table of zeros is wrong


def test_1_7_says_in_which_memory_a_result_lies():
    lesson = importlib.import_module("helpers.lessons.notebook_01.exercises")
    text = np.arange(9)
    inputs, _ = KNOWN["1.7"].right(text, 4)
    assert lesson.memory(inputs, text) == "the text's own"
    assert lesson.memory(inputs, text.copy()) == "a view of a copy"
    assert lesson.memory(inputs.copy(), text) == "a copy"


def test_6_8_sees_that_another_generator_gives_another_text():
    exercise = KNOWN["6.8"]
    for answer, other in [(exercise.right, True), (dict(exercise.mistakes)[
            "the generator was made anew inside, so that every call writes the same; use my_rng"],
            False)]:
        (found,) = exercise.trials(answer)
        assert found["the text with another my_rng (is it another one?)"] is other


def test_3_4_takes_a_layer_of_the_notebooks_own_kind():
    """What is exported has been imported by nobody in notebook 03: it defines `Layer` itself."""
    names = defined_in("03_feedforward_networks", "layer")
    assert names["Layer"].__module__ != "helpers.layers"
    exec(ALL["3.4"].solution, names)
    assert checks.verdict("3.4", names[ALL["3.4"].expression]) == "✓ 3.4"
