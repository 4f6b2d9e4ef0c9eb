"""Keeps web pages away from an open control plane.

A loopback address keeps other machines out, but not the pages in a browser on this one. A page may point a name of its
own at 127.0.0.1 (DNS rebinding), which shows in ``Host``; or send a form across origins, which shows in ``Origin``.
An address in ``Host`` is this machine's, for the request has arrived; one in ``Origin`` may be anybody's web server.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

__all__ = ["comes_from_a_web_page"]


def comes_from_a_web_page(host: str, origin: str | None) -> bool:
    """Whether a request with these headers may have been made by a page that is not of this machine.

    ``origin`` is absent from everything but browsers; an opaque one is ``null`` (RFC 6454, section 7.3). A page of
    this server itself has its ``Host`` in it.
    """
    if not (_is_loopback(host) or _address(host)):
        return True
    if origin is None:
        return False
    authority = origin.partition("://")[2]
    return not (_is_loopback(authority) or authority.lower() == host.lower())


def _is_loopback(authority: str) -> bool:
    """Whether ``authority`` (host and optional port) can only be this machine: by name, or by address."""
    host = _host(authority)
    if host == "localhost" or host.endswith(".localhost"):  # RFC 6761, section 6.3
        return True
    address = _address(authority)
    return address is not None and address.is_loopback


def _address(authority: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The IP address that ``authority`` is, which no one can rebind; ``None`` for a name."""
    try:
        return ipaddress.ip_address(_host(authority))
    except ValueError:
        return None


def _host(authority: str) -> str:
    try:
        return urlsplit(f"//{authority}").hostname or ""
    except ValueError:
        return ""
