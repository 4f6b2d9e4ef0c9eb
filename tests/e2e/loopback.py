"""A plugin of pytest: names below ``localhost`` are this machine, as RFC 6761 (section 6.3) wants of resolvers.

curl, browsers and systemd's resolver do so; glibc's own does not. The address of an API in MiniStack is such a name,
and the emulator's issuer follows from the name, so that no other name and no proxy can stand for it.
"""

from __future__ import annotations

import socket
from typing import Any

_LOOPBACK = "127.0.0.1"
_resolve = socket.getaddrinfo


def _getaddrinfo(host: Any, *arguments: Any, **options: Any) -> Any:
    below = isinstance(host, str) and host.endswith(".localhost")
    return _resolve(_LOOPBACK if below else host, *arguments, **options)


def pytest_configure() -> None:
    socket.getaddrinfo = _getaddrinfo


def pytest_unconfigure() -> None:
    socket.getaddrinfo = _resolve
