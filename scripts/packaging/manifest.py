"""``build/images.json``: the digest of each pushed image, by package. The CDK application deploys by it."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from scripts.packaging.outcome import Failed
from scripts.packaging.workspace import ROOT

__all__ = ["PATH", "read", "update", "write_whole"]

PATH = ROOT / "build" / "images.json"


def read(path: Path = PATH) -> dict[str, str]:
    """The digests so far; none when nothing was pushed yet. Raises :class:`Failed` when the file is damaged."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise Failed(f"{path} is damaged ({error}): remove it, and push again") from error
    return {str(package): str(digest) for package, digest in document.items()}


def update(digests: Mapping[str, str], path: Path = PATH) -> None:
    """Add ``digests``, and keep those of other packages. The file is whole at every moment."""
    write_whole(path, json.dumps(dict(sorted({**read(path), **digests}.items())), indent=2) + "\n")


def write_whole(path: Path, text: str) -> None:
    """Write ``text`` so that nobody ever sees a part of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
