"""The journal: what came and what went, for each sandbox. Nothing is kept of it yet."""

from __future__ import annotations

from runtime.core.pipeline import Exchange

__all__ = ["SandboxJournal"]


class SandboxJournal:
    """The journal of the sandbox that an exchange belongs to."""

    def record(self, exchange: Exchange) -> None:
        """Let the exchange pass."""
        del exchange
