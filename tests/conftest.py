"""Options that all suites share."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("emulator", "which emulator the black-box suites talk to")
    group.addoption(
        "--base-url",
        metavar="URL",
        help="a running emulator, prefix included (https://host/s/mine); by default the suite starts a local one",
    )
    group.addoption("--admin-token", metavar="TOKEN", help="what that emulator's control plane wants")
