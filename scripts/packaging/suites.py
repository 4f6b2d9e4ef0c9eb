"""Which tests speak for which service. Everything that is not one service's own is everybody's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from scripts.packaging.workspace import ROOT, Function, discover

__all__ = ["COMMON_CONTRACTS", "CONTRACTS", "KINDS", "select"]

KINDS = ("unit", "integration", "all")

CONTRACTS = {
    "authorizer": ("test_access_tokens.py",),
    "control_api": ("test_control.py", "test_sandboxes.py"),
    "idp_api": (
        "test_access_tokens.py",
        "test_authlib.py",
        "test_discovery.py",
        "test_refresh.py",
        "test_token_*.py",
        "test_userinfo.py",
    ),
    "player_account_api": ("test_player*.py",),
}
"""The files below tests/contract that are about one service."""

COMMON_CONTRACTS = ("test_bad_requests.py", "test_examples.py")
"""Those that are about all of them."""

_WHOLE = {
    "unit": ("tests/unit", "tests/architecture", "tests/infrastructure"),
    "integration": ("tests/contract", "tests/store", "tests/e2e"),
    "all": ("tests",),
}


def select(functions: Sequence[Function], kind: str, root: Path = ROOT) -> list[Path]:
    """The tests to run, relative to ``root``: of all functions everything, of some what is about them."""
    if len(functions) == len(discover(root)):
        return [Path(folder) for folder in _WHOLE[kind] if (root / folder).exists()]
    chosen: list[Path] = []
    if kind in ("unit", "all"):
        chosen += [root / "tests" / "unit" / function.package for function in functions]
    if kind in ("integration", "all"):
        patterns = [pattern for function in functions for pattern in CONTRACTS.get(function.package, ())]
        chosen += _contracts([*patterns, *COMMON_CONTRACTS], root)
    return [path.relative_to(root) for path in dict.fromkeys(chosen) if path.exists()]


def _contracts(patterns: Iterable[str], root: Path) -> list[Path]:
    return [path for pattern in patterns for path in sorted((root / "tests" / "contract").glob(pattern))]
