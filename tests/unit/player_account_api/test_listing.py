"""Listing players: order, pages, filters, cursors."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime
from random import Random
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from runtime.player_account_api.cursor import Cursors
from runtime.player_account_api.listing import new_position, partitions
from runtime.player_account_api.models import Player
from runtime.store.port import Key, Put
from tests.unit.player_account_api.harness import ORIGIN, Api, ManualClock, SpyStore, TestWorlds, new_api

_FORGED = "The cursor is not one this listing handed out."


def _populate(api: Api, clock: ManualClock, number: int, **fields: Any) -> list[str]:
    """Make players, a microsecond apart; their usernames, newest first."""
    names = []
    for _ in range(number):
        clock.time += 0.000_002
        names.append(api.create(**fields)["username"])
    return names[::-1]


def test_an_empty_world_has_an_empty_list(api: Api) -> None:
    answer = api.get("/players")
    assert (answer.status, answer.json) == (200, {"items": [], "next_cursor": None})
    assert "Link" not in answer.headers


def test_the_newest_come_first_and_whole(api: Api, clock: ManualClock) -> None:
    names = _populate(api, clock, 10, country="DE", display_name="ß")
    items = api.get("/players").json["items"]
    assert [item["username"] for item in items] == names
    assert all(item == api.get(f"/players/{item['player_id']}").json for item in items)


@pytest.mark.parametrize(("number", "limit"), [(7, 1), (25, 25), (26, 25), (60, 7), (130, 100), (100, 100), (3, 2)])
def test_pages_have_everybody_once_in_order(api: Api, clock: ManualClock, number: int, limit: int) -> None:
    names = _populate(api, clock, number)
    found, cursor, sizes = [], None, []
    while True:
        page = api.get("/players", limit=limit, **({"cursor": cursor} if cursor else {})).json
        found += [item["username"] for item in page["items"]]
        sizes.append(len(page["items"]))
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert found == names
    assert all(size == limit for size in sizes[:-1])
    assert sizes[-1] > 0


def test_a_page_has_25_unless_told(api: Api, clock: ManualClock) -> None:
    _populate(api, clock, 26)
    assert len(api.get("/players").json["items"]) == 25


def test_those_of_one_moment_are_all_there(api: Api) -> None:
    names = {api.create()["username"] for _ in range(40)}
    listed = api.listed(limit=3)
    assert len(listed) == 40
    assert set(listed) == names


def test_link_leads_to_the_next_page_with_the_same_filters(api: Api, clock: ManualClock) -> None:
    sandbox = api.inside("mine")
    names = _populate(sandbox, clock, 3, country="FR", status="banned")
    answer = sandbox.get("/players", limit=2, country="FR", status="banned")
    link = re.fullmatch(r'<([^>]+)>; rel="next"', answer.headers["Link"])
    assert link
    url = urlsplit(link[1])
    assert f"{url.scheme}://{url.netloc}{url.path}" == f"{ORIGIN}/s/mine/players"
    query = dict(parse_qsl(url.query))
    assert query == {"limit": "2", "country": "FR", "status": "banned", "cursor": answer.json["next_cursor"]}
    last = sandbox.get("/players", **query)
    assert [item["username"] for item in last.json["items"]] == names[2:]
    assert "Link" not in last.headers


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, ["d", "c", "b", "a"]),
        ({"status": "active"}, ["d", "a"]),
        ({"status": "banned"}, ["c", "b"]),
        ({"status": "suspended"}, []),
        ({"country": "DE"}, ["b", "a"]),
        ({"country": "FR"}, ["c"]),
        ({"country": "US"}, []),
        ({"country": "DE", "status": "banned"}, ["b"]),
        ({"country": "FR", "status": "active"}, []),
        ({"username": "NAME-A"}, ["a"]),
        ({"username": "name-x"}, []),
        ({"username": "name-"}, []),
        ({"username": ""}, []),
        ({"username": "\0" * 5000}, []),
        ({"email": "A@Example.COM"}, ["a"]),
        ({"email": "x@example.com"}, []),
        ({"username": "name-a", "email": "a@example.com"}, ["a"]),
        ({"username": "name-a", "email": "b@example.com"}, []),
        ({"username": "name-a", "status": "active", "country": "DE"}, ["a"]),
        ({"username": "name-a", "status": "banned"}, []),
        ({"email": "a@example.com", "country": "FR"}, []),
    ],
)
def test_filters(api: Api, clock: ManualClock, filters: dict[str, str], expected: list[str]) -> None:
    for name, country, status in (
        ("a", "DE", "active"),
        ("b", "DE", "banned"),
        ("c", "FR", "banned"),
        ("d", None, "active"),
    ):
        clock.time += 1
        api.create(username=f"name-{name}", email=f"{name}@example.com", country=country, status=status)
    for limit in (1, 25):
        assert api.listed(limit=limit, **filters) == [f"name-{name}" for name in expected]


def test_filters_follow_a_change_and_the_place_stays(api: Api, clock: ManualClock) -> None:
    first = api.create(username="first", country="DE")
    clock.time += 1
    api.create(username="second", country="DE")
    body = {"username": "renamed", "email": "renamed@example.com", "country": "FR", "status": "banned"}
    changed = api.put(f"/players/{first['player_id']}", body).json
    assert api.listed() == ["second", "renamed"]
    assert api.listed(country="DE") == ["second"]
    assert api.listed(country="DE", status="active") == ["second"]
    assert api.listed(status="active") == ["second"]
    for filters in ({"country": "FR"}, {"status": "banned"}, {"country": "FR", "status": "banned"}):
        assert api.get("/players", **filters).json["items"] == [changed]
    api.put(f"/players/{first['player_id']}", {"username": "renamed", "email": "renamed@example.com"})
    assert api.listed(country="FR") == []
    assert sorted(api.listed(status="active")) == ["renamed", "second"]


def test_a_name_that_moved_on_between_two_reads_is_not_found(api: Api, store: SpyStore) -> None:
    path = f"/players/{api.create(username='before')['player_id']}"

    def rename() -> None:
        assert api.put(path, {"username": "after", "email": "after@example.com"}).status == 200

    def wait_for_the_second_read() -> None:
        store.before["get"] = rename

    store.before["get"] = wait_for_the_second_read
    assert api.get("/players", username="before").json["items"] == []


def test_a_page_that_one_shard_fills_alone_is_complete(api: Api, store: SpyStore) -> None:
    template: Player = api.create()
    ids = [f"00000000-0000-4000-8000-{number:012d}" for number in range(400)]
    crowded = partitions({**template, "player_id": ids[0]})
    crowd = [player_id for player_id in ids if partitions({**template, "player_id": player_id}) == crowded]
    for player_id in crowd:
        position = new_position(datetime(2100, 1, 1, tzinfo=UTC), player_id)
        store.put(Put(Key(f"default/{crowded[0]}", position), {**template, "player_id": player_id}))
    assert len(crowd) > 60
    page = api.get("/players", limit=60).json
    assert [player["player_id"] for player in page["items"]] == sorted(crowd, reverse=True)[:60]


@pytest.mark.parametrize(
    ("query", "parameters"),
    [
        ("limit=0", ["limit"]),
        ("limit=101", ["limit"]),
        ("limit=-1", ["limit"]),
        ("limit=abc", ["limit"]),
        ("limit=1.5", ["limit"]),
        ("limit=", ["limit"]),
        ("limit=%205", ["limit"]),
        ("limit=%2B5", ["limit"]),
        ("limit=5.0", ["limit"]),
        ("limit=1_0", ["limit"]),
        ("limit=%EF%BC%95", ["limit"]),
        (f"limit={'9' * 5000}", ["limit"]),
        ("limit=5&limit=6", ["limit"]),
        ("status=gone", ["status"]),
        ("status=", ["status"]),
        ("country=XX", ["country"]),
        ("country=de", ["country"]),
        ("page=2", ["page"]),
        ("limit=0&status=x&country=y&page=2", ["limit", "status", "country", "page"]),
    ],
)
def test_a_bad_query_names_every_parameter(api: Api, query: str, parameters: list[str]) -> None:
    answer = api.send("GET", "/players", query=query)
    assert (answer.status, answer.json["code"]) == (422, "invalid_input")
    assert [error["parameter"] for error in answer.json["errors"]] == parameters


def _flipped(cursor: str) -> str:
    raw = bytearray(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    raw[-1] ^= 1
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "forge",
    [
        lambda _: "",
        lambda _: "abc",
        lambda _: "!!!!",
        lambda _: "é",
        lambda _: "A" * 5000,
        lambda _: base64.urlsafe_b64encode(b"\0" * 16 + b"000000000000000001/x").decode(),
        lambda _: base64.urlsafe_b64encode(b"\xff" * 40).decode(),
        lambda cursor: cursor[:-1],
        lambda cursor: cursor + "=",
        lambda cursor: cursor + "A",
        lambda cursor: " " + cursor,
        lambda cursor: cursor[:4] + "\n" + cursor[4:],
        _flipped,
    ],
)
def test_a_forged_cursor_is_a_bad_request(api: Api, forge: Any) -> None:
    for _ in range(2):
        api.create()
    cursor = api.get("/players", limit=1).json["next_cursor"]
    answer = api.get("/players", limit=1, cursor=forge(cursor))
    assert (answer.status, answer.json["code"], answer.json["detail"]) == (400, "malformed_request", _FORGED)


@pytest.mark.parametrize(
    "filters",
    [{"status": "active"}, {"country": "DE"}, {"username": "player0"}, {"email": "player0@example.com"}],
)
def test_a_cursor_belongs_to_its_filters(api: Api, filters: dict[str, str]) -> None:
    for _ in range(3):
        api.create(country="DE")
    cursor = api.get("/players", limit=1).json["next_cursor"]
    assert api.get("/players", cursor=cursor, **filters).json["detail"] == _FORGED
    assert api.get("/players", limit=2, cursor=cursor).status == 200


def test_a_cursor_belongs_to_its_sandbox(api: Api) -> None:
    one, two = api.inside("one"), api.inside("two")
    for _ in range(2):
        one.create()
        two.create()
    cursor = one.get("/players", limit=1).json["next_cursor"]
    assert one.get("/players", cursor=cursor).status == 200
    assert two.get("/players", cursor=cursor).json["detail"] == _FORGED


def test_a_cursor_outlives_the_process(api: Api, store: SpyStore, clock: ManualClock) -> None:
    names = _populate(api, clock, 2)
    cursor = api.get("/players", limit=1).json["next_cursor"]
    assert new_api(store, clock).listed(cursor=cursor) == names[1:]


def test_two_processes_that_hand_out_the_first_cursor_agree(api: Api, store: SpyStore, clock: ManualClock) -> None:
    names = _populate(api, clock, 3)
    rivals: list[str] = []
    other = new_api(store, clock)
    store.before["put"] = lambda: rivals.append(other.get("/players", limit=1).json["next_cursor"])
    cursor = api.get("/players", limit=1).json["next_cursor"]
    assert rivals == [cursor]
    assert api.listed(cursor=cursor) == other.listed(cursor=cursor) == names[1:]


def test_cursors_hold_in_more_sandboxes_than_are_remembered(store: SpyStore, clock: ManualClock) -> None:
    cursors, worlds = Cursors(), TestWorlds(store, clock)
    issued = {}
    for number in range(1100):
        world = worlds.enter(f"sandbox-{number}", ORIGIN)
        issued[number] = cursors.issue(world, {}, "position")
    for number, cursor in issued.items():
        assert cursors.read(worlds.enter(f"sandbox-{number}", ORIGIN), {}, cursor) == "position"
    assert len(set(issued.values())) == len(issued)


def test_a_cursor_is_short_and_needs_no_escaping_in_a_url(api: Api) -> None:
    for _ in range(2):
        api.create()
    assert re.fullmatch(r"[A-Za-z0-9_-]{20,200}", api.get("/players", limit=1).json["next_cursor"])


@pytest.mark.parametrize("seed", range(5))
def test_who_was_there_throughout_is_met_exactly_once(api: Api, clock: ManualClock, seed: int) -> None:
    chance = Random(seed)  # noqa: S311  a repeatable test
    names = _populate(api, clock, 60)
    ids = {player["username"]: player["player_id"] for player in api.get("/players", limit=100).json["items"]}
    removed: set[str] = set()
    met: list[str] = []
    cursor = None
    while True:
        page = api.get("/players", limit=chance.randint(1, 9), **({"cursor": cursor} if cursor else {})).json
        met += [item["username"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
        _populate(api, clock, chance.randint(0, 3))
        # Also the very player behind whom the next page begins.
        for name in {met[-1], chance.choice(names)} - removed:
            if name in ids and chance.random() < 0.5:
                assert api.delete(f"/players/{ids[name]}").status == 204
                removed.add(name)
        kept = chance.choice([name for name in names if name not in removed])
        body = {"username": kept, "email": f"{kept}@example.com", "country": "DE"}
        assert api.put(f"/players/{ids[kept]}", body).status == 200
    assert len(met) == len(set(met))
    assert [name for name in met if name not in removed] == [name for name in names if name not in removed]
