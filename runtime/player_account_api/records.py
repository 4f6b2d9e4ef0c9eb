"""How a player lies in the store, and the operations that make, change and remove one.

A player is one item, with the statistics as its counters; a *marker* for each unique value, so that no two players
can claim it; and the entries of the listing. All are written in one transaction, the player's own item first.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Literal, NamedTuple, cast

from runtime.core.names import fold_name
from runtime.player_account_api import listing
from runtime.player_account_api.models import Player
from runtime.store.port import ABSENT, Delete, Item, Key, Operation, Put, Store, VersionIs

__all__ = [
    "Record",
    "UniqueField",
    "creation",
    "field_claimed",
    "find_owner",
    "find_record",
    "removal",
    "replacement",
    "same_value",
]

UniqueField = Literal["username", "email"]

_UNIQUE: tuple[UniqueField, ...] = ("username", "email")
_MARKER = "marker"


class Record(NamedTuple):
    """A player as read from the store.

    ``position`` is the player's place in the listing. ``stored_version`` is the item's own version, which guards
    against lost updates.
    """

    player: Player
    position: str
    stored_version: int
    counters: Mapping[str, int]


def find_record(store: Store, player_id: str) -> Record | None:
    """The player called ``player_id`` (a UUID in lower case): one read."""
    item = store.get(_player_key(player_id))
    return None if item is None else _record(item)


def find_owner(store: Store, field: UniqueField, value: str) -> str | None:
    """The ``player_id`` of whoever has ``value``, in any case: one read."""
    item = store.get(_marker_key(field, value))
    return None if item is None else str(item.document["player_id"])


def same_value(one: str, other: str) -> bool:
    """Whether two usernames, or two e-mail addresses, are the same to the rule that they are unique."""
    return fold_name(one) == fold_name(other)


def creation(player: Player, position: str) -> list[Operation]:
    """The operations that make a player; the first fails when the ``player_id`` is in use."""
    return [
        Put(_player_key(player["player_id"]), {"player": player, "position": position}, ABSENT),
        *(_claim(field, player) for field in _UNIQUE),
        *(Put(Key(partition, position), player) for partition in listing.partitions(player)),
    ]


def replacement(record: Record, player: Player) -> list[Operation]:
    """The operations that make ``player`` of ``record``; the first fails when it changed since it was read.

    That guard covers the old markers and entries as well, for they change with the player only.
    """
    old, position = record.player, record.position
    operations: list[Operation] = [
        Put(
            _player_key(player["player_id"]),
            {"player": player, "position": position},
            VersionIs(record.stored_version),
        )
    ]
    for field in _UNIQUE:
        # Another spelling of the same value keeps its marker.
        if not same_value(old[field], player[field]):
            operations += [_claim(field, player), Delete(_marker_key(field, old[field]))]
    kept = listing.partitions(player)
    operations += [Put(Key(partition, position), player) for partition in kept]
    operations += [Delete(Key(partition, position)) for partition in listing.partitions(old) if partition not in kept]
    return operations


def removal(record: Record) -> list[Operation]:
    """The operations that remove a player and the statistics; the first fails when it changed since it was read."""
    player = record.player
    return [
        Delete(_player_key(player["player_id"]), VersionIs(record.stored_version)),
        *(Delete(_marker_key(field, player[field])) for field in _UNIQUE),
        *(Delete(Key(partition, record.position)) for partition in listing.partitions(player)),
    ]


def field_claimed(operation: Operation) -> str:
    """The unique field whose value ``operation`` claims."""
    _, field, _ = operation.key.partition.split("/")
    return field


def _record(item: Item) -> Record:
    document = item.document
    return Record(cast("Player", document["player"]), document["position"], item.version, item.counters)


def _player_key(player_id: str) -> Key:
    return Key(f"player/{player_id}", "player")


def _marker_key(field: UniqueField, value: str) -> Key:
    # Hashed, because values come from clients: keys have a fixed size and alphabet, whatever is asked for.
    folded = fold_name(value).encode("utf-8", "surrogatepass")
    return Key(f"unique/{field}/{sha256(folded).hexdigest()}", _MARKER)


def _claim(field: UniqueField, player: Player) -> Put:
    return Put(_marker_key(field, player[field]), {"player_id": player["player_id"]}, ABSENT)
