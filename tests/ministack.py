"""MiniStack: an AWS that runs on this machine, for tests over the wire.

It pins its own botocore, so it lives in a virtual environment of its own, which the first use makes below ``build/``
(with uv, from PyPI) and later uses share::

    with MiniStack() as aws:
        aws.client("dynamodb").list_tables()
        subprocess.run([...], env=os.environ | aws.environment)
"""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import boto3

__all__ = ["MiniStack"]

_REQUIREMENTS = ("ministack[full]==1.5.33", "boto3")  # Handlers that it runs find boto3, as in Lambda.
_ENVIRONMENTS = Path(__file__).parent.parent / "build" / "ministack"
_HOST = "127.0.0.1"
_START_SECONDS = 60.0
_STOP_SECONDS = 10.0
_POLL_SECONDS = 0.05


class MiniStack:
    """One MiniStack, with nothing in it at first. It runs, and listens to this machine only, inside ``with``.

    ``settings`` are further environment variables of the process itself. ``python`` is the interpreter that runs it and
    its handlers, so packages have to be built for that one.
    """

    region = "us-east-1"

    def __init__(self, settings: Mapping[str, str] | None = None, *, python: Path = Path(sys.executable)) -> None:
        self._settings = dict(settings or {})
        self._python = python
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: Path | None = None
        self.port = 0

    @property
    def endpoint_url(self) -> str:
        """Where all of its services answer."""
        return f"http://{_HOST}:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """Environment variables that point the AWS CLI, the SDKs and the CDK at it."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def client(self, service: str) -> Any:
        """boto3's client of ``service``."""
        return boto3.client(
            service,
            endpoint_url=self.endpoint_url,
            region_name=self.region,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    @property
    def log(self) -> str:
        """What it has printed so far."""
        return self._log_path.read_text(errors="replace")

    def __enter__(self) -> Self:
        python = _python_with_ministack(self._python)
        self._folder = Path(tempfile.mkdtemp(prefix="ministack-"))
        self.port = _free_port()
        try:
            with self._log_path.open("wb") as log:
                self._process = subprocess.Popen(
                    [python, "-m", "ministack"],
                    cwd=self._folder,
                    env=self._own_environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,  # A process group, so that its children end with it.
                )
            self._await_health(self._process)
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop()

    @property
    def _log_path(self) -> Path:
        if self._folder is None:
            raise RuntimeError("MiniStack runs inside a with statement only")
        return self._folder / "ministack.log"

    def _own_environment(self) -> dict[str, str]:
        # What points SDKs or Python somewhere else must not reach it, nor the handlers that it runs.
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHON", "VIRTUAL_ENV"))
        }
        return (
            inherited
            | {
                "BIND_HOST": _HOST,
                "GATEWAY_PORT": str(self.port),
                "TMPDIR": str(self._folder),
                # Listeners on fixed ports, which two instances would fight over.
                "IOT_MTLS_ENABLED": "0",
                "SFTP_ENABLED": "0",
                "MINISTACK_REGION": self.region,
            }
            | self._settings
        )

    def _await_health(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not _healthy(self.port):
            if process.poll() is not None:
                raise RuntimeError(f"MiniStack ended with status {process.returncode}:\n{self.log}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"MiniStack did not become healthy in {_START_SECONDS:.0f} s:\n{self.log}")
            time.sleep(_POLL_SECONDS)

    def _stop(self) -> None:
        if self._process is not None:
            _end_group(self._process)
            self._process = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None


def _healthy(port: int) -> bool:
    connection = http.client.HTTPConnection(_HOST, port, timeout=2)
    try:
        connection.request("GET", "/_ministack/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """End the process and, whether it cleans up or not, the children it started."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # None were left.


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        port: int = probe.getsockname()[1]
    return port


def _python_with_ministack(python: Path) -> Path:
    """The interpreter of MiniStack's environment for ``python``, which is made when it is missing."""
    version = _REQUIREMENTS[0].rpartition("==")[2]
    tag = _output(str(python), "-c", "import sys; print(sys.implementation.cache_tag)")
    home = _ENVIRONMENTS / f"{version}-{tag}"
    if not home.exists():
        _ENVIRONMENTS.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(dir=_ENVIRONMENTS, prefix="building-"))
        try:
            _uv("venv", "--quiet", "--allow-existing", "--python", str(python), str(building))
            _uv("pip", "install", "--quiet", "--python", str(building / "bin" / "python"), *_REQUIREMENTS)
            # Moved when it is complete: several test processes may do this at once, and the first one wins.
            building.rename(home)
        except OSError:
            if not home.exists():
                raise
        finally:
            shutil.rmtree(building, ignore_errors=True)
    return home / "bin" / "python"


def _uv(*arguments: str) -> None:
    uv = os.environ.get("UV") or shutil.which("uv")
    if not uv:
        raise RuntimeError("uv is needed to install MiniStack: pip install uv")
    _output(uv, *arguments)


def _output(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr}")
    return done.stdout.strip()
