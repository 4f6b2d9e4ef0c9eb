"""The engines that the suite holds to one behaviour, and a clock that tests move."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from runtime.aws.client import JsonClient
from runtime.store.dynamodb import DynamoDBStore
from runtime.store.dynamodb_table import create_table
from runtime.store.port import Store
from runtime.store.sqlite import SQLiteStore
from tests.ministack import MiniStack
from tests.store.clients import client_at

__all__ = ["Engine", "ManualClock"]


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
def moto_client(moto_url: str) -> Iterator[JsonClient]:
    client = client_at(moto_url)
    yield client
    client.close()


@pytest.fixture
def moto_table(moto_client: JsonClient) -> str:
    return new_table(moto_client)


@pytest.fixture(scope="session")
def ministack_client(ministack: MiniStack) -> Iterator[JsonClient]:
    client = client_at(ministack.endpoint_url)
    yield client
    client.close()


@pytest.fixture
def ministack_table(ministack_client: JsonClient) -> str:
    return new_table(ministack_client)


def new_table(client: JsonClient) -> str:
    """A table that no other test has seen."""
    table_name = f"emulator-{uuid.uuid4().hex}"
    create_table(table_name, client=client)
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
