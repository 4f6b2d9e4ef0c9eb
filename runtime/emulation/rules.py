"""Behaviour rules: the stations where a tester's deviations take part in a request.

No rule can be set yet, so both stations let every exchange pass as it is.
"""

from __future__ import annotations

from runtime.core.pipeline import Exchange
from runtime.core.responses import Response

__all__ = ["BehaviourRules"]


class BehaviourRules:
    """The rules of the sandbox that an exchange belongs to."""

    def before(self, exchange: Exchange) -> Response[str] | None:
        """Nothing takes part before the work."""
        del exchange
        return None

    def after_commit(self, exchange: Exchange, response: Response[str]) -> Response[str]:
        """Nothing changes what the client gets to see."""
        del exchange
        return response
