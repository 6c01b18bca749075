"""The data of the course: nine plays, first names, handwritten digits; characters as tokens.

The files are described in data/README.md. They lie in data/ of a checkout and in helpers/_data/
of an installed course. Each loader checks the sha256 of what it reads, so that a file which was
cut short or edited is reported at once, and not met later as a strange loss.
"""

import hashlib
import io
import json
import os
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from helpers.guards import must, string

# Of the bytes of each file; of a text with its line ends as "\n", whatever git made of them.
SHA256 = {
    "shakespeare.txt": "a022d6b1a3389ed4a883cd61c10d51874b075a6f97f326e87dbdc6412d7c8a5f",
    "shakespeare.json": "40648731abb6920172dffcc67b443bbbc81f5c86096c1c65daeff58a2a2a5393",
    "names.txt": "cba14f452b7768bd7fe093035a67491d4a334061634ccfd51522fb796910e75e",
    "digits.npz": "146c72aa44f59318c2456ee36d674d29fe75d345d9731288ddde9944058bf246",
}

_INSTALLED = Path(__file__).resolve().parent / "_data"
_CHECKOUT = _INSTALLED.parents[1] / "data"

# In a browser NumPy has no BLAS, one thread, and a training step takes some fifty times as long.
SHORT_RUNS = sys.platform == "emscripten" or bool(os.environ.get("COURSE_SHORT_RUNS"))
KEEP = None  # a function that keeps the values of a run under its name; the build sets it


class DataError(ValueError):
    """A data file is there but is not the file of the course."""


class Play(NamedTuple):
    """One play: its title, its split ("train" or "validation") and its text."""

    title: str
    split: str
    text: str


def _remedy(name):
    """The command that brings a file back."""
    if not (_CHECKOUT.parent / "tools" / "build_data.py").is_file():
        return "Reinstall the course: add --force-reinstall --no-deps to its pip command."
    if name in SHA256:
        return "Rebuild it with: python -m tools.build_data"
    return f"Restore it with: git restore data/{name}"


def data_path(name):
    """The `pathlib.Path` of a data file, such as "names.txt", in an installed course or a checkout.

    Raises FileNotFoundError, with the folders that were searched and how to bring the file back.
    """
    for folder in (_INSTALLED, _CHECKOUT):
        if (folder / name).is_file():
            return folder / name
    raise FileNotFoundError(f"{name} is not in {_INSTALLED} or {_CHECKOUT}. {_remedy(name)}")


def _read(name):
    """The bytes of a data file, line ends as "\\n"; DataError unless their sha256 is as above."""
    path = data_path(name)
    content = path.read_bytes()
    if not name.endswith(".npz"):
        content = content.replace(b"\r\n", b"\n")
    found = hashlib.sha256(content).hexdigest()
    if found != SHA256[name]:
        raise DataError(f"{path} is damaged: its {len(content):,} bytes have sha256 "
                        f"{found[:12]}..., not {SHA256[name][:12]}... . {_remedy(name)}")
    return content


# What the loaders return is described in data/README.md. Each raises FileNotFoundError or DataError
# if a file is missing or damaged.
def load_plays():
    """The nine plays, as a list of `Play(title, split, text)`, those for training first.

    A text is made of speeches with an empty line between them; a speech is a line with the
    speaker's name in capitals and a colon, then its lines.
    """
    text = _read("shakespeare.txt").decode("ascii")
    plays = json.loads(_read("shakespeare.json"))["plays"]
    return [Play(p["title"], p["split"], text[p["start"] : p["end"]]) for p in plays]


def load_shakespeare():
    """The plays as `(train_text, validation_text)`.

    Two str of some 984,000 and 110,000 characters, out of an alphabet of 62. No play is in both,
    and together they are the whole file.
    """
    plays = load_plays()
    return tuple("".join(play.text for play in plays if play.split == split)
                 for split in ("train", "validation"))


def load_names():
    """First names as a list of 5,163 str, in a to z only, sorted, each once."""
    return _read("names.txt").decode("ascii").split()


def load_digits():
    """Handwritten digits as `(x_train, y_train, x_test, y_test)`.

    x_train (1438, 64), x_test (359, 64): float64 from 0 (paper) to 1 (ink). A row is one picture
    of 8 by 8; `x.reshape(-1, 8, 8)` brings the pictures back.
    y_train (1438,), y_test (359,): intp, the digit 0 to 9, ready to be an index.
    The test pictures are a fifth of each class. The arrays are the caller's to change.
    """
    with np.load(io.BytesIO(_read("digits.npz"))) as file:
        return tuple(array for part in ("train", "test") for array in (
            file[f"x_{part}"].reshape(-1, 64) / 16.0,  # (N, 8, 8) of 0..16 -> (N, 64) of 0..1
            file[f"y_{part}"].astype(np.intp)))  # (N,)


@dataclass(frozen=True)
class CharTokenizer:
    """Characters as tokens: the token of a character is its place in the alphabet.

    alphabet: a str of distinct characters.
    Raises TypeError if it is no str, ValueError if it is empty or holds a character twice.

    >>> tokenizer = CharTokenizer.from_text("to be")
    >>> tokenizer.alphabet
    ' beot'
    >>> tokenizer.encode("bet")
    array([1, 2, 4])
    >>> tokenizer.decode([1, 2, 4])
    'bet'
    """

    alphabet: str

    def __post_init__(self):
        string("alphabet", self.alphabet)
        must(self.alphabet, "the alphabet is empty")
        for place, character in enumerate(self.alphabet):
            must(character not in self.alphabet[:place], "the alphabet holds {!r} twice, at {} and "
                 "at {}", character, self.alphabet.index(character), place)

    @classmethod
    def from_text(cls, text):
        """A tokenizer whose alphabet is every character of `text`, once, sorted."""
        string("text", text)
        return cls("".join(sorted(set(text))))

    @property
    def vocab_size(self):
        """How many tokens there are: int. The tokens are 0 to vocab_size - 1."""
        return len(self.alphabet)

    @cached_property
    def _tokens(self):
        """{character: token}"""
        return {character: token for token, character in enumerate(self.alphabet)}

    def encode(self, text):
        """The tokens of `text`: (T,) intp, one for each character.

        Raises TypeError if `text` is no str, ValueError if a character, which and where the message
        says, is not in the alphabet.
        """
        string("text", text)
        try:
            return np.fromiter(map(self._tokens.__getitem__, text), np.intp, len(text))
        except KeyError:
            index = next(i for i, character in enumerate(text) if character not in self._tokens)
        place = f"index {index}"
        if "\n" in text:
            line, column = text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)
            place += f" (line {line}, column {column})"
        raise ValueError(f"{text[index]!r} at {place} is not in the alphabet {self.alphabet!r}")

    def decode(self, tokens):
        """The text of `tokens`, (T,) integers as an array or a list: a str of T characters.

        Raises TypeError if they are no integers, ValueError if there is not exactly one axis or if
        a token, which and where the message says, is outside 0 to vocab_size - 1.
        """
        tokens = np.asarray(tokens)
        must(tokens.ndim == 1, "tokens must have one axis, (T,); their shape is {}", tokens.shape)
        must(not tokens.size or tokens.dtype.kind in "iu",  # an empty list has no dtype to speak of
             "tokens must be integers; their dtype is {}", tokens.dtype, error=TypeError)
        for i in np.flatnonzero((tokens < 0) | (tokens >= self.vocab_size))[:1]:
            raise ValueError(f"token {tokens[i]} at index {i} is outside 0..{self.vocab_size - 1}")
        return "".join(self.alphabet[token] for token in tokens.astype(int).tolist())


def browser_steps(steps, short=20):
    """How long a run should be: `steps`, but `short` in a browser."""
    return short if SHORT_RUNS else steps


def browser_result(name, *values):
    """What a long run came to: `values` as they are; in a browser, those of a run made before.

        history = train(model, tokens, browser_steps(STEPS))
        model.theta[:], history = browser_result("06 play", model.theta, history)

    name: the number of the notebook, a space, and a word for the run.
    values: arrays, numbers, texts, and lists and dicts of them. `python -m tools.build` keeps them
    in data/; a large array keeps three digits. Returns the values, or the value if it is one.
    Raises KeyError in a browser if the course has no such run.
    """
    if SHORT_RUNS:
        values = load_runs(data_path(f"runs_{name[:2]}.npz"))[name]
        print(f"In a browser: after a short run, the result of the whole one ({name}), "
              "which came with the course.")
    elif KEEP is not None:
        KEEP(name, values)
    return values[0] if len(values) == 1 else tuple(values)


def load_runs(path):
    """Read the runs that `tools.runs` wrote: {name: values}."""
    with np.load(path) as file:
        arrays = dict(file)

    def unpacked(entries):  # called for each JSON object, the innermost first
        if "array" in entries:
            return arrays[entries["array"]].astype(entries["dtype"])
        return dict(entries["dict"])

    return json.loads(arrays["content"].tobytes(), object_hook=unpacked)
