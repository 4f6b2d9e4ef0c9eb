"""Who may pass the gateway: the admin on the control plane, bearers of access tokens at the player accounts."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any

from runtime.catalogue import CONTROL, PLAYERS
from runtime.core.access_tokens import AccessToken, bearer_token, verify_access_token
from runtime.core.errors import RequestError
from runtime.core.keys import KeyRing
from runtime.core.request import Request, read_event
from runtime.core.settings import Settings
from runtime.core.world import DEFAULT_SANDBOX, Worlds

__all__ = ["Authorizer"]

_HEALTH = "/_emulator/v1/health"


class Authorizer:
    """A Lambda authorizer: payload format 2.0 in, simple responses out.

    See docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html. What a client sent leads
    to a refusal at worst; only a failure of the emulator itself raises, which the gateway answers with 500.
    """

    def __init__(self, settings: Settings, *, worlds: Worlds, keys: KeyRing) -> None:
        self._settings = settings
        self._worlds = worlds
        self._keys = keys

    def __call__(self, event: Mapping[str, Any], context: object) -> dict[str, Any]:
        """``{"isAuthorized": …, "context": …}``; the context tells whose token it was."""
        try:
            request = read_event(event, context)
            if CONTROL.owns(request.path) and request.sandbox_id is None:
                return {"isAuthorized": request.path == _HEALTH or self._is_admin(request), "context": {}}
            if PLAYERS.owns(request.path):
                return {"isAuthorized": True, "context": _describe(self._verify(request))}
        except RequestError:
            pass
        # Whatever else is put behind this authorizer stays shut until somebody decides who may pass.
        return {"isAuthorized": False, "context": {}}

    def _is_admin(self, request: Request) -> bool:
        expected = self._settings.admin_token
        token = bearer_token(request.headers.get("authorization"))
        # Bytes, because text outside ASCII cannot be compared in constant time.
        return expected is not None and hmac.compare_digest(token.encode("utf-8", "surrogatepass"), expected.encode())

    def _verify(self, request: Request) -> AccessToken:
        """The bearer's token, valid in the request's sandbox by that sandbox's clock. Raises BearerTokenError."""
        token = bearer_token(request.headers.get("authorization"))
        base_url = request.base_url(self._settings.base_url)
        world = self._worlds.enter(request.sandbox_id or DEFAULT_SANDBOX, base_url)
        return verify_access_token(token, world, self._keys, scope=_scope(request))


def _scope(request: Request) -> str | None:
    """What the operation demands; paths and methods without one want a valid token only, and find no operation."""
    route = PLAYERS.match(request.method, request.path).route
    return route.scope if route else None


def _describe(token: AccessToken) -> dict[str, str]:
    return {"subject": token.subject, "client_id": token.client_id, "scope": " ".join(sorted(token.scopes))}
