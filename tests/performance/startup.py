"""Seconds from the start of the process to its ready line: ``python -m tests.performance.startup``.

The first start with a state file makes keys and the default world; the starts after it find them there.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from tests.contract.server import LocalServer
from tests.performance import machine
from tests.performance.servers import tool


def ready_seconds(state: Path) -> float:
    """How long one start takes."""
    started = time.perf_counter()
    with LocalServer(state=str(state), command=[tool("psn-emulator"), "serve"]):
        return time.perf_counter() - started


def main(
    *,
    runs: Annotated[int, typer.Option(min=1, help="Starts of each kind.")] = 9,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure how long `psn-emulator serve` takes to be ready."""
    about = machine.describe()
    times: dict[str, list[float]] = {"new state": [], "existing state": []}
    with TemporaryDirectory(prefix="psn-emulator-") as folder:
        for number in range(runs):
            state = Path(folder) / f"{number}.sqlite3"
            for found in times.values():
                found.append(ready_seconds(state))
    summaries = {
        kind: {"median": round(median(found), 3), "lowest": round(min(found), 3), "highest": round(max(found), 3)}
        for kind, found in times.items()
    }
    if as_json:
        typer.echo(json.dumps({"machine": about, "seconds": summaries}, indent=2))
        return
    for name, value in about.items():
        typer.echo(f"{name}: {value}")
    for kind, summary in summaries.items():
        spread = f"{summary['lowest']:.2f} to {summary['highest']:.2f}"
        typer.echo(f"{kind}: ready after {summary['median']:.2f} s ({spread}, {runs} starts)")


if __name__ == "__main__":
    typer.run(main)
