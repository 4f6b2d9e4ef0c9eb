"""What only a file has: who may read it, what else may be in it, other processes, crashes, and a full disk."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime.store.port import ConditionFailed, Increment, Item, Key, Put, StoreBusy, StoreUnavailable, VersionIs
from runtime.store.sqlite import SQLiteStore
from tests.store.conftest import ManualClock
from tests.store.processes import COUNTER, LEFT, MARKER, RIGHT

ROOT = Path(__file__).parent.parent.parent
KEY = Key("p", "s")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "state.sqlite3"


@pytest.fixture
def start(path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a process of tests/store/processes.py, which then waits for a line."""
    started: list[subprocess.Popen[str]] = []

    def start(task: str, argument: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.store.processes", task, str(path), str(argument)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def results(processes: list[subprocess.Popen[str]]) -> list[str]:
    """Let the processes begin together, and return what they said."""
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate(timeout=120)[0].strip() for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes)
    return said


def test_a_new_file_and_its_folder_are_for_the_owner_only(path: Path, clock: ManualClock) -> None:
    store = SQLiteStore(path, now=clock)
    store.put(Put(KEY, {}))
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    store.close()
    assert set(modes.values()) == {0o600}
    assert modes.keys() == {path.name, f"{path.name}-wal", f"{path.name}-shm"}


def test_closing_leaves_one_file_and_opening_finds_all_in_it(path: Path, clock: ManualClock) -> None:
    store = SQLiteStore(path, now=clock)
    written = store.put(Put(KEY, {"v": 1}))
    store.close()
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    store = SQLiteStore(path, now=clock)
    assert store.get(KEY) == written
    store.close()


def test_two_stores_in_memory_have_nothing_in_common(clock: ManualClock) -> None:
    one, other = SQLiteStore(None, now=clock), SQLiteStore(None, now=clock)
    one.put(Put(KEY, {}))
    assert other.get(KEY) is None
    one.close()
    other.close()


def test_a_closed_store_says_so(path: Path, clock: ManualClock) -> None:
    store = SQLiteStore(path, now=clock)
    store.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        store.get(KEY)
    with pytest.raises(StoreUnavailable, match="closed"):
        store.put(Put(KEY, {}))


def a_text(path: Path) -> None:
    path.write_text("This is no database, whatever its name says. " * 100)


def a_newer_schema(path: Path) -> None:
    SQLiteStore(path, now=lambda: 0).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()


def another_programs_database(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE bookmarks(url)")
    connection.close()


def a_folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize(
    ("arrange", "remedy"),
    [
        (a_text, "is not a SQLite database: name another file, or move this one away"),
        (a_newer_schema, "was written by a newer release .schema 99, this release knows 1.: upgrade"),
        (another_programs_database, "belongs to another program: name another file"),
        (a_folder, "cannot be used .Is a directory.: check its folder and permissions"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_what_to_do_and_left_alone(
    path: Path, clock: ManualClock, arrange: Callable[[Path], None], remedy: str
) -> None:
    path.parent.mkdir()
    arrange(path)
    before = path.read_bytes() if path.is_file() else b""
    with pytest.raises(StoreUnavailable, match=remedy) as failure:
        SQLiteStore(path, now=clock)
    assert str(path) in str(failure.value)
    assert "\n" not in str(failure.value)
    assert (path.read_bytes() if path.is_file() else b"") == before


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, clock: ManualClock) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreUnavailable, match=r"file/state\.sqlite3 cannot be used"):
        SQLiteStore(tmp_path / "file" / "state.sqlite3", now=clock)


def test_a_file_locked_past_all_patience_is_busy(path: Path, clock: ManualClock) -> None:
    store = SQLiteStore(path, now=clock, patience_seconds=0.01)
    store.put(Put(KEY, {"v": 1}))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusy) as failure:
        store.put(Put(KEY, {"v": 2}))
    assert failure.value.retry_after == 1
    assert store.get(KEY) is not None  # Readers do not wait for writers.
    other.execute("ROLLBACK")
    other.close()
    assert store.put(Put(KEY, {"v": 2})).version == 2
    store.close()


def test_a_full_disk_undoes_the_write_and_says_so(
    path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = sqlite3.connect

    def connect_to_small_disk(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*arguments, **options)
        connection.execute("PRAGMA max_page_count = 40")
        return connection

    monkeypatch.setattr(sqlite3, "connect", connect_to_small_disk)
    store = SQLiteStore(path, now=clock)
    store.put(Put(KEY, {"v": 1}))
    large = {"x": "x" * 100_000}
    with pytest.raises(StoreUnavailable, match="disk is full"):
        store.transact([Put(KEY, {"v": 2}), Put(Key("p", "1"), large), Put(Key("p", "2"), large)])
    item = store.get(KEY)
    assert item is not None
    assert (item.document, item.version) == ({"v": 1}, 1)
    assert store.put(Put(KEY, {"v": 2})).version == 2
    store.close()


def test_expired_items_are_removed_from_the_file_some_at_a_time(path: Path, clock: ManualClock) -> None:
    store = SQLiteStore(path, now=clock)
    for batch in range(6):
        store.transact([Put(Key("p", f"{batch}/{n}"), {}, expires_at=clock.seconds_from_now(10)) for n in range(100)])
    reader = sqlite3.connect(path)

    def rows() -> int:
        count: int = reader.execute("SELECT count(*) FROM items").fetchall()[0][0]
        return count

    left = []
    for seconds in (11, 60, 1, 60):
        clock.time += seconds
        store.put(Put(KEY, {}))
        left.append(rows())
    reader.close()
    store.close()
    assert left == [601, 101, 101, 1]


def test_threads_come_and_go_without_leaving_connections_behind(
    path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []
    connect = sqlite3.connect

    def counted(*arguments: Any, **options: Any) -> sqlite3.Connection:
        opened.append(arguments)
        connection: sqlite3.Connection = connect(*arguments, **options)
        return connection

    monkeypatch.setattr(sqlite3, "connect", counted)
    store = SQLiteStore(path, now=clock)
    for _ in range(20):
        thread = threading.Thread(target=store.get, args=(KEY,))
        thread.start()
        thread.join()
    store.close()
    assert len(opened) == 2  # One that writes, one that reads.


def test_a_condition_fails_between_processes_as_between_threads(path: Path, clock: ManualClock) -> None:
    one, other = SQLiteStore(path, now=clock), SQLiteStore(path, now=clock)
    one.put(Put(KEY, {}))
    other.put(Put(KEY, {}, VersionIs(1)))
    with pytest.raises(ConditionFailed):
        one.put(Put(KEY, {}, VersionIs(1)))
    one.close()
    other.close()


def test_of_claims_by_several_processes_exactly_one_wins(
    path: Path, clock: ManualClock, start: Callable[..., subprocess.Popen[str]]
) -> None:
    """They also make the file, all at the same moment."""
    said = results([start("claim", number) for number in range(6)])
    assert Counter(said) == {"won": 1, "lost (1,)": 5}
    store = SQLiteStore(path, now=clock)
    item = store.get(MARKER)
    assert item is not None
    assert [player.key.sort for player in store.query("players").items] == [item.document["owner"]]
    store.close()


def test_increments_by_several_processes_add_up(
    path: Path, clock: ManualClock, start: Callable[..., subprocess.Popen[str]]
) -> None:
    assert results([start("increment", 250) for _ in range(4)]) == ["done"] * 4
    store = SQLiteStore(path, now=clock)
    assert store.increment(Increment(COUNTER, add={"wins": 1})).counters == {"wins": 1001}
    store.close()


@pytest.mark.parametrize("padding", [10, 20_000])
def test_killing_a_writer_loses_nothing_acknowledged_and_leaves_no_half_transaction(
    path: Path, clock: ManualClock, start: Callable[..., subprocess.Popen[str]], padding: int
) -> None:
    writer = start("write", padding)
    assert writer.stdin is not None
    assert writer.stdout is not None
    writer.stdin.write("go\n")
    writer.stdin.flush()
    assert writer.stdout.readline() == "ready\n"
    acknowledged = [writer.stdout.readline().strip() for _ in range(200)]
    writer.kill()  # SIGKILL, in the middle of whatever it does.
    # Lines that it could still write are acknowledgements too; the last may be cut off.
    acknowledged += [line.strip() for line in writer.stdout if line.endswith("\n")]
    store = SQLiteStore(path, now=clock)
    left, right = ([item.key.sort for page in pages(store, partition) for item in page] for partition in (LEFT, RIGHT))
    assert left == right
    assert left[: len(acknowledged)] == acknowledged
    store.put(Put(KEY, {}))
    store.close()


def pages(store: SQLiteStore, partition: str) -> Iterator[tuple[Item, ...]]:
    after: str | None = None
    while True:
        page = store.query(partition, after=after, limit=1000)
        yield page.items
        after = page.after
        if after is None:
            return
