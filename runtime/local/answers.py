"""What a function returned, as the HTTP response that API Gateway makes of it: response format 2.0.

See docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html, "Lambda function
response for format 2.0". Where that is silent, what AWS's own test tool took over from the real service decides
(github.com/aws/aws-lambda-dotnet: Tools/LambdaTestTool-v2).
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

__all__ = ["HttpResponse", "MalformedAnswer", "message_response", "read_answer"]

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2
_FORBIDDEN_IN_VALUES = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")

# The connection is the gateway's business: a function has no say in these (RFC 9110, section 7.6.1).
_GATEWAYS_OWN = frozenset(
    {"connection", "content-length", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}
)
_JSON_TYPE = (b"content-type", b"application/json")
_DEFAULT_TYPE = (b"content-type", b"text/plain; charset=utf-8")


class MalformedAnswer(Exception):
    """A function returned what no HTTP response can be made of; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A response, ready to send. ``headers`` have lower-case names and include the body's length."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


def read_answer(answer: object) -> HttpResponse:
    """The response for ``answer``. Raises :class:`MalformedAnswer`, which API Gateway answers with its own 500."""
    if not isinstance(answer, Mapping) or "statusCode" not in answer:
        return _complete(200, [_JSON_TYPE], _inferred_body(answer))
    status = _status(answer["statusCode"])
    headers = list(_headers(answer.get("headers")))
    if not any(name == b"content-type" for name, _ in headers) and _has_body(status):
        headers.append(_DEFAULT_TYPE)
    headers.extend((b"set-cookie", _value("set-cookie", cookie)) for cookie in _cookies(answer.get("cookies")))
    return _complete(status, headers, _body(answer.get("body"), encoded=answer.get("isBase64Encoded") is True))


def message_response(status: int, message: str) -> HttpResponse:
    """A response in API Gateway's own words: ``{"message":"Forbidden"}``."""
    body = json.dumps({"message": message}, separators=(",", ":"))
    return _complete(status, [_JSON_TYPE], body.encode())


def _inferred_body(answer: object) -> bytes:
    """Without a status code, API Gateway infers the response: 200, JSON, and the whole answer as the body."""
    if isinstance(answer, str):
        return answer.encode()
    try:
        return json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()
    except (TypeError, ValueError) as error:
        raise MalformedAnswer(f"the answer is not JSON: {error}") from error


def _status(value: object) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 200 <= value <= 599:
        raise MalformedAnswer(f"statusCode must be a status code, not {value!r}")
    return value


def _headers(headers: object) -> Iterator[tuple[bytes, bytes]]:
    if headers is None:
        return
    if not isinstance(headers, Mapping):
        raise MalformedAnswer("headers must be an object")
    for name, value in headers.items():
        lower = _name(name)
        if value is not None and lower is not None:
            yield lower, _value(name, value)


@lru_cache(maxsize=256)
def _name(name: Any) -> bytes | None:
    """The name in lower case, or ``None`` where the header is not the function's to set."""
    if not isinstance(name, str) or not _TOKEN.fullmatch(name):
        raise MalformedAnswer(f"{name!r} is no header name")
    lower = name.lower()
    return None if lower in _GATEWAYS_OWN else lower.encode("ascii")


def _value(name: str, value: object) -> bytes:
    if isinstance(value, bool | int | float):
        value = json.dumps(value)
    if not isinstance(value, str) or _FORBIDDEN_IN_VALUES.search(value):
        raise MalformedAnswer(f"the value of header {name} cannot be sent")
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode()


def _cookies(cookies: object) -> list[Any]:
    if cookies is None:
        return []
    if not isinstance(cookies, list):
        raise MalformedAnswer("cookies must be a list")
    return cookies


def _body(body: object, *, encoded: bool) -> bytes:
    if body is None:
        return b""
    if not isinstance(body, str):
        raise MalformedAnswer("body must be a string")
    if not encoded:
        return body.encode()
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedAnswer("the body is not base64, as isBase64Encoded says") from error


def _has_body(status: int) -> bool:
    return status not in (204, 304)


def _complete(status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> HttpResponse:
    if not _has_body(status):
        # RFC 9110, sections 8.6, 15.3.5 and 15.4.5: neither has content, and a 204 no length of it.
        return HttpResponse(status, headers, b"")
    headers.append((b"content-length", str(len(body)).encode("ascii")))
    return HttpResponse(status, headers, body)
