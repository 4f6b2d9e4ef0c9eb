"""scripts/test.py: which tests run, and with which options."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scripts import test as script
from scripts.packaging.suites import COMMON_CONTRACTS, CONTRACTS, select
from scripts.packaging.workspace import ROOT, discover
from tests.unit.scripts.conftest import Fakes

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def tools(fakes: Fakes) -> None:
    fakes.add("pytest", "ruff", "mypy")


def pytest_call(fakes: Fakes) -> list[str]:
    (call,) = [call for call in fakes.calls if call[0] == "pytest"]
    return call[1:]


SELECTIONS = [
    (["--service", "idp_api", "--type", "unit"], ["tests/unit/idp_api", "--quiet"]),
    (
        ["--service", "all", "--type", "unit", "--verbose"],
        ["tests/unit", "tests/architecture", "tests/infrastructure", "--verbose"],
    ),
    (
        ["--service", "all", "--type", "integration"],
        ["tests/contract", "tests/store", "tests/e2e", "--quiet"],
    ),
    (["--service", "all"], ["tests", "--quiet"]),
    (["--service", "all", "--parallel", "--workers", "4"], ["tests", "--quiet", "--numprocesses=4"]),
    (["--service", "all", "--parallel"], ["tests", "--quiet", "--numprocesses=auto"]),
    (
        ["--service", "idp_api", "--type", "unit", "--coverage", "--html"],
        [
            "tests/unit/idp_api",
            "--quiet",
            "--cov=runtime/idp_api",
            "--cov-report=term-missing:skip-covered",
            "--cov-report=html:reports/coverage",
        ],
    ),
]


@pytest.mark.parametrize(("arguments", "expected"), SELECTIONS, ids=[" ".join(given) for given, _ in SELECTIONS])
def test_the_command_lines_of_the_readme(arguments: list[str], expected: list[str], run: Run, fakes: Fakes) -> None:
    code, _, err = run(script.main, *arguments)
    assert (code, err) == (0, "")
    assert pytest_call(fakes) == expected


def test_everything_includes_the_checks_of_the_code(run: Run, fakes: Fakes) -> None:
    run(script.main, "--service", "idp_api")
    assert [call[:2] for call in fakes.calls if call[0] != "pytest"] == [
        ["ruff", "check"],
        ["ruff", "format"],
        ["mypy", "--no-error-summary"],
    ]
    assert "tests/contract/test_refresh.py" in pytest_call(fakes)


def test_failures_are_named_and_do_not_keep_the_rest_from_running(run: Run, fakes: Fakes) -> None:
    fakes.behave({"--no-error-summary": (1, ""), "tests/unit": (1, "")})
    code, _, err = run(script.main, "--service", "idp_api")
    assert code == 1
    assert err.strip().endswith("error: failed, as told above: mypy, tests")


def test_a_pytest_that_breaks_is_told_from_tests_that_fail(run: Run, fakes: Fakes) -> None:
    fakes.behave({"tests/unit/idp_api": (3, "INTERNALERROR> OSError: No space left on device")})
    code, out, err = run(script.main, "--service", "idp_api", "--type", "unit", "--html")
    assert code == 1
    assert err.strip().endswith("error: failed, as told above: pytest itself, with exit code 3")
    assert "Coverage:" not in out


def test_no_tests_at_all_are_a_failure(run: Run, fakes: Fakes) -> None:
    fakes.behave({"tests/unit/idp_api": (5, "")})
    code, _, err = run(script.main, "--service", "idp_api", "--type", "unit")
    assert code == 1
    assert "nothing was tested" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--service", "shop"], "no service shop"),
        (["--type", "smoke"], "invalid choice: 'smoke'"),
        (["--workers", "0"], "at least one process"),
        (["--workers", "many"], "invalid int value"),
    ],
)
def test_misuse_is_one_clear_message(arguments: list[str], message: str, run: Run, fakes: Fakes) -> None:
    code, _, err = run(script.main, *arguments)
    assert code == 2
    assert message in err
    assert fakes.calls == []


def test_every_file_of_the_contract_is_some_services() -> None:
    patterns = [*COMMON_CONTRACTS, *(pattern for each in CONTRACTS.values() for pattern in each)]
    matched = {path for pattern in patterns for path in (ROOT / "tests" / "contract").glob(pattern)}
    assert matched == set((ROOT / "tests" / "contract").glob("test_*.py"))
    assert all(list((ROOT / "tests" / "contract").glob(pattern)) for pattern in patterns)


def test_a_service_without_tests_of_its_own_has_none(tmp_path: Path) -> None:
    for name in ("runtime", "pyproject.toml"):
        (tmp_path / name).symlink_to(ROOT / name)
    assert select(discover()[:1], "unit", tmp_path) == []
