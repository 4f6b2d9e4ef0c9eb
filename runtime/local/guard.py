"""Keeps web pages away from an open control plane.

A loopback address keeps other machines out, but not the pages in a browser on this one. A page may point a name of its
own at 127.0.0.1 (DNS rebinding), which shows in ``Host``; or send a form across origins, which shows in ``Origin``.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

__all__ = ["comes_from_a_web_page", "is_local_authority"]


def comes_from_a_web_page(host: str, origin: str | None) -> bool:
    """Whether a request with these headers may have been made by a page that is not of this machine.

    ``origin`` is absent from everything but browsers; an opaque one is ``null`` (RFC 6454, section 7.3).
    """
    return not is_local_authority(host) or (origin is not None and not is_local_authority(origin.partition("://")[2]))


def is_local_authority(authority: str) -> bool:
    """Whether ``authority`` (host and optional port) is a loopback name or an address, which no one can rebind."""
    try:
        host = urlsplit(f"//{authority}").hostname or ""
    except ValueError:
        return False
    if host == "localhost" or host.endswith(".localhost"):  # RFC 6761, section 6.3
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
