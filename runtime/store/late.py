"""A store that is opened by its first use, so that importing a handler touches neither disk nor network."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from runtime.store.port import Delete, Increment, Item, Key, Operation, Page, Put, Store

__all__ = ["LateStore"]


class LateStore:
    """Implements the store port by the store that ``opener`` returns, called once. A failed opening is tried again."""

    def __init__(self, opener: Callable[[], Store]) -> None:
        self._opener = opener
        self._lock = threading.Lock()
        self._store: Store | None = None

    def get(self, key: Key) -> Item | None:
        return self._opened().get(key)

    def put(self, operation: Put) -> Item:
        return self._opened().put(operation)

    def delete(self, operation: Delete) -> None:
        self._opened().delete(operation)

    def increment(self, operation: Increment) -> Item:
        return self._opened().increment(operation)

    def query(
        self,
        partition: str,
        *,
        prefix: str = "",
        after: str | None = None,
        limit: int = 100,
        descending: bool = False,
    ) -> Page:
        return self._opened().query(partition, prefix=prefix, after=after, limit=limit, descending=descending)

    def transact(self, operations: Sequence[Operation]) -> None:
        self._opened().transact(operations)

    def close(self) -> None:
        """Close what was opened; the next use opens it again."""
        with self._lock:
            if self._store is not None:
                self._store.close()
            self._store = None

    def _opened(self) -> Store:
        store = self._store
        if store is not None:
            return store
        with self._lock:
            if self._store is None:
                self._store = self._opener()
            return self._store
