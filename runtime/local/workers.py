"""Several processes that serve one address: forked after the imports, before anything is opened.

The parent holds all listening sockets, tells when every worker is ready, and ends with its workers. One that dies
takes the server with it: whoever tests against the emulator had better hear of that than find a request lost.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from types import FrameType
from typing import NoReturn, Protocol

from runtime.core.clock import stopwatch
from runtime.local.failures import CannotServe

__all__ = ["ServeOne", "run"]

_READY = b"ready"
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_PATIENCE_SECONDS = 10.0  # more than a worker gives its requests


class ServeOne(Protocol):
    """What a worker does: serve at ``listener``, say ``ready``, and stop when ``lifeline`` ends."""

    def __call__(self, listener: socket.socket, ready: Callable[[], None], lifeline: int) -> None:
        """Return when the server has stopped."""


def run(listeners: Sequence[socket.socket], serve_one: ServeOne, *, on_ready: Callable[[], None]) -> None:
    """Run one worker for each of ``listeners`` until a signal. Raises :class:`CannotServe` when one fails or dies."""
    workers = _Workers()
    gc.freeze()
    try:
        with workers.stopped_by_signals():
            reports = [workers.start(listener, serve_one) for listener in listeners]
            for report in reports:
                workers.await_report(report)
            if not workers.stopping:
                on_ready()
            workers.await_end()
    finally:
        workers.stop()
        workers.reap()


class _Workers:
    def __init__(self) -> None:
        self.stopping = False
        self._pids: set[int] = set()
        # Only the parent holds the writing end, so its death, however sudden, is the end of what workers read.
        self._lifeline, self._held = os.pipe()

    def start(self, listener: socket.socket, serve_one: ServeOne) -> int:
        """Fork a worker. Returns the pipe on which it reports that it is ready, or why it is not."""
        report, write_end = os.pipe()
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)  # a new worker must not act as the parent
        pid = os.fork()
        if pid == 0:
            os.close(report)
            os.close(self._held)
            _leave_at_signals()
            _work(listener, serve_one, write_end, self._lifeline)
        self._pids.add(pid)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        os.close(write_end)
        return report

    def await_report(self, report: int) -> None:
        """Return when the worker is ready. Raises :class:`CannotServe` with what it says instead."""
        with os.fdopen(report, "rb") as pipe:
            said = pipe.read()
        if said != _READY and not self.stopping:
            raise CannotServe(said.decode() or "a worker ended before it was ready: its error is above")

    def await_end(self) -> None:
        """Return when all workers have stopped. Raises :class:`CannotServe` if one did so of its own accord."""
        while self._pids:
            pid, status = os.waitpid(-1, 0)
            self._pids.discard(pid)
            if not self.stopping:
                code = os.waitstatus_to_exitcode(status)
                how = f"was killed by signal {-code}" if code < 0 else f"ended with status {code}"
                raise CannotServe(f"worker {pid} {how}: the server stops, start it again", exit_code=1)

    @contextlib.contextmanager
    def stopped_by_signals(self) -> Iterator[None]:
        """Pass SIGINT and SIGTERM on to the workers."""
        for number in _SIGNALS:
            signal.signal(number, self._on_signal)
        yield

    def stop(self) -> None:
        """Tell all workers to stop."""
        self.stopping = True
        for pid in self._pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)

    def reap(self) -> None:
        """Wait for the workers that are left, and no longer than they may take."""
        deadline = stopwatch() + _PATIENCE_SECONDS
        while self._pids:
            for pid in list(self._pids):
                if os.waitpid(pid, os.WNOHANG)[0]:
                    self._pids.discard(pid)
                elif stopwatch() > deadline:
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.02)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.stop()


def _leave_at_signals() -> None:
    """Until a worker serves, a signal ends it on the spot: as an exception it might come out in the parent's code."""
    for number in _SIGNALS:
        signal.signal(number, lambda *_: os._exit(0))


def _work(listener: socket.socket, serve_one: ServeOne, report: int, lifeline: int) -> NoReturn:
    """The life of a worker. It never returns into the parent's code."""

    def ready() -> None:
        os.write(report, _READY)
        os.close(report)

    code = 1
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        listener.listen(2048)
        serve_one(listener, ready, lifeline)
        code = 0
    except CannotServe as failure:
        os.write(report, str(failure).encode())
        code = failure.exit_code
    except BaseException:  # noqa: BLE001  the end of this process: nobody above could tell of it
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
