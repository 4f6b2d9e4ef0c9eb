"""What the tokens say, checked as a resource server checks it: PyJWT, with keys found through discovery."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest

from tests.contract.conftest import GAME, PARTNER

Json = dict[str, Any]
Login = Callable[..., Json]
Verify = Callable[..., Json]


@pytest.fixture
def verify(discovery: Json) -> Verify:
    """The claims of a token whose signature, issuer, audience and lifetime PyJWT believes."""
    keys = jwt.PyJWKClient(discovery["jwks_uri"])

    def check(token: str, audience: str) -> Json:
        claims: Json = jwt.decode(
            token,
            keys.get_signing_key_from_jwt(token),
            algorithms=discovery["id_token_signing_alg_values_supported"],
            audience=audience,
            issuer=discovery["issuer"],
            leeway=5,
            options={"require": ["iss", "exp", "aud", "sub", "iat"]},
        )
        return claims

    return check


def test_the_header_names_type_algorithm_and_key__rfc9068_2_1(login: Login, discovery: Json) -> None:
    header = jwt.get_unverified_header(login()["access_token"])
    assert header["typ"] == "at+jwt"
    assert header["alg"] in discovery["id_token_signing_alg_values_supported"]
    assert header["kid"]


def test_the_claims_of_an_access_token__rfc9068_2_2(login: Login, verify: Verify, base_url: str) -> None:
    answer = login(scope="openid profile")
    claims = verify(answer["access_token"], base_url)
    assert claims.keys() >= {"iss", "exp", "aud", "sub", "client_id", "iat", "jti"}
    assert claims["client_id"] == GAME
    assert claims["exp"] - claims["iat"] == answer["expires_in"]
    assert abs(claims["iat"] - time.time()) < 300
    # RFC 9068, section 2.2.3: the scope claim says what the answer's scope says.
    assert claims["scope"] == answer["scope"]
    # RFC 7519, section 2: a NumericDate; whole seconds are what every verifier reads.
    assert all(isinstance(claims[name], int) for name in ("exp", "iat"))


def test_jti_is_unique_and_sub_is_not__rfc9068_2_2(login: Login, verify: Verify, base_url: str) -> None:
    claims = [verify(login(auth)["access_token"], base_url) for auth in (None, None, PARTNER)]
    assert len({one["jti"] for one in claims}) == 3
    assert len({one["sub"] for one in claims}) == 1
    assert [one["client_id"] for one in claims] == [GAME, GAME, PARTNER[0]]


def test_an_access_token_is_for_no_other_audience__rfc9068_4(login: Login, verify: Verify) -> None:
    with pytest.raises(jwt.InvalidAudienceError):
        verify(login()["access_token"], "https://elsewhere.example")


@pytest.mark.parametrize(("auth", "client_id"), [(None, GAME), (PARTNER, PARTNER[0])])
def test_the_id_token__oidc_core_2(login: Login, verify: Verify, auth: tuple[str, str] | None, client_id: str) -> None:
    answer = login(auth, scope="openid")
    claims = verify(answer["id_token"], client_id)
    audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    assert audience == [client_id]
    assert claims.get("azp", client_id) == client_id
    assert claims["exp"] > claims["iat"]
    assert len(claims["sub"]) <= 255
    assert jwt.get_unverified_header(answer["id_token"]).get("typ", "JWT") == "JWT"


def test_at_hash_where_present_is_of_the_access_token__oidc_core_3_1_3_6(login: Login, verify: Verify) -> None:
    answer = login(scope="openid")
    half = hashlib.sha256(answer["access_token"].encode()).digest()[:16]
    expected = base64.urlsafe_b64encode(half).rstrip(b"=").decode()
    assert verify(answer["id_token"], GAME).get("at_hash", expected) == expected


def test_both_tokens_speak_of_one_subject__oidc_core_3_1_3_7(login: Login, verify: Verify, base_url: str) -> None:
    answer = login(scope="openid")
    assert verify(answer["id_token"], GAME)["sub"] == verify(answer["access_token"], base_url)["sub"]


def test_no_id_token_without_the_openid_scope__oidc_core_3_1_2_1(login: Login) -> None:
    assert "id_token" not in login(scope="profile email")


def test_a_refreshed_id_token_keeps_issuer_subject_and_audience__oidc_core_12_2(
    login: Login, verify: Verify, token_request: Callable[..., Any]
) -> None:
    answer = login(scope="openid")
    refreshed = token_request(grant_type="refresh_token", refresh_token=answer["refresh_token"]).json()
    before = verify(answer["id_token"], GAME)
    # Section 12.2: a refresh answer may come without an ID token.
    after = verify(refreshed.get("id_token", answer["id_token"]), GAME)
    assert [before[name] for name in ("iss", "sub", "aud")] == [after[name] for name in ("iss", "sub", "aud")]
