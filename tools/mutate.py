"""Change the course's code in small ways, one at a time, and see whether the tests notice.

    python -m tools.mutate                          60 changes, drawn at random
    python -m tools.mutate --seed 1 --number 24     others, and fewer
    python -m tools.mutate --list                   only say which

A change that no test notices survives; each survivor is printed at the end. It shows a test that is
missing, or it is none: what it changes makes no difference. The same seed draws the same changes of
the same code, and a smaller number draws the first of them.

Lines are drawn, then one change on each. A comparison is turned, an arithmetic operator, a number,
True and False, `and` and `or`; a `not` is added or dropped; axis=-1 becomes axis=0; a statement is
left out (a call whose value is not used, a raise, a +=); a function returns its first argument.
Nothing is changed that is known to make no difference: texts, seeds, `strict`, `copy`. In
exercises.py neither the mistakes, nor what they are tried on, nor what only these use: these are
the tests. In figures.py only what computes: calls of NumPy, comparisons, indices, but no sizes,
places and colors.

The tests run in a copy, first all of them without a change: they must pass. Then, for each change,
those of the changed file and, if they pass, those of others that can reach it. LEFT_OUT names those
that never run. A survivor costs a minute or two on a machine that does nothing else.
"""

import argparse
import ast
import functools
import itertools
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tools.notebooks import ROOT

BUILT = ("arrays", "optimizers", "layers", "perceptron", "attention", "transformer", "modern")
MARKS = "not network and not colab and not browser and not site and not lite"

LEFT_OUT = (
    # whole notebooks for minutes, or fresh environments
    "test_binder", "test_browser", "test_colab", "test_learners", "test_lite", "test_site",
    "test_stranger", "test_strip_solutions", "test_used_copy",
    # how the course is packed and written, not what it computes; a linter is among them
    "test_deprecations", "test_environment", "test_portable", "test_times", "test_tools",
    "test_workflow",
)  # fmt: skip
# A built module that was changed is no longer what its notebook exports; no news.
DESELECTED = ("tests/test_notebooks.py::test_exported_modules_are_current",)

# What a test calls that may import any file: answers to exercises, cells, another process.
ANYTHING = re.compile(r"\b(answer_of|stub_of|import_module|exec|run|Popen)\(")

PATIENCE = 300  # seconds for the tests of one change, or three times what they take without one
MEMORY = 8 << 30  # bytes

COMPARED = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==",
            "is": "is not", "is not": "is", "in": "not in", "not in": "in"}  # fmt: skip
COMPARISON = re.compile(r"<=|>=|==|!=|<|>|\bis\s+not\b|\bis\b|\bnot\s+in\b|\bin\b")
CALCULATED = {"+": "-", "-": "+", "*": "/", "/": "*", "//": "*", "%": "*"}
OPERATOR = re.compile(r"//|\*\*|[-+*/%]")
SPREAD = {"linspace", "arange", "logspace", "geomspace", "meshgrid"}  # where a curve is drawn
DRAWN_ON = {"ax", "axes", "figure"}


@dataclass(frozen=True)
class Mutation:
    """One change: the bytes from `start` to `end` of a file become `new`."""

    file: str
    line: int
    start: int
    end: int
    new: bytes

    def applied(self, source):
        """Return the changed source, bytes."""
        return source[: self.start] + self.new + source[self.end :]

    def shown(self, source):
        """Return what the change makes of its lines, as two lines of text."""
        first = source.rfind(b"\n", 0, self.start) + 1
        last = source.find(b"\n", self.end)
        old = source[first : last if last >= 0 else len(source)]
        new = source[first : self.start] + self.new + source[self.end : first + len(old)]
        short = [" ".join(text.decode("utf-8").split())[:160] for text in (old, new)]
        return "    {}\n  → {}".format(*short)


class Finder:
    """Finds every mutation of a file."""

    def __init__(self, file, source):
        self.file, self.source, self.found = file, source, []
        self.drawing = file.endswith("figures.py")
        self.exercises = file.endswith("exercises.py")
        lengths = [len(line) for line in source.splitlines(keepends=True)]
        self.starts = [0, *itertools.accumulate(lengths)]
        tree = ast.parse(source)
        self.signatures = {
            node.name: [a.arg for a in node.args.args]
            for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)
        }  # fmt: skip
        self.examples = {"mistake", "told"}  # what adds wrong answers to an exercise
        if self.exercises:  # a list of them, too
            self.examples |= {
                node.name for node in tree.body
                if isinstance(node, ast.FunctionDef) and any(map(self.is_example, ast.walk(node)))
            }  # fmt: skip
        spared = self.for_examples(tree) if self.exercises else []
        for node in tree.body:
            if node not in spared:
                self.look(node, None, data=not self.drawing)

    def for_examples(self, tree):
        """The definitions of exercises.py that only mistakes and cases use, or others like them."""
        defined = {
            node: {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and is_stored(n)}
            if isinstance(node, ast.Assign) else {node.name}
            for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Assign))
        }  # fmt: skip
        somewhere = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and not is_stored(n)}
        judged = {n.id for call in filter(self.is_example, ast.walk(tree))
                  for n in [getattr(call.func, "value", None), *call.args[:1]]
                  if isinstance(n, ast.Name)}  # fmt: skip
        spared = [node for node, names in defined.items() if names and names <= somewhere - judged]
        used = {name for node in tree.body if node not in spared for name in self.names(node)}
        while found := [node for node in spared if defined[node] & used]:
            spared = [node for node in spared if node not in found]
            used |= {name for node in found for name in self.names(node)}
        return spared

    def is_example(self, node):
        """True for a call that adds wrong answers to an exercise."""
        return isinstance(node, ast.Call) and last_name(node.func) in self.examples

    def names(self, node):
        """Yield the names that a node uses, but for what is not changed in it."""
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.JoinedStr) or not self.skips(node):
            for child, _ in self.children(node, True):
                yield from self.names(child)

    def start(self, node):
        """The place of a node's first byte."""
        return self.starts[node.lineno - 1] + node.col_offset

    def end(self, node):
        """The place behind a node's last byte."""
        return self.starts[node.end_lineno - 1] + node.end_col_offset

    def text(self, node):
        """The source of a node."""
        return self.source[self.start(node) : self.end(node)].decode("utf-8")

    def add(self, start, end, new):
        """Keep a mutation."""
        line = self.source.count(b"\n", 0, start) + 1
        self.found.append(Mutation(self.file, line, start, end, new.encode("utf-8")))

    def replace(self, node, new):
        """Keep a mutation that puts another text in the place of a node."""
        self.add(self.start(node), self.end(node), new)

    def between(self, left, right, pattern, table):
        """Keep the mutation of the operator between two nodes."""
        a, b = self.end(left), self.start(right)
        text = self.source[a:b].decode("utf-8")
        match = pattern.search(text)
        word = " ".join(match[0].split()) if match else ""
        if word in table and "#" not in text:
            a += len(text[: match.start()].encode("utf-8"))
            self.add(a, a + len(match[0]), table[word])

    def look(self, node, function, data):
        """Find the mutations of a node and of all within it.

        function: the one around it. data: False where it only says how something is drawn.
        """
        if self.skips(node):
            return
        if isinstance(node, (ast.FunctionDef, ast.Lambda)):
            function = node
        if data or isinstance(node, (ast.Compare, ast.keyword, ast.stmt, ast.IfExp)):
            self.mutate(node, function)
        for child, inside in self.children(node, data):
            self.look(child, function, inside)

    def skips(self, node):
        """True if nothing is changed in this node, nor within it."""
        if isinstance(node, (ast.Import, ast.ImportFrom, ast.JoinedStr)):
            return True
        if isinstance(node, ast.If) and self.text(node.test).startswith("__name__"):
            return True
        calls = getattr(node, "decorator_list", []) + [getattr(node, "value", None)]
        if any(map(self.is_example, calls)):
            return True
        if self.exercises and isinstance(node, ast.For):  # over a list of mistakes
            return any(map(self.is_example, ast.walk(node)))
        if self.exercises and isinstance(node, (ast.FunctionDef, ast.Call)):
            name = getattr(node, "name", "") or last_name(node.func)
            return "cases" in name or name in self.examples
        if self.drawing and isinstance(node, ast.IfExp):  # a word, or a place, on a condition
            return all(isinstance(n, ast.Constant) for n in (node.body, node.orelse))
        return False

    def children(self, node, data):
        """Yield (child, data) of a node, but for annotations, seeds, cases and `strict`."""
        without = []
        if isinstance(node, ast.arguments):
            named = [*zip(node.args[::-1], node.defaults[::-1], strict=False),
                     *zip(node.kwonlyargs, node.kw_defaults, strict=True)]  # fmt: skip
            without = [default for arg, default in named if arg.arg == "seed"]
        elif isinstance(node, ast.Call):
            name = last_name(node.func)
            known = {"default_rng": ["seed"], "Exercise": ["", "", "cases"], **self.signatures}
            pairs = [*zip(known.get(name, []), node.args, strict=False),
                     *((k.arg, k) for k in node.keywords)]  # fmt: skip
            without = [value for arg, value in pairs if arg in ("seed", "cases", "strict", "copy")]
            numpy = self.text(node.func).startswith("np.")
            data = not self.drawing or ((data or numpy) and name not in SPREAD)
        elif isinstance(node, ast.keyword) and node.arg == "axis" and is_minus_one(node.value):
            return
        for field, child in ast.iter_fields(node):
            if field in ("annotation", "returns"):
                continue
            index = isinstance(node, ast.Subscript) and field == "slice"
            index = index and last_name(node.value) not in DRAWN_ON
            for one in child if isinstance(child, list) else [child]:
                if isinstance(one, ast.AST) and not any(one is other for other in without):
                    yield one, data or index

    def mutate(self, node, function):
        """Keep the mutations of a node itself."""
        if isinstance(node, ast.Compare):
            operands = [node.left, *node.comparators]
            for left, right in zip(operands, operands[1:], strict=False):
                self.between(left, right, COMPARISON, COMPARED)
        elif isinstance(node, ast.BinOp) and not (is_text(node.left) or is_text(node.right)):
            if isinstance(node.op, ast.Pow):  # binds more tightly than what it becomes
                middle = self.source[self.end(node.left) : self.start(node.right)].decode("utf-8")
                whole = self.text(node)[: -len(self.text(node.right)) - len(middle)]
                if middle.strip() == "**" and whole == self.text(node.left):
                    self.replace(node, f"({self.text(node.left)} * {self.text(node.right)})")
            else:
                self.between(node.left, node.right, OPERATOR, CALCULATED)
        elif isinstance(node, ast.BoolOp) and len(node.values) == 2:
            word = "and" if isinstance(node.op, ast.And) else "or"
            other = {"and": "or", "or": "and"}
            self.between(*node.values, re.compile(rf"\b{word}\b"), other)
        elif isinstance(node, ast.Constant):
            if isinstance(node.value, (bool, int, float)):
                self.replace(node, repr(other_number(node.value)))
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            self.add(self.start(node), self.start(node) + len("not"), "")
        elif isinstance(node, ast.keyword) and node.arg == "axis" and is_minus_one(node.value):
            self.replace(node.value, "0")
        elif isinstance(node, (ast.If, ast.IfExp)):
            self.negate(node.test)
        elif isinstance(node, ast.comprehension):
            for test in node.ifs:
                self.negate(test)
        elif isinstance(node, ast.Return):
            self.return_first(node, function)
        else:
            self.leave_out(node)

    def negate(self, test):
        """Keep the mutation that adds a `not`, unless another one does the same."""
        turned = isinstance(test, ast.Compare) and len(test.ops) == 1
        turned = turned and isinstance(test.ops[0], (ast.Eq, ast.NotEq, ast.Is, ast.IsNot, ast.In,
                                                     ast.NotIn))  # fmt: skip
        if not turned and not (isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)):
            self.replace(test, f"(not ({self.text(test)}))")

    def return_first(self, node, function):
        """Keep the mutation that returns the first argument."""
        names = [a.arg for a in function.args.args if a.arg not in ("self", "cls")]
        if self.drawing and ("np." not in self.text(node) or "with_alt(" in self.text(node)):
            return
        if names and node.value is not None and self.text(node.value) != names[0]:
            self.replace(node.value, names[0])

    def leave_out(self, node):
        """Keep the mutation that leaves a statement out."""
        if isinstance(node, ast.AugAssign):
            self.between(node.target, node.value, OPERATOR, CALCULATED)
        call = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and not self.drawing
        if call or isinstance(node, (ast.AugAssign, ast.Raise)):
            self.replace(node, "pass")


def is_stored(name):
    """True for a name that gets a value."""
    return isinstance(name.ctx, ast.Store)


def last_name(node):
    """`b` of `a.b`, `a` of `a`, else nothing."""
    return getattr(node, "attr", None) or getattr(node, "id", "")


def is_minus_one(node):
    """True for -1."""
    return (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)
            and isinstance(node.operand, ast.Constant) and node.operand.value == 1)  # fmt: skip


def is_text(node):
    """True for a text, or a sum that begins with one."""
    while isinstance(node, ast.BinOp):
        node = node.left
    return isinstance(node, ast.JoinedStr) or isinstance(getattr(node, "value", None), str)


def other_number(value):
    """0 becomes 1, 1 becomes 2, others half as much again; True and False change places."""
    if isinstance(value, bool):
        return not value
    if value in (0, 1):
        return value + 1
    return type(value)(value * 1.5)


def files(root=ROOT):
    """The names of the files in which something is changed."""
    modules = [f"helpers/{name}.py" for name in (*BUILT, "checks", "guards")]
    lessons = sorted(root.glob("helpers/lessons/notebook_*/[!_]*.py"))
    return modules + [path.relative_to(root).as_posix() for path in lessons]


def draw(seed, number, root=ROOT):
    """Return so many mutations, each on a line of its own, always the same for one seed."""
    lines = {}
    for file in files(root):
        for mutation in Finder(file, (root / file).read_bytes()).found:
            lines.setdefault((file, mutation.line), []).append(mutation)
    rng, keys = random.Random(seed), list(lines)
    rng.shuffle(keys)
    return [rng.choice(lines[key]) for key in keys[:number]]


@functools.cache
def imports(path):
    """Return the files of helpers/ and tests/ that a file names in its imports."""
    names = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}", *(f"{node.module}.{alias.name}" for alias in node.names)}
    files = {ROOT / f"{name.replace('.', '/')}.py" for name in names
             if name.startswith(("helpers.", "tests."))}  # fmt: skip
    return {file for file in files if file.exists()}


def imported(path):
    """Return the files of helpers/ and tests/ that a file imports, also through others."""
    found, waiting = set(), [path]
    while waiting:
        new = imports(waiting.pop()) - found
        found |= new
        waiting += new
    return found


def tests_of(file):
    """Return the arguments of two test runs for a changed file: its own tests, and the others.

    The others are those that import the file, and those that may run anything.
    """
    stem, lesson = Path(file).stem, re.search(r"notebook_(\d\d)", file)
    if lesson and stem == "figures":  # no file but its tests imports a lesson
        return [f"tests/test_figures_{lesson[1]}.py"], ["tests/test_accessibility.py"]
    if lesson and stem == "exercises":
        others = ["tests/test_exercises.py", "tests/test_checks.py", "tests/test_instructors.py"]
        return [others[0], "-k", f"[{int(lesson[1])}."], others
    names = {"checks": ["checks", "exercises"], "guards": BUILT}.get(stem, [stem])
    if lesson:  # what its notebook exports is tested beside the module that the notebook builds
        names = [BUILT[int(lesson[1]) - 1]]
    own = [f"tests/test_{name}.py" for name in names]
    others = [
        f"tests/{path.name}" for path in sorted((ROOT / "tests").glob("test_*.py"))
        if path.stem not in LEFT_OUT and f"tests/{path.name}" not in own
        and (ANYTHING.search(path.read_text(encoding="utf-8")) or ROOT / file in imported(path))
    ]  # fmt: skip
    return own, others


def copy_files(target):
    """Copy what git knows of the course."""
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-z"], capture_output=True, check=True)
    for name in filter(None, listed.stdout.decode("utf-8").split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)


def limit_memory():
    """Let a change that asks for all memory fail (on Linux)."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def failure(copy, arguments, patience):
    """Run tests in the copy. Returns None if they pass, else what failed first."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-n", "0", "-p", "no:cacheprovider",
               "-m", MARKS, *arguments, *(f"--deselect={name}" for name in DESELECTED)]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    with tempfile.TemporaryFile() as output:
        try:
            code = subprocess.run(
                command, cwd=copy, env=environment, stdout=output, stderr=output, check=False,
                timeout=patience, preexec_fn=limit_memory if sys.platform == "linux" else None,
            ).returncode  # fmt: skip
        except subprocess.TimeoutExpired:
            return "time-out"
        output.seek(0)
        said = output.read().decode("utf-8", "replace")
    if code == 0:
        return None
    if code == 5:
        raise RuntimeError(f"no test was found by {' '.join(arguments)}")
    first = re.search(r"^(?:FAILED|ERROR) (?:tests/)?(\S+)", said, re.M)
    return first[1] if first else f"pytest ended with {code}: {said.strip()[-300:]}"


def check_copy(copy):
    """Raise RuntimeError unless the tests pass in the copy as it is. Returns their seconds."""
    where = "import helpers; print(helpers.__file__)"
    found = subprocess.run([sys.executable, "-c", where], cwd=copy, capture_output=True, check=True,
                           env={**os.environ, "PYTHONPATH": str(copy)})  # fmt: skip
    if copy.resolve() not in Path(found.stdout.decode("utf-8").strip()).resolve().parents:
        raise RuntimeError(f"the tests would import the helpers of {found.stdout}")
    started = time.monotonic()
    quick = sorted(p for p in (copy / "tests").glob("test_*.py") if p.stem not in LEFT_OUT)
    failed = failure(copy, [f"tests/{path.name}" for path in quick], patience=3600)
    if failed:
        raise RuntimeError(f"without any change fails {failed}")
    return time.monotonic() - started


def main(arguments=None):
    """Run the command line. Returns the exit code: 0, whatever survives."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.mutate", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=0, help="of the drawing; 0")
    parser.add_argument("--number", type=int, default=60, help="of changes; 60")
    parser.add_argument("--list", action="store_true", help="only print the changes")
    options = parser.parse_args(arguments)
    drawn = draw(options.seed, options.number)
    if options.list:
        for mutation in drawn:
            print(f"{mutation.file}:{mutation.line}")
            print(mutation.shown((ROOT / mutation.file).read_bytes()))
        return 0
    survivors = []
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        copy_files(copy)
        seconds = check_copy(copy)
        print(f"without a change all tests pass in {seconds:.0f} s", flush=True)
        for number, mutation in enumerate(drawn, start=1):
            path = copy / mutation.file
            source = path.read_bytes()
            path.write_bytes(mutation.applied(source))
            patience = max(PATIENCE, 3 * seconds)
            own, others = tests_of(mutation.file)
            failed = failure(copy, own, patience) or failure(copy, others, patience)
            path.write_bytes(source)
            print(f"{number:3d} {mutation.file}:{mutation.line}", failed or "SURVIVES", flush=True)
            if not failed:
                survivors.append(f"{mutation.file}:{mutation.line}\n{mutation.shown(source)}")
    print(f"\n{len(survivors)} of {len(drawn)} changes survive", *survivors, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
