"""Package the functions as ZIP archives with one shared layer. No container engine is needed.

    uv run python scripts/build_zip.py                                   all functions, for arm64
    uv run python scripts/build_zip.py --services idp_api player_account_api
    uv run python scripts/build_zip.py --clean --arch x86_64             from nothing, for Intel and AMD

Below dist/zip it makes functions/NAME/ and functions/NAME.zip, layer/ and layer.zip, and manifest.json with their
digests and sizes. The same sources give the same bytes, wherever and whenever it runs. Deploy with
`uv run npx cdk deploy -c packaging=zip …`; docs/packaging.md tells more.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

if __name__ == "__main__":  # Run as a file: imports begin at the project, and not in this folder.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from scripts.packaging.archives import UNZIPPED_LIMIT, ZIPPED_LIMIT, Part, build
from scripts.packaging.dependencies import PLATFORMS
from scripts.packaging.outcome import finish
from scripts.packaging.terminal import add_json_option, choose_output, console, megabytes, show_json, summary
from scripts.packaging.workspace import ROOT, choose

__all__ = ["main"]

_TARGET = ROOT / "dist" / "zip"
_MUCH = 2**20


def main(arguments: Sequence[str] | None = None) -> int:
    """Build what the command line names; the exit code says how it went."""
    parser = argparse.ArgumentParser(
        prog="build_zip.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--services", nargs="+", metavar="NAME", help="the functions to build (default: all)")
    parser.add_argument("--clean", action="store_true", help="leave nothing of earlier builds")
    parser.add_argument(
        "--arch", choices=sorted(PLATFORMS), default="arm64", help="what Lambda runs it on (default: %(default)s)"
    )
    parser.add_argument("--output", type=Path, default=_TARGET, help="where to put it (default: dist/zip)")
    add_json_option(parser)
    chosen = parser.parse_args(arguments)
    choose_output(as_json=chosen.json)
    return finish(lambda: _build(chosen))


def _build(chosen: argparse.Namespace) -> int:
    functions = choose(chosen.services)
    target: Path = chosen.output.resolve()
    layer, parts = build(functions, target, architecture=chosen.arch, clean=chosen.clean, tell=console.print)
    _show(layer, parts, chosen.arch)
    console.print(f"In {target}")
    show_json({part.name: {"folder": str(part.folder), **part.entry} for part in (layer, *parts)})
    return 0


def _show(layer: Part, parts: Sequence[Part], architecture: str) -> None:
    rows = [
        (layer.name, megabytes(layer.zipped), _share(layer.zipped, ZIPPED_LIMIT), megabytes(layer.unzipped), "", "")
    ]
    for part in parts:
        whole = part.unzipped + layer.unzipped
        rows.append((part.name, megabytes(part.zipped), _share(part.zipped, ZIPPED_LIMIT), megabytes(part.unzipped),
                     megabytes(whole), _share(whole, UNZIPPED_LIMIT)))  # fmt: skip
    headings = ("package", "zipped", "of 50 MB", "unzipped", "with layer", "of 250 MB")
    summary(f"ZIP packages for {architecture}", headings, rows)
    most = sorted(_consumers(layer.folder / "python"), key=lambda pair: -pair[1])
    console.print("Most of the layer: " + ", ".join(f"{name} {megabytes(size)}" for name, size in most if size > _MUCH))


def _consumers(folder: Path) -> list[tuple[str, int]]:
    """What takes the space: the entries of ``folder``, with the bytes in each."""
    return [
        (entry.name, sum(path.stat().st_size for path in (entry, *entry.rglob("*")) if path.is_file()))
        for entry in folder.iterdir()
    ]


def _share(size: int, limit: int) -> str:
    return f"{size / limit:.0%}"


if __name__ == "__main__":
    sys.exit(main())
