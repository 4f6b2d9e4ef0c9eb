"""The player service over any store, in worlds whose time and chance the tests hold."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import urlencode

from runtime.catalogue import PLAYERS
from runtime.core.clock import SandboxClock
from runtime.core.observability import Observer
from runtime.core.pipeline import Pipeline
from runtime.core.randomness import Randomness
from runtime.core.settings import Settings
from runtime.core.world import World
from runtime.emulation.journal import SandboxJournal
from runtime.emulation.rules import BehaviourRules
from runtime.player_account_api.routes import build_router
from runtime.store.port import Delete, Increment, Item, Key, Operation, Page, Put, Store
from runtime.store.scoped import ScopedStore

__all__ = ["ORIGIN", "Answer", "Api", "ManualClock", "SpyStore", "TestWorlds", "new_api"]

ORIGIN = "http://127.0.0.1:8080"


class ManualClock:
    """A clock that stands still until it is told otherwise."""

    def __init__(self) -> None:
        self.time = 1_800_000_000.123456

    def __call__(self) -> float:
        return self.time


class SpyStore:
    """A store that notes every call on its way, and lets a test do something just before the next of a kind."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.calls: list[str] = []
        self.before: dict[str, Callable[[], object]] = {}

    def get(self, key: Key) -> Item | None:
        self._note("get")
        return self._store.get(key)

    def put(self, operation: Put) -> Item:
        self._note("put")
        return self._store.put(operation)

    def delete(self, operation: Delete) -> None:
        self._note("delete")
        self._store.delete(operation)

    def increment(self, operation: Increment) -> Item:
        self._note("increment")
        return self._store.increment(operation)

    def query(
        self,
        partition: str,
        *,
        prefix: str = "",
        after: str | None = None,
        limit: int = 100,
        descending: bool = False,
    ) -> Page:
        self._note("query")
        return self._store.query(partition, prefix=prefix, after=after, limit=limit, descending=descending)

    def transact(self, operations: Sequence[Operation]) -> None:
        self._note("transact")
        self._store.transact(operations)

    def close(self) -> None:
        self._store.close()

    def _note(self, call: str) -> None:
        self.calls.append(call)
        # Taken away first: what the test does may be such a call itself.
        if meddle := self.before.pop(call, None):
            meddle()


class TestWorlds:
    """Any sandbox exists; all share one clock, and chance follows from a seed."""

    __test__ = False

    def __init__(self, store: Store, clock: ManualClock) -> None:
        self._store = store
        self._clock = clock
        self._streams = count()

    def enter(self, sandbox_id: str, base_url: str) -> World:
        return World(
            sandbox_id=sandbox_id,
            base_url=base_url,
            clock=SandboxClock(self._clock),
            random=Randomness(7, stream=lambda: next(self._streams)),
            store=ScopedStore(self._store, sandbox_id),
            revision=f"{sandbox_id}/1",
        )


@dataclass(frozen=True)
class Answer:
    """What the handler answered."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def failures(self) -> dict[str, str]:
        """The problem's errors: the message for each pointer or parameter."""
        return {error.get("pointer", error.get("parameter")): error["message"] for error in self.json["errors"]}


@dataclass
class Api:
    """Speaks to the handler in API Gateway's events, format 2.0."""

    handler: Pipeline
    clock: ManualClock
    base: str = ""
    _names: Iterator[int] = field(default_factory=count)

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | str = "",
        body: str | None = None,
        base64: bool = False,
        content_type: str | None = "application/json",
    ) -> Answer:
        event = {
            "version": "2.0",
            "rawPath": self.base + path,
            "rawQueryString": query if isinstance(query, str) else urlencode(query),
            "headers": {"host": "127.0.0.1:8080", **({"content-type": content_type} if content_type else {})},
            "requestContext": {"stage": "$default", "http": {"method": method, "path": self.base + path}},
            "body": body,
            "isBase64Encoded": base64,
        }
        answer = self.handler(event, None)
        return Answer(answer["statusCode"], answer["headers"], answer["body"])

    def get(self, path: str, **query: Any) -> Answer:
        return self.send("GET", path, query=query)

    def post(self, path: str, body: Any) -> Answer:
        return self.send("POST", path, body=json.dumps(body))

    def put(self, path: str, body: Any) -> Answer:
        return self.send("PUT", path, body=json.dumps(body))

    def delete(self, path: str) -> Answer:
        return self.send("DELETE", path)

    def create(self, **fields: Any) -> Any:
        """A new player; ``fields`` are added to a username and an e-mail address that nobody has."""
        name = f"player{next(self._names)}"
        answer = self.post("/players", {"username": name, "email": f"{name}@example.com", **fields})
        assert answer.status == 201, answer.text
        return answer.json

    def listed(self, **query: Any) -> list[str]:
        """The usernames of all pages."""
        names: list[str] = []
        page = self.get("/players", **query).json
        names += [player["username"] for player in page["items"]]
        while page["next_cursor"] is not None:
            page = self.get("/players", **{**query, "cursor": page["next_cursor"]}).json
            names += [player["username"] for player in page["items"]]
        return names

    def inside(self, sandbox_id: str) -> Api:
        """The same service in a sandbox."""
        return Api(self.handler, self.clock, f"/s/{sandbox_id}")


def new_api(store: Store, clock: ManualClock) -> Api:
    """The service as a new process has it: nothing cached, and its draws begin anew."""
    settings = Settings(log_level="CRITICAL")
    return Api(
        Pipeline(
            PLAYERS,
            router=build_router(),
            worlds=TestWorlds(store, clock),
            rules=BehaviourRules(),
            journal=SandboxJournal(),
            observer=Observer(PLAYERS, settings),
            settings=settings,
        ),
        clock,
    )
