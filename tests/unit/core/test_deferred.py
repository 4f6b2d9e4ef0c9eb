"""Modules that are imported when they are first used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from runtime.core.deferred import defer

ROOT = Path(__file__).resolve().parents[3]

PROGRAM = """
import sys
from runtime.core.deferred import defer
def loaded(): return "asyncio.events" in sys.modules
defer("asyncio")
import asyncio
assert not loaded()
{use}
assert loaded()
assert sys.modules["asyncio"].run is asyncio.run
"""


@pytest.mark.parametrize(
    "use",
    [
        "asyncio.run(asyncio.sleep(0))",
        "from asyncio import run",
        "import asyncio.subprocess; asyncio.subprocess.PIPE",
        "import concurrent.futures, asyncio.events",
    ],
)
def test_it_is_the_module_as_soon_as_something_of_it_is_used(use: str) -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM.format(use=use)], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


def test_what_is_imported_already_stays() -> None:
    before = sys.modules["json"]
    defer("json")
    assert sys.modules["json"] is before


def test_a_missing_name_is_an_attribute_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    defer("colorsys")
    with pytest.raises(AttributeError):
        _ = sys.modules["colorsys"].no_such_name
