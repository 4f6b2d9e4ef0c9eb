"""Settings: environment variables as one typed, frozen value, read once per process."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from runtime.core.errors import ConfigurationError

__all__ = ["MEMORY", "Settings", "default_state_path"]

MEMORY = ":memory:"
"""The state path that keeps nothing."""

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_OPEN_ENVIRONMENTS = frozenset({"local", "dev", "personal"})


@dataclass(frozen=True)
class Settings:
    """What an operator can set. Durations are in seconds; every field has its environment variable.

    ``state`` is a SQLite file or :data:`MEMORY`. ``base_url`` fixes the origin (and so the issuer) that answers
    name; without it each request's own host does. ``demo_world`` puts the documented users and clients into the
    default sandbox. The store is DynamoDB as soon as a table is named, and SQLite otherwise. A deployment names the
    secrets (by ARN) that hold its signing keys and its admin token; without, keys are kept in the state.
    """

    environment: str = "local"
    log_level: str = "INFO"
    metrics: bool = False
    store: Literal["sqlite", "dynamodb"] = "sqlite"
    state: str = MEMORY
    table: str = "psn-emulator"
    dynamodb_endpoint: str | None = None
    base_url: str | None = None
    demo_world: bool = False
    protect_players: bool = False
    admin_token: str | None = None
    admin_token_secret: str | None = None
    signing_algorithm: Literal["RS256", "ES256"] = "RS256"
    signing_keys_secret: str | None = None
    access_token_seconds: int = 3600
    refresh_token_seconds: int = 30 * 24 * 3600
    refresh_grace_seconds: int = 10

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read ``environ`` (the process's by default). Raises :class:`ConfigurationError` naming the variable."""
        read = _Reader(os.environ if environ is None else environ)
        environment = read.text("ENVIRONMENT", "local")
        table = read.text("PSN_EMULATOR_TABLE", "")
        store = read.choice("PSN_EMULATOR_STORE", "dynamodb" if table else "sqlite", ("sqlite", "dynamodb"))
        is_open = environment in _OPEN_ENVIRONMENTS
        return cls(
            environment=environment,
            log_level=read.choice("LOG_LEVEL", "INFO", _LEVELS, upper=True),
            metrics=read.flag("PSN_EMULATOR_METRICS", default=False),
            store="dynamodb" if store == "dynamodb" else "sqlite",
            state=read.text("PSN_EMULATOR_STATE", "")
            or (MEMORY if store == "dynamodb" else str(default_state_path(read.environ))),
            table=table or cls.table,
            dynamodb_endpoint=read.url("PSN_EMULATOR_DYNAMODB_ENDPOINT"),
            base_url=read.url("PSN_EMULATOR_BASE_URL"),
            demo_world=read.flag("PSN_EMULATOR_DEMO_WORLD", default=is_open),
            protect_players=read.flag("PSN_EMULATOR_PROTECT_PLAYERS", default=not is_open),
            admin_token=read.text("PSN_EMULATOR_ADMIN_TOKEN", "") or None,
            admin_token_secret=read.text("PSN_EMULATOR_ADMIN_TOKEN_SECRET", "") or None,
            signing_algorithm=(
                "ES256"
                if read.choice("PSN_EMULATOR_SIGNING_ALGORITHM", "RS256", ("RS256", "ES256")) == "ES256"
                else "RS256"
            ),
            signing_keys_secret=read.text("PSN_EMULATOR_SIGNING_KEYS_SECRET", "") or None,
            access_token_seconds=read.seconds("PSN_EMULATOR_ACCESS_TOKEN_SECONDS", cls.access_token_seconds),
            refresh_token_seconds=read.seconds("PSN_EMULATOR_REFRESH_TOKEN_SECONDS", cls.refresh_token_seconds),
            refresh_grace_seconds=read.seconds("PSN_EMULATOR_REFRESH_GRACE_SECONDS", cls.refresh_grace_seconds, 0),
        )


def default_state_path(environ: Mapping[str, str]) -> Path:
    """The state file in the user's own state folder (XDG Base Directory: ``XDG_STATE_HOME``).

    Where a process has no home that it can write to, as in a container, the temporary folder serves.
    """
    name = Path("psn-emulator") / "state.sqlite3"
    if folder := environ.get("XDG_STATE_HOME"):
        return Path(folder) / name
    if folder := environ.get("LOCALAPPDATA"):
        return Path(folder) / name
    if (home := environ.get("HOME")) and os.access(home, os.W_OK):
        return Path(home) / ".local" / "state" / name
    import tempfile  # noqa: PLC0415 - 7 ms of a cold start, and no function with a table comes here

    # Named after the user, for others write there too.
    user = os.getuid() if hasattr(os, "getuid") else "user"
    return Path(tempfile.gettempdir()) / f"psn-emulator-{user}" / name.name


class _Reader:
    """Typed look-ups in an environment, each with an error that names the variable and what it takes."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ

    def text(self, name: str, default: str) -> str:
        return self.environ.get(name, "").strip() or default

    def choice(self, name: str, default: str, allowed: tuple[str, ...], *, upper: bool = False) -> str:
        value = self.text(name, default)
        value = value.upper() if upper else value
        if value not in allowed:
            raise ConfigurationError(f"{name} must be one of {', '.join(allowed)}, not {value!r}")
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        value = self.text(name, "true" if default else "false").lower()
        if value not in _TRUE | _FALSE:
            raise ConfigurationError(f"{name} must be true or false, not {value!r}")
        return value in _TRUE

    def seconds(self, name: str, default: int, least: int = 1) -> int:
        value = self.text(name, str(default))
        if not value.isascii() or not value.isdigit() or not least <= int(value) <= 10**9:
            raise ConfigurationError(f"{name} must be a whole number of seconds, at least {least}, not {value!r}")
        return int(value)

    def url(self, name: str) -> str | None:
        value = self.text(name, "").rstrip("/")
        if not value:
            return None
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.netloc or parts.query or parts.fragment:
            raise ConfigurationError(f"{name} must be an http or https URL, not {value!r}")
        return value
