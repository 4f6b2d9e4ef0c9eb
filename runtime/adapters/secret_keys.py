"""The signing keys of a deployment: in Secrets Manager, made and rotated by :mod:`runtime.key_rotation`."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from runtime.adapters.secrets_manager import read_secret
from runtime.core.errors import ServiceUnavailable

__all__ = ["SecretKeys"]

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class SecretKeys:
    """Keys in the secret ``secret_id``. It is only ever read here: no request makes a key.

    ``read`` gets a secret's current value.
    """

    secret_id: str
    read: Callable[[str], str] = read_secret

    def load(self) -> Mapping[str, Any]:
        """The key document as it is now.

        Raises :class:`~runtime.core.errors.ServiceUnavailable` while there is none, which is so for some seconds
        after a stack's first deployment, until the first rotation has made it.
        """
        try:
            document = json.loads(self.read(self.secret_id))
        except ValueError:
            document = None
        if not isinstance(document, dict) or "keys" not in document:
            _LOGGER.error(
                "the secret %s holds no signing keys yet: its first rotation makes them (see the log of the "
                "key-rotation function; `aws secretsmanager rotate-secret` starts one)",
                self.secret_id,
            )
            raise ServiceUnavailable
        return document
