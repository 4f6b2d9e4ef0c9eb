"""The services and their routes, written once.

The CDK application, the local gateway, the documents and the scripts all read this list, so a route that is
not here exists nowhere. Only the standard library is imported: synthesising the infrastructure loads this file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

__all__ = [
    "GRANT_TYPES",
    "SANDBOX_PREFIX",
    "SERVICES",
    "Match",
    "Route",
    "Service",
    "find_service",
    "get_service",
    "route_keys",
    "split_sandbox",
]

SANDBOX_PREFIX = "/s/{sandbox_id}"
"""Every data-plane path also exists below this prefix, where it reaches the named sandbox."""

GRANT_TYPES = ("password", "refresh_token")
"""The grants that the identity provider takes (RFC 6749; RFC 7591, section 2: grant_types)."""


@dataclass(frozen=True)
class Route:
    """One operation of a service.

    ``path`` is relative to the sandbox and names its parameters in braces, as API Gateway does:
    ``/players/{player_id}``. ``scope`` is what a bearer token must carry where players are protected;
    ``public`` routes are open where their service is not.
    """

    method: str
    path: str
    operation: str
    summary: str
    scope: str | None = None
    public: bool = False

    @property
    def key(self) -> str:
        """API Gateway's route key: ``GET /players/{player_id}``."""
        return f"{self.method} {self.path}"

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Matches a concrete path; one named group for each path parameter."""
        return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(self.path)))


class Match(NamedTuple):
    """What a service has for a concrete method and path.

    ``route`` is ``None`` when no operation answers; ``allowed`` then lists the methods that the path knows,
    and is empty when the path itself is unknown.
    """

    route: Route | None
    parameters: dict[str, str]
    allowed: tuple[str, ...]


@dataclass(frozen=True)
class Service:
    """One Lambda function: a package below ``runtime`` that answers for the paths below ``prefix``.

    ``name`` is the word clients use (rules and journal), ``slug`` the one in names of AWS resources.
    ``in_sandboxes`` tells whether the paths also exist below :data:`SANDBOX_PREFIX`.
    """

    name: str
    slug: str
    package: str
    prefix: str
    summary: str
    routes: tuple[Route, ...]
    in_sandboxes: bool = True

    @property
    def handler(self) -> str:
        """The function's entry point, as Lambda names it."""
        return f"runtime.{self.package}.handler.lambda_handler"

    def owns(self, path: str) -> bool:
        """Whether ``path`` (relative to the sandbox) is this service's to answer, be it with a 404."""
        return path == self.prefix or path.startswith(self.prefix + "/")

    def match(self, method: str, path: str) -> Match:
        """The operation for ``method`` and ``path`` (relative to the sandbox), or what is allowed instead.

        The operation of a GET also answers HEAD (RFC 9110, section 9.3.2).
        """
        wanted = "GET" if method == "HEAD" else method
        allowed: list[str] = []
        for route in self.routes:
            found = route.pattern.fullmatch(path)
            if found is None:
                continue
            if route.method == wanted:
                return Match(route, found.groupdict(), ())
            allowed += ["GET", "HEAD"] if route.method == "GET" else [route.method]
        return Match(None, {}, tuple(sorted(allowed)))


IDP = Service(
    name="idp",
    slug="idp-api",
    package="idp_api",
    prefix="/auth",
    summary="Identity provider: authentication and token management",
    routes=(
        Route("POST", "/auth/token", "issueToken", "Issue tokens for a grant"),
        Route("POST", "/auth/refresh", "refreshToken", "Exchange a refresh token"),
        Route("GET", "/auth/userinfo", "getUserinfo", "Claims about the user a token speaks for"),
        Route("POST", "/auth/userinfo", "postUserinfo", "Claims about the user a token speaks for"),
        Route("GET", "/auth/.well-known/openid-configuration", "getDiscovery", "OpenID Provider metadata"),
        Route("GET", "/auth/.well-known/jwks.json", "getKeys", "The public signing keys"),
    ),
)

PLAYERS = Service(
    name="players",
    slug="player-account-api",
    package="player_account_api",
    prefix="/players",
    summary="Player accounts and their statistics",
    routes=(
        Route("POST", "/players", "createPlayer", "Create a player", scope="players:write"),
        Route("GET", "/players", "listPlayers", "List players, newest first", scope="players:read"),
        Route("GET", "/players/{player_id}", "getPlayer", "One player", scope="players:read"),
        Route("PUT", "/players/{player_id}", "replacePlayer", "Replace a player", scope="players:write"),
        Route("DELETE", "/players/{player_id}", "deletePlayer", "Delete a player", scope="players:write"),
        Route("GET", "/players/{player_id}/stats", "getStats", "A player's statistics", scope="players:read"),
    ),
)

CONTROL = Service(
    name="control",
    slug="control-api",
    package="control_api",
    prefix="/_emulator",
    summary="The emulator's own control plane",
    routes=(
        Route("GET", "/_emulator/v1/health", "getHealth", "Whether the emulator can answer", public=True),
        Route("GET", "/_emulator/v1/capabilities", "getCapabilities", "What this deployment can do"),
    ),
    in_sandboxes=False,
)

SERVICES: tuple[Service, ...] = (IDP, PLAYERS, CONTROL)


def get_service(name: str) -> Service:
    """The service called ``name``, by its name or its package. Raises :class:`KeyError` when there is none."""
    for service in SERVICES:
        if name in (service.name, service.package):
            return service
    raise KeyError(name)


def find_service(path: str) -> Service | None:
    """The service that answers for ``path`` (relative to the sandbox), if any does."""
    return next((service for service in SERVICES if service.owns(path)), None)


def split_sandbox(path: str) -> tuple[str | None, str]:
    """The sandbox that ``path`` names, if any, and the path inside it: ``/s/mine/players`` is mine's ``/players``."""
    if not path.startswith("/s/"):
        return None, path
    sandbox_id, _, rest = path[len("/s/") :].partition("/")
    return (sandbox_id, f"/{rest}") if sandbox_id else (None, path)


def route_keys(service: Service) -> tuple[str, ...]:
    """Every route key that a gateway has for ``service``, in API Gateway's notation.

    The operations, a catch-all for the prefix itself and one for everything below it (so that the service answers 404
    and 405 in its own words), and all of them again below :data:`SANDBOX_PREFIX`. A gateway prefers the most specific
    key: an operation's before a catch-all's.
    """
    known = [(route.method, route.path) for route in service.routes]
    known += [("ANY", service.prefix), ("ANY", service.prefix + "/{proxy+}")]
    places = ("", SANDBOX_PREFIX) if service.in_sandboxes else ("",)
    return tuple(f"{method} {place}{path}" for place in places for method, path in known)
