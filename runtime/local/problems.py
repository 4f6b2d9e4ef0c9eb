"""The errors that the gateway itself answers, in the form that the services give theirs: problem+json (RFC 9457)."""

from __future__ import annotations

import json
from http import HTTPStatus

from runtime.local.answers import HttpResponse

__all__ = ["problem"]


def problem(status: HTTPStatus, code: str, detail: str, *, request_id: str, instance: str) -> HttpResponse:
    """The response that says ``detail``. ``code`` is stable and for machines; ``instance`` is the request's path."""
    body = json.dumps(
        {
            "type": "urn:psn-emulator:problem:" + code.replace("_", "-"),
            "title": status.phrase,
            "status": int(status),
            "detail": detail,
            "code": code,
            "instance": instance,
            "request_id": request_id,
        },
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"x-request-id", request_id.encode("ascii")),
        (b"content-length", str(len(body)).encode("ascii")),
    ]
    return HttpResponse(int(status), headers, body)
