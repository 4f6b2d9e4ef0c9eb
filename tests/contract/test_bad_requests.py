"""Requests that are broken below the level of fields. None is our fault, so none may be answered 5xx."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.contract.checks import check_problem

Json = dict[str, Any]

JSON = "application/json"
LIMIT = 256 * 1024


@pytest.mark.parametrize(
    ("clause", "body", "status"),
    [
        ("nothing", b"", 400),
        ("blank", b"  ", 400),
        ("cut off", b'{"username": "x"', 400),
        ("words", b"username=x", 400),
        ("single quotes", b"{'username': 'x'}", 400),
        ("trailing comma", b'{"username": "x",}', 400),
        ("two values", b"{} {}", 400),
        ("NaN, RFC 8259 6", b'{"username": NaN}', (400, 422)),
        ("invalid UTF-8, RFC 8259 8.1", b'{"username": "\xff\xfe"}', 400),
        ("UTF-16, RFC 8259 8.1", '{"username": "x"}'.encode("utf-16"), 400),
        ("a lone surrogate", b'{"username": "\\ud800", "email": "x@example.com"}', (400, 422)),
        ("a NUL byte", b'{"username": "\0"}', 400),
        ("arrays nested 100,000 deep", b"[" * 100_000, (400, 422)),
        ("objects nested 20,000 deep", b'{"a":' * 20_000 + b"1" + b"}" * 20_000, (400, 422)),
        ("nested and closed", b"[" * 50_000 + b"]" * 50_000, (400, 422)),
        ("a number of 100,000 digits", b'{"username": ' + b"9" * 100_000 + b"}", (400, 422)),
        ("1e999999", b'{"username": 1e999999}', (400, 422)),
        ("20,000 unknown fields", json.dumps({f"f{number}": 1 for number in range(20_000)}).encode(), (413, 422)),
        ("256 KiB and one byte", b" " * (LIMIT + 1), 413),
        ("a megabyte", b'{"username": "' + b"x" * 2**20 + b'"}', 413),
    ],
)
@pytest.mark.parametrize(("method", "path"), [("POST", "/players"), ("PUT", "/players/somebody")])
def test_a_broken_body_is_the_clients_fault__contract(
    players: httpx.Client, method: str, path: str, clause: str, body: bytes, status: int | tuple[int, ...]
) -> None:
    response = players.request(method, path, content=body, headers={"Content-Type": JSON})
    check_problem(response, status), clause


def test_a_body_of_exactly_256_kib_is_read__contract(players: httpx.Client, new_name: Callable[[], str]) -> None:
    name = new_name()
    body = json.dumps({"username": name, "email": f"{name}@example.com"}).encode().ljust(LIMIT)
    response = players.post("/players", content=body, headers={"Content-Type": JSON})
    assert response.status_code == 201, response.text
    assert players.delete(f"/players/{response.json()['player_id']}").status_code == 204


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "application/json-patch+json",
        "*/*",
        "nonsense",
    ],
)
@pytest.mark.parametrize(("method", "path"), [("POST", "/players"), ("PUT", "/players/somebody")])
def test_another_content_type_is_415__contract(
    players: httpx.Client, method: str, path: str, content_type: str
) -> None:
    body = b'{"username":"x","email":"x@example.com"}'
    check_problem(players.request(method, path, content=body, headers={"Content-Type": content_type}), 415)


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "Application/JSON", "application/json;charset=UTF-8"]
)
def test_json_in_other_spellings_is_read__rfc9110_8_3_1(
    players: httpx.Client, new_name: Callable[[], str], content_type: str
) -> None:
    name = new_name()
    body = json.dumps({"username": name, "email": f"{name}@example.com"})
    response = players.post("/players", content=body, headers={"Content-Type": content_type})
    assert response.status_code == 201, response.text
    assert players.delete(f"/players/{response.json()['player_id']}").status_code == 204


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/players", {"GET", "POST"}),
        ("PATCH", "/players", {"GET", "POST"}),
        ("DELETE", "/players", {"GET", "POST"}),
        ("POST", "/players/somebody", {"GET", "PUT", "DELETE"}),
        ("POST", "/players/somebody/stats", {"GET"}),
        ("PUT", "/players/somebody/stats", {"GET"}),
        ("DELETE", "/players/somebody/stats", {"GET"}),
        ("PROPFIND", "/players", {"GET", "POST"}),
    ],
)
def test_a_wrong_method_is_405_with_allow__rfc9110_15_5_6(
    players: httpx.Client, method: str, path: str, allowed: set[str]
) -> None:
    response = players.request(method, path)
    check_problem(response, 405)
    names = {name.strip() for name in response.headers["Allow"].split(",")}
    assert names >= allowed
    assert method not in names


def test_a_method_that_nobody_knows_is_refused__rfc9110_9_1(players: httpx.Client) -> None:
    # A gateway may refuse it before any service sees it: 501 is the clause's own answer, 400 and 405 are common.
    response = players.request("BREW", "/players")
    assert response.status_code in {400, 404, 405, 501}
    assert "json" in response.headers["Content-Type"]


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/nothing",
        "/player",
        "/playersx",
        "/players/",
        "/players//stats",
        "/players/somebody/",
        "/players/somebody/nothing",
        "/players/somebody/stats/more",
        "//players",
        "/auth",
        "/auth/",
        "/auth/nothing",
        "/auth/.well-known/",
        "/favicon.ico",
        "/.env",
        "/PLAYERS",
    ],
)
def test_an_unknown_path_is_a_404_problem__rfc9110_15_5_5(players: httpx.Client, base_url: str, target: str) -> None:
    prefix = httpx.URL(base_url).raw_path.rstrip(b"/")
    check_problem(players.get("/", extensions={"target": prefix + target.encode()}), 404)


@pytest.mark.parametrize(
    "target",
    [
        "/players/../auth/token",
        "/players/..",
        "/players/%2e%2e/auth/token",
        "/players/..%2f..%2f..%2fetc%2fpasswd",
        "/players/....//....//etc/passwd",
        "/auth/../../etc/passwd",
        "/players/%",
        "/players/%zz",
        "/players/%c0%ae%c0%ae",
        "/players/\\..\\windows",
        "/players/;x=1",
        "/players/somebody%0d%0aSet-Cookie:x=1",
        "/players/%FF%FE",
        "/players/" + "x" * 6000,
        "/players?cursor=" + "x" * 6000,
        "/players?%zz=%",
        "/s/%2e%2e/players",
    ],
)
def test_an_odd_target_is_never_our_fault__contract(players: httpx.Client, base_url: str, target: str) -> None:
    prefix = httpx.URL(base_url).raw_path.rstrip(b"/")
    response = players.get("/", extensions={"target": prefix + target.encode()})
    assert response.status_code < 500, response.text
    assert "Set-Cookie" not in response.headers
    if response.status_code >= 400:
        assert "json" in response.headers["Content-Type"]


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"X-Large": "x" * 10_240}, id="one header of 10 kB"),
        pytest.param({f"X-Header-{number}": "x" * 100 for number in range(200)}, id="200 headers"),
        pytest.param({"Authorization": "Bearer " + "x" * 10_240}, id="a token of 10 kB"),
    ],
)
@pytest.mark.parametrize("path", ["/players", "/auth/userinfo", "/auth/.well-known/jwks.json"])
def test_headers_over_the_gateways_limit_are_4xx__architecture(
    players: httpx.Client, path: str, headers: dict[str, str]
) -> None:
    # API Gateway itself refuses these where it is the gateway, in its own words.
    assert players.get(path, headers=headers).status_code in {400, 413, 431}


@pytest.mark.parametrize(
    "headers", [{"X-Forwarded-Proto": "javascript"}, {"Accept": "text/html"}, {"Range": "bytes=0-1"}]
)
def test_odd_headers_change_nothing__contract(players: httpx.Client, headers: dict[str, str]) -> None:
    response = players.get("/players", headers=headers)
    assert response.status_code == 200
    assert response.headers["Content-Type"].partition(";")[0] == JSON


def test_every_problem_has_its_own_request_id_and_place__contract(players: httpx.Client) -> None:
    problems = [check_problem(players.get("/players/nobody"), 404) for _ in range(2)]
    assert problems[0]["request_id"] != problems[1]["request_id"]
    assert all(problem["instance"].endswith("/players/nobody") for problem in problems)
    assert problems[0]["code"] == problems[1]["code"]
