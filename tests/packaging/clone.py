"""A clone of the project as it is on disk, in which a test may change what it likes: scripts run from it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from scripts.packaging.workspace import ROOT
from tests.contract.server import clean_environment

__all__ = ["Clone"]

_GIT = ("git", "-c", "user.name=Test", "-c", "user.email=test@example.com")


class Clone:
    """The clone in ``folder``; everything in it is committed. Scripts get ``environment``."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        # `npx`, `python` and `uv` are those of this environment, as by `uv run`.
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        settings = {"PATH": path, "CDK_VALIDATION": "false", "CDK_DISABLE_CLI_TELEMETRY": "true", "CI": "true"}
        self.environment = clean_environment() | dict(environment) | settings
        listed = _run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], ROOT)
        for name in filter(None, listed.split("\0")):
            if (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / name)
        if not (ROOT / "node_modules" / "aws-cdk").is_dir():
            _run([str(Path(sys.executable).with_name("npm")), "ci", "--no-audit", "--no-fund"], ROOT)
        (folder / "node_modules").symlink_to(ROOT / "node_modules")
        _run(["git", "init", "--quiet"], folder)
        self.commit()

    def change(self, file: str, old: str, new: str) -> None:
        """Edit a file in which ``old`` must be."""
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{file} has changed: choose something else to change"
        path.write_text(text.replace(old, new), encoding="utf-8")

    def commit(self) -> None:
        """Commit what is there."""
        _run(["git", "add", "--all"], self.folder)
        _run([*_GIT, "commit", "--quiet", "--message", "a test's"], self.folder)

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def script(self, name: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run ``scripts/{name}`` to its end."""
        return self.run(sys.executable, f"scripts/{name}", *arguments, **environment)


def _run(command: list[str] | tuple[str, ...], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}"
    return done.stdout
