"""What each operation asks of the store, which is what it costs and how long it takes when deployed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from runtime.player_account_api.listing import SHARDS
from tests.unit.player_account_api.harness import Api, SpyStore, new_api

_BODY = {"username": "renamed", "email": "renamed@example.com", "country": "DE", "status": "banned"}

_OPERATIONS: dict[str, tuple[Callable[[Api, str], Any], list[str]]] = {
    "create": (lambda api, _: api.post("/players", _BODY), ["transact"]),
    "get": (lambda api, player_id: api.get(f"/players/{player_id}"), ["get"]),
    "stats": (lambda api, player_id: api.get(f"/players/{player_id}/stats"), ["get"]),
    "replace": (lambda api, player_id: api.put(f"/players/{player_id}", _BODY), ["get", "transact"]),
    "delete": (lambda api, player_id: api.delete(f"/players/{player_id}"), ["get", "transact"]),
    "list": (lambda api, _: api.get("/players"), ["query"] * SHARDS),
    "list by filters": (lambda api, _: api.get("/players", status="active", country="DE"), ["query"] * SHARDS),
    "find by username": (lambda api, _: api.get("/players", username="known"), ["get", "get"]),
    "find nobody by email": (lambda api, _: api.get("/players", email="x@example.com"), ["get"]),
    "refused input": (lambda api, _: api.post("/players", {}), []),
}


@pytest.mark.parametrize(("operation", "calls"), _OPERATIONS.values(), ids=_OPERATIONS.keys())
def test_calls(api: Api, store: SpyStore, operation: Callable[[Api, str], Any], calls: list[str]) -> None:
    player_id = api.create(username="known")["player_id"]
    store.calls.clear()
    operation(api, player_id)
    assert store.calls == calls


def test_a_page_costs_the_same_however_many_there_are(api: Api, store: SpyStore) -> None:
    for _ in range(200):
        api.create()
    cursor = api.get("/players").json["next_cursor"]
    store.calls.clear()
    for _ in range(5):
        cursor = api.get("/players", cursor=cursor).json["next_cursor"]
    assert store.calls == ["query"] * SHARDS * 5


def test_the_secret_of_cursors_is_read_once_per_process(store: SpyStore, api: Api) -> None:
    for _ in range(3):
        api.create()
    api.get("/players", limit=1)
    again = new_api(store, api.clock)
    store.calls.clear()
    cursor = again.get("/players", limit=1).json["next_cursor"]
    again.get("/players", limit=1, cursor=cursor)
    assert store.calls == ["query"] * SHARDS + ["get"] + ["query"] * SHARDS
