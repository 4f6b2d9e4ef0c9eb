"""The functions of this project, found where uv finds them: the members of the workspace below ``runtime``."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.packaging.outcome import Misuse

__all__ = ["ROOT", "Function", "choose", "discover", "project_version"]

ROOT = Path(__file__).resolve().parents[2]

_EVERYTHING = "all"


@dataclass(frozen=True)
class Function:
    """One Lambda function: ``package`` below ``runtime``, ``project`` in uv.lock, ``slug`` in names of resources."""

    package: str
    project: str
    version: str

    @property
    def slug(self) -> str:
        """``idp-api``."""
        return self.package.replace("_", "-")

    @property
    def module(self) -> str:
        """The module of the entry point."""
        return f"runtime.{self.package}.handler"

    @property
    def handler(self) -> str:
        """The entry point, as Lambda names it."""
        return f"{self.module}.lambda_handler"


def discover(root: Path = ROOT) -> tuple[Function, ...]:
    """Every function of the project at ``root``, by name."""
    members = _read(root / "pyproject.toml")["tool"]["uv"]["workspace"]["members"]
    found = []
    for member in sorted(members):
        project = _read(root / member / "pyproject.toml")["project"]
        found.append(Function(Path(member).name, project["name"], project["version"]))
    return tuple(found)


def choose(names: Sequence[str] | None, root: Path = ROOT) -> tuple[Function, ...]:
    """The functions called ``names``: packages or slugs; none, or ``all``, are all of them.

    Raises :class:`Misuse` for a name that is no function's.
    """
    known = discover(root)
    if not names or _EVERYTHING in names:
        return known
    wanted = [name.replace("-", "_") for name in names]
    packages = [function.package for function in known]
    unknown = [name for name, package in zip(names, wanted, strict=True) if package not in packages]
    if unknown:
        raise Misuse(f"there is no service {', '.join(unknown)}; there are {', '.join(packages)}, or all")
    return tuple(function for function in known if function.package in wanted)


def project_version(root: Path = ROOT) -> str:
    """The project's version, which is every function's."""
    return str(_read(root / "pyproject.toml")["project"]["version"])


def _read(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return tomllib.load(file)
