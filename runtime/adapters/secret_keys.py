"""The signing keys of a deployment: in Secrets Manager, made and rotated by :mod:`runtime.key_rotation`."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

from runtime.adapters.secrets_manager import read_secret
from runtime.core.errors import ServiceUnavailable

__all__ = ["SecretKeys"]

_LOGGER = logging.getLogger(__name__)


class SecretKeys:
    """Keys in the secret ``secret_id``. It is only ever read here: no request makes a key.

    ``read`` gets a secret's current value. While Secrets Manager cannot be reached, the keys of the last read serve.
    """

    def __init__(self, secret_id: str, read: Callable[[str], str] = read_secret) -> None:
        self.secret_id = secret_id
        self._read = read
        self._last: Mapping[str, Any] | None = None

    def load(self) -> Mapping[str, Any]:
        """The key document as it is now.

        Raises :class:`~runtime.core.errors.ServiceUnavailable` while there is none, which is so for some seconds
        after a stack's first deployment, until the first rotation has made it.
        """
        try:
            text = self._read(self.secret_id)
        except ServiceUnavailable:
            if self._last is None:
                raise
            _LOGGER.warning("Secrets Manager cannot be reached: the signing keys of the last read serve on")
            return self._last
        try:
            document = json.loads(text)
        except ValueError:
            document = None
        if not isinstance(document, dict) or "keys" not in document:
            _LOGGER.error(
                "the secret %s holds no signing keys yet: its first rotation makes them (see the log of the "
                "key-rotation function; `aws secretsmanager rotate-secret` starts one)",
                self.secret_id,
            )
            raise ServiceUnavailable
        self._last = document
        return document
