"""Where the long runs of notebook 07 are kept: data/modern_runs.json, each with how it was made."""

import datetime
import json
import os
import platform
import re
import sys
from pathlib import Path

PATH = Path(__file__).resolve().parent.parent / "data" / "modern_runs.json"
COMMANDS = {"ideas": "ideas", "windows": "ideas", "race": "race",
            "training_step": "training_step --modern", "generation": "generation"}


def read():
    """Return all that is stored: {name: {"command", "date", "processor", ..., "runs": [...]}}."""
    return json.loads(PATH.read_text(encoding="utf-8")) if PATH.is_file() else {}


def runs(name):
    """Return the runs stored under a name."""
    return read().get(name, {}).get("runs", [])


def add(name, run, about):
    """Add a run to those of a name. about: what all of them share, such as the number of steps."""
    everything = read()
    entry = everything.get(name, {"runs": []})
    kept = [old for old in entry["runs"] if not same_trial(old, run)]
    everything[name] = made_by(name) | about | {"runs": [*kept, run]}
    write(everything)


def same_trial(a, b):
    """True if two runs tried the same thing with the same seed."""
    keys = ("without", "context", "seed")
    return all(a.get(key) == b.get(key) for key in keys)


def put(name, entry):
    """Store the result of a whole benchmark under a name."""
    write(read() | {name: made_by(name) | entry})


def made_by(name):
    """Return what every entry says of its making."""
    return {"command": f"python -m benchmarks.{COMMANDS[name]}",
            "date": datetime.date.today().isoformat(), "processor": processor(),
            "cores": os.cpu_count()}


def write(everything):
    """Write the file: one run a line, so that a difference can be read."""
    text = json.dumps(everything, ensure_ascii=False, indent=1)
    text = re.sub(r"\[\s+([^\[\]{}]*?)\s+\]", lambda m: "[" + re.sub(r"\s*\n\s*", " ", m[1]) + "]",
                  text)
    PATH.write_text(text + "\n", encoding="utf-8", newline="\n")


def processor():
    """Return the name of this machine's processor."""
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
