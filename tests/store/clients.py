"""Clients of DynamoDB that count, fail, or lose answers, around one that works; and time that passes by sleeping."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError

__all__ = ["AnswerLost", "FakeTime", "ScriptedClient", "cancelled", "refusal"]


class AnswerLost:
    """In a script: the request is carried out, and then ``error`` is all that the caller sees of it."""

    def __init__(self, error: Exception | None = None, *, meanwhile: Callable[[], object] = lambda: None) -> None:
        self.error = error or ReadTimeoutError(endpoint_url="http://dynamodb")
        self.meanwhile = meanwhile


class ScriptedClient:
    """Does what ``script`` says for each request, one after another, and passes on whatever comes after its end.

    An entry is an exception to raise instead of the request, :class:`AnswerLost`, or ``None`` to pass it on.
    """

    def __init__(self, client: Any, *script: Exception | AnswerLost | None) -> None:
        self._client = client
        self._script = list(script)
        self.requests: list[tuple[str, dict[str, Any]]] = []

    @property
    def operations(self) -> list[str]:
        return [operation for operation, _ in self.requests]

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def request(**parameters: Any) -> Any:
            self.requests.append((operation, parameters))
            event = self._script.pop(0) if self._script else None
            if isinstance(event, Exception):
                raise event
            answer = getattr(self._client, operation)(**parameters)
            if isinstance(event, AnswerLost):
                event.meanwhile()
                raise event.error
            return answer

        return request


class FakeTime:
    """Seconds pass only while somebody sleeps."""

    def __init__(self) -> None:
        self.sleeps: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)

    def elapsed(self) -> float:
        return sum(self.sleeps)


def refusal(code: str, status: int = 400, **answer: Any) -> ClientError:
    """An error as DynamoDB answers it."""
    response: Any = {"Error": {"Code": code, "Message": "secret"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response | answer, "Operation")


def cancelled(*codes: str) -> ClientError:
    """A cancelled transaction, with the reason for each of its operations."""
    return refusal("TransactionCanceledException", CancellationReasons=[{"Code": code} for code in codes])
