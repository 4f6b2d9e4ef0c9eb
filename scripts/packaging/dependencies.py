"""What functions depend on: out of uv.lock, with hashes, as wheels for Lambda."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from scripts.packaging.process import run
from scripts.packaging.workspace import Function

__all__ = ["PLATFORMS", "Requirements", "install", "locked", "shared"]

PLATFORMS = {"arm64": "aarch64-manylinux_2_28", "x86_64": "x86_64-manylinux_2_28"}
"""Lambda's architectures as wheels name them. Python 3.13 runs on Amazon Linux 2023 there, whose glibc is 2.34."""

Requirements = Mapping[str, str]
"""By name: the requirement as a requirements file has it, with version, marker and hashes."""

_NAME = re.compile(r"^([A-Za-z0-9._-]+)==")


def locked(function: Function, root: Path) -> Requirements:
    """What ``function`` needs, by the lock file. Raises Failed when pyproject.toml and uv.lock disagree."""
    exported = run(
        ["uv", "export", "--quiet", "--locked", "--package", function.project, "--no-emit-workspace",
         "--no-default-groups", "--no-header", "--no-annotate"],
        step=f"{function.package}: reading uv.lock",
        cwd=root,
    )  # fmt: skip
    found: dict[str, str] = {}
    name = ""
    for line in exported.splitlines():
        if match := _NAME.match(line):
            name = match[1]
            found[name] = ""
        if name:
            found[name] += f"{line}\n"
    return found


def shared(requirements: Sequence[Requirements]) -> Requirements:
    """What more than one function needs: the layer."""
    uses = Counter(name for needed in requirements for name in needed)
    return {name: text for needed in requirements for name, text in needed.items() if uses[name] > 1}


def install(requirements: Requirements, folder: Path, *, architecture: str, step: str) -> None:
    """Unpack the wheels of ``requirements`` for Lambda's ``architecture`` into ``folder``. Nothing is compiled."""
    folder.mkdir(parents=True, exist_ok=True)
    if not requirements:
        return
    file = folder.with_name(f"{folder.name}-requirements.txt")
    file.write_text("".join(requirements[name] for name in sorted(requirements)), encoding="utf-8")
    run(
        ["uv", "pip", "install", "--quiet", "--no-config", "--python", sys.executable, "--target", folder,
         "--python-platform", PLATFORMS[architecture], "--python-version", "3.13", "--only-binary", ":all:",
         "--require-hashes", "--no-deps", "--link-mode", "copy", "--requirements", file],
        step=step,
    )  # fmt: skip
    file.unlink()
