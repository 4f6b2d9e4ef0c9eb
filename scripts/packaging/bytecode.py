"""Finish a folder for Lambda, with the Python that Lambda runs: ``python3.13 -m scripts.packaging.bytecode``.

Compiles every module, makes times and modes equal everywhere, and packs the folder into an archive if asked to. The
result depends on the folder's content only: not on the machine, the day, the path or the order of files on disk.
Only the standard library is used: the Dockerfiles run this too.
"""

from __future__ import annotations

import argparse
import compileall
import os
import py_compile
import shutil
import sys
import zipfile
from pathlib import Path

__all__ = ["RUNTIME_VERSION", "main"]

RUNTIME_VERSION = (3, 13)
"""Python's version in Lambda. Bytecode of another one is ignored there, and a cold start takes four times as long."""

_MOMENT = (1980, 1, 1, 0, 0, 0)  # The earliest that an archive can name.
_MOMENT_SECONDS = 315_532_800
_FILE_MODE = 0o644
_FOLDER_MODE = 0o755


def main(arguments: list[str] | None = None) -> int:
    """Finish the folder; the exit code is 1 when a module cannot be compiled."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="what becomes the function's code, or a layer")
    parser.add_argument("--mount", required=True, help="where Lambda puts it: tracebacks name this path")
    parser.add_argument("--archive", type=Path, help="the ZIP file to write")
    chosen = parser.parse_args(arguments)
    if sys.version_info[:2] != RUNTIME_VERSION:
        parser.error(f"bytecode for Lambda is made by Python 3.13, not by {sys.version.split()[0]}")
    if os.environ.get("PYTHONHASHSEED") != "0":
        parser.error("set PYTHONHASHSEED=0: the order of constants in bytecode depends on it")
    if not compile_folder(chosen.folder, chosen.mount):
        return 1
    normalise(chosen.folder)
    if chosen.archive:
        pack(chosen.folder, chosen.archive)
    return 0


def compile_folder(folder: Path, mount: str) -> bool:
    """Compile every module below ``folder``; a source's time does not matter to what is written."""
    for stale in sorted(folder.rglob("__pycache__")):
        shutil.rmtree(stale)
    return bool(
        compileall.compile_dir(
            str(folder),
            quiet=1,
            workers=1,
            stripdir=str(folder),
            prependdir=mount,
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )
    )


def normalise(folder: Path) -> None:
    """Give everything in ``folder`` the same times and modes, whatever the umask and the wheels had."""
    for path in [*folder.rglob("*"), folder]:
        path.chmod(_FOLDER_MODE if path.is_dir() else _FILE_MODE)
        os.utime(path, (_MOMENT_SECONDS, _MOMENT_SECONDS))


def pack(folder: Path, archive: Path) -> None:
    """Write ``folder`` into ``archive``, entries in order of their names."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _MOMENT)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, on every system: only then do modes count.
            entry.external_attr = (0o100000 | _FILE_MODE) << 16
            file.writestr(entry, path.read_bytes(), compresslevel=9)


if __name__ == "__main__":
    sys.exit(main())
