"""What DynamoDB is asked: one request per primitive, strongly consistent, with the layout that the stack relies on."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.aws.client import JsonClient
from runtime.store.dynamodb import DynamoDBStore
from runtime.store.dynamodb_table import create_table
from runtime.store.port import (
    ABSENT,
    PRESENT,
    Check,
    Delete,
    Increment,
    Key,
    Put,
    Store,
    StoreUnavailable,
    VersionIs,
)
from tests.ministack import MiniStack
from tests.store.clients import REGION, ScriptedClient
from tests.store.conftest import ManualClock

KEY = Key("p", "there")
NEW = Key("p", "new")

PRIMITIVES: dict[str, tuple[Callable[[Store], object], str]] = {
    "get": (lambda store: store.get(KEY), "GetItem"),
    "get nothing": (lambda store: store.get(NEW), "GetItem"),
    "put": (lambda store: store.put(Put(KEY, {})), "UpdateItem"),
    "put with an expiry": (lambda store: store.put(Put(KEY, {}, expires_at=2**40)), "UpdateItem"),
    "put if absent": (lambda store: store.put(Put(NEW, {}, ABSENT)), "PutItem"),
    "put if present": (lambda store: store.put(Put(KEY, {}, PRESENT)), "UpdateItem"),
    "put if unchanged": (lambda store: store.put(Put(KEY, {}, VersionIs(1))), "UpdateItem"),
    "delete": (lambda store: store.delete(Delete(KEY)), "DeleteItem"),
    "delete if unchanged": (lambda store: store.delete(Delete(KEY, VersionIs(1))), "TransactWriteItems"),
    "increment": (lambda store: store.increment(Increment(KEY, add={"a": 1}, assign={"b": 1})), "UpdateItem"),
    "increment nothing": (lambda store: store.increment(Increment(NEW, add={"a": 1})), "UpdateItem"),
    "increment if absent": (lambda store: store.increment(Increment(NEW, add={"a": 1}, condition=ABSENT)), "PutItem"),
    "query": (lambda store: store.query("p", limit=2), "Query"),
    "query to the end": (lambda store: store.query("p", limit=4), "Query"),
    "query a prefix": (lambda store: store.query("p", prefix="t", after="te", descending=True), "Query"),
    "transact": (
        lambda store: store.transact([Put(NEW, {}, ABSENT), Check(KEY, PRESENT), Delete(Key("p", "x"))]),
        "TransactWriteItems",
    ),
}


@pytest.fixture
def client(moto_client: JsonClient, moto_table: str, clock: ManualClock) -> ScriptedClient:
    store = DynamoDBStore(moto_table, now=clock, client=moto_client)
    for sort in ("there", "x", "y", "z"):
        store.put(Put(Key("p", sort), {"v": 1}))
    return ScriptedClient(moto_client)


@pytest.fixture
def store(client: ScriptedClient, moto_table: str, clock: ManualClock) -> DynamoDBStore:
    return DynamoDBStore(moto_table, now=clock, client=client)


@pytest.mark.parametrize(("use", "operation"), PRIMITIVES.values(), ids=PRIMITIVES.keys())
def test_every_primitive_is_one_request(
    store: DynamoDBStore, client: ScriptedClient, use: Callable[[Store], object], operation: str
) -> None:
    use(store)
    assert client.operations == [operation]
    if operation in ("GetItem", "Query"):
        assert client.requests[0][1]["ConsistentRead"] is True


def test_only_writing_over_an_expired_item_takes_more(
    store: DynamoDBStore, client: ScriptedClient, clock: ManualClock
) -> None:
    store.put(Put(KEY, {}, expires_at=clock.seconds_from_now(1)))
    clock.time += 2
    client.requests.clear()
    store.put(Put(KEY, {}))
    assert client.operations == ["UpdateItem", "DeleteItem", "UpdateItem"]


def test_an_item_is_laid_out_as_the_stack_and_people_expect(
    store: DynamoDBStore, moto_client: JsonClient, moto_table: str
) -> None:
    store.put(Put(NEW, {"name": "Zoë", "n": 1}, expires_at=2**40))
    store.increment(Increment(NEW, add={"wins": 3}))
    key = {"pk": {"S": "p"}, "sk": {"S": "new"}}
    item = moto_client.call("GetItem", {"TableName": moto_table, "Key": key})["Item"]
    assert len(item.pop("write_id")["S"]) == 36
    assert item == {
        "pk": {"S": "p"},
        "sk": {"S": "new"},
        "document": {"S": '{"name":"Zoë","n":1}'},
        "version": {"N": "1"},
        "expires_at": {"N": str(2**40)},
        "c_wins": {"N": "3"},
    }


def test_a_page_of_many_expired_items_takes_as_many_requests_as_it_needs(
    store: DynamoDBStore, client: ScriptedClient, clock: ManualClock
) -> None:
    for sort in "abcdef":
        store.put(Put(Key("p", sort), {}, expires_at=clock.seconds_from_now(1)))
    clock.time += 2
    client.requests.clear()
    assert len(store.query("p", limit=1).items) == 1
    assert client.operations == ["Query"] * 4


def test_the_module_does_not_import_an_http_client() -> None:
    """Importing it would cost every cold start of a function that only answers from its cache."""
    program = (
        "import sys, runtime.store.dynamodb as dynamodb\n"
        "dynamodb.DynamoDBStore('t', now=lambda: 0).close()\n"
        "sys.exit(str([name for name in sys.modules if name.startswith(('boto', 'http.client', 'ssl'))] or ''))"
    )
    root = Path(__file__).parent.parent.parent
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""


def test_a_store_connects_by_itself_and_closes_what_it_opened(
    moto_url: str, moto_table: str, clock: ManualClock
) -> None:
    store = DynamoDBStore(moto_table, now=clock, endpoint_url=moto_url)
    assert store.put(Put(NEW, {})).version == 1
    store.close()


def test_making_a_table_twice_is_as_good_as_once(moto_client: JsonClient, moto_table: str) -> None:
    create_table(moto_table, client=moto_client)
    named = {"TableName": moto_table}
    ttl = moto_client.call("DescribeTimeToLive", named)["TimeToLiveDescription"]
    assert ttl == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}
    table = moto_client.call("DescribeTable", named)["Table"]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"


def test_a_table_with_other_keys_is_refused(moto_client: JsonClient, moto_url: str) -> None:
    others = {
        "TableName": "others",
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    moto_client.call("CreateTable", others)
    with pytest.raises(StoreUnavailable, match="others has other keys than pk and sk"):
        create_table("others", endpoint_url=moto_url, region=REGION)


def test_a_table_that_cannot_be_made_is_named() -> None:
    with pytest.raises(StoreUnavailable, match=r"table t cannot be made \(ConnectionRefusedError\): check endpoint"):
        create_table("t", endpoint_url="http://127.0.0.1:1", region=REGION)


@pytest.mark.slow
def test_a_store_opened_by_its_endpoint_works_over_the_wire(
    ministack: MiniStack, ministack_table: str, clock: ManualClock
) -> None:
    store = DynamoDBStore(ministack_table, now=clock, endpoint_url=ministack.endpoint_url, region=REGION)
    assert store.put(Put(NEW, {"v": 1})) == store.get(NEW)
    store.close()
