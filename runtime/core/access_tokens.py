"""Judging access tokens, for every resource of the emulator (RFC 9068, section 4; RFC 6750)."""

from __future__ import annotations

from typing import Any, NamedTuple

from runtime.core.errors import BearerTokenError
from runtime.core.jws import InvalidToken, decode
from runtime.core.keys import KeyRing
from runtime.core.world import World

__all__ = ["ACCESS_TOKEN_TYPE", "AccessToken", "bearer_token", "verify_access_token"]

ACCESS_TOKEN_TYPE = "at+jwt"  # noqa: S105  # a media type (RFC 9068, section 2.1), not a secret

_BEARER = "bearer "


class AccessToken(NamedTuple):
    """What a valid access token says."""

    subject: str
    client_id: str
    scopes: frozenset[str]
    claims: dict[str, Any]


def bearer_token(authorization: str | None) -> str:
    """The token of an ``Authorization`` header (RFC 6750, section 2.1).

    Raises :class:`BearerTokenError`: without an error code where no bearer token was sent at all.
    """
    if authorization is None or not authorization.lower().startswith(_BEARER):
        raise BearerTokenError("This resource wants a bearer token.", error=None)
    token = authorization[len(_BEARER) :].strip(" ")
    if not token or any(character in token for character in " ,\t"):
        # Malformed, not merely refused (RFC 6750, section 3.1).
        raise BearerTokenError("The Authorization header does not hold one bearer token.", error="invalid_request")
    return token


def verify_access_token(token: str, world: World, keys: KeyRing, *, scope: str | None = None) -> AccessToken:
    """What ``token`` says, if it is valid in ``world`` now and carries ``scope``.

    Checks type, signature, issuer, audience and lifetime (RFC 9068, section 4). Raises :class:`BearerTokenError`.
    """
    try:
        claims = decode(token, keys.find, type_=ACCESS_TOKEN_TYPE)
        _judge(claims, world)
    except InvalidToken as error:
        raise BearerTokenError(str(error)) from None
    scopes = frozenset(str(claims.get("scope", "")).split())
    if scope is not None and scope not in scopes:
        raise BearerTokenError("The token lacks the scope for this.", error="insufficient_scope", scope=scope)
    return AccessToken(str(claims["sub"]), str(claims["client_id"]), scopes, claims)


def _judge(claims: dict[str, Any], world: World) -> None:
    now = world.clock.timestamp()
    for name in ("iss", "sub", "client_id"):
        if not isinstance(claims.get(name), str):
            raise InvalidToken(f"The token has no {name}.")
    if not world.is_own(claims["iss"], "/auth"):
        raise InvalidToken("The token is from another issuer.")
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if not any(isinstance(one, str) and world.is_own(one) for one in audiences):
        raise InvalidToken("The token is for another audience.")
    if not _is_number(claims.get("exp")) or claims["exp"] <= now:
        raise InvalidToken("The token has expired.")
    if "nbf" in claims and (not _is_number(claims["nbf"]) or claims["nbf"] > now):
        raise InvalidToken("The token is not valid yet.")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
