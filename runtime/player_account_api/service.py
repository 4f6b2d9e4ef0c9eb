"""What can be done with players: the use cases, knowing neither HTTP nor AWS."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from runtime.core.clock import rfc3339
from runtime.core.errors import AlreadyExists, NoSuchResource, ServiceBusy, StaleVersion
from runtime.core.world import World
from runtime.player_account_api import listing, records
from runtime.player_account_api.models import Player, PlayerInput, PlayerQuery, Stats
from runtime.player_account_api.stats import read_stats
from runtime.store.port import ConditionFailed, Operation

__all__ = ["Players"]

_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_ATTEMPTS = 8


class Players:
    """The players of one sandbox.

    All that take a ``player_id`` raise :class:`NoSuchResource` when there is no such player.
    """

    def __init__(self, world: World) -> None:
        self._world = world

    def create(self, given: PlayerInput) -> Player:
        """A new player. Raises :class:`AlreadyExists` naming every field whose value is taken."""
        now = self._world.clock.now()
        # A seeded sandbox may draw the identifier of a player who was restored into it: the next draw differs.
        for _ in range(_ATTEMPTS):
            player_id = self._world.random.uuid()
            player = _player(given, player_id, created_at=rfc3339(now), updated=now, version=1)
            if self._commit(records.creation(player, listing.new_position(now, player_id))):
                return player
        raise ServiceBusy

    def get(self, player_id: str) -> Player:
        """The player called ``player_id``."""
        return self._record(player_id).player

    def stats(self, player_id: str) -> Stats:
        """The statistics of a player."""
        return read_stats(self._record(player_id))

    def replace(self, player_id: str, given: PlayerInput) -> Player:
        """Replace all writable fields, and return the player as it is now.

        Raises :class:`AlreadyExists` naming every field whose value another player has, and :class:`StaleVersion`
        when others keep changing the player.
        """
        now = self._world.clock.now()
        for _ in range(_ATTEMPTS):
            record = self._record(player_id)
            old = record.player
            player = _player(
                given, old["player_id"], created_at=old["created_at"], updated=now, version=old["version"] + 1
            )
            if self._commit(records.replacement(record, player)):
                return player
        raise StaleVersion

    def delete(self, player_id: str) -> None:
        """Remove a player and the statistics; username and e-mail address are free again.

        Raises :class:`StaleVersion` when others keep changing the player.
        """
        for _ in range(_ATTEMPTS):
            if self._commit(records.removal(self._record(player_id))):
                return
        raise StaleVersion

    def find(self, query: PlayerQuery, after: str | None) -> tuple[list[Player], str | None]:
        """The players that ``query`` asks for, newest first, behind the position ``after``.

        With them comes the position to continue behind, or ``None`` where nobody follows.
        """
        if query.username is not None or query.email is not None:
            return self._look_up(query), None
        return listing.read_page(
            self._world.store, status=query.status, country=query.country, after=after, limit=query.limit
        )

    def _look_up(self, query: PlayerQuery) -> list[Player]:
        field: records.UniqueField = "email" if query.username is None else "username"
        player_id = records.find_owner(self._world.store, field, query.filters[field])
        record = None if player_id is None else records.find_record(self._world.store, player_id)
        # The field that was looked up is compared too: the player may have changed between the two reads.
        return [record.player] if record is not None and _fits(record.player, query) else []

    def _record(self, player_id: str) -> records.Record:
        # RFC 9562, section 4: identifiers are read in either case. What is none is not worth a look into the store.
        player_id = player_id.lower()
        record = records.find_record(self._world.store, player_id) if _UUID.fullmatch(player_id) else None
        if record is None:
            raise NoSuchResource("player")
        return record

    def _commit(self, operations: Sequence[Operation]) -> bool:
        """Do ``operations``, or return ``False`` when the first, the player's own, is refused.

        Raises :class:`AlreadyExists` when it is not, but a unique value is taken.
        """
        try:
            self._world.store.transact(operations)
        except ConditionFailed as failure:
            if 0 in failure.failed:
                return False
            raise AlreadyExists([records.field_claimed(operations[index]) for index in failure.failed]) from None
        return True


def _player(given: PlayerInput, player_id: str, *, created_at: str, updated: datetime, version: int) -> Player:
    return Player(
        player_id=player_id,
        username=given.username,
        email=given.email,
        display_name=given.display_name,
        country=given.country,
        language=given.language,
        avatar_url=given.avatar_url,
        date_of_birth=given.date_of_birth,
        status=given.status or "active",
        created_at=created_at,
        updated_at=rfc3339(updated),
        version=version,
    )


def _fits(player: Player, query: PlayerQuery) -> bool:
    return (
        (query.username is None or records.same_value(query.username, player["username"]))
        and (query.email is None or records.same_value(query.email, player["email"]))
        and query.status in (None, player["status"])
        and query.country in (None, player["country"])
    )
