"""The specification's own commands, run by the curl that its readers have, with only the host filled in."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

import httpx

from tests.contract.checks import check_problem

Json = dict[str, Any]

GET_TOKEN = r"""
curl -X POST $API_URL/auth/token \
  -H "Content-Type: application/json" \
  -d '{"username":"testuser","password":"password123"}'
"""

CREATE_PLAYER = r"""
curl -X POST $API_URL/players \
  -H "Content-Type: application/json" \
  -d '{"username":"player1","email":"player1@example.com"}'
"""


def run(command: str, base_url: str) -> Json:
    finished = subprocess.run(
        ["sh", "-c", command], env={**os.environ, "API_URL": base_url}, capture_output=True, text=True, check=True
    )
    answer: Json = json.loads(finished.stdout)
    return answer


def test_get_a_token__specification(base_url: str) -> None:
    answer = run(GET_TOKEN, base_url)
    assert answer["token_type"] == "Bearer"
    assert answer["access_token"]
    assert answer["refresh_token"]


def test_create_a_player__specification(base_url: str, players: httpx.Client, capabilities: Json) -> None:
    # The example's player may be there from the last reader.
    for names in ({"username": "player1"}, {"email": "player1@example.com"}):
        for player in players.get("/players", params=names).json()["items"]:
            players.delete(f"/players/{player['player_id']}")
    answer = run(CREATE_PLAYER, base_url)
    if capabilities["players_protected"]:
        # Where players are protected the example lacks a token.
        assert "player_id" not in answer
        return
    assert answer["username"] == "player1"
    player = f"/players/{answer['player_id']}"
    assert players.get(player).json() == answer
    # Once more, the name is taken.
    assert run(CREATE_PLAYER, base_url)["status"] == 409
    assert players.delete(player).status_code == 204
    check_problem(players.get(player), 404)
