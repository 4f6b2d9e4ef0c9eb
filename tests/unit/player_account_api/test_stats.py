"""A player's statistics."""

from __future__ import annotations

import pytest

from runtime.store.port import PRESENT, Increment, Key
from tests.unit.player_account_api.harness import Api, SpyStore


def _count(store: SpyStore, player_id: str, **counters: int) -> None:
    """Count as the service's own updates will: one increment of the player's item."""
    named = {name.replace("trophies_", "trophies."): value for name, value in counters.items()}
    store.increment(Increment(Key(f"default/player/{player_id}", "player"), add=named, condition=PRESENT))


def test_a_new_player_has_zeroes(api: Api) -> None:
    player = api.create()
    answer = api.get(f"/players/{player['player_id']}/stats")
    assert answer.status == 200
    assert answer.json == {
        "player_id": player["player_id"],
        "level": 0,
        "experience": 0,
        "matches_played": 0,
        "wins": 0,
        "losses": 0,
        "draws": 0,
        "win_rate": 0.0,
        "play_time_seconds": 0,
        "trophies": {"bronze": 0, "silver": 0, "gold": 0, "platinum": 0},
        "last_played_at": None,
        "updated_at": player["created_at"],
    }


def test_what_was_counted_is_shown_in_its_place(api: Api, store: SpyStore) -> None:
    player_id = api.create()["player_id"]
    counters = {"level": 3, "experience": 1200, "matches_played": 7, "wins": 4, "losses": 2, "draws": 1}
    trophies = {"bronze": 5, "silver": 6, "gold": 7, "platinum": 1}
    _count(store, player_id, **counters, play_time_seconds=3600)
    _count(store, player_id, **{f"trophies_{grade}": number for grade, number in trophies.items()})
    _count(store, player_id, last_played_at=1_800_000_000_250, stats_updated_at=1_800_000_001_000)
    assert api.get(f"/players/{player_id}/stats").json == {
        "player_id": player_id,
        **counters,
        "win_rate": 0.5714,
        "play_time_seconds": 3600,
        "trophies": trophies,
        "last_played_at": "2027-01-15T08:00:00.250Z",
        "updated_at": "2027-01-15T08:00:01.000Z",
    }


@pytest.mark.parametrize(("wins", "played", "rate"), [(0, 3, 0.0), (1, 3, 0.3333), (2, 3, 0.6667), (3, 3, 1.0)])
def test_the_win_rate_has_four_places(api: Api, store: SpyStore, wins: int, played: int, rate: float) -> None:
    player_id = api.create()["player_id"]
    _count(store, player_id, wins=wins, matches_played=played)
    assert api.get(f"/players/{player_id}/stats").json["win_rate"] == rate


def test_statistics_outlive_a_replacement(api: Api, store: SpyStore) -> None:
    player_id = api.create()["player_id"]
    _count(store, player_id, wins=2)
    api.put(f"/players/{player_id}", {"username": "renamed", "email": "renamed@example.com"})
    assert api.get(f"/players/{player_id}/stats").json["wins"] == 2
