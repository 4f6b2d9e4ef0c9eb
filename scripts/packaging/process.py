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
from scripts.packaging.terminal import console

__all__ = ["find", "run", "stream"]

_HINTS = {
    "uv": "pip install uv",
    "npx": "run this by `uv run python …`, which brings Node along",
    "aws": "https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html",
}
_TAIL_LINES = 60
_PATIENCE_SECONDS = 10.0
_STANDARD_ERROR = 2
_BESIDE = Path(sys.executable).parent


def find(program: str) -> str:
    """The program's path. Raises :class:`Failed` with where to get it."""
    found = shutil.which(program, path=_path())
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
    given = subprocess.DEVNULL if stdin is None else subprocess.PIPE
    with _start(command, cwd, environment, stdin=given, output=subprocess.PIPE) as process:
        printed, complained = _await(process, stdin)
    if process.returncode:
        output = _tail(printed, complained)
        if os.strerror(errno.ENOSPC) in output:
            raise Failed(f"{step} failed, because the disk is full: make room and run this again", output)
        raise Failed(f"{step} failed ({_called(command)}, exit code {process.returncode})", output)
    return printed


def stream(command: Sequence[str | Path], *, cwd: Path, environment: Mapping[str, str] | None = None) -> int:
    """Run ``command`` with its output where people read ours, and return its exit code."""
    sys.stdout.flush()
    with _start(command, cwd, environment, output=_STANDARD_ERROR if console.stderr else None) as process:
        _await(process)
    return process.returncode


def _path() -> str:
    """Beside the interpreter first: what the project's environment brings, activated or not."""
    return os.pathsep.join([str(_BESIDE), os.environ.get("PATH", os.defpath)])


def _start(
    command: Sequence[str | Path],
    cwd: Path | None,
    environment: Mapping[str, str] | None,
    *,
    stdin: int | None = None,
    output: int | None = None,
) -> subprocess.Popen[str]:
    return subprocess.Popen(  # nosec B603 # arguments are a list, and no shell reads them
        [find(str(command[0])), *map(str, command[1:])],
        cwd=cwd,
        env={**os.environ, **(environment or {}), "PATH": _path()},
        stdin=stdin,
        stdout=output,
        stderr=output,
        text=True,
        errors="replace",
    )


def _await(process: subprocess.Popen[str], stdin: str | None = None) -> tuple[str, str]:
    """What ``process`` printed and complained of. Ctrl-C reaches it, too, and leaves it time to tidy up."""
    try:
        return process.communicate(stdin)
    except KeyboardInterrupt:
        try:
            process.communicate(timeout=_PATIENCE_SECONDS)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            process.kill()
        raise


def _called(command: Sequence[str | Path]) -> str:
    """The first words of a command: enough to know it by, and never a secret."""
    return " ".join([Path(command[0]).name, *(str(part) for part in command[1:3])])


def _tail(*outputs: str) -> str:
    lines = "\n".join(output.strip() for output in outputs if output.strip()).splitlines()
    return "\n".join(lines[-_TAIL_LINES:])
