"""Build the course: export the marked cells to helpers/, execute notebooks, store their outputs.

    python -m tools.build               every notebook
    python -m tools.build 6             one of them, by number, name or path
    python -m tools.build --export      only helpers/, nothing is executed
    python -m tools.build --check       change nothing; fail if something is out of date

Run twice, it changes no byte. The output of a cell tagged `nbval-ignore-output` (a timing, the
float32 training run) is kept while the code of its notebook is unchanged; --fresh replaces it.
"""

import argparse
import hashlib
import json
import re
import shutil
import sys
import tempfile
import time
from base64 import b64decode
from pathlib import Path

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell

from helpers.data import load_runs
from tools import notebooks
from tools.export import ExportError, exported_modules, stale_modules

ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}")
WIDGET = "application/vnd.jupyter.widget-view+json"
PICTURES = {"02_gradient_descent": "landscape.png"}  # opening figures that the README shows


class BuildError(Exception):
    """A notebook cannot be built. The message says which cell, why, and what to do."""


def main(arguments=None):
    """Run the command line. Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.build", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("notebook", nargs="*", help="number, name or path; by default all")
    parser.add_argument("--export", action="store_true", help="only export to helpers/")
    parser.add_argument("--check", action="store_true", help="change nothing, report what is stale")
    parser.add_argument("--fresh", action="store_true", help="replace ignored outputs too")
    options = parser.parse_args(arguments)
    chosen = [notebooks.find(name) for name in options.notebook] or notebooks.all_notebooks()
    try:
        stale = stale_modules(exported_modules())
        if options.check:
            return report(stale, [path for path in chosen if not is_current(path)])
        for path, source in stale.items():
            if source is None:
                path.unlink()
            else:
                path.write_text(source, encoding="utf-8", newline="\n")
            name = path.relative_to(notebooks.ROOT).as_posix()
            print(f"{'removed' if source is None else 'exported'} {name}")
        for path in [] if options.export else chosen:
            start = time.perf_counter()
            execute(path, options.fresh)
            print(f"executed {path.name} in {time.perf_counter() - start:.0f} s")
    except (ExportError, BuildError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def report(stale, outdated):
    """Print what is out of date and how to mend it. Returns the exit code."""
    for path in stale:
        name = path.relative_to(notebooks.ROOT).as_posix()
        print(f"{name} is out of date: run python -m tools.build --export")
    for path in outdated:
        print(f"{path.name} was changed after its last run: run python -m tools.build {path.name}")
    return 1 if stale or outdated else 0


def fingerprint(notebook):
    """Return a hash of everything that a notebook runs, but for its bootstrap cell."""
    digest = hashlib.sha256()
    for cell in notebooks.code_cells(notebook):
        if notebooks.BOOTSTRAP not in notebooks.tags(cell):
            digest.update(repr((sorted(notebooks.tags(cell)), cell.source)).encode("utf-8"))
    return digest.hexdigest()[:16]


def outputs_fingerprint(notebook):
    """Return a hash of everything that the cells of a notebook have printed and shown."""
    outputs = [cell.outputs for cell in notebooks.code_cells(notebook)]
    return hashlib.sha256(json.dumps(outputs, sort_keys=True).encode("utf-8")).hexdigest()[:16]


def is_current(path):
    """True if the stored outputs of a notebook were made by the code that it holds."""
    notebook = notebooks.read(path)
    return notebook.metadata.get("course", {}).get("built") == fingerprint(notebook)


def is_as_built(notebook):
    """True if neither the code of a notebook nor its outputs have changed since it was built."""
    return notebook.metadata.get("course", {}) == {
        "built": fingerprint(notebook), "outputs": outputs_fingerprint(notebook),
    }  # fmt: skip


def refresh_bootstrap(notebook):
    """Give a notebook the course's bootstrap cell, with the address that stands in it now."""
    for cell in notebooks.code_cells(notebook):
        if notebooks.BOOTSTRAP in notebooks.tags(cell):
            address = re.search(r"github\.com/([\w.-]+/[\w.-]+)", cell.source)[1]
            cell.source = notebooks.BOOTSTRAP_CELL.replace("OWNER/REPO", address)


def execute(path, fresh=False):
    """Run a notebook in a new kernel and store its outputs.

    Raises BuildError, and leaves the file as it was, if a cell fails or writes what would change
    from run to run.
    """
    keep = is_current(path) and not fresh
    notebook = notebooks.read(path)
    refresh_bootstrap(notebook)
    stored = {cell.id: cell.outputs for cell in notebooks.code_cells(notebook)}
    client = NotebookClient(
        notebook, timeout=1800, kernel_name="python3", record_timing=False,
        store_widget_state=False, coalesce_streams=True,
        resources={"metadata": {"path": str(path.parent)}},
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        runs = Path(folder, f"runs_{path.name[:2]}.npz")
        keeper = insert_keeper(notebook, runs)
        try:
            client.execute()
        except CellExecutionError as error:
            raise BuildError(f"{path.name}: a cell failed\n{error}") from error
        notebook.cells.remove(keeper)
        keep_runs(runs, notebooks.ROOT / "data" / runs.name, keep)
    for number, cell in enumerate(notebooks.code_cells(notebook), start=1):
        cell.execution_count = number
        ignored = notebooks.IGNORE in notebooks.tags(cell)
        if ignored and keep and stored[cell.id]:
            cell.outputs = stored[cell.id]
        else:
            cell.outputs = stable(cell.outputs, f"{path.name}, cell {cell.id}", ignored)
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = number
    notebook.metadata["course"] = {
        "built": fingerprint(notebook), "outputs": outputs_fingerprint(notebook),
    }  # fmt: skip
    notebooks.write(notebook, path)
    if path.stem in PICTURES:
        target = notebooks.ROOT / "docs" / PICTURES[path.stem]
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(opening_picture(notebook))


def insert_keeper(notebook, path):
    """Put a cell after the bootstrap cell, or first, that writes long runs to a file; return it."""
    cell = new_code_cell(f"import sys\nsys.path.append({str(notebooks.ROOT)!r})\n"
                         f"from tools.runs import keep_in\nkeep_in({str(path)!r})")
    places = [i for i, other in enumerate(notebook.cells, start=1)
              if notebooks.BOOTSTRAP in notebooks.tags(other)]
    notebook.cells.insert(max(places, default=0), cell)
    return cell


def keep_runs(new, old, keep):
    """Put the long runs of a notebook (`browser_result`) into data/, unless the old ones may stay.

    new, old: paths of .npz files, which need not be there.
    keep: True if the code is unchanged: then runs of the same names may stay.
    """
    if not new.exists():
        old.unlink(missing_ok=True)
    elif not (keep and old.exists() and load_runs(old).keys() == load_runs(new).keys()):
        shutil.copyfile(new, old)


def opening_picture(notebook):
    """Return the PNG bytes of a notebook's opening figure, the first picture in it."""
    return next(
        b64decode(output.data["image/png"])
        for cell in notebooks.code_cells(notebook)
        for output in cell.outputs
        if "image/png" in output.get("data", {})
    )


def stable(outputs, where, ignored):
    """Return outputs without what changes from run to run.

    Widget views and empty outputs are dropped.
    Raises BuildError for a warning, a memory address or a path of this machine.
    """
    kept = []
    for output in outputs:
        if output.output_type == "stream":
            if not output.text.strip():
                continue
            if output.name == "stderr" and not ignored:
                raise BuildError(f"{where} writes to stderr, so mend the cause:\n{output.text}")
            text = output.text
        else:
            data = output.get("data", {})
            if WIDGET in data and "image/png" not in data:
                continue  # a progress bar
            data.pop(WIDGET, None)
            text = data.get("text/plain", "")
        if ADDRESS.search(text) or str(notebooks.ROOT) in text:
            raise BuildError(f"{where} prints a memory address or a path of this machine:\n{text}")
        output.pop("transient", None)
        kept.append(output)
    return kept


if __name__ == "__main__":
    sys.exit(main())
