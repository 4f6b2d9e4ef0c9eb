"""Kept-alive connections to one host, over the standard library's HTTP client. Threads may share them."""

from __future__ import annotations

import http.client
import os
import selectors
import socket
import ssl
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


class Answer(NamedTuple):
    """What came back, whole."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes


class Connections:
    """Connections to the origin of ``url``: as many as there are requests at once; the idle ones are used again.

    ``answer_seconds`` is how long the other side may be silent.
    """

    def __init__(self, url: str, *, answer_seconds: float) -> None:
        parts = urlsplit(url)
        self._secure = parts.scheme == "https"
        self._host, self._port = parts.hostname or "", parts.port
        self._answer_seconds = answer_seconds
        self._idle: deque[tuple[http.client.HTTPConnection, float]] = deque()

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send one request and return its answer. Raises :class:`Unreachable`, :class:`Unanswered`."""
        connection = self._take() or self._open()
        reusable = False
        try:
            connection.request("POST", path, body, dict(headers))
            response = connection.getresponse()
            answer = Answer(response.status, response.headers, response.read())
            reusable = not response.will_close
        except (OSError, http.client.HTTPException) as error:
            raise Unanswered(type(error).__name__) from error
        finally:
            # Whatever ends a request before its answer is read leaves a connection that nobody can use.
            if reusable and len(self._idle) < _MOST_IDLE:
                self._idle.append((connection, wall_clock()))
            else:
                connection.close()
        return answer

    def close(self) -> None:
        """Close those that are idle."""
        while self._idle:
            self._idle.pop()[0].close()

    def _take(self) -> http.client.HTTPConnection | None:
        """The connection that was used last, unless the other side has closed it."""
        while self._idle:
            try:
                connection, since = self._idle.pop()
            except IndexError:  # Another thread was faster.
                return None
            if wall_clock() - since < _IDLE_SECONDS and not _has_something_to_read(connection.sock):
                return connection
            connection.close()
        return None

    def _open(self) -> http.client.HTTPConnection:
        connection: http.client.HTTPConnection
        if self._secure:
            # As in every AWS SDK, the variable names authorities that stand for the system's.
            context = _trust(os.environ.get("AWS_CA_BUNDLE") or None)
            connection = http.client.HTTPSConnection(self._host, self._port, timeout=_CONNECT_SECONDS, context=context)
        else:
            connection = http.client.HTTPConnection(self._host, self._port, timeout=_CONNECT_SECONDS)
        try:
            connection.connect()
        except OSError as error:
            connection.close()
            raise Unreachable(type(error).__name__) from error
        connection.sock.settimeout(self._answer_seconds)
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        return connection


@cache
def _trust(bundle: str | None) -> ssl.SSLContext:
    """What is trusted: the authorities in the file ``bundle``, or the system's. Reading those takes some 20 ms."""
    try:
        return ssl.create_default_context(cafile=bundle)
    except OSError as error:
        raise NotConfigured(f"AWS_CA_BUNDLE names no readable file of certificates: {bundle}") from error


def _has_something_to_read(connected: socket.socket) -> bool:
    """Between an answer and the next request that can only be the end of the connection."""
    with selectors.DefaultSelector() as selector:
        selector.register(connected, selectors.EVENT_READ)
        return bool(selector.select(0))
