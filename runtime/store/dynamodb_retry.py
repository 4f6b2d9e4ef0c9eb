"""Trying again: which failures are worth it, for how long, and what is said when patience ends.

Retries are made here and nowhere below: only here is known how much time a request has, and what may be repeated.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any, Protocol, TypeVar

from runtime.core.clock import stopwatch
from runtime.core.randomness import Randomness
from runtime.store.port import StoreBusy, StoreUnavailable

__all__ = ["Patience", "Refused", "Transient", "uncertain_write"]

_T = TypeVar("_T")
_T_co = TypeVar("_T_co", covariant=True)

_FIRST_DELAY_SECONDS = 0.025
_LONGEST_DELAY_SECONDS = 1.0


class _Write(Protocol[_T_co]):
    def __call__(self, *, uncertain: bool) -> _T_co:
        """One attempt. ``uncertain``: an earlier one may have succeeded unnoticed."""


class Refused(Exception):
    """DynamoDB answered that a condition did not hold, and did nothing.

    ``reasons`` has an entry per operation of a transaction, or one for a single write: the item as it was found
    (empty where there is none) if that operation's condition failed, and ``None`` if it did not.
    """

    def __init__(self, reasons: Sequence[Mapping[str, Any] | None]) -> None:
        super().__init__("condition failed")
        self.reasons = reasons


class Transient(Exception):
    """A failure that may pass.

    ``ambiguous``: the request may have been carried out. ``busy``: DynamoDB is reached, and has too much to do.
    ``pause``: wait before the next attempt.
    """

    def __init__(self, cause: str, *, ambiguous: bool = False, busy: bool = False, pause: bool = True) -> None:
        super().__init__(cause)
        self.ambiguous = ambiguous
        self.busy = busy
        self.pause = pause


def uncertain_write() -> StoreUnavailable:
    """What is said when a write may or may not have been done, and nothing tells which."""
    return StoreUnavailable(
        "DynamoDB did not answer: the write may or may not have been done; read before repeating it"
    )


class Patience:
    """Full-jitter exponential backoff within a budget of seconds.

    No attempt *begins* after the budget; how long one may take is up to the transport's timeouts.
    """

    def __init__(
        self,
        budget_seconds: float,
        *,
        sleep: Callable[[float], None] = time.sleep,
        elapsed: Callable[[], float] = stopwatch,
        fraction: Callable[[], float] | None = None,
    ) -> None:
        self._budget_seconds = budget_seconds
        self._sleep = sleep
        self._elapsed = elapsed
        self._fraction = fraction or Randomness().fraction

    def read(self, attempt: Callable[[], _T]) -> _T:
        """What ``attempt`` returns, at last. Repeating a read harms nobody."""
        return self._run(lambda **_: attempt(), writes=False, repeatable=True)

    def write(self, attempt: _Write[_T], *, repeatable: bool = True) -> _T:
        """What ``attempt`` returns, at last.

        A write that is not ``repeatable`` ends with :class:`StoreUnavailable` where its first attempt may have
        succeeded unnoticed.
        """
        return self._run(attempt, writes=True, repeatable=repeatable)

    def _run(self, attempt: _Write[_T], *, writes: bool, repeatable: bool) -> _T:
        deadline = self._elapsed() + self._budget_seconds
        uncertain = False
        for number in count():
            try:
                return attempt(uncertain=uncertain)
            except Transient as failure:
                uncertain = uncertain or (writes and failure.ambiguous)
                delay = self._delay(number) if failure.pause else 0.0
                if (uncertain and not repeatable) or self._elapsed() + delay > deadline:
                    raise _given_up(failure, uncertain=uncertain) from failure
                if delay:
                    self._sleep(delay)
        raise AssertionError("unreachable")  # pragma: no cover - the loop has no end

    def _delay(self, number: int) -> float:
        longest: float = min(_LONGEST_DELAY_SECONDS, _FIRST_DELAY_SECONDS * 2 ** min(number, 16))
        return self._fraction() * longest


def _given_up(failure: Transient, *, uncertain: bool) -> StoreBusy | StoreUnavailable:
    if uncertain:
        return uncertain_write()
    if failure.busy:
        return StoreBusy("DynamoDB is busy: the request was throttled or met others on the same item")
    return StoreUnavailable(f"DynamoDB cannot be reached ({failure}): check the endpoint, the region and the network")
