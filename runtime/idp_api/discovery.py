"""OpenID Provider metadata (OpenID Connect Discovery, section 3; RFC 8414, section 2). It lists only what answers."""

from __future__ import annotations

from typing import Any

from runtime.catalogue import GRANT_TYPES
from runtime.core.jws import Algorithm
from runtime.core.world import World
from runtime.emulation.fixtures import SCOPES

__all__ = ["metadata"]


def metadata(world: World, *, algorithms: list[Algorithm]) -> dict[str, Any]:
    """The metadata of ``world``'s identity provider.

    ``algorithms`` are those of the published keys. There is no authorization endpoint yet, so it is left out and no
    response type is offered (RFC 8414, section 2: it is required only where a grant uses it).
    """
    issuer = world.issuer
    return {
        "issuer": issuer,
        "token_endpoint": f"{issuer}/token",
        "userinfo_endpoint": f"{issuer}/userinfo",
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        "scopes_supported": list(SCOPES),
        "response_types_supported": [],
        "grant_types_supported": list(GRANT_TYPES),
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": algorithms,
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "claims_supported": [
            "iss",
            "sub",
            "aud",
            "exp",
            "iat",
            "auth_time",
            "name",
            "given_name",
            "family_name",
            "preferred_username",
            "locale",
            "email",
            "email_verified",
        ],
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
    }
