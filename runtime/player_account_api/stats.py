"""Statistics: counters on the player's own item, so that one atomic increment can change any number of them.

Counters are integers: moments are milliseconds since the epoch, and what is not stored yet is nought.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from runtime.core.clock import rfc3339
from runtime.player_account_api.models import Stats, Trophies
from runtime.player_account_api.records import Record

__all__ = ["read_stats"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_stats(record: Record) -> Stats:
    """The statistics of a player: all zeroes, the level too, until something was counted."""
    count = record.counters.get
    played, wins = count("matches_played", 0), count("wins", 0)
    return Stats(
        player_id=record.player["player_id"],
        level=count("level", 0),
        experience=count("experience", 0),
        matches_played=played,
        wins=wins,
        losses=count("losses", 0),
        draws=count("draws", 0),
        win_rate=round(wins / played, 4) if played else 0.0,
        play_time_seconds=count("play_time_seconds", 0),
        trophies=Trophies(
            bronze=count("trophies.bronze", 0),
            silver=count("trophies.silver", 0),
            gold=count("trophies.gold", 0),
            platinum=count("trophies.platinum", 0),
        ),
        last_played_at=_moment(count("last_played_at")),
        updated_at=_moment(count("stats_updated_at")) or record.player["created_at"],
    )


def _moment(milliseconds: int | None) -> str | None:
    return None if milliseconds is None else rfc3339(_EPOCH + timedelta(milliseconds=milliseconds))
