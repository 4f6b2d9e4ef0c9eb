"""The rotation's entry point: ``runtime.key_rotation.handler.lambda_handler``."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import cache
from typing import Any

from runtime.core.settings import Settings
from runtime.key_rotation.rotation import Rotation

__all__ = ["lambda_handler"]

_LOGGER = logging.getLogger(__name__)
_LOGGER.setLevel(logging.INFO)


@cache
def _rotation() -> Rotation:
    import botocore.session  # noqa: PLC0415 - not before it is needed

    client: Any = botocore.session.get_session().create_client("secretsmanager")
    return Rotation(client, Settings.from_environment().signing_algorithm)


def lambda_handler(event: Mapping[str, Any], context: Any) -> None:
    """Do the step that ``event`` (``Step``, ``SecretId``, ``ClientRequestToken``) asks for.

    An error is raised: Secrets Manager then ends this rotation and tries again later.
    """
    del context
    step, secret_id, token = event["Step"], event["SecretId"], event["ClientRequestToken"]
    _rotation().run(step=step, secret_id=secret_id, token=token)
    _LOGGER.info("rotation step %s done for version %s", step, token)
