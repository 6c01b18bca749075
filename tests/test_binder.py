"""Binder builds the repository and opens the first notebook. (test_learners: in its memory.)"""

import re
import sys

import pytest
import yaml

from tests.course import NOTEBOOKS, folder
from tests.machines import Environment, copy_course, run


@pytest.mark.network
@pytest.mark.skipif(sys.platform == "win32", reason="repo2docker does not run on Windows")
def test_repo2docker_builds_it(tmp_path):
    """Without a Docker engine: `--no-build --debug` prints the Dockerfile that Binder builds."""
    environment = Environment(tmp_path / "env", "jupyter-repo2docker")
    course = copy_course(tmp_path / "course")
    command = [environment.scripts / "jupyter-repo2docker", "--no-build", "--debug", course]
    dockerfile = run(*command, cwd=tmp_path)
    copied = dockerfile.index("COPY --chown=0:0 src/ ${REPO_DIR}/")
    installed = dockerfile.index('env update -p ${NB_PYTHON_PREFIX} --file "environment.yml"')
    assert copied < installed, "`-r requirements.txt` and `-e .` need the whole course"
    assert "requirements.txt" not in dockerfile[:copied]


def test_environment_asks_for_what_requirements_ask():
    environment = yaml.safe_load((folder() / "environment.yml").read_text(encoding="utf-8"))
    assert environment["channels"] == ["conda-forge"]
    python, pip, packages = environment["dependencies"]
    assert python.startswith("python=3.") and pip == "pip"
    assert packages == {"pip": ["-r requirements.txt"]}
    assert not list(folder().glob("binder/*")) + list(folder().glob(".binder/*")), (
        "repo2docker would read this folder and not environment.yml"
    )


def test_readme_opens_the_first_notebook_and_says_what_binder_gives():
    readme = (folder() / "README.md").read_text(encoding="utf-8")
    first = f"notebooks/{next(iter(NOTEBOOKS))}.ipynb"
    (target,) = re.findall(r"mybinder\.org/v2/gh/[^)\s]*/main\?urlpath=([^)\s]*)", readme)
    assert target == f"lab/tree/{first}"
    assert re.search(r"Binder[^.]*2 GB[^.]*one core", readme)
