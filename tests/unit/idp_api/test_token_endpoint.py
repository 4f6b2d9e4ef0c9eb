"""The token endpoint: what it takes, and what it refuses in which words (RFC 6749)."""

from __future__ import annotations

import base64
import json
from typing import Any

import jwt
import pytest

from tests.unit.conftest import ORIGIN, Clock, Service

LOGIN = {"username": "testuser", "password": "password123"}
FORM_LOGIN = {"grant_type": "password", **LOGIN}


def basic(name: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()


def claims(token: str) -> dict[str, Any]:
    read: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return read


def test_a_bare_username_and_password_in_json_is_the_default_clients_password_grant(idp: Service) -> None:
    """The specification's own example."""
    answer = idp.post_json("/auth/token", LOGIN)
    assert answer.status == 200
    assert answer.body["token_type"] == "Bearer"
    assert claims(answer.body["access_token"])["client_id"] == "psn-game-client"


def test_a_form_without_grant_type_is_refused(idp: Service) -> None:
    """RFC 6749 §4.3.2: grant_type is REQUIRED; only the specification's JSON may leave it out."""
    answer = idp.post_form("/auth/token", LOGIN)
    assert (answer.status, answer.body["error"]) == (400, "invalid_request")


def test_the_answer_has_the_members_of_rfc_6749_and_must_not_be_stored(idp: Service) -> None:
    """RFC 6749 §5.1."""
    answer = idp.post_form("/auth/token", FORM_LOGIN)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Pragma"] == "no-cache"
    assert answer.body["expires_in"] == 3600
    assert answer.body["refresh_token_expires_in"] == 30 * 24 * 3600
    assert answer.body["scope"].split() == [
        "openid", "profile", "email", "offline_access", "players:read", "players:write",
    ]  # fmt: skip


def test_the_access_token_has_the_claims_of_rfc_9068(idp: Service, clock: Clock) -> None:
    """RFC 9068 §2.1 and §2.2."""
    token = idp.post_form("/auth/token", FORM_LOGIN).body["access_token"]
    header = jwt.get_unverified_header(token)
    assert (header["typ"], header["alg"]) == ("at+jwt", "RS256")
    now = int(clock.at)
    assert claims(token) == {
        "iss": f"{ORIGIN}/auth",
        "aud": ORIGIN,
        "sub": claims(token)["sub"],
        "client_id": "psn-game-client",
        "scope": "openid profile email offline_access players:read players:write",
        "iat": now,
        "auth_time": now,
        "exp": now + 3600,
        "jti": claims(token)["jti"],
    }
    assert len(token) <= 1024


def test_two_tokens_never_share_their_jti(idp: Service) -> None:
    """RFC 7519 §4.1.7."""
    first, second = (idp.post_json("/auth/token", LOGIN).body["access_token"] for _ in range(2))
    assert claims(first)["jti"] != claims(second)["jti"]


def test_an_id_token_comes_with_the_openid_scope_and_only_then(idp: Service) -> None:
    """OpenID Connect Core §2 and §3.1.2.1."""
    asked = idp.post_form("/auth/token", {**FORM_LOGIN, "scope": "openid email"}).body
    assert claims(asked["id_token"])["aud"] == "psn-game-client"
    assert jwt.get_unverified_header(asked["id_token"])["typ"] == "JWT"
    assert "id_token" not in idp.post_form("/auth/token", {**FORM_LOGIN, "scope": "email"}).body


def test_a_username_is_found_in_any_case(idp: Service) -> None:
    assert idp.post_json("/auth/token", {**LOGIN, "username": "TESTUSER"}).status == 200


@pytest.mark.parametrize("scope", ["players:write", "openid players:read", "openid openid"])
def test_a_narrower_scope_is_granted_as_asked(idp: Service, scope: str) -> None:
    """RFC 6749 §3.3."""
    answer = idp.post_form("/auth/token", {**FORM_LOGIN, "scope": scope})
    assert answer.body["scope"].split() == list(dict.fromkeys(scope.split()))


REFUSALS = {
    "§3.2 a parameter twice": ("grant_type=password&username=a&username=b&password=c", 400, "invalid_request"),
    "§3.2 an empty parameter counts as missing": ("grant_type=password&username=&password=x", 400, "invalid_request"),
    "§4.3.2 no password": ("grant_type=password&username=testuser", 400, "invalid_request"),
    "§5.2 no grant_type": ("username=testuser", 400, "invalid_request"),
    "§5.2 an unknown grant": ("grant_type=magic", 400, "unsupported_grant_type"),
    "§5.2 a wrong password": ("grant_type=password&username=testuser&password=no", 400, "invalid_grant"),
    "§5.2 an unknown user": ("grant_type=password&username=nobody&password=password123", 400, "invalid_grant"),
    "§5.2 an unknown client": (
        "grant_type=password&client_id=nobody&username=testuser&password=password123", 401, "invalid_client",
    ),
    "§5.2 an unknown scope": (
        "grant_type=password&username=testuser&password=password123&scope=root", 400, "invalid_scope",
    ),
    "§3.3 scopes are separated by one space": (
        "grant_type=password&username=testuser&password=password123&scope=openid++email", 400, "invalid_scope",
    ),
    "§2.3.1 a public client has no secret": (
        "grant_type=password&client_id=psn-game-client&client_secret=x&username=testuser&password=password123",
        401,
        "invalid_client",
    ),
    "§3.2.1 a confidential client must authenticate": (
        "grant_type=password&client_id=psn-partner-service&username=testuser&password=password123",
        401,
        "invalid_client",
    ),
    "§6 no refresh_token": ("grant_type=refresh_token", 400, "invalid_request"),
    "app. B not UTF-8": ("grant_type=password&username=%FF&password=x", 400, "invalid_request"),
    "too many parameters": ("&".join(f"p{n}=x" for n in range(200)), 400, "invalid_request"),
    "a parameter beyond any reason": ("grant_type=password&password=x&username=" + "a" * 5000, 400, "invalid_request"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "status", "error"), REFUSALS.values(), ids=REFUSALS)
def test_a_form_is_refused_as_rfc_6749_has_it(idp: Service, body: str, status: int, error: str) -> None:
    answer = idp.call("POST", "/auth/token", body=body, headers={"content-type": "application/x-www-form-urlencoded"})
    assert (answer.status, answer.body["error"]) == (status, error)
    assert answer.headers["Cache-Control"] == "no-store"
    # RFC 6749 §5.2: error_description is printable ASCII without quotes and backslashes.
    assert set(answer.body["error_description"]) <= set(map(chr, range(0x20, 0x7F))) - {'"', "\\"}


JSON_REFUSALS = {
    "not JSON": "{",
    "not an object": "[]",
    "a string": '"password"',
    "a number for a string": '{"username": 5, "password": "x"}',
    "an object for a string": '{"username": {"$ne": 1}, "password": "x"}',
    "a member twice": '{"username": "testuser", "username": "x", "password": "password123"}',
    "nested beyond any reason": "[" * 100_000,
    "half a surrogate pair": '{"username": "\\ud800", "password": "x"}',
    "nothing at all": "",
}


@pytest.mark.parametrize("body", JSON_REFUSALS.values(), ids=JSON_REFUSALS)
def test_json_that_holds_no_parameters_is_an_invalid_request(idp: Service, body: str) -> None:
    answer = idp.call("POST", "/auth/token", body=body, headers={"content-type": "application/json"})
    assert (answer.status, answer.body["error"]) == (400, "invalid_request")


def test_invalid_utf_8_is_an_invalid_request(idp: Service) -> None:
    event = {
        "httpMethod": "POST",
        "path": "/auth/token",
        "body": base64.b64encode(b'{"username": "\xff"}').decode(),
        "isBase64Encoded": True,
    }
    answer = idp.handler(event, None)
    assert (answer["statusCode"], json.loads(answer["body"])["error"]) == (400, "invalid_request")


def test_another_content_type_is_an_invalid_request(idp: Service) -> None:
    """RFC 6749 §3.2 and §4.3.2: the endpoint takes forms (and, as an extra, JSON)."""
    answer = idp.call("POST", "/auth/token", body="<a/>", headers={"content-type": "application/xml"})
    assert (answer.status, answer.body["error"]) == (400, "invalid_request")


def test_a_nul_in_a_username_is_just_an_unknown_user(idp: Service) -> None:
    answer = idp.post_json("/auth/token", {"username": "testuser\0", "password": "password123"})
    assert (answer.status, answer.body["error"]) == (400, "invalid_grant")


def test_unknown_parameters_are_ignored(idp: Service) -> None:
    """RFC 6749 §3.2."""
    assert idp.post_form("/auth/token", {**FORM_LOGIN, "colour": "blue"}).status == 200


CLIENT_AUTHENTICATION = {
    "§2.3.1 HTTP Basic": ({}, basic("psn-partner-service", "partner-secret"), 200),
    "§2.3.1 in the body": ({"client_id": "psn-partner-service", "client_secret": "partner-secret"}, None, 200),
    "§2.3 Basic, and the same client_id in the body": (
        {"client_id": "psn-partner-service"}, basic("psn-partner-service", "partner-secret"), 200,
    ),
    "§2.3 Basic, and another client_id in the body": (
        {"client_id": "psn-game-client"}, basic("psn-partner-service", "partner-secret"), 400,
    ),
    "§2.3 two methods at once": (
        {"client_secret": "partner-secret"}, basic("psn-partner-service", "partner-secret"), 400,
    ),
    "§5.2 a wrong secret": ({}, basic("psn-partner-service", "wrong"), 401),
    "§5.2 no secret": ({}, basic("psn-partner-service", ""), 401),
    "§5.2 Basic without a name": ({}, basic("", "partner-secret"), 401),
    "§2.3.1 Basic that is not base64": ({}, "Basic !!!", 401),
    "§2.3.1 Basic with an undecodable name": ({}, basic("%FF", "x"), 401),
    "§2.3.1 another scheme": ({}, "Bearer abc", 401),
    "§2.3.1 Basic is form-encoded inside": ({}, basic("psn%2Dpartner%2Dservice", "partner%2Dsecret"), 200),
}  # fmt: skip


@pytest.mark.parametrize(
    ("extra", "authorization", "status"), CLIENT_AUTHENTICATION.values(), ids=CLIENT_AUTHENTICATION
)
def test_a_client_authenticates(idp: Service, extra: dict[str, str], authorization: str | None, status: int) -> None:
    headers = {"authorization": authorization} if authorization else {}
    answer = idp.post_form("/auth/token", {**FORM_LOGIN, **extra}, **headers)
    assert answer.status == status
    if status == 401:
        # RFC 6749 §5.2: the challenge names the scheme that the client may use.
        assert answer.body["error"] == "invalid_client"
        assert answer.headers["WWW-Authenticate"].startswith("Basic ")


def test_a_grant_that_the_client_is_not_registered_for_is_refused(idp: Service) -> None:
    """RFC 6749 §5.2 unauthorized_client. The demo world's clients all may; so the grant they lack is unknown."""
    answer = idp.post_form("/auth/token", {"grant_type": "client_credentials"})
    assert (answer.status, answer.body["error"]) == (400, "unsupported_grant_type")


def test_an_empty_world_has_no_default_client(make_idp: Any) -> None:
    """A public URL has no well-known password: without the demo world nobody can log in."""
    answer = make_idp(demo_world=False).post_json("/auth/token", LOGIN)
    assert (answer.status, answer.body["error"]) == (401, "invalid_client")


def test_no_refusal_repeats_what_was_sent(idp: Service) -> None:
    marker = "s3cr3t-marker"
    for parameters in (
        {"grant_type": marker},
        {**FORM_LOGIN, "password": marker},
        {**FORM_LOGIN, "scope": marker},
        {"grant_type": "refresh_token", "refresh_token": marker},
        {**FORM_LOGIN, "client_secret": marker},
    ):
        assert marker not in json.dumps(idp.post_form("/auth/token", parameters).body)


def test_es256_by_configuration(make_idp: Any) -> None:
    """RFC 7518 §3.4."""
    idp = make_idp(signing_algorithm="ES256")
    token = idp.post_json("/auth/token", LOGIN).body["access_token"]
    key = jwt.PyJWKSet.from_dict(idp.call("GET", "/auth/.well-known/jwks.json").body)[
        jwt.get_unverified_header(token)["kid"]
    ]
    options: jwt.types.Options = {"verify_exp": False, "verify_iat": False}
    assert jwt.decode(token, key, algorithms=["ES256"], audience=ORIGIN, options=options)["iss"] == f"{ORIGIN}/auth"
    assert idp.call("GET", "/auth/userinfo", headers={"authorization": f"Bearer {token}"}).status == 200
