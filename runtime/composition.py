"""The composition root: what all services of one process share, and how a service's handler is put together."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from runtime.adapters.key_source import key_source
from runtime.catalogue import Service
from runtime.core.clock import wall_clock
from runtime.core.keys import KeyRing
from runtime.core.observability import Observer
from runtime.core.pipeline import Pipeline
from runtime.core.router import Router
from runtime.core.settings import MEMORY, Settings
from runtime.emulation.journal import SandboxJournal
from runtime.emulation.rules import BehaviourRules
from runtime.emulation.sandboxes import Sandboxes
from runtime.store.late import LateStore
from runtime.store.port import Store

__all__ = ["Parts", "open_store", "parts"]


class Parts:
    """What the services of one process share. Making it touches neither disk nor network."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.store = LateStore(lambda: open_store(settings))
        self.keys = KeyRing(key_source(settings, self.store))
        self.worlds = Sandboxes(self.store, demo=settings.demo_world)

    def pipeline(self, service: Service, router: Router) -> Pipeline:
        """The Lambda handler of ``service``."""
        return Pipeline(
            service,
            router=router,
            worlds=self.worlds,
            rules=BehaviourRules(),
            journal=SandboxJournal(),
            observer=Observer(service, self.settings),
            settings=self.settings,
        )


@cache
def parts() -> Parts:
    """The parts of this process, by its environment variables. Raises ConfigurationError for a wrong one."""
    return Parts(Settings.from_environment())


def open_store(settings: Settings) -> Store:
    """The engine that ``settings`` name. Only the chosen engine is imported."""
    if settings.store == "dynamodb":
        from runtime.store.dynamodb import DynamoDBStore

        return DynamoDBStore(settings.table, now=wall_clock, endpoint_url=settings.dynamodb_endpoint)
    from runtime.store.sqlite import SQLiteStore

    return SQLiteStore(None if settings.state == MEMORY else Path(settings.state), now=wall_clock)
