"""Making, reading, replacing and deleting a player."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.unit.player_account_api.harness import ORIGIN, Api, ManualClock, SpyStore, new_api

_FULL = {
    "username": "Ana.García_1",
    "email": "Ana.Garcia+psn@Example.com",
    "display_name": "Ana 👩‍🚀",
    "country": "ES",
    "language": "es-ES",
    "avatar_url": "https://cdn.example.com/ana.png?size=64",
    "date_of_birth": "1990-12-31",
    "status": "suspended",
}


def test_a_new_player_has_defaults_for_all_that_was_not_said(api: Api) -> None:
    answer = api.post("/players", {"username": "player1", "email": "player1@example.com"})
    player = answer.json
    assert answer.status == 201
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Location"] == f"{ORIGIN}/players/{player['player_id']}"
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", player["player_id"])
    assert player == {
        "player_id": player["player_id"],
        "username": "player1",
        "email": "player1@example.com",
        "display_name": None,
        "country": None,
        "language": None,
        "avatar_url": None,
        "date_of_birth": None,
        "status": "active",
        "created_at": "2027-01-15T08:00:00.123Z",
        "updated_at": "2027-01-15T08:00:00.123Z",
        "version": 1,
    }


def test_all_that_was_said_is_kept_as_it_was_said(api: Api) -> None:
    player = api.post("/players", _FULL).json
    assert {name: player[name] for name in _FULL} == _FULL


def test_null_for_an_optional_field_is_the_same_as_leaving_it_out(api: Api) -> None:
    optional = dict.fromkeys(_FULL.keys() - {"username", "email"})
    created = api.create(**optional)
    assert created["status"] == "active"
    assert created["display_name"] is None


def test_answers_are_compact_and_in_utf8(api: Api) -> None:
    answer = api.post("/players", _FULL)
    assert '"username":"Ana.García_1","email"' in answer.text


def test_location_is_inside_the_sandbox(api: Api) -> None:
    sandbox = api.inside("mine")
    answer = sandbox.post("/players", {"username": "player1", "email": "player1@example.com"})
    player_id = answer.json["player_id"]
    assert answer.headers["Location"] == f"{ORIGIN}/s/mine/players/{player_id}"
    assert sandbox.get(f"/players/{player_id}").status == 200
    assert api.get(f"/players/{player_id}").status == 404


def test_a_player_is_read_as_it_was_made(api: Api) -> None:
    player = api.create()
    answer = api.get(f"/players/{player['player_id']}")
    assert (answer.status, answer.json) == (200, player)


def test_identifiers_are_read_in_either_case(api: Api) -> None:
    player = api.create()
    assert api.get(f"/players/{player['player_id'].upper()}").json == player


def test_replacing_sets_every_writable_field_and_keeps_the_rest(api: Api, clock: ManualClock) -> None:
    player = api.post("/players", _FULL).json
    clock.time += 60
    answer = api.put(f"/players/{player['player_id']}", {"username": "other", "email": "other@example.com"})
    assert answer.status == 200
    assert answer.json == {
        **dict.fromkeys(_FULL),
        "player_id": player["player_id"],
        "username": "other",
        "email": "other@example.com",
        "status": "active",
        "created_at": player["created_at"],
        "updated_at": "2027-01-15T08:01:00.123Z",
        "version": 2,
    }
    assert api.get(f"/players/{player['player_id']}").json == answer.json


def test_a_deleted_player_is_gone(api: Api) -> None:
    path = f"/players/{api.create()['player_id']}"
    answer = api.delete(path)
    assert (answer.status, answer.text) == (204, "")
    assert api.get(path).status == 404
    assert api.get(f"{path}/stats").status == 404
    assert api.delete(path).status == 404
    assert api.listed() == []


@pytest.mark.parametrize(
    "player_id",
    ["0c0ffee0-0000-4000-8000-000000000000", "nobody", "%00", "0" * 3000, "00000000000000000000000000000000"],
)
@pytest.mark.parametrize("operation", ["GET", "PUT", "DELETE", "GET stats"])
def test_who_is_not_there_is_not_found(api: Api, player_id: str, operation: str) -> None:
    method, _, below = operation.partition(" ")
    body = '{"username":"someone","email":"someone@example.com"}' if method == "PUT" else None
    answer = api.send(method, f"/players/{player_id}/{below}".rstrip("/"), body=body)
    assert answer.status == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json["code"] == "not_found"
    assert answer.json["detail"] == "There is no such player."


@pytest.mark.parametrize("player_id", ["nobody", "0" * 3000])
def test_what_is_no_identifier_is_not_looked_for(api: Api, store: SpyStore, player_id: str) -> None:
    api.get(f"/players/{player_id}")
    assert store.calls == []


def test_a_replacement_that_lost_a_race_is_done_again_on_what_won(api: Api, store: SpyStore) -> None:
    player = api.create()
    path = f"/players/{player['player_id']}"

    def overtake() -> None:
        assert api.put(path, {"username": "first", "email": "first@example.com", "country": "FR"}).status == 200

    store.before["transact"] = overtake
    answer = api.put(path, {"username": "second", "email": "second@example.com"})
    assert (answer.status, answer.json["version"]) == (200, 3)
    assert api.listed() == ["second"]
    assert api.listed(country="FR") == []
    assert api.listed(username="first") == []


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_change_that_keeps_losing_is_stale(api: Api, store: SpyStore, method: str) -> None:
    path = f"/players/{api.create()['player_id']}"

    def overtake() -> None:
        assert api.put(path, {"username": "rival", "email": "rival@example.com"}).status == 200
        store.before["transact"] = overtake

    store.before["transact"] = overtake
    body = '{"username":"patient","email":"patient@example.com"}' if method == "PUT" else None
    answer = api.send(method, path, body=body)
    assert (answer.status, answer.json["code"]) == (409, "stale_version")


def test_a_deletion_that_lost_a_race_leaves_nothing_behind(api: Api, store: SpyStore) -> None:
    path = f"/players/{api.create(username='before')['player_id']}"

    def overtake() -> None:
        api.put(path, {"username": "after", "email": "after@example.com", "country": "FR", "status": "banned"})

    store.before["transact"] = overtake
    assert api.delete(path).status == 204
    for filters in ({}, {"country": "FR"}, {"status": "banned"}, {"username": "after"}, {"username": "before"}):
        assert api.listed(**filters) == []
    api.create(username="after", email="after@example.com")


def test_a_replacement_of_who_was_deleted_meanwhile_finds_nobody(api: Api, store: SpyStore) -> None:
    path = f"/players/{api.create()['player_id']}"
    store.before["transact"] = lambda: api.delete(path)
    assert api.put(path, {"username": "late", "email": "late@example.com"}).status == 404
    api.create(username="late", email="late@example.com")


def test_an_identifier_that_is_in_use_is_drawn_again(store: SpyStore, clock: ManualClock) -> None:
    first = new_api(store, clock).create()
    # A new process with the same seed: its draws begin anew, its store does not.
    again = new_api(store, clock)
    store.calls.clear()
    second = again.create(username="other", email="other@example.com")
    assert store.calls == ["transact", "transact"]
    assert second["player_id"] != first["player_id"]


def test_simultaneous_replacements_all_count(api: Api) -> None:
    path = f"/players/{api.create()['player_id']}"

    def replace(number: int) -> int:
        return api.put(path, {"username": f"name{number}", "email": f"name{number}@example.com"}).status

    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(replace, range(32)))
    assert set(statuses) <= {200, 409}
    player = api.get(path).json
    assert player["version"] == 1 + statuses.count(200)
    assert api.listed() == [player["username"]]
