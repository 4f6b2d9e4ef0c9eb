"""The ZIP packaging: each function's folder holds what it runs, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from emulator_stack.functions import FUNCTIONS
from scripts import build_zip

THIS_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.mark.parametrize("package", build_zip.PACKAGES)
def test_a_function_gets_the_shared_code_and_its_own(package: str, tmp_path: Path) -> None:
    build_zip._build_function(package, tmp_path / "out")
    folders = {path.name for path in (tmp_path / "out" / "runtime").iterdir() if path.is_dir()}
    assert {"core", "store", "emulation", "adapters", package} <= folders
    assert not folders & ({function.package for function in FUNCTIONS} - {package} | {"local", "__pycache__"})
    assert not list((tmp_path / "out").rglob("Dockerfile"))


def test_bytecode_does_not_depend_on_time_stamps_that_zipping_changes(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text("ANSWER = 42\n", encoding="utf-8")
    build_zip._compile(tmp_path, THIS_PYTHON)
    (compiled,) = tmp_path.rglob("*.pyc")
    flags = int.from_bytes(compiled.read_bytes()[4:8], "little")
    assert flags == 0b01  # PEP 552: hash-based, and not checked against the source.


def test_a_command_that_fails_is_told_and_ends_the_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*command: object) -> None:
        raise subprocess.CalledProcessError(1, [str(part) for part in command], stderr="no such Python")

    monkeypatch.setattr(build_zip, "_run", fail)
    assert build_zip.main(["--services", "authorizer", "--output", str(tmp_path)]) == 1
    assert "no such Python" in capsys.readouterr().err


def test_an_unknown_service_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        build_zip.main(["--services", "shop_api"])
    assert ended.value.code == 2
    assert "idp_api" in capsys.readouterr().err


@pytest.mark.slow
def test_what_was_built_runs(tmp_path: Path) -> None:
    arguments = ["--python", THIS_PYTHON, "--architecture", "x86_64", "--output", str(tmp_path), "--clean"]
    assert build_zip.main(arguments) == 0
    # As Lambda has it: the archive and the layer on the path, and nothing of this environment.
    paths = [tmp_path / "functions" / "idp_api", tmp_path / "layer" / "python"]
    program = "\n".join(
        [
            "import sys",
            f"sys.path[:0] = {[str(path) for path in paths]}",
            "from runtime.idp_api.handler import lambda_handler",
            "import runtime, pydantic",
            "print(runtime.__file__, pydantic.__file__)",
        ]
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert [word.startswith(str(tmp_path)) for word in done.stdout.split()] == [True, True]
