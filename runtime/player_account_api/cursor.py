"""Cursors: where a listing continues, in a form that clients can hand back but not make up."""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping

from runtime.core.errors import MalformedRequest
from runtime.core.world import World
from runtime.store.port import ABSENT, ConditionFailed, Key, Put

__all__ = ["Cursors"]

_LOCATION = Key("players-cursors", "secret")
_SECRET_BYTES = 32
_MAC_BYTES = 16
_MOST_CACHED = 1024


class Cursors:
    """Hands cursors out and takes them back.

    A cursor is base64url of a MAC and a position. The MAC covers the position and the filters, under a secret that
    each sandbox has for itself, so a cursor continues the listing that handed it out and no other. The secret is
    read once per process and revision of the sandbox.
    """

    def __init__(self) -> None:
        self._secrets: dict[str, bytes] = {}

    def issue(self, world: World, filters: Mapping[str, str], position: str) -> str:
        """The cursor that continues behind ``position`` in the listing with ``filters``."""
        covered = json.dumps([sorted(filters.items()), position]).encode()
        mac = hmac.digest(self._secret(world), covered, "sha256")[:_MAC_BYTES]
        return urlsafe_b64encode(mac + position.encode()).rstrip(b"=").decode()

    def read(self, world: World, filters: Mapping[str, str], cursor: str) -> str:
        """The position in ``cursor``. Raises :class:`MalformedRequest` unless it was issued for ``filters``."""
        try:
            position = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))[_MAC_BYTES:].decode()
        except ValueError:
            position = ""
        # The one cursor for this position: no other spelling of the same bytes will do either.
        if not hmac.compare_digest(self.issue(world, filters, position).encode(), cursor.encode("utf-8", "replace")):
            raise MalformedRequest("The cursor is not one this listing handed out.")
        return position

    def _secret(self, world: World) -> bytes:
        secret = self._secrets.get(world.revision)
        if secret is None:
            secret = _stored_secret(world)
            if len(self._secrets) >= _MOST_CACHED:
                self._secrets.clear()
            self._secrets[world.revision] = secret
        return secret


def _stored_secret(world: World) -> bytes:
    """The sandbox's secret. Of several requests that find none, one makes it and all use that one."""
    item = world.store.get(_LOCATION)
    if item is None:
        try:
            item = world.store.put(Put(_LOCATION, {"secret": world.random.bytes(_SECRET_BYTES).hex()}, ABSENT))
        except ConditionFailed:
            item = world.store.get(_LOCATION)
    if item is None:
        raise RuntimeError("the sandbox was emptied while its cursor secret was being made")
    return bytes.fromhex(item.document["secret"])
