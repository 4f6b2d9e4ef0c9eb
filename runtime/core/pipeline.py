"""One request's way through a service: world, rules before, route, rules after commit, journal. One way, no back.

Whatever event came in is read once, and every error becomes an answer in one place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote

from runtime.catalogue import Match, Service
from runtime.core.clock import stopwatch
from runtime.core.errors import (
    MethodNotAllowed,
    NoSuchPath,
    PayloadTooLarge,
    RequestError,
    ServiceBusy,
    ServiceUnavailable,
)
from runtime.core.observability import Observer
from runtime.core.request import Request, event_format, read_event
from runtime.core.responses import Response, error_response, proxy_answer
from runtime.core.router import Router
from runtime.core.settings import Settings
from runtime.core.verdict import demand_verdict
from runtime.core.world import DEFAULT_SANDBOX, World, Worlds
from runtime.store.port import StoreBusy, StoreUnavailable

__all__ = ["MAX_BODY_BYTES", "Exchange", "Journal", "Pipeline", "Rules"]

MAX_BODY_BYTES = 256 * 1024
"""Largest request body that a service reads."""


@dataclass(slots=True)
class Exchange:
    """A request and what became of it, as far as it has come.

    ``operation`` is the catalogue's name for what was asked, or ``unknown``. ``failure`` is an error that nobody
    expected: what the client sees of it is only a request id.
    """

    request: Request
    operation: str = "unknown"
    world: World | None = None
    response: Response[Any] | None = None
    failure: Exception | None = None


class Rules(Protocol):
    """The stations where behaviour rules take part."""

    def before(self, exchange: Exchange) -> Response[Any] | None:
        """Called before the work is done; a response ends the exchange with the work undone."""

    def after_commit(self, exchange: Exchange, response: Response[Any]) -> Response[Any]:
        """Called when the work is done and stored; returns what the client gets to see of it."""


class Journal(Protocol):
    """The station that remembers what came and what went."""

    def record(self, exchange: Exchange) -> None:
        """Called once for each exchange that reached a world."""


class Pipeline:
    """A service's Lambda handler: ``pipeline(event, context)`` answers one event."""

    def __init__(
        self,
        service: Service,
        *,
        router: Router,
        worlds: Worlds,
        rules: Rules,
        journal: Journal,
        observer: Observer,
        settings: Settings,
    ) -> None:
        if missing := router.unbound():
            raise RuntimeError(f"no endpoint answers {', '.join(sorted(missing))}")
        self._service = service
        self._router = router
        self._worlds = worlds
        self._rules = rules
        self._journal = journal
        self._observer = observer
        self._base_url = settings.base_url
        self._protects_players = settings.protect_players

    def __call__(self, event: Mapping[str, Any], context: object) -> dict[str, Any]:
        """The answer to ``event``, in that event's own format. Never raises for anything a client sent."""
        started = stopwatch()
        form = event_format(event)
        try:
            exchange = Exchange(read_event(event, context))
        except RequestError as error:
            exchange = Exchange(Request.unreadable(context))
            response = self._answer(error, exchange)
        else:
            response = self._travel(exchange)
        request = exchange.request
        response.headers.setdefault("X-Request-Id", request.request_id)
        self._observer.served(
            request_id=request.request_id,
            sandbox_id=request.sandbox_id or DEFAULT_SANDBOX,
            method=request.method,
            path=request.path,
            operation=exchange.operation,
            status=response.status_code,
            seconds=stopwatch() - started,
            failure=exchange.failure,
        )
        return proxy_answer(response, form)

    def _travel(self, exchange: Exchange) -> Response[Any]:
        """Through all stations; an error anywhere becomes the response, and the journal hears of it all the same."""
        try:
            world = exchange.world = self._world(exchange.request)
            match = self._service.match(exchange.request.method, exchange.request.path)
            exchange.operation = match.route.operation if match.route else exchange.operation
            response = self._rules.before(exchange) or self._route(exchange.request, world, match)
            response = self._rules.after_commit(exchange, response)
        except Exception as error:  # noqa: BLE001  the last line of defence: it becomes a 500 with a request id
            response = self._answer(error, exchange)
        exchange.response = response
        if exchange.world is not None:
            try:
                self._journal.record(exchange)
            except Exception as error:  # noqa: BLE001  a lost entry must not cost the client an answer already earned
                exchange.failure = exchange.failure or error
        return response

    def _world(self, request: Request) -> World:
        if not self._service.in_sandboxes and (request.sandbox_id is not None or request.is_unrouted):
            # What reached the control plane by no route of its own has passed none of its guards either.
            raise NoSuchPath
        return self._worlds.enter(request.sandbox_id or DEFAULT_SANDBOX, request.base_url(self._base_url))

    def _route(self, request: Request, world: World, match: Match) -> Response[Any]:
        if match.route is None:
            return _without_an_operation(request, match)
        if match.route.scope is not None and self._protects_players:
            demand_verdict(request.authorizer)
        if len(request.body) > MAX_BODY_BYTES:
            raise PayloadTooLarge(MAX_BODY_BYTES)
        return self._router.dispatch(request, world, match.route.operation, match.parameters)

    @staticmethod
    def _answer(error: Exception, exchange: Exchange) -> Response[Any]:
        match error:
            case StoreBusy():
                shown: Exception = ServiceBusy(error.retry_after)
            case StoreUnavailable():
                shown, exchange.failure = ServiceUnavailable(), error
            case RequestError():
                shown = error
            case _:
                shown, exchange.failure = error, error
        request = exchange.request
        return error_response(shown, request_id=request.request_id, instance=quote(request.full_path))


def _without_an_operation(request: Request, match: Match) -> Response[Any]:
    """What is said of a path that has no operation for the method: what it has (RFC 9110, 9.3.7), or an error.

    A browser's preflight is such a question, which a gateway that adds the CORS headers may pass on to us.
    """
    if not match.allowed:
        raise NoSuchPath
    if request.method != "OPTIONS":
        raise MethodNotAllowed(match.allowed)
    return Response(204, headers={"Allow": ", ".join(match.allowed)})
