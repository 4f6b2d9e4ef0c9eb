"""Powertools' resolver, fed from the catalogue and safe for several requests at once.

Lambda hands a process one request at a time, and Powertools keeps the current one in class attributes. The local
gateway serves many at a time through the same handlers, so here each request's state lives in a context variable
(as Powertools' own ``HttpResolverLocal`` does it for another event format).
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

from runtime.catalogue import Service
from runtime.core.errors import NoSuchPath
from runtime.core.request import Request
from runtime.core.world import World

__all__ = ["Router"]

_T = TypeVar("_T")
Endpoint = Callable[..., Response[str]]


@dataclass(slots=True)
class _Current:
    request: Request | None = None
    world: World | None = None
    event: APIGatewayProxyEventV2 | None = None
    context: dict[str, Any] = field(default_factory=dict)


_IDLE = _Current()
_current: ContextVar[_Current] = ContextVar("current_request", default=_IDLE)


class Router(APIGatewayHttpResolver):
    """Routes of one service. Endpoints take the path's parameters and return a :class:`Response`."""

    def __init__(self, service: Service) -> None:
        super().__init__()
        self._service = service
        self._operations = {route.operation: route for route in service.routes}
        self._bound: set[str] = set()
        self.exception_handler(Exception)(_leave)
        self.not_found(_no_such_path)

    def operation(self, *names: str) -> Callable[[Endpoint], Endpoint]:
        """Bind an endpoint to operations of the catalogue. An unknown name is a :class:`KeyError` at import."""

        def bind(endpoint: Endpoint) -> Endpoint:
            for name in names:
                route = self._operations[name]
                self.route(route.path.replace("{", "<").replace("}", ">"), route.method)(endpoint)
                self._bound.add(name)
            return endpoint

        return bind

    def unbound(self) -> frozenset[str]:
        """Operations of the catalogue that no endpoint answers."""
        return frozenset(self._operations) - self._bound

    def dispatch(self, request: Request, world: World) -> Response[str]:
        """The response of the endpoint for ``request``. Errors of the domain come out as they were raised."""
        # A HEAD is answered by the endpoint of the GET (RFC 9110, section 9.3.2).
        http = {"method": "GET" if request.method == "HEAD" else request.method, "path": request.path}
        event = APIGatewayProxyEventV2(
            {"rawPath": request.path, "requestContext": {"stage": "$default", "http": http}},
        )
        token = _current.set(_Current(request, world, event))
        try:
            return cast("Response[str]", self._resolve().response)
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
    def current_event(self) -> APIGatewayProxyEventV2:  # type: ignore[override]  # Powertools declares an attribute
        """What Powertools matches routes against."""
        return _present(_current.get().event)

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


def _no_such_path(_: Exception) -> Response[str]:
    raise NoSuchPath
