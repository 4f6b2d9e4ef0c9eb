"""The pipelines: what GitHub would refuse, what would leak, what would run unpinned.

The linters are slow tests: ``uv run npm ci --prefix .github/lint`` installs actionlint, and uv fetches zizmor.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # it has no types

from tests.infrastructure.synthesis import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ACTIONLINT = ROOT / ".github" / "lint" / "node_modules" / "@tktco" / "node-actionlint" / "bin" / "node-actionlint.js"
ZIZMOR = "zizmor==1.32.0"
PINNED = re.compile(r"uses: [\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")

workflows = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)


def read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document


def steps(path: Path) -> Iterator[dict[str, Any]]:
    for job in read(path)["jobs"].values():
        yield from job.get("steps", ())


def test_there_are_the_workflows_that_the_documentation_names() -> None:
    assert {path.name for path in WORKFLOWS} == {"checks.yml", "deploy.yml", "promote.yml", "pull-request.yml"}


@workflows
def test_actions_are_pinned_to_a_commit_with_its_version(path: Path) -> None:
    for line in path.read_text(encoding="utf-8").splitlines():
        if "uses: " in line and "uses: ./" not in line:
            assert PINNED.search(line.strip()), line


@workflows
def test_nothing_is_allowed_but_what_a_job_names(path: Path) -> None:
    document = read(path)
    assert document["permissions"] == {}
    for name, job in document["jobs"].items():
        assert job["permissions"], name
        assert "uses" in job or job["timeout-minutes"] <= 60, name


@workflows
def test_a_failure_within_a_pipe_is_a_failure(path: Path) -> None:
    assert read(path)["defaults"]["run"]["shell"] == "bash"


@workflows
def test_a_checkout_leaves_no_credentials_behind(path: Path) -> None:
    for step in steps(path):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


@workflows
def test_no_expression_is_pasted_into_a_script(path: Path) -> None:
    for step in steps(path):
        assert "${{" not in step.get("run", "")


def test_there_are_no_stored_secrets() -> None:
    for path in WORKFLOWS:
        assert "secrets." not in path.read_text(encoding="utf-8")


def test_a_pull_requests_code_never_meets_credentials() -> None:
    jobs = read(ROOT / ".github" / "workflows" / "pull-request.yml")["jobs"]
    privileged = {name for name, job in jobs.items() if {"id-token", "pull-requests"} & job["permissions"].keys()}
    assert privileged == {"diff", "comment"}
    assert "head.repo.full_name == github.repository" in jobs["diff"]["if"]
    refs = [step["with"].get("ref") for name in privileged for step in jobs[name]["steps"]
            if step.get("uses", "").startswith("actions/checkout@")]  # fmt: skip
    assert refs == ["${{ github.event.pull_request.base.sha }}"]


def test_only_the_first_environment_builds() -> None:
    jobs = read(ROOT / ".github" / "workflows" / "deploy.yml")["jobs"]
    assert [jobs[name]["needs"] for name in ("dev", "qa", "staging", "prod")] == ["checks", "dev", "qa", "staging"]
    promoting = "\n".join(step.get("run", "") for step in steps(ROOT / ".github" / "workflows" / "promote.yml"))
    assert "--no-build" in promoting
    assert "scripts/build" not in promoting


@pytest.mark.slow
def test_actionlint_finds_nothing() -> None:
    assert ACTIONLINT.is_file(), "actionlint is missing: run `uv run npm ci --prefix .github/lint`"
    node = Path(sys.executable).parent / "node"
    done = subprocess.run(
        [str(node), str(ACTIONLINT), ".github/workflows/*.yml"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(WORKFLOWS)} workflow file(s)" in done.stdout + done.stderr


@pytest.mark.slow
def test_zizmor_finds_nothing() -> None:
    done = subprocess.run(
        ["uv", "tool", "run", ZIZMOR, "--offline", "--config", ".github/zizmor.yml", ".github/workflows",
         ".github/dependabot.yml"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
