"""The admin token: from a secret where one is named, and from the settings otherwise."""

from __future__ import annotations

from collections.abc import Callable

from runtime.adapters.secrets_manager import read_secret
from runtime.core.clock import wall_clock
from runtime.core.settings import Settings

__all__ = ["admin_token_source"]

_CACHE_SECONDS = 60.0


def admin_token_source(
    settings: Settings,
    *,
    read: Callable[[str], str] = read_secret,
    now: Callable[[], float] = wall_clock,
) -> Callable[[], str | None]:
    """Returns what gives the admin token now, ``None`` where there is none. A secret is read once a minute at most."""
    secret_id = settings.admin_token_secret
    if secret_id is None:
        return lambda: settings.admin_token
    cached: tuple[float, str] | None = None

    def current() -> str:
        nonlocal cached
        if cached is None or now() - cached[0] >= _CACHE_SECONDS:
            cached = (now(), read(secret_id))
        return cached[1]

    return current
