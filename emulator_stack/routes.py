"""The API's routes for a service: each of the catalogue's operations, and what catches the rest."""

from __future__ import annotations

from runtime.catalogue import SANDBOX_PREFIX, Service

__all__ = ["needs_authorizer", "route_keys", "throttled_route_keys"]

_HEALTH = "GET /_emulator/v1/health"
_TOKEN_PATHS = frozenset({"/auth/token", "/auth/refresh"})


def route_keys(service: Service) -> tuple[str, ...]:
    """API Gateway's route keys of ``service``, the sandboxed ones after the plain ones.

    What catches the rest leaves it to the service to answer 404 or 405 in its own form.
    """
    keys: list[str] = []
    for prefix in ("", SANDBOX_PREFIX) if service.in_sandboxes else ("",):
        keys += [f"{route.method} {prefix}{route.path}" for route in service.routes]
        keys += [f"ANY {prefix}{service.prefix}", f"ANY {prefix}{service.prefix}/{{proxy+}}"]
    return tuple(keys)


def throttled_route_keys(service: Service) -> tuple[str, ...]:
    """The routes that issue tokens, where passwords could be guessed: they get the tighter limit."""
    return tuple(
        key
        for key in route_keys(service)
        if key.startswith("POST ") and key.removeprefix("POST ").removeprefix(SANDBOX_PREFIX) in _TOKEN_PATHS
    )


def needs_authorizer(service: Service, key: str, *, protect_players: bool) -> bool:
    """Whether the gateway asks the authorizer before ``key`` reaches ``service``.

    The control plane wants the admin token, its health check apart; players are protected where configured. The
    identity provider checks its own bearer tokens: a gateway's refusal cannot carry RFC 6750's challenges.
    """
    if service.name == "control":
        path = key.partition(" ")[2]
        return service.owns(path) and key != _HEALTH
    return service.name == "players" and protect_players
