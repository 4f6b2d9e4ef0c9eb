"""Time. The one place that asks the machine what time it is; everybody else is handed a clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

__all__ = ["SandboxClock", "rfc3339", "stopwatch", "wall_clock"]

wall_clock: Callable[[], float] = time.time
"""Seconds since the epoch, as the machine has it. For what belongs to the machine: expiry in the store, caches."""

stopwatch: Callable[[], float] = time.perf_counter
"""Monotonic seconds, for durations."""

_SECONDS_PER_DAY = 24 * 3600


class SandboxClock(NamedTuple):
    """A sandbox's time during one request: real, shifted, or frozen.

    ``offset_seconds`` is added to the wall clock, unless ``frozen_at`` (seconds since the epoch) stops it.
    """

    source: Callable[[], float] = wall_clock
    offset_seconds: float = 0.0
    frozen_at: float | None = None

    def timestamp(self) -> float:
        """Now, in seconds since the epoch."""
        return self.frozen_at if self.frozen_at is not None else self.source() + self.offset_seconds

    def seconds(self) -> int:
        """Now, as a NumericDate of whole seconds (RFC 7519, section 2)."""
        return int(self.timestamp())

    def now(self) -> datetime:
        """Now, in UTC."""
        return datetime.fromtimestamp(self.timestamp(), UTC)

    def keep_until(self, timestamp: float) -> int | None:
        """When the store may drop what expires at ``timestamp`` of this clock, in wall-clock seconds.

        A day late, for a clock may be set back; never, where this clock stands still. Whoever reads such an item
        still judges its expiry by the sandbox's own clock.
        """
        if self.frozen_at is not None:
            return None
        return int(timestamp - self.offset_seconds) + _SECONDS_PER_DAY


def rfc3339(moment: datetime) -> str:
    """``moment`` as RFC 3339 in UTC with milliseconds: ``2026-11-23T14:05:09.120Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
