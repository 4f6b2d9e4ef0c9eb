"""The authorizer's verdict, as a service hears it: who may not verify tokens itself needs none of what that takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runtime.core.errors import BearerTokenError

__all__ = ["demand_verdict"]


def demand_verdict(verdict: Mapping[str, Any]) -> None:
    """Let pass only what the gateway's authorizer found a valid token on (docs/decisions/0008).

    ``verdict`` is the authorizer's context: ``subject`` where the token is good, ``error`` and ``error_description``
    (RFC 6750, section 3) where it is not. Without any verdict nobody passes. Raises :class:`BearerTokenError`.
    """
    if isinstance(verdict.get("subject"), str) and "error" not in verdict:
        return
    if "error" not in verdict:
        raise BearerTokenError("This resource wants a bearer token, and the gateway vouched for none.", error=None)
    raise BearerTokenError(
        str(verdict.get("error_description") or "The token was refused."),
        error=str(verdict["error"]) or None,
        scope=str(verdict.get("scope") or "") or None,
    )
