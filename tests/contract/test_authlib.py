"""An OAuth client that knows nothing of emulators does its whole work: Authlib over httpx."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from authlib.deprecate import AuthlibDeprecationWarning  # type: ignore[import-untyped]  # Authlib ships no types

with warnings.catch_warnings():
    # Authlib prefers httpx2 and says so at import where only httpx is installed.
    warnings.simplefilter("ignore", AuthlibDeprecationWarning)
    from authlib.integrations.httpx_client import OAuth2Client, OAuthError  # type: ignore[import-untyped]

from tests.contract.conftest import GAME, PARTNER, USER

Json = dict[str, Any]


@pytest.fixture
def client(discovery: Json) -> Iterator[Callable[..., Any]]:
    """Makes Authlib clients that know the provider by its discovery document alone."""
    with ExitStack() as stack:
        yield lambda client_id=GAME, secret=None, **settings: stack.enter_context(
            OAuth2Client(
                client_id,
                secret,
                token_endpoint=discovery["token_endpoint"],
                scope=settings.pop("scope", "openid profile"),
                timeout=30,
                **settings,
            )
        )


def test_password_grant_and_userinfo__rfc6749_4_3(client: Callable[..., Any], discovery: Json) -> None:
    session = client()
    token = session.fetch_token(grant_type="password", **USER)
    assert token["token_type"] == "Bearer"
    assert not token.is_expired()
    response = session.get(discovery["userinfo_endpoint"])
    assert response.status_code == 200
    assert response.json()["preferred_username"] == USER["username"]


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_a_confidential_client_in_both_ways__rfc6749_2_3_1(client: Callable[..., Any], method: str) -> None:
    session = client(*PARTNER, token_endpoint_auth_method=method)
    assert session.fetch_token(grant_type="password", **USER)["access_token"]
    assert session.refresh_token()["access_token"]


def test_an_expired_token_is_refreshed_on_the_way__rfc6749_1_5(client: Callable[..., Any], discovery: Json) -> None:
    updates: list[tuple[Json, str]] = []
    session = client(update_token=lambda token, refresh_token: updates.append((dict(token), refresh_token)))
    first = dict(session.fetch_token(grant_type="password", **USER))
    session.token = {**first, "expires_at": int(time.time()) - 60}

    assert session.get(discovery["userinfo_endpoint"]).status_code == 200

    [(token, spent)] = updates
    assert spent == first["refresh_token"]
    assert token["access_token"] != first["access_token"]
    assert token["refresh_token"] != first["refresh_token"]
    assert session.token["access_token"] == token["access_token"]


def test_refreshes_follow_one_another__rfc9700_4_14_2(client: Callable[..., Any], discovery: Json) -> None:
    session = client()
    spent = {session.fetch_token(grant_type="password", **USER)["refresh_token"]}
    spent |= {session.refresh_token()["refresh_token"] for _ in range(4)}
    assert len(spent) == 5
    assert session.get(discovery["userinfo_endpoint"]).status_code == 200


@pytest.mark.parametrize(
    ("arguments", "changes", "error"),
    [
        ((), {"password": "wrong"}, "invalid_grant"),
        ((PARTNER[0], "wrong"), {}, "invalid_client"),
        ((), {"scope": "everything"}, "invalid_scope"),
    ],
)
def test_errors_are_ones_that_authlib_reads__rfc6749_5_2(
    client: Callable[..., Any], arguments: tuple[str, ...], changes: dict[str, str], error: str
) -> None:
    with pytest.raises(OAuthError) as caught:
        client(*arguments).fetch_token(grant_type="password", **{**USER, **changes})
    assert caught.value.error == error
    assert caught.value.description
