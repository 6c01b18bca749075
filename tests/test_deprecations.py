"""A deprecated call fails the tests: in a notebook's cell, and in a helper that a cell calls."""

import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from helpers import plots
from tools.notebooks import IGNORE

CALL = "import warnings\nwarnings.warn('old', DeprecationWarning)"
CELLS = [
    CALL,
    f"from helpers import plots\nexec({CALL!r}, vars(plots))",
    f"from helpers.lessons.notebook_01 import exercises\nexec({CALL!r}, vars(exercises))",
]


def test_deprecated_call_in_a_notebook_fails(tmp_path):
    """Even in a cell whose output is not compared."""
    cells = [new_code_cell(source, metadata={"tags": [IGNORE]}) for source in CELLS]
    nbformat.write(new_notebook(cells=cells), tmp_path / "planted.ipynb")
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "planted.ipynb"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8",
                            check=False)  # fmt: skip
    assert f"{len(CELLS)} failed" in result.stdout


def test_deprecated_call_in_a_helper_fails():
    with pytest.raises(DeprecationWarning):
        exec(CALL, vars(plots))
