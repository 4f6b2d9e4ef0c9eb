"""A player's life: create, read, replace, delete (contract, Player accounts)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import httpx
import pytest

from tests.contract.checks import check_problem

Json = dict[str, Any]
Create = Callable[..., Json]

FULL = {
    "display_name": "Zoë 🎮",
    "country": "GB",
    "language": "en-GB",
    "avatar_url": "https://example.com/avatars/1.png",
    "date_of_birth": "2001-02-28",
    "status": "suspended",
}


def moment(text: str) -> datetime:
    """RFC 3339, section 5.6."""
    parsed = datetime.fromisoformat(text)
    assert parsed.tzinfo is not None
    return parsed


def test_create_answers_201_with_the_player_and_its_location__rfc9110_15_3_2(
    players: httpx.Client, new_name: Callable[[], str]
) -> None:
    name = new_name()
    response = players.post("/players", json={"username": name, "email": f"{name}@example.com"})
    assert response.status_code == 201, response.text
    player = response.json()
    assert (player["username"], player["email"]) == (name, f"{name}@example.com")
    assert player["status"] == "active"
    assert moment(player["created_at"]) == moment(player["updated_at"])
    location = response.url.join(response.headers["Location"])
    assert players.get(location).json() == player
    assert players.delete(location).status_code == 204


def test_every_field_is_kept_as_it_was_sent__contract(players: httpx.Client, create: Create) -> None:
    player = create(**FULL)
    assert {name: player[name] for name in FULL} == FULL
    assert players.get(f"/players/{player['player_id']}").json() == player


@pytest.mark.parametrize(
    ("clause", "fields"),
    [
        ("any script in a display name", {"display_name": "\u30d7\u30ec\u30a4\u30e4\u30fc \u0645\u0644\u0643"}),
        ("null counts as absent", dict.fromkeys(("display_name", "country", "avatar_url"))),
        ("language with a script, BCP 47 2.2.3", {"language": "zh-Hant-TW"}),
        ("banned", {"status": "banned"}),
    ],
)
def test_acceptable_fields__contract(create: Create, clause: str, fields: Json) -> None:
    player = create(**fields)
    assert {name: player.get(name) for name in fields} == fields, clause


def test_put_replaces_every_writable_field__rfc9110_9_3_4(players: httpx.Client, create: Create) -> None:
    before = create(**FULL)
    fresh = create()
    url = f"/players/{before['player_id']}"
    response = players.put(url, json={"username": before["username"], "email": before["email"]})
    assert response.status_code == 200, response.text
    after = response.json()
    # What the replacement leaves out is what a new player has, not what was there before.
    for name in ("country", "language", "avatar_url", "date_of_birth", "status"):
        assert after.get(name) == fresh.get(name), name
    assert after.get("display_name") != FULL["display_name"]
    assert (after["player_id"], after["created_at"]) == (before["player_id"], before["created_at"])
    assert after["version"] == before["version"] + 1
    assert moment(after["updated_at"]) >= moment(before["updated_at"])
    assert players.get(url).json() == after


def test_put_wants_all_required_fields__contract(players: httpx.Client, create: Create) -> None:
    player = create()
    problem = check_problem(players.put(f"/players/{player['player_id']}", json={"display_name": "x"}), 422)
    assert {failure["pointer"] for failure in problem["errors"]} == {"/username", "/email"}


def test_delete_answers_204_and_then_the_player_is_gone__rfc9110_15_3_5(players: httpx.Client, create: Create) -> None:
    player = create()
    url = f"/players/{player['player_id']}"
    response = players.delete(url)
    assert response.status_code == 204
    assert response.content == b""
    body = {"username": player["username"], "email": player["email"]}
    for gone in (players.get(url), players.put(url, json=body), players.delete(url), players.get(f"{url}/stats")):
        check_problem(gone, 404)
    listed = players.get("/players", params={"username": player["username"]}).json()
    assert listed["items"] == []


def test_a_deleted_players_names_are_free_again__contract(players: httpx.Client, create: Create) -> None:
    old = create()
    assert players.delete(f"/players/{old['player_id']}").status_code == 204
    new = create(username=old["username"], email=old["email"])
    assert new["player_id"] != old["player_id"]


def test_stats_of_a_new_player_are_zeroes__contract(players: httpx.Client, create: Create) -> None:
    player = create()
    response = players.get(f"/players/{player['player_id']}/stats")
    assert response.status_code == 200, response.text
    stats = response.json()
    assert stats["player_id"] == player["player_id"]
    counters = ("experience", "matches_played", "wins", "losses", "draws", "win_rate", "play_time_seconds")
    assert {name: stats[name] for name in counters} == dict.fromkeys(counters, 0)
    assert stats["trophies"] == {"bronze": 0, "silver": 0, "gold": 0, "platinum": 0}
    assert isinstance(stats["level"], int)
    assert stats.get("last_played_at") is None


@pytest.mark.parametrize(
    "player_id",
    [
        "0b9e2d3c-5f64-4c7b-9a51-2f6d0e8c7a10",
        "nobody",
        "0",
        "x" * 2000,
        "%00",
        "%FF%FE",
        "..%2F..%2Fauth%2Ftoken",
        "%E2%98%83",
        "'--",
    ],
)
@pytest.mark.parametrize(("method", "suffix"), [("GET", ""), ("PUT", ""), ("DELETE", ""), ("GET", "/stats")])
def test_no_such_player_is_a_404_problem__contract(
    players: httpx.Client, player_id: str, method: str, suffix: str
) -> None:
    body = {"username": "somebody", "email": "somebody@example.com"} if method == "PUT" else None
    check_problem(players.request(method, f"/players/{player_id}{suffix}", json=body), 404)
