"""Keep what the long runs of a notebook came to, for `browser_result` of helpers/data.py."""

import json

import numpy as np

from helpers.data import load_runs


def keep_run(path, name, values):
    """Add a run, or replace it, in a file that is there or not."""
    save_runs(path, (load_runs(path) if path.exists() else {}) | {name: values})


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
