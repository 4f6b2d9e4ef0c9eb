"""The ZIP packages: what is in them, that the same bytes come out again, and that Python 3.13 serves from them."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from runtime.core.keys import KeySet
from runtime.store.dynamodb_table import create_table
from scripts.packaging.python313 import find_python
from scripts.packaging.trim import SDK_SERVICES, top_level
from scripts.packaging.workspace import ROOT, discover
from tests.ministack import MiniStack

pytestmark = pytest.mark.slow

FUNCTIONS = discover()
MACHINE = "arm64" if platform.machine() in ("aarch64", "arm64") else "x86_64"
SECRET = re.compile(rb"PRIVATE KEY-----\s+[A-Za-z0-9+/=]{40}|AKIA[0-9A-Z]{16}")


def build(python: Path | str, output: Path, *arguments: str, **environment: str) -> None:
    """Run the script as a user does, with an interpreter of any version (its dependencies are pure Python)."""
    done = subprocess.run(
        [str(python), ROOT / "scripts" / "build_zip.py", "--output", output, *arguments],
        env={**os.environ, "PYTHONPATH": sysconfig.get_paths()["purelib"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The packages for this machine's processor."""
    folder = tmp_path_factory.mktemp("packages") / "zip"
    build(sys.executable, folder, "--arch", MACHINE)
    yield folder
    shutil.rmtree(folder)


def digests(folder: Path) -> dict[str, str]:
    """Every file below ``folder``, those of the unpacked packages too."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_another_build_by_another_python_gives_the_same_bytes(packages: Path, tmp_path: Path) -> None:
    again = tmp_path / "elsewhere" / "zip"
    again.parent.mkdir()
    other = find_python() if sys.version_info[:2] != (3, 13) else shutil.which("python3.11") or sys.executable
    # Twice in place, in another folder, with other hashes and another umask.
    before = os.umask(0o077)
    try:
        build(other, again, "--arch", MACHINE, PYTHONHASHSEED="42")
        build(other, again, "--arch", MACHINE, "--services", "idp_api", PYTHONHASHSEED="43")
    finally:
        os.umask(before)
    assert digests(again) == digests(packages)


@pytest.mark.parametrize("architecture", ["arm64", "x86_64"])
def test_extension_modules_are_for_the_chosen_processor(architecture: str, tmp_path: Path) -> None:
    build(sys.executable, tmp_path / "zip", "--arch", architecture)
    # The field e_machine of an ELF header: 0xB7 is AArch64, 0x3E is x86-64.
    machines = {path.read_bytes()[18] for path in (tmp_path / "zip").rglob("*.so*")}
    assert machines == {{"arm64": 0xB7, "x86_64": 0x3E}[architecture]}
    for path in (tmp_path / "zip").rglob("*.so*"):
        newest = max((int(minor) for minor in re.findall(rb"GLIBC_2\.(\d+)", path.read_bytes())), default=0)
        assert newest <= 34, f"{path.name} needs a newer glibc than Amazon Linux 2023 has"


def test_an_archive_is_its_folder(packages: Path) -> None:
    functions = packages / "functions"
    for archive, folder in [
        (packages / "layer.zip", packages / "layer"),
        *((functions / f"{each.package}.zip", functions / each.package) for each in FUNCTIONS),
    ]:
        with zipfile.ZipFile(archive) as file:
            assert file.testzip() is None
            entries = file.infolist()
            assert [entry.filename for entry in entries] == sorted(digests(folder), key=lambda name: Path(name).parts)
            assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
            assert {entry.external_attr >> 16 for entry in entries} == {0o100644}
            assert all(file.read(entry) == (folder / entry.filename).read_bytes() for entry in entries)


def test_the_manifest_describes_the_archives(packages: Path) -> None:
    manifest = json.loads((packages / "manifest.json").read_text())
    assert manifest["architecture"] == MACHINE
    assert set(manifest["functions"]) == {function.package for function in FUNCTIONS}
    for package, entry in manifest["functions"].items():
        archive = packages / "functions" / f"{package}.zip"
        assert entry["sha256"] == hashlib.sha256(archive.read_bytes()).hexdigest()
        assert entry["zipped_bytes"] == archive.stat().st_size


def test_nothing_is_shipped_that_no_request_needs(packages: Path) -> None:
    for path in packages.rglob("*"):
        parts = path.relative_to(packages).parts
        assert not {"tests", "local", "Dockerfile", "README.md", "pyproject.toml", ".lock", "RECORD",
                    "INSTALLER", "direct_url.json", "pycparser", "pip", "bin"} & set(parts), path  # fmt: skip
        assert path.suffix not in {".pyi", ".c", ".h", ".pyx"}, path
    models = [path for data in packages.rglob("botocore/data") for path in data.iterdir() if path.is_dir()]
    assert {path.name for path in models} == set(SDK_SERVICES)


def test_no_secret_and_no_path_of_this_machine_is_shipped(packages: Path) -> None:
    places = [str(ROOT).encode(), str(packages).encode(), str(Path.home()).encode() + b"/"]
    for path in packages.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            # Extension modules name the folders of those who built them.
            if path.suffix != ".so" and ".so." not in path.name:
                assert not SECRET.search(content), path
                assert not [place for place in places if place in content], path


def test_licences_and_versions_of_what_is_shipped_are_there(packages: Path) -> None:
    for folder in packages.rglob("*.dist-info"):
        assert (folder / "METADATA").is_file(), folder
    for name in ("botocore", "cryptography", "pydantic"):
        (information,) = packages.rglob(f"{name}-*.dist-info")
        assert [path for path in information.rglob("*") if "LICENSE" in path.name], name


# Serves a few requests in a process that sees the packages and nothing else, and tells what it imported.
_SERVE = """
import importlib, importlib.machinery, json, sys
sys.path[:0] = sys.argv[2:4]
compiled = []
loader = importlib.machinery.SourceFileLoader
original = loader.source_to_code
def source_to_code(self, data, path, **other):
    compiled.append(str(path))
    return original(self, data, path, **other)
loader.source_to_code = source_to_code
handler = importlib.import_module(sys.argv[1]).lambda_handler
answers = [handler(event, None) for event in json.load(sys.stdin)]
json.dump({"answers": answers, "modules": sorted(sys.modules), "compiled": compiled,
           "origins": [getattr(module, "__file__", None) for module in list(sys.modules.values())]}, sys.stdout)
"""

BASE_URL = "https://api.test"
TABLE = "packaged"
SIGNING_KEYS = "signing-keys"
ROTATION = "5d2f8b8e-7c1b-4d53-9d0e-6c1f3f0f4c11"
STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
USER = {"username": "testuser", "password": "password123", "scope": "players:read"}
PLAYER = {"username": "packaged", "email": "packaged@example.com"}
JSON = {"content-type": "application/json"}

# In this order, as in a new deployment: first there are keys, then there is what they sign.
REQUESTS: dict[str, list[dict[str, Any]]] = {
    "key_rotation": [{"Step": step, "SecretId": SIGNING_KEYS, "ClientRequestToken": ROTATION} for step in STEPS],
    "idp_api": [{"httpMethod": "POST", "path": "/auth/token", "headers": JSON, "body": json.dumps(USER)}],
    "player_account_api": [
        {"httpMethod": "POST", "path": "/players", "headers": JSON, "body": json.dumps(PLAYER)},
        {"httpMethod": "GET", "path": "/players"},
    ],
    "control_api": [{"httpMethod": "GET", "path": "/_emulator/v1/health"}],
}


def check(token: str) -> dict[str, Any]:
    """What the gateway asks the authorizer about a request with ``token``."""
    context = {"http": {"method": "GET", "path": "/players"}, "domainName": "api.test"}
    headers = {"authorization": f"Bearer {token}"}
    return {"version": "2.0", "rawPath": "/players", "headers": headers, "requestContext": context}


def serve(packages: Path, package: str, events: list[dict[str, Any]], aws: MiniStack) -> dict[str, Any]:
    # -I: neither the environment's variables nor this project; -S: none of the interpreter's own packages.
    places = [packages / "functions" / package, packages / "layer" / "python"]
    settings = {
        "ENVIRONMENT": "dev",
        "PSN_EMULATOR_TABLE": TABLE,
        "PSN_EMULATOR_SIGNING_KEYS_SECRET": SIGNING_KEYS,
        "PSN_EMULATOR_BASE_URL": BASE_URL,
        "PSN_EMULATOR_METRICS": "true",
    }
    done = subprocess.run(
        [find_python(), "-I", "-S", "-B", "-c", _SERVE, f"runtime.{package}.handler", *places],
        env={**aws.environment, **settings},
        input=json.dumps(events),
        cwd=packages,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    # The function logs to the same stream, each line an object.
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


@pytest.fixture(scope="module")
def aws() -> Iterator[MiniStack]:
    """An AWS with what the stack gives to the functions: a table, and a secret in which there are no keys yet."""
    with MiniStack() as started, pytest.MonkeyPatch.context() as patch:
        for name, value in started.environment.items():
            patch.setenv(name, value)
        create_table(TABLE, endpoint_url=started.endpoint_url, region=started.region)
        boto3.client("secretsmanager").create_secret(Name=SIGNING_KEYS, SecretString="{}")
        yield started


@pytest.fixture(scope="module")
def served(packages: Path, aws: MiniStack) -> dict[str, dict[str, Any]]:
    """What each function told; the authorizer is asked about the token that the identity provider gave."""
    told = {package: serve(packages, package, events, aws) for package, events in REQUESTS.items()}
    token = json.loads(told["idp_api"]["answers"][0]["body"])["access_token"]
    return told | {"authorizer": serve(packages, "authorizer", [check(token)], aws)}


def test_the_packages_serve_with_nothing_else_installed(served: dict[str, dict[str, Any]], aws: MiniStack) -> None:
    assert served.keys() == {function.package for function in FUNCTIONS}
    for package in ("idp_api", "player_account_api", "control_api"):
        for answer in served[package]["answers"]:
            assert answer["statusCode"] < 300, (package, answer)
    (verdict,) = served["authorizer"]["answers"]
    assert verdict["context"]["scope"] == "players:read"
    rotated = boto3.client("secretsmanager", endpoint_url=aws.endpoint_url).get_secret_value(SecretId=SIGNING_KEYS)
    assert rotated["VersionId"] == ROTATION
    assert len(KeySet(json.loads(rotated["SecretString"])).published) == 2


def test_bytecode_is_used_and_nothing_is_compiled_at_run_time(served: dict[str, dict[str, Any]]) -> None:
    assert {package: told["compiled"] for package, told in served.items()} == {package: [] for package in served}


def test_every_dependency_that_is_shipped_is_imported(packages: Path, served: dict[str, dict[str, Any]]) -> None:
    imported = {package: {name.partition(".")[0] for name in told["modules"]} for package, told in served.items()}
    for package, names in imported.items():
        assert set(top_level(packages / "functions" / package)) <= names
    assert set(top_level(packages / "layer" / "python")) <= set().union(*imported.values())
