"""Health and capabilities (contract, Control plane)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.contract.checks import check_problem

Json = dict[str, Any]


def test_health_is_open_to_everybody__contract(root_url: str) -> None:
    response = httpx.get(f"{root_url}/_emulator/v1/health")
    assert response.status_code == 200
    assert response.json()["status"] == "ok"
    assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.parametrize(
    ("member", "kind"),
    [
        ("version", str),
        ("environment", str),
        ("store", str),
        ("services", list),
        ("grant_types", list),
        ("players_protected", bool),
        ("demo_world", bool),
    ],
)
def test_capabilities_say_what_the_deployment_can_do__contract(capabilities: Json, member: str, kind: type) -> None:
    assert isinstance(capabilities[member], kind)


def test_health_and_capabilities_tell_one_version__contract(root_url: str, capabilities: Json) -> None:
    assert httpx.get(f"{root_url}/_emulator/v1/health").json()["version"] == capabilities["version"]


def test_services_and_grants_are_those_of_the_contract__contract(capabilities: Json) -> None:
    assert set(capabilities["services"]) >= {"idp", "players", "control"}
    assert set(capabilities["grant_types"]) >= {"password", "refresh_token"}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_wrong_method__rfc9110_15_5_6(control: httpx.Client, method: str) -> None:
    response = control.request(method, "/health")
    check_problem(response, 405)
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD"}


@pytest.mark.parametrize("path", ["", "/v1/nothing", "/v1/health/x", "/v2/health"])
def test_unknown_path__rfc9110_15_5_5(control: httpx.Client, root_url: str, path: str) -> None:
    check_problem(control.get(f"{root_url}/_emulator{path}"), 404)
