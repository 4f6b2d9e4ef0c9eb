"""Seconds that `cdk synth` takes: ``python -m tests.performance.synthesis``.

Each round synthesises every environment in both packagings once, in changing order, and beside them a stack of one
queue, which is the CDK's own time. ZIP archives are those in ``dist/zip``, or placeholders where nothing was built.
"""

from __future__ import annotations

import json
import random
import subprocess
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from tests.infrastructure.synthesis import CASES, ROOT
from tests.performance import machine
from tests.performance.servers import tool

_ONE_QUEUE = (
    "from aws_cdk import App, Stack, aws_sqs; app = App(); aws_sqs.CfnQueue(Stack(app, 'One'), 'Queue'); app.synth()"
)
_SUBJECTS = {("one queue", ""): ["--app", f'python -c "{_ONE_QUEUE}"']} | {
    (environment, packaging): [
        "-c", "owner=alice" if environment == "personal" else f"environment={environment}",
        "-c", f"packaging={packaging}",
    ]
    for environment, packaging in CASES
}  # fmt: skip


def synth_seconds(arguments: list[str]) -> float:
    """How long one synthesis takes, from the command to its end."""
    with TemporaryDirectory(prefix="psn-emulator-") as folder:
        started = time.perf_counter()
        subprocess.run(
            [tool("npx"), "cdk", "synth", "--quiet", "--output", folder, *arguments],
            cwd=ROOT, check=True, capture_output=True,
        )  # fmt: skip
        seconds = time.perf_counter() - started
        assert list(Path(folder).glob("*.template.json"))
    return seconds


def main(
    *,
    rounds: Annotated[int, typer.Option(min=1, help="Syntheses of each kind.")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure the synthesis of every environment in both packagings."""
    about = machine.describe("aws-cdk-lib", "cdk-nag")
    progress = Console(stderr=True)
    times: dict[tuple[str, str], list[float]] = {subject: [] for subject in _SUBJECTS}
    for _ in track(range(rounds), description="rounds", console=progress, transient=True):
        for subject in random.sample(list(times), len(times)):
            times[subject].append(synth_seconds(_SUBJECTS[subject]))
    rows = [
        {
            "environment": environment,
            "packaging": packaging,
            **{name: round(summary(found), 2) for name, summary in (("median", median), ("min", min), ("max", max))},
        }
        for (environment, packaging), found in times.items()
    ]
    if as_json:
        typer.echo(json.dumps({"machine": about, "rounds": rounds, "seconds": rows}, indent=2))
        return
    for name, value in about.items():
        typer.echo(f"{name}: {value}")
    shown = Table(*rows[0], caption=f"seconds, {rounds} rounds")
    for row in rows:
        shown.add_row(*map(str, row.values()))
    Console().print(shown)


if __name__ == "__main__":
    typer.run(main)
