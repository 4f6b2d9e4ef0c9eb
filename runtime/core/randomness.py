"""Chance. The one place that draws random values; everybody else is handed a :class:`Randomness`."""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable
from uuid import UUID

__all__ = ["Randomness"]


class Randomness:
    """What one request draws.

    Without a seed it is the system's cryptographic generator. With one, the draws of a request follow from the
    seed and ``stream``, a number that the sandbox hands out once per request: the same requests in the same
    order then meet the same chance. ``stream`` is asked for at the first draw only.
    """

    def __init__(self, seed: int | None = None, stream: Callable[[], int] | None = None) -> None:
        self._seed = seed
        self._stream = stream
        self._generator: random.Random | None = None

    def bytes(self, size: int) -> bytes:
        """``size`` random bytes."""
        return self._source().randbytes(size)

    def uuid(self) -> str:
        """A random UUID (RFC 9562, version 4) in its usual form."""
        return str(UUID(bytes=self.bytes(16), version=4))

    def fraction(self) -> float:
        """A number in [0, 1)."""
        return self._source().random()

    def _source(self) -> random.Random:
        if self._generator is None:
            if self._seed is None:
                self._generator = secrets.SystemRandom()
            else:
                stream = self._stream() if self._stream else 0
                # A repeatable test run is what a seed is for; unseeded sandboxes use the system's generator.
                self._generator = random.Random(f"{self._seed}/{stream}")  # noqa: S311  # nosec B311 # a repeatable run, as above
        return self._generator
