"""The requests that are measured, as API Gateway sends them (payload format 2.0)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

__all__ = ["authorization", "create_player", "get", "token"]


def get(path: str) -> Callable[[int], dict[str, Any]]:
    """Always the same GET."""
    return lambda _number: _event("GET", path)


def token(_number: int) -> dict[str, Any]:
    """A password grant, as the specification's example."""
    return _event("POST", "/auth/token", {"username": "testuser", "password": "password123"})


def create_player(_number: int) -> dict[str, Any]:
    """A player that nobody has seen."""
    name = f"cold{uuid4().hex[:20]}"
    return _event("POST", "/players", {"username": name, "email": f"{name}@example.com"})


def authorization(bearer: Callable[[], str]) -> Callable[[int], dict[str, Any]]:
    """What the gateway asks the authorizer about a request to the player accounts."""

    def make(_number: int) -> dict[str, Any]:
        event = _event("GET", "/players")
        event["headers"]["authorization"] = f"Bearer {bearer()}"
        return {**event, "type": "REQUEST", "identitySource": [f"Bearer {bearer()}"]}

    return make


def _event(method: str, path: str, body: dict[str, str] | None = None) -> dict[str, Any]:
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": f"{method} {path}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"host": "api.test", "x-forwarded-proto": "https", "content-type": "application/json"},
        "requestContext": {
            "domainName": "api.test",
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "x"},
            "requestId": "cold-start",
            "routeKey": f"{method} {path}",
            "stage": "$default",
        },
        "isBase64Encoded": False,
    }
    if body is not None:
        event["body"] = json.dumps(body)
    return event
