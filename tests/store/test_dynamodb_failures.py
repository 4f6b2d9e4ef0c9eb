"""When DynamoDB is busy, unreachable, or does not answer: what is tried again, for how long, and what is said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from runtime.aws.client import JsonClient
from runtime.aws.errors import NotConfigured, Unanswered, Unreachable
from runtime.store.dynamodb import DynamoDBStore
from runtime.store.dynamodb_retry import Patience, Transient
from runtime.store.port import (
    ABSENT,
    PRESENT,
    ConditionFailed,
    Delete,
    Increment,
    Item,
    Key,
    Put,
    Store,
    StoreBusy,
    StoreUnavailable,
    VersionIs,
)
from tests.store.clients import REGION, AnswerLost, FakeTime, ScriptedClient, cancelled, refusal
from tests.store.conftest import ManualClock

KEY = Key("p", "s")
MARKER = Key("usernames", "alice")
READS_AND_WRITES: dict[str, Callable[[Store], object]] = {
    "get": lambda store: store.get(KEY),
    "query": lambda store: store.query("p"),
    "put": lambda store: store.put(Put(KEY, {"v": 1})),
    "put if absent": lambda store: store.put(Put(KEY, {"v": 1}, ABSENT)),
    "increment": lambda store: store.increment(Increment(KEY, add={"n": 1})),
    "delete": lambda store: store.delete(Delete(KEY)),
    "transact": lambda store: store.transact([Put(KEY, {"v": 1})]),
}

NOTHING_DONE: dict[str, Exception] = {
    "throughput": refusal("ProvisionedThroughputExceededException"),
    "throttling": refusal("ThrottlingException"),
    "request limit": refusal("RequestLimitExceeded"),
    "conflict": refusal("TransactionConflictException"),
    "conflict in a transaction": cancelled("TransactionConflict", "None"),
    "throttling in a transaction": cancelled("ThrottlingError"),
    "in progress": refusal("TransactionInProgressException"),
    "no connection": Unreachable("ConnectionRefusedError"),
}

PERHAPS_DONE: dict[str, Exception] = {
    "no answer": Unanswered("TimeoutError"),
    "server fault": refusal("InternalServerError", 500),
    "unavailable": refusal("ServiceUnavailable", 503),
}


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def scripted(
    moto_client: JsonClient, moto_table: str, clock: ManualClock, time: FakeTime
) -> Callable[..., tuple[DynamoDBStore, ScriptedClient]]:
    """Makes a store whose client follows a script."""

    def make(*script: Any) -> tuple[DynamoDBStore, ScriptedClient]:
        client = ScriptedClient(moto_client, *script)
        return DynamoDBStore(moto_table, now=clock, client=client, sleep=time.sleep, elapsed=time.elapsed), client

    return make


@pytest.fixture
def direct(moto_client: JsonClient, moto_table: str, clock: ManualClock) -> DynamoDBStore:
    """Another store on the same table, whose requests all succeed."""
    return DynamoDBStore(moto_table, now=clock, client=moto_client)


Scripted = Callable[..., tuple[DynamoDBStore, ScriptedClient]]


@pytest.mark.parametrize("use", READS_AND_WRITES.values(), ids=READS_AND_WRITES.keys())
@pytest.mark.parametrize("failure", NOTHING_DONE.values(), ids=NOTHING_DONE.keys())
def test_what_was_not_done_is_tried_again_after_a_pause(
    scripted: Scripted, time: FakeTime, use: Callable[[Store], object], failure: Exception
) -> None:
    store, client = scripted(failure, failure)
    use(store)
    assert len(client.requests) == 3
    assert client.requests[0] == client.requests[1] == client.requests[2]
    assert len(time.sleeps) == 2
    assert 0 <= time.sleeps[0] <= 0.025
    assert 0 <= time.sleeps[1] <= 0.05


@pytest.mark.parametrize("use", READS_AND_WRITES.values(), ids=READS_AND_WRITES.keys())
def test_throttling_past_the_budget_is_busy(scripted: Scripted, time: FakeTime, use: Callable[[Store], object]) -> None:
    store, client = scripted(*[refusal("ThrottlingException")] * 10_000)
    with pytest.raises(StoreBusy) as failure:
        use(store)
    assert failure.value.retry_after == 1
    assert time.elapsed() <= 4.0
    assert len(client.requests) == len(time.sleeps) + 1 > 5
    assert max(time.sleeps) <= 1.0


def test_pauses_grow_to_a_second_with_full_jitter_and_no_attempt_begins_after_the_budget() -> None:
    time = FakeTime()
    patience = Patience(4.0, sleep=time.sleep, elapsed=time.elapsed, fraction=lambda: 1.0)

    def fail() -> None:
        raise Transient("throttled", busy=True)

    with pytest.raises(StoreBusy):
        patience.read(fail)
    assert time.sleeps == [0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.0, 1.0]


@pytest.mark.parametrize("use", READS_AND_WRITES.values(), ids=READS_AND_WRITES.keys())
def test_no_connection_past_the_budget_is_unavailable(scripted: Scripted, use: Callable[[Store], object]) -> None:
    store, _ = scripted(*[Unreachable("ConnectionRefusedError")] * 10_000)
    with pytest.raises(StoreUnavailable, match=r"cannot be reached \(ConnectionRefusedError\): check the endpoint"):
        use(store)


@pytest.mark.parametrize("failure", PERHAPS_DONE.values(), ids=PERHAPS_DONE.keys())
@pytest.mark.parametrize("read", ["get", "query"])
def test_a_read_without_an_answer_is_simply_tried_again(scripted: Scripted, read: str, failure: Exception) -> None:
    store, client = scripted(failure)
    READS_AND_WRITES[read](store)
    assert len(client.requests) == 2


@pytest.mark.parametrize("failure", PERHAPS_DONE.values(), ids=PERHAPS_DONE.keys())
@pytest.mark.parametrize("condition", [None, ABSENT])
@pytest.mark.parametrize("done", [True, False])
def test_a_put_without_an_answer_is_done_once(
    scripted: Scripted, failure: Exception, condition: Any, *, done: bool
) -> None:
    store, _ = scripted(AnswerLost(failure) if done else failure)
    assert store.put(Put(KEY, {"v": 1}, condition)) == Item(KEY, {"v": 1}, 1)
    assert store.get(KEY) == Item(KEY, {"v": 1}, 1)


@pytest.mark.parametrize(("condition"), [PRESENT, VersionIs(1)])
def test_an_update_without_an_answer_is_done_once(scripted: Scripted, direct: DynamoDBStore, condition: Any) -> None:
    direct.put(Put(KEY, {"v": 1}))
    store, _ = scripted(AnswerLost(), refusal("ThrottlingException"))
    assert store.put(Put(KEY, {"v": 2}, condition)) == Item(KEY, {"v": 2}, 2)


def test_a_put_recognises_itself_though_counters_moved_since(scripted: Scripted, direct: DynamoDBStore) -> None:
    store, _ = scripted(AnswerLost(meanwhile=lambda: direct.increment(Increment(KEY, add={"n": 1}))))
    assert store.put(Put(KEY, {"v": 1}, ABSENT)) == Item(KEY, {"v": 1}, 1, {"n": 1})


def test_a_put_whose_fate_is_unknown_says_so_instead_of_a_false_failure(
    scripted: Scripted, direct: DynamoDBStore
) -> None:
    """Its document was written, and overwritten by another before it could recognise it."""
    store, _ = scripted(AnswerLost(meanwhile=lambda: direct.put(Put(KEY, {"v": "theirs"}))))
    with pytest.raises(StoreUnavailable, match="may or may not have been done"):
        store.put(Put(KEY, {"v": "mine"}, ABSENT))
    assert store.get(KEY) == Item(KEY, {"v": "theirs"}, 2)


def test_a_condition_that_fails_at_once_is_a_failure_whatever_happens_elsewhere(
    scripted: Scripted, direct: DynamoDBStore
) -> None:
    direct.put(Put(KEY, {}))
    store, client = scripted(refusal("ThrottlingException"))
    with pytest.raises(ConditionFailed):
        store.put(Put(KEY, {}, ABSENT))
    assert len(client.requests) == 2


@pytest.mark.parametrize("failure", PERHAPS_DONE.values(), ids=PERHAPS_DONE.keys())
@pytest.mark.parametrize("condition", [None, ABSENT])
def test_an_increment_without_an_answer_is_never_repeated(
    scripted: Scripted, failure: Exception, condition: Any
) -> None:
    store, client = scripted(AnswerLost(failure))
    with pytest.raises(StoreUnavailable, match="may or may not have been done; read before repeating it"):
        store.increment(Increment(KEY, add={"n": 1}, condition=condition))
    assert len(client.requests) == 1
    item = store.get(KEY)
    assert item is not None
    assert item.counters == {"n": 1}


def test_an_increment_survives_an_answer_lost_while_an_expired_item_is_removed(
    scripted: Scripted, direct: DynamoDBStore, clock: ManualClock
) -> None:
    direct.increment(Increment(KEY, add={"n": 5}, expires_at=clock.seconds_from_now(1)))
    clock.time += 2
    store, client = scripted(None, AnswerLost())
    assert store.increment(Increment(KEY, add={"n": 1})).counters == {"n": 1}
    assert client.operations == ["UpdateItem", "DeleteItem", "UpdateItem"]


def test_a_delete_without_an_answer_is_repeated(scripted: Scripted, direct: DynamoDBStore) -> None:
    direct.put(Put(KEY, {}))
    store, _ = scripted(AnswerLost())
    store.delete(Delete(KEY))
    assert store.get(KEY) is None


def test_no_answer_past_the_budget_leaves_a_write_uncertain_even_if_the_last_word_was_throttling(
    scripted: Scripted,
) -> None:
    store, _ = scripted(Unanswered("TimeoutError"), *[refusal("ThrottlingException")] * 10_000)
    with pytest.raises(StoreUnavailable, match="may or may not have been done"):
        store.put(Put(KEY, {}))


@pytest.mark.parametrize("failure", PERHAPS_DONE.values(), ids=PERHAPS_DONE.keys())
def test_a_transaction_keeps_its_token_through_all_attempts(scripted: Scripted, failure: Exception) -> None:
    # moto ignores the token, so the transaction must not take effect twice in this test: the request fails instead.
    store, client = scripted(failure, cancelled("TransactionConflict"), refusal("ThrottlingException"))
    store.transact([Put(KEY, {})])
    tokens = [parameters["ClientRequestToken"] for _, parameters in client.requests]
    assert len(tokens) == 4
    assert len(set(tokens)) == 1
    store.transact([Put(KEY, {})])
    assert client.requests[-1][1]["ClientRequestToken"] not in tokens


@pytest.mark.slow
@pytest.mark.parametrize(
    "use",
    [
        lambda store: store.transact([Increment(KEY, add={"n": 1}), Put(MARKER, {}, ABSENT)]),
        lambda store: store.delete(Delete(Key("p", "there"), PRESENT)),
    ],
    ids=["transaction", "conditional delete"],
)
def test_a_transaction_without_an_answer_is_done_once(
    ministack_client: Any, ministack_table: str, clock: ManualClock, use: Callable[[Store], object]
) -> None:
    direct = DynamoDBStore(ministack_table, now=clock, client=ministack_client)
    direct.put(Put(Key("p", "there"), {}))
    client = ScriptedClient(ministack_client, AnswerLost(), AnswerLost())
    use(DynamoDBStore(ministack_table, now=clock, client=client, sleep=lambda _: None))
    assert client.operations == ["TransactWriteItems"] * 3
    item = direct.get(KEY)
    assert item is None or item.counters == {"n": 1}


def test_a_conflict_beside_a_failed_condition_is_tried_again_so_that_all_failures_are_named(
    scripted: Scripted, direct: DynamoDBStore
) -> None:
    direct.put(Put(KEY, {}))
    direct.put(Put(MARKER, {}))
    store, _ = scripted(cancelled("TransactionConflict", "ConditionalCheckFailed"))
    with pytest.raises(ConditionFailed) as failure:
        store.transact([Put(KEY, {}, ABSENT), Put(MARKER, {}, ABSENT)])
    assert failure.value.failed == (0, 1)


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (
            refusal("AccessDeniedException"),
            r"emulator-\w+ \(AccessDeniedException: check credentials and policy\)",
        ),
        (refusal("ExpiredTokenException"), r"ExpiredTokenException: check credentials"),
        (refusal("ValidationException"), r"refused the request to table emulator-\w+ \(ValidationException\)"),
        (refusal("ResourceNotFoundException"), "deploy the stack, or correct the table's name"),
        (cancelled("ValidationError", "None"), r"cancelled the transaction \(ValidationError\)"),
        (NotConfigured("no AWS credentials found: configure"), "no AWS credentials found: configure"),
    ],
)
@pytest.mark.parametrize("use", READS_AND_WRITES.values(), ids=READS_AND_WRITES.keys())
def test_what_a_person_has_to_put_right_is_said_at_once_and_without_secrets(
    scripted: Scripted, failure: Exception, message: str, use: Callable[[Store], object]
) -> None:
    store, client = scripted(failure)
    with pytest.raises(StoreUnavailable, match=message) as raised:
        use(store)
    assert len(client.requests) == 1
    assert "secret" not in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.usefixtures("moto_table")
def test_a_missing_table_is_named(moto_client: JsonClient, clock: ManualClock) -> None:
    with pytest.raises(StoreUnavailable, match=r"table missing .*deploy the stack"):
        DynamoDBStore("missing", now=clock, client=moto_client).get(KEY)


def test_a_missing_region_is_said(clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(StoreUnavailable, match="set AWS_REGION"):
        DynamoDBStore("t", now=clock).get(KEY)


def test_an_endpoint_where_nobody_listens_is_unavailable(clock: ManualClock) -> None:
    store = DynamoDBStore("t", now=clock, endpoint_url="http://127.0.0.1:1", region=REGION, budget_seconds=0)
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        store.get(KEY)
    store.close()
