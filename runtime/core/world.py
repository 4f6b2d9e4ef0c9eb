"""A world: everything one request may know and change. Services reach state through it and in no other way."""

from __future__ import annotations

from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

from runtime.core.clock import SandboxClock
from runtime.core.randomness import Randomness
from runtime.store.port import Store

__all__ = ["DEFAULT_SANDBOX", "World", "Worlds"]

DEFAULT_SANDBOX = "default"
"""The sandbox of requests without a prefix. It always exists."""

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class World(NamedTuple):
    """One sandbox as one request sees it.

    ``base_url`` is what the client was given (``https://host`` or ``https://host/s/{sandbox_id}``), ``store`` a view
    that cannot leave the sandbox. ``revision`` changes whenever the sandbox's configuration does, so what is derived
    from that may be cached under it.
    """

    sandbox_id: str
    base_url: str
    clock: SandboxClock
    random: Randomness
    store: Store
    revision: str

    @property
    def issuer(self) -> str:
        """The issuer identifier of this sandbox's identity provider (OpenID Connect Core, section 2: iss)."""
        return f"{self.base_url}/auth"

    @property
    def audience(self) -> str:
        """The resource that this sandbox's access tokens are for (RFC 9068, section 2.2: aud)."""
        return self.base_url

    def is_own(self, url: str, path: str = "") -> bool:
        """Whether ``url`` is this sandbox's base plus ``path``.

        A machine has several names for its own loopback, and the default sandbox has two paths: those are the same
        place. Any other difference of scheme, host, port or path is another place.
        """
        bases = [self.base_url]
        if self.sandbox_id == DEFAULT_SANDBOX:
            prefix = f"/s/{DEFAULT_SANDBOX}"
            bases.append(
                self.base_url.removesuffix(prefix) if self.base_url.endswith(prefix) else self.base_url + prefix
            )
        return url == f"{bases[0]}{path}" or any(_place(url) == _place(f"{base}{path}") for base in bases)


class Worlds(Protocol):
    """Finds the world that a request is for."""

    def enter(self, sandbox_id: str, base_url: str) -> World:
        """The world of ``sandbox_id``. Raises :class:`~runtime.core.errors.NoSuchResource` when it is not there."""


def _place(url: str) -> tuple[str, str, int | None, str] | None:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    return parts.scheme, "localhost" if host in _LOOPBACK else host, port, parts.path
