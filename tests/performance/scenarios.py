"""The requests that are measured, and what each server needs before them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlencode
from uuid import uuid4

import httpx

__all__ = [
    "OAUTH",
    "PLAYERS",
    "REST",
    "SCENARIOS",
    "WARM_UP",
    "Request",
    "Scenario",
    "new_prefix",
    "player",
    "seed",
]

PLAYERS = 100
"""How many players there are to read, in the emulator and in its peer."""

_JSON = {"Content-Type": "application/json"}
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_LOGIN = {
    "grant_type": "password",
    "client_id": "psn-game-client",
    "username": "testuser",
    "password": "password123",
    "scope": "openid",
}
_REFRESH = urlencode({"grant_type": "refresh_token", "client_id": "psn-game-client"}) + "&refresh_token=@TOKEN@"
_CREATE = json.dumps({"username": "@NAME@", "email": "@NAME@@example.com"})


@dataclass(frozen=True)
class Request:
    """One request as the load generator takes it (see :class:`tests.performance.load.Job`)."""

    method: str
    path: str
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    tokens: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Scenario:
    """A request to the emulator, made for its base URL and a number of connections, and the same to a peer."""

    name: str
    request: Callable[[str, int], Request]
    peer: str | None = None
    peer_request: Request | None = None


def player(number: int) -> dict[str, str]:
    """A player of the world that is read."""
    return {"username": f"reader{number}", "email": f"reader{number}@example.com"}


def seed(base_url: str) -> None:
    """Make the players that are read."""
    with httpx.Client(base_url=base_url) as client:
        for number in range(PLAYERS):
            client.post("/players", json=player(number)).raise_for_status()


def _login(base_url: str) -> dict[str, str]:
    answer: dict[str, str] = httpx.post(f"{base_url}/auth/token", data=_LOGIN).raise_for_status().json()
    return answer


def _token(_base_url: str, _connections: int) -> Request:
    return Request("POST", "/auth/token", headers=_FORM, body=urlencode(_LOGIN))


def _refresh(base_url: str, connections: int) -> Request:
    tokens = [_login(base_url)["refresh_token"] for _ in range(connections)]
    return Request("POST", "/auth/token", headers=_FORM, body=_REFRESH, tokens=tokens)


def _userinfo(base_url: str, _connections: int) -> Request:
    return Request("GET", "/auth/userinfo", headers={"Authorization": f"Bearer {_login(base_url)['access_token']}"})


def _get(base_url: str, _connections: int) -> Request:
    found = httpx.get(f"{base_url}/players", params={"username": "reader1"}).raise_for_status().json()
    return Request("GET", f"/players/{found['items'][0]['player_id']}")


def _list(_base_url: str, _connections: int) -> Request:
    return Request("GET", "/players?limit=25")


def _create(_base_url: str, _connections: int) -> Request:
    return Request("POST", "/players", status=201, headers=_JSON, body=_CREATE)


OAUTH, REST = "oauth2-mock-server", "json-server"

SCENARIOS = (
    Scenario("hello", lambda _base_url, _connections: Request("GET", "/players")),
    # The peer signs an access token and an ID token; with the openid scope the emulator does the same.
    Scenario("token", _token, OAUTH, Request("POST", "/token", headers=_FORM, body=urlencode(_LOGIN))),
    Scenario("refresh", _refresh),
    Scenario("userinfo", _userinfo),
    Scenario("get player", _get, REST, Request("GET", "/players/1")),
    Scenario("list players", _list, REST, Request("GET", "/players?_page=1&_limit=25")),
    Scenario("create player", _create, REST, Request("POST", "/players", status=201, headers=_JSON, body=_CREATE)),
)
"""In the order in which they are measured and shown. ``hello`` goes to the bare gateway."""

WARM_UP = Request("GET", "/players?_page=1&_limit=25")
"""What a new json-server is warmed up with: it computes, and leaves no player behind."""


def new_prefix() -> str:
    """A prefix of names that no run before this one has used."""
    return f"b{uuid4().hex[:12]}"
