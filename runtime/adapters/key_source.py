"""The choice of where a deployment's signing keys are. Every composition makes it here; what it imports is little."""

from __future__ import annotations

from runtime.core.keys import KeySource, StoredKeys
from runtime.core.settings import Settings
from runtime.store.port import Store

__all__ = ["key_source"]


def key_source(settings: Settings, store: Store) -> KeySource:
    """The secret that ``settings`` name, and without one the state itself. Only what is chosen is imported."""
    if settings.signing_keys_secret:
        from runtime.adapters.secret_keys import SecretKeys  # noqa: PLC0415 - not needed locally

        return SecretKeys(settings.signing_keys_secret)
    return StoredKeys(store, settings.signing_algorithm)
