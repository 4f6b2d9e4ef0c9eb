"""What unit tests share: a whole emulator in this process, on a clock that the test holds."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import pytest

from runtime.adapters.signing_keys import signing_keys
from runtime.catalogue import IDP
from runtime.composition import Parts
from runtime.core.keys import KeyRing, new_key_document
from runtime.core.pipeline import Pipeline
from runtime.core.settings import MEMORY, Settings
from runtime.emulation.sandboxes import Sandboxes
from runtime.idp_api.routes import build_router
from runtime.idp_api.service import IdentityProvider

ORIGIN = "http://127.0.0.1:8080"


@dataclass
class Answer:
    """A Lambda proxy answer, read."""

    status: int
    headers: Mapping[str, str]
    body: Any


@dataclass
class Clock:
    """A wall clock that moves when it is told to."""

    at: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.at

    def advance(self, seconds: float) -> None:
        self.at += seconds


@dataclass
class Service:
    """One service behind its Lambda handler."""

    handler: Pipeline
    headers: dict[str, str] = field(default_factory=lambda: {"host": "127.0.0.1:8080", "x-forwarded-proto": "http"})

    def call(
        self,
        method: str,
        path: str,
        *,
        body: str | None = None,
        query: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """The answer to an API Gateway v2 event."""
        event = {
            "version": "2.0",
            "rawPath": path,
            "rawQueryString": query,
            "headers": {**self.headers, **(headers or {})},
            "requestContext": {"http": {"method": method, "path": path}, "requestId": "test", "stage": "$default"},
            "isBase64Encoded": False,
            **({} if body is None else {"body": body}),
        }
        answer = self.handler(event, None)
        is_json = answer["body"] and "json" in answer["headers"].get("Content-Type", "")
        body = json.loads(answer["body"]) if is_json else answer["body"]
        return Answer(answer["statusCode"], answer["headers"], body)

    def post_form(self, path: str, parameters: Mapping[str, str], **headers: str) -> Answer:
        """POST a form."""
        kind = {"content-type": "application/x-www-form-urlencoded"}
        return self.call("POST", path, body=urlencode(parameters), headers={**kind, **headers})

    def post_json(self, path: str, value: object, **headers: str) -> Answer:
        """POST a JSON value."""
        kind = {"content-type": "application/json"}
        return self.call("POST", path, body=json.dumps(value), headers={**kind, **headers})


@pytest.fixture
def clock() -> Clock:
    return Clock()


@dataclass(frozen=True)
class ReadyKeys:
    """A key document that is there already: making RSA keys takes longer than most tests."""

    document: Mapping[str, Any]

    def load(self) -> Mapping[str, Any]:
        return self.document


@pytest.fixture(scope="session")
def key_documents() -> Mapping[str, Mapping[str, Any]]:
    return {"RS256": new_key_document("RS256"), "ES256": new_key_document("ES256")}


class KeyedParts(Parts):
    """The parts of an emulator in memory, and the keys of those that sign or verify."""

    keys: KeyRing


@pytest.fixture
def make_parts(clock: Clock, key_documents: Mapping[str, Mapping[str, Any]]) -> Iterator[Callable[..., KeyedParts]]:
    """Makes the parts of an emulator, with settings of the test's choice.

    With ``fresh_keys`` it makes its own signing keys, as a real deployment does.
    """
    made: list[Parts] = []

    def make(*, fresh_keys: bool = False, **settings: Any) -> KeyedParts:
        parts = KeyedParts(Settings(**{"state": MEMORY, "demo_world": True, "log_level": "CRITICAL", **settings}))
        parts.worlds = Sandboxes(parts.store, demo=parts.settings.demo_world, now=clock)
        ready = KeyRing(ReadyKeys(key_documents[parts.settings.signing_algorithm]), clock)
        parts.keys = signing_keys(parts) if fresh_keys else ready
        made.append(parts)
        return parts

    yield make
    for parts in made:
        parts.store.close()


@pytest.fixture
def make_idp(make_parts: Callable[..., KeyedParts]) -> Callable[..., Service]:
    """Makes an identity provider, with settings of the test's choice."""

    def make(**settings: Any) -> Service:
        parts = make_parts(**settings)
        provider = IdentityProvider(parts.keys, parts.settings)
        return Service(parts.pipeline(IDP, build_router(provider)))

    return make


@pytest.fixture
def idp(make_idp: Callable[..., Service]) -> Service:
    """An identity provider with the demo world."""
    return make_idp()
