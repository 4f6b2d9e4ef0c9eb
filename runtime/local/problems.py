"""The errors that the gateway itself answers, in the form that the services give theirs: problem+json (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus

from runtime.core.problems import PROBLEM_JSON, problem_document
from runtime.local.answers import HttpResponse

__all__ = ["problem"]


def problem(status: HTTPStatus, code: str, detail: str, *, request_id: str, instance: str | None) -> HttpResponse:
    """The response that says ``detail``. ``code`` is stable and for machines; ``instance`` is the request's path."""
    body = problem_document(status, code, detail, request_id=request_id, instance=instance).encode()
    headers = [
        (b"content-type", PROBLEM_JSON.encode("ascii")),
        (b"x-request-id", request_id.encode("ascii")),
        (b"content-length", str(len(body)).encode("ascii")),
    ]
    return HttpResponse(int(status), headers, body)
