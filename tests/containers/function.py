"""A function in a container of its own, as Lambda runs it: the Runtime Interface Emulator in front of it."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from tests.containers.engine import engine

__all__ = ["INVOCATIONS", "ContainerFunction", "await_port", "free_port"]

INVOCATIONS = "/2015-03-31/functions/function/invocations"
_HOST = "127.0.0.1"
_START_SECONDS = 30


class ContainerFunction:
    """A function that answers events inside ``with``. It is called as a handler is; one event at a time, as in Lambda.

    It shares the network of this machine, so that it reaches what runs here; the emulator gets ports of its own.
    """

    def __init__(self, image: str, environment: Mapping[str, str]) -> None:
        self._image = image
        self._environment = dict(environment)
        self._lock = threading.Lock()
        self._container = ""

    def __enter__(self) -> Self:
        self.port, runtime_port = free_port(), free_port()
        variables = [part for name, value in self._environment.items() for part in ("--env", f"{name}={value}")]
        handler = json.loads(engine("image", "inspect", "--format", "{{json .Config.Cmd}}", self._image))
        self._container = engine(
            "run", "--detach", "--network", "host", *variables, "--entrypoint", "/usr/local/bin/aws-lambda-rie",
            self._image,
            "--runtime-interface-emulator-address", f"{_HOST}:{self.port}",
            "--runtime-api-address", f"{_HOST}:{runtime_port}",
            "/lambda-entrypoint.sh", *handler,
        )  # fmt: skip
        await_port(self.port)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        engine("rm", "--force", self._container)

    def __call__(self, event: Mapping[str, Any], _context: object = None) -> Any:
        """What the function answers to ``event``. Raises :class:`RuntimeError` when it failed."""
        with self._lock:
            connection = http.client.HTTPConnection(_HOST, self.port, timeout=60)
            with contextlib.closing(connection):
                connection.request("POST", INVOCATIONS, json.dumps(event))
                answer = json.loads(connection.getresponse().read())
        if isinstance(answer, dict) and "errorMessage" in answer:
            raise RuntimeError(f"{answer['errorMessage']}\n{self.log}")
        return answer

    @property
    def log(self) -> str:
        """What the container has printed."""
        return engine("logs", self._container)


def await_port(port: int) -> None:
    """Wait until something listens."""
    deadline = time.monotonic() + _START_SECONDS
    while True:
        with contextlib.suppress(OSError), socket.create_connection((_HOST, port), timeout=1):
            return
        if time.monotonic() > deadline:
            raise RuntimeError(f"nothing listens at port {port} after {_START_SECONDS} s")
        time.sleep(0.05)


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        port: int = probe.getsockname()[1]
    return port
