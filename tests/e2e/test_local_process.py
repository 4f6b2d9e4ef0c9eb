"""The local emulator as a process: its ready line, its end, its state, its refusals (contract, Command line)."""

from __future__ import annotations

import base64
import json
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.contract import test_bad_requests
from tests.contract.checks import check_bearer_challenge
from tests.contract.conftest import GAME, PARTNER
from tests.contract.server import COMMAND, LocalServer, clean_environment

USER = {"username": "testuser", "password": "password123"}


def create(base_url: str, name: str) -> str:
    body = {"username": name, "email": f"{name}@example.com"}
    player_id: str = httpx.post(f"{base_url}/players", json=body).raise_for_status().json()["player_id"]
    return player_id


def test_players_tokens_and_keys_survive_a_restart(tmp_path: Path) -> None:
    state = str(tmp_path / "state.sqlite3")
    with LocalServer(state=state) as first:
        player_id = create(first.base_url, "keeper")
        token = httpx.post(f"{first.base_url}/auth/token", json=USER).raise_for_status().json()
        keys = httpx.get(f"{first.base_url}/auth/.well-known/jwks.json").json()
    with LocalServer(state=state) as second:
        assert httpx.get(f"{second.base_url}/players/{player_id}").json()["username"] == "keeper"
        body = {"username": "Keeper", "email": "other@example.com"}
        assert httpx.post(f"{second.base_url}/players", json=body).status_code == 409
        refreshed = httpx.post(f"{second.base_url}/auth/refresh", json={"refresh_token": token["refresh_token"]})
        assert refreshed.status_code == 200, refreshed.text
        assert httpx.get(f"{second.base_url}/auth/.well-known/jwks.json").json() == keys
    assert (first.exit_code, second.exit_code) == (0, 0)


def test_memory_keeps_nothing() -> None:
    for _ in range(2):
        with LocalServer(state=":memory:") as server:
            assert httpx.get(f"{server.base_url}/players").json()["items"] == []
            create(server.base_url, "forgotten")


def test_workers_share_one_state(tmp_path: Path) -> None:
    with LocalServer(state=str(tmp_path / "state.sqlite3"), arguments=["--workers", "2"]) as server:
        # Each request takes a new connection, so both workers come to answer.
        players = [create(server.base_url, f"shared{number}") for number in range(10)]
        for player_id in players:
            assert httpx.get(f"{server.base_url}/players/{player_id}").status_code == 200
    assert server.exit_code == 0


@pytest.mark.parametrize("stop_signal", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it_cleanly_and_it_printed_one_line(stop_signal: signal.Signals) -> None:
    with LocalServer(state=":memory:", stop_signal=stop_signal) as server:
        assert httpx.get(f"{server.base_url}/_emulator/v1/health").status_code == 200
    assert server.exit_code == 0
    assert len(server.lines) == 1
    assert server.base_url.startswith("http://127.0.0.1:")


def test_protected_players_want_a_token_with_the_scope() -> None:
    with LocalServer(state=":memory:", arguments=["--protect-players"]) as server, httpx.Client() as client:
        url = f"{server.base_url}/players"
        assert client.get(f"{server.base_url}/_emulator/v1/capabilities").json()["players_protected"] is True
        check_bearer_challenge(client.get(url), None)
        check_bearer_challenge(client.get(url, headers={"Authorization": "Bearer a.b.c"}), "invalid_token")
        token = client.post(f"{server.base_url}/auth/token", json={**USER, "scope": "players:read"}).json()
        headers = {"Authorization": f"Bearer {token['access_token']}"}
        assert client.get(url, headers=headers).status_code == 200
        refused = client.post(url, headers=headers, json={"username": "x", "email": "x@example.com"})
        check_bearer_challenge(refused, "insufficient_scope", 403)


def refusal(*arguments: str) -> str:
    """What a start that fails says; it must end with 2 and one line."""
    finished = subprocess.run(
        [*COMMAND, "serve", *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        env=clean_environment(),
        check=False,
    )
    assert finished.returncode == 2, finished
    assert finished.stdout == ""
    [line] = finished.stderr.splitlines()
    return line


def test_a_busy_port_is_one_clear_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert port in refusal("--port", port, "--state", ":memory:")


@pytest.mark.parametrize("content", [b"this is no database", b"SQLite format 3\0" + b"\xff" * 4096])
def test_a_state_file_that_is_none_is_one_clear_line(tmp_path: Path, content: bytes) -> None:
    state = tmp_path / "state.sqlite3"
    state.write_bytes(content)
    assert str(state) in refusal("--port", "0", "--state", str(state))
    assert state.read_bytes() == content


def test_a_state_path_that_is_a_folder_is_one_clear_line(tmp_path: Path) -> None:
    assert str(tmp_path) in refusal("--port", "0", "--state", str(tmp_path))


@pytest.mark.parametrize(
    "sent",
    [b"this is not HTTP\r\n\r\n", b"BREW / HTTP/1.1\r\nHost: x\r\n\r\n", b"GET / HTTP/1.1\r\nno colon\r\n\r\n"],
    ids=["no HTTP at all", "a method that HTTP does not know", "a header without a colon"],
)
def test_what_is_not_http_is_a_problem_and_the_end_of_the_connection(sent: bytes) -> None:
    """RFC 9112 section 2.2; RFC 9457 section 3."""
    with LocalServer(state=":memory:") as server:
        address = httpx.URL(server.base_url)
        with socket.create_connection((address.host, address.port), timeout=10) as connection:
            connection.sendall(sent)
            received = b"".join(iter(lambda: connection.recv(4096), b""))
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"content-type: application/problem+json" in head
    assert json.loads(body)["code"] == "malformed_request"


MARKER = "marker-8f14e45fceea167a"
"""Stands for whatever nobody may find in a log. Escapes and encodings of it begin or end with a part of it."""


def broken_bodies() -> Iterator[bytes]:
    """Those of the contract's table, and each with the marker at its end."""
    test = test_bad_requests.test_a_broken_body_is_the_clients_fault__contract
    for mark in getattr(test, "pytestmark", ()):
        if mark.name == "parametrize" and "body" in mark.args[0]:
            for _, body, _ in mark.args[1]:
                yield body
                yield body + MARKER.encode()


def good_requests(client: httpx.Client) -> set[str]:
    """Log in, refresh, ask and create; returns the secrets that went over the wire."""

    def ok(response: httpx.Response) -> dict[str, Any]:
        assert response.is_success, response.text
        answer: dict[str, Any] = response.json()
        return answer

    log_in = {**USER, "scope": "openid profile players:read players:write"}
    partner = {"grant_type": "password", "client_id": PARTNER[0], "client_secret": PARTNER[1], **USER}
    tokens = ok(client.post("/auth/token", json=log_in))
    ok(client.post("/auth/token", data=partner))
    ok(client.post("/auth/token", data={"grant_type": "password", **USER}, auth=PARTNER))
    again = ok(client.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]}))
    bearer = {"Authorization": f"Bearer {again['access_token']}"}
    ok(client.get("/auth/userinfo", headers=bearer))
    ok(client.post("/players", headers=bearer, json={"username": "noted", "email": f"{MARKER}@example.com"}))
    ok(client.get("/players", headers=bearer))
    names = ("access_token", "refresh_token", "id_token")
    issued = {answer[name] for answer in (tokens, again) for name in names if name in answer}
    assert len(issued) >= 4
    return {USER["password"], PARTNER[1], *issued}


def bad_requests(client: httpx.Client) -> None:
    """Everything that a client can get wrong, with the marker wherever a client can put one."""
    client.headers.update({"Authorization": f"Bearer {MARKER}", "Cookie": f"session={MARKER}; {MARKER}"})
    client.params = client.params.set("token", MARKER).set(MARKER, "x")
    targets = [("POST", "/players"), ("PUT", "/players/x"), ("POST", "/auth/token"), ("POST", "/auth/refresh")]
    for body in broken_bodies():
        for method, path in targets:
            for content_type in ("application/json", "application/x-www-form-urlencoded", f"text/{MARKER}"):
                answer = client.request(method, path, content=body, headers={"Content-Type": content_type})
                assert 400 <= answer.status_code < 500, answer.text
    password = {"grant_type": "password", "username": "testuser", "password": MARKER, "client_id": GAME}
    for form in (
        password,
        {**password, "client_id": PARTNER[0], "client_secret": MARKER},
        {**password, "username": MARKER, "scope": MARKER},
        {**password, "grant_type": MARKER},
        {"grant_type": "refresh_token", "refresh_token": MARKER, "client_id": GAME},
        {MARKER: MARKER},
    ):
        for sent in ({"data": form}, {"json": form}, {"json": {name: [value] for name, value in form.items()}}):
            assert 400 <= client.post("/auth/token", **sent).status_code < 500
    assert 400 <= client.post("/auth/refresh", json={"refresh_token": MARKER}).status_code < 500
    assert 400 <= client.post("/auth/token", data=password, auth=(PARTNER[0], MARKER)).status_code < 500
    for method, path in (
        ("GET", "/auth/userinfo"),
        ("GET", "/players"),
        ("GET", "/s/none/players"),
        ("PUT", "/auth/x"),
    ):
        assert 400 <= client.request(method, path).status_code < 500
    assert client.get("/players", params={"limit": MARKER, "cursor": MARKER}).status_code < 500
    assert client.get("/players", headers={"Host": f"{MARKER} x"}).status_code == 400
    assert client.get("/players", headers={"X-Long": MARKER * 500}).status_code == 431


@pytest.mark.parametrize("arguments", [[], ["--protect-players"]], ids=["open", "protected"])
def test_no_secret_is_logged(tmp_path: Path, arguments: list[str]) -> None:
    """OWASP ASVS 16.2.5 (logging of credentials, tokens and personal data). The path alone is logged."""
    state = str(tmp_path / "state.sqlite3")
    with LocalServer(state=state, arguments=["--log-level", "debug", *arguments]) as server:
        with httpx.Client(base_url=server.base_url) as client:
            secrets = good_requests(client)
            bad_requests(client)
        address = httpx.URL(server.base_url)
        with socket.create_connection((address.host, address.port), timeout=10) as connection:
            connection.sendall(f"{MARKER} {MARKER}\r\n\r\n".encode())
            assert connection.recv(4096).startswith(b"HTTP/1.1 400")
    written = server.log + "\n".join(server.lines)
    assert written.count("request served") > 100
    assert "Traceback" not in written
    for secret in {MARKER, *secrets}:
        assert secret not in written
        assert base64.b64encode(secret.encode()).decode().rstrip("=")[:-1] not in written
