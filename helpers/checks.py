"""`check` looks at the answer to an exercise and says in one line what it thinks of it.

An exercise stands in its lesson's `exercises.py`: the right answer, the cases to try it on, and
the mistakes that learners make, each once, as the code that makes it, with its diagnosis:

    causal = Exercise("1.2", right=mask, cases=[(1,), (4,), (7,)])
    causal.mistake("place t must see itself: u <= t", lambda T: np.tri(T, k=-1, dtype=bool))

An answer that gives what the right one gives in all cases is right. One that gives what a mistake
gives in all cases gets its diagnosis. Any other is told where it differs first.
"""

import _thread
import copy
import dis
import importlib
import inspect
import json
import os
import re
import signal
import threading
import traceback
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

import numpy as np

EXERCISES = {}  # "6.1" -> Exercise
VERDICTS = {}  # "6.1" -> the last line that `check` printed
PATIENCE = 30  # seconds that a check may take
PLAIN = {"✓": "[right]", "✗": "[wrong]", "○": "[open]"}  # where these signs cannot be printed


class Wrong(Exception):
    """The answer is wrong. The message says which mistake was made."""


class Unfilled(Exception):
    """There is no answer yet: the stub is as it was."""


@dataclass
class Exercise:
    """One exercise: what is right, what it is tried on, and the mistakes that are known.

    number: such as "6.1".
    right: the right answer, of the kind that a learner gives: a function, a class, a value.
    cases: a list of tuples, the arguments of each trial. A value needs none.
    probe: probe(answer, *case) returns the results of one trial, a value or {name: value}; by
        default `call(answer, *case)`. Whatever should be compared belongs into its results.
    parts: the names of a tuple's members, if the answer is or returns one.
    tolerance: how far a number may be off, relative to itself and to the largest of its array.
    exact: True if dtypes have to agree, too, such as float32; booleans always have to.
    """

    number: str
    right: object
    cases: list = field(default_factory=lambda: [()])
    probe: object = None
    parts: tuple = ()
    tolerance: float = 2e-6
    exact: bool = False
    mistakes: list = field(default_factory=list)
    others: list = field(default_factory=list)
    known: list = field(default_factory=list, init=False)  # what the mistakes give, found once

    def __post_init__(self):
        EXERCISES[self.number] = self

    def mistake(self, diagnosis, answer=None, to=None):
        """Add a mistake: its diagnosis and the answer that makes it. Also a decorator."""
        if answer is None:
            return lambda function: self.mistake(diagnosis, function, to) or function
        (self.mistakes if to is None else to).append((diagnosis, answer))

    def told(self, part, answer=None):
        """Add a wrong answer for the tests: the probe or `difference` tells it `part`."""
        return self.mistake(part, answer, self.others)

    def judge(self, answer):
        """Return if an answer is right. Raises Wrong, with a diagnosis, or Unfilled."""
        wanted, given = self.trials(self.right), self.trials(answer)
        wrong = [i for i in range(len(wanted)) if not self.agree([given[i]], [wanted[i]])]
        if not wrong:
            return
        if len(self.known) < len(self.mistakes):
            self.known = [(diagnosis, self.trials(mistake)) for diagnosis, mistake in self.mistakes]
        for name in [None, *wanted[wrong[0]]]:  # all parts; then one, where errors say nothing
            differ = any(not self.same_results(a, b, name)
                         for a, b in zip(given, wanted, strict=True)
                         if name is None or not isinstance(a, Wrong))
            for diagnosis, results in self.known:
                if differ and self.agree(given, results, name):
                    raise Wrong(diagnosis)
        if isinstance(given[wrong[0]], Wrong):
            raise given[wrong[0]]
        self.tell_difference(given, wanted, wrong[0])

    def tell_difference(self, given, wanted, i):
        """Raise Wrong: how the results of case i differ, or how those of all cases do."""
        name = next(n for n in wanted[i] if not self.same_results(given[i], wanted[i], n))
        if name not in given[i]:
            raise Wrong(f"{name} is missing in your dict" if name else
                        "give back the result itself, not a dict")
        pairs = [(g[name], w[name]) for g, w in zip(given, wanted, strict=True)
                 if not isinstance(g, Wrong) and name in g and name in w]
        tried = self.right if self.probe is None else partial(self.probe, self.right)
        raise Wrong(difference(name or "your result", pairs, given[i][name], wanted[i][name],
                               describe_case(tried, self.cases[i]), self.exact))

    def trials(self, answer):
        """Return the results of an answer in every case: {name: value}, or Wrong if it failed."""
        probe = self.probe or (call if callable(self.right) else lambda answer: answer)
        results = []
        for case in copy.deepcopy(self.cases):
            try:
                found = probe(answer, *case)
                if self.parts and not isinstance(found, dict):
                    found = dict(zip(self.parts, members(found, self.parts), strict=True))
            except Wrong as wrong:
                found = wrong
            results.append(found if isinstance(found, (dict, Wrong)) else {"": found})
        return results

    def agree(self, given, wanted, name=None):
        """True if the results of all cases are the same; of one part, if it is named."""
        return all(self.same_results(a, b, name) for a, b in zip(given, wanted, strict=True))

    def same_results(self, a, b, name):
        """True if the results of one case are the same, or both failed in the same way."""
        if isinstance(a, Wrong) and isinstance(b, Wrong):  # by an error of one type, or one message
            causes = type(a.__cause__), type(b.__cause__)
            return causes[0] is causes[1] and (a.__cause__ is not None or str(a) == str(b))
        return not isinstance(a, Wrong) and not isinstance(b, Wrong) and all(
            n in a and n in b and same(a[n], b[n], self.tolerance, self.exact)
            for n in (b if name is None else [name]))


def check(number, answer):
    """Print one line: not filled in yet (○), right (✓), or wrong with a diagnosis (✗).

    number: the exercise, such as "6.1".
    answer: what the exercise asks for: a function, a class, an array, a number or a tuple.
    Never raises: an error in the learner's code is part of the diagnosis.
    """
    line = VERDICTS[str(number)] = verdict(number, answer)
    try:
        print(line)
    except UnicodeEncodeError:
        line = PLAIN[line[0]] + line[1:]
        print(line.encode("ascii", "backslashreplace").decode("ascii"))


def verdict(number, answer):
    """Return the line that `check` prints."""
    number = number if isinstance(number, str) else str(number)[:20]
    try:
        exercise = find(number)
        if is_stub(answer, exercise.right):
            raise Unfilled
        with time_limit(PATIENCE), np.errstate(all="ignore"):
            exercise.judge(answer)
    except Unfilled:
        return f"○ {number} is not filled in yet"
    except Wrong as wrong:
        return f"✗ {number}: {one_line(wrong)}"
    except (Exception, SystemExit) as error:  # so odd that the judge itself stumbled
        return f"✗ {number}: the check could not read your answer ({describe(error)})"
    return f"✓ {number}"


def progress(path=None):
    """Print how far the exercises of this notebook are: right, wrong, not filled in, not run.

    path: a JSON file to write it to as well, {"user": …, "at": …, "exercises": {"1.1": "right"}}.
    In a folder, such as one that an instructor collects from, the file is named by user and
    notebook, and a later one takes its place. A record, no proof: the student can write it, too.
    """
    states = {"✓": "right", "✗": "wrong", "○": "not filled in yet", "": "not run yet"}
    notebooks = sorted({number.split(".")[0] for number in VERDICTS})
    table = {n: states[VERDICTS.get(n, "")[:1]] for book in notebooks for n in numbers_of(book)}
    for number, state in table.items():
        print(f"{number:>5}  {state}")
    print(f"{list(table.values()).count('right')} of {len(table)} are right")
    if path is not None:
        user = os.environ.get("JUPYTERHUB_USER") or Path.home().name
        record = {"user": user, "at": datetime.now().isoformat("T", "seconds"), "exercises": table}
        if Path(path).is_dir():
            path = Path(path) / f"{user}_{'_'.join(notebooks)}.json"
        Path(path).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def numbers_of(notebook):
    """Return the numbers of a notebook's exercises, "1.2" before "1.10"."""
    numbers = (n.split(".") for n in EXERCISES if n.startswith(f"{notebook}."))
    return [".".join(pair) for pair in sorted(numbers, key=lambda pair: int(pair[1]))]


def find(number):
    """Return an exercise. Raises Wrong, naming the exercises that there are."""
    match = re.fullmatch(r"(\d+)\.(\d+)", number)
    if not match:
        raise Wrong('name the exercise as in the text, for example check("6.1", answer)')
    lesson = f"notebook_{int(match[1]):02d}"
    if not Path(__file__).with_name("lessons").joinpath(lesson, "exercises.py").is_file():
        raise Wrong(f"there is no notebook {match[1]} with exercises")
    importlib.import_module(f"helpers.lessons.{lesson}.exercises")
    if number not in EXERCISES:
        known = ", ".join(numbers_of(match[1]))
        raise Wrong(f"there is no such exercise; notebook {match[1]} has {known}")
    return EXERCISES[number]


def is_stub(answer, right=None):
    """True if an answer is `...`, contains one, or is a function or class that does nothing.

    right: if it is a class, only the methods that it defines have to do something.
    """
    if isinstance(answer, np.ndarray):
        return answer.dtype == object and any(part is ... for part in answer.flat)
    if isinstance(answer, (dict, tuple, list)):
        return any(map(is_stub, answer.values() if isinstance(answer, dict) else answer))
    if inspect.isclass(answer):
        asked = vars(right) if inspect.isclass(right) else vars(answer)
        return any(is_stub(part) for key, part in vars(answer).items()
                   if key in asked and inspect.isfunction(part))
    if inspect.isfunction(answer):  # nothing more than `return None`
        return all(step.argval is None if step.opname in ("LOAD_CONST", "RETURN_CONST")
                   else step.opname in ("RESUME", "NOP", "RETURN_VALUE")
                   for step in dis.get_instructions(answer))
    return answer is ...


def call(function, *arguments):
    """Call the learner's function on copies of the arguments.

    Raises Wrong if it raises, gives back nothing or changes an argument; Unfilled if it gives
    back `...`.
    """
    if not callable(function):
        raise Wrong(f"expected a function, got {describe_value(function)}")
    copies, kept = copy.deepcopy(arguments), copy.deepcopy(arguments)
    result = call_method(function, *copies)
    for name, before, after in zip(names_of(function, arguments), kept, copies, strict=True):
        if isinstance(before, np.ndarray) and not np.array_equal(before, after, equal_nan=True):
            raise Wrong(f"you changed `{name}`, which belongs to the caller; work on a copy, or "
                        "write x = x + … instead of x += …")
    return result


def call_method(method, *arguments):
    """Like `call`, but arguments are given as they are, and the caller compares them."""
    try:
        result = method(*arguments)
    except (Exception, SystemExit) as error:
        raise Wrong(f"your code raised {describe(error, method)}") from error
    if is_stub(result):
        raise Unfilled
    if result is None:
        name = getattr(method, "__name__", "your code")
        raise Wrong(f"`{name}` gives back None; is a `return` missing?")
    return result


@contextmanager
def time_limit(seconds):
    """Raise Wrong if the block is still running after so many seconds.

    The block is interrupted as by the stop button, which works in the main thread, where cells
    run. Elsewhere, and where no thread can be started, it may run for ever.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    lock, state = threading.Lock(), {"running": True, "stopped": False}

    def stop():
        with lock:
            if state["running"]:
                state["stopped"] = True
                _thread.interrupt_main()

    timer = threading.Timer(seconds, stop)
    timer.daemon = True
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)  # it may be switched off
    try:
        with suppress(RuntimeError):  # a Python without threads
            timer.start()
        try:
            yield
        finally:
            timer.cancel()
            with lock:
                state["running"] = False
            signal.signal(signal.SIGINT, signal.SIG_DFL if handler is None else handler)
    except KeyboardInterrupt:
        if not state["stopped"]:  # it was the learner who pressed stop
            raise
        raise Wrong(f"your code was still running after {seconds} s, so it was stopped; "
                    "does its loop ever end?") from None


def members(value, names):
    """Return the members of a tuple, list or array. Raises Wrong unless there are len(names)."""
    if not isinstance(value, (tuple, list, np.ndarray)) or len(value) != len(names):
        got = (f"{type(value).__name__} of {len(value)}" if hasattr(value, "__len__") else
               describe_value(value))
        raise Wrong(f"give {len(names)} things, {', '.join(names)}; got {got}")
    return list(value)


def numbers(value):
    """Return `value` as an array of numbers or booleans, or None if it is not made of them."""
    try:
        result = np.asarray(value)
        if result.dtype == object and None not in result.ravel().tolist():
            result = result.astype(float)  # Fractions and their like; None would become NaN
    except (TypeError, ValueError):
        return None
    return result if result.dtype.kind in "biuf" else None


def same(given, wanted, tolerance, exact=False):
    """True if two results are the same: numbers to a tolerance, all else to the letter."""
    a, b = numbers(given), numbers(wanted)
    if b is None:
        return type(given) is type(wanted) and given == wanted
    if a is None or misfit(a, b, exact):
        return False
    a, b = a.reshape(b.shape).astype(float), b.astype(float)
    room = tolerance * np.abs(b[np.isfinite(b)]).max(initial=0.0)
    return bool(np.allclose(a, b, rtol=tolerance, atol=room, equal_nan=True))


def misfit(a, b, exact):
    """Say how the shape or dtype of array a is not that of b; a may hold the one number of b."""
    if a.shape != b.shape and not (b.ndim == 0 and a.size == 1):
        return f" has shape {a.shape}, expected {b.shape}"
    if (a.dtype == bool) != (b.dtype == bool) or (exact and a.dtype != b.dtype):
        return f" has dtype {a.dtype}, expected {b.dtype}"
    return ""


def difference(what, pairs, given, wanted, where, exact=False):
    """Say in a sentence how a result differs from the one that was wanted.

    pairs: (given, wanted) of all cases, in which one factor or one turn may explain everything.
    """
    a, b = numbers(given), numbers(wanted)
    if b is None:
        return f"{where}{what} is {describe_value(given)}, expected {describe_value(wanted)}"
    if a is None:
        return f"{what} should be numbers, got {describe_value(given)}"
    if words := misfit(a, b, exact):
        return f"{where}{what}{words}"
    truth = b.dtype == bool
    a, b = a.reshape(b.shape).astype(float), b.astype(float)
    if np.isnan(a).any() and not np.isnan(b).any():
        return f"{where}{what} is not a number (NaN){place_of(np.argwhere(np.isnan(a))[0])}"
    part = "" if what == "your result" else f" ({what})"
    sides = [(numbers(g), numbers(w)) for g, w in pairs]
    if factor := common_factor(sides):
        return ("the sign is turned round" if np.isclose(factor, -1) else
                f"all numbers are {factor:.4g} times what they should be") + part
    if all(g is not None and w is not None and g.ndim == 2 and g.T.shape == w.shape
           and np.allclose(g.T, w) and not np.array_equal(g, w) for g, w in sides):
        return "rows and columns are swapped" + part
    off = np.abs(a - b) > 1e-12 * np.abs(b)
    worst = np.unravel_index(np.nanargmax(np.where(off, np.abs(a - b), -1)), b.shape)
    size = np.abs(a - b)[worst] / max(abs(b[worst]), 1e-300)
    if np.isfinite(size) and size < 2e-3:
        return (f"{where}{what} is right to about {max(1, int(-np.log10(size)))} digits only: "
                "was it rounded, is it float32, or was a small ε added?")
    shown = [bool(a[worst]), bool(b[worst])] if truth else two_numbers(a[worst], b[worst])
    return f"{where}{what}{place_of(worst)} is {shown[0]}, expected {shown[1]}"


def common_factor(sides):
    """Return c if every given array is c times the wanted one, and c is not 1; else None."""
    if any(a is None or b is None or a.shape != b.shape or bool in (a.dtype, b.dtype)
           for a, b in sides):
        return None
    finite = [pair for pair in sides if all(np.isfinite(side).all() for side in pair)]
    a, b = (np.concatenate([pair[i].ravel() for pair in finite] or [[]]).astype(float)
            for i in (0, 1))
    if sum(b.size for _, b in sides) < 2 or not b.any():
        return None
    c = float(a @ b / (b @ b))
    near = np.allclose(a, c * b, rtol=1e-6, atol=1e-9 * np.abs(a).max())
    return c if near and c != 0 and abs(c - 1) >= 2e-3 else None


def place_of(index):
    """` at index [2, 3]`; nothing if the array has no axes."""
    return f" at index {[int(i) for i in index]}" if len(index) else ""


def two_numbers(a, b):
    """Write two different numbers with as many digits as they need to look different."""
    pairs = ([f"{a:.{digits}g}", f"{b:.{digits}g}"] for digits in range(4, 18))
    return next((pair for pair in pairs if pair[0] != pair[1]), [str(a), str(b)])


def describe_case(right, case):
    """`for T = 3, x of shape (2, 3): `, the arguments of a trial; empty if there are none."""
    words = []
    for name, value in zip(names_of(right, case), case, strict=True):
        shown = four_digits(value.tolist() if isinstance(value, np.ndarray) else value)
        long = len(repr(shown)) > 60
        if isinstance(value, np.ndarray) and (value.size > 6 or long):
            words.append(f"{name} of shape {value.shape}")
        elif not callable(value) and not long:
            words.append(f"{name} = {shown!r}")
    return f"for {', '.join(words)}: " if words else ""


def four_digits(value):
    """Floats with four digits, alone or in lists; all else as it is."""
    if isinstance(value, list):
        return [four_digits(part) for part in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


def names_of(function, arguments):
    """Return the names of a function's arguments, or places where they cannot be known."""
    names = []
    with suppress(TypeError, ValueError):
        names = [name for name in inspect.signature(function).parameters if name != "self"]
    return [names[i] if i < len(names) else f"argument {i + 1}" for i in range(len(arguments))]


def describe(error, function=None):
    """`TypeError: … (line 3: "x = y")`, the line being the last one of the learner's code."""
    text = f"{type(error).__name__}: {one_line(error)}"
    code = getattr(function, "__code__", None)
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if code is not None and frame.filename == code.co_filename:
            return f'{text} (line {frame.lineno}{f": {frame.line}" if frame.line else ""})'
    return text


def describe_value(value):
    """A short name of what the learner gave: its type, and the value if that is short."""
    shown = one_line(repr(value))
    if len(shown) > 40 and isinstance(value, np.ndarray):
        return f"an array of {value.dtype}"
    return f"{type(value).__name__} {shown}" if len(shown) <= 40 else type(value).__name__


def one_line(message):
    """The text of an error or value on a single line."""
    return re.sub(r"\s+", " ", str(message)).strip()
