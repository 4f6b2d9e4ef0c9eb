"""Getting tokens: RFC 6749, sections 2.3, 3.2, 4.3 and 5.1, and the JSON bodies that the specification adds."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.contract.conftest import GAME, PARTNER, USER

Json = dict[str, Any]
Request = Callable[..., httpx.Response]


def check_token_answer(response: httpx.Response) -> Json:
    assert response.status_code == 200, response.text
    body: Json = response.json()
    assert body["token_type"].lower() == "bearer"
    assert isinstance(body["expires_in"], int)
    assert body["expires_in"] > 0
    assert isinstance(body["refresh_token_expires_in"], int)
    assert body["refresh_token_expires_in"] > body["expires_in"]
    assert body["access_token"].count(".") == 2
    assert body["refresh_token"]
    assert body["scope"]
    return body


def test_json_without_grant_type_is_the_password_grant_of_the_default_client__contract(http: httpx.Client) -> None:
    check_token_answer(http.post("/auth/token", json=USER))


def test_json_may_name_everything_a_form_names__contract(http: httpx.Client) -> None:
    body = check_token_answer(
        http.post("/auth/token", json={"grant_type": "password", "client_id": GAME, "scope": "profile", **USER})
    )
    assert body["scope"] == "profile"


def test_password_grant_as_a_form__rfc6749_4_3_2(token_request: Request) -> None:
    check_token_answer(token_request(grant_type="password", **USER))


def test_username_is_compared_without_case__contract(token_request: Request) -> None:
    check_token_answer(token_request(grant_type="password", username="TestUser", password=USER["password"]))


@pytest.mark.parametrize("path", ["/auth/token", "/auth/refresh"])
def test_token_answers_are_never_cached__rfc6749_5_1(http: httpx.Client, login: Callable[..., Json], path: str) -> None:
    body = {"grant_type": "refresh_token", "refresh_token": login()["refresh_token"]}
    sent = body if path == "/auth/token" else {"refresh_token": body["refresh_token"]}
    for response in (http.post("/auth/token", json=USER), http.post(path, json=sent)):
        assert response.status_code == 200, response.text
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Pragma"] == "no-cache"
        assert response.headers["Content-Type"].partition(";")[0] == "application/json"


@pytest.mark.parametrize(
    "scope", ["profile", "openid email", "openid profile email offline_access players:read players:write"]
)
def test_the_granted_scope_is_what_was_asked_for__rfc6749_3_3(login: Callable[..., Json], scope: str) -> None:
    assert set(login(scope=scope)["scope"].split()) == set(scope.split())


def test_an_access_token_is_at_most_1_kb_even_with_every_scope__contract(
    login: Callable[..., Json], discovery: Json
) -> None:
    token = login(scope=" ".join(discovery["scopes_supported"]))["access_token"]
    assert len(token) <= 1024


def test_unknown_parameters_are_ignored__rfc6749_3_2(token_request: Request) -> None:
    check_token_answer(token_request(grant_type="password", **USER, resource="x", device="console", empty=""))


def test_parameters_without_a_value_count_as_omitted__rfc6749_3_2(token_request: Request) -> None:
    check_token_answer(token_request(grant_type="password", **USER, scope=""))


def encoded_basic() -> dict[str, str]:
    # RFC 6749, section 2.3.1: both halves are form-encoded before they become a Basic credential.
    pair = "psn%2Dpartner%2Dservice:partner%2Dsecret"
    return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}


def plain_basic(scheme: str = "Basic") -> dict[str, str]:
    return {"Authorization": f"{scheme} " + base64.b64encode(":".join(PARTNER).encode()).decode()}


@pytest.mark.parametrize(
    ("headers", "extra"),
    [
        pytest.param(plain_basic(), {}, id="client_secret_basic, RFC 6749 2.3.1"),
        pytest.param(plain_basic("basic"), {}, id="scheme in any case, RFC 9110 11.1"),
        pytest.param(encoded_basic(), {}, id="form-encoded in Basic, RFC 6749 2.3.1"),
        pytest.param(plain_basic(), {"client_id": PARTNER[0]}, id="Basic and its own client_id, RFC 6749 3.2.1"),
        pytest.param(
            {}, {"client_id": PARTNER[0], "client_secret": PARTNER[1]}, id="client_secret_post, RFC 6749 2.3.1"
        ),
    ],
)
def test_a_confidential_client_authenticates(http: httpx.Client, headers: Json, extra: Json) -> None:
    check_token_answer(http.post("/auth/token", data={"grant_type": "password", **USER, **extra}, headers=headers))


def test_a_confidential_client_authenticates_in_json__contract(http: httpx.Client) -> None:
    client = {"client_id": PARTNER[0], "client_secret": PARTNER[1]}
    check_token_answer(http.post("/auth/token", json={**USER, **client}))


def test_every_answer_has_a_token_of_its_own__rfc9068_2_2(login: Callable[..., Json]) -> None:
    answers = [login() for _ in range(3)]
    assert len({answer["access_token"] for answer in answers}) == 3
    assert len({answer["refresh_token"] for answer in answers}) == 3
