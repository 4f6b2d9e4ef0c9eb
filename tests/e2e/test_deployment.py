"""Deployed by the real CDK: the zip packaging in MiniStack answers as it does everywhere else."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest

from tests.contract.server import clean_environment
from tests.e2e.cloud import Cloud, Deployment, Project, start_cloud

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.slow

DIFFERENT: Final = {
    # A body of application/json comes to handlers as text, and what is no UTF-8 in it as U+FFFD: no handler ever sees
    # the fault. MiniStack says that it has its list of such media types from AWS, which documents neither. Where the
    # bytes reach the handlers, at the local gateway, the same tests pass.
    "test_bad_requests.py::test_a_broken_body_is_the_clients_fault__contract[POST-/players-invalid UTF-8": 1,
    "test_bad_requests.py::test_a_broken_body_is_the_clients_fault__contract[PUT-/players/somebody-invalid UTF-8": 1,
    "test_token_errors.py::test_a_json_body_that_is_no_request__contract[/auth/token-not UTF-8": 1,
    "test_token_errors.py::test_a_json_body_that_is_no_request__contract[/auth/refresh-not UTF-8": 1,
    # API Gateway refuses headers of more than 10,240 bytes (its quotas say so); MiniStack has no such limit.
    "test_bad_requests.py::test_headers_over_the_gateways_limit_are_4xx__architecture": 9,
    # MiniStack takes extra slashes out of the path that handlers are given. AWS passes rawPath as it came.
    "test_bad_requests.py::test_an_unknown_path_is_a_404_problem__rfc9110_15_5_5[/players/]": 1,
    "test_bad_requests.py::test_an_unknown_path_is_a_404_problem__rfc9110_15_5_5[//players]": 1,
}
"""What cannot pass behind this gateway: the beginnings of test ids, with how many tests each stands for."""

RETAINED: Final = {"tables": 1, "secrets": 2, "log groups": 6}
"""How many of what a shared environment keeps: the logs of five functions, and the access log."""


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with start_cloud() as started:
        yield started


@pytest.fixture(scope="module")
def project(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = Project(tmp_path_factory.mktemp("deployment") / "project", cloud)
    with ThreadPoolExecutor() as both:
        bootstrap = both.submit(cloud.bootstrap, made.folder)
        made.package()
        bootstrap.result()
    return made


@pytest.fixture(scope="module")
def assemblies(project: Project) -> dict[str, Path]:
    """The assembly of each environment that these tests deploy."""
    contexts = {"dev": "environment=dev", "qa": "environment=qa", "alice": "owner=alice", "bob": "owner=bob"}
    with ThreadPoolExecutor(2) as several:
        return dict(zip(contexts, several.map(project.synthesise, contexts.values()), strict=True))


@pytest.fixture(scope="module")
def dev(cloud: Cloud, assemblies: dict[str, Path]) -> Deployment:
    return cloud.deploy(assemblies["dev"])[0]


@pytest.fixture(scope="module")
def alice(cloud: Cloud, assemblies: dict[str, Path]) -> Deployment:
    return cloud.deploy(assemblies["alice"])[0]


@pytest.fixture(scope="module")
def bob(cloud: Cloud, assemblies: dict[str, Path]) -> Deployment:
    return cloud.deploy(assemblies["bob"])[0]


def run_pytest(*arguments: str) -> str:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/contract", *arguments]
    run = subprocess.run(command, cwd=ROOT, env=clean_environment(), capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[-5000:] + run.stderr[-2000:]
    return run.stdout


def warm_up(deployment: Deployment) -> None:
    """Have instances started for ten refreshes at once.

    Here all starts share a few cores, and would take longer together than a spent refresh token's time of grace.
    """
    with deployment.client() as client, ThreadPoolExecutor(10) as pool:
        for answer in pool.map(client.get, ["/auth/.well-known/jwks.json"] * 20):
            assert answer.status_code == 200, answer.text


def test_the_whole_contract_suite_passes(dev: Deployment, report: Callable[[str], None]) -> None:
    collected = re.findall(r"^tests/contract/(\S+::.+)$", run_pytest("--collect-only"), re.MULTILINE)
    for start, count in DIFFERENT.items():
        assert sum(test.startswith(start) for test in collected) == count, f"{start}: the list is out of date"
    deselected = [f"--deselect=tests/contract/{start}" for start in DIFFERENT]
    warm_up(dev)
    target = ["--base-url", dev.url, f"--admin-token={dev.admin_token}"]
    said = run_pytest("-p", "tests.e2e.loopback", *target, *deselected)
    summary = re.search(r"^(\d+) passed, (\d+) deselected in ", said, re.MULTILINE)
    assert summary, f"some were skipped or left out:\n{said[-1000:]}"
    report(f"{summary[1]} of {len(collected)} tests of the contract passed against the deployed {dev.url}")
    assert int(summary[2]) == sum(DIFFERENT.values())
    assert int(summary[1]) + int(summary[2]) == len(collected)


@pytest.mark.parametrize(
    ("token", "status"), [(None, 401), ("wrong", 403), ("right", 200)], ids=["missing", "wrong", "right"]
)
def test_the_control_path_wants_the_admin_token(dev: Deployment, token: str | None, status: int) -> None:
    with dev.client(dev.admin_token if token == "right" else token) as client:
        assert client.get("/_emulator/v1/capabilities").status_code == status


def test_the_health_check_is_public(dev: Deployment) -> None:
    with dev.client() as client:
        assert client.get("/_emulator/v1/health").json()["status"] == "ok"


def test_two_owners_live_side_by_side(alice: Deployment, bob: Deployment) -> None:
    assert alice.url != bob.url
    with alice.client() as hers, bob.client() as his:
        made = hers.post("/players", json={"username": "only-alices", "email": "only@example.com"})
        assert made.status_code == 201, made.text
        player = f"/players/{made.json()['player_id']}"
        assert hers.get(player).status_code == 200
        assert his.get(player).status_code == 404
        assert his.get("/players", params={"username": "only-alices"}).json()["items"] == []


def test_a_second_deployment_without_changes_changes_nothing(cloud: Cloud, project: Project, dev: Deployment) -> None:
    def state() -> str:
        functions = cloud.aws.client("lambda").list_functions()["Functions"]
        stacks = cloud.aws.client("cloudformation").describe_stacks(StackName="psn-emulator-dev")["Stacks"]
        stages = cloud.aws.client("apigatewayv2").get_stages(ApiId=dev.url.partition("//")[2].partition(".")[0])[
            "Items"
        ]
        return json.dumps([functions, stacks, stages], default=str, sort_keys=True)

    before = state()
    again, said = cloud.deploy(project.synthesise("environment=dev"))
    assert "psn-emulator-dev (no changes)" in said
    assert state() == before
    assert again == dev


def test_destroy_leaves_what_a_shared_environment_retains_and_nothing_else(
    cloud: Cloud, assemblies: dict[str, Path]
) -> None:
    qa = cloud.deploy(assemblies["qa"])[0]
    with qa.client() as client:
        assert client.get("/players").status_code == 401  # It is asked once, so that its table holds something.
    with pytest.raises(AssertionError, match="TerminationProtection is enabled"):
        cloud.destroy(assemblies["qa"])
    before = cloud.leftovers(qa.name)
    assert {kind: len(names) for kind, names in before.items() if kind in RETAINED} == RETAINED
    assert before.keys() > RETAINED.keys()

    cloud.aws.client("cloudformation").update_termination_protection(
        StackName="psn-emulator-qa", EnableTerminationProtection=False
    )
    cloud.destroy(assemblies["qa"])

    assert cloud.leftovers(qa.name) == {kind: before[kind] for kind in RETAINED}
    assert cloud.aws.client("dynamodb").scan(TableName=qa.outputs["TableName"])["Count"]
    keys = cloud.aws.client("secretsmanager").get_secret_value(SecretId=qa.outputs["SigningKeysSecretArn"])
    assert "keys" in json.loads(keys["SecretString"])


def test_a_changed_handler_is_deployed_and_answers(cloud: Cloud, project: Project, bob: Deployment) -> None:
    # This is the last test that synthesises: the project stays changed.
    project.change("runtime/control_api/routes.py", "Health(version=VERSION)", 'Health(version="changed")')
    project.package("--services", "control_api")
    changed, _ = cloud.deploy(project.synthesise("owner=bob"))
    assert changed == bob
    with bob.client() as client:
        assert client.get("/_emulator/v1/health").json()["version"] == "changed"


def test_destroy_leaves_nothing_of_a_throwaway(cloud: Cloud, assemblies: dict[str, Path], alice: Deployment) -> None:
    # This is the last test of alice's.
    assert set(cloud.leftovers(alice.name)) >= {"tables", "secrets", "functions", "apis", "log groups", "roles"}
    cloud.destroy(assemblies["alice"])
    assert cloud.leftovers(alice.name) == {}
