"""The HTTP server: uvicorn, with signals, log and readiness as the command line wants them."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, cast

import uvicorn

from runtime.local.gateway import Gateway
from runtime.local.protocol import GatewayProtocol

__all__ = ["GRACE_SECONDS", "IDLE_SECONDS", "configure_log", "run"]

GRACE_SECONDS = 5
"""How long requests may go on after the server was told to stop."""

IDLE_SECONDS = 5
"""How long a connection may wait for its next request."""


def run(
    gateway: Gateway, listener: socket.socket, *, on_ready: Callable[[], None], lifeline: int | None = None
) -> None:
    """Serve at ``listener`` until SIGINT or SIGTERM, or until the other end of the pipe ``lifeline`` is closed.

    ``on_ready`` is called as soon as connections are accepted.
    """
    config = uvicorn.Config(
        cast("Any", gateway),
        http=GatewayProtocol,
        loop="auto",
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = _Server(config, on_ready, lifeline)
    # What was loaded up to here stays for good: the collector need not look at it again and again.
    gc.collect()
    gc.freeze()
    server.run(sockets=[listener])


def configure_log(level: str) -> None:
    """Tell of the gateway's and the server's own troubles on standard error; handlers have a log of their own.

    A ``level`` that is none counts as a warning here: the settings refuse it by name.
    """
    number = logging.getLevelNamesMapping().get(level.strip().upper(), logging.WARNING)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    for name in ("uvicorn", "runtime.local"):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(number)
        logger.propagate = False


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None], lifeline: int | None) -> None:
        super().__init__(config)
        self._on_ready = on_ready
        self._lifeline = lifeline

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop at the first signal, and no longer wait for requests at the second.

        uvicorn's own way raises the signal again once it has stopped, and so never exits with 0.
        """
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(ValueError):  # not in the main thread: whoever runs it there stops it
                signal.signal(number, self._stop)
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._lifeline is not None:
            asyncio.get_running_loop().add_reader(self._lifeline, self._lose_parent, self._lifeline)
        self._on_ready()

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.force_exit = self.should_exit
        self.should_exit = True

    def _lose_parent(self, lifeline: int) -> None:
        asyncio.get_running_loop().remove_reader(lifeline)
        self.should_exit = True
