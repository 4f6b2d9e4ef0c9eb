"""Put the code of a function together: ``python3 -m scripts.packaging.assemble idp_api /function``.

The archives and the images hold the same files because both are made here. Only the standard library is used: the
Dockerfiles run this.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from scripts.packaging.closure import trace

__all__ = ["copy_code", "main"]

_ROOT = Path(__file__).resolve().parents[2]


def copy_code(package: str, folder: Path, root: Path = _ROOT) -> None:
    """Copy what the function ``package`` needs of ``runtime`` into ``folder``."""
    for file in trace(root, f"runtime.{package}.handler").files:
        target = folder / file
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / file, target)


def main(arguments: list[str] | None = None) -> int:
    """Put the code of the function into the folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", help="a folder below runtime: idp_api")
    parser.add_argument("folder", type=Path, help="where it goes")
    chosen = parser.parse_args(arguments)
    copy_code(chosen.package, chosen.folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
