"""The authorizer's entry point: ``runtime.authorizer.handler.lambda_handler``.

It has a composition of its own, because the one of the services imports what they need: this function is in the way of
every protected request, so its cold start is kept to what a decision takes. A test holds what is imported here.
"""

from __future__ import annotations

from pathlib import Path

from runtime.authorizer.decision import Authorizer
from runtime.core.clock import wall_clock
from runtime.core.keys import KeyRing, StoredKeys
from runtime.core.settings import MEMORY, Settings
from runtime.emulation.sandboxes import Sandboxes
from runtime.store.late import LateStore
from runtime.store.port import Store

__all__ = ["lambda_handler"]


def _open_store(settings: Settings) -> Store:
    if settings.store == "dynamodb":
        from runtime.store.dynamodb import DynamoDBStore  # noqa: PLC0415  only the chosen engine is loaded

        return DynamoDBStore(settings.table, now=wall_clock, endpoint_url=settings.dynamodb_endpoint)
    from runtime.store.sqlite import SQLiteStore  # noqa: PLC0415  as above

    return SQLiteStore(None if settings.state == MEMORY else Path(settings.state), now=wall_clock)


def _compose(settings: Settings) -> Authorizer:
    store = LateStore(lambda: _open_store(settings))
    keys = KeyRing(StoredKeys(store, settings.signing_algorithm))
    return Authorizer(settings, worlds=Sandboxes(store, demo=settings.demo_world), keys=keys)


lambda_handler = _compose(Settings.from_environment())
