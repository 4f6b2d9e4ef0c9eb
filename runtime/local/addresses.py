"""Sockets to listen with, and how their address is written."""

from __future__ import annotations

import errno
import ipaddress
import socket
from contextlib import ExitStack

from runtime.local.failures import CannotServe

__all__ = ["base_url", "is_loopback", "listen", "listen_shared"]

_BACKLOG = 2048


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens at ``host`` and ``port`` and shares them with nobody. Raises :class:`CannotServe`."""
    listener = _bind(host, port, shared=False)
    try:
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise _explain(error, host, port) from error
    return listener


def listen_shared(host: str, port: int, count: int) -> list[socket.socket]:
    """``count`` sockets at one address, one for each worker, between which the kernel spreads connections.

    With a single socket that all workers accept from, one of them gets nearly all connections; SO_REUSEPORT is what
    spreads them (man 7 socket). That it would also share the port with a stranger is ruled out first.
    """
    if not hasattr(socket, "SO_REUSEPORT"):
        raise CannotServe("several workers are not possible on this system: leave out --workers")
    with _bind(host, port, shared=False) as probe:
        port = probe.getsockname()[1]
    with ExitStack() as opened:
        listeners = [opened.enter_context(_bind(host, port, shared=True)) for _ in range(count)]
        opened.pop_all()
    return listeners


def is_loopback(listener: socket.socket) -> bool:
    """Whether only this machine can reach ``listener``."""
    return _address(listener).is_loopback


def base_url(listener: socket.socket) -> str:
    """The URL of ``listener`` as a client on this machine would write it."""
    address, port = _address(listener), listener.getsockname()[1]
    if address.is_unspecified:
        return f"http://127.0.0.1:{port}"
    return f"http://[{address}]:{port}" if address.version == 6 else f"http://{address}:{port}"


def _address(listener: socket.socket) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    return ipaddress.ip_address(listener.getsockname()[0].partition("%")[0])


def _bind(host: str, port: int, *, shared: bool) -> socket.socket:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise CannotServe(f"{host!r} is no address of this machine: give --host one, such as 127.0.0.1") from error
    # IPv4 first: `localhost` is both, and 127.0.0.1 is what people type.
    family, kind, protocol, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    bound = socket.socket(family, kind, protocol)
    try:
        if hasattr(socket, "SO_REUSEPORT") and shared:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if not hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # on Windows, SO_REUSEADDR would steal the port
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError as error:
        bound.close()
        raise _explain(error, host, port) from error
    return bound


def _explain(error: OSError, host: str, port: int) -> CannotServe:
    if error.errno == errno.EADDRINUSE:
        return CannotServe(f"port {port} of {host} is in use: stop what listens there, or choose another with --port")
    if error.errno == errno.EACCES:
        return CannotServe(f"port {port} may not be used by this user: choose one above 1023 with --port")
    return CannotServe(f"cannot listen at {host}, port {port}: {error.strerror or error}")
