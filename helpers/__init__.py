"""What the notebooks share, and what belongs to one of them (in `helpers.lessons`).

Importing it holds NumPy's matrix products (BLAS) to one thread. The arrays of this course are
small: threads that wait for each other cost more than they save, and on a machine that is busy, or
allowed less than its cores, they can cost a hundred times as much. Where the course uses two cores
it starts two workers of its own. `helpers.release_threads()` gives BLAS its threads back.
"""

import logging
import sys

import numpy  # noqa: F401  its BLAS has to be loaded before it can be held

try:
    from threadpoolctl import threadpool_limits

    _hold = threadpool_limits(1, "blas")
except ImportError:  # a browser has no BLAS threads
    _hold = None


def release_threads():
    """Give BLAS as many threads as it had before the course was imported."""
    if _hold is not None:
        _hold.restore_original_limits()


# What looks like an error and is none: Matplotlib's message when it starts for the first time and
# lists the fonts; in a browser, tqdm's that no thread can watch over its bars, and the bars, which
# it writes to stderr because it does not notice that Jupyter is there.
logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
if sys.platform == "emscripten":
    from tqdm import auto, notebook, tqdm

    tqdm.monitor_interval = 0
    auto.tqdm = notebook.tqdm
