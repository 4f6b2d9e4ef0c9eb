"""The black-box suite against a deployment: what it is given."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import NoRegionError

from scripts import black_box

OUTPUTS = {"ApiUrl": "https://api.example", "AdminTokenSecretArn": "arn:the-token"}


class Client:
    """CloudFormation and Secrets Manager, both with one answer."""

    def __init__(self, calls: list[str]) -> None:
        self._calls = calls

    def describe_stacks(self, *, StackName: str) -> dict[str, Any]:  # noqa: N803 - boto3's name
        self._calls.append(StackName)
        return {"Stacks": [{"Outputs": [{"OutputKey": key, "OutputValue": value} for key, value in OUTPUTS.items()]}]}

    def get_secret_value(self, *, SecretId: str) -> dict[str, str]:  # noqa: N803 - boto3's name
        self._calls.append(SecretId)
        return {"SecretString": "hush"}


@pytest.mark.parametrize(("where", "stack"), [("--environment=dev", "dev"), ("--owner=alice", "alice")])
def test_the_suite_gets_address_and_token(where: str, stack: str, capsys: pytest.CaptureFixture[str]) -> None:
    calls: list[str] = []
    given: list[str] = []

    def run(arguments: list[str]) -> int:
        given.extend(arguments)
        return 3

    assert black_box.main([where, "--", "-k", "refresh"], client=lambda _: Client(calls), run=run) == 3
    assert calls == [f"psn-emulator-{stack}", "arn:the-token"]
    assert given[:5] == ["tests/contract", "--base-url", "https://api.example", "--admin-token", "hush"]
    assert given[-2:] == ["-k", "refresh"]
    assert "hush" not in "".join(capsys.readouterr())


def test_without_a_deployment_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    def client(service: str) -> Any:
        raise NoRegionError(service=service)

    assert black_box.main(["--environment=dev"], client=client, run=lambda _: 0) == 1
    assert capsys.readouterr().err.startswith("error: psn-emulator-dev could not be read")
