"""Running other programs, so that a failure tells which step it was and what the program said."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess  # nosec B404 # these scripts exist to drive other tools
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from scripts.packaging.outcome import Failed

__all__ = ["find", "run", "stream"]

_HINTS = {
    "uv": "pip install uv",
    "npx": "run this by `uv run python …`, which brings Node along",
    "aws": "https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html",
}
_TAIL_LINES = 60


def find(program: str) -> str:
    """The program's path. Raises :class:`Failed` with where to get it."""
    # Beside the interpreter first: `uv` and `npx` of the project's environment, activated or not.
    beside = Path(sys.executable).parent
    found = shutil.which(program) or shutil.which(program, path=str(beside))
    if not found:
        hint = f" ({_HINTS[program]})" if program in _HINTS else ""
        raise Failed(f"{program} is not installed, or not on the PATH{hint}")
    return found


def run(
    command: Sequence[str | Path],
    *,
    step: str,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    stdin: str | None = None,
) -> str:
    """Run ``command`` to its end and return its standard output.

    Raises :class:`Failed` that names the ``step`` and carries the end of what was printed.
    """
    done = subprocess.run(  # nosec B603 # arguments are a list, and no shell reads them
        [find(str(command[0])), *map(str, command[1:])],
        cwd=cwd,
        env={**os.environ, **(environment or {})},
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        output = _tail(done.stdout, done.stderr)
        if os.strerror(errno.ENOSPC) in output:
            raise Failed(f"{step} failed, because the disk is full: make room and run this again", output)
        raise Failed(f"{step} failed ({_called(command)}, exit code {done.returncode})", output)
    return done.stdout


def stream(command: Sequence[str | Path], *, cwd: Path, environment: Mapping[str, str] | None = None) -> int:
    """Run ``command`` with its output on this terminal, and return its exit code."""
    sys.stdout.flush()
    return subprocess.run(  # nosec B603 # as above
        [find(str(command[0])), *map(str, command[1:])],
        cwd=cwd,
        env={**os.environ, **(environment or {})},
        check=False,
    ).returncode


def _called(command: Sequence[str | Path]) -> str:
    """The first words of a command: enough to know it by, and never a secret."""
    return " ".join([Path(command[0]).name, *(str(part) for part in command[1:3])])


def _tail(*outputs: str) -> str:
    lines = "\n".join(output.strip() for output in outputs if output.strip()).splitlines()
    return "\n".join(lines[-_TAIL_LINES:])
