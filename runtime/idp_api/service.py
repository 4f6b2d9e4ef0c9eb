"""What the identity provider does: grants become tokens, tokens become claims."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from runtime.core.access_tokens import verify_access_token
from runtime.core.errors import BearerTokenError, OAuthError
from runtime.core.jws import Algorithm
from runtime.core.keys import KeyRing
from runtime.core.settings import Settings
from runtime.core.world import World
from runtime.emulation.identities import Client, Identities
from runtime.idp_api.clients import Clients, Credentials
from runtime.idp_api.models import TokenRequest
from runtime.idp_api.passwords import Passwords
from runtime.idp_api.refresh_tokens import Family, RefreshTokens
from runtime.idp_api.tokens import Minter

__all__ = ["IdentityProvider"]

# OpenID Connect Core, section 5.4: which scope asks for which claims.
_CLAIMS_OF_SCOPE = {
    "profile": (
        "name",
        "family_name",
        "given_name",
        "middle_name",
        "nickname",
        "preferred_username",
        "profile",
        "picture",
        "website",
        "gender",
        "birthdate",
        "zoneinfo",
        "locale",
        "updated_at",
    ),
    "email": ("email", "email_verified"),
}

_Grant = Callable[[World, Client, TokenRequest], dict[str, Any]]


class IdentityProvider:
    """The use cases of one deployment's identity provider, for any of its worlds."""

    def __init__(self, keys: KeyRing, settings: Settings) -> None:
        self._keys = keys
        self._clients = Clients()
        self._passwords = Passwords()
        self._minter = Minter(keys, settings.access_token_seconds)
        self._refresh_tokens = RefreshTokens(
            keys,
            lifetime_seconds=settings.refresh_token_seconds,
            grace_seconds=settings.refresh_grace_seconds,
        )
        self._grants: dict[str, _Grant] = {
            "password": self._password,
            "refresh_token": self._refresh,
        }

    @property
    def signing_algorithms(self) -> list[Algorithm]:
        """The algorithms of the keys that sign, or signed, or will: what a verifier may meet."""
        return sorted({key.algorithm for key in self._keys.current().published.values()})

    def token(self, world: World, request: TokenRequest, authorization: str | None) -> dict[str, Any]:
        """The token endpoint's answer (RFC 6749, section 5.1). Raises :class:`OAuthError` (section 5.2).

        ``authorization`` is the request's Authorization header, by which a client may authenticate.
        """
        credentials = Credentials.read(authorization, request.client_id, request.client_secret)
        client = self._clients.authenticate(world, credentials)
        if request.grant_type is None:
            raise OAuthError("invalid_request", "The grant_type is missing.")
        grant = self._grants.get(request.grant_type)
        if grant is None:
            raise OAuthError("unsupported_grant_type", f"The grant_type must be one of {', '.join(self._grants)}.")
        if request.grant_type not in client.grant_types:
            raise OAuthError("unauthorized_client", "The client may not use this grant_type.")
        return grant(world, client, request)

    def userinfo(self, world: World, token: str) -> dict[str, Any]:
        """Claims about the user that ``token`` speaks for (OpenID Connect Core, section 5.3.2).

        Raises :class:`BearerTokenError` (RFC 6750, section 3.1).
        """
        access = verify_access_token(token, world, self._keys, scope="openid")
        user = Identities(world.store).user(access.subject)
        if user is None:
            raise BearerTokenError("The user of this token is gone.")
        names = {name for scope in access.scopes for name in _CLAIMS_OF_SCOPE.get(scope, ())}
        return {"sub": user.subject, **{name: value for name, value in user.claims.items() if name in names}}

    def published_keys(self) -> dict[str, Any]:
        """The JWK set (RFC 7517, section 5): public halves only."""
        return {"keys": [dict(key.jwk) for key in self._keys.current().published.values()]}

    def _password(self, world: World, client: Client, request: TokenRequest) -> dict[str, Any]:
        """Resource owner password credentials (RFC 6749, section 4.3)."""
        if request.username is None or request.password is None:
            raise OAuthError("invalid_request", "The password grant wants username and password.")
        scope = _granted(request.scope, client.scopes)
        login = Identities(world.store).login(request.username)
        if not self._passwords.is_right(request.password, login.password_hash if login else None) or login is None:
            raise OAuthError("invalid_grant", "The username or the password is wrong.")
        refresh_token, family = self._refresh_tokens.issue(
            world,
            subject=login.subject,
            client_id=client.client_id,
            scope=scope,
            auth_time=world.clock.seconds(),
        )
        return self._answer(world, family, refresh_token, scope)

    def _refresh(self, world: World, client: Client, request: TokenRequest) -> dict[str, Any]:
        """Refreshing (RFC 6749, section 6): the new access token may have less scope, the new refresh token has all."""
        if request.refresh_token is None:
            raise OAuthError("invalid_request", "The refresh_token is missing.")
        presented = self._refresh_tokens.present(world, request.refresh_token, client.client_id)
        scope = _granted(request.scope, presented.family.scope.split())
        if Identities(world.store).user(presented.family.subject) is None:
            raise OAuthError("invalid_grant", "The user of this refresh token is gone.")
        refresh_token, family = self._refresh_tokens.rotate(world, presented)
        return self._answer(world, family, refresh_token, scope)

    def _answer(self, world: World, family: Family, refresh_token: str, scope: str) -> dict[str, Any]:
        spoken: Mapping[str, Any] = {
            "subject": family.subject,
            "client_id": family.client_id,
            "auth_time": family.auth_time,
        }
        answer = {
            "access_token": self._minter.access_token(world, scope=scope, **spoken),
            "token_type": "Bearer",
            "expires_in": self._minter.lifetime_seconds,
            "refresh_token": refresh_token,
            "refresh_token_expires_in": family.expires_at - world.clock.seconds(),
            "scope": scope,
        }
        if "openid" in scope.split():
            answer["id_token"] = self._minter.id_token(world, **spoken)
        return answer


def _granted(requested: str | None, available: list[str] | tuple[str, ...]) -> str:
    """The scope to grant: what was requested, or all that is available where nothing was (RFC 6749, section 3.3)."""
    if requested is None:
        return " ".join(available)
    names = list(dict.fromkeys(requested.split(" ")))
    if not set(names) <= set(available):
        raise OAuthError("invalid_scope", f"The scope may hold {', '.join(available)}, separated by single spaces.")
    return " ".join(names)
