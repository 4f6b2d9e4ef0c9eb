"""Items and operations as DynamoDB has them. Pure functions: nothing here talks to anybody.

One table: ``pk`` and ``sk`` (S), ``document`` (S, compact JSON), ``version`` (N, missing where no document was ever
put), ``expires_at`` (N, the TTL attribute), each counter as ``c_<name>`` (N), and ``write_id`` (S), by which the
writer of a document recognises it. A document is text, not a map: cheaper to parse, and it comes back as it went in.

DynamoDB removes expired items late, and an update would bring one back to life with its old counters. So every
condition here also looks at ``expires_at``; what must be fresh is written by PutItem, which replaces all; and where
an update meets an expired item, it fails, and the store removes that item first (``removes_expired``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from runtime.store.port import (
    MAX_COUNTER,
    Absent,
    Condition,
    Delete,
    Increment,
    Item,
    Key,
    Operation,
    Present,
    Put,
)

__all__ = [
    "evicting",
    "expired",
    "item_key",
    "query_parameters",
    "removes_expired",
    "to_item",
    "transact_action",
    "written_by",
]

_COUNTER_PREFIX = "c_"
_Attributes = Mapping[str, Mapping[str, str]]


class _Expression:
    """Collects the names and values that expressions refer to. Every name is aliased: many words are reserved."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self._aliases: dict[str, str] = {}
        self.values: dict[str, dict[str, str]] = {}

    def name(self, attribute: str) -> str:
        alias = self._aliases.get(attribute)
        if alias is None:
            alias = self._aliases[attribute] = f"#{len(self.names)}"
            self.names[alias] = attribute
        return alias

    def number(self, value: int) -> str:
        return self._value({"N": str(value)})

    def text(self, value: str) -> str:
        return self._value({"S": value})

    def parameters(self, **expressions: str) -> dict[str, Any]:
        """``expressions`` that are not empty, and the names and values they use."""
        parameters: dict[str, Any] = {name: text for name, text in expressions.items() if text}
        if self.names:
            parameters["ExpressionAttributeNames"] = self.names
        if self.values:
            parameters["ExpressionAttributeValues"] = self.values
        return parameters

    def _value(self, value: dict[str, str]) -> str:
        alias = f":{len(self.values)}"
        self.values[alias] = value
        return alias


def item_key(key: Key) -> dict[str, dict[str, str]]:
    """The primary key."""
    return {"pk": {"S": key.partition}, "sk": {"S": key.sort}}


def to_item(attributes: _Attributes) -> Item:
    """An item as the port has it."""
    document, version, expires_at = (attributes.get(name) for name in ("document", "version", "expires_at"))
    return Item(
        Key(attributes["pk"]["S"], attributes["sk"]["S"]),
        json.loads(document["S"]) if document else {},
        int(version["N"]) if version else 0,
        {
            name.removeprefix(_COUNTER_PREFIX): int(value["N"])
            for name, value in attributes.items()
            if name.startswith(_COUNTER_PREFIX)
        },
        int(expires_at["N"]) if expires_at else None,
    )


def expired(attributes: _Attributes, now: int) -> bool:
    """Whether the item is there no more, though DynamoDB may not have removed it yet."""
    return "expires_at" in attributes and int(attributes["expires_at"]["N"]) <= now


def written_by(attributes: _Attributes, write_id: str) -> bool:
    """Whether the item's document is the one that this write put there."""
    return attributes.get("write_id") == {"S": write_id}


def removes_expired(operation: Operation) -> bool:
    """Whether the operation, meeting an expired item, needs it removed: an unconditional update does."""
    return isinstance(operation, Put | Increment) and operation.condition is None


def transact_action(
    operation: Operation, document: str, *, write_id: str, now: int
) -> tuple[str, dict[str, Any], _Attributes]:
    """The operation as one action of TransactWriteItems, without the table's name.

    Returns the action's name, its parameters (PutItem, UpdateItem and DeleteItem take the same), and the attributes
    that it leaves behind where these are known beforehand.
    """
    if isinstance(operation, Put | Increment) and isinstance(operation.condition, Absent):
        return _create(operation, document, write_id, now)
    expression = _Expression()
    if isinstance(operation, Put):
        name, update = "Update", _update_document(expression, operation, document, write_id)
    elif isinstance(operation, Increment):
        name, update = "Update", _update_counters(expression, operation)
    else:
        name, update = ("Delete" if isinstance(operation, Delete) else "ConditionCheck"), ""
    condition = _condition(expression, operation, now)
    if isinstance(operation, Put):
        # An attempt whose answer was lost must not be made twice.
        condition += f" AND NOT {expression.name('write_id')} = {expression.text(write_id)}"
    if isinstance(operation, Increment):
        condition += _within_range(expression, operation)
    parameters = expression.parameters(UpdateExpression=update, ConditionExpression=condition)
    return name, {"Key": item_key(operation.key), **parameters}, {}


def evicting(key: Key, now: int) -> dict[str, Any]:
    """Parameters of the DeleteItem that removes the item if it has still expired."""
    expression = _Expression()
    condition = f"{expression.name('expires_at')} <= {expression.number(now)}"
    return {"Key": item_key(key), **expression.parameters(ConditionExpression=condition)}


def query_parameters(
    partition: str, *, prefix: str, after: str | None, descending: bool, now: int
) -> dict[str, Any] | None:
    """Parameters of the Query, or ``None`` where nothing can follow ``after``.

    DynamoDB refuses a start outside the range it is asked for; ``after`` may be anywhere.
    """
    start = None
    if after is not None and after.startswith(prefix):
        start = after
    elif after is not None and (after.encode() > prefix.encode()) != descending:
        return None
    if start == "":  # Only where the prefix is empty, too: before everything.
        if descending:
            return None
        start = None
    expression = _Expression()
    keys = f"{expression.name('pk')} = {expression.text(partition)}"
    if prefix:
        keys += f" AND begins_with({expression.name('sk')}, {expression.text(prefix)})"
    parameters = {
        "ConsistentRead": True,
        "ScanIndexForward": not descending,
        "KeyConditionExpression": keys,
        "FilterExpression": _alive(expression, now),
    }
    if start is not None:
        parameters["ExclusiveStartKey"] = {"pk": {"S": partition}, "sk": {"S": start}}
    return parameters | expression.parameters()


def _create(
    operation: Put | Increment, document: str, write_id: str, now: int
) -> tuple[str, dict[str, Any], _Attributes]:
    attributes: dict[str, dict[str, str]] = item_key(operation.key)
    if isinstance(operation, Put):
        attributes |= {"document": {"S": document}, "version": {"N": "1"}, "write_id": {"S": write_id}}
    else:
        counters = {**operation.add, **operation.assign}
        attributes |= {f"{_COUNTER_PREFIX}{name}": {"N": str(value)} for name, value in counters.items()}
    if operation.expires_at is not None:
        attributes["expires_at"] = {"N": str(operation.expires_at)}
    expression = _Expression()
    condition = _condition(expression, operation, now)
    return "Put", {"Item": attributes, **expression.parameters(ConditionExpression=condition)}, attributes


def _update_document(expression: _Expression, operation: Put, document: str, write_id: str) -> str:
    version, expiry = expression.name("version"), expression.name("expires_at")
    update = (
        f"SET {expression.name('document')} = {expression.text(document)}, "
        f"{expression.name('write_id')} = {expression.text(write_id)}, "
        f"{version} = if_not_exists({version}, {expression.number(0)}) + {expression.number(1)}"
    )
    if operation.expires_at is None:
        return f"{update} REMOVE {expiry}"
    return f"{update}, {expiry} = {expression.number(operation.expires_at)}"


def _update_counters(expression: _Expression, operation: Increment) -> str:
    added = [
        f"{expression.name(_COUNTER_PREFIX + name)} {expression.number(amount)}"
        for name, amount in operation.add.items()
    ]
    assigned = [
        f"{expression.name(_COUNTER_PREFIX + name)} = {expression.number(value)}"
        for name, value in operation.assign.items()
    ]
    if operation.expires_at is not None:
        assigned.append(f"{expression.name('expires_at')} = {expression.number(operation.expires_at)}")
    clauses = [f"{verb} {', '.join(terms)}" for verb, terms in (("ADD", added), ("SET", assigned)) if terms]
    return " ".join(clauses)


def _within_range(expression: _Expression, operation: Increment) -> str:
    """That no sum leaves the range of counters. A comparison with a missing counter is false, its negation true."""
    tests = ""
    for name, amount in operation.add.items():
        sign, bound = (">", MAX_COUNTER - amount) if amount > 0 else ("<", -MAX_COUNTER - amount)
        tests += f" AND NOT {expression.name(_COUNTER_PREFIX + name)} {sign} {expression.number(bound)}"
    return tests


def _condition(expression: _Expression, operation: Operation, now: int) -> str:
    condition: Condition | None = operation.condition
    if condition is None:
        # Deleting what has expired is as good as finding nothing.
        return "" if isinstance(operation, Delete) else f"({_alive(expression, now)})"
    if isinstance(condition, Absent):
        expiry = expression.name("expires_at")
        return f"attribute_not_exists({expression.name('pk')}) OR {expiry} <= {expression.number(now)}"
    alive = f"({_alive(expression, now)})"
    if isinstance(condition, Present):
        return f"attribute_exists({expression.name('pk')}) AND {alive}"
    version = expression.name("version")
    if condition.version == 0:
        return f"attribute_exists({expression.name('pk')}) AND attribute_not_exists({version}) AND {alive}"
    return f"{version} = {expression.number(condition.version)} AND {alive}"


def _alive(expression: _Expression, now: int) -> str:
    expiry = expression.name("expires_at")
    return f"attribute_not_exists({expiry}) OR {expiry} > {expression.number(now)}"
