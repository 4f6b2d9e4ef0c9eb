"""Items: what is put is got, versions count puts, and conditions guard every kind of write."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from runtime.store.port import (
    ABSENT,
    PRESENT,
    Condition,
    ConditionFailed,
    Delete,
    Increment,
    Item,
    Key,
    Put,
    Store,
    VersionIs,
)

KEY = Key("players", "alice")

DOCUMENTS: dict[str, Mapping[str, Any]] = {
    "empty": {},
    "every JSON type": {"n": None, "t": True, "i": -7, "f": 1.5, "s": "x", "a": [1, [2]], "o": {"deep": {}}},
    "integers beyond 64 bits": {"big": 2**70},
    "text of any script, and quotes": {"naïve ☃ 𝄞": 'quo"te\\ \n\t \u2028', "nul": "\0"},
    "empty names and values": {"": "", "list": [], "object": {}},
    "names that DynamoDB reserves": {"name": 1, "version": 2, "pk": "x", "c_wins": "no counter", "expires_at": 1},
}


def is_there(store: Store) -> Store:
    store.put(Put(KEY, {"was": "there"}))
    return store


def counters_only(store: Store) -> Store:
    store.increment(Increment(KEY, add={"wins": 1}))
    return store


def is_absent(store: Store) -> Store:
    return store


def was_deleted(store: Store) -> Store:
    store.put(Put(KEY, {}))
    store.delete(Delete(KEY))
    return store


CONDITIONS: list[tuple[Callable[[Store], Store], Condition | None, bool]] = [
    (is_absent, None, True),
    (is_absent, ABSENT, True),
    (is_absent, PRESENT, False),
    (is_absent, VersionIs(0), False),
    (is_absent, VersionIs(1), False),
    (was_deleted, ABSENT, True),
    (was_deleted, PRESENT, False),
    (was_deleted, VersionIs(1), False),
    (is_there, None, True),
    (is_there, ABSENT, False),
    (is_there, PRESENT, True),
    (is_there, VersionIs(0), False),
    (is_there, VersionIs(1), True),
    (is_there, VersionIs(2), False),
    (counters_only, None, True),
    (counters_only, ABSENT, False),
    (counters_only, PRESENT, True),
    (counters_only, VersionIs(0), True),
    (counters_only, VersionIs(1), False),
]


def test_what_was_never_put_is_absent(store: Store) -> None:
    assert store.get(KEY) is None


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS.keys())
def test_a_document_comes_back_as_it_was_put(store: Store, document: Mapping[str, Any]) -> None:
    written = store.put(Put(KEY, document))
    assert written == Item(KEY, document, 1)
    assert store.get(KEY) == written


@pytest.mark.parametrize(
    "key",
    [
        Key("a", "b"),
        Key("p" * 2048, "s" * 1024),
        Key("spaces and/slashes", "#:|'\"%_*"),
        Key("ünï", "𝄞"),
    ],
    ids=["short", "longest", "punctuation", "unicode"],
)
def test_any_key_within_its_length_will_do(store: Store, key: Key) -> None:
    store.put(Put(key, {"v": 1}))
    item = store.get(key)
    assert item is not None
    assert item.key == key


def test_keys_differ_in_partition_and_in_sort_and_in_case(store: Store) -> None:
    keys = [Key("a", "b"), Key("b", "a"), Key("a", "B"), Key("A", "b"), Key("ab", "b"), Key("a", "bb")]
    for number, key in enumerate(keys):
        store.put(Put(key, {"number": number}))
    assert [item.document["number"] for key in keys if (item := store.get(key))] == [0, 1, 2, 3, 4, 5]


def test_every_put_replaces_the_document_and_adds_one_to_the_version(store: Store) -> None:
    assert store.put(Put(KEY, {"first": 1, "common": 1})).version == 1
    assert store.put(Put(KEY, {"common": 2})) == Item(KEY, {"common": 2}, 2)
    assert store.put(Put(KEY, {"third": 3}, condition=VersionIs(2))).version == 3
    assert store.get(KEY) == Item(KEY, {"third": 3}, 3)


def test_what_is_deleted_and_put_again_begins_at_version_one(store: Store) -> None:
    store.put(Put(KEY, {}))
    store.put(Put(KEY, {}))
    store.delete(Delete(KEY))
    assert store.get(KEY) is None
    assert store.put(Put(KEY, {})).version == 1


def test_changing_a_returned_document_changes_nothing_in_the_store(store: Store) -> None:
    given = {"list": [1]}
    written = store.put(Put(KEY, given))
    written.document["list"].append(2)
    given["list"].append(3)
    item = store.get(KEY)
    assert item is not None
    assert item.document == {"list": [1]}


def test_deleting_what_is_absent_succeeds(store: Store) -> None:
    store.delete(Delete(KEY))
    assert store.get(KEY) is None


@pytest.mark.parametrize(("arrange", "condition", "holds"), CONDITIONS)
@pytest.mark.parametrize("kind", ["put", "increment", "delete"])
def test_a_write_happens_exactly_when_its_condition_holds(
    store: Store, kind: str, arrange: Callable[[Store], Store], condition: Condition | None, *, holds: bool
) -> None:
    before = arrange(store).get(KEY)
    writes: dict[str, Callable[[], object]] = {
        "put": lambda: store.put(Put(KEY, {"new": True}, condition)),
        "increment": lambda: store.increment(Increment(KEY, add={"wins": 1}, condition=condition)),
        "delete": lambda: store.delete(Delete(KEY, condition)),
    }
    if holds:
        writes[kind]()
        after = store.get(KEY)
        if kind == "delete":
            assert after is None
        else:
            assert after is not None
            assert after != before
    else:
        with pytest.raises(ConditionFailed) as failure:
            writes[kind]()
        assert failure.value.failed == (0,)
        assert store.get(KEY) == before


def test_what_one_store_writes_another_on_the_same_place_reads(engine: Any) -> None:
    writer, reader = engine.open(), engine.open()
    written = writer.put(Put(KEY, {"v": 1}))
    assert reader.get(KEY) == written
    reader.delete(Delete(KEY))
    assert writer.get(KEY) is None


def test_the_largest_document_fits(store: Store) -> None:
    document = {"x": "ü" * 174_995}  # 350,000 bytes with {"x":""}, less two.
    store.put(Put(KEY, document))
    item = store.get(KEY)
    assert item is not None
    assert item.document == document
