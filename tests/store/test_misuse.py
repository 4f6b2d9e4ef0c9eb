"""Misuse is refused by every engine alike, before anything is written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from runtime.store.port import (
    MAX_COUNTER,
    MAX_COUNTERS_PER_INCREMENT,
    MAX_DOCUMENT_BYTES,
    Delete,
    Increment,
    Key,
    Put,
    Store,
)

KEY = Key("p", "s")
FRACTION: Any = 0.5

DOCUMENTS: dict[str, Any] = {
    "NaN": {"x": float("nan")},
    "infinity": {"x": float("inf")},
    "a set": {"x": {1}},
    "bytes": {"x": b"x"},
    "an object": {"x": object()},
    "a lone surrogate": {"x": "\ud800"},
    "a list": [1, 2],
    "too large": {"x": "x" * MAX_DOCUMENT_BYTES},
    "too large in UTF-8": {"x": "ü" * (MAX_DOCUMENT_BYTES // 2)},
}

INCREMENTS: dict[str, dict[str, Any]] = {
    "nothing to do": {},
    "added and assigned": {"add": {"a": 1, "b": 1}, "assign": {"b": 1}},
    "an empty name": {"add": {"": 1}},
    "a name with a space": {"assign": {"a b": 1}},
    "a name too long": {"add": {"a" * 129: 1}},
    "a name that is none": {"add": {1: 1}},
    "a fraction": {"add": {"a": 1.5}},
    "a truth": {"assign": {"a": True}},
    "an amount too large": {"add": {"a": MAX_COUNTER + 1}},
    "a value too small": {"assign": {"a": -MAX_COUNTER - 1}},
    "too many counters": {"add": {f"a{n}": 1 for n in range(MAX_COUNTERS_PER_INCREMENT)}, "assign": {"b": 1}},
    "a fractional expiry": {"add": {"a": 1}, "expires_at": 1.5},
    "a negative expiry": {"add": {"a": 1}, "expires_at": -1},
}

TRANSACTIONS: dict[str, list[Any]] = {
    "no operation": [],
    "too many operations": [Delete(Key("p", str(n))) for n in range(101)],
    "two operations on a key": [Put(KEY, {}), Delete(KEY)],
    "a document that is not JSON": [Delete(Key("p", "x")), Put(KEY, {"x": {1}})],
    "a counter that is none": [Increment(KEY, add={"a": FRACTION})],
    "more than four megabytes": [Put(Key("p", str(n)), {"x": "x" * 349_000}) for n in range(11)],
}

QUERIES: dict[str, dict[str, Any]] = {
    "no limit": {"limit": 0},
    "a negative limit": {"limit": -1},
    "a limit too large": {"limit": 1001},
    "a prefix too long": {"prefix": "x" * 1025},
    "a start too long": {"after": "x" * 1025},
}


def nested(depth: int) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for _ in range(depth):
        document = {"x": document}
    return document


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS.keys())
def test_a_document_that_is_not_json_or_too_large_is_refused(store: Store, document: Any) -> None:
    with pytest.raises(ValueError, match="document"):
        store.put(Put(KEY, document))
    assert store.get(KEY) is None


def test_a_document_nested_without_end_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="not JSON"):
        store.put(Put(KEY, nested(100_000)))


@pytest.mark.parametrize("expires_at", [1.5, -1, True, 2**53])
def test_an_expiry_that_is_no_moment_is_refused(store: Store, expires_at: Any) -> None:
    with pytest.raises(ValueError, match="expiry"):
        store.put(Put(KEY, {}, expires_at=expires_at))


@pytest.mark.parametrize("arguments", INCREMENTS.values(), ids=INCREMENTS.keys())
def test_an_increment_out_of_bounds_is_refused(store: Store, arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"counter|increment|expiry"):
        store.increment(Increment(KEY, **arguments))
    assert store.get(KEY) is None


@pytest.mark.parametrize("operations", TRANSACTIONS.values(), ids=TRANSACTIONS.keys())
def test_a_transaction_out_of_bounds_is_refused_whole(store: Store, operations: list[Any]) -> None:
    with pytest.raises(ValueError, match=r"transaction|document|counter"):
        store.transact(operations)
    assert store.query("p").items == ()


@pytest.mark.parametrize("arguments", QUERIES.values(), ids=QUERIES.keys())
def test_a_query_out_of_bounds_is_refused(store: Store, arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"page|key"):
        store.query("p", **arguments)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Key("", "s"),
        lambda: Key("p", ""),
        lambda: Key("p" * 2049, "s"),
        lambda: Key("p", "ü" * 513),
        lambda: Key("p", "\ud800"),
    ],
    ids=["no partition", "no sort", "partition too long", "sort too long", "no text"],
)
def test_a_key_out_of_bounds_cannot_be_made(make: Callable[[], Key]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the last one is Python's own
        make()
