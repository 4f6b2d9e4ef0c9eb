"""Build the container images of the functions, and push them to Amazon ECR.

    uv run python scripts/build.py --service idp_api --tag local
    uv run python scripts/build.py --service all --tag v1.0.0 --no-cache
    uv run python scripts/build.py --service all --tag v1.0.0 --push --ecr-repo-map '{"idp_api": "123…/NAME", …}'

An image is called psn-emulator-NAME:TAG (psn-emulator-idp-api:local). The engine is docker, or what CDK_DOCKER names
(CDK_DOCKER=podman); PSN_EMULATOR_BASE_IMAGE replaces AWS's base image. Digests of pushed images are written to
build/images.json, which `uv run npx cdk deploy -c images=build/images.json` deploys. docs/packaging.md tells more.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

if __name__ == "__main__":  # Run as a file: imports begin at the project, and not in this folder.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from scripts.packaging import manifest
from scripts.packaging.ecr import log_in, read_map
from scripts.packaging.engine import Engine
from scripts.packaging.images import Result, build_all, check_tag, push_all
from scripts.packaging.outcome import Misuse, finish
from scripts.packaging.terminal import (
    add_json_option,
    choose_output,
    console,
    megabytes,
    seconds,
    show_json,
    summary,
)
from scripts.packaging.workspace import choose

__all__ = ["main"]

_PLATFORMS = ("linux/arm64", "linux/amd64")


def main(arguments: Sequence[str] | None = None) -> int:
    """Build what the command line names; the exit code says how it went."""
    parser = argparse.ArgumentParser(
        prog="build.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--service", nargs="+", metavar="NAME", default=["all"], help="idp_api …, or all (default)")
    parser.add_argument("--tag", default="latest", help="the images' tag (default: %(default)s)")
    parser.add_argument("--no-cache", action="store_true", help="build every step anew")
    parser.add_argument("--push", action="store_true", help="push the images to the repositories of --ecr-repo-map")
    parser.add_argument("--ecr-repo-map", metavar="JSON", help="an object: the repository of each service")
    parser.add_argument(
        "--platform",
        choices=_PLATFORMS,
        help=f"what the images run on (default: {_PLATFORMS[0]} with --push, as our functions; else this machine's)",
    )
    add_json_option(parser)
    chosen = parser.parse_args(arguments)
    choose_output(as_json=chosen.json)
    return finish(lambda: _build(chosen))


def _build(chosen: argparse.Namespace) -> int:
    functions = choose(chosen.service)
    check_tag(chosen.tag)
    if chosen.ecr_repo_map is not None and not chosen.push:
        raise Misuse("--ecr-repo-map says where to push: add --push, or leave it out")
    repositories = read_map(chosen.ecr_repo_map, functions) if chosen.push else {}
    engine = Engine.find()
    log_in(engine, repositories)  # Before the work: what is missing shows now, and not when everything is built.
    results = build_all(
        engine,
        functions,
        tag=chosen.tag,
        platform=chosen.platform or (_PLATFORMS[0] if chosen.push else None),
        cache=not chosen.no_cache,
        tell=console.print,
    )
    if chosen.push:
        push_all(engine, results, repositories, tag=chosen.tag, tell=console.print)
        manifest.update({result.function.package: result.digest for result in results if result.digest})
    return _report(results)


def _report(results: Sequence[Result]) -> int:
    """The summary, then what failed; the exit code is 1 if anything did."""
    rows = []
    for result in results:
        image = result.image
        rows.append((
            result.function.package,
            _outcome(result),
            megabytes(image.size) if image else "",
            image.architecture if image else "",
            result.digest[:19] if result.digest else image.id[:19] if image else "",
            seconds(result.duration),
        ))  # fmt: skip
    summary("Images", ("service", "result", "size", "for", "digest", "time"), rows)
    if any(result.digest for result in results):
        console.print(f"Digests are in {manifest.PATH}")
    show_json({result.function.package: _entry(result) for result in results})
    failures = [result for result in results if result.failure]
    for result in failures:
        if result.failure is not None:
            print(f"error: {result.function.package}: {result.failure}\n{result.failure.output}", file=sys.stderr)
    return 1 if failures else 0


def _outcome(result: Result) -> str:
    return "failed" if result.failure else "pushed" if result.digest else "built"


def _entry(result: Result) -> dict[str, Any]:
    """One image for ``--json``: the digest is there once it is pushed."""
    entry: dict[str, Any] = {"result": _outcome(result), "seconds": round(result.duration, 1)}
    if image := result.image:
        entry |= {"image": image.name, "id": image.id, "size_bytes": image.size, "architecture": image.architecture}
    if result.digest:
        entry["digest"] = result.digest
    if result.failure:
        entry["failure"] = str(result.failure)
    return entry


if __name__ == "__main__":
    sys.exit(main())
