"""A service of AWS's in a thread, that answers as a test tells it to and remembers what it was sent."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any, NamedTuple, Self

__all__ = ["Received", "Reply", "Server"]


class Received(NamedTuple):
    """One request; ``connection`` is the client's port, by which connections are told apart."""

    path: str
    headers: dict[str, str]
    body: bytes
    connection: int


class Reply(NamedTuple):
    """What to answer. ``declared`` is a length other than the body's own; ``silent`` answers nothing and hangs up."""

    body: bytes = b"{}"
    status: int = 200
    headers: Mapping[str, str] = MappingProxyType({})
    declared: int | None = None
    silent: bool = False


class Server:
    """Answers with ``replies``, one after another, and then with empty objects, inside ``with``."""

    def __init__(self, *replies: Reply, tls: ssl.SSLContext | None = None, wait: Callable[[], Any] = bool) -> None:
        self.received: list[Received] = []
        script = list(replies)
        received = self.received

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                received.append(Received(self.path, headers, body, self.client_address[1]))
                wait()
                reply = script.pop(0) if script else Reply()
                if reply.silent:
                    self.close_connection = True
                    return
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(reply.declared or len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body)
                self.close_connection = reply.declared is not None or reply.headers.get("connection") == "close"

            def log_message(self, *_: Any) -> None:
                """Nothing: a test reads what was received."""

        class Quiet(ThreadingHTTPServer):
            def handle_error(self, *_: Any) -> None:
                """Nothing: some clients hang up on purpose."""

        self._server = Quiet(("127.0.0.1", 0), Handler)
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
