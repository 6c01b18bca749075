"""Which notebooks the course has, and how one is read and written so that its bytes are stable."""

from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "notebooks"

# The course's own, in order. Whatever else lies in the folder (a copy, an Untitled) is a learner's.
NAMES = (
    "01_numpy_broadcasting",
    "02_gradient_descent",
    "03_feedforward_networks",
    "04_perceptron_logic_gates",
    "05_attention",
    "06_mini_generative_transformer",
    "07_modern_transformer",
)

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE = {
    "codemirror_mode": {"name": "ipython", "version": 3},
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
}
BOOTSTRAP = "bootstrap"  # the tag of the cell that fetches the helpers where they are missing
IGNORE = "nbval-ignore-output"  # the tag of a cell whose output may rightly differ

# The first code cell of every notebook, but for the address of the repository.
BOOTSTRAP_CELL = """\
# Run this first. Opened on its own, as on Colab, it fetches the course's helpers and data.
import importlib
import sys
from pathlib import Path

if (Path.cwd().parent / "helpers" / "lessons").is_dir():    # a clone of the course: use its own
    sys.path.insert(0, str(Path.cwd().parent))
try:
    importlib.import_module("helpers.live")
except ImportError:
    %pip install --quiet git+https://github.com/OWNER/REPO
    sys.modules.pop("helpers", None)
    try:
        importlib.import_module("helpers.live")
    except ImportError as error:
        raise ImportError(
            f"the course's helpers cannot be imported ({error}). Does a helpers.py or a folder "
            "helpers of yours lie beside this notebook? Rename it and restart the kernel. Without "
            "a network, set the course up first: its README says how, under Start") from None"""


def all_notebooks():
    """Return the paths of the course's notebooks in order."""
    return [path for name in NAMES if (path := FOLDER / f"{name}.ipynb").exists()]


def find(name):
    """Return the path of a notebook given by path, file name or number ("6", "06")."""
    for path in all_notebooks():
        if name.isdigit() and int(path.name[:2]) == int(name):
            return path
        if Path(name).name in (path.name, path.stem):
            return path
    known = ", ".join(path.name for path in all_notebooks())
    raise SystemExit(f"no notebook {name!r} in {FOLDER.name}/; there are: {known}")


def read(path):
    """Return a notebook as nbformat's version 4 object. Raises ValueError naming a broken file."""
    try:
        return nbformat.read(path, as_version=4)
    except Exception as error:
        raise ValueError(f"{path.name} is not a readable notebook: {error}") from error


def write(notebook, path):
    """Write a notebook: no metadata but kernel, language and tags; the same bytes everywhere."""
    kept = {key: notebook.metadata[key] for key in ("course",) if key in notebook.metadata}
    notebook.metadata = nbformat.from_dict(
        {"kernelspec": KERNEL, "language_info": LANGUAGE, **kept}
    )
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for cell in notebook.cells:
        tags = sorted(cell.metadata.get("tags", []))
        cell.metadata = nbformat.from_dict({"tags": tags} if tags else {})
    nbformat.validate(notebook)
    text = nbformat.writes(notebook).rstrip("\n") + "\n"
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8", newline="\n")


def code_cells(notebook):
    """Return the code cells of a notebook, in order."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def tags(cell):
    """Return the tags of a cell."""
    return cell.metadata.get("tags", [])
