"""The data of the course: what the files hold, what the loaders promise, characters as tokens."""

import gzip
import io
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import data
from tools import build_data
from tools.runs import keep_in, save_runs

ROOT = Path(__file__).resolve().parent.parent
LOADERS = {
    "shakespeare.txt": data.load_shakespeare,
    "shakespeare.json": data.load_shakespeare,
    "names.txt": data.load_names,
    "digits.npz": data.load_digits,
}


@pytest.fixture(scope="module")
def plays():
    return data.load_plays()


@pytest.fixture(scope="module")
def text(plays):
    return "".join(play.text for play in plays)


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """A copy of the data folder, which the loaders read and a test may damage."""
    folder = tmp_path / "data"
    folder.mkdir()
    for name in data.SHA256:
        shutil.copy(ROOT / "data" / name, folder / name)
    monkeypatch.setattr(data, "_INSTALLED", tmp_path / "helpers" / "_data")
    monkeypatch.setattr(data, "_CHECKOUT", folder)
    return folder


# --- Files and hashes ---------------------------------------------------------------------


@pytest.mark.parametrize("name", data.SHA256)
def test_the_readme_states_the_hash_the_module_checks(name):
    readme = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    assert re.findall(rf"([0-9a-f]{{64}})  {re.escape(name)}$", readme, re.M) == [data.SHA256[name]]


@pytest.mark.parametrize("name", data.SHA256)
def test_the_readme_states_the_size(name):
    readme = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    size = len((ROOT / "data" / name).read_bytes().replace(b"\r\n", b"\n"))
    if name.endswith(".npz"):
        size = (ROOT / "data" / name).stat().st_size
    assert f"| `{name}` | {size:,} |" in readme


def test_the_readme_lists_the_plays(plays):
    readme = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    for play, source in zip(plays, build_data.PLAYS, strict=True):
        speeches = play.text.strip("\n").count("\n\n") + 1
        row = f"| {play.title} | {play.split} | {len(play.text):,} | {speeches:,} "
        assert row + f"| `{source.source}` |" in readme


def test_git_keeps_line_ends_and_does_not_touch_the_arrays():
    rules = (ROOT / ".gitattributes").read_text(encoding="utf-8").splitlines()
    for rule in ("data/*.txt text eol=lf", "data/*.json text eol=lf", "*.npz binary"):
        assert rule in rules


@pytest.mark.parametrize("name", ["shakespeare.txt", "shakespeare.json", "names.txt"])
def test_texts_are_ascii_with_one_line_end_at_the_end(name):
    content = (ROOT / "data" / name).read_bytes().replace(b"\r\n", b"\n")
    assert content.isascii()
    assert b"\r" not in content
    assert content.endswith(b"\n") and not content.endswith(b"\n\n")


def test_importing_reads_no_file_and_takes_no_time():
    code = (
        "import builtins, io, sys, numpy\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "import helpers\n"
        "def refuse(*args, **kwargs): raise AssertionError(args)\n"
        "import pathlib\n"
        "pathlib.Path.read_bytes = pathlib.Path.read_text = pathlib.Path.open = refuse\n"
        "builtins.open = refuse\n"
        "import helpers.data\n"
        "assert 'matplotlib' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code, str(ROOT)], check=True)


# --- The plays ----------------------------------------------------------------------------

SPEAKER = re.compile(r"[A-Z]+( [A-Z]+)*:")

# What editors, typists and stage managers left behind. None of it is speech.
RESIDUES = {
    "brackets, underscores and other symbols": r"[\[\]{}()_/\\&*<>#@%+=|~^`\"$]",
    "digits": r"[0-9]",
    "tabs": r"\t",
    "blanks at an end of a line": r"^ | $",
    "double blanks": r"  ",
    "a blank before a point or a comma": r" [,;:.!?]",
    "no blank after a point or a comma": r"[,;:!?.][A-Za-z]",
    "two points or commas": r"[,;:.]{2}",
    "a hyphen at a line end": r"(?<!-)-$",
    "a hyphen that is no hyphen": r"(?<![A-Za-z'-])-(?!-)|(?<!-)-(?![A-Za-z'-])|---",
    "blanks around a dash": r" --|-- ",
    "a capital inside a word": r"[a-z][A-Z]",
    "entrances and exits": r"\b(Exit|Exeunt|Re-enter|Manet|Manent)\b|^Enter [A-Za-z]|^Enter$",
    "other stage directions": r"^(Aside|Sings|Reads|Flourish|Alarum|Alarums|Sennet|Tucket)([.:]|$)",
    "headings": r"\b(ACT|SCENE|Scene|EPILOGUE|DRAMATIS|SONG)\b|^(Act|Song|Chorus)\b|THE END",
    "a number as a heading": r"^[IVX]+\.?$",
    "a speaker line of the source": r"^[A-Z][A-Z .]+\.$",
    "a shortened speaker": r"^(Ham|Hor|Pol|Oph|Laer|Ros|Guil|Mar|Ber|Osr|Chor|Capt|Mess)\. ",
    "the library": r"(?i)gutenberg|\be-?text|copyright|shakespeare|\be-?book",
}


@pytest.mark.parametrize("kind", RESIDUES)
def test_no_residue_of_the_source_is_left(text, kind):
    lines = [line for line in text.split("\n") if not SPEAKER.fullmatch(line)]
    assert [line for line in lines if re.search(RESIDUES[kind], line)] == []


def test_the_alphabet_is_small(text):
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    assert "".join(sorted(set(text))) == "\n !',-.:;?" + letters


def test_every_speech_is_a_speaker_and_lines(plays):
    for play in plays:
        for speech in play.text.strip("\n").split("\n\n"):
            speaker, *lines = speech.split("\n")
            assert SPEAKER.fullmatch(speaker), speech
            assert lines and all(lines), speech
            assert not any(SPEAKER.fullmatch(line) for line in lines), speech


def test_speakers_are_the_names_of_the_tables(plays):
    for play, source in zip(plays, build_data.PLAYS, strict=True):
        found = {line[:-1] for line in play.text.split("\n") if SPEAKER.fullmatch(line)}
        assert found == set(source.speakers.values())


def test_lines_have_no_more_than_70_characters(text):
    assert max(len(line) for line in text.split("\n")) == build_data.WIDTH == 70


def test_no_double_empty_lines(text):
    assert "\n\n\n" not in text


def test_the_size_is_about_a_megabyte(text):
    assert 1_000_000 < len(text) < 1_200_000


def test_the_split_is_by_whole_plays(plays):
    splits = [play.split for play in plays]
    assert splits == sorted(splits) and set(splits) == {"train", "validation"}
    assert len({play.title for play in plays}) == len(plays) == 9
    train, validation = data.load_shakespeare()
    assert train == "".join(play.text for play in plays if play.split == "train")
    assert 0.08 < len(validation) / (len(train) + len(validation)) < 0.12


def test_the_two_texts_are_the_file(text):
    assert "".join(data.load_shakespeare()) == text


def test_training_and_validation_share_no_30_characters():
    train, validation = data.load_shakespeare()
    length = 30
    known = {train[i : i + length] for i in range(len(train) - length + 1)}
    shared = [
        validation[i : i + length]
        for i in range(len(validation) - length + 1)
        if validation[i : i + length] in known
    ]
    assert shared == []


def test_validation_needs_no_symbol_that_training_lacks():
    train, validation = data.load_shakespeare()
    assert set(validation) <= set(train)


# --- The names ----------------------------------------------------------------------------


def test_names_are_sorted_unique_and_lower_case():
    names = data.load_names()
    assert names == sorted(set(names))
    assert all(re.fullmatch("[a-z]{2,11}", name) for name in names)
    assert len(names) == 5163
    assert {"mary", "james", "linda", "john"} <= set(names)


# --- The digits ---------------------------------------------------------------------------


def test_digits_have_the_stated_shapes_and_ranges():
    x_train, y_train, x_test, y_test = data.load_digits()
    assert x_train.shape == (1438, 64) and y_train.shape == (1438,)
    assert x_test.shape == (359, 64) and y_test.shape == (359,)
    assert x_train.dtype == x_test.dtype == np.float64
    assert y_train.dtype == y_test.dtype == np.intp
    for x in (x_train, x_test):
        assert x.min() == 0 and x.max() == 1
        np.testing.assert_array_equal(x * 16, np.round(x * 16))


def test_a_fifth_of_each_class_is_held_out():
    _, y_train, _, y_test = data.load_digits()
    train, test = np.bincount(y_train), np.bincount(y_test)
    assert len(train) == len(test) == 10
    assert [round((a + b) / 5) for a, b in zip(train, test, strict=True)] == list(test)


def test_no_picture_occurs_twice():
    x_train, _, x_test, _ = data.load_digits()
    pictures = np.concatenate([x_train, x_test])
    assert len(np.unique(pictures, axis=0)) == len(pictures) == 1797


def test_digits_are_the_callers_to_change():
    data.load_digits()[0][:] = 7
    assert data.load_digits()[0].max() == 1


def test_digits_are_written_the_same_way_each_time():
    with np.load(ROOT / "data" / "digits.npz") as file:
        arrays = dict(file)
    assert list(arrays) == ["x_train", "y_train", "x_test", "y_test"]
    assert all(array.dtype == np.uint8 for array in arrays.values())
    assert build_data.to_npz(arrays) == (ROOT / "data" / "digits.npz").read_bytes()


# --- Missing and damaged files ------------------------------------------------------------


@pytest.mark.parametrize("name", LOADERS)
def test_a_missing_file_is_named_with_the_remedy(copied, monkeypatch, name):
    (copied / name).unlink()
    with pytest.raises(FileNotFoundError, match=re.escape(name)) as error:
        LOADERS[name]()
    assert str(copied) in str(error.value)
    assert "Reinstall the course" in str(error.value)  # no tools/ beside it: no checkout
    (copied.parent / "tools").mkdir()
    (copied.parent / "tools" / "build_data.py").touch()
    with pytest.raises(FileNotFoundError, match="python -m tools.build_data"):
        LOADERS[name]()


@pytest.mark.parametrize("name", LOADERS)
@pytest.mark.parametrize("damage", ["truncated", "edited", "empty"])
def test_a_damaged_file_is_named_with_the_remedy(copied, name, damage):
    content = (copied / name).read_bytes()
    middle = len(content) // 2
    edited = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
    broken = {"truncated": content[:-100], "edited": edited, "empty": b""}[damage]
    (copied / name).write_bytes(broken)
    with pytest.raises(data.DataError, match="is damaged") as error:
        LOADERS[name]()
    assert isinstance(error.value, ValueError)
    assert name in str(error.value) and data.SHA256[name][:12] in str(error.value)
    assert "Reinstall the course" in str(error.value)


def test_windows_line_ends_are_no_damage(copied):
    for name in ("shakespeare.txt", "shakespeare.json", "names.txt"):
        content = (copied / name).read_bytes()
        (copied / name).write_bytes(content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
    assert "\r" not in data.load_shakespeare()[0]
    assert data.load_names()[0] == "aaron"


def test_the_installed_folder_comes_first(copied):
    data._INSTALLED.mkdir(parents=True)
    shutil.copy(copied / "names.txt", data._INSTALLED / "names.txt")
    assert data.data_path("names.txt") == data._INSTALLED / "names.txt"
    assert data.data_path("digits.npz") == copied / "digits.npz"


def test_another_file_of_a_checkout_is_restored_by_git(monkeypatch):
    with pytest.raises(FileNotFoundError, match=r"git restore data/no_such\.npz"):
        data.data_path("no_such.npz")


# --- The tokenizer ------------------------------------------------------------------------


@given(st.text(min_size=1))
def test_decode_undoes_encode(text):
    tokenizer = data.CharTokenizer.from_text(text)
    tokens = tokenizer.encode(text)
    assert tokens.dtype == np.intp and tokens.shape == (len(text),)
    assert tokenizer.decode(tokens) == text
    assert tokenizer.decode(tokens.tolist()) == text
    assert tokens.tolist() == [tokenizer.alphabet.index(character) for character in text]


@given(st.lists(st.characters(exclude_categories=()), min_size=1, unique=True))
def test_encode_undoes_decode(characters):
    tokenizer = data.CharTokenizer("".join(characters))
    tokens = np.arange(tokenizer.vocab_size)
    assert tokenizer.decode(tokens) == tokenizer.alphabet
    np.testing.assert_array_equal(tokenizer.encode(tokenizer.alphabet), tokens)


@given(st.text(min_size=1), st.characters())
def test_an_unknown_character_is_never_encoded(text, character):
    tokenizer = data.CharTokenizer.from_text(text)
    if character in text:
        assert tokenizer.decode(tokenizer.encode(character)) == character
    else:
        with pytest.raises(ValueError, match="is not in the alphabet"):
            tokenizer.encode(text + character)


def test_the_plays_go_there_and_back(text):
    tokenizer = data.CharTokenizer.from_text(text)
    tokens = tokenizer.encode(text)
    assert tokenizer.vocab_size == 62
    counts = Counter(text)
    expected = [counts[character] for character in tokenizer.alphabet]
    np.testing.assert_array_equal(np.bincount(tokens), expected)
    assert tokenizer.decode(tokens) == text


def test_nothing_encodes_to_nothing():
    tokenizer = data.CharTokenizer("ab")
    assert tokenizer.encode("").shape == (0,) and tokenizer.encode("").dtype == np.intp
    assert tokenizer.decode([]) == tokenizer.decode(np.array([], dtype=np.intp)) == ""


def test_tokens_follow_the_given_alphabet():
    tokenizer = data.CharTokenizer("cab")
    assert tokenizer.alphabet == "cab"
    assert tokenizer.encode("abc").tolist() == [1, 2, 0]
    assert data.CharTokenizer.from_text("cabcab").alphabet == "abc"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ab?ab!", "'?' at index 2 is not in the alphabet '\\nab'"),
        ("ab\nba\nxa", "'x' at index 6 (line 3, column 1) is not in the alphabet '\\nab'"),
        ("a\u20ac\n", "'\u20ac' at index 1 (line 1, column 2) is not in the alphabet '\\nab'"),
        ("\t", "'\\t' at index 0 is not in the alphabet '\\nab'"),
    ],
)
def test_the_unknown_character_is_named_with_its_place(text, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        data.CharTokenizer("\nab").encode(text)


@pytest.mark.parametrize("value", [None, 3, b"ab", ["a", "b"], np.array([0, 1])])
def test_only_str_is_encoded(value):
    with pytest.raises(TypeError, match="text must be a str, got "):
        data.CharTokenizer("ab").encode(value)
    with pytest.raises(TypeError, match="text must be a str"):
        data.CharTokenizer.from_text(value)
    with pytest.raises(TypeError, match="alphabet must be a str"):
        data.CharTokenizer(value)


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        ([0, 1, 2], "token 2 at index 2 is outside 0..1"),
        ([0, -1, 7], "token -1 at index 1 is outside 0..1"),
        (np.array([5], dtype=np.uint8), "token 5 at index 0 is outside 0..1"),
    ],
)
def test_the_first_impossible_token_is_named(tokens, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        data.CharTokenizer("ab").decode(tokens)


@pytest.mark.parametrize("tokens", [[0.0, 1.0], np.zeros(2, np.float32), [True], ["a"], [None]])
def test_only_integers_are_decoded(tokens):
    with pytest.raises(TypeError, match="tokens must be integers"):
        data.CharTokenizer("ab").decode(tokens)


@pytest.mark.parametrize("tokens", [1, np.intp(0), [[0, 1]], np.zeros((0, 2), int)])
def test_only_one_axis_is_decoded(tokens):
    with pytest.raises(ValueError, match="tokens must have one axis"):
        data.CharTokenizer("ab").decode(tokens)


def test_an_alphabet_has_characters_and_each_once():
    with pytest.raises(ValueError, match="the alphabet is empty"):
        data.CharTokenizer("")
    with pytest.raises(ValueError, match="the alphabet is empty"):
        data.CharTokenizer.from_text("")
    with pytest.raises(ValueError, match="holds 'b' twice, at 1 and at 3"):
        data.CharTokenizer("abcb")


def test_tokenizers_are_equal_if_their_alphabets_are():
    one, same, other = (data.CharTokenizer(alphabet) for alphabet in ("ab", "ab", "ba"))
    assert one == same and hash(one) == hash(same)
    assert one != other and one != "ab"
    assert eval(repr(one), {"CharTokenizer": data.CharTokenizer}) == one
    with pytest.raises(AttributeError):
        one.alphabet = "xy"


# --- The build ----------------------------------------------------------------------------


def test_the_parser_on_a_small_play():
    play = build_data.Play(
        title="Test",
        source="test.txt",
        split="train",
        start="ACT I.",
        speakers={"Ham": "HAMLET", "1 Clown": "FIRST CLOWN"},
        edits=(("tTill", "till", 1),),
    )
    source = (
        "TEST\n\nHam., a prince\n\nACT I.\n\nScene I. A room with a\nview.\n\n[Enter Ham.]\n\n"
        'Ham.\n[Aside.] Wait , tTill "then";\nNo more.\n\n[Exit.].\n\nHam.\nAgain-- I, &c.\n\n'
        "1 Clown.\nThis is a speech in prose, which was broken at another width by a cinque-\n"
        "pace and so on\nand on.\n\nScene II.\n\n1 Clown.\nNew scene.\n\nTHE END\n"
    )
    assert build_data.layout(build_data.speeches_of(play, source)) == (
        "HAMLET:\nWait, till 'then';\nNo more.\nAgain--I, etc.\n\n"
        "FIRST CLOWN:\nThis is a speech in prose, which was broken at another width by a\n"
        "cinque-pace and so on and on.\n\nFIRST CLOWN:\nNew scene.\n\n"
    )
    windows = source.replace("\n", "\r\n")
    assert build_data.speeches_of(play, windows) == build_data.speeches_of(play, source)
    with pytest.raises(build_data.BuildError, match="0 of 'tTill', not 1"):
        build_data.speeches_of(play, source.replace("tTill", "till"))
    with pytest.raises(build_data.BuildError, match="nobody says 'Who am I"):
        build_data.speeches_of(play, source.replace("Ham.\n[Aside.]", "Who am I?\n"))


def test_an_archive_with_another_hash_is_refused(tmp_path):
    archive = build_data.ARCHIVES["names"]
    with pytest.raises(build_data.BuildError, match="is not in"):
        build_data.read_archive(archive, tmp_path)
    (tmp_path / archive.filename).write_bytes(b"something else")
    with pytest.raises(build_data.BuildError, match=f"not {archive.sha256}"):
        build_data.read_archive(archive, tmp_path)


def test_an_archive_without_the_file_is_refused():
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz"):
        pass
    with pytest.raises(build_data.BuildError, match=r"lacks a\.txt"):
        build_data.members_of_tar(stream.getvalue(), {"a.txt"})


def test_digits_come_out_of_a_wheel():
    rows = [[label] * 64 + [label] for label in range(10) for _ in range(5)]
    table = "\n".join(",".join(f"{cell:.0f}" for cell in row) for row in rows) + "\n"
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as wheel:
        wheel.writestr("sklearn/datasets/data/digits.csv.gz", gzip.compress(table.encode()))
    content = build_data.build_digits(stream.getvalue())
    assert content == build_data.build_digits(stream.getvalue())
    with np.load(io.BytesIO(content)) as file:
        assert file["x_train"].shape == (40, 8, 8) and file["x_test"].shape == (10, 8, 8)
        assert sorted(file["y_test"]) == list(range(10))


def test_check_names_the_file_that_differs(copied, monkeypatch, capsys):
    files = {name: (copied / name).read_bytes() for name in data.SHA256}
    monkeypatch.setattr(build_data, "DATA", copied)
    monkeypatch.setattr(build_data, "build", lambda folder: files)
    assert build_data.main(["--check"]) == 0
    (copied / "names.txt").write_bytes(b"aaron\n")
    (copied / "digits.npz").unlink()
    assert build_data.main(["--check"]) == 1
    problems = capsys.readouterr().err
    assert "data/names.txt differs" in problems and "data/digits.npz is missing" in problems
    assert "shakespeare" not in problems
    assert (copied / "names.txt").read_bytes() == b"aaron\n"  # nothing was written
    assert build_data.main([]) == 0
    assert (copied / "digits.npz").read_bytes() == files["digits.npz"]


@pytest.mark.network
def test_the_data_can_be_rebuilt_from_the_registry():
    command = [sys.executable, "-m", "tools.build_data", "--check"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8")
    assert result.returncode == 0, result.stderr


RUN = {"loss": np.linspace(3, 1, 40), "checked": np.arange(3), "seconds": 1.25}
RUNS = {
    "06 play": [np.linspace(-1, 1, 30_000, dtype=np.float32), RUN, {0: "qx", 20: "To be\n"}],
    "06 one": [np.float64(0.5)],
}


def test_long_runs_are_kept_and_read_back(tmp_path):
    save_runs(tmp_path / "runs_06.npz", RUNS)
    (theta, run, samples), (one,) = data.load_runs(tmp_path / "runs_06.npz").values()
    assert theta.dtype == np.float32
    np.testing.assert_allclose(theta, RUNS["06 play"][0], atol=1e-3)
    assert (tmp_path / "runs_06.npz").stat().st_size < 90_000, "large arrays with three digits"
    assert list(run) == list(RUN) and samples == {0: "qx", 20: "To be\n"} and one == 0.5
    for name, value in RUN.items():
        np.testing.assert_array_equal(run[name], value)


def test_long_runs_are_short_in_a_browser_alone(tmp_path, monkeypatch, capsys):
    """The build keeps what a run came to; a browser trains a little and takes that."""
    theta, run, samples = RUNS["06 play"]
    assert data.browser_steps(1700) == 1700
    monkeypatch.setattr(data, "KEEP", None)
    keep_in(tmp_path / "runs_06.npz")
    assert data.browser_result("06 play", theta, run, samples) == (theta, run, samples)
    assert data.browser_result("06 one", 0.5) == 0.5
    assert capsys.readouterr().out == ""
    monkeypatch.setattr(data, "SHORT_RUNS", True)
    monkeypatch.setattr(data, "_CHECKOUT", tmp_path)
    assert data.browser_steps(1700) == 20
    assert data.browser_result("06 one", None) == 0.5
    theta, run, samples = data.browser_result("06 play", None, None, None)
    assert theta.shape == (30_000,) and run["seconds"] == 1.25 and samples[20] == "To be\n"
    assert "06 play" in capsys.readouterr().out
    with pytest.raises(KeyError, match="06 other"):
        data.browser_result("06 other", None)
