"""`check` looks at the answer to an exercise and says in one line what it thinks of it.

Each notebook has a module here, `notebook_NN.py`, with one function an exercise:

    @exercise("6.1")
    def next_token_examples(answer):
        ...
        raise Wrong("the targets are not shifted")

The function returns if the answer is right, and raises `Wrong` with a diagnosis if it is not.
"""

import _thread
import dis
import importlib
import inspect
import linecache
import re
import signal
import threading
import traceback
from contextlib import contextmanager

import numpy as np

EXERCISES = {}  # "6.1" -> the function that judges its answer
PATIENCE = 30  # seconds that a check may take


class Wrong(Exception):
    """The answer is wrong. The message says which mistake was made."""


class Unfilled(Exception):
    """There is no answer yet: the stub is as it was."""


def exercise(number):
    """Register the decorated function as the judge of exercise `number`, such as "6.1"."""

    def register(judge):
        EXERCISES[number] = judge
        return judge

    return register


def check(number, answer):
    """Print one line: not filled in yet (○), right (✓), or wrong with a diagnosis (✗).

    number: the exercise, such as "6.1".
    answer: what the exercise asks for: a function, a class, an array, a number or a tuple.
    Never raises: an error in the learner's code is part of the diagnosis.
    """
    print(verdict(number, answer))


def verdict(number, answer):
    """Return the line that `check` prints."""
    try:
        judge = find(number)
    except LookupError as error:
        return f"✗ {number}: {error}"
    try:
        if is_stub(answer):
            raise Unfilled
        with time_limit(PATIENCE):
            judge(answer)
    except Unfilled:
        return f"○ {number} is not filled in yet"
    except Wrong as wrong:
        return f"✗ {number}: {one_line(wrong)}"
    except Exception as error:  # an answer so odd that the judge itself stumbled
        return f"✗ {number}: the check could not read your answer ({describe(error)})"
    return f"✓ {number}"


def find(number):
    """Return the judge of an exercise. Raises LookupError naming the exercises that there are."""
    match = re.fullmatch(r"(\d+)\.(\d+)", str(number))
    if not match:
        raise LookupError('name the exercise as in the text, for example check("6.1", answer)')
    module = f"helpers.checks.notebook_{int(match[1]):02d}"
    try:
        importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        raise LookupError(f"there is no notebook {match[1]} with exercises") from None
    if number not in EXERCISES:
        known = ", ".join(sorted(n for n in EXERCISES if n.split(".")[0] == match[1]))
        raise LookupError(f"there is no such exercise; notebook {match[1]} has {known}")
    return EXERCISES[number]


def is_stub(answer):
    """True if an answer is `...`, contains one, or is a function or class that does nothing."""
    if answer is ...:
        return True
    if isinstance(answer, (tuple, list)):
        return any(is_stub(part) for part in answer)
    if inspect.isclass(answer):
        return any(is_stub(part) for part in vars(answer).values() if inspect.isfunction(part))
    if inspect.isfunction(answer):
        return all(does_nothing(step) for step in dis.get_instructions(answer))
    return False


def does_nothing(step):
    """True if a bytecode instruction is part of `return None` and nothing more."""
    if step.opname in ("LOAD_CONST", "RETURN_CONST"):
        return step.argval is None
    return step.opname in ("RESUME", "NOP", "RETURN_VALUE")


def call(function, *arguments, **options):
    """Call the learner's function on copies of the arguments.

    Raises Wrong if it raises, Unfilled if it gives back `...`.
    """
    if not callable(function):
        raise Wrong(f"expected a function, got {describe_value(function)}")
    copies = [a.copy() if isinstance(a, np.ndarray) else a for a in arguments]
    try:
        result = function(*copies, **options)
    except Exception as error:
        raise Wrong(f"your code raised {describe(error, function)}") from error
    if is_stub(result):
        raise Unfilled
    if result is None:
        raise Wrong("your function gives back None; is a `return` missing?")
    return result


@contextmanager
def time_limit(seconds):
    """Raise Wrong if the block is still running after so many seconds.

    The block is interrupted as by the stop button, which works in the main thread, where cells
    run. Elsewhere, and where no thread can be started, it may run for ever.
    """
    lock, state = threading.Lock(), {"running": True, "stopped": False}

    def stop():
        with lock:
            if state["running"]:
                state["stopped"] = True
                _thread.interrupt_main()

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    timer = threading.Timer(seconds, stop)
    timer.daemon = True
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)  # it may be switched off
    try:
        timer.start()
    except RuntimeError:  # a Python without threads
        pass
    try:
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


def array(value, shape=None, what="the result"):
    """Return `value` as an array; raises Wrong unless it is numbers of the given shape."""
    try:
        result = np.asarray(value)
    except ValueError:
        raise Wrong(f"{what} should be an array, got {describe_value(value)}") from None
    if result.dtype.kind not in "biuf":
        raise Wrong(f"{what} should be an array of numbers, got {describe_value(value)}")
    if shape is not None and result.shape != tuple(shape):
        raise Wrong(f"{what} has shape {result.shape}, expected {tuple(shape)}")
    return result


def close(a, b, tolerance=1e-9):
    """True if two arrays have the same shape and agree to a relative tolerance, NaN nowhere."""
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    return a.shape == b.shape and np.allclose(a, b, rtol=tolerance, atol=tolerance)


def describe(error, function=None):
    """`TypeError: … (line 3: "x = y")`, the line being the last one of the learner's code."""
    text = f"{type(error).__name__}: {one_line(error)}"
    code = getattr(function, "__code__", None)
    for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
        if code is not None and frame.f_code.co_filename == code.co_filename:
            source = linecache.getline(code.co_filename, line).strip()
            return f'{text} (line {line}{f": {source}" if source else ""})'
    return text


def describe_value(value):
    """A short name of what the learner gave: its type, and the value if that is short."""
    shown = one_line(repr(value))
    return f"{type(value).__name__} {shown}" if len(shown) <= 40 else type(value).__name__


def one_line(message):
    """The text of an error or value on a single line."""
    return re.sub(r"\s+", " ", str(message)).strip()
