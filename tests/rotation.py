"""What Secrets Manager sends to the function that rotates the signing keys, for where no schedule makes it do so."""

from __future__ import annotations

import json
from uuid import uuid4

from tests.ministack import MiniStack

__all__ = ["STEPS", "rotate", "rotation_events"]

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")


def rotation_events(secret_id: str) -> list[dict[str, str]]:
    """The events of one rotation of the secret ``secret_id``."""
    version = str(uuid4())
    return [{"Step": step, "SecretId": secret_id, "ClientRequestToken": version} for step in STEPS]


def rotate(aws: MiniStack, function_name: str, secret_id: str) -> None:
    """Have the deployed function ``function_name`` rotate the secret once."""
    for event in rotation_events(secret_id):
        answer = aws.client("lambda").invoke(FunctionName=function_name, Payload=json.dumps(event).encode())
        assert "FunctionError" not in answer, f"{event['Step']}: {answer['Payload'].read().decode()}"
