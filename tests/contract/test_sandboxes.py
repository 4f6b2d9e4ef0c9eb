"""Every path also exists below `/s/{sandbox_id}` (contract, Sandboxes)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.contract.checks import check_problem
from tests.contract.conftest import USER

Json = dict[str, Any]


@pytest.fixture
def prefixed(root_url: str) -> str:
    return f"{root_url}/s/default"


def test_the_default_sandbox_has_its_own_issuer__contract(http: httpx.Client, prefixed: str) -> None:
    document = http.get(f"{prefixed}/auth/.well-known/openid-configuration").raise_for_status().json()
    assert document["issuer"] == f"{prefixed}/auth"
    assert document["token_endpoint"] == f"{prefixed}/auth/token"
    assert http.get(document["jwks_uri"]).json()["keys"]


def test_the_prefix_reaches_the_same_world_as_no_prefix__contract(
    http: httpx.Client, root_url: str, prefixed: str
) -> None:
    token = http.post(f"{prefixed}/auth/token", json=USER).raise_for_status().json()
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    assert http.get(f"{prefixed}/auth/userinfo", headers=headers).status_code == 200
    refreshed = http.post(f"{root_url}/auth/refresh", json={"refresh_token": token["refresh_token"]})
    assert refreshed.status_code == 200, refreshed.text


def test_players_are_the_same_and_locations_stay_below_the_prefix__contract(
    players: httpx.Client, new_name: Callable[[], str], root_url: str, prefixed: str
) -> None:
    name = new_name()
    response = players.post(f"{prefixed}/players", json={"username": name, "email": f"{name}@example.com"})
    assert response.status_code == 201, response.text
    location = str(response.url.join(response.headers["Location"]))
    assert location.startswith(f"{prefixed}/players/")
    player_id = response.json()["player_id"]
    assert players.get(f"{root_url}/players/{player_id}").json()["username"] == name
    assert players.delete(location).status_code == 204


@pytest.mark.parametrize(
    "path",
    [
        "/auth/.well-known/openid-configuration",
        "/auth/userinfo",
        "/auth/token",
        "/players",
        "/players/some-player",
        "/nothing",
    ],
)
@pytest.mark.parametrize("sandbox_id", ["unknown-sandbox", "Default", "..%2f", "%00", "x" * 300])
def test_an_unknown_sandbox_is_a_404_problem__contract(
    players: httpx.Client, capabilities: Json, root_url: str, sandbox_id: str, path: str
) -> None:
    url = f"{root_url}/s/{sandbox_id}{path}"
    response = players.post(url, json=USER) if path == "/auth/token" else players.get(url)
    if capabilities["players_protected"] and path.startswith("/players") and response.status_code == 403:
        # Where players are protected the gateway refuses a token that no such sandbox issued, and tells no more.
        return
    check_problem(response, 404)


@pytest.mark.parametrize("path", ["/s", "/s/", "/s/default", "/s/default/", "/s/default/_emulator/v1/health"])
def test_nothing_else_is_below_the_prefix__contract(http: httpx.Client, root_url: str, path: str) -> None:
    check_problem(http.get(root_url + path), 404)
