"""Settings for every test, and for the kernels and processes that tests start.

One BLAS thread; and a deprecated call is an error where the course's own code makes it.
"""

import os
from pathlib import Path

for variable in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ[variable] = "1"

# PYTHONWARNINGS takes the full name of a module, no pattern; a notebook's cells are `__main__`.
ROOT = Path(__file__).parent
FILES = [path.relative_to(ROOT).with_suffix("") for path in ROOT.glob("helpers/**/*.py")]
MODULES = ["__main__", *(".".join(file.parts).removesuffix(".__init__") for file in FILES)]
os.environ["PYTHONWARNINGS"] = ",".join(f"error::DeprecationWarning:{name}" for name in MODULES)
