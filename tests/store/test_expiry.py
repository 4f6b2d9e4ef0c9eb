"""Expiry: what has expired is absent to every primitive, though it may still be in the engine."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from runtime.store.port import (
    ABSENT,
    PRESENT,
    Check,
    Condition,
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
from tests.store.conftest import ManualClock

KEY = Key("sessions", "alice")
OTHER = Key("sessions", "bob")


@pytest.fixture
def expired(store: Store, clock: ManualClock) -> Store:
    """A store in which the item at ``KEY``, version 2 and with a counter, expired a moment ago."""
    store.put(Put(KEY, {"old": 1}))
    store.increment(Increment(KEY, add={"wins": 5}))
    store.put(Put(KEY, {"old": 2}, expires_at=clock.seconds_from_now(10)))
    clock.time += 10
    return store


def test_an_item_is_there_until_the_second_of_its_expiry(store: Store, clock: ManualClock) -> None:
    moment = clock.seconds_from_now(10)
    store.put(Put(KEY, {}, expires_at=moment))
    clock.time = moment - 0.01
    assert store.get(KEY) == Item(KEY, {}, 1, {}, moment)
    clock.time = moment
    assert store.get(KEY) is None


def test_a_put_sets_the_expiry_or_clears_it(store: Store, clock: ManualClock) -> None:
    moment = clock.seconds_from_now(10)
    assert store.put(Put(KEY, {}, expires_at=moment)).expires_at == moment
    assert store.put(Put(KEY, {}, expires_at=moment + 5)).expires_at == moment + 5
    assert store.put(Put(KEY, {})).expires_at is None
    clock.time += 3600
    assert store.get(KEY) == Item(KEY, {}, 3)


def test_an_increment_keeps_the_expiry_unless_it_gives_one(store: Store, clock: ManualClock) -> None:
    moment = clock.seconds_from_now(10)
    assert store.increment(Increment(KEY, add={"n": 1}, expires_at=moment)).expires_at == moment
    assert store.increment(Increment(KEY, add={"n": 1})).expires_at == moment
    assert store.increment(Increment(KEY, expires_at=moment + 5)) == Item(KEY, {}, 0, {"n": 2}, moment + 5)


def test_an_expired_item_is_not_listed(expired: Store) -> None:
    expired.put(Put(OTHER, {}))
    assert [item.key for item in expired.query("sessions").items] == [OTHER]


@pytest.mark.parametrize("condition", [None, ABSENT])
@pytest.mark.parametrize("in_transaction", [False, True])
def test_a_put_over_an_expired_item_writes_a_new_one(
    expired: Store, condition: Condition | None, *, in_transaction: bool
) -> None:
    put = Put(KEY, {"new": 1}, condition)
    if in_transaction:
        expired.transact([put])
    else:
        assert expired.put(put) == Item(KEY, {"new": 1}, 1)
    assert expired.get(KEY) == Item(KEY, {"new": 1}, 1)


@pytest.mark.parametrize("condition", [None, ABSENT])
@pytest.mark.parametrize("in_transaction", [False, True])
def test_an_increment_over_an_expired_item_starts_anew(
    expired: Store, condition: Condition | None, *, in_transaction: bool
) -> None:
    increment = Increment(KEY, add={"wins": 1}, condition=condition)
    if in_transaction:
        expired.transact([increment])
    else:
        assert expired.increment(increment) == Item(KEY, {}, 0, {"wins": 1})
    assert expired.get(KEY) == Item(KEY, {}, 0, {"wins": 1})


@pytest.mark.parametrize("condition", [PRESENT, VersionIs(2)])
@pytest.mark.parametrize(
    "operation",
    [
        lambda condition: Put(KEY, {}, condition),
        lambda condition: Increment(KEY, add={"wins": 1}, condition=condition),
        lambda condition: Delete(KEY, condition),
        lambda condition: Check(KEY, condition),
    ],
    ids=["put", "increment", "delete", "check"],
)
def test_conditions_that_want_an_item_do_not_accept_an_expired_one(
    expired: Store, operation: Callable[[Condition], Operation], condition: Condition
) -> None:
    with pytest.raises(ConditionFailed):
        expired.transact([operation(condition)])
    assert expired.get(KEY) is None


@pytest.mark.parametrize("operation", [Check(KEY, ABSENT), Delete(KEY, ABSENT), Delete(KEY)])
def test_conditions_that_want_no_item_accept_an_expired_one(expired: Store, operation: Operation) -> None:
    expired.transact([operation, Put(OTHER, {})])
    assert expired.get(KEY) is None
    assert expired.get(OTHER) is not None


def test_an_expired_item_in_a_transaction_hides_no_failed_condition(expired: Store) -> None:
    with pytest.raises(ConditionFailed) as failure:
        expired.transact([Put(KEY, {}), Put(OTHER, {}, PRESENT), Increment(Key("sessions", "carol"), add={"n": 1})])
    assert failure.value.failed == (1,)
    assert expired.query("sessions").items == ()


def test_an_item_may_be_written_already_expired(store: Store, clock: ManualClock) -> None:
    store.put(Put(KEY, {}, expires_at=clock.seconds_from_now(0)))
    assert store.get(KEY) is None
    assert store.put(Put(KEY, {"v": 2}, ABSENT)).version == 1
