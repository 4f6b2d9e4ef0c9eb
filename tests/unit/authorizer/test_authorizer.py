"""Who may pass, and how little it takes to decide."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from runtime.authorizer.decision import Authorizer
from runtime.core.access_tokens import ACCESS_TOKEN_TYPE
from runtime.core.jws import encode
from runtime.core.keys import KeyRing, StoredKeys
from runtime.core.settings import Settings
from runtime.emulation.sandboxes import Sandboxes
from runtime.local.routing import find_route
from runtime.store.port import Key, Put
from runtime.store.sqlite import SQLiteStore

NOW = 1_800_000_000
ORIGIN = "http://127.0.0.1:8080"
ADMIN = "the-admin-token-ä"


@pytest.fixture(scope="module")
def store() -> Iterator[SQLiteStore]:
    store = SQLiteStore(None, now=lambda: NOW)
    slow = {"sandbox_id": "slow", "epoch": 1, "clock": {"offset_seconds": -10_000}}
    store.put(Put(Key("@sandbox/slow", "sandbox"), slow))
    yield store
    store.close()


@pytest.fixture(scope="module")
def keys(store: SQLiteStore) -> KeyRing:
    return KeyRing(StoredKeys(store, "ES256"), now=lambda: NOW)


@pytest.fixture
def authorizer(store: SQLiteStore, keys: KeyRing) -> Authorizer:
    worlds = Sandboxes(store, demo=False, now=lambda: NOW)
    return Authorizer(Settings(admin_token=ADMIN), worlds=worlds, keys=keys)


@pytest.fixture
def token(keys: KeyRing) -> Callable[..., str]:
    def make(scope: str = "players:read players:write", base: str = ORIGIN, *, expires: int = NOW + 60) -> str:
        claims = {
            "iss": f"{base}/auth",
            "aud": base,
            "sub": "subject",
            "client_id": "client",
            "scope": scope,
            "exp": expires,
        }
        return encode(claims, keys.current().signing, type_=ACCESS_TOKEN_TYPE)

    return make


def asks(path: str, authorization: str | None = None, *, method: str = "GET", host: str = "127.0.0.1:8080") -> Any:
    headers = {"host": host} | ({"authorization": authorization} if authorization is not None else {})
    route = find_route(method, path)
    return {
        "version": "2.0",
        "type": "REQUEST",
        "routeKey": route.key if route else "$default",
        "rawPath": path,
        "headers": headers,
        "requestContext": {"http": {"method": method, "path": path}, "requestId": "id", "stage": "$default"},
    }


@pytest.mark.parametrize(
    ("path", "authorization", "passes"),
    [
        ("/_emulator/v1/health", None, True),
        ("/_emulator/v1/health", "Bearer wrong", True),
        ("/_emulator/v1/capabilities", f"Bearer {ADMIN}", True),
        ("/_emulator/v1/capabilities", f"bearer {ADMIN}", True),
        ("/_emulator/v1/capabilities", f"Bearer {ADMIN}x", False),
        ("/_emulator/v1/capabilities", f"Basic {ADMIN}", False),
        ("/_emulator/v1/capabilities", "Bearer ", False),
        ("/_emulator/v1/capabilities", None, False),
        ("/_emulator/v1/health/", None, False),
        ("/s/red/_emulator/v1/health", f"Bearer {ADMIN}", False),
        ("/auth/token", f"Bearer {ADMIN}", False),
        ("/", f"Bearer {ADMIN}", False),
    ],
)
def test_the_control_plane_wants_the_admin(
    authorizer: Authorizer, path: str, authorization: str | None, *, passes: bool
) -> None:
    assert authorizer(asks(path, authorization), None) == {"isAuthorized": passes, "context": {}}


@pytest.mark.parametrize(("method", "passes"), [("GET", True), ("HEAD", True), ("POST", False), ("DELETE", False)])
def test_only_the_public_operation_is_open(authorizer: Authorizer, method: str, *, passes: bool) -> None:
    assert authorizer(asks("/_emulator/v1/health", method=method), None)["isAuthorized"] is passes


@pytest.mark.parametrize("path", ["/_emulator/v1/capabilities", "/auth/token", "/"])
def test_what_cannot_be_read_does_not_pass(authorizer: Authorizer, path: str) -> None:
    assert authorizer(asks(path, f"Bearer {ADMIN}", host="a b"), None) == {"isAuthorized": False, "context": {}}


def test_without_an_admin_token_nobody_is_the_admin(store: SQLiteStore, keys: KeyRing) -> None:
    authorizer = Authorizer(Settings(), worlds=Sandboxes(store, demo=False), keys=keys)
    for authorization in ("Bearer None", "Bearer ", "Bearer x"):
        assert authorizer(asks("/_emulator/v1/x", authorization), None)["isAuthorized"] is False


def verdict(authorizer: Authorizer, event: Any) -> dict[str, str]:
    """What the service at ``/players*`` is told: it speaks, so it is always asked (decision 0008)."""
    answer = authorizer(event, None)
    assert answer["isAuthorized"] is True
    context: dict[str, str] = answer["context"]
    assert all(isinstance(value, str) for value in context.values())
    return context


@pytest.mark.parametrize(
    ("method", "path", "scope", "wanted"),
    [
        ("GET", "/players", "players:read", None),
        ("HEAD", "/players", "players:read", None),
        ("HEAD", "/players", "players:write", "players:read"),
        ("GET", "/players/p1/stats", "players:read", None),
        ("POST", "/players", "players:write", None),
        ("POST", "/players", "players:read", "players:write"),
        ("DELETE", "/players/p1", "players:read", "players:write"),
        ("GET", "/players/p1", "openid", "players:read"),
        ("GET", "/players/p1/nothing/here", "openid", None),
        ("GET", "/s/default/players", "players:read", None),
    ],
)
def test_players_want_the_operations_scope(
    authorizer: Authorizer, token: Callable[..., str], method: str, path: str, scope: str, wanted: str | None
) -> None:
    """RFC 6750, section 3.1: insufficient_scope, with the scope that is wanted."""
    told = verdict(authorizer, asks(path, f"Bearer {token(scope)}", method=method))
    if wanted is None:
        assert told == {"subject": "subject", "client_id": "client", "scope": scope}
    else:
        assert told.pop("error_description")
        assert told == {"error": "insufficient_scope", "scope": wanted}


def test_a_token_is_judged_in_its_sandbox_by_the_sandboxs_clock(
    authorizer: Authorizer, token: Callable[..., str]
) -> None:
    old = token("players:read", f"{ORIGIN}/s/slow", expires=NOW - 5_000)
    assert verdict(authorizer, asks("/s/slow/players", f"Bearer {old}"))["subject"] == "subject"
    assert verdict(authorizer, asks("/players", f"Bearer {old}"))["error"] == "invalid_token"
    expired = token("players:read", expires=NOW)
    assert verdict(authorizer, asks("/players", f"Bearer {expired}")) == {
        "error": "invalid_token",
        "error_description": "The token has expired.",
        "scope": "",
    }
    assert verdict(authorizer, asks("/s/slow/players", f"Bearer {token()}"))["error"] == "invalid_token"


@pytest.mark.parametrize(
    ("authorization", "error"),
    [
        (None, ""),
        ("", ""),
        ("Bearer", ""),
        ("Basic dTpw", ""),
        ("Bearer ", "invalid_request"),
        ("Bearer a.b.c", "invalid_token"),
        ("Bearer a b", "invalid_request"),
        (f"Bearer {ADMIN}", "invalid_token"),
    ],
)
def test_the_service_is_told_what_is_wrong(authorizer: Authorizer, authorization: str | None, error: str) -> None:
    """RFC 6750, section 3.1: no error code where no bearer token came."""
    told = verdict(authorizer, asks("/players", authorization))
    assert told.pop("error_description")
    assert told == {"error": error, "scope": ""}


@pytest.mark.parametrize("path", ["/s/missing/players", "/s/missing/players/p1"])
@pytest.mark.parametrize("bearer", [True, False])
def test_of_an_unknown_sandbox_there_is_nothing_to_say(
    authorizer: Authorizer, token: Callable[..., str], path: str, *, bearer: bool
) -> None:
    assert verdict(authorizer, asks(path, f"Bearer {token()}" if bearer else None)) == {}


@pytest.mark.parametrize("path", ["/players", "/s/slow/players/p1"])
def test_of_what_cannot_be_read_there_is_nothing_to_say(
    authorizer: Authorizer, token: Callable[..., str], path: str
) -> None:
    assert verdict(authorizer, asks(path, f"Bearer {token()}", host="a b")) == {}


def test_services_learn_whose_token_it_was(authorizer: Authorizer, token: Callable[..., str]) -> None:
    assert authorizer(asks("/players", f"Bearer {token()}"), None) == {
        "isAuthorized": True,
        "context": {"subject": "subject", "client_id": "client", "scope": "players:read players:write"},
    }


def test_a_cold_start_imports_next_to_nothing() -> None:
    code = "import json, sys, runtime.authorizer.handler; print(json.dumps(sorted(sys.modules)))"
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    modules = set(json.loads(finished.stdout))
    assert "runtime.authorizer.handler" in modules
    heavy = {
        "aws_lambda_powertools",
        "pydantic",
        "boto3",
        "botocore",
        "argon2",
        "uvicorn",
        "typer",
        "sqlite3",
        "asyncio",
    }
    assert not modules & heavy
