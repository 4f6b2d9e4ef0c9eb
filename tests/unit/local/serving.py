"""Gateways for tests: called in process, or served on a port by a thread."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import threading
from collections.abc import Iterator
from typing import Any

import httpx

from runtime.local import server
from runtime.local.gateway import Gateway


def echo(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001
    """Answers with the event, as API Gateway infers it: 200, JSON."""
    return event


def call(gateway: Gateway, method: str, url: str, **options: Any) -> httpx.Response:
    """One request to ``gateway`` in this process."""

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(gateway)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as client:
            return await client.request(method, url, **options)

    return asyncio.run(send())


@contextlib.contextmanager
def served(gateway: Gateway) -> Iterator[tuple[str, int]]:
    """The address of ``gateway`` behind the real HTTP server."""
    listener = socket.create_server(("127.0.0.1", 0))
    address = listener.getsockname()
    lifeline, held = os.pipe()
    ready = threading.Event()
    thread = threading.Thread(
        target=server.run, args=(gateway, listener), kwargs={"on_ready": ready.set, "lifeline": lifeline}
    )
    thread.start()
    try:
        assert ready.wait(10)
        yield address
    finally:
        os.close(held)
        thread.join(15)
        os.close(lifeline)
        assert not thread.is_alive()


def exchange(address: tuple[str, int], request: bytes) -> bytes:
    """Everything that comes back for these bytes until the server closes the connection."""
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(65536), b""))
