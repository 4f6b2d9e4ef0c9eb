"""The black-box suite against every local way of running: the behaviour is one, whatever lies underneath."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract.server import LocalServer, clean_environment
from tests.ministack import MiniStack

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.slow


def run_contract_suite(base_url: str) -> int:
    """Run the suite in a process of its own, as a user would; how many tests passed. None may fail or be left out."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/contract", "--base-url", base_url]
    run = subprocess.run(command, cwd=ROOT, env=clean_environment(), capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[-5000:] + run.stderr[-2000:]
    summary = re.search(r"^(\d+) passed in ", run.stdout, re.MULTILINE)
    assert summary, f"some were skipped or left out:\n{run.stdout[-1000:]}"
    return int(summary[1])


@pytest.fixture(scope="module")
def expected() -> int:
    """How many tests the suite has: each run must have run them all."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "tests/contract"]
    run = subprocess.run(command, cwd=ROOT, env=clean_environment(), capture_output=True, text=True, check=True)
    collected = re.search(r"^(\d+) tests collected", run.stdout, re.MULTILINE)
    assert collected, run.stdout[-1000:]
    return int(collected[1])


@pytest.mark.parametrize(
    ("arguments", "prefix"),
    [
        (["--workers", "2"], ""),
        (["--protect-players"], ""),
        ([], "/s/default"),
    ],
    ids=["two workers on one file", "protected players", "the default sandbox by its name"],
)
def test_on_sqlite(tmp_path: Path, expected: int, arguments: list[str], prefix: str) -> None:
    with LocalServer(state=str(tmp_path / "state.sqlite3"), arguments=arguments) as server:
        assert run_contract_suite(server.base_url + prefix) == expected
    assert server.exit_code == 0, server.log


def test_on_dynamodb_over_the_wire(expected: int) -> None:
    with MiniStack() as aws:
        arguments = ["--store", "dynamodb", "--dynamodb-endpoint", aws.endpoint_url]
        with LocalServer(state=":memory:", arguments=arguments) as server:
            assert run_contract_suite(server.base_url) == expected
        assert server.exit_code == 0, server.log
