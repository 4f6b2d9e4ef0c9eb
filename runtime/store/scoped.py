"""A view of a store that cannot leave its scope: every partition is read and written below one prefix."""

from __future__ import annotations

from collections.abc import Sequence

from runtime.store.port import Delete, Increment, Item, Key, Operation, Page, Put, Store

__all__ = ["ScopedStore"]


class ScopedStore:
    """Implements the store port below ``scope``. Keys of items it returns are relative to the scope again."""

    def __init__(self, store: Store, scope: str) -> None:
        if not scope or "/" in scope:
            raise ValueError("a scope is a non-empty name without a slash")
        self._store = store
        self._prefix = f"{scope}/"

    def get(self, key: Key) -> Item | None:
        item = self._store.get(self._inside(key))
        return None if item is None else self._outside(item)

    def put(self, operation: Put) -> Item:
        return self._outside(self._store.put(operation._replace(key=self._inside(operation.key))))

    def delete(self, operation: Delete) -> None:
        self._store.delete(operation._replace(key=self._inside(operation.key)))

    def increment(self, operation: Increment) -> Item:
        return self._outside(self._store.increment(operation._replace(key=self._inside(operation.key))))

    def query(
        self,
        partition: str,
        *,
        prefix: str = "",
        after: str | None = None,
        limit: int = 100,
        descending: bool = False,
    ) -> Page:
        page = self._store.query(
            self._prefix + partition, prefix=prefix, after=after, limit=limit, descending=descending
        )
        return Page(tuple(map(self._outside, page.items)), page.after)

    def transact(self, operations: Sequence[Operation]) -> None:
        self._store.transact([operation._replace(key=self._inside(operation.key)) for operation in operations])

    def close(self) -> None:
        """Nothing: the underlying store belongs to whoever opened it."""

    def _inside(self, key: Key) -> Key:
        return Key(self._prefix + key.partition, key.sort)

    def _outside(self, item: Item) -> Item:
        key = Key(item.key.partition[len(self._prefix) :], item.key.sort)
        # Written out, for this runs for every item of every page, and _replace takes longer.
        return Item(key, item.document, item.version, item.counters, item.expires_at)
