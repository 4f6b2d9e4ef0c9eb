"""The functions as ZIP archives, and the layer that holds what they share."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.packaging.assemble import copy_code
from scripts.packaging.dependencies import Requirements, install, locked, shared
from scripts.packaging.outcome import Failed, Misuse
from scripts.packaging.process import run
from scripts.packaging.python313 import find_python
from scripts.packaging.trim import trim
from scripts.packaging.workspace import ROOT, Function, discover

__all__ = ["UNZIPPED_LIMIT", "ZIPPED_LIMIT", "Part", "build"]

ZIPPED_LIMIT = 50 * 2**20
"""Bytes of an archive that is uploaded directly (Lambda quotas: deployment package)."""

UNZIPPED_LIMIT = 250 * 2**20
"""Bytes of a function and its layers, unzipped (Lambda quotas: deployment package)."""

_FUNCTION_MOUNT = "/var/task"
_LAYER_MOUNT = "/opt"
LAYER = "layer"


@dataclass(frozen=True)
class Part:
    """One archive: a function's package or the layer. Sizes are in bytes."""

    name: str
    archive: Path
    folder: Path
    sha256: str
    zipped: int
    unzipped: int

    @property
    def entry(self) -> dict[str, Any]:
        """The part as the manifest has it."""
        return {
            "archive": self.archive.name,
            "sha256": self.sha256,
            "zipped_bytes": self.zipped,
            "unzipped_bytes": self.unzipped,
        }


def build(
    functions: Sequence[Function],
    target: Path,
    *,
    architecture: str,
    tell: Callable[[str], None],
    clean: bool = False,
    root: Path = ROOT,
) -> tuple[Part, list[Part]]:
    """Build the layer and the archives of ``functions`` below ``target``; returns them in this order.

    The layer is always that of all functions, so that it is the same whichever are chosen. Each part replaces its
    predecessor when everything is done, with ``clean`` everything that was there; until then, and when anything fails,
    ``target`` is as it was. Raises :class:`Misuse`, :class:`Failed`.
    """
    earlier = None if clean else _earlier(target, functions, architecture)
    find_python()
    tell("reading the lock file")
    needed = {function.package: locked(function, root) for function in discover(root)}
    common = shared(list(needed.values()))
    target.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        tell(f"layer: {len(common)} dependencies for {architecture}")
        layer = _layer(common, staging, architecture)
        parts = []
        for function in functions:
            own = {name: text for name, text in needed[function.package].items() if name not in common}
            tell(f"{function.package}: code" + (f", and {', '.join(sorted(own))}" if own else ""))
            parts.append(_function(function, own, staging, architecture, root))
        _check_limits(layer, parts)
        _write_manifest(staging, earlier, layer, parts, architecture)
        _replace(staging, target, clean=clean)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return _moved(layer, staging, target), [_moved(part, staging, target) for part in parts]


def _earlier(target: Path, functions: Sequence[Function], architecture: str) -> dict[str, Any] | None:
    """The manifest of the builds that this one adds to."""
    path = target / "manifest.json"
    if not path.exists():
        return None
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        built_for, others = document["architecture"], set(document["functions"]) - {each.package for each in functions}
    except (ValueError, TypeError, KeyError) as error:
        raise Failed(f"{path} is damaged: begin with --clean") from error
    if built_for != architecture and others:
        raise Misuse(
            f"{target} holds packages for {built_for}: build all services for {architecture}, or begin with --clean"
        )
    return document


def _layer(requirements: Requirements, staging: Path, architecture: str) -> Part:
    folder = staging / LAYER
    install(requirements, folder / "python", architecture=architecture, step="layer: installing dependencies")
    trim(folder / "python")
    return _finish(LAYER, folder, staging / f"{LAYER}.zip", _LAYER_MOUNT)


def _function(function: Function, own: Requirements, staging: Path, architecture: str, root: Path) -> Part:
    folder = staging / "functions" / function.package
    install(own, folder, architecture=architecture, step=f"{function.package}: installing dependencies")
    trim(folder)
    try:
        copy_code(function.package, folder, root)
    except LookupError as error:
        raise Failed(f"{function.package}: {error}") from error
    return _finish(function.package, folder, staging / "functions" / f"{function.package}.zip", _FUNCTION_MOUNT)


def _finish(name: str, folder: Path, archive: Path, mount: str) -> Part:
    run(
        [find_python(), "-m", "scripts.packaging.bytecode", folder, "--mount", mount, "--archive", archive],
        step=f"{name}: compiling and packing",
        cwd=ROOT,
        environment={"PYTHONHASHSEED": "0", "PYTHONPATH": ""},
    )
    return Part(
        name,
        archive,
        folder,
        hashlib.sha256(archive.read_bytes()).hexdigest(),
        archive.stat().st_size,
        sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()),
    )


def _check_limits(layer: Part, parts: Sequence[Part]) -> None:
    for part in (layer, *parts):
        if part.zipped > ZIPPED_LIMIT:
            raise Failed(f"{part.name}: {part.zipped} bytes zipped, and Lambda takes {ZIPPED_LIMIT}")
    for part in parts:
        if (size := part.unzipped + layer.unzipped) > UNZIPPED_LIMIT:
            raise Failed(f"{part.name}: {size} bytes unzipped with the layer, and Lambda takes {UNZIPPED_LIMIT}")


def _write_manifest(
    staging: Path, earlier: dict[str, Any] | None, layer: Part, parts: Sequence[Part], architecture: str
) -> None:
    """Describe the archives; those of earlier builds for the same architecture stay described."""
    functions: dict[str, Any] = {}
    if earlier:
        functions = earlier["functions"]
    functions |= {part.name: part.entry for part in parts}
    manifest = {"architecture": architecture, "layer": layer.entry, "functions": dict(sorted(functions.items()))}
    (staging / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def _replace(staging: Path, target: Path, *, clean: bool) -> None:
    """Move every part of ``staging`` to its place in ``target``, the manifest last; with ``clean``, all at once."""
    if clean and target.exists():
        _swap(staging, target)
        return
    parts = [*sorted((staging / "functions").iterdir()), staging / LAYER, staging / f"{LAYER}.zip"]
    for path in [*parts, staging / "manifest.json"]:
        place = target / path.relative_to(staging)
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.is_dir():
            # A folder cannot be replaced in one step; the old one leaves with the staging area.
            place.rename(path.with_name(f"{path.name}.old"))
        path.replace(place)


def _swap(staging: Path, target: Path) -> None:
    staging.chmod(target.stat().st_mode)  # Folders for a while are their owner's alone.
    old = staging.with_name(f"{staging.name}-old")
    target.rename(old)
    try:
        staging.rename(target)
    except BaseException:
        old.rename(target)
        raise
    shutil.rmtree(old)


def _moved(part: Part, staging: Path, target: Path) -> Part:
    archive, folder = (target / path.relative_to(staging) for path in (part.archive, part.folder))
    return Part(part.name, archive, folder, part.sha256, part.zipped, part.unzipped)
