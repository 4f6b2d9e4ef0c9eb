"""HTTP requests become the events that AWS documents.

LAMBDA is docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html, "Payload
format structure"; what it leaves open was observed of the real service, at the place named in the row.
"""

from __future__ import annotations

import base64
from typing import Any

import pytest

from runtime.catalogue import SERVICES, route_keys
from runtime.core.request import read_event
from runtime.local.events import HttpRequest, authorizer_event, gateway_event, is_text
from runtime.local.routing import find_route

LAMBDA = "http-api-develop-integrations-lambda.html"
MINISTACK_766 = "github.com/ministackorg/ministack/pull/766"
STANDARD_SERVER_93 = "github.com/middleapi/standard-server/pull/93"
MINISTACK_1035 = "github.com/ministackorg/ministack/issues/1035"
DOTNET_1901 = "github.com/aws/aws-lambda-dotnet/pull/1901"
FLOCI_2136 = "github.com/floci-io/floci/issues/2136"
POWERTOOLS_3483 = "github.com/aws-powertools/powertools-lambda-typescript/issues/3483"
EVENT_COMPARISON = "gist.github.com/marcogrcr/1cce0db789ead5ae6a2d812936ba4b2e"

HOST = ("host", "127.0.0.1:8080")


def event_for(
    method: str = "GET",
    path: str = "/players/abc",
    query: str = "",
    headers: tuple[tuple[str, str], ...] = (HOST,),
    body: bytes = b"",
) -> dict[str, Any]:
    route = find_route(method, path.partition("?")[0])
    assert route is not None
    request = HttpRequest(method, path, query, headers, body, "HTTP/1.1", "192.0.2.7", "http", 8080)
    return gateway_event(request, route, "the-request-id", lambda: 1583348638.390)


def test_a_request_has_every_documented_part() -> None:
    event = event_for(headers=(HOST, ("user-agent", "agent/1")))
    assert event == {
        "version": "2.0",
        "routeKey": "GET /players/{player_id}",
        "rawPath": "/players/abc",
        "rawQueryString": "",
        "headers": {
            "host": "127.0.0.1:8080",
            "user-agent": "agent/1",
            "x-forwarded-for": "192.0.2.7",
            "x-forwarded-port": "8080",
            "x-forwarded-proto": "http",
        },
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "local",
            "domainName": "127.0.0.1:8080",
            "domainPrefix": "127",
            "http": {
                "method": "GET",
                "path": "/players/abc",
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.7",
                "userAgent": "agent/1",
            },
            "requestId": "the-request-id",
            "routeKey": "GET /players/{player_id}",
            "stage": "$default",
            "time": "04/Mar/2020:19:03:58 +0000",
            "timeEpoch": 1583348638390,
        },
        "pathParameters": {"player_id": "abc"},
        "isBase64Encoded": False,
    }


@pytest.mark.parametrize(
    ("headers", "expected", "source"),
    [
        ((("accept", "a"), ("accept", "b")), {"accept": "a,b"}, LAMBDA),
        ((("x-empty", ""),), {"x-empty": ""}, EVENT_COMPARISON),
        ((("x-forwarded-proto", "https"), ("x-forwarded-port", "1")), {"x-forwarded-proto": "http"}, "our origin"),
        ((("x-forwarded-for", "198.51.100.1"),), {"x-forwarded-for": "198.51.100.1, 192.0.2.7"}, EVENT_COMPARISON),
    ],
)
def test_headers(headers: tuple[tuple[str, str], ...], expected: dict[str, str], source: str) -> None:
    assert event_for(headers=(HOST, *headers))["headers"].items() >= expected.items(), source


@pytest.mark.parametrize(
    ("headers", "cookies", "source"),
    [
        ((("cookie", "a=1; b=2"),), ["a=1", "b=2"], LAMBDA),
        ((("cookie", "a=1"), ("cookie", "b=2")), ["a=1", "b=2"], LAMBDA),
        ((("cookie", "a=1;b=2;"),), ["a=1", "b=2"], EVENT_COMPARISON),
        ((), None, LAMBDA),
    ],
)
def test_cookies_are_no_headers(headers: tuple[tuple[str, str], ...], cookies: list[str] | None, source: str) -> None:
    event = event_for(headers=(HOST, *headers))
    assert event.get("cookies") == cookies, source
    assert "cookie" not in event["headers"]


@pytest.mark.parametrize(
    ("query", "parameters", "source"),
    [
        ("", None, LAMBDA),
        ("a=1&a=2&b=3", {"a": "1,2", "b": "3"}, LAMBDA),
        ("m=1&m&m=&m=2&m=3,4", {"m": "1,,,2,3,4"}, EVENT_COMPARISON),
        ("scope=openid%20profile", {"scope": "openid profile"}, MINISTACK_1035),
        ("none=", {"none": ""}, EVENT_COMPARISON),
    ],
)
def test_the_query_is_kept_raw_and_given_decoded(query: str, parameters: dict[str, str] | None, source: str) -> None:
    event = event_for(query=query)
    assert event["rawQueryString"] == query, source
    assert event.get("queryStringParameters") == parameters, source


@pytest.mark.parametrize(
    ("decoded", "raw_path", "parameters", "source"),
    [
        ("/players/ä b", "/players/ä b", {"player_id": "ä b"}, DOTNET_1901),
        ("/players/a?admin=true", "/players/a", {"player_id": "a"}, STANDARD_SERVER_93),
        ("/players/a#b", "/players/a#b", {"player_id": "a#b"}, "github.com/honojs/hono/issues/2156"),
        ("/players/a/", "/players/a/", {"proxy": "a/"}, FLOCI_2136),
    ],
)
def test_the_path_is_decoded(decoded: str, raw_path: str, parameters: dict[str, str], source: str) -> None:
    event = event_for(path=decoded)
    assert (event["rawPath"], event["requestContext"]["http"]["path"]) == (raw_path, raw_path), source
    assert event["pathParameters"] == parameters, source


@pytest.mark.parametrize(
    ("content_type", "as_text", "source"),
    [
        ("application/json", True, MINISTACK_766),
        ("Application/JSON; charset=utf-8", True, MINISTACK_766),
        ("text/plain", True, MINISTACK_766),
        ("text/csv; header=present", True, MINISTACK_766),
        ("application/xml", True, MINISTACK_766),
        ("application/javascript", True, MINISTACK_766),
        ("application/x-www-form-urlencoded", False, MINISTACK_766),
        ("application/merge-patch+json", False, MINISTACK_766),
        ("application/octet-stream", False, MINISTACK_766),
        ("", False, MINISTACK_766),
    ],
)
def test_only_some_types_are_text(content_type: str, as_text: bool, source: str) -> None:  # noqa: FBT001
    assert is_text(content_type) is as_text, source
    headers = (HOST, ("content-type", content_type)) if content_type else (HOST,)
    event = event_for("POST", "/players", headers=headers, body=b'{"a":1}')
    expected = '{"a":1}' if as_text else base64.b64encode(b'{"a":1}').decode()
    assert (event["body"], event["isBase64Encoded"]) == (expected, not as_text), source


def test_text_that_is_none_arrives_unharmed() -> None:
    event = event_for("POST", "/players", headers=(HOST, ("content-type", "application/json")), body=b'"\xff"')
    assert event["isBase64Encoded"] is True
    assert read_event(event, None).body == b'"\xff"'


def test_no_body_is_no_field() -> None:
    assert "body" not in event_for("POST", "/players")


def test_the_authorizer_is_told_all_but_the_body() -> None:
    """docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html."""
    event = event_for("POST", "/players", headers=(HOST, ("authorization", "Bearer x")), body=b"{}")
    asked = authorizer_event(event, identity_source=["Bearer x"])
    assert asked.keys() >= {"version", "routeKey", "rawPath", "rawQueryString", "headers", "requestContext"}
    assert not asked.keys() & {"body", "isBase64Encoded"}
    assert asked["type"] == "REQUEST"
    assert asked["identitySource"] == ["Bearer x"]
    assert asked["routeArn"] == "arn:aws:execute-api:us-east-1:000000000000:local/$default/POST/players"


def test_without_identity_sources_there_are_none_in_the_event() -> None:
    assert authorizer_event(event_for(), identity_source=None)["identitySource"] is None, POWERTOOLS_3483


@pytest.mark.parametrize(
    ("method", "path", "key", "parameters"),
    [
        ("GET", "/players", "GET /players", {}),
        ("PUT", "/players", "ANY /players", {}),
        ("HEAD", "/players/p1", "ANY /players/{proxy+}", {"proxy": "p1"}),
        ("GET", "/players/p1/stats", "GET /players/{player_id}/stats", {"player_id": "p1"}),
        ("GET", "/players/p1/other/x", "ANY /players/{proxy+}", {"proxy": "p1/other/x"}),
        ("POST", "/s/red/auth/token", "POST /s/{sandbox_id}/auth/token", {"sandbox_id": "red"}),
        ("GET", "/s/red/players", "GET /s/{sandbox_id}/players", {"sandbox_id": "red"}),
        ("GET", "/s/red/auth", "ANY /s/{sandbox_id}/auth", {"sandbox_id": "red"}),
        ("GET", "/s/red/auth/x", "ANY /s/{sandbox_id}/auth/{proxy+}", {"sandbox_id": "red", "proxy": "x"}),
        ("GET", "/_emulator/v1/health", "GET /_emulator/v1/health", {}),
    ],
)
def test_routes(method: str, path: str, key: str, parameters: dict[str, str]) -> None:
    route = find_route(method, path)
    assert route is not None
    assert (route.key, route.parameters) == (key, parameters)
    assert key in route_keys(route.service)


@pytest.mark.parametrize(
    "path", ["/", "", "/playersx", "/s/red", "/s/red/", "/s//players", "/s/red/_emulator/v1/health", "/s/a/s/b/players"]
)
def test_paths_of_no_service(path: str) -> None:
    assert find_route("GET", path) is None


@pytest.mark.parametrize("path", ["/players/p1", "/s/red/players/p1", "/s/s/players/s", "/s/red/players/s/x/players"])
def test_the_gateway_and_the_services_read_a_path_alike(path: str) -> None:
    event = event_for(path=path)
    route, request = find_route("GET", path), read_event(event, None)
    assert route is not None
    assert (route.path, route.parameters.get("sandbox_id")) == (request.path, request.sandbox_id)


def test_route_keys_are_within_the_quota_and_each_is_there_once() -> None:
    """docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html: 300 routes per API."""
    keys = [key for service in SERVICES for key in route_keys(service)]
    assert len(set(keys)) == len(keys) < 300
