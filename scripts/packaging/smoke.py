"""Whether a deployment answers: a few requests that change nothing."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

from scripts.packaging.outcome import Failed

__all__ = ["check"]

_ATTEMPTS = 10
_PAUSE_SECONDS = 3.0


def check(url: str, *, sleep: Callable[[float], None] = time.sleep) -> None:
    """Ask the control plane for its health and the identity provider for its metadata. Raises :class:`Failed`."""
    base = url.rstrip("/")
    for path, holds in (
        ("/_emulator/v1/health", lambda _: True),
        ("/auth/.well-known/openid-configuration", lambda document: document.get("issuer") == f"{base}/auth"),
    ):
        _ask(base + path, holds, sleep)


def _ask(url: str, holds: Callable[[dict[str, Any]], bool], sleep: Callable[[float], None]) -> None:
    """A new API needs a moment until its name is known everywhere, so a failure counts when it stays."""
    reason = ""
    for attempt in range(_ATTEMPTS):
        if attempt:
            sleep(_PAUSE_SECONDS)
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 # nosec B310 # the stack's own URL
                document = json.load(answer)
        except (OSError, ValueError) as error:  # HTTP errors are OSErrors
            reason = str(error)
            continue
        if holds(document):
            return
        reason = f"it answered {json.dumps(document)[:200]}"
    raise Failed(f"deployed, but {url} does not answer as it should: {reason}. Look at the functions' logs")
