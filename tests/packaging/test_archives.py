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
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from scripts.packaging.python313 import find_python
from scripts.packaging.trim import SDK_SERVICES, top_level
from scripts.packaging.workspace import ROOT, Function, discover
from tests.ministack import MiniStack
from tests.packaging.contents import SECRET
from tests.packaging.serving import SERVE, Run, Served, serve_all

pytestmark = pytest.mark.slow

FUNCTIONS = discover()
MACHINE = "arm64" if platform.machine() in ("aarch64", "arm64") else "x86_64"


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
    other = find_python() if sys.version_info[:2] != (3, 13) else shutil.which("python3.11")
    assert other, "this needs a second Python, 3.11"
    # Twice in place, in another folder, with other hashes and another umask.
    before = os.umask(0o077)
    try:
        build(other, again, "--arch", MACHINE, PYTHONHASHSEED="42")
        build(other, again, "--arch", MACHINE, "--services", "idp_api", PYTHONHASHSEED="43")
    finally:
        os.umask(before)
    assert digests(again) == digests(packages)


@pytest.mark.parametrize("architecture", ["arm64", "x86_64"])
def test_extension_modules_are_for_the_chosen_processor(architecture: str, packages: Path, tmp_path: Path) -> None:
    folder = packages
    if architecture != MACHINE:
        folder = tmp_path / "zip"
        build(sys.executable, folder, "--arch", architecture)
    # The field e_machine of an ELF header: 0xB7 is AArch64, 0x3E is x86-64.
    machines = {path.read_bytes()[18] for path in folder.rglob("*.so*")}
    assert machines == {{"arm64": 0xB7, "x86_64": 0x3E}[architecture]}
    for path in folder.rglob("*.so*"):
        newest = max((int(minor) for minor in re.findall(rb"GLIBC_2\.(\d+)", path.read_bytes())), default=0)
        assert newest <= 34, f"{path.name} needs a newer glibc than Amazon Linux 2023 has"


_ON_A_SMALL_DISK = """
mount -t tmpfs -o size=4m tmpfs "$1" && mkdir "$1/zip" && touch "$1/zip/from-before" || exit 99
"$2" "$3" --clean --output "$1/zip"; code=$?
find "$1" -type f; exit $code
"""


def test_a_disk_that_fills_is_one_message_and_leaves_what_was_there(tmp_path: Path) -> None:
    # In a mount name space of its own, which is gone with the process.
    command = ["unshare", "--mount", "--map-root-user", "sh", "-c", _ON_A_SMALL_DISK, "sh", str(tmp_path)]
    script = str(ROOT / "scripts" / "build_zip.py")
    done = subprocess.run([*command, sys.executable, script], capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert done.stderr.startswith("error: layer: installing dependencies failed, because the disk is full: make room")
    assert done.stdout.splitlines()[-1] == f"{tmp_path}/zip/from-before"
    assert done.stdout.count(str(tmp_path)) == 1


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
                assert not re.search(SECRET, content), path
                assert not [place for place in places if place in content], path


def test_licences_and_versions_of_what_is_shipped_are_there(packages: Path) -> None:
    for folder in packages.rglob("*.dist-info"):
        assert (folder / "METADATA").is_file(), folder
    for name in ("botocore", "cryptography", "pydantic"):
        (information,) = packages.rglob(f"{name}-*.dist-info")
        assert [path for path in information.rglob("*") if "LICENSE" in path.name], name


def serve_from(packages: Path) -> Run:
    """Python 3.13 with the packages, and with nothing else: neither this project, nor what is installed for it."""

    def serve(function: Function, environment: Mapping[str, str], told: str) -> str:
        # -I: neither the environment's variables nor this project; -S: none of the interpreter's own packages.
        places = [packages / "functions" / function.package, packages / "layer" / "python"]
        done = subprocess.run(
            [find_python(), "-I", "-S", "-B", "-c", SERVE, function.module, *places],
            env=dict(environment),
            input=told,
            cwd=packages,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return serve


@pytest.fixture(scope="module")
def served(packages: Path, aws: MiniStack) -> dict[str, Served]:
    return serve_all(serve_from(packages), aws)


def test_the_packages_serve_with_nothing_else_installed(served: dict[str, Served]) -> None:
    assert served.keys() == {function.package for function in FUNCTIONS}


def test_bytecode_is_used_and_nothing_is_compiled_at_run_time(served: dict[str, Served]) -> None:
    assert {package: told.compiled for package, told in served.items()} == {package: [] for package in served}


def test_every_dependency_that_is_shipped_is_imported(packages: Path, served: dict[str, Served]) -> None:
    for package, told in served.items():
        assert set(top_level(packages / "functions" / package)) <= told.imported, package
    assert set(top_level(packages / "layer" / "python")) <= {name for told in served.values() for name in told.imported}
