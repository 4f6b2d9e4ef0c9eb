"""scripts/build_zip.py: what it refuses, and that a failure leaves what was there. The archives themselves are slow."""

from __future__ import annotations

import errno
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scripts import build_zip
from scripts.packaging import archives
from scripts.packaging.dependencies import shared
from tests.unit.scripts.conftest import Fakes

Run = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--services", "shop"], "there is no service shop; there are authorizer"),
        (["--arch", "sparc"], "invalid choice: 'sparc'"),
        (["--services"], "expected at least one argument"),
    ],
)
def test_misuse_is_one_clear_message(arguments: list[str], message: str, run: Run, tmp_path: Path) -> None:
    code, _, err = run(build_zip.main, *arguments, "--output", str(tmp_path / "zip"))
    assert code == 2
    assert message in err
    assert list(tmp_path.iterdir()) == []


def test_packages_for_two_processors_are_not_mixed(run: Run, tmp_path: Path) -> None:
    manifest = {"architecture": "arm64", "functions": {"idp_api": {}, "authorizer": {}}}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    code, _, err = run(build_zip.main, "--services", "idp_api", "--arch", "x86_64", "--output", str(tmp_path))
    assert code == 2
    assert "holds packages for arm64: build all services for x86_64, or begin with --clean" in err


@pytest.mark.parametrize("text", ["{", "{}", "[]", '{"architecture": "arm64", "functions": 1}'])
def test_a_damaged_manifest_is_named_with_what_to_do(text: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(text)
    code, _, err = run(build_zip.main, "--output", str(tmp_path))
    assert code == 1
    assert err.strip() == f"error: {tmp_path / 'manifest.json'} is damaged: begin with --clean"


def test_what_was_there_comes_back_when_its_successor_cannot_take_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    staging, target = tmp_path / ".zip-new", tmp_path / "zip"
    for folder in (staging, target):
        folder.mkdir()
        (folder / "manifest.json").write_text(folder.name)
    rename = Path.rename

    def fail_once(path: Path, to: Path) -> Path:
        if path == staging:
            raise KeyboardInterrupt
        return rename(path, to)

    monkeypatch.setattr(Path, "rename", fail_once)
    with pytest.raises(KeyboardInterrupt):
        archives._replace(staging, target, clean=True)
    assert (target / "manifest.json").read_text() == "zip"


FAILURES: dict[str, tuple[Exception | dict[str, tuple[int, str]], str]] = {
    "the disk fills": (OSError(errno.ENOSPC, "No space left on device", "layer.zip"), "the disk is full: layer.zip"),
    "the lock file is out of date": (
        {"export": (1, "error: The lockfile at `uv.lock` needs to be updated")},
        "reading uv.lock failed (uv export --quiet, exit code 1)\nerror: The lockfile at `uv.lock` needs",
    ),
}


@pytest.mark.parametrize(("failure", "message"), FAILURES.values(), ids=FAILURES)
@pytest.mark.parametrize("clean", [False, True])
def test_a_failure_leaves_what_was_there(
    failure: Exception | dict[str, tuple[int, str]],
    message: str,
    clean: bool,  # noqa: FBT001 - a parameter of the test
    run: Run,
    fakes: Fakes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fakes.add("uv")
    if isinstance(failure, dict):
        fakes.behave(failure)
    else:

        def fail(*_: Any) -> None:
            raise failure

        monkeypatch.setattr(archives, "_layer", fail)
    monkeypatch.setattr(archives, "find_python", lambda: Path("python3.13"))
    target = tmp_path / "zip"
    target.mkdir()
    (target / "layer.zip").write_text("before")
    code, _, err = run(build_zip.main, "--output", str(target), *(["--clean"] if clean else []))
    assert code == 1
    assert message in err
    assert err.count("error:") == (2 if isinstance(failure, dict) else 1)  # uv's own line is shown as well
    assert [path.name for path in target.iterdir()] == ["layer.zip"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bin", "zip"]
    shutil.rmtree(target)


def test_the_layer_is_what_more_than_one_function_needs() -> None:
    needs = [{"a": "a==1", "b": "b==1"}, {"a": "a==1", "c": "c==1"}, {"c": "c==1"}]
    assert shared(needs) == {"a": "a==1", "c": "c==1"}
