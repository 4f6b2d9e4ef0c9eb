"""The local gateway: an ASGI application that stands where API Gateway stands, in front of the same handlers.

Handlers run in threads, for they are synchronous as Lambda's are; the event loop only reads and writes. Faults of the
connection itself (reset, truncate, drip, hang) have no place in ASGI: what injects them needs the transport, which
:class:`~runtime.local.protocol.GatewayProtocol` can put into the scope.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from runtime.catalogue import CONTROL, SANDBOX_PREFIX, SERVICES
from runtime.local.answers import HttpResponse, MalformedAnswer, message_response, read_answer
from runtime.local.context import FunctionIdentity, LambdaContext
from runtime.local.events import HttpRequest, authorizer_event, gateway_event
from runtime.local.guard import comes_from_a_web_page
from runtime.local.intake import Receive, Refused, Scope, read_body, read_head, without_the_body
from runtime.local.problems import problem
from runtime.local.routing import Routed, find_route
from runtime.local.threads import HandlerThreads

__all__ = ["MAX_THREADS", "Gateway", "Handler"]

MAX_THREADS = 64
"""Requests in handlers at once. Handlers that wait (a delay, a lock) leave room for this many; more threads that
compute would only contend for the interpreter."""

Handler = Callable[[dict[str, Any], Any], Any]
Send = Callable[[dict[str, Any]], Awaitable[None]]

_log = logging.getLogger(__name__)

_NO_SUCH_PATH = (
    f"Nothing answers at this path. Paths begin with {', '.join(service.prefix for service in SERVICES)}, "
    f"or with {SANDBOX_PREFIX} and one of those."
)
# The services whose requests need a non-empty Authorization header before the authorizer is asked: its identity source.
# The players' are always asked about, because their service itself refuses (docs/decisions/0008).
_IDENTIFIED = frozenset({CONTROL.name})
_UNAUTHORIZED = message_response(401, "Unauthorized")
_FORBIDDEN = message_response(403, "Forbidden")
_INTERNAL_SERVER_ERROR = message_response(500, "Internal Server Error")


class Gateway:
    """Answers HTTP requests by the ``handlers`` of services, by the services' names.

    Requests to the services named in ``protected`` go through ``authorizer`` first, as with a Lambda authorizer of type
    REQUEST; the catalogue's public routes are always open. What it says of a request that may pass is in the event
    (``requestContext.authorizer.lambda``). A control plane that is not protected does not answer web pages.
    """

    def __init__(
        self,
        handlers: Mapping[str, Handler],
        *,
        authorizer: Handler | None = None,
        protected: Collection[str] = (),
        threads: int = MAX_THREADS,
    ) -> None:
        if protected and authorizer is None:
            raise ValueError(f"an authorizer is needed to protect {', '.join(sorted(protected))}")
        self._functions = {
            service.name: (handlers[service.name], FunctionIdentity.of(service))
            for service in SERVICES
            if service.name in handlers
        }
        self._authorizer = authorizer
        self._authorizer_identity = FunctionIdentity("authorizer")
        self._protected = frozenset(protected)
        self._threads: HandlerThreads[_Call, HttpResponse] = HandlerThreads(self._run, threads)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI 3, scope type ``http``)."""
        if scope["type"] != "http":
            raise NotImplementedError(f"the gateway speaks HTTP, not {scope['type']}")
        response = await self._answer(scope, receive)
        if response is None:
            return
        body = b"" if scope["method"] == "HEAD" else response.body
        await send({"type": "http.response.start", "status": response.status, "headers": response.headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Scope, receive: Receive) -> HttpResponse | None:
        """The response; ``None`` when the client went away before it had sent everything."""
        request_id = str(uuid4())
        method, path = scope["method"], scope["path"]
        try:
            headers = read_head(scope)
            # A decoded question mark ends the path, for the route and for the function alike.
            route = self._route(method, path.partition("?")[0])
            wants_verdict = self._check_access(route, headers)
            if wants_verdict and route.service.name in _IDENTIFIED and _lacks("authorization", headers):
                return without_the_body(_UNAUTHORIZED, scope)
            body = await read_body(receive, headers)
            if body is None:
                return None
            request = HttpRequest(
                method=method,
                path=path,
                query=scope["query_string"].decode("latin-1"),
                headers=headers,
                body=body,
                protocol=f"HTTP/{scope['http_version']}",
                source_ip=scope["client"][0] if scope.get("client") else "127.0.0.1",
                scheme=scope["scheme"],
                port=_port(scope),
            )
            return await self._threads.call(_Call(request, route, request_id, wants_verdict))
        except Refused as refused:
            response = problem(refused.status, refused.code, refused.detail, request_id=request_id, instance=path)
            return without_the_body(response, scope)
        except asyncio.CancelledError:
            detail = "The emulator is stopping and did not wait for this request to end."
            status = HTTPStatus.SERVICE_UNAVAILABLE
            return problem(status, "stopping", detail, request_id=request_id, instance=path)

    def _route(self, method: str, path: str) -> Routed:
        route = find_route(method, path)
        if route is None or route.service.name not in self._functions:
            raise Refused(HTTPStatus.NOT_FOUND, "no_such_path", _NO_SUCH_PATH)
        return route

    def _check_access(self, route: Routed, headers: list[tuple[str, str]]) -> bool:
        """Whether the authorizer is to be asked. Raises :class:`Refused` for a page at an open control plane."""
        if route.public:
            return False
        if route.service.name in self._protected:
            return True
        if route.service is CONTROL:
            named = dict(headers)
            if comes_from_a_web_page(named.get("host", ""), named.get("origin")):
                raise Refused(
                    HTTPStatus.FORBIDDEN,
                    "not_local",
                    "The open control plane answers only requests to a loopback name or an IP address, and none of "
                    "foreign web pages. Use http://127.0.0.1, or set PSN_EMULATOR_ADMIN_TOKEN and send that token.",
                )
        return False

    def _run(self, call: _Call) -> HttpResponse:
        """Authorizer and handler, in a handler's thread. Never raises for what they do."""
        event = gateway_event(call.request, call.route, call.request_id)
        if call.wants_verdict and (refusal := self._authorize(event, call)):
            return refusal
        handler, identity = self._functions[call.route.service.name]
        try:
            answer = handler(event, LambdaContext(identity, call.request_id))
        except BaseException:  # noqa: BLE001  whatever it is: a request has failed, not the server
            _log.exception("the handler of %s failed (request %s)", call.route.service.name, call.request_id)
            detail = "The emulator failed; its log tells more under this request_id."
            status = HTTPStatus.INTERNAL_SERVER_ERROR
            return problem(status, "internal_error", detail, request_id=call.request_id, instance=call.request.path)
        try:
            return read_answer(answer)
        except MalformedAnswer as error:
            _log.error("the handler of %s answered wrongly: %s", call.route.service.name, error)
            return _INTERNAL_SERVER_ERROR

    def _authorize(self, event: dict[str, Any], call: _Call) -> HttpResponse | None:
        """The authorizer's refusal, or ``None`` when it lets the request pass; its context then is in the event.

        Statuses are those of docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html and
        http-api-troubleshooting-lambda.html.
        """
        if self._authorizer is None:
            raise RuntimeError("nothing is protected without an authorizer")
        identity = [event["headers"]["authorization"]] if call.route.service.name in _IDENTIFIED else None
        asked, context = authorizer_event(event, identity), LambdaContext(self._authorizer_identity, call.request_id)
        try:
            verdict = self._authorizer(asked, context)
            authorized = verdict["isAuthorized"]
        except BaseException:  # noqa: BLE001  as above; and a verdict that cannot be read is no permission
            _log.exception("the authorizer failed (request %s)", call.request_id)
            return _INTERNAL_SERVER_ERROR
        if authorized is not True:
            return _FORBIDDEN
        event["requestContext"]["authorizer"] = {"lambda": verdict.get("context")}
        return None


@dataclass(frozen=True, slots=True)
class _Call:
    """One request on its way into a handler's thread."""

    request: HttpRequest
    route: Routed
    request_id: str
    wants_verdict: bool


def _lacks(name: str, headers: list[tuple[str, str]]) -> bool:
    return not any(sent == name and value for sent, value in headers)


def _port(scope: Scope) -> int:
    server = scope.get("server")
    return int(server[1]) if server and server[1] else 80
