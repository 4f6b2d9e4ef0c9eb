"""The engines that the suite holds to one behaviour, and a clock that tests move."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.config import Config
from moto import mock_aws

from runtime.store.dynamodb import DynamoDBStore
from runtime.store.dynamodb_table import create_table
from runtime.store.dynamodb_transport import connect
from runtime.store.port import Store
from runtime.store.sqlite import SQLiteStore
from tests.ministack import MiniStack

__all__ = ["REGION", "Engine", "ManualClock"]

REGION = "us-east-1"


class ManualClock:
    """A wall clock that moves when it is told to.

    It starts far in the future, so that no engine's own clock removes what has not expired by this one.
    """

    def __init__(self) -> None:
        self.time = 4_000_000_000.5

    def __call__(self) -> float:
        return self.time

    def seconds_from_now(self, seconds: int) -> int:
        """A moment that items may expire at."""
        return int(self.time) + seconds


@dataclass(frozen=True)
class Engine:
    """An engine with a place to keep things. ``open`` returns another store on that same place."""

    name: str
    open: Callable[[], Store]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(autouse=True)
def aws_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials that no cloud accepts, and none of this machine's settings."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")


@pytest.fixture(scope="session")
def ministack() -> Iterator[MiniStack]:
    with MiniStack() as running:
        yield running


@pytest.fixture(scope="session")
def moto_client() -> Any:
    """A client that moto answers whenever it is on. Making one takes longer than most tests."""
    with mock_aws():
        return connect(None, REGION)


@pytest.fixture
def moto_table(moto_client: Any) -> Iterator[str]:
    with mock_aws():
        create_table("emulator", client=moto_client)
        yield "emulator"


@pytest.fixture(scope="session")
def ministack_client(ministack: MiniStack) -> Iterator[Any]:
    client = botocore.session.get_session().create_client(
        "dynamodb",
        endpoint_url=ministack.endpoint_url,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(max_pool_connections=100, retries={"total_max_attempts": 1, "mode": "standard"}),
    )
    yield client
    client.close()


@pytest.fixture
def ministack_table(ministack_client: Any) -> str:
    table_name = f"emulator-{uuid.uuid4().hex}"
    create_table(table_name, client=ministack_client)
    return table_name


@pytest.fixture(
    params=[
        "sqlite-memory",
        "sqlite-file",
        "dynamodb-moto",
        pytest.param("dynamodb-ministack", marks=pytest.mark.slow),
    ]
)
def engine(request: pytest.FixtureRequest, clock: ManualClock, tmp_path: Path) -> Iterator[Engine]:
    opened: list[Store] = []
    name = request.param

    def open_store() -> Store:
        store: Store
        if name == "sqlite-memory":
            store = opened[0] if opened else SQLiteStore(None, now=clock)
        elif name == "sqlite-file":
            store = SQLiteStore(tmp_path / "state.sqlite3", now=clock)
        elif name == "dynamodb-moto":
            store = DynamoDBStore(
                request.getfixturevalue("moto_table"), now=clock, client=request.getfixturevalue("moto_client")
            )
        else:
            store = DynamoDBStore(
                request.getfixturevalue("ministack_table"),
                now=clock,
                client=request.getfixturevalue("ministack_client"),
                # Patience for races on a small machine; nothing here asserts on time.
                budget_seconds=30,
            )
        opened.append(store)
        return store

    yield Engine(name, open_store)
    for store in opened:
        store.close()


@pytest.fixture
def store(engine: Engine) -> Store:
    return engine.open()
