"""Dependencies point inwards, and time and chance have one source each. Read from the source, not from habit."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RUNTIME = ROOT / "runtime"
SERVICES = ("idp_api", "player_account_api", "control_api")


def sources(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


def imports(path: Path) -> set[str]:
    """Every module that ``path`` imports anywhere, also inside functions and for types only."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.add(node.module or "")
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def is_below(module: str, *packages: str) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


# What of the kernel stands on nothing else, and so may be used everywhere.
LEAVES = ("__init__", "clock", "randomness")

# Folder, what it may not import, and why.
FORBIDDEN = {
    "the kernel knows no service, no engine and no AWS": (
        "runtime/core",
        (
            "runtime.aws", "boto3", "botocore", "uvicorn", "typer", "runtime.local", "runtime.emulation",
            "runtime.composition", "runtime.foundation",
            "runtime.store.sqlite", "runtime.store.dynamodb", *(f"runtime.{name}" for name in SERVICES),
        ),
    ),
    "the emulator's domain knows no service and no AWS": (
        "runtime/emulation",
        ("runtime.aws", "boto3", "botocore", "uvicorn", "runtime.local", *(f"runtime.{name}" for name in SERVICES)),
    ),
    "the store knows nothing of what is kept in it": (
        "runtime/store",
        (
            *(f"runtime.core.{path.stem}" for path in (RUNTIME / "core").glob("*.py") if path.stem not in LEAVES),
            "runtime.emulation", "runtime.local", "aws_lambda_powertools", "pydantic",
        ),
    ),
    "the client of AWS knows nothing of what it is used for": (
        "runtime/aws",
        (
            *(f"runtime.core.{path.stem}" for path in (RUNTIME / "core").glob("*.py") if path.stem not in LEAVES),
            "runtime.store", "runtime.emulation", "runtime.local", "boto3",
        ),
    ),
    "the black-box suite knows nothing of our code": ("tests/contract", ("runtime", "emulator_stack", "scripts")),
    **{
        f"{name} knows no other service, no gateway and no AWS": (
            f"runtime/{name}",
            (
                "runtime.aws", "boto3", "botocore", "runtime.local",
                *(f"runtime.{other}" for other in SERVICES if other != name),
            ),
        )
        for name in SERVICES
    },
}  # fmt: skip


@pytest.mark.parametrize(("folder", "forbidden"), FORBIDDEN.values(), ids=FORBIDDEN)
def test_dependencies_point_inwards(folder: str, forbidden: tuple[str, ...]) -> None:
    files = list(sources(folder))
    assert files, f"{folder} holds nothing to check"
    for path in files:
        wrong = sorted(module for module in imports(path) if is_below(module, *forbidden))
        assert not wrong, f"{path.relative_to(ROOT)} imports {', '.join(wrong)}"


def test_the_infrastructure_knows_of_the_runtime_only_the_catalogue() -> None:
    for path in sources("emulator_stack"):
        known = {module for module in imports(path) if is_below(module, "runtime")}
        assert all(is_below(module, "runtime.catalogue") for module in known), path


def test_only_the_key_rotation_imports_the_aws_sdk() -> None:
    """By its name, the client of AWS asks it for a desk's credentials: no package follows that."""
    users = {path for path in sources("runtime") if any(is_below(name, "boto3", "botocore") for name in imports(path))}
    assert users == {RUNTIME / "key_rotation" / "handler.py"}


def test_only_the_catalogue_may_be_imported_without_anything_installed() -> None:
    standard = {"__future__", "re", "dataclasses", "functools", "typing"}
    assert {module.split(".")[0] for module in imports(RUNTIME / "catalogue.py")} <= standard


# What asks the machine for the time or for chance, and the files that may.
SOURCES_OF_TIME = re.compile(
    r"\btime\.(time|time_ns|monotonic|monotonic_ns|perf_counter|perf_counter_ns)\b"
    r"|\bdatetime\.(now|utcnow|today)\b|\bdate\.today\b"
)
SOURCES_OF_CHANCE = re.compile(
    r"^\s*(import (random|secrets)|from (random|secrets|uuid) import|import uuid)\b", re.MULTILINE
)

MAY_TELL_TIME = {"runtime/core/clock.py"}
MAY_DRAW = {
    "runtime/core/randomness.py": "the one source of a sandbox's chance",
    "runtime/core/request.py": "a request id where no gateway gave one: outside every sandbox",
    "runtime/core/keys.py": "the deployment's own secret: outside every sandbox",
    "runtime/idp_api/passwords.py": "the key of this process's own cache: outside every sandbox",
}


def test_time_has_one_source() -> None:
    for path in sources("runtime"):
        name = path.relative_to(ROOT).as_posix()
        if name not in MAY_TELL_TIME:
            assert not SOURCES_OF_TIME.findall(path.read_text(encoding="utf-8")), f"{name} asks for the time"


def test_chance_has_one_source() -> None:
    for path in sources("runtime"):
        name = path.relative_to(ROOT).as_posix()
        if name.startswith(("runtime/store/", "runtime/local/")):
            continue  # retries' jitter, write identifiers and the gateway's request ids are no sandbox's chance
        if name not in MAY_DRAW:
            assert not SOURCES_OF_CHANCE.findall(path.read_text(encoding="utf-8")), f"{name} draws its own chance"


def test_the_lists_of_exceptions_hold_no_dead_names() -> None:
    for name in {*MAY_TELL_TIME, *MAY_DRAW}:
        text = (ROOT / name).read_text(encoding="utf-8")
        assert SOURCES_OF_TIME.search(text) or SOURCES_OF_CHANCE.search(text), name
