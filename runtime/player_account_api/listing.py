"""The listing: an index that answers "newest first, some at a time" without ever scanning.

Every player has an entry, the whole player, in one partition for each combination of filters that it fits. Each of
those is spread over a fixed number of shards, so that no partition takes all writes; a page merges one run of each
shard. What a page costs depends on its size, not on how many players there are.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from math import isqrt
from typing import cast
from zlib import crc32

from runtime.player_account_api.models import Player
from runtime.store.port import Item, Store

__all__ = ["SHARDS", "new_position", "partitions", "read_page"]

SHARDS = 4
"""Changing this loses sight of entries that exist: it belongs to the stored state."""

_ANY = "*"
_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def new_position(created: datetime, player_id: str) -> str:
    """The place of a player created then: as text, later ones are greater, and no two players share one.

    It is finer than the milliseconds of ``created_at``, for which requests follow each other too fast.
    """
    return f"{(created - _BEGINNING) // _MICROSECOND:018d}/{player_id}"


def partitions(player: Player) -> list[str]:
    """Where the entries of ``player`` are: for each filter and combination of filters that it fits."""
    shard = crc32(player["player_id"].encode()) % SHARDS
    countries = (None,) if player["country"] is None else (None, player["country"])
    return [_partition(shard, country, status) for country in countries for status in (None, player["status"])]


def read_page(
    store: Store, *, status: str | None, country: str | None, after: str | None, limit: int
) -> tuple[list[Player], str | None]:
    """Up to ``limit`` players behind the position ``after``, and the position of the last if others follow.

    A player who is there throughout is met exactly once by whoever follows the positions, whatever others do.
    """
    # A shard has a quarter of the page and some luck; the rare run that is too short is continued by a further query.
    size = min(limit // SHARDS + isqrt(limit), limit + 1)
    runs = [_run(store, _partition(shard, country, status), after, size) for shard in range(SHARDS)]
    entries = list(islice(heapq.merge(*runs, key=_position, reverse=True), limit + 1))
    players = [cast("Player", entry.document) for entry in entries[:limit]]
    return players, entries[limit - 1].key.sort if len(entries) > limit else None


def _run(store: Store, partition: str, after: str | None, size: int) -> Iterator[Item]:
    while True:
        page = store.query(partition, after=after, limit=size, descending=True)
        yield from page.items
        if page.after is None:
            return
        after = page.after


def _position(entry: Item) -> str:
    return entry.key.sort


def _partition(shard: int, country: str | None, status: str | None) -> str:
    return f"players/{shard}/{country or _ANY}/{status or _ANY}"
