"""Secrets Manager, read-only: the current value of one secret."""

from __future__ import annotations

import time
from functools import cache
from typing import TYPE_CHECKING

from runtime.aws.errors import AwsError, NotConfigured, ServiceError
from runtime.core.errors import ConfigurationError, ServiceUnavailable

if TYPE_CHECKING:
    from runtime.aws.client import JsonClient

__all__ = ["read_secret"]

_PAUSES_SECONDS = (0.0, 0.1, 0.3)
"""Before each attempt. Requests are short: who waits for a secret is a request."""

_PASSING = frozenset({"ThrottlingException", "LimitExceededException"})
_SERVER_FAULT = 500


def read_secret(secret_id: str) -> str:
    """The value labelled ``AWSCURRENT`` of the secret ``secret_id`` (its name or ARN).

    Raises :class:`~runtime.core.errors.ConfigurationError` when this function may not read it or there is no such
    text, and :class:`~runtime.core.errors.ServiceUnavailable` when Secrets Manager cannot be reached for the moment.
    """
    failure: AwsError | None = None
    for pause in _PAUSES_SECONDS:
        time.sleep(pause)
        try:
            answer = _client().call("GetSecretValue", {"SecretId": secret_id, "VersionStage": "AWSCURRENT"})
        except AwsError as error:
            if not _may_pass(error):
                raise _unreadable(secret_id, str(error)) from error
            failure = error
        else:
            if "SecretString" not in answer:
                raise _unreadable(secret_id, "it holds no text")
            return str(answer["SecretString"])
    raise ServiceUnavailable from failure


def _may_pass(error: AwsError) -> bool:
    if isinstance(error, ServiceError):
        return error.status >= _SERVER_FAULT or error.code in _PASSING
    return not isinstance(error, NotConfigured)


def _unreadable(secret_id: str, reason: str) -> ConfigurationError:
    return ConfigurationError(
        f"the secret {secret_id} cannot be read ({reason}): deploy the stack again, or correct the policy"
    )


@cache
def _client() -> JsonClient:
    """The client, made once, and imported only then: a function that reads no secret needs no HTTP client."""
    from runtime.aws.client import SECRETS_MANAGER, JsonClient  # noqa: PLC0415 - not before a secret is read

    return JsonClient(SECRETS_MANAGER)
