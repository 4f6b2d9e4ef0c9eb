"""The emulator under test and clients for it. Nothing here, nor in the tests beside it, knows the emulator's code."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.contract.server import LocalServer

GAME = "psn-game-client"
PARTNER = ("psn-partner-service", "partner-secret")
USER = {"username": "testuser", "password": "password123"}

Json = dict[str, Any]


@pytest.fixture(scope="session")
def base_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """What a client is given: an origin, perhaps with a path prefix, and no slash at its end."""
    given: str | None = request.config.getoption("--base-url")
    if given:
        yield given.rstrip("/")
        return
    with LocalServer(state=str(tmp_path_factory.mktemp("contract") / "state.sqlite3")) as server:
        yield server.base_url
    assert server.exit_code == 0, f"SIGTERM must end the emulator cleanly, but it ended with {server.exit_code}"


@pytest.fixture(scope="session")
def root_url(base_url: str) -> str:
    """Where the deployment begins: the base URL without a sandbox's prefix."""
    return re.sub(r"/s/[^/]+$", "", base_url)


@pytest.fixture(scope="session")
def http(base_url: str) -> Iterator[httpx.Client]:
    """A client without any credentials, relative to the base URL."""
    with httpx.Client(base_url=base_url, timeout=30) as client:
        yield client


@pytest.fixture(scope="session")
def control(root_url: str, request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    """A client of the control plane, with the admin token where one was given."""
    token: str | None = request.config.getoption("--admin-token")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with httpx.Client(base_url=f"{root_url}/_emulator/v1", headers=headers, timeout=30) as client:
        yield client


@pytest.fixture(scope="session")
def capabilities(control: httpx.Client) -> Json:
    """What the deployment under test can do."""
    answer: Json = control.get("/capabilities").raise_for_status().json()
    return answer


@pytest.fixture(scope="session")
def discovery(http: httpx.Client) -> Json:
    """The OpenID Provider's metadata."""
    document: Json = http.get("/auth/.well-known/openid-configuration").raise_for_status().json()
    return document


@pytest.fixture
def token_request(http: httpx.Client) -> Callable[..., httpx.Response]:
    """A form-encoded request to the token endpoint (RFC 6749, section 3.2) by the public client."""

    def request(auth: tuple[str, str] | None = None, **parameters: str) -> httpx.Response:
        client = {} if auth or "client_id" in parameters else {"client_id": GAME}
        return http.post("/auth/token", data={**client, **parameters}, auth=auth or httpx.USE_CLIENT_DEFAULT)

    return request


@pytest.fixture
def login(token_request: Callable[..., httpx.Response]) -> Callable[..., Json]:
    """The token answer of a password grant that succeeds; parameters are added or replaced."""

    def grant(auth: tuple[str, str] | None = None, **parameters: str) -> Json:
        response = token_request(auth, **{"grant_type": "password", **USER, **parameters})
        assert response.status_code == 200, response.text
        answer: Json = response.json()
        return answer

    return grant


@pytest.fixture(scope="session")
def players(base_url: str, http: httpx.Client, capabilities: Json) -> Iterator[httpx.Client]:
    """A client for the player accounts: with a token where the deployment protects them."""
    headers = {}
    if capabilities["players_protected"]:
        form = {"grant_type": "password", "client_id": GAME, "scope": "players:read players:write", **USER}
        token = http.post("/auth/token", data=form).raise_for_status().json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=base_url, headers=headers, timeout=30) as client:
        yield client


@pytest.fixture
def new_name() -> Callable[[], str]:
    """Makes usernames that no world has seen."""
    return lambda: f"c{uuid4().hex[:24]}"


@pytest.fixture
def create(players: httpx.Client, new_name: Callable[[], str]) -> Iterator[Callable[..., Json]]:
    """Makes players; ``fields`` are added to a fresh username and email. They are deleted when the test is over."""
    made: list[str] = []

    def make(**fields: Any) -> Json:
        name = new_name()
        response = players.post("/players", json={"username": name, "email": f"{name}@example.com", **fields})
        assert response.status_code == 201, response.text
        player: Json = response.json()
        made.append(player["player_id"])
        return player

    yield make
    for player_id in made:
        players.delete(f"/players/{player_id}")
