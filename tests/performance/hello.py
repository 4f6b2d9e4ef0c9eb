"""A handler that does nothing, behind the emulator's own gateway and server: what the gateway alone costs."""

from __future__ import annotations

from typing import Any

from runtime.local.addresses import base_url, listen
from runtime.local.gateway import Gateway
from runtime.local.server import run

__all__ = ["PATH"]

PATH = "/players"

_ANSWER = {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": '{"hello":"world"}'}


def hello(_event: dict[str, Any], _context: object) -> dict[str, Any]:
    """The same answer to everything."""
    return _ANSWER


if __name__ == "__main__":
    listener = listen("127.0.0.1", 0)
    line = f"ready at {base_url(listener)}"
    run(Gateway({"players": hello}), listener, on_ready=lambda: print(line, flush=True))  # noqa: T201  the ready line
