"""What every answer of a kind must look like, checked in one place."""

from __future__ import annotations

import re
from typing import Any

import httpx

__all__ = ["check_bearer_challenge", "check_oauth_error", "check_problem", "pointers"]

_MEMBERS = {"type", "title", "status", "detail", "instance", "code", "request_id"}
_DESCRIPTION = re.compile(r"[\x20-\x21\x23-\x5B\x5D-\x7E]+")


def check_problem(response: httpx.Response, status: int | tuple[int, ...]) -> dict[str, Any]:
    """A problem document (RFC 9457, section 3; contract) with ``status``; returns it."""
    expected = (status,) if isinstance(status, int) else status
    assert response.status_code in expected, f"{response.status_code} {response.text}"
    assert response.headers["Content-Type"].partition(";")[0] == "application/problem+json", response.text
    problem: dict[str, Any] = response.json()
    assert problem.keys() >= _MEMBERS
    assert problem["status"] == response.status_code
    assert all(isinstance(problem[name], str) and problem[name] for name in _MEMBERS - {"status"})
    return problem


def pointers(problem: dict[str, Any]) -> set[str]:
    """The places a problem's ``errors`` name: JSON pointers (RFC 6901), or names of query parameters."""
    assert all(failure["message"] for failure in problem["errors"])
    return {failure.get("pointer", failure.get("parameter")) for failure in problem["errors"]}


def check_oauth_error(response: httpx.Response, error: str, status: int = 400) -> dict[str, Any]:
    """An error answer of the token endpoint (RFC 6749, section 5.2); returns it."""
    assert response.status_code == status, f"{response.status_code} {response.text}"
    assert response.headers["Content-Type"].partition(";")[0] == "application/json"
    assert "no-store" in response.headers["Cache-Control"]
    body: dict[str, Any] = response.json()
    assert body["error"] == error, body
    # RFC 6749, section 5.2: error_description has no character outside this set.
    assert _DESCRIPTION.fullmatch(body["error_description"]), body
    return body


def check_bearer_challenge(response: httpx.Response, error: str | None, status: int = 401) -> None:
    """A protected resource's refusal (RFC 6750, section 3): without an error code where no token was sent."""
    assert response.status_code == status, f"{response.status_code} {response.text}"
    challenge = response.headers["WWW-Authenticate"]
    assert challenge.partition(" ")[0].lower() == "bearer"
    if error is None:
        assert "error" not in challenge
    else:
        assert f'error="{error}"' in challenge
