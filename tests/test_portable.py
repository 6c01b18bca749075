"""Habits that work on Linux and fail on Windows, looked for in every line of Python of the course.

`habits` reads source code and returns what it finds. It is tested on planted examples first, then
run over the helpers, the tools, the tests and the code cells of every notebook.
"""

import ast

import pytest
from IPython.core.inputtransformer2 import TransformerManager

from tests.course import NOTEBOOKS, folder
from tools.notebooks import BOOTSTRAP, code_cells, tags

PATH_TAKERS = {"open", "Path", "PurePath", "joinpath", "load", "save", "savez", "loadtxt",
               "savetxt", "savefig", "imread", "copy", "copytree", "rmtree", "mkdir"}  # fmt: skip
RUNNERS = {"run", "Popen", "call", "check_call", "check_output"}
POSIX_ONLY = {"fork", "forkpty", "SIGALRM", "alarm", "setitimer", "SIGKILL", "SIGHUP"}
SHELL = {"system", "getoutput"}  # what IPython makes of `!command`


def habits(source):
    """Return [(line, what is wrong and what to do instead)] for the source of a module or cell."""
    source = TransformerManager().transform_cell(source)  # magics become calls of get_ipython()
    return [
        (node.lineno, message)
        for node in ast.walk(ast.parse(source))
        for message in (path_by_hand(node), no_encoding(node), posix_only(node), shell(node))
        if message
    ]


def path_by_hand(node):
    """A path joined as text: its slash is the wrong one elsewhere, or comes twice."""
    advice = "a path put together as text; write folder / name with pathlib"
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        for side, ends in ((node.left, str.endswith), (node.right, str.startswith)):
            if "://" not in text_of(side) and ends(text_of(side), ("/", "\\")):
                return advice
    if isinstance(node, ast.Call) and name_of(node.func) in PATH_TAKERS:
        for argument in node.args[:1]:
            parts = argument.values if isinstance(argument, ast.JoinedStr) else [argument]
            slashes = ("/", "\\") if isinstance(argument, ast.JoinedStr) else ("\\",)
            if any(slash in text_of(part) for part in parts for slash in slashes):
                return advice
    return None


def no_encoding(node):
    """Text read or written in the system's own encoding, which is not UTF-8 on every Windows."""
    if not isinstance(node, ast.Call):
        return None
    name, given = name_of(node.func), {keyword.arg: keyword.value for keyword in node.keywords}
    if "encoding" in given:
        return None
    if name in ("read_text", "write_text"):
        return f'{name} without encoding="utf-8"'
    if name == "open" and "tarfile" not in owner_of(node.func):
        after = node.args[1:] if isinstance(node.func, ast.Name) else node.args  # path.open(mode)
        mode = given.get("mode", after[0] if after else ast.Constant("r"))
        if isinstance(mode, ast.Constant) and "b" not in text_of(mode):
            return 'open without encoding="utf-8"'  # not Image.open(buffer): a buffer is no mode
    if name in RUNNERS and {"text", "universal_newlines"} & set(given):
        return f'{name} of text without encoding="utf-8", which also stands for text=True'
    return None


def posix_only(node):
    """A process that is forked, or a signal, that Windows does not have."""
    names = {alias.name for alias in node.names} if isinstance(node, ast.ImportFrom) else set()
    if isinstance(node, ast.Attribute):
        names = {node.attr} if owner_of(node) & {"os", "signal"} else set()
    if isinstance(node, ast.Call) and name_of(node.func) in ("get_context", "set_start_method"):
        names = {text_of(argument) for argument in node.args}
    if names & POSIX_ONLY:
        return f"{', '.join(names & POSIX_ONLY)} is not there on Windows"
    return None


def shell(node):
    """A command of one system's shell, in a notebook."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        magic = text_of(node.args[0]) if node.args else ""
        if isinstance(node.func.value, ast.Call):
            if name_of(node.func.value.func) == "get_ipython":
                return f"a shell command or magic ({node.func.attr}: {magic}); write Python"
    return None


def name_of(function):
    """The last name of what is called: `open` of both `open(…)` and `path.open(…)`."""
    return getattr(function, "attr", getattr(function, "id", ""))


def owner_of(function):
    """All names before the last one: {"np"} of `np.load`, none of `open`."""
    inner = ast.walk(function.value) if isinstance(function, ast.Attribute) else ()
    return {name_of(node) for node in inner}


def text_of(node):
    """The text of a constant string, or ""."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ('open("data/" + name, "rb")', "a path put together"),
        ('read(folder + "/" + name)', "a path put together"),
        (r'read(folder + "\\" + name)', "a path put together"),
        ('Path(f"{folder}/{name}")', "a path put together"),
        (r'np.load("data\\digits.npz")', "a path put together"),
        ('fig.savefig(f"pictures/{n}.png")', "a path put together"),
        ('open("names.txt")', "open without encoding"),
        ('open("names.txt", "w")', "open without encoding"),
        ('path.open("a")', "open without encoding"),
        ('Path(name).open(mode="w")', "open without encoding"),
        ("path.read_text()", "read_text without encoding"),
        ("path.write_text(text)", "write_text without encoding"),
        ("subprocess.run(command, text=True)", "run of text without encoding"),
        ("check_output(command, universal_newlines=True)", "check_output of text without"),
        ("import os\nos.fork()", "fork is not there on Windows"),
        ("from os import fork", "fork is not there on Windows"),
        ('multiprocessing.get_context("fork")', "fork is not there on Windows"),
        ('set_start_method("fork")', "fork is not there on Windows"),
        ("signal.signal(signal.SIGALRM, stop)", "SIGALRM is not there on Windows"),
        ("import signal\nsignal.alarm(3)", "alarm is not there on Windows"),
        ("!ls", "a shell command"),
        ("files = !ls", "a shell command"),
        ("%%bash\nls", "a shell command"),
        ("x = 1\n%cd ..", "a shell command"),
        ("if x:\n    %pip install y", "a shell command"),
    ],
)
def test_a_habit_is_found(source, message):
    assert [text for _, text in habits(source) if message in text], habits(source)


@pytest.mark.parametrize(
    "source",
    [
        'open(folder / name, encoding="utf-8")',
        'open(path, "rb")',
        'path.open("wb")',
        "path.open(mode='rb')",
        'path.read_text(encoding="utf-8")',
        "Image.open(buffer)",
        'tarfile.open(path, mode="r:gz")',
        'Path("data/names.txt")',
        '"https://github.com/" + address',
        'print(f"{right} / {total} and {a}/{b}")',
        'subprocess.run(command, capture_output=True, encoding="utf-8")',
        "subprocess.run(command)",
        'multiprocessing.get_context("spawn")',
        "figure.fork",
        "x = y % z",
    ],
)
def test_a_good_habit_is_left_alone(source):
    assert habits(source) == []


def python_files():
    """Every Python file that the course keeps."""
    root = folder()
    folders = [root / name for name in ("helpers", "tools", "tests", "benchmarks")]
    return [root / "conftest.py", *(path for at in folders for path in sorted(at.rglob("*.py")))]


@pytest.mark.parametrize("path", python_files(), ids=lambda path: path.name)
def test_python_works_on_every_system(path):
    found = habits(path.read_text(encoding="utf-8"))
    assert not found, "\n".join(f"{path.name}, line {line}: {text}" for line, text in found)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_notebook_works_on_every_system(name):
    """The bootstrap cell may call pip, and nothing else may."""
    for cell in code_cells(NOTEBOOKS[name]):
        found = habits(cell.source)
        if BOOTSTRAP in tags(cell):
            assert [text for _, text in found] == [
                "a shell command or magic (run_line_magic: pip); write Python"
            ]
        else:
            assert not found, f"{name}, cell {cell.id}: {found}"
