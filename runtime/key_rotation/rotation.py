"""Secrets Manager's four steps. Each may be called again at any time, and then changes nothing more.

https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from runtime.core.jws import Algorithm
from runtime.key_rotation.documents import check, parse, successor

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

__all__ = ["Rotation", "RotationError"]

_CURRENT = "AWSCURRENT"
_PENDING = "AWSPENDING"


class RotationError(Exception):
    """A call that does not belong to a rotation under way. The message says why, without any secret."""


class Rotation:
    """Rotates the key document in a secret; ``client`` is the SDK's, ``algorithm`` that of new keys."""

    def __init__(self, client: SecretsManagerClient, algorithm: Algorithm) -> None:
        self._client = client
        self._algorithm = algorithm

    def run(self, *, step: str, secret_id: str, token: str) -> None:
        """Do ``step`` for the version ``token``. Raises :class:`RotationError` or what Secrets Manager raises."""
        steps: dict[str, Callable[[str, str], None]] = {
            "createSecret": self._create,
            "setSecret": self._set,
            "testSecret": self._test,
            "finishSecret": self._finish,
        }
        if step not in steps:
            raise RotationError(f"there is no rotation step {step!r}; there are {', '.join(steps)}")
        if self._is_due(secret_id, token, first=step == "createSecret"):
            steps[step](secret_id, token)

    def _is_due(self, secret_id: str, token: str, *, first: bool) -> bool:
        """Whether version ``token`` is the pending one; it is not when it has become the current one already."""
        secret = self._client.describe_secret(SecretId=secret_id)
        stages = secret.get("VersionIdsToStages", {}).get(token)
        if stages is None:
            # Where nothing schedules rotations (an AWS stand-in without schedules), whoever calls the function drives
            # the rotation, and the first step makes the version. Otherwise Secrets Manager has made it already.
            if first and not secret.get("RotationEnabled", False):
                return True
            raise RotationError("this version was never announced: start a rotation with rotate-secret")
        if _CURRENT in stages:
            return False
        if _PENDING not in stages:
            raise RotationError("this version is not the pending one: another rotation has begun since")
        return True

    def _create(self, secret_id: str, token: str) -> None:
        """Put the next document aside as the pending version, unless an earlier call has done it."""
        if self._pending(secret_id, token) is not None:
            return
        document = successor(self._current(secret_id), self._algorithm)
        self._client.put_secret_value(
            SecretId=secret_id,
            ClientRequestToken=token,
            SecretString=json.dumps(document, separators=(",", ":")),
            VersionStages=[_PENDING],
        )

    def _set(self, secret_id: str, token: str) -> None:
        """Nothing: the secret is where the keys are used from; no other system has to be told."""

    def _test(self, secret_id: str, token: str) -> None:
        """Refuse a pending document that would not work, or would break what verifiers were promised."""
        pending = self._pending(secret_id, token)
        check(None if pending is None else parse(pending), self._current(secret_id))

    def _finish(self, secret_id: str, token: str) -> None:
        """Make the pending version the current one."""
        versions = self._client.describe_secret(SecretId=secret_id)["VersionIdsToStages"]
        current = next((version for version, stages in versions.items() if _CURRENT in stages), None)
        moved: dict[str, Any] = {} if current is None else {"RemoveFromVersionId": current}
        self._client.update_secret_version_stage(
            SecretId=secret_id, VersionStage=_CURRENT, MoveToVersionId=token, **moved
        )

    def _current(self, secret_id: str) -> Mapping[str, Any] | None:
        text = self._client.get_secret_value(SecretId=secret_id, VersionStage=_CURRENT)["SecretString"]
        return parse(text)

    def _pending(self, secret_id: str, token: str) -> str | None:
        try:
            return self._client.get_secret_value(SecretId=secret_id, VersionId=token, VersionStage=_PENDING)[
                "SecretString"
            ]
        except self._client.exceptions.ResourceNotFoundException:
            return None
