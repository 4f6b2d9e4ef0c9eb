"""Counters: added to and assigned atomically, outside the document and its version."""

from __future__ import annotations

import pytest

from runtime.store.port import (
    ABSENT,
    MAX_COUNTER,
    MAX_COUNTERS_PER_INCREMENT,
    ConditionFailed,
    Delete,
    Increment,
    Item,
    Key,
    Put,
    Store,
    VersionIs,
)

KEY = Key("stats", "alice")


def test_an_increment_makes_the_item_with_no_document_and_version_nought(store: Store) -> None:
    made = store.increment(Increment(KEY, add={"wins": 2}, assign={"level": 7}))
    assert made == Item(KEY, {}, 0, {"wins": 2, "level": 7})
    assert store.get(KEY) == made


def test_an_increment_where_nothing_may_be_makes_the_item_too(store: Store) -> None:
    made = store.increment(Increment(KEY, add={"wins": 2}, assign={"level": 7}, condition=ABSENT))
    assert made == Item(KEY, {}, 0, {"wins": 2, "level": 7})
    assert store.get(KEY) == made


def test_amounts_add_up_and_assignments_replace(store: Store) -> None:
    store.increment(Increment(KEY, add={"wins": 2, "losses": 1}))
    store.increment(Increment(KEY, add={"wins": -5}, assign={"losses": 9, "level": 0}))
    item = store.increment(Increment(KEY, add={"level": 1, "idle": 0}))
    assert item.counters == {"wins": -3, "losses": 9, "level": 1, "idle": 0}


def test_increments_do_not_disturb_the_document_nor_its_version(store: Store) -> None:
    store.put(Put(KEY, {"name": "Alice"}))
    assert store.increment(Increment(KEY, add={"wins": 1})) == Item(KEY, {"name": "Alice"}, 1, {"wins": 1})
    assert store.put(Put(KEY, {"name": "A."}, VersionIs(1))).version == 2


def test_a_put_keeps_the_counters(store: Store) -> None:
    store.increment(Increment(KEY, add={"wins": 1}))
    assert store.put(Put(KEY, {"v": 1})) == Item(KEY, {"v": 1}, 1, {"wins": 1})
    store.transact([Put(KEY, {"v": 2})])
    assert store.get(KEY) == Item(KEY, {"v": 2}, 2, {"wins": 1})


def test_counters_go_with_the_item(store: Store) -> None:
    store.increment(Increment(KEY, add={"wins": 1}))
    store.delete(Delete(KEY))
    assert store.put(Put(KEY, {})).counters == {}


@pytest.mark.parametrize(
    ("start", "amount"),
    [(MAX_COUNTER, 1), (-MAX_COUNTER, -1), (1, MAX_COUNTER), (-1, -MAX_COUNTER), (MAX_COUNTER, MAX_COUNTER)],
)
def test_a_sum_beyond_the_range_fails_like_a_condition_and_changes_nothing(
    store: Store, start: int, amount: int
) -> None:
    store.increment(Increment(KEY, assign={"wins": start}))
    with pytest.raises(ConditionFailed) as failure:
        store.increment(Increment(KEY, add={"wins": amount, "losses": 1}))
    assert failure.value.failed == (0,)
    with pytest.raises(ConditionFailed) as failure:
        store.transact([Put(Key("other", "item"), {}), Increment(KEY, add={"wins": amount})])
    assert failure.value.failed == (1,)
    assert store.get(KEY) == Item(KEY, {}, 0, {"wins": start})
    assert store.get(Key("other", "item")) is None


@pytest.mark.parametrize(
    ("start", "amount"), [(MAX_COUNTER - 1, 1), (-MAX_COUNTER, MAX_COUNTER), (1 - MAX_COUNTER, -1), (MAX_COUNTER, 0)]
)
def test_a_sum_at_the_edge_of_the_range_is_exact(store: Store, start: int, amount: int) -> None:
    store.increment(Increment(KEY, assign={"wins": start}))
    assert store.increment(Increment(KEY, add={"wins": amount})).counters == {"wins": start + amount}


def test_as_many_counters_as_allowed_change_at_once(store: Store) -> None:
    names = [f"{number:02}.any-name:{'x' * 100}" for number in range(MAX_COUNTERS_PER_INCREMENT)]
    store.increment(Increment(KEY, add=dict.fromkeys(names, 1)))
    item = store.increment(Increment(KEY, add=dict.fromkeys(names, 2), condition=VersionIs(0), expires_at=2**40))
    assert item.counters == dict.fromkeys(names, 3)
