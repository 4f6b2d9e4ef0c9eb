"""Run the tests of one service, of some, or of all, with the checks of their code.

    uv run python scripts/test.py --service idp_api --coverage --html
    uv run python scripts/test.py --service all --type unit --verbose
    uv run python scripts/test.py --service all --parallel --workers 4

Unit tests call the code; integration tests talk to a running emulator over HTTP, and to its stores. Without --type,
both run, after ruff and mypy. Tests that start containers and a local AWS are slow, and run by `uv run pytest -m slow`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

if __name__ == "__main__":  # Run as a file: imports begin at the project, and not in this folder.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from scripts.packaging.outcome import Failed, Misuse, finish
from scripts.packaging.process import stream
from scripts.packaging.suites import KINDS, select
from scripts.packaging.terminal import console
from scripts.packaging.workspace import ROOT, Function, choose, discover

__all__ = ["main"]

_REPORT = Path("reports") / "coverage"
_TESTS_FAILED = 1  # Exit codes of pytest.
_NOTHING_COLLECTED = 5


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line names; the exit code is 0 when everything passed."""
    parser = argparse.ArgumentParser(
        prog="test.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--service", nargs="+", metavar="NAME", default=["all"], help="idp_api …, or all (default)")
    parser.add_argument("--type", choices=KINDS, default="all", help="which tests (default: %(default)s)")
    parser.add_argument("--coverage", action="store_true", help="tell which lines no test runs")
    parser.add_argument("--html", action="store_true", help=f"coverage as pages, too: {_REPORT}/index.html")
    parser.add_argument("--parallel", action="store_true", help="use all processors")
    parser.add_argument("--workers", type=int, metavar="N", help="use N processes")
    parser.add_argument("--verbose", action="store_true", help="name every test")
    chosen = parser.parse_args(arguments)
    return finish(lambda: _test(chosen))


def _test(chosen: argparse.Namespace) -> int:
    functions = choose(chosen.service)
    if chosen.workers is not None and chosen.workers < 1:
        raise Misuse(f"--workers {chosen.workers}: at least one process is needed")
    tests = select(functions, chosen.type)
    if not tests:
        raise Failed(f"there are no {chosen.type} tests of {', '.join(function.package for function in functions)}")
    failed = [name for name, command in _checks(functions, chosen) if stream(command, cwd=ROOT)]
    code = stream(["pytest", *map(str, tests), *_options(functions, chosen)], cwd=ROOT)
    if code == _NOTHING_COLLECTED:
        raise Failed("no test was found: nothing was tested")
    if code:
        failed.append("tests" if code == _TESTS_FAILED else f"pytest itself, with exit code {code}")
    elif chosen.html:
        console.print(f"Coverage: {ROOT / _REPORT / 'index.html'}")
    if failed:
        raise Failed(f"failed, as told above: {', '.join(failed)}")
    return 0


def _checks(functions: Sequence[Function], chosen: argparse.Namespace) -> list[tuple[str, list[str]]]:
    """The checks of the code, where all is to be tested."""
    if chosen.type != "all":
        return []
    everything = len(functions) == len(discover())
    folders = ["runtime"] if everything else [f"runtime/{function.package}" for function in functions]
    return [
        ("ruff check", ["ruff", "check", "--quiet", *folders]),
        ("ruff format", ["ruff", "format", "--check", "--quiet", *folders]),
        ("mypy", ["mypy", "--no-error-summary", *folders]),
    ]


def _options(functions: Sequence[Function], chosen: argparse.Namespace) -> list[str]:
    options = ["--verbose"] if chosen.verbose else ["--quiet"]
    if chosen.parallel or chosen.workers:
        options.append(f"--numprocesses={chosen.workers or 'auto'}")
    if chosen.coverage or chosen.html:
        everything = len(functions) == len(discover())
        options += ["--cov"] if everything else [f"--cov=runtime/{function.package}" for function in functions]
        options.append("--cov-report=term-missing:skip-covered")
    if chosen.html:
        options.append(f"--cov-report=html:{_REPORT}")
    return options


if __name__ == "__main__":
    sys.exit(main())
