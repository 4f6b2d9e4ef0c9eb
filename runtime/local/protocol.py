"""HTTP/1.1 as uvicorn speaks it, with this project's words for what is not HTTP, and an end to its patience."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING
from uuid import uuid4

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from runtime.local.intake import Refused, head_too_large
from runtime.local.problems import problem

if TYPE_CHECKING:
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

__all__ = ["HEAD_SECONDS", "MAX_RAW_HEAD_BYTES", "GatewayProtocol"]

MAX_RAW_HEAD_BYTES = 64 * 1024
"""As much of a head as is read before its end is seen. What is within this, the gateway measures precisely."""

HEAD_SECONDS = 20
"""How long a head may take, from its first byte; and a new connection, until its first head is there."""

_NOT_HTTP = "This is not a request in HTTP/1.1, or its method is none that HTTP knows."
_TOO_SLOW = f"The request line and the headers did not arrive within {HEAD_SECONDS} seconds."


class GatewayProtocol(HttpToolsProtocol):
    """One connection. What cannot be parsed is answered with a problem document, and the connection closed.

    So is a head that grows too large or takes too long, which uvicorn would wait for and keep in memory. A head that
    comes in one piece, as nearly all do, costs no timer.
    """

    cycle: RequestResponseCycle | None  # type: ignore[assignment]  # of the last complete head; uvicorn begins with None

    _deadline: asyncio.TimerHandle | None = None
    _head_bytes = 0
    _refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        """Wait for a first request, but not for ever."""
        super().connection_made(transport)
        self._deadline = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        """Leave no timer behind."""
        self._forget_deadline()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, and watch a head that is not complete yet."""
        refused_before, before, scope = self._refused, self.cycle, self.scope
        if refused_before:
            return
        was_within_head = bool(scope) and "method" not in scope
        super().data_received(data)
        if self._refused or self.transport.is_closing():
            return
        latest = self.cycle
        if self._is_within_head():
            self._watch_head()
            if latest is not before:
                # Where in these bytes this head begins is not known, so they do not count: they are one read at most.
                self._head_bytes = 0
            elif was_within_head or before is None or not before.more_body:
                self._head_bytes += len(data)
                if self._head_bytes > MAX_RAW_HEAD_BYTES:
                    self._refuse(head_too_large())
        elif latest is not before:
            self._head_bytes = 0
            self._forget_deadline()
        elif latest is not None and latest.response_complete and self.timeout_keep_alive_task is None:
            # The rest of a body that nobody reads, or empty lines: uvicorn would no longer expect the connection's end.
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP; uvicorn's own text tells no more than the problem does."""
        del msg
        self._refuse(Refused(HTTPStatus.BAD_REQUEST, "malformed_request", _NOT_HTTP))

    def _is_within_head(self) -> bool:
        """Whether a head has begun and is not complete: uvicorn makes its scope first, and then learns the method."""
        return bool(self.scope) and "method" not in self.scope

    def _watch_head(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def _forget_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        if self._is_within_head():
            self._refuse(Refused(HTTPStatus.REQUEST_TIMEOUT, "request_timeout", _TOO_SLOW))
        else:
            self.transport.close()

    def _refuse(self, refused: Refused) -> None:
        """Answer what is no request, and read no further: where the next one would begin, nobody knows."""
        self._refused = True
        self._forget_deadline()
        latest = self.cycle
        if latest is not None and not latest.more_body and not latest.response_complete:
            # Answers come in the order of the requests (RFC 9112, section 9.3.2): the one before is the last to get
            # one, and the connection's end says the rest.
            latest.keep_alive = False
            self.flow.pause_reading()
            return
        status, code, detail = refused.status, refused.code, refused.detail
        refusal = problem(status, code, detail, request_id=str(uuid4()), instance=None)
        head = [f"HTTP/1.1 {status:d} {status.phrase}".encode("ascii")]
        head += [name + b": " + value for name, value in refusal.headers]
        self.transport.write(b"\r\n".join([*head, b"connection: close", b"", refusal.body]))
        self.transport.close()
