"""What several suites share: options, and an AWS in this process."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("emulator", "which emulator the black-box suites talk to")
    group.addoption(
        "--base-url",
        metavar="URL",
        help="a running emulator, prefix included (https://host/s/mine); by default the suite starts a local one",
    )
    group.addoption("--admin-token", metavar="TOKEN", help="what that emulator's control plane wants")


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    """Where moto answers: a server in this process, so that it is met by the very requests that AWS would be."""
    from moto.server import ThreadedMotoServer  # noqa: PLC0415 - not every suite needs it

    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()
