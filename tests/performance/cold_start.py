"""What a cold start costs: ``uv run python -m tests.performance.cold_start``.

Runs the packaged functions under AWS's own runtime client and Runtime Interface Emulator, against a local DynamoDB, in
rounds: each starts every function once, in changing order, beside a bare handler and two stacks as most would write
them. Everything it needs is installed below build/ at the first run. docs/performance-cold-start.md tells more.
"""

from __future__ import annotations

import json
import os
import random
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from runtime.aws.client import SECRETS_MANAGER, JsonClient
from runtime.core.keys import new_key_document
from runtime.store.dynamodb_table import create_table
from tests.ministack import MiniStack
from tests.performance import machine
from tests.performance.coldstart.process import Start, ask, start
from tests.performance.coldstart.subjects import TOKEN, Subject, prepare
from tests.performance.coldstart.summary import rows, table

_TABLE = "cold-start"


def main(
    *,
    rounds: Annotated[int, typer.Option(min=1, help="Starts of each function.")] = 15,
    warm: Annotated[int, typer.Option(min=2, help="Requests after the first, in each process.")] = 30,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure init, first request, and warm requests of every function and packaging."""
    about = machine.describe()
    progress = Console(stderr=True)
    with MiniStack() as aws, tempfile.TemporaryDirectory(prefix="cold-start-") as folder:
        os.environ.update(aws.environment)
        environment = aws.environment | _deploy()
        progress.print("packaging")
        tokens: list[str] = []
        subjects = prepare(Path(folder), lambda: tokens[0])
        identity = next(subject for subject in subjects if subject.name == TOKEN)
        tokens.append(json.loads(ask(identity, environment)["body"])["access_token"])
        measured: list[tuple[Subject, list[Start]]] = [(subject, []) for subject in subjects]
        for subject in subjects:  # What the disk has to bring into memory once is nobody's cold start.
            start(subject, environment, warm=2)
        for _ in track(range(rounds), description="rounds", console=progress, transient=True):
            for subject, starts in random.sample(measured, len(measured)):
                starts.append(start(subject, environment, warm=warm))
    found = rows(measured)
    if as_json:
        typer.echo(
            json.dumps({"machine": about, "rounds": rounds, "rows": [row.document() for row in found]}, indent=2)
        )
        return
    for name, value in about.items():
        typer.echo(f"{name}: {value}")
    Console(width=None if Console().is_terminal else 150).print(table(found, rounds))


def _deploy() -> dict[str, str]:
    """Make what the stack makes, and return the variables that it gives to its functions."""
    create_table(_TABLE)
    secrets = JsonClient(SECRETS_MANAGER)
    keys = {"Name": "signing-keys", "SecretString": json.dumps(new_key_document("RS256"))}
    secret = secrets.call("CreateSecret", keys)["ARN"]
    secrets.close()
    return {
        "ENVIRONMENT": "dev",
        "PSN_EMULATOR_METRICS": "true",
        "PSN_EMULATOR_SIGNING_KEYS_SECRET": secret,
        "PSN_EMULATOR_TABLE": _TABLE,
    }


if __name__ == "__main__":
    typer.run(main)
