"""The functions as container images: building them one after the other, and pushing what was built."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from scripts.packaging.engine import Engine, Image
from scripts.packaging.outcome import Failed, Misuse
from scripts.packaging.workspace import ROOT, Function, project_version

__all__ = ["Result", "build_all", "check_tag", "local_name", "push_all"]

_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_BASE_VARIABLE = "PSN_EMULATOR_BASE_IMAGE"


@dataclass
class Result:
    """What became of one function: its image or its failure, and its digest once it is pushed."""

    function: Function
    duration: float
    image: Image | None = None
    digest: str | None = None
    failure: Failed | None = None


def local_name(function: Function, tag: str) -> str:
    """``psn-emulator-idp-api:local``."""
    return f"psn-emulator-{function.slug}:{tag}"


def check_tag(tag: str) -> None:
    """Raises :class:`Misuse` for what no registry takes as a tag."""
    if not _TAG.fullmatch(tag):
        raise Misuse(f"{tag!r} is no tag: letters, digits, '.', '_' and '-', at most 128, such as v1.0.0")


def build_all(
    engine: Engine,
    functions: Sequence[Function],
    *,
    tag: str,
    platform: str | None,
    cache: bool,
    tell: Callable[[str], None],
) -> list[Result]:
    """Build the image of each function. One that fails does not keep the others from being built."""
    arguments = {"VERSION": project_version()}
    if base := os.environ.get(_BASE_VARIABLE):
        arguments["BASE_IMAGE"] = base
    results = []
    for number, function in enumerate(functions, 1):
        tell(f"[{number}/{len(functions)}] {function.package}: building")
        begun = time.monotonic()
        result = Result(function, 0)
        try:
            result.image = engine.build(
                local_name(function, tag),
                context=ROOT,
                dockerfile=ROOT / "runtime" / function.package / "Dockerfile",
                platform=platform,
                arguments=arguments,
                cache=cache,
            )
        except Failed as error:
            result.failure = error
        result.duration = time.monotonic() - begun
        tell(f"[{number}/{len(functions)}] {function.package}: {'failed' if result.failure else 'built'}")
        results.append(result)
    return results


def push_all(
    engine: Engine,
    results: Sequence[Result],
    repositories: Mapping[str, str],
    *,
    tag: str,
    tell: Callable[[str], None],
) -> None:
    """Push what was built, and put the digests into ``results``."""
    for result in results:
        if result.image is None:
            continue
        remote = f"{repositories[result.function.package]}:{tag}"
        tell(f"{result.function.package}: pushing to {remote}")
        begun = time.monotonic()
        try:
            result.digest = engine.push(result.image.name, remote)
        except Failed as error:
            result.failure = error
        result.duration += time.monotonic() - begun
