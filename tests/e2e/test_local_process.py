"""The local emulator as a process: its ready line, its end, its state, its refusals (contract, Command line)."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
from pathlib import Path

import httpx
import pytest

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
        assert client.get(url).status_code == 401
        token = client.post(f"{server.base_url}/auth/token", json={**USER, "scope": "players:read"}).json()
        headers = {"Authorization": f"Bearer {token['access_token']}"}
        assert client.get(url, headers=headers).status_code == 200
        refused = client.post(url, headers=headers, json={"username": "x", "email": "x@example.com"})
        assert refused.status_code == 403


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
