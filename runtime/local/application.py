"""The emulator in one process: all services' handlers behind one gateway. Importing this imports the services."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from runtime.adapters.signing_keys import signing_keys
from runtime.authorizer.decision import Authorizer
from runtime.catalogue import CONTROL, PLAYERS, SERVICES, Service
from runtime.composition import Parts, parts
from runtime.core.errors import ConfigurationError
from runtime.core.settings import MEMORY, Settings
from runtime.core.world import DEFAULT_SANDBOX
from runtime.local.failures import CannotServe
from runtime.local.gateway import Gateway, Handler
from runtime.store.port import StoreError

__all__ = ["Application", "load"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Application:
    """The gateway, and what its handlers share. Nothing is opened before :meth:`warm_up`, so it survives a fork."""

    gateway: Gateway
    parts: Parts

    @property
    def keeps_nothing(self) -> bool:
        """Whether the state is in this process's memory only."""
        settings = self.parts.settings
        return settings.store == "sqlite" and settings.state == MEMORY

    @property
    def state(self) -> str:
        """Where the state is, in the words of the ready line."""
        settings = self.parts.settings
        if settings.store == "dynamodb":
            return f"DynamoDB table {settings.table}"
        return "in memory" if self.keeps_nothing else settings.state

    def warm_up(self) -> None:
        """Open the state, make what must exist in it, and read the keys. Raises :class:`CannotServe`.

        Not by requests: those would be found in the journal.
        """
        self._attempt(self._make_table)
        self._attempt(lambda: self.parts.worlds.enter(DEFAULT_SANDBOX, "http://127.0.0.1"))
        keys = signing_keys(self.parts)
        self._attempt(lambda: (keys.current().signing, keys.current().published))

    def _make_table(self) -> None:
        """Make the table where DynamoDB is emulated; in AWS the stack makes it, and nothing else may."""
        settings = self.parts.settings
        if settings.store == "dynamodb" and settings.dynamodb_endpoint:
            from runtime.store.dynamodb_table import create_table  # noqa: PLC0415  it imports an HTTP client

            create_table(settings.table, endpoint_url=settings.dynamodb_endpoint)

    def close(self) -> None:
        """Let go of the state."""
        try:
            self.parts.store.close()
        except StoreError as error:
            _log.warning("the state was not closed: %s", error)

    def _attempt(self, step: Callable[[], object]) -> None:
        try:
            step()
        except StoreError as error:
            raise CannotServe(str(error)) from error
        except Exception as error:
            _log.debug("start failed", exc_info=True)
            reason = f"{type(error).__name__}: {error}"
            raise CannotServe(f"the state cannot be used ({reason}); --log-level debug tells more") from error


def load() -> Application:
    """The application, by the process's environment variables. Raises :class:`CannotServe` for a wrong one."""
    try:
        settings = Settings.from_environment()
        handlers = {service.name: _import_handler(service) for service in SERVICES}
    except ConfigurationError as error:
        raise CannotServe(str(error)) from error
    shared = parts()
    protected = {CONTROL.name} if settings.admin_token else set()
    if settings.protect_players:
        protected.add(PLAYERS.name)
    authorizer = Authorizer(settings, worlds=shared.worlds, keys=signing_keys(shared))
    return Application(Gateway(handlers, authorizer=authorizer, protected=protected), shared)


def _import_handler(service: Service) -> Handler:
    module, _, name = service.handler.rpartition(".")
    return cast("Handler", getattr(importlib.import_module(module), name))
