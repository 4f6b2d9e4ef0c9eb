"""Refresh tokens: RFC 6749, section 6; rotation and reuse as RFC 9700, section 4.14.2 and the contract have it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import jwt
import pytest

from tests.contract.checks import check_oauth_error
from tests.contract.conftest import GAME, PARTNER

Json = dict[str, Any]
Login = Callable[..., Json]
Refresh = Callable[..., httpx.Response]


def as_form(http: httpx.Client, token: str) -> httpx.Response:
    return http.post("/auth/token", data={"grant_type": "refresh_token", "client_id": GAME, "refresh_token": token})


def as_json(http: httpx.Client, token: str) -> httpx.Response:
    return http.post("/auth/token", json={"grant_type": "refresh_token", "refresh_token": token})


def at_refresh(http: httpx.Client, token: str) -> httpx.Response:
    return http.post("/auth/refresh", json={"refresh_token": token})


WAYS = pytest.mark.parametrize("refresh", [as_form, as_json, at_refresh])


def succeed(response: httpx.Response) -> Json:
    assert response.status_code == 200, response.text
    body: Json = response.json()
    return body


@WAYS
def test_a_refresh_rotates_the_token__rfc9700_4_14_2(http: httpx.Client, login: Login, refresh: Refresh) -> None:
    first = login(scope="profile email")
    second = succeed(refresh(http, first["refresh_token"]))
    assert second["refresh_token"] != first["refresh_token"]
    assert second["access_token"] != first["access_token"]
    assert set(second["scope"].split()) == {"profile", "email"}
    assert second["token_type"].lower() == "bearer"
    third = succeed(refresh(http, second["refresh_token"]))
    assert len({first["refresh_token"], second["refresh_token"], third["refresh_token"]}) == 3


def test_the_new_access_token_works_and_speaks_for_the_same_user__rfc6749_6(http: httpx.Client, login: Login) -> None:
    first = login(scope="openid profile")
    second = succeed(as_form(http, first["refresh_token"]))
    response = http.get("/auth/userinfo", headers={"Authorization": f"Bearer {second['access_token']}"})
    claims = jwt.decode(first["access_token"], options={"verify_signature": False})
    assert succeed(response)["sub"] == claims["sub"]


def test_the_absolute_lifetime_is_not_extended__contract(http: httpx.Client, login: Login) -> None:
    first = login()
    second = succeed(as_form(http, first["refresh_token"]))
    assert second["refresh_token_expires_in"] <= first["refresh_token_expires_in"]


@WAYS
def test_a_retry_within_the_grace_window_gets_the_same_successor__contract(
    http: httpx.Client, login: Login, refresh: Refresh
) -> None:
    spent = login()["refresh_token"]
    successor = succeed(refresh(http, spent))["refresh_token"]
    assert succeed(refresh(http, spent))["refresh_token"] == successor
    succeed(refresh(http, successor))


@WAYS
def test_reuse_two_generations_back_revokes_the_family__rfc9700_4_14_2(
    http: httpx.Client, login: Login, refresh: Refresh
) -> None:
    first = login()["refresh_token"]
    second = succeed(refresh(http, first))["refresh_token"]
    third = succeed(refresh(http, second))["refresh_token"]
    check_oauth_error(refresh(http, first), "invalid_grant")
    for token in (third, second, first):
        check_oauth_error(refresh(http, token), "invalid_grant")


def test_a_revoked_family_leaves_other_logins_alone__contract(http: httpx.Client, login: Login) -> None:
    first, other = login()["refresh_token"], login()["refresh_token"]
    second = succeed(as_form(http, first))["refresh_token"]
    succeed(as_form(http, second))
    check_oauth_error(as_form(http, first), "invalid_grant")
    succeed(as_form(http, other))


def test_parallel_refreshes_of_one_token_agree_on_one_successor__contract(http: httpx.Client, login: Login) -> None:
    token = login()["refresh_token"]
    with ThreadPoolExecutor(10) as pool:
        answers = [succeed(one) for one in pool.map(lambda _: as_form(http, token), range(10))]
    assert len({answer["refresh_token"] for answer in answers}) == 1
    succeed(as_form(http, answers[0]["refresh_token"]))


@pytest.mark.parametrize(
    "garble",
    [
        pytest.param(lambda _: "bogus", id="never issued"),
        pytest.param(lambda token: token[:-1], id="cut"),
        pytest.param(lambda token: token + "A", id="longer"),
        pytest.param(lambda token: ("B" if token[0] == "A" else "A") + token[1:], id="first character changed"),
        pytest.param(lambda token: token[:-2] + ("AA" if token[-2:] != "AA" else "BB"), id="end changed"),
        pytest.param(lambda token: token.swapcase(), id="other case"),
        pytest.param(lambda token: f" {token}", id="space before"),
        pytest.param(lambda _: "é\0☃", id="not ASCII"),
        pytest.param(lambda _: "." * 300, id="dots"),
    ],
)
@WAYS
def test_a_token_that_was_never_issued_is_invalid_grant__rfc6749_5_2(
    http: httpx.Client, login: Login, refresh: Refresh, garble: Callable[[str], str]
) -> None:
    token = login()["refresh_token"]
    check_oauth_error(refresh(http, garble(token)), "invalid_grant")
    succeed(refresh(http, token))


def test_an_access_token_refreshes_nothing__rfc6749_5_2(http: httpx.Client, login: Login) -> None:
    check_oauth_error(as_form(http, login()["access_token"]), "invalid_grant")


def test_another_clients_token__rfc6749_5_2(token_request: Refresh, login: Login) -> None:
    game, partner = login()["refresh_token"], login(PARTNER)["refresh_token"]
    check_oauth_error(token_request(PARTNER, grant_type="refresh_token", refresh_token=game), "invalid_grant")
    check_oauth_error(token_request(grant_type="refresh_token", refresh_token=partner), "invalid_grant")
    # Neither family has suffered.
    succeed(token_request(grant_type="refresh_token", refresh_token=game))
    succeed(token_request(PARTNER, grant_type="refresh_token", refresh_token=partner))


def test_a_confidential_client_must_authenticate__rfc6749_6(token_request: Refresh, login: Login) -> None:
    token = login(PARTNER)["refresh_token"]
    form = {"grant_type": "refresh_token", "refresh_token": token}
    check_oauth_error(token_request(client_id=PARTNER[0], **form), "invalid_client", 401)
    response = token_request((PARTNER[0], "wrong"), **form)
    check_oauth_error(response, "invalid_client", 401)
    assert response.headers["WWW-Authenticate"].lower().startswith("basic")


@pytest.mark.parametrize(
    ("asked", "granted"),
    [("profile", {"profile"}), ("email profile", {"profile", "email"}), ("", {"profile", "email"})],
)
def test_a_narrower_scope_is_granted__rfc6749_6(
    token_request: Refresh, login: Login, asked: str, granted: set[str]
) -> None:
    token = login(scope="profile email")["refresh_token"]
    body = succeed(token_request(grant_type="refresh_token", refresh_token=token, scope=asked))
    assert set(body["scope"].split()) == granted
    claims = jwt.decode(body["access_token"], options={"verify_signature": False})
    assert set(claims["scope"].split()) == granted


def test_a_narrowed_access_token_leaves_the_grant_as_wide_as_it_was__rfc6749_6(
    token_request: Refresh, login: Login
) -> None:
    token = login(scope="profile email")["refresh_token"]
    narrow = succeed(token_request(grant_type="refresh_token", refresh_token=token, scope="profile"))
    again = succeed(token_request(grant_type="refresh_token", refresh_token=narrow["refresh_token"]))
    assert set(again["scope"].split()) == {"profile", "email"}


@pytest.mark.parametrize("asked", ["profile email players:write", "players:read", "everything"])
def test_a_wider_scope_is_refused_and_spends_nothing__rfc6749_6(
    http: httpx.Client, token_request: Refresh, login: Login, asked: str
) -> None:
    token = login(scope="profile email")["refresh_token"]
    response = token_request(grant_type="refresh_token", refresh_token=token, scope=asked)
    check_oauth_error(response, "invalid_scope")
    succeed(as_form(http, token))
