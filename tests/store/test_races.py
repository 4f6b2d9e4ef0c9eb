"""Races between threads: one winner, no lost update, no item skipped or met twice.

Not on moto, which keeps its tables in plain dictionaries without a lock; MiniStack answers for DynamoDB.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from runtime.store.port import ABSENT, ConditionFailed, Delete, Increment, Key, Put, VersionIs
from tests.store.conftest import Engine, ManualClock

pytestmark = pytest.mark.parametrize(
    "engine",
    ["sqlite-memory", "sqlite-file", pytest.param("dynamodb-ministack", marks=pytest.mark.slow)],
    indirect=True,
)

THREADS = 25


def at_once(count: int, task: Callable[[int], str]) -> list[str]:
    """Results of the task, done by ``count`` threads that start together."""
    barrier = threading.Barrier(count)

    def run(number: int) -> str:
        barrier.wait()
        return task(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def test_of_fifty_claims_of_one_username_exactly_one_wins_and_the_others_learn_why(engine: Engine) -> None:
    store = engine.open()
    marker = Key("usernames", "alice")

    def claim(number: int) -> str:
        player = Key("players", f"{number:02}")
        try:
            store.transact([Put(player, {}, ABSENT), Put(marker, {"owner": number}, ABSENT)])
        except ConditionFailed as failure:
            return f"failed {failure.failed}"
        return "won"

    assert Counter(at_once(50, claim)) == {"won": 1, "failed (1,)": 49}
    (player,) = store.query("players").items
    item = store.get(marker)
    assert item is not None
    assert player.key.sort == f"{item.document['owner']:02}"


def test_a_thousand_concurrent_increments_add_up(engine: Engine) -> None:
    store = engine.open()
    key = Key("stats", "alice")

    def increment(_: int) -> str:
        for _ in range(1000 // THREADS):
            store.increment(Increment(key, add={"wins": 1, "losses": -2}))
        return "done"

    at_once(THREADS, increment)
    item = store.get(key)
    assert item is not None
    assert item.counters == {"wins": 1000, "losses": -2000}


def test_of_concurrent_updates_of_one_version_exactly_one_wins(engine: Engine) -> None:
    store = engine.open()
    key = Key("players", "alice")
    store.put(Put(key, {"owner": -1}))

    def update(number: int) -> str:
        try:
            store.put(Put(key, {"owner": number}, VersionIs(1)))
        except ConditionFailed:
            return "lost"
        return "won"

    assert Counter(at_once(THREADS, update)) == {"won": 1, "lost": THREADS - 1}


def test_of_concurrent_deletes_of_one_item_exactly_one_wins(engine: Engine) -> None:
    store = engine.open()
    key = Key("codes", "one-time")
    store.put(Put(key, {}))

    def redeem(_: int) -> str:
        try:
            store.delete(Delete(key, VersionIs(1)))
        except ConditionFailed:
            return "lost"
        return "won"

    assert Counter(at_once(THREADS, redeem)) == {"won": 1, "lost": THREADS - 1}


def test_increments_over_an_expired_item_start_anew_once(engine: Engine, clock: ManualClock) -> None:
    store = engine.open()
    key = Key("limits", "alice")
    store.increment(Increment(key, add={"hits": 100}, expires_at=clock.seconds_from_now(1)))
    clock.time += 5
    expiry = clock.seconds_from_now(60)

    def hit(_: int) -> str:
        store.increment(Increment(key, add={"hits": 1}, expires_at=expiry))
        return "done"

    at_once(THREADS, hit)
    item = store.get(key)
    assert item is not None
    assert item.counters == {"hits": THREADS}


def test_a_reader_pages_past_concurrent_changes_and_meets_what_stays_exactly_once(engine: Engine) -> None:
    store = engine.open()
    staying = [f"{number:03}" for number in range(0, 100, 2)]
    for sort in staying:
        store.put(Put(Key("p", sort), {}))
    finished = threading.Event()

    def disturb(_: int) -> str:
        while not finished.is_set():
            for number in range(1, 100, 2):
                store.put(Put(Key("p", f"{number:03}"), {}))
            for number in range(1, 100, 2):
                store.delete(Delete(Key("p", f"{number:03}")))
        return "done"

    with ThreadPoolExecutor(1) as pool:
        disturber = pool.submit(disturb, 0)
        try:
            for turn in range(20):
                met: list[str] = []
                after: str | None = None
                while True:
                    page = store.query("p", after=after, limit=7, descending=turn % 2 == 1)
                    met += [item.key.sort for item in page.items]
                    if page.after is None:
                        break
                    after = page.after
                assert met == sorted(set(met), reverse=turn % 2 == 1)
                assert set(staying) <= set(met)
        finally:
            finished.set()
        assert disturber.result() == "done"
