"""The command line: ``psn-emulator``. Each command is a module below :mod:`runtime.local.commands`."""

from __future__ import annotations

from typing import Annotated

import typer

from runtime.local.commands.serve import serve
from runtime.version import VERSION

__all__ = ["app", "main"]

app = typer.Typer(
    name="psn-emulator",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="markdown",
)


def _show_version(wanted: bool) -> None:  # noqa: FBT001  typer calls it so
    if wanted:
        typer.echo(f"psn-emulator {VERSION}")
        raise typer.Exit


@app.callback()
def _psn_emulator(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Stands in for a platform's partners: their identity provider and their player-account service.

    Start it with `psn-emulator serve`, then give your program `http://127.0.0.1:8080` as its base URL.
    """


app.command()(serve)


def main() -> None:
    """The console script."""
    app(prog_name="psn-emulator")
