"""Take out of installed dependencies what no function reads: ``python3 -m scripts.packaging.trim /function``.

What stays beside the code: ``METADATA`` (scanners such as Amazon Inspector find versions by it) and licences.
Only the standard library is used: the Dockerfiles run this too.
"""

from __future__ import annotations

import gzip
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["SDK_SERVICES", "top_level", "trim"]

SDK_SERVICES = ("dynamodb", "secretsmanager")
"""The AWS services that the runtime talks to; the SDK brings the models of more than four hundred."""

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
    "boto3/data", "boto3/examples", "urllib3/contrib/emscripten",
)  # fmt: skip
_SDK_FILES = ("_retry.json", "endpoints.json", "partitions.json", "sdk-default-configuration.json")
_MODEL_FILES = ("endpoint-rule-set-1", "service-2")
_NAME_SPACES = ("shapes", "operations", "members", "parameters")  # Whose keys are names, not words of the model.


def trim(folder: Path) -> None:
    """Trim the packages that are installed in ``folder``."""
    for pattern in (*_NEVER_IMPORTED, *_NOT_READ, *_NOT_SERVED):
        for path in sorted(folder.glob(pattern)):
            _remove(path)
    for name in _INSTALLERS_NOISE:
        for path in folder.glob(f"*.dist-info/{name}"):
            _remove(path)
    data = folder / "botocore" / "data"
    if data.is_dir():
        _trim_sdk(data)


def _trim_sdk(data: Path) -> None:
    """Keep the models in use, unpacked and without their documentation: both cost time at each cold start."""
    for path in sorted(data.iterdir()):
        if path.name not in (*_SDK_FILES, *SDK_SERVICES):
            _remove(path)
    for service in SDK_SERVICES:
        # The SDK takes the newest, and asks for no other.
        *older, newest = sorted(path for path in (data / service).iterdir() if path.is_dir())
        for path in older:
            _remove(path)
        for path in sorted(newest.iterdir()):
            _trim_model(path)
    endpoints = data / "endpoints.json"
    document = json.loads(endpoints.read_bytes())
    for partition in document["partitions"]:
        partition["services"] = {name: partition["services"].get(name, {}) for name in SDK_SERVICES}
    _write_json(endpoints, document)


def _trim_model(path: Path) -> None:
    name = path.name.removesuffix(".gz")
    if name.removesuffix(".json") in _MODEL_FILES:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        _write_json(path.with_name(name), _undocumented(json.loads(content)))
    if path.name != name or name.removesuffix(".json") not in _MODEL_FILES:
        _remove(path)


def _undocumented(value: Any, *, names: bool = False) -> Any:
    """``value`` of a service model without its texts; ``names`` where keys are names and not the model's words."""
    if isinstance(value, dict):
        return {
            key: _undocumented(inner, names=not names and key in _NAME_SPACES)
            for key, inner in value.items()
            if names or key != "documentation"
        }
    if isinstance(value, list):
        return [_undocumented(inner) for inner in value]
    return value


def _write_json(path: Path, document: Any) -> None:
    path.write_text(json.dumps(document, separators=(",", ":"), ensure_ascii=False), encoding="utf-8")


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
