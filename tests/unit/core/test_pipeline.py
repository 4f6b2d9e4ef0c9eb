"""One request's way: every event gets an answer in its own form, and every error the answer that is its own."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable
from urllib.parse import quote

import pytest

from runtime.catalogue import CONTROL, Route, Service
from runtime.composition import Parts
from runtime.control_api.routes import build_router
from runtime.core.errors import RequestError
from runtime.core.pipeline import MAX_BODY_BYTES, Exchange, Pipeline
from runtime.core.responses import Response, json_response
from runtime.core.router import Router
from runtime.core.world import World
from runtime.emulation.journal import SandboxJournal
from runtime.emulation.rules import BehaviourRules
from runtime.store.port import StoreBusy, StoreUnavailable
from tests.unit.conftest import Service as Client

THING = Service(
    name="thing",
    slug="thing-api",
    package="thing_api",
    prefix="/things",
    summary="A service of the tests",
    routes=(
        Route("GET", "/things/{thing_id}", "getThing", "One thing"),
        Route("PUT", "/things/{thing_id}", "putThing", "Replace a thing"),
        Route("GET", "/things", "listThings", "All things"),
    ),
)


class Journal(SandboxJournal):
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, int]] = []

    def record(self, exchange: Exchange) -> None:
        assert exchange.response is not None
        self.seen.append((exchange.operation, exchange.response.status_code))


class Building:
    """A pipeline of a service whose endpoint does what the test says."""

    def __init__(self, parts: Parts, endpoint: Callable[[Router], Response[str]]) -> None:
        self.journal = Journal()
        self.log = io.StringIO()
        router = Router(THING)

        @router.operation("getThing", "putThing")
        def thing(thing_id: str) -> Response[str]:
            del thing_id
            return endpoint(router)

        @router.operation("listThings")
        def things() -> Response[str]:
            return endpoint(router)

        pipeline = parts.pipeline(THING, router)
        pipeline._journal = self.journal
        capture = logging.StreamHandler(self.log)
        capture.setFormatter(pipeline._observer.logger.registered_formatter)
        pipeline._observer.logger.addHandler(capture)
        self.client = Client(pipeline)


def fine(_: Router) -> Response[str]:
    return json_response(200, {"fine": True})


def failing(error: Exception) -> Callable[[Router], Response[str]]:
    def endpoint(_: Router) -> Response[str]:
        raise error

    return endpoint


@pytest.fixture
def build(make_parts: Callable[..., Parts]) -> Callable[..., Building]:
    return lambda endpoint=fine: Building(make_parts(log_level="INFO"), endpoint)


def test_an_endpoint_is_reached_with_its_world(build: Callable[..., Building]) -> None:
    seen: list[World] = []

    def endpoint(router: Router) -> Response[str]:
        seen.append(router.world)
        return fine(router)

    building = build(endpoint)
    assert building.client.call("GET", "/things/1").status == 200
    assert building.client.call("GET", "/s/default/things/1").status == 200
    assert [world.base_url for world in seen] == ["http://127.0.0.1:8080", "http://127.0.0.1:8080/s/default"]
    assert {world.sandbox_id for world in seen} == {"default"}
    assert building.journal.seen == [("getThing", 200), ("getThing", 200)]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/things/1/parts", 404, "no_such_path"),
        ("GET", "/", 404, "no_such_path"),
        ("DELETE", "/things/1", 405, "method_not_allowed"),
        ("GET", "/things/", 404, "no_such_path"),
        ("GET", "/s/nowhere/things/1", 404, "not_found"),
        ("GET", "/s/..%2fdefault/things/1", 404, "not_found"),
        ("GET", "/s/DEFAULT/things/1", 404, "not_found"),
        ("GET", "/s/" + "a" * 5000 + "/things/1", 404, "not_found"),
    ],
)
def test_what_is_not_there_is_a_problem(
    build: Callable[..., Building], method: str, path: str, status: int, code: str
) -> None:
    """RFC 9457 §3.1; RFC 9110 §15.5.5 and §15.5.6."""
    answer = build().client.call(method, path)
    assert (answer.status, answer.body["code"]) == (status, code)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.body["status"] == status
    assert answer.body["instance"] == quote(path)
    assert answer.body["request_id"] == "test"
    if status == 405:
        assert answer.headers["Allow"] == "GET, HEAD, PUT"


@pytest.mark.parametrize(("path", "status"), [("/things/1", 204), ("/things", 204), ("/things/1/parts", 404)])
def test_options_tells_what_a_path_answers(build: Callable[..., Building], path: str, status: int) -> None:
    """RFC 9110 §9.3.7; a preflight that a gateway passes on has to get a 2xx (Fetch, CORS-preflight fetch)."""
    answer = build().client.call("OPTIONS", path)
    assert answer.status == status
    if status == 204:
        assert answer.headers["Allow"] == {"/things": "GET, HEAD", "/things/1": "GET, HEAD, PUT"}[path]


def test_a_head_is_answered_as_a_get(build: Callable[..., Building]) -> None:
    """RFC 9110 §9.3.2."""
    client = build().client
    head, get = (client.handler(_event(method), None) for method in ("HEAD", "GET"))
    # The gateway leaves the content out; what describes it is the same.
    assert head == get
    assert client.call("HEAD", "/things/1/parts").status == 404


def _event(method: str) -> dict[str, object]:
    context = {"http": {"method": method}, "requestId": "test"}
    return {"version": "2.0", "rawPath": "/things/1", "headers": {}, "requestContext": context}


def test_a_body_beyond_the_limit_is_refused_before_it_is_read(build: Callable[..., Building]) -> None:
    """RFC 9110 §15.5.14."""
    client = build().client
    assert client.call("PUT", "/things/1", body="x" * MAX_BODY_BYTES).status == 200
    answer = client.call("PUT", "/things/1", body="x" * (MAX_BODY_BYTES + 1))
    assert (answer.status, answer.body["code"]) == (413, "payload_too_large")


def test_an_unexpected_error_tells_nothing_but_its_id(build: Callable[..., Building]) -> None:
    building = build(failing(RuntimeError("the secret is hunter2")))
    answer = building.client.call("GET", "/things/1")
    assert (answer.status, answer.body["code"], answer.body["request_id"]) == (500, "internal_error", "test")
    assert "hunter2" not in json.dumps(answer.body)
    assert building.journal.seen == [("getThing", 500)]
    assert "RuntimeError" in building.log.getvalue()


def test_a_busy_store_says_when_to_come_back(build: Callable[..., Building]) -> None:
    """RFC 9110 §10.2.3."""
    answer = build(failing(StoreBusy(retry_after=3))).client.call("GET", "/things/1")
    assert (answer.status, answer.headers["Retry-After"]) == (503, "3")


def test_a_store_out_of_reach_is_logged_and_not_told(build: Callable[..., Building]) -> None:
    building = build(failing(StoreUnavailable("no route to db.internal")))
    answer = building.client.call("GET", "/things/1")
    assert (answer.status, answer.body["code"]) == (503, "unavailable")
    assert "db.internal" not in json.dumps(answer.body)
    assert "db.internal" in building.log.getvalue()


def test_an_error_of_the_domain_without_an_answer_of_its_own_cannot_slip_through(
    build: Callable[..., Building],
) -> None:
    """A new kind of error must be given its status; until then it is our fault, not the client's."""
    answer = build(failing(RequestError("?"))).client.call("GET", "/things/1")
    assert answer.status == 500


def test_a_failing_journal_costs_nobody_an_answer(build: Callable[..., Building]) -> None:
    building = build()

    def lose(_: Exchange) -> None:
        raise OSError("disk full")

    building.journal.record = lose  # type: ignore[assignment]
    assert building.client.call("GET", "/things/1").status == 200
    assert "disk full" in building.log.getvalue()


def test_a_broken_event_is_a_problem_and_no_crash(build: Callable[..., Building]) -> None:
    answer = build().client.handler({"httpMethod": "GET"}, None)
    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (400, "malformed_request")


def test_an_answer_has_the_form_of_its_event(build: Callable[..., Building]) -> None:
    def endpoint(_: Router) -> Response[str]:
        response = json_response(200, {})
        response.cookies = ["a=1", "b=2"]  # type: ignore[list-item]
        return response

    handler = build(endpoint).client.handler
    v1 = handler({"httpMethod": "GET", "path": "/things/1"}, None)
    assert v1["multiValueHeaders"] == {"Set-Cookie": ["a=1", "b=2"]}
    v2 = handler(
        {"version": "2.0", "rawPath": "/things/1", "requestContext": {"http": {"method": "GET"}}, "headers": {}}, None
    )
    assert v2["cookies"] == ["a=1", "b=2"]
    assert v1["body"] == v2["body"] == "{}"


def test_the_log_line_holds_no_query_header_or_body(build: Callable[..., Building]) -> None:
    building = build()
    building.client.call(
        "PUT", "/things/1", query="token=s3cr3t", body="s3cr3t", headers={"authorization": "Bearer s3cr3t"}
    )
    line = building.log.getvalue()
    assert "putThing" in line
    assert "s3cr3t" not in line


def test_a_service_with_an_operation_that_nobody_answers_does_not_start(make_parts: Callable[..., Parts]) -> None:
    with pytest.raises(RuntimeError, match="getThing, listThings, putThing"):
        make_parts().pipeline(THING, Router(THING))


def test_rules_may_answer_instead_of_the_work_or_change_what_is_seen_of_it(build: Callable[..., Building]) -> None:
    """The stations are in place: a rule before the work prevents it, one after it changes only the answer."""
    worked: list[str] = []

    def endpoint(router: Router) -> Response[str]:
        worked.append(router.received.method)
        return fine(router)

    class Before(BehaviourRules):
        def before(self, exchange: Exchange) -> Response[str] | None:
            assert exchange.world is not None
            return json_response(503, {}) if exchange.request.method == "PUT" else None

        def after_commit(self, exchange: Exchange, response: Response[str]) -> Response[str]:
            return json_response(504, {}) if exchange.request.method == "GET" else response

    building = build(endpoint)
    building.client.handler._rules = Before()
    assert building.client.call("PUT", "/things/1").status == 503
    assert worked == []
    assert building.client.call("GET", "/things/1").status == 504
    assert worked == ["GET"]
    assert building.journal.seen == [("putThing", 503), ("getThing", 504)]


def test_health_and_capabilities(make_parts: Callable[..., Parts]) -> None:
    parts = make_parts()
    client = Client(parts.pipeline(CONTROL, build_router(parts.settings)))
    assert client.call("GET", "/_emulator/v1/health").body["status"] == "ok"
    body = client.call("GET", "/_emulator/v1/capabilities").body
    assert body["services"] == ["idp", "players", "control"]
    assert body["players_protected"] is False
    # The control plane stands outside the sandboxes.
    assert client.call("GET", "/s/default/_emulator/v1/health").status == 404


def test_the_control_plane_answers_nothing_that_came_by_no_route_of_its_own(make_parts: Callable[..., Parts]) -> None:
    """The gateway's ``$default`` route asks no authorizer, whatever the path looks like once it is decoded."""
    parts = make_parts()
    handler = parts.pipeline(CONTROL, build_router(parts.settings))
    context = {"http": {"method": "GET"}, "stage": "$default"}
    event = {"version": "2.0", "rawPath": "/_emulator/v1/capabilities", "headers": {}, "requestContext": context}
    assert handler({**event, "routeKey": "GET /_emulator/v1/capabilities"}, None)["statusCode"] == 200
    assert handler({**event, "routeKey": "$default"}, None)["statusCode"] == 404


def test_the_pipeline_is_a_lambda_handler(build: Callable[..., Building]) -> None:
    assert isinstance(build().client.handler, Pipeline)
