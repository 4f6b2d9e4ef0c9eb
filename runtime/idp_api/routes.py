"""The identity provider's endpoints."""

from __future__ import annotations

from runtime.catalogue import IDP
from runtime.core.access_tokens import bearer_token
from runtime.core.bodies import media_type
from runtime.core.errors import BearerTokenError, OAuthError
from runtime.core.request import Request
from runtime.core.responses import Response, json_response
from runtime.core.router import Router
from runtime.idp_api.discovery import metadata
from runtime.idp_api.models import TokenRequest, read_parameters
from runtime.idp_api.service import IdentityProvider

__all__ = ["build_router"]

# RFC 6749, section 5.1: whatever carries tokens must not be stored.
_NEVER_STORED = {"Cache-Control": "no-store", "Pragma": "no-cache"}

# Keys are published long before they sign, so a verifier may keep the set for a while.
_KEYS_CACHE = {"Cache-Control": "public, max-age=60"}


def build_router(provider: IdentityProvider) -> Router:
    """The routes of the identity provider."""
    router = Router(IDP)

    @router.operation("issueToken")
    def issue_token() -> Response[str]:
        return _token(TokenRequest.read(router.received))

    @router.operation("refreshToken")
    def refresh_token() -> Response[str]:
        request = TokenRequest.read(router.received)
        if request.grant_type not in {None, "refresh_token"}:
            raise OAuthError("unsupported_grant_type", "This endpoint refreshes; ask the token endpoint instead.")
        return _token(request.model_copy(update={"grant_type": "refresh_token"}))

    def _token(request: TokenRequest) -> Response[str]:
        authorization = router.received.headers.get("authorization")
        return json_response(200, provider.token(router.world, request, authorization), _NEVER_STORED)

    @router.operation("getUserinfo", "postUserinfo")
    def userinfo() -> Response[str]:
        token = _access_token(router.received)
        return json_response(200, provider.userinfo(router.world, token), _NEVER_STORED)

    @router.operation("getDiscovery")
    def discovery() -> Response[str]:
        body = metadata(router.world, algorithms=provider.signing_algorithms)
        return json_response(200, body, _KEYS_CACHE)

    @router.operation("getKeys")
    def keys() -> Response[str]:
        return json_response(200, provider.published_keys(), _KEYS_CACHE)

    return router


def _access_token(request: Request) -> str:
    """The token, from the header or from a form (RFC 6750, sections 2.1 and 2.2), but not from both."""
    authorization = request.headers.get("authorization")
    if request.method != "POST" or media_type(request) != "application/x-www-form-urlencoded":
        return bearer_token(authorization)
    try:
        token = read_parameters(request)[0].get("access_token")
    except OAuthError as error:
        raise BearerTokenError(error.detail, error="invalid_request") from None
    if token is None:
        return bearer_token(authorization)
    if authorization is not None:
        raise BearerTokenError("Send the token in one way, not in two.", error="invalid_request")
    return str(token)
