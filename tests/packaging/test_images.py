"""The images, really built: what is in them, that the specification's call answers, and the black-box suite."""

from __future__ import annotations

import http.client
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from platform import machine
from typing import Self

import pytest

from runtime.catalogue import SERVICES
from runtime.local.gateway import Gateway
from runtime.local.server import run as serve
from runtime.store.dynamodb_table import create_table
from scripts.packaging.workspace import ROOT, Function, discover
from tests.containers.base_image import base_image
from tests.containers.engine import engine, engine_environment
from tests.containers.function import INVOCATIONS, ContainerFunction, await_port, free_port
from tests.ministack import MiniStack
from tests.packaging.contents import SECRET
from tests.packaging.serving import SERVE, Served, serve_all

pytestmark = pytest.mark.slow

FUNCTIONS = discover()
TAG = "test"
TABLE = "containers"

# What the specification's README sends with curl.
EVENT = {"httpMethod": "POST", "path": "/auth/token", "body": '{"username":"testuser","password":"password123"}'}


def build(*arguments: str) -> None:
    """Run scripts/build.py."""
    environment = {**os.environ, **engine_environment(), "PSN_EMULATOR_BASE_IMAGE": base_image()}
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "build.py", "--tag", TAG, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def images() -> dict[str, str]:
    """The name of each function's image, built by the script."""
    build("--service", "all")
    return {function.package: f"psn-emulator-{function.slug}:{TAG}" for function in FUNCTIONS}


def files(image: str) -> set[str]:
    """What of ``image`` is not of its base, relative to the function's folder."""
    listed = engine("run", "--rm", "--network", "host", "--entrypoint", "find", image, "/var/task", "-type", "f")
    return {line.removeprefix("/var/task/") for line in listed.splitlines()}


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.package)
def test_an_image_holds_its_function_and_nothing_else(function: Function, images: dict[str, str]) -> None:
    inside = files(images[function.package])
    assert f"runtime/{function.package}/handler.py" in inside
    assert f"runtime/{function.package}/__pycache__/handler.cpython-313.pyc" in inside
    others = {other.package for other in FUNCTIONS} - {function.package}
    for name in inside:
        parts = set(Path(name).parts)
        assert not parts & {"tests", "scripts", "local", "Dockerfile", "README.md", "pyproject.toml", "uv.lock", "uv",
                            "pip", "pycparser", "boto3", ".git", ".env"}, name  # fmt: skip
        assert not (name.startswith("runtime/") and parts & others), name
    if function.package != "idp_api":
        assert not [name for name in inside if name.startswith("argon2")]


def test_the_cdk_builds_the_same_image_for_a_personal_stack(images: dict[str, str]) -> None:
    """It names the Dockerfile and the platform, and passes nothing that scripts/build.py does."""
    built = "psn-emulator-authorizer:cdk"
    platform = "linux/arm64" if machine() in ("aarch64", "arm64") else "linux/amd64"
    dockerfile = str(ROOT / "runtime" / "authorizer" / "Dockerfile")
    base = f"BASE_IMAGE={base_image()}"
    engine("build", "--tag", built, "--file", dockerfile, "--platform", platform, "--build-arg", base, str(ROOT))
    try:
        assert files(built) == files(images["authorizer"])
    finally:
        engine("rmi", built)


def test_the_authorizers_image_has_no_framework(images: dict[str, str]) -> None:
    assert not {name.partition("/")[0] for name in files(images["authorizer"])} & {"pydantic", "aws_lambda_powertools"}


def serve_in_image(function: Function, environment: Mapping[str, str], told: str) -> str:
    """The image's own Python, with what is in the image."""
    variables = [part for name, value in environment.items() for part in ("--env", f"{name}={value}")]
    image = f"psn-emulator-{function.slug}:{TAG}"
    options = ["--rm", "--interactive", "--network", "host", *variables, "--entrypoint", "python3"]
    return engine("run", *options, image, "-c", SERVE, function.module, stdin=told)


@pytest.fixture(scope="module")
def served(images: dict[str, str], aws: MiniStack) -> dict[str, Served]:
    assert images
    return serve_all(serve_in_image, aws)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.package)
def test_an_image_holds_no_dependency_that_its_function_does_not_import(
    function: Function, images: dict[str, str], served: dict[str, Served]
) -> None:
    inside = {name.partition("/")[0] for name in files(images[function.package])}
    shipped = {name.partition(".")[0] for name in inside if not name.endswith(".dist-info")} - {"__pycache__"}
    assert shipped <= served[function.package].imported


def test_an_image_compiles_nothing_at_run_time(served: dict[str, Served]) -> None:
    places = [path for told in served.values() for path in told.compiled if path.startswith("/var/task")]
    assert places == []


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.package)
def test_an_image_has_no_tools_to_build_with(function: Function, images: dict[str, str]) -> None:
    for tool in ("gcc", "cc", "make", "uv"):
        with pytest.raises(RuntimeError, match=r"executable file .*not found|no such file or directory"):
            engine("run", "--rm", "--network", "host", "--entrypoint", tool, images[function.package], "--version")


_FIND = """
import pathlib, re, sys
for path in pathlib.Path("/var/task").rglob("*"):
    if path.is_file() and ".so" not in path.suffixes and re.search(sys.argv[1].encode(), path.read_bytes()):
        print(path)
"""


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.package)
def test_an_image_holds_no_secret(function: Function, images: dict[str, str]) -> None:
    options = ["--rm", "--network", "host", "--entrypoint", "python3"]
    assert engine("run", *options, images[function.package], "-c", _FIND, SECRET.decode()) == ""


def test_an_image_tells_what_it_is_and_runs_as_nobody(images: dict[str, str]) -> None:
    described = json.loads(engine("image", "inspect", images["idp_api"]))[0]["Config"]
    labels = described["Labels"]
    assert labels["org.opencontainers.image.title"] == "psn-emulator-idp-api"
    assert re.fullmatch(r"\d+\.\d+\.\d+", labels["org.opencontainers.image.version"])
    assert described["User"] == "65534:65534"
    assert described["Cmd"] == ["runtime.idp_api.handler.lambda_handler"]
    assert not [variable for variable in described["Env"] if "PASSWORD" in variable or "SECRET" in variable]


def layers(image: str) -> str:
    """The digests of what is in ``image``. Some engines write names of their own making into its history."""
    return engine("image", "inspect", "--format", "{{json .RootFS.Layers}}", image)


def test_what_enters_no_image_does_not_change_it(images: dict[str, str]) -> None:
    """Neither the time of the build, nor a file that .dockerignore keeps out."""
    before = layers(images["authorizer"])
    note = ROOT / "runtime" / "local" / "note-of-a-test.txt"
    note.write_text("not for the image", encoding="utf-8")
    try:
        build("--service", "authorizer", "--no-cache")
    finally:
        note.unlink()
    assert layers(images["authorizer"]) == before


def test_the_specifications_example_answers(images: dict[str, str]) -> None:
    """``docker run -p 9000:8080 …``, then ``curl …/2015-03-31/functions/function/invocations``."""
    port = free_port()
    container = engine(
        "run", "--detach", "--network", "bridge", "--publish", f"127.0.0.1:{port}:8080", images["idp_api"]
    )
    try:
        await_port(port)
        time.sleep(0.5)  # The port is the engine's at first, and the emulator's a moment later.
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("POST", INVOCATIONS, json.dumps(EVENT))
        answer = json.loads(connection.getresponse().read())
        connection.close()
    finally:
        engine("rm", "--force", container)
    assert answer["statusCode"] == 200
    assert json.loads(answer["body"])["token_type"] == "Bearer"


@pytest.fixture(scope="module")
def container_set(images: dict[str, str], aws: MiniStack) -> Iterator[str]:
    """All services in containers, on one table, behind the local gateway: its URL."""
    with ExitStack() as stack:
        create_table(TABLE, endpoint_url=aws.endpoint_url, region=aws.region)
        environment = {**aws.environment, "PSN_EMULATOR_TABLE": TABLE, "ENVIRONMENT": "dev"}
        handlers = {
            service.name: stack.enter_context(ContainerFunction(images[service.package], environment))
            for service in SERVICES
        }
        for handler in handlers.values():
            handler({"httpMethod": "GET", "path": "/"})  # So that no test pays for the start.
        yield stack.enter_context(_Gateway(handlers)).url


class _Gateway:
    """The local gateway in a thread, in front of the containers, inside ``with``."""

    def __init__(self, handlers: dict[str, ContainerFunction]) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        read, self._lifeline = os.pipe()
        ready = threading.Event()
        self._thread = threading.Thread(
            target=serve, args=(Gateway(handlers), self._listener), kwargs={"on_ready": ready.set, "lifeline": read}
        )
        self._thread.start()
        assert ready.wait(30)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._lifeline)
        self._thread.join()
        self._listener.close()


def test_the_black_box_suite_passes_against_the_container_set(container_set: str) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "tests/contract",
            f"--base-url={container_set}",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:]
    assert " skipped" not in done.stdout
