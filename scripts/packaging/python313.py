"""The Python that Lambda runs, on this machine: bytecode has to be made by the very version that will read it."""

from __future__ import annotations

import shutil
import subprocess  # nosec B404 # asks candidates for their version
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from scripts.packaging.bytecode import RUNTIME_VERSION
from scripts.packaging.outcome import Failed

__all__ = ["find_python"]


@cache
def find_python() -> Path:
    """An interpreter of Python 3.13. Raises :class:`Failed` with how to get one."""
    for candidate in _candidates():
        asked = _output([str(candidate), "-c", "import sys; print(*sys.version_info[:2])"])
        if asked == "{} {}".format(*RUNTIME_VERSION):
            return candidate
    raise Failed("Python 3.13 is needed to compile for Lambda and was not found: run `uv python install 3.13`")


def _candidates() -> Iterator[Path]:
    yield Path(sys.executable)
    if found := shutil.which("python3.13"):
        yield Path(found)
    if found := _output(["uv", "python", "find", "--no-project", "3.13"]):
        yield Path(found)
    if shutil.which("pyenv") and (version := _output(["pyenv", "latest", "3.13"])):
        yield Path(_output(["pyenv", "prefix", version])) / "bin" / "python"


def _output(command: list[str]) -> str:
    """What ``command`` prints; nothing when it fails, as a version manager's stand-in does for a version it lacks."""
    if not shutil.which(command[0]):
        return ""
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # nosec B603 # fixed commands
    return done.stdout.strip() if done.returncode == 0 else ""
