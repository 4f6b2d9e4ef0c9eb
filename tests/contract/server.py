"""`psn-emulator serve` as a process of its own, started and stopped as a user does it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Self

__all__ = ["COMMAND", "LocalServer", "clean_environment"]

COMMAND = (sys.executable, "-m", "runtime.local")
"""`psn-emulator`, whatever the path holds."""

_START_SECONDS = 30
_STOP_SECONDS = 15
_URL = re.compile(r"https?://[^\s/]+")


def clean_environment() -> dict[str, str]:
    """This process's environment without anything that would configure the emulator."""
    ours = ("PSN_EMULATOR_", "AWS_", "POWERTOOLS_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


class LocalServer:
    """A local emulator for the length of a ``with`` block.

    ``base_url`` is what its ready line says, ``lines`` what it wrote to standard output so far; ``exit_code``
    and ``log`` (standard error) are there when it has stopped. Leaving the block stops it with ``stop_signal``.
    """

    def __init__(
        self,
        *,
        state: str,
        arguments: Sequence[str] = (),
        command: Sequence[str] = (*COMMAND, "serve"),
        stop_signal: signal.Signals = signal.SIGTERM,
    ) -> None:
        self._command = [*command, "--port", "0", "--state", state, *arguments]
        self._stop_signal = stop_signal
        self.lines: list[str] = []
        self.base_url = ""
        self.log = ""
        self.exit_code: int | None = None

    def __enter__(self) -> Self:
        self._log = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            self._command, stdout=subprocess.PIPE, stderr=self._log, text=True, env=clean_environment()
        )
        self._ready = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if not self._ready.wait(_START_SECONDS) or not self.base_url:
            self.stop()
            said = "\n".join([*self.lines, self.log])
            raise RuntimeError(f"{self._command} wrote no ready line; exit code {self.exit_code}\n{said}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The process to observe."""
        return self._process.pid

    def stop(self) -> None:
        """Ask it to end and wait until it has. One that does not end is killed, and its exit code tells so."""
        if self._process.poll() is None:
            self._process.send_signal(self._stop_signal)
        try:
            self.exit_code = self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self.exit_code = self._process.wait()
        self._reader.join()
        if self._process.stdout is not None:
            self._process.stdout.close()
        if not self._log.closed:
            self._log.seek(0)
            self.log = self._log.read().decode(errors="replace")
            self._log.close()

    def _read(self) -> None:
        # The pipe is read to its end: a server whose pipe is full would stop.
        for line in self._process.stdout or ():
            self.lines.append(line.rstrip("\n"))
            found = _URL.search(line)
            if found and not self.base_url:
                self.base_url = found.group().rstrip(".,")
                self._ready.set()
        self._ready.set()
