"""What a player may not be: 422 with every failure and its place (contract; RFC 9457; RFC 6901)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.contract.checks import check_problem, pointers

Json = dict[str, Any]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("username", "", id="empty"),
        pytest.param("username", "   ", id="blank"),
        pytest.param("username", "nul\0inside", id="NUL"),
        pytest.param("username", "line\nfeed", id="control character"),
        pytest.param("username", "x" * 10_000, id="10 kB"),
        pytest.param("username", None, id="null"),
        pytest.param("username", 5, id="number"),
        pytest.param("username", ["x"], id="array"),
        pytest.param("username", {"x": 1}, id="object"),
        pytest.param("username", True, id="boolean"),
        pytest.param("email", "", id="empty"),
        pytest.param("email", "nobody", id="no at"),
        pytest.param("email", "@example.com", id="no local part"),
        pytest.param("email", "x@", id="no domain"),
        pytest.param("email", "a@b@example.com", id="two ats"),
        pytest.param("email", "a b@example.com", id="space"),
        pytest.param("email", "nul\0@example.com", id="NUL"),
        pytest.param("email", "x@example.com\r\nBcc: y@example.com", id="line feed"),
        pytest.param("email", f"{'x' * 10_000}@example.com", id="10 kB"),
        pytest.param("email", None, id="null"),
        pytest.param("email", 1, id="number"),
        pytest.param("display_name", 1, id="number"),
        pytest.param("display_name", "nul\0", id="NUL"),
        pytest.param("display_name", "x" * 10_000, id="10 kB"),
        pytest.param("country", "", id="empty"),
        pytest.param("country", "USA", id="alpha-3, ISO 3166-1"),
        pytest.param("country", "U1", id="digit"),
        pytest.param("country", "AA", id="not assigned"),
        pytest.param("country", 49, id="number"),
        pytest.param("language", "", id="empty"),
        pytest.param("language", "english language", id="words"),
        pytest.param("language", "en_GB", id="underscore, BCP 47 2.1"),
        pytest.param("language", "en--GB", id="empty subtag"),
        pytest.param("avatar_url", "not a url", id="no URL"),
        pytest.param("avatar_url", "javascript:alert(1)", id="scheme"),
        pytest.param("avatar_url", "https://", id="no host"),
        pytest.param("date_of_birth", "yesterday", id="word"),
        pytest.param("date_of_birth", "2001-02-30", id="no such day"),
        pytest.param("date_of_birth", "2001-2-3", id="short"),
        pytest.param("date_of_birth", "2001-02-03T00:00:00Z", id="time"),
        pytest.param("date_of_birth", 20010203, id="number"),
        pytest.param("status", "gone", id="unknown"),
        pytest.param("status", "ACTIVE", id="other case"),
        pytest.param("status", 0, id="number"),
        pytest.param("unknown", 1, id="unknown field"),
        pytest.param("player_id", "mine", id="read only"),
        pytest.param("version", 1, id="read only"),
        pytest.param("a/b~c", 1, id="escaped in the pointer, RFC 6901 3"),
        pytest.param("", 1, id="empty name"),
    ],
)
def test_one_wrong_field_is_named(
    players: httpx.Client, new_name: Callable[[], str], field: str, value: object
) -> None:
    name = new_name()
    body = {"username": name, "email": f"{name}@example.com", field: value}
    response = players.post("/players", content=json.dumps(body), headers={"Content-Type": "application/json"})
    problem = check_problem(response, 422)
    assert pointers(problem) == {"/" + field.replace("~", "~0").replace("/", "~1")}


WRONG = {
    "username": "",
    "email": "nobody",
    "country": "USA",
    "language": "!!",
    "avatar_url": "not a url",
    "date_of_birth": "yesterday",
    "status": "gone",
    "extra": 1,
    "more": 2,
}


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_every_failure_is_listed_not_the_first_only__contract(players: httpx.Client, method: str) -> None:
    url = "/players" if method == "POST" else "/players/somebody"
    problem = check_problem(players.request(method, url, json=WRONG), 422)
    assert pointers(problem) == {f"/{name}" for name in WRONG}


def test_required_fields_are_named__contract(players: httpx.Client) -> None:
    assert pointers(check_problem(players.post("/players", json={}), 422)) == {"/username", "/email"}


@pytest.mark.parametrize("body", ["null", "[]", '"player"', "1", "true", '[{"username":"a"}]'])
def test_a_body_that_is_no_object__contract(players: httpx.Client, body: str) -> None:
    response = players.post("/players", content=body, headers={"Content-Type": "application/json"})
    assert pointers(check_problem(response, 422)) == {""}


def test_a_refusal_does_not_repeat_what_was_sent__owasp_log_injection(players: httpx.Client) -> None:
    secret = "correct-horse-battery"
    response = players.post("/players", json={"username": "x", "email": secret, "status": secret})
    check_problem(response, 422)
    assert secret not in response.text
