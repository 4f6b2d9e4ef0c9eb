"""The userinfo endpoint: OpenID Connect Core, section 5.3; RFC 6750, section 3; RFC 8725."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import httpx
import jwt
import pytest

from tests.contract.checks import check_bearer_challenge

Json = dict[str, Any]
Login = Callable[..., Json]


def segment(value: Json) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def unsigned(token: str, **header: str) -> str:
    return f"{segment(header)}.{token.split('.')[1]}."


def with_claims(token: str, **changes: Any) -> str:
    header, _, signature = token.split(".")
    claims = jwt.decode(token, options={"verify_signature": False})
    return f"{header}.{segment({**claims, **changes})}.{signature}"


def signed_by_a_stranger(token: str) -> str:
    claims = jwt.decode(token, options={"verify_signature": False})
    headers = {"kid": jwt.get_unverified_header(token)["kid"], "typ": "at+jwt"}
    # RFC 8725, section 2.1: a verifier that lets the token choose could take the public key for a MAC's secret.
    return jwt.encode(claims, "a secret of at least 32 bytes for HS256", algorithm="HS256", headers=headers)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_claims_of_the_user__oidc_core_5_3(http: httpx.Client, login: Login, method: str, scheme: str) -> None:
    token = login(scope="openid profile email")["access_token"]
    response = http.request(method, "/auth/userinfo", headers={"Authorization": f"{scheme} {token}"})
    assert response.status_code == 200, response.text
    claims = response.json()
    assert claims["sub"] == jwt.decode(token, options={"verify_signature": False})["sub"]
    assert claims["preferred_username"] == "testuser"
    assert claims["email"] == "testuser@example.com"
    assert claims["email_verified"] is True


def test_the_specifications_bare_log_in_may_read_userinfo__contract(http: httpx.Client) -> None:
    token = http.post("/auth/token", json={"username": "testuser", "password": "password123"}).json()["access_token"]
    assert http.get("/auth/userinfo", headers={"Authorization": f"Bearer {token}"}).status_code == 200


def test_claims_are_those_of_the_scope__oidc_core_5_4(http: httpx.Client, login: Login) -> None:
    token = login(scope="openid")["access_token"]
    claims = http.get("/auth/userinfo", headers={"Authorization": f"Bearer {token}"}).json()
    assert "sub" in claims
    assert not claims.keys() & {"email", "name", "preferred_username"}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="no header"),
        pytest.param({"Authorization": "Basic dGVzdHVzZXI6cGFzc3dvcmQxMjM="}, id="another scheme"),
    ],
)
def test_without_a_token_the_challenge_has_no_error__rfc6750_3_1(
    http: httpx.Client, method: str, headers: dict[str, str]
) -> None:
    check_bearer_challenge(http.request(method, "/auth/userinfo", headers=headers), None)


@pytest.mark.parametrize(
    "forge",
    [
        pytest.param(lambda _: "garbage", id="garbage"),
        pytest.param(lambda _: "a.b.c", id="three parts of nothing"),
        pytest.param(lambda _: "..", id="dots"),
        pytest.param(lambda _: "x" * 8000, id="8 kB"),
        pytest.param(lambda token: token[:-4], id="signature cut"),
        pytest.param(lambda token: token.rpartition(".")[0] + ".", id="no signature"),
        pytest.param(lambda token: token.rpartition(".")[0] + "." + token.split(".")[1], id="another signature"),
        pytest.param(lambda token: with_claims(token, sub="somebody"), id="claims changed"),
        pytest.param(lambda token: with_claims(token, exp=2**40), id="lifetime changed"),
        pytest.param(lambda token: unsigned(token, alg="none", typ="at+jwt"), id="alg none, RFC 8725 3.1"),
        pytest.param(
            lambda token: unsigned(token, alg="none", typ="at+jwt", kid=jwt.get_unverified_header(token)["kid"]),
            id="alg none with a known kid",
        ),
        pytest.param(lambda token: unsigned(token, alg="nOnE"), id="alg nOnE"),
        pytest.param(signed_by_a_stranger, id="HS256, RFC 8725 2.1"),
        pytest.param(lambda token: f"{token}.{token}", id="five parts"),
        pytest.param(lambda token: f"{token}=", id="padded"),
    ],
)
def test_a_forged_token_is_invalid_token__rfc6750_3_1(
    http: httpx.Client, login: Login, forge: Callable[[str], str]
) -> None:
    token = forge(login()["access_token"])
    check_bearer_challenge(http.get("/auth/userinfo", headers={"Authorization": f"Bearer {token}"}), "invalid_token")


@pytest.mark.parametrize("kind", ["id_token", "refresh_token"])
def test_other_tokens_open_nothing__rfc9068_4(http: httpx.Client, login: Login, kind: str) -> None:
    token = login(scope="openid")[kind]
    check_bearer_challenge(http.get("/auth/userinfo", headers={"Authorization": f"Bearer {token}"}), "invalid_token")


def test_a_token_in_the_query_is_not_read__rfc9700_4_3_2(http: httpx.Client, login: Login) -> None:
    response = http.get("/auth/userinfo", params={"access_token": login()["access_token"]})
    check_bearer_challenge(response, None)


def test_wrong_method__rfc9110_15_5_6(http: httpx.Client) -> None:
    response = http.delete("/auth/userinfo")
    assert response.status_code == 405
    assert {name.strip() for name in response.headers["Allow"].split(",")} >= {"GET", "POST"}
