"""Refresh tokens: opaque, rotated at every use, never stored.

A token is its family, its generation and a MAC over both; the store keeps only each family's current generation.
So a rotation is one conditional write, and a stolen state file holds no token. Reuse of a spent token revokes its
family (RFC 9700, section 4.14.2), with one exception: within a short grace window the immediately previous token,
whose answer may have been lost on the way, gets the same successor again.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import NamedTuple

from runtime.core.errors import OAuthError, ServiceBusy
from runtime.core.jws import from_base64url, to_base64url
from runtime.core.keys import KeyRing
from runtime.core.world import World
from runtime.store.port import ABSENT, Condition, ConditionFailed, Delete, Key, Put, VersionIs

__all__ = ["Family", "Presented", "RefreshTokens"]

_FAMILY_BYTES = 16
_GENERATION_BYTES = 4
_MAC_BYTES = 16
_TOKEN_BYTES = _FAMILY_BYTES + _GENERATION_BYTES + _MAC_BYTES
_ATTEMPTS = 5


class Family(NamedTuple):
    """One authorisation and the refresh tokens that descend from it. Times are in seconds of the sandbox's clock."""

    subject: str
    client_id: str
    scope: str
    auth_time: int
    expires_at: int
    generation: int = 1
    rotated_at: float = 0.0


class Presented(NamedTuple):
    """A genuine token as it came, with its family as it was then."""

    token: str
    family_id: bytes
    generation: int
    family: Family
    version: int


class RefreshTokens:
    """Issues and rotates refresh tokens."""

    def __init__(self, keys: KeyRing, *, lifetime_seconds: int, grace_seconds: int) -> None:
        self._keys = keys
        self._lifetime = lifetime_seconds
        self._grace = grace_seconds

    def issue(self, world: World, *, subject: str, client_id: str, scope: str, auth_time: int) -> tuple[str, Family]:
        """The first token of a new family. One write."""
        family_id = world.random.bytes(_FAMILY_BYTES)
        family = Family(subject, client_id, scope, auth_time, world.clock.seconds() + self._lifetime)
        world.store.put(self._put(world, family_id, family, ABSENT))
        return self._token(world, family_id, family.generation), family

    def present(self, world: World, token: str, client_id: str) -> Presented:
        """What a presented token is, before anything is done with it. One read.

        Raises :class:`OAuthError` ``invalid_grant`` (RFC 6749, section 5.2) for a token that is forged, foreign,
        expired, revoked, or of another client.
        """
        family_id, generation = self._open(world, token)
        item = world.store.get(_key(family_id))
        if item is None:
            raise _refusal()
        family = Family(**item.document)
        is_alive = family.expires_at > world.clock.timestamp()
        if family.client_id != client_id or not is_alive or generation > family.generation:
            raise _refusal()
        return Presented(token, family_id, generation, family, item.version)

    def rotate(self, world: World, presented: Presented) -> tuple[str, Family]:
        """The successor of a presented token, and its family. One conditional write.

        Raises :class:`OAuthError` ``invalid_grant`` for a spent token, and takes its whole family with it.
        """
        for _ in range(_ATTEMPTS):
            family, generation = presented.family, presented.generation
            if generation == family.generation:
                successor = family._replace(generation=generation + 1, rotated_at=world.clock.timestamp())
                try:
                    world.store.put(self._put(world, presented.family_id, successor, VersionIs(presented.version)))
                except ConditionFailed:
                    # Another request rotated it in this moment: look again, as a retry would.
                    presented = self.present(world, presented.token, family.client_id)
                    continue
                return self._token(world, presented.family_id, successor.generation), successor
            age = world.clock.timestamp() - family.rotated_at
            if generation == family.generation - 1 and age <= self._grace:
                return self._token(world, presented.family_id, family.generation), family
            world.store.delete(Delete(_key(presented.family_id)))
            raise _refusal()
        raise ServiceBusy

    def _put(self, world: World, family_id: bytes, family: Family, condition: Condition) -> Put:
        return Put(_key(family_id), family._asdict(), condition, world.clock.keep_until(family.expires_at))

    def _token(self, world: World, family_id: bytes, generation: int) -> str:
        payload = family_id + generation.to_bytes(_GENERATION_BYTES, "big")
        return to_base64url(payload + self._mac(world, payload))

    def _open(self, world: World, token: str) -> tuple[bytes, int]:
        try:
            data = from_base64url(token)
        except ValueError:
            raise _refusal() from None
        payload, mac = data[:-_MAC_BYTES], data[-_MAC_BYTES:]
        if len(data) != _TOKEN_BYTES or not hmac.compare_digest(mac, self._mac(world, payload)):
            raise _refusal()
        return payload[:_FAMILY_BYTES], int.from_bytes(payload[_FAMILY_BYTES:], "big")

    def _mac(self, world: World, payload: bytes) -> bytes:
        # The sandbox is part of what is authenticated: a token means nothing in another one.
        message = f"refresh-token/{world.sandbox_id}/".encode() + payload
        return hmac.digest(self._keys.current().refresh_secret, message, hashlib.sha256)[:_MAC_BYTES]


def _key(family_id: bytes) -> Key:
    return Key(f"grant/{family_id.hex()}", "refresh")


def _refusal() -> OAuthError:
    return OAuthError("invalid_grant", "The refresh token is not valid, or not any more.")
