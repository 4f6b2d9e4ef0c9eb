"""What of ``runtime`` a function needs: its entry point, and whatever that imports, directly or not.

Read from the source, imports inside functions included, so that nothing has to be listed, and nothing can be missing
from a package that is there when the tests run. Only the standard library is used: the Dockerfiles run this too.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Closure", "trace"]

_PACKAGE = "runtime"
_FORBIDDEN = "runtime.local"
_NOT_SHIPPED = frozenset({"Dockerfile", "pyproject.toml", "py.typed"})
_NOT_SHIPPED_SUFFIXES = frozenset({".md", ".py", ".pyc", ".pyi"})


@dataclass(frozen=True)
class Closure:
    """``files`` of the function, relative to the root of the project, and the other modules it ``imports``."""

    files: tuple[Path, ...]
    imports: frozenset[str]


def trace(root: Path, module: str) -> Closure:
    """Everything that ``module`` needs from ``root``. Raises :class:`LookupError` when something is not there."""
    modules: dict[str, Path] = {}
    outside: set[str] = set()
    waiting = [*_with_parents(root, module)]
    while waiting:
        name = waiting.pop()
        if name in modules:
            continue
        path = _find(root, name)
        if path is None:
            raise LookupError(f"{name} is imported, and there is no such module")
        if name == _FORBIDDEN or name.startswith(f"{_FORBIDDEN}."):
            raise LookupError(f"{module} needs {name}, and the local gateway is no part of a deployed function")
        modules[name] = path
        for imported in _imports(path):
            if imported == _PACKAGE or imported.startswith(f"{_PACKAGE}."):
                waiting.extend(_with_parents(root, imported))
            else:
                outside.add(imported)
    files = set(modules.values())
    files |= {file for path in modules.values() if path.name == "__init__.py" for file in _data_beside(path)}
    return Closure(tuple(sorted(path.relative_to(root) for path in files)), frozenset(outside))


def _find(root: Path, name: str) -> Path | None:
    base = root.joinpath(*name.split("."))
    return next((path for path in (base / "__init__.py", base.with_suffix(".py")) if path.is_file()), None)


def _with_parents(root: Path, name: str) -> Iterator[str]:
    """``a``, ``a.b`` and ``a.b.c`` for ``a.b.c``; the last only if it is a module and not something inside of one."""
    parts = name.split(".")
    for end in range(1, len(parts)):
        yield ".".join(parts[:end])
    if _find(root, name) is not None:
        yield name
    elif len(parts) > 1 and _find(root, ".".join(parts[:-1])) is None:
        raise LookupError(f"{name} is imported, and there is no such module")


def _imports(path: Path) -> Iterator[str]:
    waiting: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.If) and _is_type_checking(node.test):
            waiting.extend(node.orelse)
        else:
            waiting.extend(ast.iter_child_nodes(node))


def _is_type_checking(test: ast.expr) -> bool:
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def _data_beside(package: Path) -> Iterator[Path]:
    """Files of a package that are not code: documents made at build time and the like."""
    for path in package.parent.iterdir():
        if path.is_file() and path.suffix not in _NOT_SHIPPED_SUFFIXES and path.name not in _NOT_SHIPPED:
            yield path
