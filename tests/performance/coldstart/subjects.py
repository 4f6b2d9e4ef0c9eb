"""Who is measured: our functions in both packagings, and the peers; each with its code, ready to run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.packaging.archives import build
from scripts.packaging.assemble import copy_code
from scripts.packaging.dependencies import PLATFORMS, install, locked
from scripts.packaging.python313 import find_python
from scripts.packaging.trim import trim
from scripts.packaging.workspace import ROOT, Function, discover
from tests.performance.coldstart import events

__all__ = ["BARE", "TOKEN", "USUAL", "Subject", "prepare"]

BARE = "bare handler"
USUAL = "FastAPI + Mangum + boto3"
TOKEN = "idp_api: token"
POWERTOOLS = "Powertools + validation + boto3"

_PEERS = Path(__file__).parent / "peers"
_PINS = ("fastapi==0.165.0", "mangum==0.22.0")
_ARCHITECTURE = "arm64" if os.uname().machine in ("aarch64", "arm64") else "x86_64"

Event = Callable[[int], dict[str, Any]]


@dataclass(frozen=True)
class Subject:
    """One row: code in ``task`` (Lambda's ``/var/task``) and, for archives, ``layer`` (``/opt/python``).

    ``event`` makes the n-th request of a process.
    """

    name: str
    packaging: str
    handler: str
    task: Path
    layer: Path | None
    event: Event


def prepare(folder: Path, bearer: Callable[[], str]) -> list[Subject]:
    """Package everything below ``folder``. ``bearer`` is the token that the authorizer is asked about."""
    build(discover(), folder / "zip", architecture=_ARCHITECTURE, tell=lambda _: None)
    layer = folder / "zip" / "layer" / "python"
    functions = folder / "zip" / "functions"
    first: dict[str, Mapping[str, Event]] = {
        "authorizer": {"check a token": events.authorization(bearer)},
        "control_api": {"health": events.get("/_emulator/v1/health")},
        "idp_api": {
            "token": events.token,
            "discovery": events.get("/auth/.well-known/openid-configuration"),
        },
        "player_account_api": {"create": events.create_player},
    }
    subjects = [
        Subject(BARE, "", "bare.lambda_handler", _peer(folder, "bare", ()), None, events.get("/")),
        Subject(
            USUAL,
            "",
            "usual.lambda_handler",
            _peer(folder, "usual", (*_PINS, *_same("boto3", "pydantic"))),
            None,
            events.create_player,
        ),
        Subject(
            POWERTOOLS,
            "",
            "powertools.lambda_handler",
            _peer(folder, "powertools", _same("aws-lambda-powertools", "boto3", "pydantic")),
            None,
            events.create_player,
        ),
    ]
    for function in discover():
        task = _image(folder, function)
        for request, event in first.get(function.package, {}).items():
            name = f"{function.package}: {request}"
            subjects.append(Subject(name, "zip", function.handler, functions / function.package, layer, event))
            subjects.append(Subject(name, "image", function.handler, task, None, event))
    return subjects


def _image(folder: Path, function: Function) -> Path:
    """What the function's Dockerfile puts into ``/var/task``."""
    task = folder / "image" / function.package
    install(locked(function, ROOT), task, architecture=_ARCHITECTURE, step=function.package)
    trim(task)
    copy_code(function.package, task)
    _compile(task)
    return task


def _peer(folder: Path, name: str, requirements: tuple[str, ...]) -> Path:
    task = folder / "peers" / name
    task.mkdir(parents=True)
    shutil.copyfile(_PEERS / f"{name}.py", task / f"{name}.py")
    if requirements:
        command = ["uv", "pip", "install", "--quiet", "--target", str(task), "--python", sys.executable,
                   "--python-version", "3.13", "--python-platform", PLATFORMS[_ARCHITECTURE],
                   "--only-binary", ":all:", *requirements]  # fmt: skip
        subprocess.run(command, check=True)
    _compile(task)
    return task


def _compile(task: Path) -> None:
    subprocess.run(
        [find_python(), "-m", "scripts.packaging.bytecode", task, "--mount", "/var/task"],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "0"},
        check=True,
    )


def _same(*names: str) -> tuple[str, ...]:
    """Requirements for the very versions that our own lock file has."""
    exported = subprocess.run(
        ["uv", "export", "--quiet", "--locked", "--no-hashes", "--no-annotate", "--no-header", "--no-emit-workspace"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    pins = dict(line.split(" ;")[0].split("==", 1) for line in exported.splitlines() if "==" in line)
    return tuple(f"{name}=={pins[name].strip()}" for name in names)
