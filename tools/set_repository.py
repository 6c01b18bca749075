"""Write the address of the repository, and of its web site, into every badge, cell and link.

    python -m tools.set_repository                  the address of `git remote get-url origin`
    python -m tools.set_repository OWNER/REPO       another one on GitHub
"""

import argparse
import re
import subprocess
import sys

from tools.notebooks import ROOT

NAME = r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+?"
# What stands before the address, the address, and what follows it.
PATTERNS = [
    re.compile(rf"(github\.com/)({NAME})(?=(?:\.git)?(?:[\s\"')\]\\#&]|/blob|/actions|$))"),
    re.compile(rf"(colab\.research\.google\.com/github/)({NAME})(?=/blob/)"),
    re.compile(rf"(mybinder\.org/v2/gh/)({NAME})(?=/main)"),
    re.compile(rf"(codespaces\.new/)({NAME})(?=\?)"),
]
# The web site of a repository on GitHub Pages: its owner is part of the host.
SITE = re.compile(r"https://([A-Za-z0-9-]+)\.github\.io/([A-Za-z0-9_.-]+?)(?=[/)\s\"'>]|$)")


def files(root):
    """Return the files in which the address stands."""
    names = ["README.md", "pyproject.toml", "CONTRIBUTING.md", "docs/book/conf.py"]
    found = [root / name for name in names if (root / name).exists()]
    found += sorted((root / "docs").glob("*.md"))
    return found + sorted((root / "notebooks").glob("*.ipynb"))


def addresses(root):
    """Return the set of all addresses, OWNER/REPO, that stand in the files."""
    found = set()
    for path in files(root):
        text = path.read_text(encoding="utf-8")
        found |= {match[2] for pattern in PATTERNS for match in pattern.finditer(text)}
        found |= {f"{match[1]}/{match[2]}" for match in SITE.finditer(text)}
    return found


def set_address(root, address):
    """Replace the address in all files. Returns the names of the files that changed."""
    changed = []
    for path in files(root):
        text = path.read_text(encoding="utf-8")
        owner, name = address.split("/")
        new = SITE.sub(f"https://{owner}.github.io/{name}", text)
        for pattern in PATTERNS:
            new = pattern.sub(rf"\g<1>{address}", new)
        if new != text:
            path.write_text(new, encoding="utf-8", newline="\n")
            changed.append(path.relative_to(root).as_posix())
    return changed


def origin(root):
    """Return OWNER/REPO of the remote `origin`. Raises ValueError if there is none on GitHub."""
    command = ["git", "-C", str(root), "remote", "get-url", "origin"]
    result = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    match = re.search(rf"github\.com[:/]({NAME})(?:\.git)?/?$", result.stdout.strip())
    if not match:
        raise ValueError(
            "git has no remote `origin` on GitHub here; name the repository: "
            "python -m tools.set_repository OWNER/REPO"
        )
    return match[1]


def main(arguments=None):
    """Run the command line. Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.set_repository", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("address", nargs="?", help="OWNER/REPO; by default that of origin")
    address = parser.parse_args(arguments).address
    try:
        address = origin(ROOT) if address is None else address
        if not re.fullmatch(NAME, address):
            raise ValueError(f"{address!r} is no address; write OWNER/REPO")
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    changed = set_address(ROOT, address)
    print(f"{address}: changed {', '.join(changed) if changed else 'nothing'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
