"""Problem documents (RFC 9457): the one form that errors have here, whoever reports them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

__all__ = ["PROBLEM_JSON", "problem_document"]

PROBLEM_JSON = "application/problem+json"

_TYPES = "urn:psn-emulator:problem:"


def problem_document(
    status: HTTPStatus,
    code: str,
    detail: str,
    *,
    request_id: str,
    instance: str | None = None,
    particulars: Mapping[str, Any] | None = None,
) -> str:
    """The document as JSON text (section 3.1), with ``code`` for machines and the ``request_id`` to look for in logs.

    ``instance`` is the path it happened at, and ``particulars`` further members (section 3.2).
    """
    document = {
        "type": _TYPES + code.replace("_", "-"),
        # Python's own phrases for a status change between its versions; a title must not (section 3.1.3).
        "title": code.replace("_", " ").capitalize(),
        "status": int(status),
        "detail": detail,
        "code": code,
        **(particulars or {}),
        **({"instance": instance} if instance else {}),
        "request_id": request_id,
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
