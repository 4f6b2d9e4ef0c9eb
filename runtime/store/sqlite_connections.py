"""Connections to one SQLite database: opening it safely, sharing it between threads, saying what went wrong.

A connection is lent to one thread at a time. A file has any number of readers (kept in a pool) and, per process,
one writer: threads queue for it on a lock, and only processes poll for SQLite's own. A database in memory has one
connection for both.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
from collections import deque
from pathlib import Path
from typing import Protocol

from runtime.core.clock import stopwatch
from runtime.store.port import StoreBusy, StoreError, StoreUnavailable

__all__ = ["Connections", "FileConnections", "MemoryConnections", "explain"]

_SCHEMA_VERSION = 1
_APPLICATION_ID = 0x50534E45  # "PSNE": tells our files from those of other programs (PRAGMA application_id).

_SCHEMA = (
    """
    CREATE TABLE items(
        pk TEXT NOT NULL,
        sk TEXT NOT NULL,
        version INTEGER NOT NULL,
        expires_at INTEGER,
        document TEXT NOT NULL,
        counters TEXT NOT NULL,
        PRIMARY KEY (pk, sk)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX items_by_expiry ON items(expires_at) WHERE expires_at IS NOT NULL",
    f"PRAGMA application_id = {_APPLICATION_ID}",
    f"PRAGMA user_version = {_SCHEMA_VERSION}",
)

_POLL_SECONDS = 0.02
_REMEDIES = {
    sqlite3.SQLITE_FULL: "the disk is full: make room, nothing of this write was kept",
    sqlite3.SQLITE_NOTADB: "is not a SQLite database: name another file, or move this one away",
    sqlite3.SQLITE_CORRUPT: "is damaged: restore a copy, or move it away to start afresh",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened: check that the path exists and may be read and written",
    sqlite3.SQLITE_PERM: "may not be accessed: check its permissions",
    sqlite3.SQLITE_READONLY: "may not be written: check its permissions",
    sqlite3.SQLITE_IOERR: "cannot be read or written: check the disk",
}
_CONTENTION = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


class Connections(Protocol):
    """Lends connections. Whoever borrows one gives it back, whatever happens in between."""

    name: str

    def borrow_reader(self) -> sqlite3.Connection: ...

    def return_reader(self, connection: sqlite3.Connection) -> None: ...

    def borrow_writer(self) -> sqlite3.Connection: ...

    def return_writer(self) -> None: ...

    def close(self) -> None: ...


def explain(error: sqlite3.Error, name: str) -> StoreError:
    """The store error that says what a SQLite error means for whoever runs the store called ``name``."""
    code = _primary_code(error)
    if code in _CONTENTION:
        return StoreBusy(f"the state file {name} is in use by other writers")
    return StoreUnavailable(f"the state file {name} {_REMEDIES.get(code, f'does not work: {error}')}")


class MemoryConnections:
    """A private database in memory: one connection, one user at a time."""

    name = ":memory:"

    def __init__(self, patience_seconds: float) -> None:
        self._patience_seconds = patience_seconds
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        _prepare(self._connection)

    def borrow_reader(self) -> sqlite3.Connection:
        return self.borrow_writer()

    def return_reader(self, connection: sqlite3.Connection) -> None:  # noqa: ARG002 - the only one there is
        self._lock.release()

    def borrow_writer(self) -> sqlite3.Connection:
        _acquire(self._lock, self._patience_seconds, self.name)
        return self._connection

    def return_writer(self) -> None:
        self._lock.release()

    def close(self) -> None:
        with self._lock:
            self._connection.close()


class FileConnections:
    """One database file, made when it is missing, shared with other processes."""

    def __init__(self, path: Path, patience_seconds: float) -> None:
        self.name = str(path)
        self._patience_seconds = patience_seconds
        self._write_lock = threading.Lock()
        self._idle_readers: deque[sqlite3.Connection] = deque()
        self._closed = False
        _create_privately(path)
        self._writer = self._open_patiently()
        _close_to_others(path)

    def borrow_reader(self) -> sqlite3.Connection:
        try:
            return self._idle_readers.pop()
        except IndexError:
            if self._closed:
                raise StoreUnavailable(f"the state file {self.name} was closed") from None
            return self._connect()

    def return_reader(self, connection: sqlite3.Connection) -> None:
        self._idle_readers.append(connection)
        if self._closed:
            self._close_readers()

    def borrow_writer(self) -> sqlite3.Connection:
        _acquire(self._write_lock, self._patience_seconds, self.name)
        return self._writer

    def return_writer(self) -> None:
        self._write_lock.release()

    def close(self) -> None:
        with self._write_lock:
            self._closed = True
            self._close_readers()
            # Last, so that SQLite folds the log into the file and removes it.
            self._writer.close()

    def _close_readers(self) -> None:
        while True:
            try:
                connection = self._idle_readers.pop()
            except IndexError:
                return
            connection.close()

    def _connect(self) -> sqlite3.Connection:
        try:
            connection = sqlite3.connect(
                self.name, timeout=self._patience_seconds, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise explain(error, self.name) from error
        try:
            # A crash of the process loses nothing; only a power failure may lose the latest writes, never consistency.
            connection.execute("PRAGMA synchronous = NORMAL")
        except sqlite3.Error as error:
            connection.close()
            raise explain(error, self.name) from error
        return connection

    def _open_patiently(self) -> sqlite3.Connection:
        # Turning on the log needs the file to itself, and SQLite does not always wait for that: processes that open
        # a new file at the same moment take turns here.
        deadline = stopwatch() + self._patience_seconds
        while True:
            connection = self._connect()
            try:
                # Looked at first: a file that belongs to somebody else is not touched.
                _prepare(connection, self.name)
                connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.Error as error:
                connection.close()
                if _primary_code(error) not in _CONTENTION or stopwatch() > deadline:
                    raise explain(error, self.name) from error
                time.sleep(_POLL_SECONDS)
            except StoreError:
                connection.close()
                raise
            else:
                return connection


def _acquire(lock: threading.Lock, patience_seconds: float, name: str) -> None:
    if not lock.acquire(timeout=patience_seconds):
        raise StoreBusy(f"the state file {name} is in use by other threads")


def _create_privately(path: Path) -> None:
    """Make the file for its owner's eyes only, for it holds signing keys. SQLite gives its log the same mode."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise StoreUnavailable(
            f"the state file {path} cannot be used ({error.strerror}): check its folder and permissions"
        ) from error


def _close_to_others(path: Path) -> None:
    """Take from others what an older file or a copy of it may have let them: reading the signing keys.

    Its log holds them too. Only files of ours are changed, and only as far as this user owns them: with others' it is
    their owner's business, and some file systems know no modes.
    """
    if not hasattr(os, "geteuid"):
        return  # not on Windows
    for file in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        with contextlib.suppress(OSError):
            status = file.stat()
            if status.st_uid == os.geteuid() and status.st_mode & 0o077:
                file.chmod(0o600)


def _prepare(connection: sqlite3.Connection, name: str = ":memory:") -> None:
    """Make the table in a new database; refuse a file of a newer release or of another program."""
    if _identity(connection) == (_APPLICATION_ID, _SCHEMA_VERSION):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        application, version = _identity(connection)  # Again: another process may have been faster.
        if application == _APPLICATION_ID and version > _SCHEMA_VERSION:
            raise StoreUnavailable(
                f"the state file {name} was written by a newer release (schema {version}, this release knows "
                f"{_SCHEMA_VERSION}): upgrade, or name another file"
            )
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchall()[0][0]
        if application != _APPLICATION_ID and (tables or application or version):
            raise StoreUnavailable(f"the state file {name} belongs to another program: name another file")
        if not tables:
            for statement in _SCHEMA:
                connection.execute(statement)
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _identity(connection: sqlite3.Connection) -> tuple[int, int]:
    application = connection.execute("PRAGMA application_id").fetchall()[0][0]
    version = connection.execute("PRAGMA user_version").fetchall()[0][0]
    return application, version


def _primary_code(error: sqlite3.Error) -> int:
    """SQLite's error code without the extension in its upper bytes; 0 where the module itself raised."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
