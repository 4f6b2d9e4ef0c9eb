"""Responses: how results and errors become HTTP. The only place that knows which error has which status.

Errors are problem+json (RFC 9457), except where a standard demands another form: the OAuth endpoints answer
RFC 6749, section 5.2, and protected resources challenge as RFC 6750, section 3 has it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from runtime.core import errors
from runtime.core.powertools import Response
from runtime.core.problems import PROBLEM_JSON, problem_document
from runtime.core.request import EventFormat

__all__ = ["JSON", "Response", "error_response", "json_response", "proxy_answer"]

JSON = "application/json"

# What a client sees of each error: its status and its stable machine-readable code.
_STATUS: dict[type[errors.RequestError], tuple[HTTPStatus, str]] = {
    errors.MalformedRequest: (HTTPStatus.BAD_REQUEST, "malformed_request"),
    errors.InvalidInput: (HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_input"),
    errors.PayloadTooLarge: (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "payload_too_large"),
    errors.UnsupportedMediaType: (HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type"),
    errors.NoSuchPath: (HTTPStatus.NOT_FOUND, "no_such_path"),
    errors.MethodNotAllowed: (HTTPStatus.METHOD_NOT_ALLOWED, "method_not_allowed"),
    errors.NoSuchResource: (HTTPStatus.NOT_FOUND, "not_found"),
    errors.AlreadyExists: (HTTPStatus.CONFLICT, "already_exists"),
    errors.StaleVersion: (HTTPStatus.CONFLICT, "stale_version"),
    errors.ServiceBusy: (HTTPStatus.SERVICE_UNAVAILABLE, "busy"),
    errors.ServiceUnavailable: (HTTPStatus.SERVICE_UNAVAILABLE, "unavailable"),
}

# RFC 6749, section 5.2: everything is 400 but a client that failed to authenticate.
_OAUTH_STATUS = {"invalid_client": HTTPStatus.UNAUTHORIZED}
# RFC 6750, section 3.1. Without an error code no token came, which is 401 as well.
_BEARER_STATUS = {"insufficient_scope": HTTPStatus.FORBIDDEN, "invalid_request": HTTPStatus.BAD_REQUEST}


def json_response(
    status: int, body: str | Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> Response[str]:
    """An answer of JSON. ``body`` is an object to serialise, or JSON text that is ready to send."""
    text = body if isinstance(body, str) else _dumps(body)
    return Response(status, JSON, text, headers=dict(headers or {}))


def error_response(error: Exception, *, request_id: str, instance: str | None = None) -> Response[str]:
    """The answer for ``error``; ``instance`` is the path it happened at. Unknown errors tell nothing but their id."""
    match error:
        case errors.OAuthError():
            return _oauth(error)
        case errors.BearerTokenError():
            return _bearer(error)
        case errors.RequestError() if type(error) in _STATUS:
            status, code = _STATUS[type(error)]
            detail, particulars = error.detail, _particulars(error)
        case _:
            status, code = HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error"
            detail, particulars = "The emulator failed; its log tells more under this request_id.", {}
    body = problem_document(status, code, detail, request_id=request_id, instance=instance, particulars=particulars)
    return Response(int(status), PROBLEM_JSON, body, headers=_headers(error))


def proxy_answer(response: Response[Any], form: EventFormat) -> dict[str, Any]:
    """``response`` as a Lambda proxy answer, in the form that the event's format expects.

    Format 2.0 has ``cookies``; format 1.0 has them in ``multiValueHeaders``.
    """
    body = response.body
    headers = {name: value if isinstance(value, str) else ", ".join(value) for name, value in response.headers.items()}
    answer: dict[str, Any] = {
        "statusCode": response.status_code,
        "headers": headers,
        "body": base64.b64encode(body).decode() if isinstance(body, bytes) else body or "",
        "isBase64Encoded": isinstance(body, bytes),
    }
    cookies = [str(cookie) for cookie in response.cookies or ()]
    if form is EventFormat.V2:
        answer["cookies"] = cookies
    elif cookies:
        answer["multiValueHeaders"] = {"Set-Cookie": cookies}
    return answer


def _particulars(error: errors.RequestError) -> dict[str, Any]:
    match error:
        case errors.InvalidInput():
            return {"errors": [_field(failure) for failure in error.errors]}
        case errors.AlreadyExists():
            return {"errors": [{"pointer": f"/{name}", "message": "is already taken"} for name in error.fields]}
        case _:
            return {}


def _field(failure: errors.FieldError) -> dict[str, str]:
    place = {"parameter": failure.parameter} if failure.parameter else {"pointer": failure.pointer or ""}
    return {**place, "message": failure.message}


def _headers(error: Exception) -> dict[str, str | list[str]]:
    match error:
        case errors.MethodNotAllowed():
            return {"Allow": ", ".join(error.allowed)}
        case errors.ServiceBusy() | errors.ServiceUnavailable():
            return {"Retry-After": str(error.retry_after)}
        case errors.UnsupportedMediaType():
            return {"Accept": ", ".join(error.accepted)}
        case _:
            return {}


def _oauth(error: errors.OAuthError) -> Response[str]:
    status = _OAUTH_STATUS.get(error.error, HTTPStatus.BAD_REQUEST)
    headers: dict[str, str | list[str]] = {"Cache-Control": "no-store", "Pragma": "no-cache"}
    if error.challenge:
        headers["WWW-Authenticate"] = 'Basic realm="psn-emulator", charset="UTF-8"'
    body = {"error": error.error, "error_description": error.detail}
    return Response(int(status), JSON, _dumps(body), headers=headers)


def _bearer(error: errors.BearerTokenError) -> Response[str]:
    status = _BEARER_STATUS.get(error.error or "", HTTPStatus.UNAUTHORIZED)
    parts = ['realm="psn-emulator"']
    body: dict[str, str] = {}
    if error.error:
        parts += [f'error="{error.error}"', f'error_description="{error.detail}"']
        body = {"error": error.error, "error_description": error.detail}
    if error.scope:
        parts.append(f'scope="{error.scope}"')
    headers: dict[str, str | list[str]] = {
        "WWW-Authenticate": "Bearer " + ", ".join(parts),
        "Cache-Control": "no-store",
    }
    return Response(int(status), JSON, _dumps(body), headers=headers)


# An encoder costs as much to make as to use.
_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _dumps(body: Mapping[str, Any]) -> str:
    return _encoder.encode(body)
