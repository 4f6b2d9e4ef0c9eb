"""The store port: six primitives over one table, implemented by every engine.

An item has a key (partition and sort), a *document* (a JSON object, versioned: every put adds one), and
*counters* (integers, outside the version: increments never disturb a document, and a put keeps the counters).
Values are named tuples: a cold start makes one in a sixth of a frozen dataclass's time. Keys check themselves, and
conditions would be equal to each other if they were tuples, so those are dataclasses.

An item may expire; an expired item is absent to every primitive, whether or not the engine has removed it yet.

Errors::

    StoreError
    ├── ConditionFailed     a write's condition did not hold; nothing was written
    ├── StoreBusy           contention or throttling outlasted the time a request has: try again
    └── StoreUnavailable    the engine cannot be reached or does not work
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

__all__ = [
    "ABSENT",
    "MAX_COUNTER",
    "MAX_COUNTERS_PER_INCREMENT",
    "MAX_DOCUMENT_BYTES",
    "MAX_TRANSACTION",
    "MAX_TRANSACTION_BYTES",
    "PRESENT",
    "Absent",
    "Check",
    "Condition",
    "ConditionFailed",
    "Delete",
    "Increment",
    "Item",
    "Key",
    "Operation",
    "Page",
    "Present",
    "Put",
    "Store",
    "StoreBusy",
    "StoreError",
    "StoreUnavailable",
    "VersionIs",
]

MAX_TRANSACTION = 100
"""Operations in one transaction, as DynamoDB's TransactWriteItems has it."""

MAX_TRANSACTION_BYTES = 3_500_000
"""UTF-8 bytes of all documents of one transaction: below TransactWriteItems' 4 MB with keys and counters."""

MAX_DOCUMENT_BYTES = 350_000
"""UTF-8 bytes of one document as JSON: below DynamoDB's 400 KB for an item with its keys and counters."""

MAX_COUNTER = 2**53 - 1
"""Largest magnitude of a counter: what JSON readers keep exactly (RFC 8259, section 6)."""

MAX_COUNTERS_PER_INCREMENT = 50
"""Counters changed by one increment: what fits DynamoDB's 300 operators and 4 KB of one expression."""

_MAX_PARTITION_BYTES = 2048
_MAX_SORT_BYTES = 1024


class StoreError(Exception):
    """Anything that a store reports."""


class ConditionFailed(StoreError):
    """At least one condition did not hold, so nothing was written.

    ``failed`` holds the positions, within the transaction, of *all* operations whose condition failed
    (``(0,)`` for a single write).
    """

    def __init__(self, failed: Sequence[int] = (0,)) -> None:
        super().__init__(f"condition failed for operation {', '.join(map(str, failed))}")
        self.failed = tuple(failed)


class StoreBusy(StoreError):
    """Throttled or contended for longer than a request may wait. ``retry_after`` is in whole seconds."""

    def __init__(self, message: str = "the store is busy", retry_after: int = 1) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class StoreUnavailable(StoreError):
    """The engine cannot be reached, or what it was asked may or may not have been done."""


@dataclass(frozen=True, slots=True)
class Key:
    """Where an item lives. Items of one partition are ordered by the UTF-8 bytes of ``sort``."""

    partition: str
    sort: str

    def __post_init__(self) -> None:
        _check_size("partition", self.partition, _MAX_PARTITION_BYTES)
        _check_size("sort", self.sort, _MAX_SORT_BYTES)


def _check_size(name: str, value: str, most: int) -> None:
    # Nearly all keys are ASCII, which Python knows without looking. Encoding the others also refuses lone surrogates.
    size = len(value) if value.isascii() else len(value.encode())
    if not 0 < size <= most:
        raise ValueError(f"{name} key must have 1 to {most} bytes, has {size}")


class Item(NamedTuple):
    """An item as it was read. ``version`` is 0 where only counters were ever written.

    ``expires_at`` is in whole seconds since the epoch, by the wall clock.
    """

    key: Key
    document: Mapping[str, Any]
    version: int
    counters: Mapping[str, int] = MappingProxyType({})
    expires_at: int | None = None


@dataclass(frozen=True, slots=True)
class Absent:
    """The item must not exist (an expired one does not)."""


@dataclass(frozen=True, slots=True)
class Present:
    """The item must exist."""


@dataclass(frozen=True, slots=True)
class VersionIs:
    """The item must exist with exactly this version."""

    version: int


Condition = Absent | Present | VersionIs

ABSENT = Absent()
PRESENT = Present()


class Put(NamedTuple):
    """Write a document, keep the counters, add one to the version, and set (or clear) the expiry.

    Over an expired item it writes a new one: version 1 and no counters.
    """

    key: Key
    document: Mapping[str, Any]
    condition: Condition | None = None
    expires_at: int | None = None


class Delete(NamedTuple):
    """Remove an item, counters and all. Deleting what is absent succeeds, unless a condition forbids it."""

    key: Key
    condition: Condition | None = None


class Check(NamedTuple):
    """Write nothing, but let the transaction fail unless the condition holds."""

    key: Key
    condition: Condition


class Increment(NamedTuple):
    """Add to counters and assign counters, atomically; the item is made when it is absent.

    Names in ``add`` and ``assign`` are disjoint. ``expires_at`` is written when given and kept otherwise. A sum
    beyond ±:data:`MAX_COUNTER` fails like a condition: :class:`ConditionFailed`, and no counter changes. Over an
    expired item it starts anew: no document, version 0, and every counter at nought.
    """

    key: Key
    add: Mapping[str, int] = MappingProxyType({})
    assign: Mapping[str, int] = MappingProxyType({})
    condition: Condition | None = None
    expires_at: int | None = None


Operation = Put | Delete | Check | Increment


class Page(NamedTuple):
    """A run of items. ``after`` continues behind it, and is ``None`` where nothing follows."""

    items: tuple[Item, ...]
    after: str | None


class Store(Protocol):
    """What every engine does. All methods may be called from any thread, and raise :class:`StoreError`.

    Misuse raises ``ValueError``: what is not JSON, what exceeds a limit of this module, an increment of nothing, a
    transaction with two operations on one key.
    """

    def get(self, key: Key) -> Item | None:
        """The item at ``key``, strongly consistent, or ``None``."""

    def put(self, operation: Put) -> Item:
        """Write one document and return the item as it is now."""

    def delete(self, operation: Delete) -> None:
        """Remove one item."""

    def increment(self, operation: Increment) -> Item:
        """Change counters and return the item as it is now. Never applied twice."""

    def query(
        self,
        partition: str,
        *,
        prefix: str = "",
        after: str | None = None,
        limit: int = 100,
        descending: bool = False,
    ) -> Page:
        """Items of one partition in order of their sort key, strongly consistent.

        Only sort keys that begin with ``prefix``; only those behind ``after`` (exclusive, in the direction of
        travel), which need not exist any more. A page has ``limit`` items (1 to 1,000) unless the partition ends.
        """

    def transact(self, operations: Sequence[Operation]) -> None:
        """Do all operations or none.

        At most :data:`MAX_TRANSACTION` of them, each on another key. Raises :class:`ConditionFailed` naming every
        operation whose condition failed.
        """

    def close(self) -> None:
        """Let go of connections and files. The store is not used afterwards."""
