"""Sandboxes: isolated worlds, side by side in one deployment."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from runtime.core.clock import SandboxClock, wall_clock
from runtime.core.errors import NoSuchResource
from runtime.core.randomness import Randomness
from runtime.core.world import DEFAULT_SANDBOX, World
from runtime.emulation.fixtures import demo_world
from runtime.store.port import ABSENT, ConditionFailed, Increment, Item, Key, Put, Store
from runtime.store.scoped import ScopedStore

__all__ = ["Sandboxes"]

_ID = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_RECORD = "sandbox"
_DRAWS = "draws"


class Sandboxes:
    """The sandboxes of one deployment.

    A sandbox is one record outside all scopes. Its ``epoch`` is part of the scope that its state lives in, so a
    sandbox that is emptied or made again under the same name begins with nothing, however much was there.
    The default one is made when it is missing, with the ``demo`` world if so wished, unless ``makes_default`` is off.
    """

    def __init__(
        self,
        store: Store,
        *,
        demo: bool = False,
        makes_default: bool = True,
        now: Callable[[], float] = wall_clock,
    ) -> None:
        self._store = store
        self._demo = demo
        self._makes_default = makes_default
        self._now = now

    def enter(self, sandbox_id: str, base_url: str) -> World:
        """The world of ``sandbox_id`` for one request: one read, whatever the request does.

        The default sandbox is made by the first request that finds it missing.
        """
        record = self._find(sandbox_id)
        if record is None:
            raise NoSuchResource("sandbox")
        document = record.document
        scope = ScopedStore(self._store, _scope(sandbox_id, document))
        return World(
            sandbox_id=sandbox_id,
            base_url=base_url,
            clock=self._clock(document.get("clock") or {}),
            random=Randomness(document.get("seed"), stream=lambda: self._draw(record.key)),
            store=scope,
            revision=f"{sandbox_id}/{document['epoch']}/{record.version}",
        )

    def _find(self, sandbox_id: str) -> Item | None:
        if not _ID.fullmatch(sandbox_id):
            return None
        key = Key(f"@sandbox/{sandbox_id}", _RECORD)
        record = self._store.get(key)
        if record is None and sandbox_id == DEFAULT_SANDBOX and self._makes_default:
            self._make_default(key)
            record = self._store.get(key)
        return record

    def _make_default(self, key: Key) -> None:
        document: dict[str, Any] = {"sandbox_id": DEFAULT_SANDBOX, "epoch": 1, "created_at": int(self._now())}
        inside = demo_world() if self._demo else []
        scope = _scope(DEFAULT_SANDBOX, document)
        puts = [Put(Key(f"{scope}/{put.key.partition}", put.key.sort), put.document) for put in inside]
        try:
            self._store.transact([Put(key, document, ABSENT), *puts])
        except ConditionFailed:
            # Another request made it first; what it made is the default sandbox.
            return

    def _clock(self, setting: Mapping[str, Any]) -> SandboxClock:
        return SandboxClock(self._now, setting.get("offset_seconds", 0.0), setting.get("frozen_at"))

    def _draw(self, key: Key) -> int:
        return self._store.increment(Increment(key, add={_DRAWS: 1})).counters[_DRAWS]


def _scope(sandbox_id: str, document: Mapping[str, Any]) -> str:
    return f"{sandbox_id}.{document['epoch']}"
