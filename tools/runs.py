"""Keep what the long runs of a notebook came to, for `browser_result` of helpers/data.py."""

import json
from pathlib import Path

import numpy as np

from helpers import data


def keep_in(path):
    """From now on, write to a file of this path, which may be there, what `browser_result` gets."""
    def keep(name, values):
        save_runs(path, (data.load_runs(path) if Path(path).exists() else {}) | {name: values})

    data.KEEP = keep


def save_runs(path, runs):
    """Write {name: values} to an .npz file: all arrays, and how they lie in the values, as JSON."""
    arrays = {}

    def packed(value):
        if isinstance(value, dict):
            return {"dict": [[packed(key), packed(entry)] for key, entry in value.items()]}
        if isinstance(value, (list, tuple)):
            return [packed(entry) for entry in value]
        if not isinstance(value, np.ndarray) or not value.ndim:
            return value.item() if isinstance(value, (np.ndarray, np.generic)) else value
        small = value.size < 20_000 or value.dtype.kind != "f"
        key = f"array {len(arrays)}"
        arrays[key] = value if small else value.astype(np.float16)
        return {"array": key, "dtype": value.dtype.str}

    content = json.dumps(packed(runs)).encode("ascii")
    np.savez_compressed(path, content=np.frombuffer(content, dtype=np.uint8), **arrays)
