"""What the token endpoint refuses, and how: RFC 6749, section 5.2."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from tests.contract.checks import check_oauth_error
from tests.contract.conftest import GAME, PARTNER, USER

Json = dict[str, Any]

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PASSWORD = {"grant_type": "password", "client_id": GAME, **USER}
PARTNER_PASSWORD = {"grant_type": "password", **USER}


def without(*names: str) -> dict[str, str]:
    return {name: value for name, value in PASSWORD.items() if name not in names}


def basic(pair: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}


@pytest.mark.parametrize(
    ("clause", "form", "error", "status"),
    [
        ("5.2: a required parameter is missing", {}, "invalid_request", 400),
        ("4.3.2: grant_type is required in a form", {"client_id": GAME}, "invalid_request", 400),
        ("4.3.2: username is required", without("username"), "invalid_request", 400),
        ("4.3.2: password is required", without("password"), "invalid_request", 400),
        ("3.2: an empty value counts as omitted", {**PASSWORD, "username": ""}, "invalid_request", 400),
        ("6: refresh_token is required", {"grant_type": "refresh_token", "client_id": GAME}, "invalid_request", 400),
        ("5.2: wrong password", {**PASSWORD, "password": "wrong"}, "invalid_grant", 400),
        ("5.2: unknown user", {**PASSWORD, "username": "nobody at all"}, "invalid_grant", 400),
        ("5.2: NUL in a username", {**PASSWORD, "username": "test\0user"}, "invalid_grant", 400),
        ("5.2: a long password", {**PASSWORD, "password": "x" * 500}, "invalid_grant", 400),
        ("5.2: unknown grant", {**PASSWORD, "grant_type": "magic"}, "unsupported_grant_type", 400),
        ("5.2: an extension grant nobody knows", {"grant_type": "urn:x:y", "client_id": GAME},
         "unsupported_grant_type", 400),
        ("5.2: unknown scope", {**PASSWORD, "scope": "profile everything"}, "invalid_scope", 400),
        ("3.3: malformed scope", {**PASSWORD, "scope": 'a"b'}, "invalid_scope", 400),
        ("5.2: unknown client", {**PASSWORD, "client_id": "nobody"}, "invalid_client", 401),
        ("3.2.1: a confidential client must authenticate", {**PASSWORD, "client_id": PARTNER[0]},
         "invalid_client", 401),
        ("5.2: wrong secret in the body", {**PASSWORD, "client_id": PARTNER[0], "client_secret": "wrong"},
         "invalid_client", 401),
    ],
)  # fmt: skip
def test_rfc6749(http: httpx.Client, clause: str, form: dict[str, str], error: str, status: int) -> None:
    response = http.post("/auth/token", content=urlencode(form), headers=FORM)
    check_oauth_error(response, error, status), clause


@pytest.mark.parametrize(
    ("clause", "headers"),
    [
        ("wrong secret", basic(f"{PARTNER[0]}:wrong")),
        ("empty secret", basic(f"{PARTNER[0]}:")),
        ("unknown client", basic("nobody:secret")),
        ("no colon", basic("nobody")),
        ("not base64", {"Authorization": "Basic !!!"}),
        ("nothing after the scheme", {"Authorization": "Basic"}),
        ("not UTF-8", {"Authorization": "Basic " + base64.b64encode(b"\xff\xfe:\xff").decode()}),
    ],
)
def test_a_client_that_tried_basic_is_challenged__rfc6749_5_2(
    http: httpx.Client, clause: str, headers: dict[str, str]
) -> None:
    response = http.post("/auth/token", data=PARTNER_PASSWORD, headers=headers)
    check_oauth_error(response, "invalid_client", 401)
    assert response.headers["WWW-Authenticate"].lower().startswith("basic"), clause


@pytest.mark.parametrize("name", ["username", "password", "client_id", "client_secret", "scope", "grant_type"])
def test_a_value_of_100_kb_is_refused_in_one_of_the_standard_ways__rfc6749_5_2(http: httpx.Client, name: str) -> None:
    response = http.post("/auth/token", data={**PASSWORD, name: "x" * 100_000})
    assert response.status_code in {400, 401}, response.text
    check_oauth_error(response, response.json()["error"], response.status_code)


def test_two_ways_to_authenticate_at_once__rfc6749_2_3(http: httpx.Client) -> None:
    form = {**PARTNER_PASSWORD, "client_id": PARTNER[0], "client_secret": PARTNER[1]}
    check_oauth_error(http.post("/auth/token", data=form, auth=PARTNER), "invalid_request")


@pytest.mark.parametrize("name", ["grant_type", "username", "password", "client_id", "scope"])
def test_a_repeated_parameter__rfc6749_3_2(http: httpx.Client, name: str) -> None:
    form = {**PASSWORD, "scope": "profile"}
    body = urlencode([*form.items(), (name, form[name])])
    check_oauth_error(http.post("/auth/token", content=body, headers=FORM), "invalid_request")


def test_parameters_in_the_query_are_not_read__rfc6749_2_3_1(http: httpx.Client) -> None:
    response = http.post("/auth/token", params=PASSWORD, content=b"", headers=FORM)
    check_oauth_error(response, "invalid_request")


def test_a_grant_that_is_not_the_clients__rfc6749_5_2(http: httpx.Client, capabilities: Json) -> None:
    response = http.post("/auth/token", data={"grant_type": "client_credentials", "client_id": GAME})
    known = "client_credentials" in capabilities["grant_types"]
    check_oauth_error(response, "unauthorized_client" if known else "unsupported_grant_type")


@pytest.mark.parametrize(
    ("clause", "body"),
    [
        ("not JSON", b'{"username":'),
        ("not an object", b'["testuser","password123"]'),
        ("null", b"null"),
        ("nothing", b""),
        ("wrong types", b'{"username":5,"password":["password123"]}'),
        ("password is null", b'{"username":"testuser","password":null}'),
        ("no username", b'{"password":"password123"}'),
        ("no password", b'{"username":"testuser"}'),
        ("not UTF-8", b'{"username":"\xff","password":"x"}'),
        ("nested very deeply", b"[" * 100_000),
        ("grant_type is an object", b'{"grant_type":{},"username":"testuser","password":"password123"}'),
    ],
)
@pytest.mark.parametrize("path", ["/auth/token", "/auth/refresh"])
def test_a_json_body_that_is_no_request__contract(http: httpx.Client, path: str, clause: str, body: bytes) -> None:
    response = http.post(path, content=body, headers={"Content-Type": "application/json"})
    check_oauth_error(response, "invalid_request"), clause


@pytest.mark.parametrize(
    ("clause", "content_type", "body"),
    [
        ("a form that is not UTF-8", FORM["Content-Type"], b"grant_type=password&username=\xff&password=%FF"),
        ("broken percent-encoding", FORM["Content-Type"], b"grant_type=password&username=%zz&password=%"),
        ("a form of separators", FORM["Content-Type"], b"&&&===&&&"),
        ("a foreign content type", "text/plain", b"grant_type=password"),
        ("multipart", "multipart/form-data; boundary=x", b"--x--"),
        ("more than 256 KiB", FORM["Content-Type"], b"a=" + b"b" * (256 * 1024)),
        ("very many parameters", FORM["Content-Type"], b"&".join(b"p%d=1" % number for number in range(20_000))),
    ],
)
def test_other_bodies_are_the_clients_fault__contract(
    http: httpx.Client, clause: str, content_type: str, body: bytes
) -> None:
    response = http.post("/auth/token", content=body, headers={"Content-Type": content_type})
    assert 400 <= response.status_code < 500, (clause, response.text)
    assert "json" in response.headers["Content-Type"], clause


def test_a_stranger_cannot_tell_which_users_exist__rfc6749_10_10(http: httpx.Client) -> None:
    answers = [
        check_oauth_error(http.post("/auth/token", data={**PASSWORD, **change}), "invalid_grant")
        for change in ({"password": "wrong"}, {"username": "nobody at all"})
    ]
    assert answers[0] == answers[1]


@pytest.mark.parametrize("path", ["/auth/token", "/auth/refresh"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_the_token_endpoint_answers_post_alone__rfc6749_3_2(http: httpx.Client, method: str, path: str) -> None:
    response = http.request(method, path)
    assert response.status_code == 405
    assert response.headers["Allow"] == "POST"
