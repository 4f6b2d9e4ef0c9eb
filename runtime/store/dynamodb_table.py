"""Making the table, for development and tests. In the cloud the stack makes it, with backups and protection."""

from __future__ import annotations

import time
from collections.abc import Callable

from runtime.aws.client import JsonClient
from runtime.aws.errors import AwsError, ServiceError
from runtime.core.clock import stopwatch
from runtime.store.dynamodb_transport import connect
from runtime.store.port import StoreUnavailable

__all__ = ["create_table"]

_ATTRIBUTES = [{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "S"}]
_KEYS = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
_TTL = {"Enabled": True, "AttributeName": "expires_at"}
_PATIENCE_SECONDS = 60.0
_POLL_SECONDS = 0.25


def create_table(
    table_name: str,
    *,
    endpoint_url: str | None = None,
    region: str | None = None,
    sleep: Callable[[float], None] = time.sleep,
    client: JsonClient | None = None,
) -> None:
    """Make the table unless it is there, and wait until it can be used. ``client``, if given, stays open.

    Raises :class:`~runtime.store.port.StoreUnavailable` when that cannot be done, or when a table of this name has
    other keys.
    """
    used = client or connect(endpoint_url, region)
    try:
        _create(used, table_name)
        _await_active(used, table_name, sleep)
        _expire_items(used, table_name)
    except AwsError as error:
        raise StoreUnavailable(
            f"the DynamoDB table {table_name} cannot be made ({error}): check endpoint, region and credentials"
        ) from error
    finally:
        if used is not client:
            used.close()


def _create(client: JsonClient, table_name: str) -> None:
    table = {
        "TableName": table_name,
        "AttributeDefinitions": _ATTRIBUTES,
        "KeySchema": _KEYS,
        "BillingMode": "PAY_PER_REQUEST",
    }
    try:
        client.call("CreateTable", table)
    except ServiceError as error:
        if error.code != "ResourceInUseException":
            raise


def _await_active(client: JsonClient, table_name: str, sleep: Callable[[float], None]) -> None:
    deadline = stopwatch() + _PATIENCE_SECONDS
    while True:
        table = client.call("DescribeTable", {"TableName": table_name})["Table"]
        if table["KeySchema"] != _KEYS:
            raise StoreUnavailable(
                f"the DynamoDB table {table_name} has other keys than pk and sk: choose another name"
            )
        if table["TableStatus"] == "ACTIVE":
            return
        if stopwatch() > deadline:
            raise StoreUnavailable(f"the DynamoDB table {table_name} is still {table['TableStatus']}: try again later")
        sleep(_POLL_SECONDS)


def _expire_items(client: JsonClient, table_name: str) -> None:
    table = {"TableName": table_name}
    described = client.call("DescribeTimeToLive", table)["TimeToLiveDescription"]
    if described["TimeToLiveStatus"] not in ("ENABLED", "ENABLING"):
        client.call("UpdateTimeToLive", {**table, "TimeToLiveSpecification": _TTL})
