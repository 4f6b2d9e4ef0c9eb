"""The images that a deployment runs: by digest from a manifest, or by the project's version.

The manifest is what ``scripts/build.py --push`` writes, one digest for each function's package::

    {"idp_api": "sha256:9f86d0…", "player_account_api": "sha256:60303a…", …}

A digest names one image for ever, so the manifest that was tested in one environment is promoted to the next.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from emulator_stack.functions import FUNCTIONS

__all__ = ["ImageDigests", "project_version", "read_digests"]

ImageDigests = Mapping[str, str]
"""Digest by package."""

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_PROJECT = Path(__file__).parent.parent / "pyproject.toml"


def read_digests(path: Path) -> ImageDigests:
    """The manifest at ``path``. Raises :class:`ValueError` with one line that says what is wrong with it."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ValueError(f"there is no file {path}; scripts/build.py --push writes one") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} cannot be read: {error}") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise ValueError(f"{path} must be an object with a digest for each package")  # noqa: TRY004 - of the file
    packages = {function.package for function in FUNCTIONS}
    if missing := packages - document.keys():
        raise ValueError(f"{path} has no digest for {', '.join(sorted(missing))}")
    if unknown := document.keys() - packages:
        raise ValueError(f"{path} names {', '.join(sorted(unknown))}, which is no package of ours")
    for package, digest in document.items():
        if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
            raise ValueError(
                f"{path} has {digest!r} for {package}: a digest is sha256: followed by 64 hexadecimal digits"
            )
    return document


def project_version() -> str:
    """The project's version, which tags its images where no digests are given."""
    with _PROJECT.open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])
