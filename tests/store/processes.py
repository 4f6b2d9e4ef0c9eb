"""What other processes do to a state file in these tests: ``python -m tests.store.processes TASK PATH ARGUMENT``.

Each says ``ready``, waits for a line, does its task, and prints what came of it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from runtime.store.port import ABSENT, ConditionFailed, Increment, Key, Put
from runtime.store.sqlite import SQLiteStore

__all__ = ["COUNTER", "LEFT", "MARKER", "RIGHT"]

MARKER = Key("usernames", "alice")
COUNTER = Key("stats", "alice")
LEFT = "left"
RIGHT = "right"


def claim(store: SQLiteStore, claimant: str) -> Iterator[str]:
    """Try to be the one who owns the username."""
    try:
        store.transact([Put(Key("players", claimant), {}), Put(MARKER, {"owner": claimant}, ABSENT)])
    except ConditionFailed as failure:
        yield f"lost {failure.failed}"
    else:
        yield "won"


def increment(store: SQLiteStore, times: str) -> Iterator[str]:
    """Add one, many times."""
    for _ in range(int(times)):
        store.increment(Increment(COUNTER, add={"wins": 1}))
    yield "done"


def write(store: SQLiteStore, padding: str) -> Iterator[str]:
    """Write pairs without end, and name each pair once its write was acknowledged."""
    document = {"padding": "x" * int(padding)}
    for number in count():
        sort = f"{number:08}"
        store.transact([Put(Key(LEFT, sort), document), Put(Key(RIGHT, sort), document)])
        yield sort


def main() -> None:
    task, path, argument = sys.argv[1:]
    tasks = {"claim": claim, "increment": increment, "write": write}
    print("ready", flush=True)  # noqa: T201 - what it says to the test
    sys.stdin.readline()
    store = SQLiteStore(Path(path), now=time.time, patience_seconds=60)
    for line in tasks[task](store, argument):
        print(line, flush=True)  # noqa: T201 - what it says to the test
    store.close()


if __name__ == "__main__":
    main()
