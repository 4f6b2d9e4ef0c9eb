"""Access tokens (RFC 9068) and ID tokens (OpenID Connect Core, section 2)."""

from __future__ import annotations

from typing import Any

from runtime.core.access_tokens import ACCESS_TOKEN_TYPE
from runtime.core.jws import encode
from runtime.core.keys import KeyRing
from runtime.core.world import World

__all__ = ["Minter"]


class Minter:
    """Mints signed tokens that live ``lifetime_seconds``."""

    def __init__(self, keys: KeyRing, lifetime_seconds: int) -> None:
        self._keys = keys
        self.lifetime_seconds = lifetime_seconds

    def access_token(self, world: World, *, subject: str, client_id: str, scope: str, auth_time: int) -> str:
        """A JWT access token with the claims of RFC 9068, section 2.2. Kept below 1 kB: gateways limit headers."""
        claims = {
            **self._common(world, subject),
            "aud": world.audience,
            "client_id": client_id,
            "scope": scope,
            "auth_time": auth_time,
            "jti": world.random.uuid(),
        }
        return encode(claims, self._keys.current().signing, type_=ACCESS_TOKEN_TYPE)

    def id_token(self, world: World, *, subject: str, client_id: str, auth_time: int) -> str:
        """An ID token for the client (OpenID Connect Core, section 2)."""
        claims = {**self._common(world, subject), "aud": client_id, "auth_time": auth_time}
        return encode(claims, self._keys.current().signing, type_="JWT")

    def _common(self, world: World, subject: str) -> dict[str, Any]:
        now = world.clock.seconds()
        return {"iss": world.issuer, "sub": subject, "iat": now, "exp": now + self.lifetime_seconds}
