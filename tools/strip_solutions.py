"""Copy the notebooks without their folded solutions, for a class that is to find them itself.

    python -m tools.strip_solutions               to handout/
    python -m tools.strip_solutions OUTDIR        to another folder, which must be new or empty

Hints and checks stay, and every other byte of a notebook.
"""

import argparse
import re
import sys
from pathlib import Path

import nbformat

from tools.notebooks import ROOT, all_notebooks, read

SOLUTION = re.compile(r"\n*<details><summary>Solution</summary>\n.*?</details>", re.DOTALL)


def without_solutions(path):
    """Return the text of a notebook file without its folded solutions.

    Raises ValueError naming the file if it is no notebook, and the cell if a solution is left.
    """
    notebook = read(path)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = SOLUTION.sub("", cell.source)
            if "<summary>Solution" in cell.source:
                raise ValueError(
                    f"{path.name}, cell {cell.id}: a solution that begins with "
                    "<details><summary>Solution</summary> on a line of its own and ends with "
                    "</details> can be taken out; this one has another form"
                )
    return nbformat.writes(notebook).rstrip("\n") + "\n"


def strip_solutions(paths, folder):
    """Write the notebooks at `paths` without solutions to `folder`. Returns the paths written.

    A folder that exists may hold nothing but these same files; raises FileExistsError naming what
    else it holds, so that nobody's work is overwritten.
    """
    texts = {folder / path.name: without_solutions(path) for path in paths}
    if folder.exists() and not folder.is_dir():
        raise FileExistsError(f"{folder} is a file; name a folder")
    for path in sorted(folder.iterdir()) if folder.exists() else []:
        if path not in texts or path.read_text(encoding="utf-8") != texts[path]:
            raise FileExistsError(
                f"{folder} already holds {path.name}, which is not the one to be written; name a "
                "new folder, or empty this one"
            )
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8", newline="\n")
    return list(texts)


def main(arguments=None):
    """Run the command line. Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.strip_solutions", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("outdir", nargs="?", type=Path, default=ROOT / "handout", metavar="OUTDIR")
    folder = parser.parse_args(arguments).outdir
    try:
        written = strip_solutions(all_notebooks(), folder)
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"{len(written)} notebooks without solutions in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
