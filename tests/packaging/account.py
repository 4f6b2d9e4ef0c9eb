"""An AWS account on this machine that takes images and runs them: MiniStack, with podman in place of its engine.

MiniStack has both halves of ECR, the API and the registry, and runs functions of images by an engine's API. What
needs arranging is that podman finds ECR's host here, and that functions in containers find MiniStack, which listens
to this machine only: a relay stands between them, at the address of the containers' bridge.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.containers.engine import engine, engine_environment
from tests.containers.relay import Relay
from tests.ministack import MiniStack

__all__ = ["REGISTRY", "Account", "open_account"]

REGISTRY = "000000000000.dkr.ecr.us-east-1.amazonaws.com"
"""The host of the account's images."""

_REGISTRIES_CONF = f"""\
[[registry]]
location = "{REGISTRY}"
insecure = true
"""
_START_SECONDS = 30


@dataclass(frozen=True)
class Account:
    """The account; ``environment`` leads AWS's tools, and podman, to it."""

    aws: MiniStack
    environment: dict[str, str]


@contextmanager
def open_account(image: str) -> Iterator[Account]:
    """An account with nothing in it. ``image`` is any that is here: a container of it keeps the bridge in being."""
    if os.geteuid() or engine_environment()["CDK_DOCKER"] != "podman":
        pytest.fail("the registry of MiniStack can be reached by podman only, as root: apt-get install -y podman runc")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="account-")))
        registries = folder / "registries.conf"
        registries.write_text(_REGISTRIES_CONF, encoding="utf-8")
        address = stack.enter_context(_bridge(image))
        relay = stack.enter_context(Relay(address))
        podman = engine_environment() | {
            "CONTAINERS_REGISTRIES_CONF": str(registries),
            "REGISTRY_AUTH_FILE": str(folder / "auth.json"),
            "HTTP_PROXY": relay.url,
            "HTTPS_PROXY": relay.url,
            "NO_PROXY": "127.0.0.1",
        }
        api = stack.enter_context(_engine_api(folder / "podman.sock", podman))
        settings = {"DOCKER_HOST": api, "LAMBDA_DOCKER_FLAGS": "--network bridge", "AWS_ENDPOINT_URL": relay.url}
        aws = stack.enter_context(MiniStack(settings))
        relay.lead_to(aws.port)
        stack.callback(_forget_images)
        yield Account(aws, aws.environment | podman)


@contextmanager
def _bridge(image: str) -> Iterator[str]:
    """The address of this machine on the bridge of the containers, which is there while one of them is."""
    options = ["--detach", "--network", "bridge", "--stop-signal", "KILL", "--entrypoint", "sleep"]
    container = engine("run", *options, image, "infinity")
    try:
        yield engine("inspect", "--format", "{{range .NetworkSettings.Networks}}{{.Gateway}}{{end}}", container)
    finally:
        engine("rm", "--force", container)


def _forget_images() -> None:
    """Take the account's names off the images on this machine; what has another name stays."""
    form = "{{.Repository}}:{{.Tag}} {{.Repository}}@{{.Digest}}"
    listed = engine("images", "--digests", "--format", form, "--filter", f"reference={REGISTRY}/*")
    for tagged, pulled in (line.split() for line in listed.splitlines()):
        engine("rmi", pulled if tagged.endswith(":<none>") else tagged)


@contextmanager
def _engine_api(socket: Path, environment: Mapping[str, str]) -> Iterator[str]:
    """Podman as a daemon: its address."""
    address = f"unix://{socket}"
    command = ["podman", "system", "service", "--time=0", address]
    with (socket.parent / "podman.log").open("wb") as log:
        process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + _START_SECONDS
        while not socket.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"podman does not serve:\n{(socket.parent / 'podman.log').read_text()}")
            time.sleep(0.05)
        yield address
    finally:
        process.terminate()
        process.wait()
