"""Secrets Manager's four steps: what each leaves behind, and that none does anything twice."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from runtime.core.keys import KeySet, new_key_document
from runtime.key_rotation.documents import InvalidDocument
from runtime.key_rotation.rotation import Rotation, RotationError
from tests.rotation import STEPS
from tests.unit.key_rotation.conftest import Secret


def kids(document: dict[str, Any]) -> dict[str, str]:
    return {entry["status"]: entry["kid"] for entry in document["keys"]}


def test_the_first_rotation_makes_the_keys(secret: Secret) -> None:
    document = secret.rotate()
    assert set(kids(document)) == {"current", "next"}
    assert KeySet(document).signing.algorithm == "ES256"
    assert len(KeySet(document).refresh_secret) == 32


def test_a_rotation_signs_with_what_was_published_and_publishes_what_signed(secret: Secret) -> None:
    first = secret.rotate()
    second = secret.rotate()
    third = secret.rotate()
    assert kids(second)["current"] == kids(first)["next"]
    assert kids(second)["previous"] == kids(first)["current"]
    assert kids(third)["current"] == kids(second)["next"]
    assert kids(third)["previous"] == kids(second)["current"]
    assert kids(first)["current"] not in KeySet(third).published
    assert len({*kids(first).values(), *kids(second).values(), *kids(third).values()}) == 4


def test_sessions_survive_a_rotation(secret: Secret) -> None:
    assert secret.rotate()["refresh_secret"] == secret.rotate()["refresh_secret"]


def test_another_algorithm_arrives_as_the_next_key(secret: Secret) -> None:
    secret.rotate()
    secret.rotation = Rotation(secret.client, "RS256")
    after = secret.rotate()
    assert {entry["status"]: entry["alg"] for entry in after["keys"]} == {
        "current": "ES256",
        "next": "RS256",
        "previous": "ES256",
    }


def test_nothing_is_current_before_the_last_step(secret: Secret) -> None:
    before = secret.rotate()
    token = str(uuid.uuid4())
    for step in STEPS[:-1]:
        secret.run(step, token)
        assert secret.current() == before
    secret.run("finishSecret", token)
    assert secret.current() != before


def test_every_step_may_come_again(secret: Secret) -> None:
    before = secret.rotate()
    token = str(uuid.uuid4())
    made = None
    for step in STEPS:
        secret.run(step, token)
        made = made or secret.client.get_secret_value(SecretId=secret.id, VersionId=token)["SecretString"]
        secret.run(step, token)
    for step in STEPS:  # And all of them once more, when the rotation is long over.
        secret.run(step, token)
    assert json.dumps(secret.current(), separators=(",", ":")) == made
    assert kids(secret.current())["previous"] == kids(before)["current"]
    assert "AWSCURRENT" in secret.stages(token)


def test_a_rotation_that_another_has_overtaken_changes_nothing(secret: Secret) -> None:
    secret.rotate()
    late = str(uuid.uuid4())
    secret.run("createSecret", late)
    after = secret.rotate()
    for step in STEPS:
        with pytest.raises(RotationError, match="another rotation"):
            secret.run(step, late)
    assert secret.current() == after


@pytest.mark.parametrize("step", STEPS[1:])
def test_a_version_that_nobody_announced_is_refused(secret: Secret, step: str) -> None:
    with pytest.raises(RotationError, match="never announced"):
        secret.run(step, str(uuid.uuid4()))


def test_where_rotations_are_scheduled_only_the_schedule_starts_one(secret: Secret) -> None:
    class Scheduled:
        """The same Secrets Manager, but for a schedule, which the stand-in would drive a real function with."""

        def __getattr__(self, name: str) -> Any:
            return getattr(secret.client, name)

        def describe_secret(self, **arguments: str) -> dict[str, Any]:
            return {**secret.client.describe_secret(SecretId=arguments["SecretId"]), "RotationEnabled": True}

    scheduled: Any = Scheduled()
    secret.rotation = Rotation(scheduled, "ES256")
    with pytest.raises(RotationError, match="never announced"):
        secret.run("createSecret", str(uuid.uuid4()))


def test_an_unknown_step_is_named(secret: Secret) -> None:
    with pytest.raises(RotationError, match="'sellSecret'"):
        secret.run("sellSecret", str(uuid.uuid4()))


@pytest.mark.parametrize(
    ("pending", "why"),
    [
        ("not json", "no key document"),
        ("{}", "no key document"),
        ('{"keys": [], "refresh_secret": "AAAA"}', "cannot be used"),
        ('{"keys": [{"status": "current", "kid": "k", "alg": "ES256", "jwk": {}}], "refresh_secret": "AAAA"}', "used"),
    ],
)
def test_a_pending_document_that_does_not_work_never_becomes_current(secret: Secret, pending: str, why: str) -> None:
    before = secret.rotate()
    token = str(uuid.uuid4())
    secret.stage(token, pending)
    with pytest.raises(InvalidDocument, match=why):
        secret.run("testSecret", token)
    assert secret.current() == before


def test_a_pending_document_with_keys_of_another_deployment_is_refused(secret: Secret) -> None:
    secret.rotate()
    foreign = new_key_document("ES256")
    token = str(uuid.uuid4())
    secret.stage(token, json.dumps(foreign))
    with pytest.raises(InvalidDocument, match="not published as the next one"):
        secret.run("testSecret", token)


def test_an_error_tells_no_secret(secret: Secret) -> None:
    token = str(uuid.uuid4())
    secret.stage(token, '{"keys": [{"status": "current", "d": "VERY-PRIVATE"}], "refresh_secret": "VERY-PRIVATE"}')
    with pytest.raises(InvalidDocument) as caught:
        secret.run("testSecret", token)
    assert "VERY-PRIVATE" not in str(caught.value)
