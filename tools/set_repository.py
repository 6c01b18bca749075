"""Write the address of the repository into every badge, bootstrap cell and link.

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
]


def files(root):
    """Return the files in which the address stands."""
    names = ["README.md", "pyproject.toml", "CONTRIBUTING.md", "docs/instructors.md"]
    found = [root / name for name in names if (root / name).exists()]
    return found + sorted((root / "notebooks").glob("*.ipynb"))


def addresses(root):
    """Return the set of all addresses, OWNER/REPO, that stand in the files."""
    return {
        match[2]
        for path in files(root)
        for pattern in PATTERNS
        for match in pattern.finditer(path.read_text(encoding="utf-8"))
    }


def set_address(root, address):
    """Replace the address in all files. Returns the names of the files that changed."""
    changed = []
    for path in files(root):
        text = path.read_text(encoding="utf-8")
        new = text
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
