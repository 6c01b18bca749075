"""How long a notebook takes a learner, computed from what is in it.

    python -m tools.times            print the table
    python -m tools.times --write    write the minutes into the notebooks and the README

The rule: 150 words of text a minute (formulas count as the words that they are read as), five
seconds for a line of code that is read, a minute for a prediction, the minutes that stand behind
each exercise, and half a minute for a figure. What is folded is not counted. The sum is rounded to
five minutes.
"""

import argparse
import re
import sys

from tools.notebooks import BOOTSTRAP, ROOT, all_notebooks, code_cells, read, tags, write

WORDS = 150  # a minute
LINE = 5 / 60  # minutes
PREDICTION = 1.0
FIGURE = 0.5
STATED = re.compile(r"(\*\*Time\*\* about )(?:\d+ minutes|\d+(?:½)? h\w*|\d+ min\w*)")
EXERCISE = re.compile(r"^#+ Exercise \d+\.\d+: .*\((\d+) minutes?\)", re.M)
FOLDED = re.compile(r"<details>.*?</details>", re.DOTALL)
SYMBOL = re.compile(r"\\?[A-Za-z]+|[0-9.]+|[=+\-*/<>^]")


def contents(notebook):
    """Return {what: how much} of all that takes a learner's time."""
    text = "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
    predictions = len(re.findall(r"\*\*Predict", text))
    text = FOLDED.sub("", text)
    formulas = "".join(re.findall(r"\$\$?(.+?)\$\$?", text, re.DOTALL))
    prose = re.sub(r"\$\$?.+?\$\$?|\]\([^)]*\)", " ", text, flags=re.DOTALL)
    code = [c for c in code_cells(notebook) if BOOTSTRAP not in tags(c)]
    lines = [line for c in code for line in c.source.splitlines()]
    return {
        "words": len(re.findall(r"[^\W_][\w’'-]*", prose)) + len(SYMBOL.findall(formulas)) // 2,
        "code lines": sum(bool(line.strip()) for line in lines),
        "exercises": sum(int(minutes) for minutes in EXERCISE.findall(text)),
        "predictions": predictions,
        "figures": sum("image/png" in o.get("data", {}) for c in code for o in c.outputs),
    }


def minutes(notebook):
    """Return the minutes that a notebook takes a learner, rounded to five."""
    has = contents(notebook)
    total = (
        has["words"] / WORDS + has["code lines"] * LINE + has["exercises"]
        + has["predictions"] * PREDICTION + has["figures"] * FIGURE
    )  # fmt: skip
    return 5 * round(total / 5)


def stated(notebook):
    """Return the minutes that the first cell of a notebook gives."""
    match = re.search(r"\*\*Time\*\* about (\d+) minutes", notebook.cells[0].source)
    return int(match[1]) if match else None


def main(arguments=None):
    """Run the command line. Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.times", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--write", action="store_true", help="write the minutes")
    options = parser.parse_args(arguments)
    readme, page = ROOT / "README.md", ROOT / "docs" / "instructors.md"
    for path in all_notebooks():
        notebook = read(path)
        needed = minutes(notebook)
        print(path.stem, needed, contents(notebook), "stated:", stated(notebook))
        if options.write:
            cell = notebook.cells[0]
            cell.source = STATED.sub(rf"\g<1>{needed} minutes", cell.source)
            write(notebook, path)
            for file in (readme, page):
                row = re.compile(rf"^(\| .*\b{path.stem[:2]} .*?\| )(\d+ min)( \|)", re.M)
                text = row.sub(rf"\g<1>{needed} min\3", file.read_text(encoding="utf-8"))
                file.write_text(text, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
