"""A scoped store: a store like any other, that cannot leave its scope."""

from __future__ import annotations

import pytest

from runtime.store.port import ABSENT, ConditionFailed, Delete, Increment, Item, Key, Put, Store
from runtime.store.scoped import ScopedStore

KEY = Key("players", "alice")


def test_scopes_do_not_see_each_other(store: Store) -> None:
    mine, yours = ScopedStore(store, "mine"), ScopedStore(store, "yours")
    mine.put(Put(KEY, {"whose": "mine"}))
    assert yours.get(KEY) is None
    assert yours.query("players").items == ()
    yours.transact([Put(KEY, {"whose": "yours"}, ABSENT), Increment(Key("stats", "alice"), add={"n": 1})])
    yours.delete(Delete(Key("stats", "alice")))
    assert mine.get(KEY) == Item(KEY, {"whose": "mine"}, 1)
    assert yours.get(KEY) == Item(KEY, {"whose": "yours"}, 1)
    assert store.get(KEY) is None


def test_a_scope_whose_name_begins_another_one_does_not_reach_into_it(store: Store) -> None:
    ScopedStore(store, "team").put(Put(Key("a/b", "s"), {}))
    assert ScopedStore(store, "tea").get(Key("a/b", "s")) is None
    assert ScopedStore(store, "tea").query("m/a/b").items == ()
    assert ScopedStore(store, "a").get(Key("b", "s")) is None


def test_keys_are_relative_to_the_scope(store: Store) -> None:
    scoped = ScopedStore(store, "mine")
    partition = "mine/players"  # Even where it looks as if it had the scope's prefix already.
    key = Key(partition, "alice")
    assert scoped.put(Put(key, {})).key == key
    assert scoped.increment(Increment(key, add={"n": 1})).key == key
    page = scoped.query(partition, limit=1)
    assert page.items[0].key == key
    item = store.get(Key("mine/mine/players", "alice"))
    assert item is not None
    assert item.counters == {"n": 1}


def test_conditions_and_paging_pass_through(store: Store) -> None:
    scoped = ScopedStore(store, "mine")
    for sort in "cab":
        scoped.put(Put(Key("p", sort), {}))
    page = scoped.query("p", limit=2, descending=True)
    assert [item.key.sort for item in page.items] == ["c", "b"]
    assert page.after == "b"
    assert [item.key.sort for item in scoped.query("p", after="b", descending=True).items] == ["a"]
    with pytest.raises(ConditionFailed) as failure:
        scoped.transact([Delete(Key("p", "a")), Put(Key("p", "b"), {}, ABSENT)])
    assert failure.value.failed == (1,)


def test_closing_a_scope_leaves_the_store_open(store: Store) -> None:
    ScopedStore(store, "mine").close()
    assert store.get(KEY) is None


@pytest.mark.parametrize("name", ["", "a/b", "/"])
def test_a_scope_has_a_name_without_a_slash(store: Store, name: str) -> None:
    with pytest.raises(ValueError, match="slash"):
        ScopedStore(store, name)
