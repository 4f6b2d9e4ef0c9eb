"""Secrets Manager, read-only: the current value of one secret. The AWS SDK is imported at the first read."""

from __future__ import annotations

from functools import cache
from typing import Any

from runtime.core.errors import ConfigurationError, ServiceUnavailable

__all__ = ["read_secret"]


def read_secret(secret_id: str) -> str:
    """The value labelled ``AWSCURRENT`` of the secret ``secret_id`` (its name or ARN).

    Raises :class:`~runtime.core.errors.ConfigurationError` when this function may not read it or it does not exist,
    and :class:`~runtime.core.errors.ServiceUnavailable` when Secrets Manager cannot be reached for the moment.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - half of a cold start

    try:
        answer = _client().get_secret_value(SecretId=secret_id, VersionStage="AWSCURRENT")
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in {"AccessDeniedException", "ResourceNotFoundException", "DecryptionFailure"}:
            raise ConfigurationError(
                f"the secret {secret_id} cannot be read ({code}): deploy the stack again, or correct the policy"
            ) from error
        raise ServiceUnavailable from error
    except BotoCoreError as error:
        raise ServiceUnavailable from error
    return str(answer["SecretString"])


@cache
def _client() -> Any:
    """The client, made once. Requests are short: who waits for a secret is a request."""
    import botocore.session  # noqa: PLC0415 - half of a cold start
    from botocore.config import Config  # noqa: PLC0415 - half of a cold start

    return botocore.session.get_session().create_client(
        "secretsmanager",
        config=Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 3, "mode": "standard"}),
    )
