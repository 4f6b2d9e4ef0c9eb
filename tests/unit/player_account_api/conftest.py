"""Fixtures: the service over a store in memory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from runtime.store.sqlite import SQLiteStore
from tests.unit.player_account_api.harness import Api, ManualClock, SpyStore, new_api


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def store(clock: ManualClock) -> Iterator[SpyStore]:
    store = SpyStore(SQLiteStore(None, now=clock))
    yield store
    store.close()


@pytest.fixture
def api(store: SpyStore, clock: ManualClock) -> Api:
    return new_api(store, clock)
