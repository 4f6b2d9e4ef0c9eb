"""What every engine refuses, and how a document becomes JSON text: written once, so that engines cannot differ.

Misuse is a fault of the calling code, hence ``ValueError`` and not a :class:`~runtime.store.port.StoreError`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from runtime.store.port import (
    MAX_COUNTER,
    MAX_COUNTERS_PER_INCREMENT,
    MAX_DOCUMENT_BYTES,
    MAX_TRANSACTION,
    MAX_TRANSACTION_BYTES,
    Increment,
    Key,
    Operation,
    Put,
)

__all__ = ["checked_increment", "checked_put", "checked_query", "checked_transaction", "compact_json"]

_MAX_PAGE = 1000
_COUNTER_NAME = re.compile(r"[A-Za-z0-9_.:-]{1,128}")

compact_json = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode
"""JSON text without spaces; ``ValueError`` for NaN and the infinities. (An encoder costs as much to make as to use.)"""


def checked_put(operation: Put) -> str:
    """The operation's document as compact JSON text.

    Raises ``ValueError`` for what JSON cannot carry (RFC 8259 has no NaN), and for a document that is too large.
    """
    _check_expiry(operation.expires_at)
    document = operation.document
    try:
        text = compact_json(document if type(document) is dict else dict(document))
        size = len(text.encode())
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"the document is not JSON: {error}") from error
    if size > MAX_DOCUMENT_BYTES:
        raise ValueError(f"the document has {size} bytes as JSON; at most {MAX_DOCUMENT_BYTES} fit")
    return text


def checked_increment(operation: Increment) -> None:
    """Raises ``ValueError`` unless names, values and their number are in bounds."""
    _check_expiry(operation.expires_at)
    count = len(operation.add) + len(operation.assign)
    if count > MAX_COUNTERS_PER_INCREMENT:
        raise ValueError(f"an increment changes at most {MAX_COUNTERS_PER_INCREMENT} counters, not {count}")
    if not count and operation.expires_at is None:
        raise ValueError("an increment changes at least one counter or the expiry")
    both = operation.add.keys() & operation.assign.keys()
    if both:
        raise ValueError(f"counters are either added to or assigned, not both: {', '.join(sorted(both))}")
    _check_counters(operation.add)
    _check_counters(operation.assign)


def checked_transaction(operations: Sequence[Operation]) -> list[str]:
    """The JSON text of each operation's document (empty where it has none).

    Raises ``ValueError`` for no or too many operations, two on one key, or one that is itself refused.
    """
    if not 0 < len(operations) <= MAX_TRANSACTION:
        raise ValueError(f"a transaction has 1 to {MAX_TRANSACTION} operations, not {len(operations)}")
    if len({operation.key for operation in operations}) < len(operations):
        raise ValueError("a transaction has at most one operation on a key")
    texts = []
    for operation in operations:
        text = ""
        if isinstance(operation, Put):
            text = checked_put(operation)
        elif isinstance(operation, Increment):
            checked_increment(operation)
        texts.append(text)
    size = sum(len(text.encode()) for text in texts)
    if size > MAX_TRANSACTION_BYTES:
        raise ValueError(f"the transaction's documents have {size} bytes; at most {MAX_TRANSACTION_BYTES} fit")
    return texts


def checked_query(partition: str, prefix: str, after: str | None, limit: int) -> None:
    """Raises ``ValueError`` unless the page's size is in bounds and its keys are ones that could exist."""
    if not 0 < limit <= _MAX_PAGE:
        raise ValueError(f"a page has 1 to {_MAX_PAGE} items, not {limit}")
    for sort in (prefix, after):
        Key(partition, sort or "-")


def _check_counters(counters: Mapping[Any, Any]) -> None:
    for name, value in counters.items():
        if not isinstance(name, str) or not _COUNTER_NAME.fullmatch(name):
            raise ValueError(f"a counter's name has 1 to 128 of A-Z a-z 0-9 _ . : -, unlike {name!r}")
        if type(value) is not int or abs(value) > MAX_COUNTER:
            raise ValueError(f"counter {name} takes integers of magnitude up to {MAX_COUNTER}, not {value!r}")


def _check_expiry(expires_at: Any) -> None:
    if expires_at is not None and (type(expires_at) is not int or not 0 <= expires_at <= MAX_COUNTER):
        raise ValueError(f"an expiry is in whole seconds since the epoch, not {expires_at!r}")
