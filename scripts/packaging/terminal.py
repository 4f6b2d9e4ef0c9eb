"""What scripts show: calm lines, coloured on a terminal only; or, with ``--json``, one document on standard output."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

__all__ = ["add_json_option", "choose_output", "console", "megabytes", "seconds", "show_json", "summary"]

_WIDTH_OF_FILES = 120  # Where the output is no terminal, tables are not to be cut.

console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else _WIDTH_OF_FILES)


def add_json_option(parser: argparse.ArgumentParser) -> None:
    """Let ``parser`` take ``--json``; :func:`show_json` heeds it."""
    parser.add_argument("--json", action="store_true", help="the result as JSON on standard output, for scripts")


def choose_output(*, as_json: bool) -> None:
    """Send what people read to standard error, if the result is to be alone on standard output."""
    console.stderr = as_json


def show_json(result: Mapping[str, Any]) -> None:
    """Print the result, where it was asked for."""
    if console.stderr:
        print(json.dumps(result, indent=2))


def summary(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table: the first column is a name, the others are figures. 80 columns of text should hold it."""
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="right" if number else "left", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    console.print(table)


def megabytes(size: int) -> str:
    """``12.3 MB``, in the megabytes (2^20 bytes) that Lambda's limits count."""
    return f"{size / 2**20:.2f} MB"


def seconds(duration: float) -> str:
    """``3.2 s``."""
    return f"{duration:.1f} s"
