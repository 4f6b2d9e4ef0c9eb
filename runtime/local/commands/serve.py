"""``psn-emulator serve``: settings from flags and environment, one address, and a server at it."""

from __future__ import annotations

import os
import secrets
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from runtime.local.failures import CannotServe

__all__ = ["serve"]


class StoreName(StrEnum):
    """Where the state is kept."""

    SQLITE = "sqlite"
    DYNAMODB = "dynamodb"


class LogLevel(StrEnum):
    """How much is told on standard error."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"


def serve(
    *,
    host: Annotated[
        str, typer.Option(envvar="PSN_EMULATOR_HOST", help="Address to listen at; 0.0.0.0 is all of this machine's.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(envvar="PSN_EMULATOR_PORT", min=0, max=65535, help="Port to listen at; 0 picks a free one.")
    ] = 8080,
    state: Annotated[
        str | None,
        typer.Option(
            envvar="PSN_EMULATOR_STATE",
            metavar="PATH",
            help="State file, made when it is missing; :memory: keeps nothing.",
            show_default="in your state folder",
        ),
    ] = None,
    store: Annotated[
        StoreName | None,
        typer.Option(
            envvar="PSN_EMULATOR_STORE", case_sensitive=False, help="Where state is kept.", show_default="sqlite"
        ),
    ] = None,
    dynamodb_endpoint: Annotated[
        str | None,
        typer.Option(
            envvar="PSN_EMULATOR_DYNAMODB_ENDPOINT",
            metavar="URL",
            help="DynamoDB's address, where it is not AWS's own.",
        ),
    ] = None,
    protect_players: Annotated[
        bool | None,
        typer.Option(
            "--protect-players/--open-players",
            envvar="PSN_EMULATOR_PROTECT_PLAYERS",
            help="Whether /players wants a bearer token.",
            show_default="open",
        ),
    ] = None,
    workers: Annotated[
        int, typer.Option(envvar="PSN_EMULATOR_WORKERS", min=1, max=64, help="Processes that answer requests.")
    ] = 1,
    log_level: Annotated[
        LogLevel | None,
        typer.Option(
            envvar="PSN_EMULATOR_LOG_LEVEL",
            case_sensitive=False,
            help="What is told on standard error.",
            show_default="LOG_LEVEL, or else warning",
        ),
    ] = None,
) -> None:
    """Serve the identity provider, the player accounts and the control plane.

    Prints one line with the base URL as soon as requests are answered. Ctrl-C or SIGTERM stops it.

    For example:

    - `psn-emulator serve` keeps its state for the next time.
    - `psn-emulator serve --port 0 --state :memory:` suits a test run: any free port, and nothing is kept.
    - `psn-emulator serve --workers 4` uses four processors.
    - `psn-emulator serve --store dynamodb --dynamodb-endpoint http://localhost:8000` uses DynamoDB Local.
    """
    from runtime.local import lifecycle  # noqa: PLC0415  --help stays quick

    lifecycle.exit_on_signals()
    try:
        _set_environment(
            {
                "PSN_EMULATOR_STATE": _state_path(state),
                "PSN_EMULATOR_STORE": store.value if store else None,
                "PSN_EMULATOR_DYNAMODB_ENDPOINT": dynamodb_endpoint,
                "PSN_EMULATOR_PROTECT_PLAYERS": None if protect_players is None else str(protect_players).lower(),
                "LOG_LEVEL": _log_level(log_level),
            }
        )
        lifecycle.serve(host, port, workers, on_open_address=_demand_admin_token, on_ready=typer.echo)
    except CannotServe as failure:
        typer.echo(f"psn-emulator: {failure}", err=True)
        raise typer.Exit(failure.exit_code) from None


def _state_path(state: str | None) -> str | None:
    return state if state in (None, "", ":memory:") else str(Path(state).expanduser().absolute())


def _log_level(chosen: LogLevel | None) -> str | None:
    """What is not chosen stays as ``LOG_LEVEL`` says; without that, a desk is quieter than Lambda is by default."""
    if chosen is not None:
        return chosen.value.upper()
    return None if os.environ.get("LOG_LEVEL", "").strip() else LogLevel.WARNING.value.upper()


def _set_environment(values: dict[str, str | None]) -> None:
    """Hand the settings over to the handlers, which read them where Lambda puts them; what is not given stays."""
    for name, value in values.items():
        if value is not None:
            os.environ[name] = value


def _demand_admin_token() -> None:
    """Other machines can reach the server: from there, the control plane wants a token, made up if need be."""
    if os.environ.get("PSN_EMULATOR_ADMIN_TOKEN", "").strip():
        return
    token = os.environ["PSN_EMULATOR_ADMIN_TOKEN"] = secrets.token_urlsafe(24)
    typer.echo(
        f"psn-emulator: other machines can reach this address, so /_emulator wants the admin token {token} "
        "(set PSN_EMULATOR_ADMIN_TOKEN to choose it)",
        err=True,
    )
