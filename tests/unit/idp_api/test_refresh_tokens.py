"""Refresh tokens: rotation, the grace window, and what happens to a thief (RFC 6749 §6; RFC 9700 §4.14.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from runtime.catalogue import IDP
from runtime.core.jws import from_base64url, to_base64url
from runtime.idp_api.routes import build_router
from runtime.idp_api.service import IdentityProvider
from tests.unit.conftest import ORIGIN, Answer, Clock, KeyedParts, Service

LOGIN = {"username": "testuser", "password": "password123"}


def log_in(idp: Service, **extra: str) -> dict[str, Any]:
    body: dict[str, Any] = idp.post_form("/auth/token", {"grant_type": "password", **LOGIN, **extra}).body
    return body


def refresh(idp: Service, token: str, **extra: str) -> Answer:
    return idp.post_form("/auth/token", {"grant_type": "refresh_token", "refresh_token": token, **extra})


def assert_invalid(answer: Answer) -> None:
    """RFC 6749 §5.2."""
    assert (answer.status, answer.body["error"]) == (400, "invalid_grant")


def test_every_use_gives_another_token(idp: Service) -> None:
    tokens = [log_in(idp)["refresh_token"]]
    for _ in range(3):
        tokens.append(refresh(idp, tokens[-1]).body["refresh_token"])
    assert len(set(tokens)) == 4


def test_the_specifications_own_endpoint_takes_json(idp: Service) -> None:
    answer = idp.post_json("/auth/refresh", {"refresh_token": log_in(idp)["refresh_token"]})
    assert answer.status == 200
    assert answer.body["access_token"]


def test_the_refresh_endpoint_serves_no_other_grant(idp: Service) -> None:
    answer = idp.post_json("/auth/refresh", {"grant_type": "password", **LOGIN})
    assert (answer.status, answer.body["error"]) == (400, "unsupported_grant_type")


def test_a_retry_within_the_grace_window_gets_the_same_successor(idp: Service, clock: Clock) -> None:
    first = log_in(idp)["refresh_token"]
    successor = refresh(idp, first).body["refresh_token"]
    clock.advance(10)
    assert refresh(idp, first).body["refresh_token"] == successor
    assert refresh(idp, successor).status == 200


def test_reuse_after_the_grace_window_revokes_the_family(idp: Service, clock: Clock) -> None:
    """RFC 9700 §4.14.2."""
    first = log_in(idp)["refresh_token"]
    successor = refresh(idp, first).body["refresh_token"]
    clock.advance(11)
    assert_invalid(refresh(idp, first))
    assert_invalid(refresh(idp, successor))


def test_reuse_of_an_older_generation_revokes_the_family_even_within_the_window(idp: Service) -> None:
    first = log_in(idp)["refresh_token"]
    second = refresh(idp, first).body["refresh_token"]
    third = refresh(idp, second).body["refresh_token"]
    assert_invalid(refresh(idp, first))
    assert_invalid(refresh(idp, third))


def test_revoking_a_family_leaves_other_log_ins_alone(idp: Service, clock: Clock) -> None:
    stolen, other = log_in(idp)["refresh_token"], log_in(idp)["refresh_token"]
    refresh(idp, stolen)
    clock.advance(60)
    assert_invalid(refresh(idp, stolen))
    assert refresh(idp, other).status == 200


def test_a_grace_window_of_zero_forgives_only_the_same_moment(make_idp: Any, clock: Clock) -> None:
    idp = make_idp(refresh_grace_seconds=0)
    first = log_in(idp)["refresh_token"]
    refresh(idp, first)
    clock.advance(0.001)
    assert_invalid(refresh(idp, first))


def test_the_lifetime_is_absolute(make_idp: Any, clock: Clock) -> None:
    idp = make_idp(refresh_token_seconds=100)
    token = log_in(idp)["refresh_token"]
    clock.advance(60)
    answer = refresh(idp, token).body
    assert answer["refresh_token_expires_in"] == 40
    clock.advance(40)
    assert_invalid(refresh(idp, answer["refresh_token"]))


def test_a_narrower_scope_narrows_the_access_token_and_not_the_refresh_token(idp: Service) -> None:
    """RFC 6749 §6."""
    narrow = refresh(idp, log_in(idp, scope="openid email profile")["refresh_token"], scope="email").body
    assert narrow["scope"] == "email"
    assert refresh(idp, narrow["refresh_token"]).body["scope"] == "openid email profile"


def test_a_wider_scope_is_refused_and_spends_nothing(idp: Service) -> None:
    """RFC 6749 §6."""
    token = log_in(idp, scope="email")["refresh_token"]
    answer = refresh(idp, token, scope="email openid")
    assert (answer.status, answer.body["error"]) == (400, "invalid_scope")
    assert refresh(idp, token).status == 200


def test_another_clients_token_is_refused_and_stays_good_for_its_own(idp: Service) -> None:
    """RFC 6749 §5.2: issued to another client."""
    token = log_in(idp)["refresh_token"]
    thief = {"client_id": "psn-partner-service", "client_secret": "partner-secret"}
    assert_invalid(refresh(idp, token, **thief))
    assert refresh(idp, token).status == 200


def forged(token: str, position: int) -> str:
    data = bytearray(from_base64url(token))
    data[position] ^= 1
    return to_base64url(bytes(data))


@pytest.mark.parametrize("position", [0, 19, 20, 35], ids=["family", "generation", "first of MAC", "last of MAC"])
def test_a_token_with_one_bit_changed_is_refused(idp: Service, position: int) -> None:
    token = log_in(idp)["refresh_token"]
    assert_invalid(refresh(idp, forged(token, position)))
    assert refresh(idp, token).status == 200


@pytest.mark.parametrize("token", ["bogus", "AAAA", "!", "é", "A" * 48, "A" * 4096])
def test_a_bogus_token_is_refused(idp: Service, token: str) -> None:
    assert_invalid(refresh(idp, token))


def test_a_token_of_another_deployment_is_refused(make_idp: Any) -> None:
    assert_invalid(refresh(make_idp(fresh_keys=True), log_in(make_idp())["refresh_token"]))


def test_the_state_holds_no_token(make_parts: Callable[..., KeyedParts]) -> None:
    """A stolen state file gives nobody a refresh token: only what a token means is kept."""
    parts = make_parts()
    idp = Service(parts.pipeline(IDP, build_router(IdentityProvider(parts.keys, parts.settings))))
    token = log_in(idp)["refresh_token"]
    family = from_base64url(token)[:16].hex()
    item = parts.worlds.enter("default", ORIGIN).store.query(f"grant/{family}").items[0]
    assert token not in str(item)
    assert to_base64url(from_base64url(token)[20:]) not in str(item)
