"""Queries: ordered by bytes, paged exactly, in both directions."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime.store.port import Delete, Increment, Item, Key, Put, Store
from tests.store.conftest import ManualClock

SORTS = ["a", "a/1", "a/10", "a/2", "a0", "b", "Z", "z", "é", "\uffff", "𝄞"]
ORDERED = sorted(SORTS, key=str.encode)
PREFIXES = ["", "a", "a/", "a/1", "b", "nothing", "%", "_", "é", "\uffff", "𝄞"]
STARTS = [None, "", "0", "a", "a/", "a/1", "a/15", "a1", "b", "zz", "é", "\U0010ffff"]
PARTITIONS = itertools.count()


@pytest.fixture
def filled(store: Store) -> Store:
    for sort in SORTS:
        store.put(Put(Key("p", sort), {"sort": sort}))
    store.put(Put(Key("pp", "other"), {}))
    return store


def sorts(items: tuple[Item, ...]) -> list[str]:
    return [item.key.sort for item in items]


def test_a_partition_is_listed_in_order_of_its_sort_keys_bytes(filled: Store) -> None:
    page = filled.query("p")
    assert sorts(page.items) == ORDERED
    assert page.after is None
    assert sorts(filled.query("p", descending=True).items) == ORDERED[::-1]


def test_an_empty_partition_is_an_empty_page(filled: Store) -> None:
    assert filled.query("nobody").items == ()
    assert filled.query("nobody").after is None


def test_listed_items_are_whole(store: Store) -> None:
    store.put(Put(Key("p", "s"), {"v": 1}, expires_at=2**40))
    item = store.increment(Increment(Key("p", "s"), add={"wins": 1}))
    assert store.query("p").items == (item,)


@pytest.mark.parametrize("descending", [False, True])
def test_prefix_and_start_narrow_a_listing_wherever_they_lie(filled: Store, *, descending: bool) -> None:
    for prefix, after in itertools.product(PREFIXES, STARTS):
        expected = [
            sort
            for sort in (ORDERED[::-1] if descending else ORDERED)
            if sort.startswith(prefix)
            and (after is None or (sort.encode() < after.encode() if descending else sort.encode() > after.encode()))
        ]
        page = filled.query("p", prefix=prefix, after=after, descending=descending)
        assert (prefix, after, sorts(page.items), page.after) == (prefix, after, expected, None)


@pytest.mark.parametrize("descending", [False, True])
def test_a_page_is_full_unless_the_partition_ends_and_then_nothing_follows(filled: Store, *, descending: bool) -> None:
    expected = ORDERED[::-1] if descending else ORDERED
    for limit in range(1, len(SORTS) + 2):
        page = filled.query("p", limit=limit, descending=descending)
        assert sorts(page.items) == expected[:limit]
        assert page.after == (expected[limit - 1] if limit < len(expected) else None)


def test_expired_items_neither_shorten_a_page_nor_pretend_that_something_follows(
    store: Store, clock: ManualClock
) -> None:
    for number in range(40):
        alive = number in (3, 20, 21)
        store.put(Put(Key("p", f"{number:02}"), {}, expires_at=clock.seconds_from_now(3600 if alive else 5)))
    clock.time += 10
    first = store.query("p", limit=2)
    assert (sorts(first.items), first.after) == (["03", "20"], "20")
    last = store.query("p", limit=1, after=first.after)
    assert (sorts(last.items), last.after) == (["21"], None)


def test_a_page_may_be_larger_than_what_one_request_of_dynamodb_returns(store: Store) -> None:
    for number in range(8):
        store.put(Put(Key("p", str(number)), {"x": "x" * 300_000}))
    page = store.query("p", limit=7)
    assert (sorts(page.items), page.after) == (list("0123456"), "6")
    assert sorts(store.query("p").items) == list("01234567")


@settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    present=st.sets(st.text("ab/é𝄞", min_size=1, max_size=4), max_size=12),
    prefix=st.text("ab/é", max_size=2),
    limit=st.integers(1, 5),
    descending=st.booleans(),
)
def test_following_pages_meets_every_item_once_and_in_order(
    store: Store, present: set[str], prefix: str, limit: int, *, descending: bool
) -> None:
    partition = f"p{next(PARTITIONS)}"
    if present:
        store.transact([Put(Key(partition, sort), {}) for sort in present])
    met: list[str] = []
    after: str | None = None
    while True:
        page = store.query(partition, prefix=prefix, after=after, limit=limit, descending=descending)
        met += sorts(page.items)
        if page.after is None:
            break
        assert len(page.items) == limit
        after = page.after
        store.delete(Delete(Key(partition, after)))  # What a page ended with need not exist any more.
    matching = [sort for sort in present if sort.startswith(prefix)]
    assert met == sorted(matching, key=str.encode, reverse=descending)
