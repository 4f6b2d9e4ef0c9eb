"""Fake programs on the path: they write down how they were called, and do what a test tells them."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scripts.packaging import process

_ENGINE = """\
#!{python}
import json, os, pathlib, sys
arguments = sys.argv[1:]
folder = pathlib.Path(os.environ["FAKES"])
with (folder / "calls.jsonl").open("a") as file:
    file.write(json.dumps([pathlib.Path(sys.argv[0]).name, *arguments]) + "\\n")
said = json.loads((folder / "behaviour.json").read_text()) if (folder / "behaviour.json").exists() else {{}}
line = " ".join(arguments)
for part, (code, text) in said.items():
    if part in line:
        print(text, file=sys.stderr if code else sys.stdout)
        sys.exit(code)
if arguments[0] == "--version":
    print("Docker version 29.0.0")
elif arguments[:2] == ["image", "inspect"]:
    print("sha256:" + "a" * 64, 99 * 2**20, "arm64")
elif arguments[0] == "push":
    print("latest: digest: sha256:" + "b" * 64 + " size: 1234")
elif arguments[0] == "login":
    (folder / "password").write_text(sys.stdin.read())
elif "--outputs-file" in arguments:
    stack = arguments[arguments.index("deploy") + 1].rpartition("/")[2]
    outputs = {{"ApiUrl": "https://api.test"}}
    for slug in ("Authorizer", "ControlApi", "IdpApi", "PlayerAccountApi", "KeyRotation"):
        outputs[slug + "RepositoryUri"] = "registry.test/psn-emulator-dev-" + slug.lower()
    pathlib.Path(arguments[arguments.index("--outputs-file") + 1]).write_text(json.dumps({{stack: outputs}}))
"""


class Fakes:
    """Programs that do nothing but remember."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, *names: str) -> None:
        """Put programs of these names on the path."""
        for name in names:
            path = self.folder / name
            path.write_text(_ENGINE.format(python=sys.executable), encoding="utf-8")
            path.chmod(0o755)

    def behave(self, behaviour: dict[str, tuple[int, str]]) -> None:
        """Where a command line holds the key, print the text and exit with the code."""
        (self.folder / "behaviour.json").write_text(json.dumps(behaviour), encoding="utf-8")

    @property
    def calls(self) -> list[list[str]]:
        """Every command line so far, the program's name first."""
        file = self.folder / "calls.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


@pytest.fixture
def fakes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fakes:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("FAKES", str(folder))
    # No engine of this machine may be found: only the fakes, and then what lies beside the interpreter.
    monkeypatch.setattr(process, "_BESIDE", folder)
    monkeypatch.setenv("PATH", os.pathsep.join([str(folder), str(Path(sys.executable).parent)]))
    for name in ("CDK_DOCKER", "PSN_EMULATOR_BASE_IMAGE"):
        monkeypatch.delenv(name, raising=False)
    return Fakes(folder)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Call a script's main: its exit code, what it printed, and what it complained about."""

    def call(main: Callable[..., int], *arguments: str, **others: Any) -> tuple[int, str, str]:
        try:
            code = main(list(arguments), **others)
        except SystemExit as ended:
            code = int(str(ended.code))
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call
