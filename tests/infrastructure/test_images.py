"""The manifest of image digests: what is taken, and what is said of anything else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from emulator_stack.functions import FUNCTIONS
from emulator_stack.images import project_version, read_digests
from runtime.version import VERSION

GOOD = {function.package: f"sha256:{number:064x}" for number, function in enumerate(FUNCTIONS, 1)}


def test_a_whole_manifest_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "images.json"
    path.write_text(json.dumps(GOOD), encoding="utf-8")
    assert read_digests(path) == GOOD


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (GOOD | {"idp_api": "latest"}, "'latest' for idp_api: a digest is sha256:"),
        (GOOD | {"idp_api": "sha256:" + "0" * 63}, "64 hexadecimal digits"),
        (GOOD | {"idp_api": "sha256:" + "G" * 64}, "64 hexadecimal digits"),
        (GOOD | {"idp_api": None}, "None for idp_api"),
        ({key: value for key, value in GOOD.items() if key != "authorizer"}, "no digest for authorizer"),
        (GOOD | {"shop_api": GOOD["idp_api"]}, "shop_api, which is no package of ours"),
        ([GOOD], "must be an object"),
    ],
)
def test_a_wrong_manifest_is_one_clear_line(tmp_path: Path, document: Any, why: str) -> None:
    path = tmp_path / "images.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(ValueError, match=r"images\.json") as caught:
        read_digests(path)
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("content", "why"), [(b"{", "not JSON"), (b"\xff\xfe", "cannot be read")])
def test_a_file_that_is_no_manifest(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "images.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=why):
        read_digests(path)


def test_a_folder_is_no_manifest(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        read_digests(tmp_path)


def test_without_a_manifest_the_projects_version_names_the_images() -> None:
    assert project_version() == VERSION
