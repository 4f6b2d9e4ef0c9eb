"""What the gateway takes in: the head and the body of a request, and how large each may be."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any

from runtime.local.answers import HttpResponse

__all__ = [
    "MAX_HEAD_BYTES",
    "MAX_PAYLOAD_BYTES",
    "Receive",
    "Refused",
    "Scope",
    "head_too_large",
    "read_body",
    "read_head",
    "without_the_body",
]

MAX_PAYLOAD_BYTES = 6 * 1024 * 1024
"""What a function can be invoked with (Lambda quotas: invocation payload, synchronous)."""

MAX_HEAD_BYTES = 10_240
"""The request line and the values of all headers together (http-api-quotas)."""

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]


class Refused(Exception):
    """The gateway itself answers."""

    def __init__(self, status: HTTPStatus, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail


def read_head(scope: Scope) -> list[tuple[str, str]]:
    """The headers, as they are and in their order. HTTP/1.0 needs no Host, so it gets that of the connection."""
    size = len(scope["method"]) + len(scope.get("raw_path") or b"") + len(scope["query_string"])
    headers = []
    has_host = False
    for name, value in scope["headers"]:
        size += len(value)
        has_host = has_host or name == b"host"
        headers.append((name.decode("latin-1"), value.decode("latin-1")))
    if size > MAX_HEAD_BYTES:
        raise head_too_large()
    if not has_host:
        if scope["http_version"] != "1.0":
            # RFC 9112, section 3.2.
            raise Refused(HTTPStatus.BAD_REQUEST, "malformed_request", "The request has no Host header.")
        host, port = scope.get("server") or ("127.0.0.1", 80)
        headers.append(("host", f"[{host}]:{port}" if ":" in host else f"{host}:{port}"))
    return headers


async def read_body(receive: Receive, headers: list[tuple[str, str]]) -> bytes | None:
    """The whole body, or ``None`` when the client went away. One that is too large is not read to its end."""
    for name, value in headers:
        if name == "content-length" and value.isascii() and value.isdigit() and int(value) > MAX_PAYLOAD_BYTES:
            raise _payload_too_large()
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body"):
        body: bytes = message.get("body", b"")
        if len(body) > MAX_PAYLOAD_BYTES:
            raise _payload_too_large()
        return body
    parts = bytearray()
    while message["type"] == "http.request":
        parts += message.get("body", b"")
        if len(parts) > MAX_PAYLOAD_BYTES:
            raise _payload_too_large()
        if not message.get("more_body"):
            return bytes(parts)
        message = await receive()
    return None


def without_the_body(response: HttpResponse, scope: Scope) -> HttpResponse:
    """``response`` to a request whose body was not read to its end, and so the last one on its connection, if need be.

    The server discards a body of known length. Of a chunked one the end would have to be waited for; and whether a
    client that was not told to continue still sends its body, nobody knows (RFC 9110, section 10.1.1): it may be
    taken for the next request.
    """
    if any(name in (b"expect", b"transfer-encoding") for name, _ in scope["headers"]):
        return HttpResponse(response.status, [*response.headers, (b"connection", b"close")], response.body)
    return response


def head_too_large() -> Refused:
    """The refusal of a head beyond the limit."""
    detail = f"The request line and the headers must not be larger than {MAX_HEAD_BYTES} bytes together."
    return Refused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "headers_too_large", detail)


def _payload_too_large() -> Refused:
    detail = f"The body must not be larger than {MAX_PAYLOAD_BYTES} bytes."
    return Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "payload_too_large", detail)
