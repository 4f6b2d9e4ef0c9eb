"""A Secrets Manager in this process, with a secret as the stack makes it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from runtime.key_rotation.rotation import Rotation
from tests.rotation import STEPS

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient


@dataclass
class Secret:
    """One secret and the rotation that looks after it."""

    client: SecretsManagerClient
    id: str
    rotation: Rotation

    def run(self, step: str, token: str) -> None:
        self.rotation.run(step=step, secret_id=self.id, token=token)

    def rotate(self) -> dict[str, Any]:
        """A whole rotation. Returns the document that is current after it."""
        token = str(uuid.uuid4())
        for step in STEPS:
            self.run(step, token)
        return self.current()

    def current(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(
            self.client.get_secret_value(SecretId=self.id, VersionStage="AWSCURRENT")["SecretString"]
        )
        return document

    def stages(self, token: str) -> list[str]:
        return self.client.describe_secret(SecretId=self.id)["VersionIdsToStages"].get(token, [])

    def stage(self, token: str, value: str) -> None:
        self.client.put_secret_value(
            SecretId=self.id, ClientRequestToken=token, SecretString=value, VersionStages=["AWSPENDING"]
        )


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch, moto_url: str) -> Iterator[Secret]:
    for name, value in {
        "AWS_ENDPOINT_URL": moto_url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    with closing(boto3.client("secretsmanager", region_name="us-east-1")) as client:
        placeholder = '{"placeholder": "…", "unused": "generated"}'
        made = client.create_secret(Name=f"signing-keys-{uuid.uuid4()}", SecretString=placeholder)
        yield Secret(client, made["ARN"], Rotation(client, "ES256"))
