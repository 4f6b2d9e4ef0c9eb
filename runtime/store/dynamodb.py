"""The store port on DynamoDB: one request per primitive on the normal path.

Retries, and what must not be repeated:

- Reads, unconditional deletes and transactions are repeated freely; a transaction carries one ClientRequestToken
  through all its attempts, so DynamoDB does it once (for ten minutes). A conditional delete is a transaction of one,
  for the same reason.
- A put whose answer was lost recognises its own document by ``write_id``. If that is overwritten already, nobody can
  tell any more, and it ends with StoreUnavailable rather than with a false ConditionFailed.
- An increment whose answer was lost is not repeated: StoreUnavailable.

An operation's notion of now, which decides what has expired, is that of its first attempt.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from runtime.core.clock import stopwatch
from runtime.core.randomness import Randomness
from runtime.store.dynamodb_requests import (
    evicting,
    expired,
    item_key,
    query_parameters,
    removes_expired,
    to_item,
    transact_action,
    written_by,
)
from runtime.store.dynamodb_retry import Patience, Refused, Transient, uncertain_write
from runtime.store.port import ConditionFailed, Delete, Increment, Item, Key, Operation, Page, Put
from runtime.store.validation import checked_increment, checked_put, checked_query, checked_transaction

__all__ = ["DynamoDBStore"]

_SINGLE = {"Put": "PutItem", "Update": "UpdateItem"}


class DynamoDBStore:
    """Implements :class:`runtime.store.port.Store` on a table that exists already.

    ``now`` is the wall clock, which decides what has expired. ``budget_seconds``: no attempt begins later than this
    after the first. ``endpoint_url`` and ``region`` default to what the environment says. ``sleep``, ``elapsed`` and
    ``client`` (it stays open) are for tests.
    """

    def __init__(
        self,
        table_name: str,
        *,
        now: Callable[[], float],
        endpoint_url: str | None = None,
        region: str | None = None,
        budget_seconds: float = 4.0,
        sleep: Callable[[float], None] = time.sleep,
        elapsed: Callable[[], float] = stopwatch,
        client: Any = None,
    ) -> None:
        self._table_name = table_name
        self._now = now
        self._endpoint_url = endpoint_url
        self._region = region
        self._patience = Patience(budget_seconds, sleep=sleep, elapsed=elapsed)
        self._client = client
        self._borrowed_client = client is not None
        self._connecting = threading.Lock()
        self._randomness = Randomness()

    def get(self, key: Key) -> Item | None:
        answer = self._patience.read(lambda: self._call("GetItem", Key=item_key(key), ConsistentRead=True))
        attributes = answer.get("Item")
        return None if attributes is None or expired(attributes, int(self._now())) else to_item(attributes)

    def put(self, operation: Put) -> Item:
        return self._write_one(operation, checked_put(operation), repeatable=True)

    def increment(self, operation: Increment) -> Item:
        checked_increment(operation)
        return self._write_one(operation, "", repeatable=False)

    def delete(self, operation: Delete) -> None:
        if operation.condition is None:
            self._patience.write(lambda **_: self._call("DeleteItem", Key=item_key(operation.key)))
        else:
            self.transact([operation])

    def query(
        self,
        partition: str,
        *,
        prefix: str = "",
        after: str | None = None,
        limit: int = 100,
        descending: bool = False,
    ) -> Page:
        checked_query(partition, prefix, after, limit)
        parameters = query_parameters(
            partition, prefix=prefix, after=after, descending=descending, now=int(self._now())
        )
        found: list[Any] = []
        # One more than asked for tells whether anything follows.
        while parameters is not None and len(found) <= limit:
            answer = self._page(limit + 1 - len(found), parameters)
            found += answer["Items"]
            start = answer.get("LastEvaluatedKey")
            parameters = {**parameters, "ExclusiveStartKey": start} if start else None
        items = tuple(map(to_item, found[:limit]))
        return Page(items, items[-1].key.sort if len(found) > limit else None)

    def transact(self, operations: Sequence[Operation]) -> None:
        texts = checked_transaction(operations)
        now = int(self._now())
        token = self._randomness.uuid()
        actions = []
        for operation, text in zip(operations, texts, strict=True):
            name, parameters, _ = transact_action(operation, text, write_id=token, now=now)
            parameters["TableName"] = self._table_name
            if "ConditionExpression" in parameters:
                parameters["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
            actions.append({name: parameters})

        def attempt(**_: bool) -> None:
            try:
                self._call("TransactWriteItems", TransactItems=actions, ClientRequestToken=token)
            except Refused as refusal:
                self._make_way(operations, refusal, now)

        self._patience.write(attempt)

    def close(self) -> None:
        if self._client is not None and not self._borrowed_client:
            self._client.close()

    def _page(self, limit: int, parameters: dict[str, Any]) -> Any:
        return self._patience.read(lambda: self._call("Query", Limit=limit, **parameters))

    def _write_one(self, operation: Put | Increment, text: str, *, repeatable: bool) -> Item:
        now = int(self._now())
        write_id = self._randomness.uuid()
        name, parameters, created = transact_action(operation, text, write_id=write_id, now=now)
        if not created:
            parameters["ReturnValues"] = "ALL_NEW"

        def attempt(*, uncertain: bool) -> Item:
            try:
                answer = self._call(_SINGLE[name], ReturnValuesOnConditionCheckFailure="ALL_OLD", **parameters)
            except Refused as refusal:
                (found,) = refusal.reasons
                if found and written_by(found, write_id):
                    return to_item(found)
                if uncertain and not (found and expired(found, now) and removes_expired(operation)):
                    raise uncertain_write() from refusal
                self._make_way([operation], refusal, now)
                raise
            return to_item(created or answer["Attributes"])

        return self._patience.write(attempt, repeatable=repeatable)

    def _make_way(self, operations: Sequence[Operation], refusal: Refused, now: int) -> None:
        """Remove expired items where only these were in the way, and have the write tried again.

        Raises :class:`ConditionFailed` where a condition failed for another reason.
        """
        failed, evicted = [], []
        for index, (operation, found) in enumerate(zip(operations, refusal.reasons, strict=True)):
            if found is None:
                continue
            if expired(found, now) and removes_expired(operation):
                evicted.append(operation.key)
            else:
                failed.append(index)
        if failed:
            raise ConditionFailed(failed) from refusal
        for key in evicted:
            self._evict(key, now)
        raise Transient("an expired item was in the way", busy=True, pause=False) from refusal

    def _evict(self, key: Key, now: int) -> None:
        try:
            self._call("DeleteItem", **evicting(key, now))
        except Refused:
            return  # Somebody was faster, and the key holds a living item, or none.
        except Transient as failure:
            # Whether it was removed does not matter to the write, which looks again.
            raise Transient(str(failure), busy=failure.busy) from failure

    def _call(self, operation: str, **parameters: Any) -> Any:
        """The one way to DynamoDB."""
        # A function that answers without its state needs no HTTP client, whose import takes longer than all of ours.
        from runtime.store import dynamodb_transport as transport  # noqa: PLC0415

        if self._client is None:
            with self._connecting:
                if self._client is None:
                    self._client = transport.connect(self._endpoint_url, self._region)
        if operation != "TransactWriteItems":
            parameters["TableName"] = self._table_name
        return transport.call(self._client, self._table_name, operation, parameters)
