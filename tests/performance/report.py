"""Measurements as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group
from rich.table import Table

__all__ = ["table"]


def table(machine: Mapping[str, str], results: Sequence[Mapping[str, Any]]) -> Group:
    """What was measured, above it the machine it was measured on."""
    shown = Table(caption="requests per second: median of the rounds (lowest to highest)")
    for heading in ("conn.", "request", "emulator req/s", "p50 ms", "p99 ms", "peer req/s", "p50 ms", "p99 ms"):
        shown.add_column(heading, justify="left" if heading == "request" else "right", no_wrap=True)
    shown.add_column("ratio", justify="right")
    for result in results:
        peer, ratio = result["peer"], result["ratio"]
        shown.add_row(
            str(result["connections"]),
            result["scenario"],
            *_cells(result["emulator"]),
            *(_cells(peer) if peer else ("", "", "")),
            f"{ratio:.2f}" if ratio else "",
        )
    about = Table.grid(padding=(0, 2))
    for name, value in machine.items():
        about.add_row(name, value)
    return Group(about, shown)


def _cells(summary: Mapping[str, Any]) -> tuple[str, str, str]:
    low, high = summary["spread"]
    rate = f"{summary['requests_per_second']:,} ({low:,} to {high:,})"
    return rate, f"{summary['p50_ms']:.2f}", f"{summary['p99_ms']:.2f}"
