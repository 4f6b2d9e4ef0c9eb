"""Take out of installed dependencies what no function reads: ``python3 -m scripts.packaging.trim /function``.

What stays beside the code: ``METADATA`` (scanners such as Amazon Inspector find versions by it) and licences.
Only the standard library is used: the Dockerfiles run this too.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

__all__ = ["SDK_SERVICES", "top_level", "trim"]

SDK_SERVICES = ("secretsmanager",)
"""The AWS services that are asked for through the SDK, which brings the models of more than four hundred."""

_NEVER_IMPORTED = {
    "cffi": "extension modules made with it need its backend `_cffi_backend` only",
    "pycparser": "reads C declarations when extension modules are built",
    "pycparser-*.dist-info": "as it is not there, no scanner need report it",
    "bin": "console scripts",
    ".lock": "the installer's",
}
_INSTALLERS_NOISE = ("INSTALLER", "RECORD", "REQUESTED", "WHEEL", "direct_url.json", "entry_points.txt",
                     "top_level.txt", "sboms")  # fmt: skip
_NOT_READ = ("**/__pycache__", "**/tests", "**/*.pyi", "**/py.typed", "**/*.pyx", "**/*.pxd", "**/*.[ch]")
_NOT_SERVED = (
    "aws_lambda_powertools/event_handler/openapi/swagger_ui/*.min.*",  # documents are made at build time
    "urllib3/contrib/emscripten",
)  # fmt: skip


def trim(folder: Path) -> None:
    """Trim the packages that are installed in ``folder``."""
    for pattern in (*_NEVER_IMPORTED, *_NOT_READ, *_NOT_SERVED):
        for path in sorted(folder.glob(pattern)):
            _remove(path)
    for name in _INSTALLERS_NOISE:
        for path in folder.glob(f"*.dist-info/{name}"):
            _remove(path)
    for path in folder.glob("botocore/data/*/"):
        if path.name not in SDK_SERVICES:
            _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def top_level(folder: Path) -> Iterator[str]:
    """The importable names in ``folder``."""
    for path in sorted(folder.iterdir()):
        if path.name.endswith(".dist-info") or path.name == "__pycache__":
            continue
        yield path.name.partition(".")[0]


if __name__ == "__main__":
    trim(Path(sys.argv[1]))
