"""The provider's metadata and keys: OpenID Connect Discovery 1.0, RFC 8414, RFC 7517."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

Json = dict[str, Any]


def test_the_issuer_is_where_the_document_was_found__oidc_discovery_4_3(discovery: Json, base_url: str) -> None:
    assert discovery["issuer"] == f"{base_url}/auth"


@pytest.mark.parametrize(
    ("member", "path"),
    [
        ("token_endpoint", "/auth/token"),
        ("userinfo_endpoint", "/auth/userinfo"),
        ("jwks_uri", "/auth/.well-known/jwks.json"),
    ],
)
def test_endpoints_are_below_the_base_url__oidc_discovery_3(
    discovery: Json, base_url: str, member: str, path: str
) -> None:
    assert discovery[member] == base_url + path


@pytest.mark.parametrize(
    "member", ["response_types_supported", "subject_types_supported", "id_token_signing_alg_values_supported"]
)
def test_required_lists_are_there__oidc_discovery_3(discovery: Json, member: str) -> None:
    assert isinstance(discovery[member], list)


@pytest.mark.parametrize(
    ("member", "values"),
    [
        ("subject_types_supported", {"public"}),
        ("grant_types_supported", {"password", "refresh_token"}),
        ("token_endpoint_auth_methods_supported", {"none", "client_secret_basic", "client_secret_post"}),
        ("scopes_supported", {"openid", "profile", "email", "offline_access", "players:read", "players:write"}),
        ("claims_supported", {"sub", "iss"}),
    ],
)
def test_lists_say_what_the_provider_can_do__oidc_discovery_3(discovery: Json, member: str, values: set[str]) -> None:
    assert set(discovery[member]) >= values


def test_the_algorithms_are_signatures_by_public_keys__rfc8725_3_1(discovery: Json) -> None:
    algorithms = set(discovery["id_token_signing_alg_values_supported"])
    assert algorithms
    assert algorithms <= {"RS256", "ES256"}


def test_grant_types_are_those_of_the_capabilities__contract(discovery: Json, capabilities: Json) -> None:
    assert set(discovery["grant_types_supported"]) == set(capabilities["grant_types"])


def test_every_named_endpoint_is_there__oidc_discovery_3(http: httpx.Client, discovery: Json) -> None:
    for member, url in discovery.items():
        if member.endswith(("_endpoint", "_uri")):
            assert http.get(url).status_code != 404, member


def test_the_documents_are_json_and_may_be_cached__oidc_discovery_4_2(http: httpx.Client, discovery: Json) -> None:
    for url in (f"{discovery['issuer']}/.well-known/openid-configuration", discovery["jwks_uri"]):
        response = http.get(url)
        assert response.status_code == 200
        assert "json" in response.headers["Content-Type"]
        assert "no-store" not in response.headers.get("Cache-Control", "")


def test_keys_are_public_and_named__rfc7517_4(http: httpx.Client, discovery: Json) -> None:
    keys: list[Json] = http.get(discovery["jwks_uri"]).json()["keys"]
    assert len({key["kid"] for key in keys}) == len(keys) >= 1
    for key in keys:
        assert key["alg"] in discovery["id_token_signing_alg_values_supported"]
        assert key["use"] == "sig"
        assert key["kty"] in {"RSA", "EC"}
        # RFC 7518, sections 6.2.2 and 6.3.2: none of a key's private members.
        assert not key.keys() & {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}
