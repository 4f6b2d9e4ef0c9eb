"""Facts that are written in two places, held together."""

from __future__ import annotations

import importlib
import tomllib
from pathlib import Path

import pytest

from runtime.catalogue import SERVICES, Service, find_service, get_service
from runtime.version import VERSION

ROOT = Path(__file__).resolve().parents[2]
TOP_LEVEL = {"emulator_stack", "runtime", "tests", "app.py", "cdk.json", "requirements.txt", "README.md"}


def test_the_version_is_the_projects() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"] == VERSION


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_every_service_of_the_catalogue_is_there(service: Service) -> None:
    folder = ROOT / "runtime" / service.package
    for name in ("handler.py", "routes.py", "models.py", "README.md", "pyproject.toml"):
        assert (folder / name).is_file(), f"{service.package} lacks {name}"
    module, _, name = service.handler.rpartition(".")
    assert callable(getattr(importlib.import_module(module), name))


def test_every_package_that_is_a_function_is_a_member_of_the_workspace() -> None:
    members = set(
        tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["uv"]["workspace"]["members"]
    )
    assert members == {path.parent.relative_to(ROOT).as_posix() for path in (ROOT / "runtime").glob("*/pyproject.toml")}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/auth", "idp"),
        ("/auth/token", "idp"),
        ("/authority", None),
        ("/players", "players"),
        ("/players/1/stats", "players"),
        ("/playerss", None),
        ("/_emulator/v1/health", "control"),
        ("/", None),
        ("", None),
    ],
)
def test_a_path_has_one_owner_or_none(path: str, name: str | None) -> None:
    found = find_service(path)
    assert (found.name if found else None) == name


def test_route_keys_are_unique() -> None:
    keys = [route.key for service in SERVICES for route in service.routes]
    assert len(keys) == len(set(keys))
    operations = [route.operation for service in SERVICES for route in service.routes]
    assert len(operations) == len(set(operations))


def test_a_service_is_found_by_its_name_or_its_package() -> None:
    assert get_service("idp") is get_service("idp_api")
    with pytest.raises(KeyError):
        get_service("nobody")
