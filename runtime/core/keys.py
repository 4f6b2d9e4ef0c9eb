"""The deployment's signing keys: one document, made once, read through a cache.

The document is ``{"keys": [{"status", "kid", "alg", "jwk"}, …], "refresh_secret"}``. A key is ``next`` (published,
does not sign yet), ``current`` (signs), or ``previous`` (published, signs no more), so a verifier that caches the
JWK set meets no token that it cannot check.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from runtime.core.clock import wall_clock
from runtime.core.jws import Algorithm, PublicKey, SigningKey, from_base64url, to_base64url
from runtime.store.port import ABSENT, ConditionFailed, Key, Put, Store

__all__ = ["KeyRing", "KeySet", "KeySource", "StoredKeys", "new_key_document"]

_CACHE_SECONDS = 60.0
_MISS_SECONDS = 1.0
_LOCATION = Key("@deployment", "signing-keys")


@dataclass(frozen=True)
class KeySet:
    """The keys as they were read. ``refresh_secret`` authenticates refresh tokens (32 bytes)."""

    document: Mapping[str, Any]

    @cached_property
    def signing(self) -> SigningKey:
        """The key that signs now."""
        return next(self._key(entry) for entry in self.document["keys"] if entry["status"] == "current")

    @cached_property
    def published(self) -> dict[str, PublicKey]:
        """All keys that a verifier may meet, by their ``kid``."""
        keys = (self._key(entry).public() for entry in self.document["keys"])
        return {key.kid: key for key in keys}

    @cached_property
    def refresh_secret(self) -> bytes:
        """The secret that refresh tokens are authenticated with."""
        return from_base64url(self.document["refresh_secret"])

    @staticmethod
    def _key(entry: Mapping[str, Any]) -> SigningKey:
        return SigningKey(entry["kid"], entry["alg"], entry["jwk"])


class KeySource(Protocol):
    """Where the key document is kept."""

    def load(self) -> Mapping[str, Any]:
        """The document as it is now; it is made when it does not exist."""


def new_key_document(algorithm: Algorithm) -> dict[str, Any]:
    """A document with a current and a next key of ``algorithm``."""
    entries = [(status, SigningKey.generate(algorithm)) for status in ("current", "next")]
    return {
        "keys": [
            {"status": status, "kid": key.kid, "alg": key.algorithm, "jwk": dict(key.jwk)} for status, key in entries
        ],
        "refresh_secret": to_base64url(secrets.token_bytes(32)),
    }


@dataclass(frozen=True)
class StoredKeys:
    """Keys in the state itself, outside every sandbox: for local use, where there is no Secrets Manager."""

    store: Store
    algorithm: Algorithm

    def load(self) -> Mapping[str, Any]:
        """The stored document. Of several processes that find none, one makes it and all use that one."""
        item = self.store.get(_LOCATION)
        if item is None:
            try:
                item = self.store.put(Put(_LOCATION, new_key_document(self.algorithm), ABSENT))
            except ConditionFailed:
                item = self.store.get(_LOCATION)
        if item is None:
            raise RuntimeError("the signing keys disappeared while they were being made")
        return item.document


class KeyRing:
    """The key set, cached for a minute; a token with an unknown key makes it look again, at most once a second."""

    def __init__(self, source: KeySource, now: Callable[[], float] = wall_clock) -> None:
        self._source = source
        self._now = now
        self._lock = threading.Lock()
        self._cached: KeySet | None = None
        self._read_at = 0.0

    def current(self) -> KeySet:
        """The keys, at most a minute old."""
        return self._read(_CACHE_SECONDS)

    def find(self, kid: str) -> PublicKey | None:
        """The published key named ``kid``, or ``None``."""
        return self.current().published.get(kid) or self._read(_MISS_SECONDS).published.get(kid)

    def _read(self, seconds: float) -> KeySet:
        cached = self._cached
        if cached is not None and self._now() - self._read_at < seconds:
            return cached
        with self._lock:
            if self._cached is None or self._now() - self._read_at >= seconds:
                document = self._source.load()
                # What is unchanged keeps its parsed keys.
                if self._cached is None or self._cached.document != document:
                    self._cached = KeySet(document)
                self._read_at = self._now()
            return self._cached
