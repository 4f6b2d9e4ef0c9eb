"""A state file that was there before: it holds signing keys, so it becomes its owner's alone."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
from pathlib import Path

import pytest

from runtime.store.port import Key, Put, StoreUnavailable
from runtime.store.sqlite import SQLiteStore


def modes(folder: Path) -> dict[str, str]:
    return {file.name: f"{stat.S_IMODE(file.stat().st_mode):o}" for file in folder.iterdir()}


def left_open_to_others(path: Path) -> Path:
    """A state file as a copy, a restore or a crash may leave it: with its log, and readable by everybody."""
    made = path.with_name("made")
    store = SQLiteStore(made, now=lambda: 0)
    store.put(Put(Key("p", "s"), {"v": 1}))
    for suffix in ("", "-wal"):
        shutil.copyfile(f"{made}{suffix}", f"{path}{suffix}")
        Path(f"{path}{suffix}").chmod(0o644)
    store.close()
    made.unlink()
    return path


def test_it_is_closed_to_others_with_its_log(tmp_path: Path) -> None:
    path = left_open_to_others(tmp_path / "state")
    assert modes(tmp_path) == {"state": "644", "state-wal": "644"}
    store = SQLiteStore(path, now=lambda: 0)
    item = store.get(Key("p", "s"))
    tightened = modes(tmp_path)
    store.close()
    assert item is not None
    assert tightened == {"state": "600", "state-wal": "600", "state-shm": "600"}


def test_one_that_somebody_else_owns_stays_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = left_open_to_others(tmp_path / "state")
    monkeypatch.setattr(os, "geteuid", lambda: 54_321)
    SQLiteStore(path, now=lambda: 0).close()
    assert modes(tmp_path) == {"state": "644"}


def test_one_of_another_program_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "bookmarks"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE bookmarks(url)")
    connection.close()
    path.chmod(0o640)
    with pytest.raises(StoreUnavailable):
        SQLiteStore(path, now=lambda: 0)
    assert modes(tmp_path) == {"bookmarks": "640"}
