"""The way of a container engine, and of what runs in it, to an AWS that listens on this machine only."""

from __future__ import annotations

import contextlib
import re
import socket
import socketserver
import threading
from types import TracebackType
from typing import Self

__all__ = ["Relay"]

_AWS = re.compile(rb"\.(amazonaws\.com|api\.aws|aws\.dev):443$")
_CHUNK = 1 << 16


class Relay:
    """Passes requests on to 127.0.0.1:``port``, inside ``with``: as a proxy for every host, or asked directly.

    AWS's own hosts are refused over TLS, so that nothing reaches them; the engine then asks for ECR's in plain HTTP, as
    it is told that it may. All other TLS passes to where it wants to go: images are built with packages from PyPI.
    """

    def __init__(self, address: str) -> None:
        self._server = _Server((address, 0), _Connection)
        self._thread = threading.Thread(target=self._server.serve_forever)

    @property
    def url(self) -> str:
        """Where it listens."""
        address, port = self._server.server_address[:2]
        return f"http://{address!s}:{port}"

    def lead_to(self, port: int) -> None:
        """What it leads to, which may start after it."""
        self._server.upstream = port

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    upstream = 0


class _Connection(socketserver.StreamRequestHandler):
    """One request, or one tunnel."""

    server: _Server

    def handle(self) -> None:
        method, _, rest = self.rfile.readline().partition(b" ")
        target, _, version = rest.strip().partition(b" ")
        if not target:
            return
        if method == b"CONNECT":
            self._tunnel(target)
            return
        # A proxy is asked for http://host/path, and a server for /path; the header Host says which host in both.
        path = re.sub(rb"^http://[^/]+", b"", target)
        with socket.create_connection(("127.0.0.1", self.server.upstream)) as upstream:
            upstream.sendall(b"%b %b %b\r\nConnection: close\r\n" % (method, path, version))
            self._exchange(upstream)

    def _tunnel(self, target: bytes) -> None:
        host, _, port = target.decode().rpartition(":")
        while self.rfile.readline().strip():
            pass
        if _AWS.search(target):
            self.wfile.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
            return
        with socket.create_connection((host, int(port))) as upstream:
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            self._exchange(upstream)

    def _exchange(self, upstream: socket.socket) -> None:
        """Both ways, until the other side has answered."""
        sending = threading.Thread(target=self._send, args=(upstream,), daemon=True)
        sending.start()
        with contextlib.suppress(OSError):  # Whoever goes away does not care.
            while data := upstream.recv(_CHUNK):
                self.wfile.write(data)
            self.connection.shutdown(socket.SHUT_RDWR)
        sending.join()

    def _send(self, upstream: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError):
            while data := self.rfile.read1(_CHUNK):
                upstream.sendall(data)
