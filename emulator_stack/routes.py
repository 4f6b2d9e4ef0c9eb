"""What the gateway does at each of the catalogue's routes: which it throttles more, and where it asks first."""

from __future__ import annotations

from runtime.catalogue import SANDBOX_PREFIX, Service, route_keys

__all__ = ["needs_authorizer", "throttled_route_keys"]

_TOKEN_PATHS = frozenset({"/auth/token", "/auth/refresh"})


def throttled_route_keys(service: Service) -> tuple[str, ...]:
    """The routes that issue tokens, where passwords could be guessed: they get the tighter limit."""
    return tuple(
        key
        for key in route_keys(service)
        if key.startswith("POST ") and key.removeprefix("POST ").removeprefix(SANDBOX_PREFIX) in _TOKEN_PATHS
    )


def needs_authorizer(service: Service, key: str, *, protect_players: bool) -> bool:
    """Whether the gateway asks the authorizer before ``key`` reaches ``service``.

    The control plane wants the admin token, its public operations apart; players are protected where configured. The
    identity provider checks its own bearer tokens: a gateway's refusal cannot carry RFC 6750's challenges.
    """
    if service.name == "control":
        return key not in {route.key for route in service.routes if route.public}
    return service.name == "players" and protect_players
