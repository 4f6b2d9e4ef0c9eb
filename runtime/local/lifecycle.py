"""From an address to a running server, and to its end."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

from runtime.local.addresses import base_url, is_loopback, listen, listen_shared
from runtime.local.failures import CannotServe

__all__ = ["exit_on_signals", "serve"]


def exit_on_signals() -> None:
    """Until a server runs, SIGINT and SIGTERM end the process at once, and that is no failure."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _exit)


def serve(
    host: str, port: int, workers: int, *, on_open_address: Callable[[], None], on_ready: Callable[[str], None]
) -> None:
    """Serve until a signal. All other settings are in the environment. Raises :class:`CannotServe`.

    ``on_open_address`` is called before settings are read if other machines can reach the address, and ``on_ready``
    with the line that says where the server is.
    """
    listeners = [listen(host, port)] if workers == 1 else listen_shared(host, port, workers)
    if not is_loopback(listeners[0]):
        on_open_address()

    # Imports the services and what they need, which takes longer than all that is above: errors above come at once.
    from runtime.local import application as applications  # noqa: PLC0415
    from runtime.local import server  # noqa: PLC0415

    server.configure_log(os.environ.get("LOG_LEVEL", ""))
    application = applications.load()
    line = f"PSN Partner Emulator is ready at {base_url(listeners[0])} (state: {application.state})"

    def serve_one(listener: socket.socket, ready: Callable[[], None], lifeline: int | None = None) -> None:
        application.warm_up()
        try:
            server.run(application.gateway, listener, on_ready=ready, lifeline=lifeline)
        finally:
            application.close()

    if workers == 1:
        serve_one(listeners[0], lambda: on_ready(line))
        return
    if application.keeps_nothing:
        raise CannotServe(f"{workers} workers cannot share a state in memory: give --state a file, or --workers 1")
    from runtime.local import workers as processes  # noqa: PLC0415  needs what not every system has

    processes.run(listeners, serve_one, on_ready=lambda: on_ready(line))


def _exit(_number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)
