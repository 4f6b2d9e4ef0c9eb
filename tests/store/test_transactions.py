"""Transactions: all operations or none, and every condition that failed is named."""

from __future__ import annotations

import pytest

from runtime.store.port import (
    ABSENT,
    MAX_TRANSACTION,
    PRESENT,
    Check,
    ConditionFailed,
    Delete,
    Increment,
    Item,
    Key,
    Operation,
    Put,
    Store,
    VersionIs,
)

ALICE = Key("players", "alice")
MARKER = Key("usernames", "alice")
STATS = Key("stats", "alice")
BOB = Key("players", "bob")


def test_all_kinds_of_operations_are_done_together(store: Store) -> None:
    store.put(Put(BOB, {"name": "Bob"}))
    store.put(Put(ALICE, {"name": "Old"}))
    store.transact(
        [
            Put(ALICE, {"name": "Alice"}, VersionIs(1)),
            Put(MARKER, {"owner": "alice"}, ABSENT),
            Increment(STATS, add={"wins": 1}, assign={"level": 3}),
            Delete(BOB, PRESENT),
            Check(Key("bans", "alice"), ABSENT),
        ]
    )
    assert store.get(ALICE) == Item(ALICE, {"name": "Alice"}, 2)
    assert store.get(MARKER) == Item(MARKER, {"owner": "alice"}, 1)
    assert store.get(STATS) == Item(STATS, {}, 0, {"wins": 1, "level": 3})
    assert store.get(BOB) is None
    assert store.get(Key("bans", "alice")) is None


@pytest.mark.parametrize(
    ("operations", "failed"),
    [
        ([Put(ALICE, {}), Put(MARKER, {}, PRESENT)], (1,)),
        ([Put(MARKER, {}, VersionIs(1)), Put(ALICE, {}), Check(STATS, PRESENT)], (0, 2)),
        ([Delete(BOB), Delete(ALICE, PRESENT), Increment(STATS, add={"n": 1}, condition=PRESENT)], (1, 2)),
        ([Increment(STATS, add={"n": 1}), Check(BOB, ABSENT), Delete(BOB)][:2], (1,)),
        ([Put(BOB, {}, ABSENT), Put(ALICE, {}, VersionIs(0)), Check(MARKER, VersionIs(3)), Put(STATS, {})], (0, 1, 2)),
    ],
)
def test_one_failed_condition_undoes_all_and_all_failed_ones_are_named(
    store: Store, operations: list[Operation], failed: tuple[int, ...]
) -> None:
    bob = store.put(Put(BOB, {"name": "Bob"}))
    with pytest.raises(ConditionFailed) as failure:
        store.transact(operations)
    assert failure.value.failed == failed
    assert store.get(BOB) == bob
    assert [store.get(key) for key in (ALICE, MARKER, STATS)] == [None, None, None]


def test_as_many_operations_as_allowed_go_together(store: Store) -> None:
    keys = [Key("many", f"{number:03}") for number in range(MAX_TRANSACTION)]
    store.transact([Put(key, {}, ABSENT) for key in keys])
    assert [item.key for item in store.query("many", limit=1000).items] == keys
    with pytest.raises(ConditionFailed) as failure:
        store.transact([Put(key, {}, ABSENT) for key in keys])
    assert failure.value.failed == tuple(range(MAX_TRANSACTION))


def test_a_transaction_may_do_the_same_twice_in_a_row(store: Store) -> None:
    """Each has its own token, so an engine that drops repeated requests does not drop the second."""
    for _ in range(2):
        store.transact([Increment(STATS, add={"wins": 1})])
    item = store.get(STATS)
    assert item is not None
    assert item.counters == {"wins": 2}
