"""Many starts as figures: medians with their spread, and ratios within the same round."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Any

from rich.table import Table

from tests.performance.coldstart.process import Start
from tests.performance.coldstart.subjects import USUAL, Subject

__all__ = ["Row", "rows", "table"]


@dataclass(frozen=True)
class Row:
    """One subject. Times are medians in milliseconds; spreads are quartiles."""

    name: str
    packaging: str
    init: float
    first: float
    cold: float
    cold_spread: tuple[float, float]
    ratio: float
    ratio_spread: tuple[float, float]
    warm_p50: float
    warm_p99: float

    def document(self) -> dict[str, Any]:
        """The row as JSON."""
        return {name: value for name, value in vars(self).items() if value != ""}


def rows(measured: Sequence[tuple[Subject, list[Start]]]) -> list[Row]:
    """A row for each subject; a ratio compares with the usual stack of the same round."""
    usual = next(starts for subject, starts in measured if subject.name == USUAL)
    found = []
    for subject, starts in measured:
        cold = [start.cold for start in starts]
        ratios = [start.cold / other.cold for start, other in zip(starts, usual, strict=True)]
        warm = [duration for start in starts for duration in start.warm]
        found.append(
            Row(
                subject.name,
                subject.packaging,
                round(median(start.init for start in starts), 1),
                round(median(start.first for start in starts), 1),
                round(median(cold), 1),
                _quartiles(cold, 1),
                round(median(ratios), 2),
                _quartiles(ratios, 2),
                round(median(warm), 2),
                round(quantiles(warm, n=100)[-1], 2),
            )
        )
    return found


def table(found: Sequence[Row], rounds: int) -> Table:
    """The rows, for a terminal."""
    shown = Table(caption=f"milliseconds: median of {rounds} starts (quartiles); ratio: to {USUAL} in the same round")
    for heading in ("function: first request", "packaging", "init", "first", "cold start", "ratio", "warm p50", "p99"):
        shown.add_column(heading, justify="left" if heading.startswith(("function", "pack")) else "right", no_wrap=True)
    for row in found:
        shown.add_row(
            row.name,
            row.packaging,
            f"{row.init:.0f}",
            f"{row.first:.0f}",
            f"{row.cold:.0f} ({row.cold_spread[0]:.0f} to {row.cold_spread[1]:.0f})",
            f"{row.ratio:.2f} ({row.ratio_spread[0]:.2f} to {row.ratio_spread[1]:.2f})",
            f"{row.warm_p50:.1f}",
            f"{row.warm_p99:.1f}",
        )
    return shown


def _quartiles(values: Sequence[float], digits: int) -> tuple[float, float]:
    if len(values) < 2:
        return round(values[0], digits), round(values[0], digits)
    lower, _, upper = quantiles(values, n=4, method="inclusive")
    return round(lower, digits), round(upper, digits)
