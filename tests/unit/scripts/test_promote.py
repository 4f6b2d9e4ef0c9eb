"""Promotion: the same digests elsewhere, or nothing."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from emulator_stack.functions import FUNCTIONS
from scripts import promote

DIGESTS = {function.package: f"sha256:{number:064x}" for number, function in enumerate(FUNCTIONS, 1)}


class Skopeo:
    """Registries as a dictionary, behind the two commands that are used."""

    def __init__(self, tags: dict[str, str] | None = None, *, broken: str = "", alters: bool = False) -> None:
        self.tags = tags or {}
        self.copies: list[tuple[str, str]] = []
        self._broken = broken
        self._alters = alters

    def __call__(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        if self._broken:
            return subprocess.CompletedProcess(command, 1, "", f"some line\n{self._broken}\n")
        name = command[-1].removeprefix("docker://")
        if command[1] == "inspect":
            if name in self.tags:
                return subprocess.CompletedProcess(command, 0, self.tags[name] + "\n", "")
            return subprocess.CompletedProcess(command, 1, "", "reading manifest: manifest unknown")
        assert "--preserve-digests" in command
        source = command[-2].removeprefix("docker://")
        self.copies.append((source, name))
        self.tags[name] = "sha256:" + "f" * 64 if self._alters else source.partition("@")[2]
        return subprocess.CompletedProcess(command, 0, "", "")


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    path = tmp_path / "images.json"
    path.write_text(json.dumps(DIGESTS), encoding="utf-8")
    return ["--tag", "v1", "--images", str(path), "--source", "a.example/psn-emulator-dev",
            "--target", "b.example/psn-emulator-qa"]  # fmt: skip


def test_every_image_is_copied_by_its_digest(arguments: list[str]) -> None:
    skopeo = Skopeo()
    assert promote.main(arguments, run=skopeo) == 0
    assert skopeo.copies == [
        (f"a.example/psn-emulator-dev-{function.slug}@{DIGESTS[function.package]}",
         f"b.example/psn-emulator-qa-{function.slug}:v1")
        for function in FUNCTIONS
    ]  # fmt: skip


def test_a_second_run_copies_nothing(arguments: list[str]) -> None:
    skopeo = Skopeo()
    promote.main(arguments, run=skopeo)
    skopeo.copies.clear()
    assert promote.main(arguments, run=skopeo) == 0
    assert not skopeo.copies


def test_a_tag_of_something_else_is_not_moved(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    skopeo = Skopeo({"b.example/psn-emulator-qa-idp-api:v1": "sha256:" + "0" * 64})
    assert promote.main(arguments, run=skopeo) == 1
    assert not skopeo.copies
    assert "a tag is for ever" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("skopeo", "why"),
    [
        (Skopeo(broken="unauthorized: authentication required"), "unauthorized: authentication required"),
        (Skopeo(alters=True), "became sha256:ffff"),
    ],
)
def test_what_goes_wrong_is_one_line(
    skopeo: Skopeo, why: str, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert promote.main(arguments, run=skopeo) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert why in line


def test_a_manifest_that_is_none_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    Path(arguments[3]).write_text("{}", encoding="utf-8")
    assert promote.main(arguments, run=Skopeo()) == 1
    assert "has no digest for" in capsys.readouterr().err


def test_skopeo_has_to_be_installed(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    def missing(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        raise FileNotFoundError(command[0])

    assert promote.main(arguments, run=missing) == 1
    assert "skopeo is not installed" in capsys.readouterr().err
