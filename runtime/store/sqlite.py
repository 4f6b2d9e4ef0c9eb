"""The store port on SQLite: one table in one file, for one machine, or in memory for one process.

Any number of threads and processes may use a file at once: reads never wait, writes take turns. Open the store after
a fork, not before it: SQLite's connections do not survive one.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from runtime.store.port import (
    MAX_COUNTER,
    Absent,
    Check,
    Condition,
    ConditionFailed,
    Delete,
    Increment,
    Item,
    Key,
    Operation,
    Page,
    Put,
    VersionIs,
)
from runtime.store.sqlite_connections import Connections, FileConnections, MemoryConnections, explain
from runtime.store.validation import (
    checked_increment,
    checked_put,
    checked_query,
    checked_transaction,
    compact_json,
)

__all__ = ["SQLiteStore"]

_PATIENCE_SECONDS = 5.0
_PURGE_INTERVAL_SECONDS = 60

_GET = "SELECT version, expires_at, document, counters FROM items WHERE pk = ? AND sk = ?"
_PUT = """
    INSERT INTO items(version, expires_at, document, counters, pk, sk) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (pk, sk) DO UPDATE SET version = excluded.version, expires_at = excluded.expires_at,
        document = excluded.document, counters = excluded.counters
"""
_DELETE = "DELETE FROM items WHERE pk = ? AND sk = ?"
# Bounds are bytes made text: they need not be well-formed, and text is ordered by its bytes.
_QUERY = """
    SELECT sk, version, expires_at, document, counters FROM items
    WHERE pk = ? AND sk >= CAST(? AS TEXT) AND sk < CAST(? AS TEXT) AND (expires_at IS NULL OR expires_at > ?)
    ORDER BY sk {direction} LIMIT ?
"""
_ASCENDING = _QUERY.format(direction="ASC")
_DESCENDING = _QUERY.format(direction="DESC")
_PURGE = """
    DELETE FROM items WHERE (pk, sk) IN
        (SELECT pk, sk FROM items WHERE expires_at IS NOT NULL AND expires_at <= ? LIMIT 500)
"""

_BEHIND_ALL = b"\xff"  # No UTF-8 text begins with this byte or a later one.

_Row = tuple[int, int | None, str, str]  # version, expires_at, document, counters


class SQLiteStore:
    """Implements :class:`runtime.store.port.Store`.

    ``path`` is made when it is missing, readable by its owner only; ``None`` is a private database in memory.
    ``now`` is the wall clock, which decides what has expired. Raises :class:`~runtime.store.port.StoreUnavailable`,
    saying what to do, when the file cannot be used.
    """

    def __init__(
        self, path: Path | None, *, now: Callable[[], float], patience_seconds: float = _PATIENCE_SECONDS
    ) -> None:
        self._now = now
        self._purged_at = now()
        self._connections: Connections = (
            MemoryConnections(patience_seconds) if path is None else FileConnections(path, patience_seconds)
        )

    def get(self, key: Key) -> Item | None:
        rows = self._read(_GET, (key.partition, key.sort))
        if not rows or _expired(rows[0], self._now()):
            return None
        return _item(key, rows[0])

    def put(self, operation: Put) -> Item:
        return _item(operation.key, self._write([operation], [checked_put(operation)])[0])

    def delete(self, operation: Delete) -> None:
        self._write([operation], [""])

    def increment(self, operation: Increment) -> Item:
        checked_increment(operation)
        return _item(operation.key, self._write([operation], [""])[0])

    def query(
        self,
        partition: str,
        *,
        prefix: str = "",
        after: str | None = None,
        limit: int = 100,
        descending: bool = False,
    ) -> Page:
        checked_query(partition, prefix, after, limit)
        low, high = prefix.encode(), prefix.encode() + _BEHIND_ALL
        if after is not None and descending:
            high = min(high, after.encode())
        elif after is not None:
            low = max(low, after.encode() + b"\0")
        # One more than asked for tells whether anything follows.
        rows = self._read(_DESCENDING if descending else _ASCENDING, (partition, low, high, self._now(), limit + 1))
        found = rows[:limit]
        # One call of the parser for the whole page: its start costs more than most documents.
        documents = json.loads(f"[{','.join(row[3] for row in found)}]")
        items = tuple(
            Item(Key(partition, sort), document, version, _counters(counters), expires_at)
            for (sort, version, expires_at, _, counters), document in zip(found, documents, strict=True)
        )
        return Page(items, items[-1].key.sort if len(rows) > limit else None)

    def transact(self, operations: Sequence[Operation]) -> None:
        self._write(operations, checked_transaction(operations))

    def close(self) -> None:
        self._connections.close()

    def _read(self, statement: str, parameters: tuple[Any, ...]) -> list[Any]:
        connection = self._connections.borrow_reader()
        try:
            return connection.execute(statement, parameters).fetchall()
        except sqlite3.Error as error:
            raise explain(error, self._connections.name) from error
        finally:
            self._connections.return_reader(connection)

    def _write(self, operations: Sequence[Operation], texts: Sequence[str]) -> list[_Row]:
        """Do all operations or none. Returns what each leaves behind (what it found, if it removes or checks)."""
        connection = self._connections.borrow_writer()
        try:
            connection.execute("BEGIN IMMEDIATE")
            try:
                now = self._now()
                rows = self._apply(connection, operations, texts, now)
                self._purge(connection, now)
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise explain(error, self._connections.name) from error
        finally:
            self._connections.return_writer()
        return rows

    def _apply(
        self, connection: sqlite3.Connection, operations: Sequence[Operation], texts: Sequence[str], now: float
    ) -> list[_Row]:
        failed = []
        results = []
        for index, (operation, text) in enumerate(zip(operations, texts, strict=True)):
            where = (operation.key.partition, operation.key.sort)
            rows = connection.execute(_GET, where).fetchall()
            found: _Row | None = rows[0] if rows and not _expired(rows[0], now) else None
            result = _changed(operation, text, found) if _holds(operation.condition, found) else None
            if result is None:
                failed.append(index)
                continue
            results.append(result)
            if isinstance(operation, Delete):
                connection.execute(_DELETE, where)
            elif not isinstance(operation, Check):
                connection.execute(_PUT, result + where)
        if failed:
            raise ConditionFailed(failed)
        return results

    def _purge(self, connection: sqlite3.Connection, now: float) -> None:
        """Now and then remove a few expired items, so that the file does not grow for ever."""
        if not 0 <= now - self._purged_at < _PURGE_INTERVAL_SECONDS:
            self._purged_at = now
            connection.execute(_PURGE, (now,))


_NOTHING: _Row = (0, None, "{}", "{}")


def _expired(row: _Row, now: float) -> bool:
    return row[1] is not None and row[1] <= now


def _holds(condition: Condition | None, found: _Row | None) -> bool:
    if condition is None:
        return True
    if isinstance(condition, Absent):
        return found is None
    return found is not None and (not isinstance(condition, VersionIs) or found[0] == condition.version)


def _changed(operation: Operation, text: str, found: _Row | None) -> _Row | None:
    """What the operation makes of what it found; ``None`` where a counter would leave its range."""
    version, expires_at, document, counters = found or _NOTHING
    if isinstance(operation, Put):
        return version + 1, operation.expires_at, text, counters
    if isinstance(operation, Increment):
        values = {**json.loads(counters), **operation.assign}
        for name, amount in operation.add.items():
            values[name] = values.get(name, 0) + amount
            if abs(values[name]) > MAX_COUNTER:
                return None
        expiry = expires_at if operation.expires_at is None else operation.expires_at
        return version, expiry, document, compact_json(values)
    return found or _NOTHING


def _item(key: Key, row: Sequence[Any]) -> Item:
    version, expires_at, document, counters = row
    return Item(key, json.loads(document), version, _counters(counters), expires_at)


def _counters(text: str) -> dict[str, int]:
    # Most items have none; parsing an empty object costs as much as a small one.
    counters: dict[str, int] = {} if text == "{}" else json.loads(text)
    return counters
