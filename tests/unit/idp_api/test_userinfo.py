"""UserInfo and the tokens it refuses (OpenID Connect Core §5.3; RFC 6750; RFC 9068 §4)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from runtime.catalogue import IDP
from runtime.core.jws import SigningKey, encode, from_base64url, to_base64url
from runtime.idp_api.routes import build_router
from runtime.idp_api.service import IdentityProvider
from tests.unit.conftest import ORIGIN, Answer, Clock, KeyedParts, Service

LOGIN = {"username": "testuser", "password": "password123"}


def userinfo(idp: Service, token: str | None) -> Answer:
    return idp.call("GET", "/auth/userinfo", headers={} if token is None else {"authorization": f"Bearer {token}"})


def token_of(idp: Service, scope: str = "openid profile email") -> str:
    parameters = {"grant_type": "password", "scope": scope, **LOGIN}
    return str(idp.post_form("/auth/token", parameters).body["access_token"])


@pytest.mark.parametrize(
    ("scope", "names"),
    [
        ("openid", {"sub"}),
        ("openid email", {"sub", "email", "email_verified"}),
        (
            "openid profile",
            {"sub", "name", "given_name", "family_name", "preferred_username", "locale"},
        ),
    ],
)
def test_the_scope_decides_which_claims_are_told(idp: Service, scope: str, names: set[str]) -> None:
    """OpenID Connect Core §5.4."""
    assert set(userinfo(idp, token_of(idp, scope)).body) == names


def test_without_a_token_the_challenge_tells_nothing_more(idp: Service) -> None:
    """RFC 6750 §3.1, last paragraph."""
    answer = userinfo(idp, None)
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="psn-emulator"'


def test_a_token_without_openid_has_insufficient_scope(idp: Service) -> None:
    """RFC 6750 §3.1."""
    answer = userinfo(idp, token_of(idp, "email"))
    assert (answer.status, answer.body["error"]) == (403, "insufficient_scope")
    assert 'scope="openid"' in answer.headers["WWW-Authenticate"]


def test_an_expired_token_is_refused_by_the_sandboxs_clock(idp: Service, clock: Clock) -> None:
    """RFC 9068 §4: exp."""
    token = token_of(idp)
    clock.advance(3599)
    assert userinfo(idp, token).status == 200
    clock.advance(1)
    answer = userinfo(idp, token)
    assert (answer.status, answer.body["error"]) == (401, "invalid_token")
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


@pytest.fixture
def parts(make_parts: Callable[..., KeyedParts]) -> KeyedParts:
    return make_parts()


@pytest.fixture
def provider(parts: KeyedParts) -> Service:
    return Service(parts.pipeline(IDP, build_router(IdentityProvider(parts.keys, parts.settings))))


GOOD = {"iss": f"{ORIGIN}/auth", "aud": ORIGIN, "client_id": "psn-game-client", "scope": "openid"}

CLAIMS = {
    "as it should be": ({}, 200),
    "aud among several": ({"aud": ["https://other.example", ORIGIN]}, 200),
    "another name of the same loopback": ({"iss": "http://localhost:8080/auth"}, 200),
    "the default sandbox under its prefix": ({"iss": f"{ORIGIN}/s/default/auth"}, 200),
    "iss of another sandbox": ({"iss": f"{ORIGIN}/s/other/auth"}, 401),
    "iss of another host": ({"iss": "http://evil.example:8080/auth"}, 401),
    "iss on another port": ({"iss": "http://127.0.0.1:9999/auth"}, 401),
    "iss that is no URL": ({"iss": "http://[/auth"}, 401),
    "iss missing": ({"iss": None}, 401),
    "iss a number": ({"iss": 5}, 401),
    "aud of another resource": ({"aud": "https://other.example"}, 401),
    "aud missing": ({"aud": None}, 401),
    "aud of numbers": ({"aud": [1]}, 401),
    "exp missing": ({"exp": None}, 401),
    "exp a string": ({"exp": "tomorrow"}, 401),
    "exp a boolean": ({"exp": True}, 401),
    "nbf in the future": ({"nbf": 1_800_000_100}, 401),
    "sub missing": ({"sub": None}, 401),
    "sub of nobody": ({"sub": "nobody"}, 401),
    "client_id missing": ({"client_id": None}, 401),
    "scope missing": ({"scope": None}, 403),
}


@pytest.mark.parametrize(("change", "status"), CLAIMS.values(), ids=CLAIMS)
def test_every_claim_is_judged(
    parts: KeyedParts, provider: Service, clock: Clock, change: dict[str, Any], status: int
) -> None:
    """RFC 9068 §4. The tokens are genuine: only their claims differ."""
    subject = json.loads(_payload(token_of(provider)))["sub"]
    claims = {**GOOD, "sub": subject, "exp": int(clock.at) + 60, **change}
    claims = {name: value for name, value in claims.items() if value is not None}
    token = encode(claims, parts.keys.current().signing, type_="at+jwt")
    assert userinfo(provider, token).status == status


def _payload(token: str) -> bytes:
    return from_base64url(token.split(".")[1])


def _part(value: object) -> str:
    return to_base64url(json.dumps(value).encode())


def test_forgeries_are_refused(parts: KeyedParts, provider: Service, clock: Clock) -> None:
    """RFC 8725 §2 and §3: each is a known way to fool a verifier."""
    good = token_of(provider)
    header, payload, signature = good.split(".")
    read = json.loads(_payload(good))
    key = parts.keys.current().signing
    kid = key.kid
    stranger = SigningKey.generate("RS256")
    es256 = SigningKey.generate("ES256")
    del clock
    unsigned = _part({"alg": "none", "typ": "at+jwt", "kid": kid})
    critical = _part({"alg": "RS256", "typ": "at+jwt", "kid": kid, "crit": ["b64"]})
    forgeries = {
        "alg none": f"{unsigned}.{payload}.",
        "alg none with the old signature": f"{unsigned}.{payload}.{signature}",
        "HS256 with the public key": f"{_part({'alg': 'HS256', 'typ': 'at+jwt', 'kid': kid})}.{payload}.{signature}",
        "no kid": f"{_part({'alg': 'RS256', 'typ': 'at+jwt'})}.{payload}.{signature}",
        "kid a list": f"{_part({'alg': 'RS256', 'typ': 'at+jwt', 'kid': [kid]})}.{payload}.{signature}",
        "an unknown key": encode(read, stranger, type_="at+jwt"),
        "another key under our kid": encode(read, SigningKey(kid, "RS256", stranger.jwk), type_="at+jwt"),
        "another algorithm under our kid": encode(read, SigningKey(kid, "ES256", es256.jwk), type_="at+jwt"),
        "an ID token": encode(read, key, type_="JWT"),
        "claims changed": f"{header}.{_part({**read, 'scope': 'openid players:write'})}.{signature}",
        "signature cut": f"{header}.{payload}.{signature[:-4]}",
        "signature missing": f"{header}.{payload}.",
        "two parts": f"{header}.{payload}",
        "four parts": f"{good}.x",
        "padding": f"{good}==",
        "critical extension": f"{critical}.{payload}.{signature}",
        "a header of no object": f"{_part([])}.{payload}.{signature}",
        "nested beyond any reason": f"{to_base64url(b'[' * 5000)}.{payload}.{signature}",
        "too long": "a" * 10_000,
        "garbage": "garbage",
    }
    for name, token in forgeries.items():
        answer = userinfo(provider, token)
        assert (answer.status, answer.body.get("error")) == (401, "invalid_token"), name
    assert userinfo(provider, good).status == 200


@pytest.mark.parametrize("credentials", ["", " ", "a b", "a,b", "a\tb"])
def test_what_holds_no_one_token_is_malformed(idp: Service, credentials: str) -> None:
    """RFC 6750 §2.1 and §3.1: invalid_request is 400."""
    answer = idp.call("GET", "/auth/userinfo", headers={"authorization": f"Bearer {credentials}"})
    assert (answer.status, answer.body["error"]) == (400, "invalid_request")


def test_a_form_may_carry_the_token_but_not_beside_a_header(idp: Service) -> None:
    """RFC 6750 §2.2 and §2: not more than one method."""
    token = token_of(idp)
    assert idp.post_form("/auth/userinfo", {"access_token": token}).status == 200
    answer = idp.post_form("/auth/userinfo", {"access_token": token}, authorization=f"Bearer {token}")
    assert (answer.status, answer.body["error"]) == (400, "invalid_request")
    assert idp.post_form("/auth/userinfo", {}, authorization=f"Bearer {token}").status == 200
    assert idp.call("POST", "/auth/userinfo", headers={"authorization": f"bearer {token}"}).status == 200
