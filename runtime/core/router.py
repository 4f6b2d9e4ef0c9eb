"""Powertools' routes, bound to the catalogue's operations and safe for several requests at once.

The catalogue decides which operation a request is for, once for everybody: the gateway, the authorizer, rules, journal
and endpoints. Powertools then runs the endpoint bound to that operation, with its middlewares.

Lambda hands a process one request at a time, and Powertools keeps the current one in class attributes. The local
gateway serves many at a time through the same handlers, so here each request's state lives in a context variable
(as Powertools' own ``HttpResolverLocal`` does it for another event format).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from runtime.catalogue import Service
from runtime.core.powertools import APIGatewayHttpResolver, Response
from runtime.core.powertools import Route as PowertoolsRoute
from runtime.core.request import Request
from runtime.core.world import World

__all__ = ["Router"]

_T = TypeVar("_T")
Endpoint = Callable[..., Response[str]]


@dataclass(slots=True)
class _Current:
    request: Request | None = None
    world: World | None = None
    context: dict[str, Any] = field(default_factory=dict)


_IDLE = _Current()
_current: ContextVar[_Current] = ContextVar("current_request", default=_IDLE)


class Router(APIGatewayHttpResolver):
    """Endpoints of one service. They take the path's parameters and return a :class:`Response`."""

    def __init__(self, service: Service) -> None:
        super().__init__()
        self._operations = {route.operation: route for route in service.routes}
        self._endpoints: dict[str, PowertoolsRoute] = {}
        self.exception_handler(Exception)(_leave)

    def operation(self, *names: str) -> Callable[[Endpoint], Endpoint]:
        """Bind an endpoint to operations of the catalogue. An unknown name is a :class:`KeyError` at import."""

        def bind(endpoint: Endpoint) -> Endpoint:
            for name in names:
                route = self._operations[name]
                self.route(route.path.replace("{", "<").replace("}", ">"), route.method)(endpoint)
                newest = self._dynamic_routes if "{" in route.path else self._static_routes
                self._endpoints[name] = newest[-1]
            return endpoint

        return bind

    def unbound(self) -> frozenset[str]:
        """Operations of the catalogue that no endpoint answers."""
        return frozenset(self._operations) - frozenset(self._endpoints)

    def dispatch(self, request: Request, world: World, operation: str, parameters: Mapping[str, str]) -> Response[str]:
        """The response of the endpoint for ``operation``. Errors of the domain come out as they were raised."""
        token = _current.set(_Current(request, world))
        try:
            answered = self._call_route(self._endpoints[operation], dict(parameters))
            return cast("Response[str]", answered.response)
        finally:
            _current.reset(token)

    @property
    def received(self) -> Request:
        """The request being served."""
        return _present(_current.get().request)

    @property
    def world(self) -> World:
        """The world it is for."""
        return _present(_current.get().world)

    @property
    def context(self) -> dict[str, Any]:
        """Powertools' notes about the request being served."""
        return _current.get().context

    @context.setter
    def context(self, value: dict[str, Any]) -> None:
        if _current.get() is not _IDLE:
            _current.get().context = value


def _present(value: _T | None) -> _T:
    if value is None:
        raise RuntimeError("no request is being served")
    return value


def _leave(error: Exception) -> Response[str]:
    # Powertools would log it, values and all; the pipeline decides what is said of an error.
    raise error
