"""Who may pass the gateway: the admin on the control plane; and what there is to say of callers of the player accounts.

At the players the authorizer decides and the service speaks (docs/decisions/0008): every request reaches the service,
with the verdict, and the service refuses in the words of RFC 6750 and whatever has no verdict.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from typing import Any

from runtime.catalogue import CONTROL, PLAYERS, split_sandbox
from runtime.core.access_tokens import AccessToken, bearer_token, verify_access_token
from runtime.core.errors import BearerTokenError, RequestError
from runtime.core.keys import KeyRing
from runtime.core.request import Request, read_event
from runtime.core.settings import Settings
from runtime.core.world import DEFAULT_SANDBOX, Worlds

__all__ = ["Authorizer"]


class Authorizer:
    """A Lambda authorizer: payload format 2.0 in, simple responses out.

    See docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html. What a client sent leads
    to a refusal at worst; only a failure of the emulator itself raises, which the gateway answers with 500.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        worlds: Worlds,
        keys: KeyRing,
        admin_token: Callable[[], str | None] | None = None,
    ) -> None:
        self._settings = settings
        self._worlds = worlds
        self._keys = keys
        self._admin_token = admin_token or (lambda: settings.admin_token)

    def __call__(self, event: Mapping[str, Any], context: object) -> dict[str, Any]:
        """``{"isAuthorized": …, "context": …}``; the context of a player's request is the verdict for the service."""
        try:
            request = read_event(event, context)
        except RequestError:
            # No service will read it either, and the players' one says so itself.
            return {"isAuthorized": _is_routed_to_players(event), "context": {}}
        if CONTROL.owns(request.path) and request.sandbox_id is None:
            return {"isAuthorized": self._may_control(request), "context": {}}
        if PLAYERS.owns(request.path):
            return {"isAuthorized": True, "context": self._judge(request)}
        # Whatever else is put behind this authorizer stays shut until somebody decides who may pass.
        return {"isAuthorized": False, "context": {}}

    def _may_control(self, request: Request) -> bool:
        route = CONTROL.match(request.method, request.path).route
        return (route is not None and route.public) or self._is_admin(request)

    def _is_admin(self, request: Request) -> bool:
        expected = self._admin_token()
        try:
            token = bearer_token(request.headers.get("authorization"))
        except BearerTokenError:
            return False
        # Bytes, because text outside ASCII cannot be compared in constant time.
        return expected is not None and hmac.compare_digest(token.encode("utf-8", "surrogatepass"), expected.encode())

    def _judge(self, request: Request) -> dict[str, str]:
        """Whose token it is, or what is wrong with it; nothing where there is no sandbox to judge it in."""
        try:
            return _describe(self._verify(request))
        except BearerTokenError as refused:
            return {"error": refused.error or "", "error_description": refused.detail, "scope": refused.scope or ""}
        except RequestError:
            return {}

    def _verify(self, request: Request) -> AccessToken:
        """The bearer's token, valid in the request's sandbox by that sandbox's clock. Raises BearerTokenError."""
        base_url = request.base_url(self._settings.base_url)
        world = self._worlds.enter(request.sandbox_id or DEFAULT_SANDBOX, base_url)
        token = bearer_token(request.headers.get("authorization"))
        return verify_access_token(token, world, self._keys, scope=_scope(request))


def _scope(request: Request) -> str | None:
    """What the operation demands; paths and methods without one want a valid token only, and find no operation."""
    route = PLAYERS.match(request.method, request.path).route
    return route.scope if route else None


def _describe(token: AccessToken) -> dict[str, str]:
    return {"subject": token.subject, "client_id": token.client_id, "scope": " ".join(sorted(token.scopes))}


def _is_routed_to_players(event: Mapping[str, Any]) -> bool:
    """Whether the gateway will call the players' service: ``GET /s/{sandbox_id}/players`` is a route of theirs."""
    _, path = split_sandbox(str(event.get("routeKey") or "").partition(" ")[2])
    return PLAYERS.owns(path)
