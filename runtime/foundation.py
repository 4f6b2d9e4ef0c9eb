"""What every function of a process stands on: its settings, its store and its sandboxes.

Making it touches neither disk nor network, and imports neither Powertools nor pydantic: the authorizer, which is in
the way of every protected request, is built on this alone.
"""

from __future__ import annotations

from pathlib import Path

from runtime.core.clock import wall_clock
from runtime.core.settings import MEMORY, Settings
from runtime.emulation.sandboxes import Sandboxes
from runtime.store.late import LateStore
from runtime.store.port import Store

__all__ = ["Foundation"]


class Foundation:
    """What the functions of one process share."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.store = LateStore(lambda: _open_store(settings))
        self.worlds = Sandboxes(self.store, demo=settings.demo_world)


def _open_store(settings: Settings) -> Store:
    """The engine that ``settings`` name. Only the chosen one is imported."""
    if settings.store == "dynamodb":
        from runtime.store.dynamodb import DynamoDBStore

        return DynamoDBStore(settings.table, now=wall_clock, endpoint_url=settings.dynamodb_endpoint)
    from runtime.store.sqlite import SQLiteStore

    return SQLiteStore(None if settings.state == MEMORY else Path(settings.state), now=wall_clock)
