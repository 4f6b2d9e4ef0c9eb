"""Client authentication (RFC 6749, sections 2.3 and 3.2.1)."""

from __future__ import annotations

import base64
import binascii
from typing import NamedTuple
from urllib.parse import unquote_plus

from runtime.core.errors import OAuthError
from runtime.core.world import World
from runtime.emulation.fixtures import DEFAULT_CLIENT_ID
from runtime.emulation.identities import Client, Identities

__all__ = ["Clients", "Credentials"]

_CACHED = 1_000


class Credentials(NamedTuple):
    """What a client said of itself."""

    client_id: str
    secret: str | None

    @classmethod
    def read(cls, authorization: str | None, client_id: str | None, client_secret: str | None) -> Credentials:
        """From HTTP Basic, or from the body; a request that names no client is the default client's.

        Raises :class:`OAuthError`: ``invalid_request`` for two methods at once (RFC 6749, section 2.3), and
        ``invalid_client`` for Basic credentials that cannot be read.
        """
        if authorization is None:
            return cls(client_id or DEFAULT_CLIENT_ID, client_secret)
        basic = _read_basic(authorization)
        if client_secret is not None:
            raise OAuthError("invalid_request", "Authenticate the client in one way, not in two.")
        if client_id is not None and client_id != basic.client_id:
            raise OAuthError("invalid_request", "The client_id is not the one that authenticated.")
        return basic


class Clients:
    """Authenticates clients. What was read is kept as long as the sandbox's configuration stays as it is."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Client] = {}

    def authenticate(self, world: World, credentials: Credentials) -> Client:
        """The client behind ``credentials``.

        Raises :class:`OAuthError` ``invalid_client``, in the same words whether the client is unknown, its secret is
        wrong or missing, or a public client sent one.
        """
        client = self._find(world, credentials.client_id)
        if client is not None:
            proven = credentials.secret is None if client.is_public else client.has_secret(credentials.secret or "")
            if proven:
                return client
        raise OAuthError("invalid_client", "The client is unknown or its authentication is wrong.", challenge=True)

    def _find(self, world: World, client_id: str) -> Client | None:
        place = (world.revision, client_id)
        client = self._known.get(place)
        if client is None:
            client = Identities(world.store).client(client_id)
            if client is not None:
                if len(self._known) >= _CACHED:
                    self._known = {}
                self._known[place] = client
        return client


def _read_basic(authorization: str) -> Credentials:
    """HTTP Basic with form-encoded parts (RFC 6749, section 2.3.1; RFC 7617)."""
    scheme, _, encoded = authorization.partition(" ")
    try:
        if scheme.lower() != "basic":
            raise ValueError("not Basic")  # noqa: TRY301  one way out for whatever cannot be read
        name, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
        if not colon or not name:
            raise ValueError("no name and secret")  # noqa: TRY301
        return Credentials(unquote_plus(name, errors="strict"), unquote_plus(secret, errors="strict") or None)
    except (ValueError, binascii.Error):
        raise OAuthError("invalid_client", "The Authorization header is not HTTP Basic.", challenge=True) from None
