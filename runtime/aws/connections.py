"""Kept-alive connections to one origin, over the standard library's HTTP client. Threads may share them."""

from __future__ import annotations

import http.client
import os
import selectors
import socket
import ssl
import threading
from collections import deque
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple
from urllib.parse import urlsplit

from runtime.aws.errors import NotConfigured, Unanswered, Unreachable
from runtime.core.clock import wall_clock

__all__ = ["Answer", "Connections"]

_CONNECT_SECONDS = 1.0

_IDLE_SECONDS = 20.0
"""After which, by the wall clock, a connection is not used again: the other side may have closed it while Lambda slept,
and a function's own clocks may sleep with it."""

_MOST_IDLE = 50

_PORTS = {"http": 80, "https": 443}


class Answer(NamedTuple):
    """What came back, whole."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes


class Connections:
    """Connections to ``origin``: as many as there are requests at once; the idle ones are used again.

    ``silence_seconds`` is how long the other side may send nothing. Raises :class:`NotConfigured` where ``origin`` is
    none.
    """

    def __init__(self, origin: str, *, silence_seconds: float) -> None:
        self._host, self._port, self._secure = _parse(origin)
        self._silence_seconds = silence_seconds
        self._lock = threading.Lock()
        self._idle: deque[tuple[http.client.HTTPConnection, float]] = deque()
        self._closed = False

    def post(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send one request to ``/`` and return its answer. Raises :class:`Unreachable`, :class:`Unanswered`."""
        connection = self._take() or self._open()
        reusable = False
        try:
            connection.request("POST", "/", body, dict(headers))
            response = connection.getresponse()
            answer = Answer(response.status, response.headers, response.read())
            reusable = not response.will_close
        except (OSError, http.client.HTTPException) as error:
            raise Unanswered(type(error).__name__) from error
        finally:
            # Whatever ends a request before its answer is read leaves a connection that nobody can use.
            if not (reusable and self._keep(connection)):
                connection.close()
        return answer

    def close(self) -> None:
        """Close those that are idle, and the others when they are done."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, deque()
        for connection, _ in idle:
            connection.close()

    def _take(self) -> http.client.HTTPConnection | None:
        """The connection that was used last, unless the other side has closed it."""
        while True:
            with self._lock:
                if not self._idle:
                    return None
                connection, since = self._idle.pop()
            if _is_fresh(since) and not _has_something_to_read(connection.sock):
                return connection
            connection.close()

    def _keep(self, connection: http.client.HTTPConnection) -> bool:
        with self._lock:
            # The least used are on the left; nobody will ask for those again.
            while self._idle and not _is_fresh(self._idle[0][1]):
                self._idle.popleft()[0].close()
            wanted = not self._closed and len(self._idle) < _MOST_IDLE
            if wanted:
                self._idle.append((connection, wall_clock()))
        return wanted

    def _open(self) -> http.client.HTTPConnection:
        connection: http.client.HTTPConnection
        if self._secure:
            # As in AWS's SDKs, the variable names authorities that stand for the system's.
            context = _trust(os.environ.get("AWS_CA_BUNDLE") or None)
            connection = http.client.HTTPSConnection(self._host, self._port, timeout=_CONNECT_SECONDS, context=context)
        else:
            connection = http.client.HTTPConnection(self._host, self._port, timeout=_CONNECT_SECONDS)
        try:
            connection.connect()
        except OSError as error:
            connection.close()
            raise Unreachable(type(error).__name__) from error
        connection.sock.settimeout(self._silence_seconds)
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        return connection


def _parse(origin: str) -> tuple[str, int, bool]:
    """Host, port, and whether TLS is spoken. What is wrong is not repeated: it may hold a password."""
    try:
        parts = urlsplit(origin)
        host, port = parts.hostname or "", parts.port
        host.encode("idna")
    except ValueError:
        parts, host, port = urlsplit(""), "", None
    if parts.scheme not in _PORTS or not host or "@" in parts.netloc or parts.path.strip("/") or parts.query:
        raise NotConfigured("an endpoint of AWS must be http:// or https://, a host, perhaps a port, and no more")
    return host, port or _PORTS[parts.scheme], parts.scheme == "https"


@cache
def _trust(bundle: str | None) -> ssl.SSLContext:
    """What is trusted: the authorities in the file ``bundle``, or the system's. Reading those takes some 20 ms."""
    try:
        return ssl.create_default_context(cafile=bundle)
    except OSError as error:
        raise NotConfigured(f"AWS_CA_BUNDLE names no readable file of certificates: {bundle}") from error


def _is_fresh(since: float) -> bool:
    return 0 <= wall_clock() - since < _IDLE_SECONDS


def _has_something_to_read(connected: socket.socket) -> bool:
    """Between an answer and the next request that can only be the end of the connection."""
    try:
        with selectors.DefaultSelector() as selector:
            selector.register(connected, selectors.EVENT_READ)
            return bool(selector.select(0))
    except OSError:  # No descriptor is left to look with.
        return True
