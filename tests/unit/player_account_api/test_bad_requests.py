"""Requests that are wrong before any field is: the contract's table of inputs."""

from __future__ import annotations

import base64

import pytest

from tests.unit.player_account_api.harness import Api

_GOOD = '{"username":"player1","email":"player1@example.com"}'
_LIMIT = 256 * 1024

_NOT_JSON = {
    "nothing": "",
    "text": "hello",
    "cut short": '{"username":"player1"',
    "a comma too many": '{"username":"player1",}',
    "single quotes": "{'username':'player1'}",
    "two documents": _GOOD + _GOOD,
    "a form": "username=player1&email=player1%40example.com",
    "deeply nested arrays": "[" * 100_000,
    "deeply nested objects in a field": '{"username":' + '{"a":' * 40_000 + "1" + "}" * 40_000 + "}",
    "half a surrogate pair": '{"username":"abc\\ud800","email":"a@example.com"}',
    "a raw control character": '{"username":"abc\x00","email":"a@example.com"}',
}


@pytest.mark.parametrize("body", _NOT_JSON.values(), ids=_NOT_JSON.keys())
def test_what_is_not_json_is_a_bad_request(api: Api, body: str) -> None:
    answer = api.send("POST", "/players", body=body)
    assert (answer.status, answer.json["code"]) == (400, "malformed_request")


@pytest.mark.parametrize("raw", [b'{"username":"\xff\xfe\xfd"}', _GOOD.encode("utf-16"), b"\xff", b"\x00"])
def test_what_is_not_utf8_is_a_bad_request(api: Api, raw: bytes) -> None:
    answer = api.send("POST", "/players", body=base64.b64encode(raw).decode(), base64=True)
    assert (answer.status, answer.json["code"]) == (400, "malformed_request")


@pytest.mark.parametrize("body", ["[]", "null", '"text"', "1", "true", "[" + _GOOD + "]"])
def test_json_that_is_no_object_is_invalid(api: Api, body: str) -> None:
    answer = api.send("POST", "/players", body=body)
    assert (answer.status, answer.failures) == (422, {"": "must be an object"})


def test_a_body_in_base64_is_read(api: Api) -> None:
    assert api.send("POST", "/players", body=base64.b64encode(_GOOD.encode()).decode(), base64=True).status == 201


def test_a_body_over_the_limit_is_too_large(api: Api) -> None:
    fits = _GOOD + " " * (_LIMIT - len(_GOOD))
    answer = api.send("POST", "/players", body=fits + " ")
    assert (answer.status, answer.json["code"]) == (413, "payload_too_large")
    assert api.send("POST", "/players", body=fits).status == 201


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 201),
        ("Application/JSON; charset=utf-8", 201),
        (None, 201),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("application/xml", 415),
    ],
)
def test_content_types(api: Api, content_type: str | None, status: int) -> None:
    answer = api.send("POST", "/players", body=_GOOD, content_type=content_type)
    assert answer.status == status


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/players", "GET, POST"),
        ("POST", "/players/8f0e6a52-6c5d-4b7e-9d3c-2f1a7b9c4e10", "DELETE, GET, PUT"),
        ("PUT", "/players/8f0e6a52-6c5d-4b7e-9d3c-2f1a7b9c4e10/stats", "GET"),
    ],
)
def test_a_method_that_the_path_does_not_know(api: Api, method: str, path: str, allowed: str) -> None:
    answer = api.send(method, path)
    assert answer.status == 405
    assert set(allowed.split(", ")) <= set(answer.headers["Allow"].split(", "))


@pytest.mark.parametrize("path", ["/players/", "/players/a/b", "/players/a/stats/x", "/playersx"])
def test_a_path_that_nobody_answers(api: Api, path: str) -> None:
    assert (api.get(path).status, api.get(path).json["code"]) == (404, "no_such_path")


def test_the_specifications_direct_call(api: Api) -> None:
    answer = api.handler({"httpMethod": "POST", "path": "/players", "body": _GOOD}, None)
    assert answer["statusCode"] == 201


def test_a_problem_says_all_that_rfc_9457_has(api: Api) -> None:
    answer = api.post("/players", {"username": "ab"})
    problem = answer.json
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert problem.keys() == {"type", "title", "status", "detail", "code", "errors", "instance", "request_id"}
    assert (problem["status"], problem["instance"]) == (422, "/players")
    assert problem["request_id"] == answer.headers["X-Request-Id"]
