"""The command line, as its users see it: real processes."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from runtime.local import cli, lifecycle

READY = re.compile(r"PSN Partner Emulator is ready at (http://\S+) \(state: (.+)\)\n")
EMULATOR = [sys.executable, "-m", "runtime.local"]


def environment(tmp_path: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PSN_EMULATOR_")}
    return {**kept, "XDG_STATE_HOME": str(tmp_path), "NO_COLOR": "1", "COLUMNS": "120", **more}


@contextlib.contextmanager
def serving(tmp_path: Path, *flags: str, **env: str) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """A running emulator: its process, base URL and state."""
    process = subprocess.Popen(
        [*EMULATOR, "serve", *flags],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(tmp_path, **env),
    )
    with process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            line = process.stdout.readline()
            ready = READY.fullmatch(line)
            if ready is None:
                pytest.fail(f"not ready: {line!r} {process.stderr.read()}")
            yield process, ready[1], ready[2]
        finally:
            process.terminate()


def refused(tmp_path: Path, *flags: str, **env: str) -> str:
    """What is said of a server that cannot start: one line, and nothing else."""
    finished = subprocess.run(
        [*EMULATOR, "serve", *flags],
        capture_output=True,
        text=True,
        env=environment(tmp_path, **env),
        timeout=30,
        check=False,
    )
    assert (finished.returncode, finished.stdout) == (2, "")
    assert finished.stderr.count("\n") == 1
    assert finished.stderr.startswith("psn-emulator: ")
    return finished.stderr


def test_serve_says_when_it_is_ready_and_stops_at_sigterm(tmp_path: Path) -> None:
    with serving(tmp_path, "--port", "0") as (process, url, state):
        assert state == str(tmp_path / "psn-emulator" / "state.sqlite3")
        assert httpx.get(f"{url}/_emulator/v1/health").json()["status"] == "ok"
        assert httpx.get(f"{url}/_emulator/v1/capabilities").status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert process.communicate() == ("", "")


def test_a_request_in_flight_is_finished_before_the_end(tmp_path: Path) -> None:
    """The rest of a body arrives after SIGINT: it is still read and answered."""
    with serving(tmp_path, PSN_EMULATOR_PORT="0", PSN_EMULATOR_STATE=":memory:") as (process, url, state):
        assert state == "in memory"
        host, port = httpx.URL(url).host, httpx.URL(url).port
        with socket.create_connection((host, port), timeout=10) as connection:
            connection.sendall(b"POST /auth/x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab")
            assert httpx.get(f"{url}/auth/x").status_code == 404  # by now the other request was read, too
            process.send_signal(signal.SIGINT)
            connection.sendall(b"cd")
            assert connection.recv(65536).startswith(b"HTTP/1.1 404")
        assert process.wait(10) == 0


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"port {port} of 127.0.0.1 is in use" in refused(tmp_path, "--port", str(port))


def test_a_file_that_is_no_state_is_refused(tmp_path: Path) -> None:
    garbage = tmp_path / "garbage"
    garbage.write_bytes(b"no database " * 100)
    assert str(garbage) in refused(tmp_path, "--port", "0", "--state", str(garbage))
    assert garbage.read_bytes() == b"no database " * 100


def test_wrong_settings_are_named(tmp_path: Path) -> None:
    assert "PSN_EMULATOR_SIGNING_ALGORITHM" in refused(tmp_path, "--port", "0", PSN_EMULATOR_SIGNING_ALGORITHM="none")


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--host", "no.such.host.invalid"), "no.such.host.invalid"),
        (("--host", "192.0.2.1"), "192.0.2.1"),
    ],
)
def test_wrong_addresses_are_named(tmp_path: Path, flags: tuple[str, ...], said: str) -> None:
    assert said in refused(tmp_path, "--port", "0", *flags)


def test_wrong_flags_are_explained(tmp_path: Path) -> None:
    command = [*EMULATOR, "serve", "--port", "99999"]
    env = environment(tmp_path)
    finished = subprocess.run(command, capture_output=True, text=True, env=env, timeout=30, check=False)
    assert finished.returncode == 2
    assert "--port" in finished.stderr
    assert "Traceback" not in finished.stderr


def test_help_teaches_and_is_quick_because_it_loads_little(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom runtime.local.cli import app\n"
        "try:\n    app(['serve', '--help'])\nexcept SystemExit:\n    pass\n"
        "print(sorted({'uvicorn', 'asyncio', 'boto3', 'aws_lambda_powertools', 'cryptography'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", code]
    finished = subprocess.run(command, capture_output=True, text=True, env=environment(tmp_path), check=True)
    for word in ("--workers", "PSN_EMULATOR_PROTECT_PLAYERS", "--port 0 --state :memory:"):
        assert word in finished.stdout
    assert finished.stdout.endswith("[]\n")
    assert "\x1b" not in finished.stdout


def test_version(tmp_path: Path) -> None:
    command = [*EMULATOR, "--version"]
    finished = subprocess.run(command, capture_output=True, text=True, env=environment(tmp_path), check=True)
    assert re.fullmatch(r"psn-emulator \d+\.\d+\.\d+\S*\n", finished.stdout)


@pytest.mark.parametrize(
    ("flags", "env", "level"),
    [
        ((), {}, "WARNING"),
        ((), {"LOG_LEVEL": ""}, "WARNING"),
        ((), {"LOG_LEVEL": "info"}, "info"),
        ((), {"LOG_LEVEL": "info", "PSN_EMULATOR_LOG_LEVEL": "Error"}, "ERROR"),
        (("--log-level", "debug"), {"LOG_LEVEL": "info", "PSN_EMULATOR_LOG_LEVEL": "error"}, "DEBUG"),
    ],
    ids=str,
)
def test_the_log_level_is_the_flags_or_the_environments(
    monkeypatch: pytest.MonkeyPatch, flags: tuple[str, ...], env: dict[str, str], level: str
) -> None:
    seen = []
    monkeypatch.setattr(lifecycle, "exit_on_signals", lambda: None)
    monkeypatch.setattr(lifecycle, "serve", lambda *_, **__: seen.append(os.environ["LOG_LEVEL"]))
    monkeypatch.setattr(os, "environ", {**environment(Path()), "LOG_LEVEL": "", **env})
    with pytest.raises(SystemExit) as end:
        cli.app(["serve", *flags])
    assert (end.value.code, seen) == (0, [level])


def test_a_wrong_log_level_is_named(tmp_path: Path) -> None:
    assert "LOG_LEVEL" in refused(tmp_path, "--port", "0", "--state", ":memory:", LOG_LEVEL="loud")


@pytest.mark.slow
def test_flags_win_over_the_environment(tmp_path: Path) -> None:
    state = tmp_path / "elsewhere" / "s.sqlite3"
    with serving(
        tmp_path, "--port", "0", "--state", str(state), PSN_EMULATOR_STATE=":memory:", PSN_EMULATOR_PORT="1"
    ) as (
        _,
        url,
        where,
    ):
        assert where == str(state)
        assert state.exists()
        assert not url.endswith(":1")


@pytest.mark.slow
def test_players_are_protected_on_demand(tmp_path: Path) -> None:
    with serving(tmp_path, "--port", "0", "--state", ":memory:", "--protect-players") as (_, url, _state):
        assert httpx.get(f"{url}/players").headers["WWW-Authenticate"].startswith("Bearer")
        assert httpx.get(f"{url}/players", headers={"Authorization": "Bearer x"}).status_code == 401
        log_in = {"username": "testuser", "password": "password123", "scope": "players:read"}
        token = httpx.post(f"{url}/auth/token", json=log_in).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        assert httpx.get(f"{url}/players", headers=headers).status_code == 200
        assert httpx.post(f"{url}/players", headers=headers, json={}).status_code == 403


@pytest.mark.slow
def test_other_machines_need_the_admin_token(tmp_path: Path) -> None:
    with serving(tmp_path, "--port", "0", "--state", ":memory:", "--host", "0.0.0.0") as (process, url, _):  # noqa: S104
        assert url.startswith("http://127.0.0.1:")
        assert process.stderr is not None
        said = re.search(r"admin token (\S+)", process.stderr.readline())
        assert said is not None
        assert httpx.get(f"{url}/_emulator/v1/health").status_code == 200
        assert httpx.get(f"{url}/_emulator/v1/capabilities").status_code == 401
        headers = {"Authorization": f"Bearer {said[1]}"}
        assert httpx.get(f"{url}/_emulator/v1/capabilities", headers=headers).status_code == 200


@pytest.mark.slow
def test_workers_share_the_port_and_the_state(tmp_path: Path) -> None:
    with serving(tmp_path, "--port", "0", "--workers", "3") as (process, url, _):
        made = [
            httpx.post(f"{url}/players", json={"username": f"player{n}", "email": f"p{n}@example.com"}).json()
            for n in range(12)
        ]
        for player in made:
            assert httpx.get(f"{url}/players/{player['player_id']}").json()["username"] == player["username"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
        assert process.communicate() == ("", "")


@pytest.mark.slow
def test_the_death_of_a_worker_ends_the_server_and_is_told(tmp_path: Path) -> None:
    with serving(tmp_path, "--port", "0", "--workers", "2") as (process, url, _):
        worker = children(process.pid)[0]
        os.kill(worker, signal.SIGKILL)
        assert process.wait(15) == 1
        assert process.stderr is not None
        assert process.stderr.read() == (
            f"psn-emulator: worker {worker} was killed by signal 9: the server stops, start it again\n"
        )
        with pytest.raises(httpx.ConnectError):
            httpx.get(url)


@pytest.mark.slow
def test_workers_do_not_outlive_a_killed_parent(tmp_path: Path) -> None:
    with serving(tmp_path, "--port", "0", "--workers", "2") as (process, _url, _):
        process.kill()
        assert process.stdout is not None
        gone = threading.Event()

        def await_end_of_output() -> None:
            # The pipe ends when the last process that holds it does.
            assert process.stdout is not None
            process.stdout.read()
            gone.set()

        threading.Thread(target=await_end_of_output).start()
        assert gone.wait(15)


@pytest.mark.slow
def test_workers_cannot_share_memory_nor_a_strangers_port(tmp_path: Path) -> None:
    assert "memory" in refused(tmp_path, "--port", "0", "--state", ":memory:", "--workers", "2")
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert "in use" in refused(tmp_path, "--port", port, "--workers", "2")


@pytest.mark.slow
def test_what_keeps_workers_from_starting_is_told_once(tmp_path: Path) -> None:
    garbage = tmp_path / "garbage"
    garbage.write_bytes(b"no database " * 100)
    assert "not a SQLite database" in refused(tmp_path, "--port", "0", "--workers", "3", "--state", str(garbage))


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
