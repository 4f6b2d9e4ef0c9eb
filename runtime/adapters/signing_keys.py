"""The signing keys of a process, for those functions that sign or verify."""

from __future__ import annotations

from functools import cache

from runtime.core.keys import KeyRing, KeySource, StoredKeys
from runtime.core.settings import Settings
from runtime.foundation import Foundation
from runtime.store.port import Store

__all__ = ["key_source", "signing_keys"]


@cache
def signing_keys(foundation: Foundation) -> KeyRing:
    """The keys of all that stands on ``foundation``: read once for them together."""
    return KeyRing(key_source(foundation.settings, foundation.store))


def key_source(settings: Settings, store: Store) -> KeySource:
    """The secret that ``settings`` name, and without one the state itself. Only what is chosen is imported."""
    if settings.signing_keys_secret:
        from runtime.adapters.secret_keys import SecretKeys  # noqa: PLC0415 - not needed locally

        return SecretKeys(settings.signing_keys_secret)
    return StoredKeys(store, settings.signing_algorithm)
