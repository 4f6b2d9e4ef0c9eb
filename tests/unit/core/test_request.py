"""Reading events: API Gateway v2, v1, and the specification's direct call."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from runtime.core.errors import MalformedRequest
from runtime.core.request import EventFormat, Request, event_format, read_event


def v2(**changes: Any) -> dict[str, Any]:
    event = {
        "version": "2.0",
        "rawPath": "/players",
        "rawQueryString": "limit=5&status=active&status=banned&empty=",
        "headers": {"host": "api.example.com", "X-Forwarded-Proto": "https", "Content-Type": "application/json"},
        "cookies": ["a=1", "b=2"],
        "requestContext": {
            "http": {"method": "GET", "path": "/players"},
            "requestId": "req-1",
            "stage": "$default",
            "domainName": "api.example.com",
        },
        "isBase64Encoded": False,
    }
    return {**event, **changes}


def test_a_v2_event_is_read() -> None:
    assert read_event(v2(), None) == Request(
        method="GET",
        path="/players",
        sandbox_id=None,
        query=(("limit", "5"), ("status", "active"), ("status", "banned"), ("empty", "")),
        headers={"host": "api.example.com", "x-forwarded-proto": "https", "content-type": "application/json"},
        cookies=("a=1", "b=2"),
        body=b"",
        origin="https://api.example.com",
        request_id="req-1",
    )


def test_a_v1_event_says_the_same_in_its_own_words() -> None:
    event = {
        "version": "1.0",
        "httpMethod": "GET",
        "path": "/players",
        "headers": {"Host": "api.example.com", "X-Forwarded-Proto": "https", "Cookie": "a=1; b=2"},
        "multiValueHeaders": {"Content-Type": ["application/json"]},
        "queryStringParameters": {"limit": "5", "status": "banned", "empty": ""},
        "multiValueQueryStringParameters": {"limit": ["5"], "status": ["active", "banned"], "empty": [""]},
        "requestContext": {"requestId": "req-1"},
        "body": None,
    }
    read = read_event(event, None)
    expected = read_event(v2(), None)
    assert (read.query, read.cookies, read.origin) == (expected.query, expected.cookies, expected.origin)
    assert read.headers["content-type"] == "application/json"


def test_the_specifications_direct_call_is_enough() -> None:
    event = {"httpMethod": "POST", "path": "/auth/token", "body": '{"username":"testuser"}'}
    read = read_event(event, None)
    assert (read.method, read.path, read.body) == ("POST", "/auth/token", b'{"username":"testuser"}')
    assert read.origin is None
    assert read.request_id


@pytest.mark.parametrize(
    ("path", "sandbox_id", "rest"),
    [
        ("/players", None, "/players"),
        ("/s/alpha/players", "alpha", "/players"),
        ("/s/alpha", "alpha", "/"),
        ("/s/alpha/", "alpha", "/"),
        ("/s/a b/players", "a b", "/players"),
        ("/s//players", None, "/s//players"),
        ("/s/alpha/s/beta/players", "alpha", "/s/beta/players"),
        ("/stats", None, "/stats"),
    ],
)
def test_a_sandbox_prefix_is_taken_off_once(path: str, sandbox_id: str | None, rest: str) -> None:
    read = read_event(v2(rawPath=path), None)
    assert (read.sandbox_id, read.path) == (sandbox_id, rest)


def test_a_named_stage_is_not_part_of_the_path() -> None:
    context = {"http": {"method": "GET"}, "stage": "qa"}
    assert read_event(v2(rawPath="/qa/players", requestContext=context), None).path == "/players"
    assert read_event(v2(rawPath="/qa", requestContext=context), None).path == "/"
    assert read_event(v2(rawPath="/qatar", requestContext=context), None).path == "/qatar"


def test_a_binary_body_is_decoded() -> None:
    event = v2(body=base64.b64encode(b"\xff\x00").decode(), isBase64Encoded=True)
    assert read_event(event, None).body == b"\xff\x00"


def test_the_context_names_the_request_where_the_event_does_not() -> None:
    class Context:
        aws_request_id = "from-lambda"

    assert read_event({"httpMethod": "GET", "path": "/"}, Context()).request_id == "from-lambda"


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"httpMethod": "GET"},
        {"path": "/players"},
        {"httpMethod": "GET", "path": "players"},
        {"httpMethod": "G T", "path": "/"},
        {"httpMethod": "GET", "path": "/", "headers": []},
        {"httpMethod": "GET", "path": "/", "headers": "x"},
        {"httpMethod": "GET", "path": "/", "body": {"a": 1}},
        {"httpMethod": "GET", "path": "/", "body": "%%%", "isBase64Encoded": True},
        {"httpMethod": "GET", "path": "/", "body": "\ud800"},
        {"httpMethod": "GET", "path": "/", "headers": {"Host": "a b"}},
        {"httpMethod": "GET", "path": "/", "headers": {"Host": "evil\r\nX: y"}},
        {"httpMethod": "GET", "path": "/", "headers": {"Host": "user@host"}},
        {"version": "2.0", "rawPath": "/", "requestContext": {"http": "GET"}},
        {"version": "2.0", "rawPath": "/"},
    ],
)
def test_what_no_gateway_sends_is_malformed(event: dict[str, Any]) -> None:
    with pytest.raises(MalformedRequest):
        read_event(event, None)


@pytest.mark.parametrize(
    ("host", "proto", "origin"),
    [
        ("127.0.0.1:8080", "http", "http://127.0.0.1:8080"),
        ("[::1]:8080", "http", "http://[::1]:8080"),
        ("abc.execute-api.eu-west-1.amazonaws.com", None, "https://abc.execute-api.eu-west-1.amazonaws.com"),
        ("localhost:8080", None, "http://localhost:8080"),
        ("localhost:8080", "gopher", "http://localhost:8080"),
    ],
)
def test_the_origin_is_what_the_client_used(host: str, proto: str | None, origin: str) -> None:
    headers = {"host": host, **({"x-forwarded-proto": proto} if proto else {})}
    assert read_event(v2(headers=headers), None).origin == origin


def test_only_version_2_0_is_format_2_0() -> None:
    assert event_format(v2()) is EventFormat.V2
    assert event_format({"version": "1.0"}) is EventFormat.V1
    assert event_format({}) is EventFormat.V1
