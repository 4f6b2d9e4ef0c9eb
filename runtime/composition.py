"""The composition root of the services: how a handler is put together from what a process shares."""

from __future__ import annotations

from functools import cache

from runtime.catalogue import Service
from runtime.core.observability import Observer
from runtime.core.pipeline import Pipeline
from runtime.core.router import Router
from runtime.core.settings import Settings
from runtime.emulation.journal import SandboxJournal
from runtime.emulation.rules import BehaviourRules
from runtime.foundation import Foundation

__all__ = ["Parts", "parts"]


class Parts(Foundation):
    """What the services of one process share, and the making of their handlers."""

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
