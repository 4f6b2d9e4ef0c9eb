"""Protected players: the service speaks the authorizer's verdict, and fails closed (decision 0008; RFC 6750 §3)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from runtime.catalogue import PLAYERS
from runtime.composition import Parts
from runtime.player_account_api.routes import build_router

BODY = '{"username": "player1", "email": "player1@example.com"}'


@pytest.fixture
def ask(make_parts: Callable[..., Parts]) -> Callable[..., dict[str, Any]]:
    parts = make_parts(protect_players=True)
    handler = parts.pipeline(PLAYERS, build_router())

    def call(authorizer: object, path: str = "/players", method: str = "POST") -> dict[str, Any]:
        context = {"http": {"method": method}, "stage": "$default"}
        if authorizer is not None:
            context["authorizer"] = authorizer  # type: ignore[assignment]
        headers = {"content-type": "application/json", "host": "x"}
        event = {"version": "2.0", "rawPath": path, "headers": headers, "requestContext": context, "body": BODY}
        return handler(event, None)

    return call


def test_a_good_verdict_lets_pass(ask: Callable[..., dict[str, Any]]) -> None:
    assert ask({"lambda": {"subject": "s", "client_id": "c", "scope": "players:write"}})["statusCode"] == 201


@pytest.mark.parametrize(
    "authorizer",
    [None, {}, {"lambda": {}}, {"lambda": {"subject": None}}, {"lambda": {"client_id": "c"}}, {"jwt": {"claims": {}}}],
)
def test_without_a_verdict_nobody_passes(ask: Callable[..., dict[str, Any]], authorizer: object) -> None:
    answer = ask(authorizer)
    assert answer["statusCode"] == 401
    assert answer["headers"]["WWW-Authenticate"] == 'Bearer realm="psn-emulator"'


@pytest.mark.parametrize(
    ("error", "status"),
    [("", 401), ("invalid_token", 401), ("insufficient_scope", 403), ("invalid_request", 400)],
)
def test_a_refusal_has_its_status_and_challenge(ask: Callable[..., dict[str, Any]], error: str, status: int) -> None:
    verdict = {"error": error, "error_description": "Told so.", "scope": "players:write", "subject": "s"}
    answer = ask({"lambda": verdict})
    assert answer["statusCode"] == status
    challenge = answer["headers"]["WWW-Authenticate"]
    assert challenge.startswith("Bearer ")
    assert (f'error="{error}"' in challenge) is bool(error)
    assert json.loads(answer["body"]) == ({"error": error, "error_description": "Told so."} if error else {})


def test_a_sandbox_that_is_not_there_is_told_whoever_asks(ask: Callable[..., dict[str, Any]]) -> None:
    assert ask({"lambda": {}}, "/s/nowhere/players")["statusCode"] == 404
