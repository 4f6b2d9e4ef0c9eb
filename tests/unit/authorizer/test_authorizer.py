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
    return {
        "version": "2.0",
        "type": "REQUEST",
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
        ("/players", f"Bearer {ADMIN}", False),
    ],
)
def test_the_control_plane_wants_the_admin(
    authorizer: Authorizer, path: str, authorization: str | None, *, passes: bool
) -> None:
    assert authorizer(asks(path, authorization), None)["isAuthorized"] is passes


def test_without_an_admin_token_nobody_is_the_admin(store: SQLiteStore, keys: KeyRing) -> None:
    authorizer = Authorizer(Settings(), worlds=Sandboxes(store, demo=False), keys=keys)
    for authorization in ("Bearer None", "Bearer ", "Bearer x"):
        assert authorizer(asks("/_emulator/v1/x", authorization), None)["isAuthorized"] is False


@pytest.mark.parametrize(
    ("method", "path", "scope", "passes"),
    [
        ("GET", "/players", "players:read", True),
        ("HEAD", "/players", "players:read", True),
        ("HEAD", "/players", "players:write", False),
        ("GET", "/players/p1/stats", "players:read", True),
        ("POST", "/players", "players:write", True),
        ("POST", "/players", "players:read", False),
        ("DELETE", "/players/p1", "players:read", False),
        ("GET", "/players/p1", "openid", False),
        ("GET", "/players/p1/nothing/here", "openid", True),
        ("GET", "/s/default/players", "players:read", True),
        ("GET", "/s/slow/players", "players:read", False),
        ("GET", "/s/missing/players", "players:read", False),
    ],
)
def test_players_want_the_operations_scope(
    authorizer: Authorizer, token: Callable[..., str], method: str, path: str, scope: str, *, passes: bool
) -> None:
    assert authorizer(asks(path, f"Bearer {token(scope)}", method=method), None)["isAuthorized"] is passes


def test_a_token_is_judged_in_its_sandbox_by_the_sandboxs_clock(
    authorizer: Authorizer, token: Callable[..., str]
) -> None:
    old = token("players:read", f"{ORIGIN}/s/slow", expires=NOW - 5_000)
    assert authorizer(asks("/s/slow/players", f"Bearer {old}"), None)["isAuthorized"] is True
    assert authorizer(asks("/players", f"Bearer {old}"), None)["isAuthorized"] is False
    expired = token("players:read", expires=NOW)
    assert authorizer(asks("/players", f"Bearer {expired}"), None)["isAuthorized"] is False


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer a.b.c", "Basic dTpw", "Bearer a b"])
def test_anything_else_is_refused(authorizer: Authorizer, authorization: str | None) -> None:
    assert authorizer(asks("/players", authorization), None)["isAuthorized"] is False


def test_a_broken_host_is_refused_and_no_failure(authorizer: Authorizer, token: Callable[..., str]) -> None:
    assert authorizer(asks("/players", f"Bearer {token()}", host="a b"), None)["isAuthorized"] is False


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
