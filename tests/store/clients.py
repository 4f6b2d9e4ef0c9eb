"""Clients of DynamoDB that count, fail, or lose answers, around one that works; and time that passes by sleeping."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from runtime.aws.client import DYNAMODB, JsonClient
from runtime.aws.errors import ServiceError, Unanswered
from runtime.aws.signature import Credentials

__all__ = ["REGION", "AnswerLost", "FakeTime", "ScriptedClient", "cancelled", "client_at", "refusal"]

REGION = "us-east-1"


def client_at(url: str) -> JsonClient:
    """A patient client of the DynamoDB at ``url``, which takes any credentials."""
    return JsonClient(
        DYNAMODB, url=url, region=REGION, credentials=lambda: Credentials("test", "test"), silence_seconds=60
    )


class AnswerLost:
    """In a script: the request is carried out, and then ``error`` is all that the caller sees of it."""

    def __init__(self, error: Exception | None = None, *, meanwhile: Callable[[], object] = lambda: None) -> None:
        self.error = error or Unanswered("TimeoutError")
        self.meanwhile = meanwhile


class ScriptedClient(JsonClient):
    """Does what ``script`` says for each request, one after another, and passes on whatever comes after its end.

    An entry is an exception to raise instead of the request, :class:`AnswerLost`, or ``None`` to pass it on.
    """

    def __init__(self, client: JsonClient, *script: Exception | AnswerLost | None) -> None:
        self._client = client
        self._script = list(script)
        self.requests: list[tuple[str, Mapping[str, Any]]] = []

    @property
    def operations(self) -> list[str]:
        return [operation for operation, _ in self.requests]

    def call(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        self.requests.append((operation, parameters))
        event = self._script.pop(0) if self._script else None
        if isinstance(event, Exception):
            raise event
        answer = self._client.call(operation, parameters)
        if isinstance(event, AnswerLost):
            event.meanwhile()
            raise event.error
        return answer


class FakeTime:
    """Seconds pass only while somebody sleeps."""

    def __init__(self) -> None:
        self.sleeps: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)

    def elapsed(self) -> float:
        return sum(self.sleeps)


def refusal(code: str, status: int = 400, **answer: Any) -> ServiceError:
    """An error as DynamoDB answers it."""
    return ServiceError(code, status, {"__type": f"…#{code}", "message": "secret", **answer})


def cancelled(*codes: str) -> ServiceError:
    """A cancelled transaction, with the reason for each of its operations."""
    return refusal("TransactionCanceledException", CancellationReasons=[{"Code": code} for code in codes])
