"""One request, whichever event brought it: API Gateway v2, a v1 proxy event, or a direct call."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode
from uuid import uuid4

from runtime.catalogue import split_sandbox
from runtime.core.errors import MalformedRequest

__all__ = ["EventFormat", "Request", "event_format", "read_event"]

_UNKNOWN_ORIGIN = "http://127.0.0.1:8080"
"""The origin of a call that came without any address: where the local gateway listens by default."""

_HOST = re.compile(r"(?:[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,252})|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
_METHOD = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,40}")  # RFC 9110, section 9.1: a token


class EventFormat(Enum):
    """How the caller speaks, and so how the answer must look."""

    V2 = "API Gateway payload format 2.0"
    V1 = "API Gateway payload format 1.0, or the specification's direct call"


class Request(NamedTuple):
    """A request in one form.

    ``path`` is relative to the sandbox and decoded; ``sandbox_id`` is ``None`` without a prefix. ``headers`` has
    lower-case names; ``query`` keeps repeated names and their order. ``origin`` is scheme and authority of the
    address that the client used, where the event tells. ``authorizer`` is what the gateway's authorizer said of the
    request: nobody but the gateway can write that into an event. ``is_unrouted`` tells that none of the gateway's own
    routes matched, and so none of their authorizers was asked.
    """

    method: str
    path: str
    sandbox_id: str | None
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    cookies: tuple[str, ...]
    body: bytes
    origin: str | None
    request_id: str
    authorizer: Mapping[str, Any] = MappingProxyType({})
    is_unrouted: bool = False

    @classmethod
    def unreadable(cls, context: object) -> Request:
        """What stands for a request whose event cannot be read, in its answer and in the log."""
        request_id = str(getattr(context, "aws_request_id", None) or uuid4())
        return cls("?", "?", None, (), {}, (), b"", None, request_id)

    def base_url(self, fixed_origin: str | None = None) -> str:
        """What the client was given to reach this sandbox: the origin it used, or the fixed one, and the prefix."""
        origin = fixed_origin or self.origin or _UNKNOWN_ORIGIN
        return origin if self.sandbox_id is None else f"{origin}/s/{self.sandbox_id}"

    @property
    def full_path(self) -> str:
        """The path with its sandbox prefix, decoded."""
        return self.path if self.sandbox_id is None else f"/s/{self.sandbox_id}{self.path}"


def event_format(event: Mapping[str, Any]) -> EventFormat:
    """The format of ``event``. Anything that is not clearly format 2.0 is read as 1.0."""
    return EventFormat.V2 if event.get("version") == "2.0" else EventFormat.V1


def read_event(event: Mapping[str, Any], context: object) -> Request:
    """Read ``event``. Raises :class:`MalformedRequest` for whatever no gateway would send.

    The direct call of the specification, ``{"httpMethod", "path", "body"}``, is a v1 event with most parts left out.
    """
    raw = _read_v2(event) if event_format(event) is EventFormat.V2 else _read_v1(event)
    if not _METHOD.fullmatch(raw.method):
        raise MalformedRequest("The event names no HTTP method (httpMethod, or requestContext.http.method).")
    if not raw.path.startswith("/"):
        raise MalformedRequest("The event's path must begin with a slash.")
    sandbox_id, path = split_sandbox(raw.path)
    return Request(
        method=raw.method,
        path=path,
        sandbox_id=sandbox_id,
        query=raw.query,
        headers=raw.headers,
        cookies=raw.cookies,
        body=_body(event),
        origin=_origin(raw.headers, raw.context),
        request_id=str(raw.context.get("requestId") or getattr(context, "aws_request_id", None) or uuid4()),
        authorizer=_authorizer(raw.context),
        is_unrouted=event.get("routeKey") == "$default",
    )


class _Raw(NamedTuple):
    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: dict[str, str]
    cookies: tuple[str, ...]
    context: Mapping[str, Any]


def _read_v2(event: Mapping[str, Any]) -> _Raw:
    context = _mapping(event, "requestContext")
    http = _mapping(context, "http")
    path = str(event.get("rawPath") or http.get("path") or "")
    stage = str(context.get("stage") or "$default")
    if stage != "$default" and (path == f"/{stage}" or path.startswith(f"/{stage}/")):
        # A named stage is part of rawPath in HTTP APIs.
        path = path.removeprefix(f"/{stage}") or "/"
    cookies = event.get("cookies") or ()
    return _Raw(
        method=str(http.get("method") or ""),
        path=path,
        query=tuple(parse_qsl(str(event.get("rawQueryString") or ""), keep_blank_values=True)),
        headers=_headers(_mapping(event, "headers")),
        cookies=tuple(map(str, cookies)) if isinstance(cookies, list) else (),
        context=context,
    )


def _read_v1(event: Mapping[str, Any]) -> _Raw:
    headers = _headers(_mapping(event, "headers"))
    for name, values in _mapping(event, "multiValueHeaders").items():
        if isinstance(values, list):
            headers[str(name).lower()] = ",".join(map(str, values))
    query: list[tuple[str, str]] = []
    multiple = _mapping(event, "multiValueQueryStringParameters")
    for name, value in {**_mapping(event, "queryStringParameters"), **multiple}.items():
        query.extend((str(name), str(one)) for one in (value if isinstance(value, list) else [value]))
    # urlencode and parse_qsl bring both formats through the same treatment of odd characters.
    return _Raw(
        method=str(event.get("httpMethod") or ""),
        path=str(event.get("path") or ""),
        query=tuple(parse_qsl(urlencode(query, errors="replace"), keep_blank_values=True)),
        headers=headers,
        cookies=tuple(part.strip() for part in headers.get("cookie", "").split(";") if part.strip()),
        context=_mapping(event, "requestContext"),
    )


def _mapping(event: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = event.get(name)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise MalformedRequest(f"The event's {name} must be an object.")
    return value


def _headers(headers: Mapping[str, Any]) -> dict[str, str]:
    return {str(name).lower(): str(value) for name, value in headers.items() if value is not None}


def _body(event: Mapping[str, Any]) -> bytes:
    body = event.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        raise MalformedRequest("The event's body must be a string.")
    try:
        return base64.b64decode(body, validate=True) if event.get("isBase64Encoded") else body.encode()
    except (binascii.Error, ValueError) as error:
        raise MalformedRequest("The body's encoding is broken.") from error


def _authorizer(context: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a Lambda authorizer returned as its context: below ``lambda`` in format 2.0, as it is in 1.0."""
    authorizer = _mapping(context, "authorizer")
    return _mapping(authorizer, "lambda") if "lambda" in authorizer else authorizer


def _origin(headers: Mapping[str, str], context: Mapping[str, Any]) -> str | None:
    host = headers.get("host", str(context.get("domainName") or ""))
    if not host and "host" not in headers:
        return None
    if not _HOST.fullmatch(host):
        raise MalformedRequest("The Host header is not a host name with an optional port.")
    default = "https" if host.endswith(".amazonaws.com") else "http"
    scheme = headers.get("x-forwarded-proto", default).lower()
    return f"{scheme if scheme in {'http', 'https'} else default}://{host}"
