"""A client of one AWS service that speaks the AWS JSON protocol, as DynamoDB and Secrets Manager do.

It stands for the AWS SDK where a request waits: importing the SDK takes as long as all else of a cold start together
(docs/decisions/0010-the-request-path-without-the-sdk.md). It repeats nothing: whoever calls knows what may be repeated.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from runtime.aws.configuration import credentials_source, endpoint, find_region
from runtime.aws.connections import Answer, Connections
from runtime.aws.errors import ServiceError, Unanswered
from runtime.aws.signature import Credentials, signed
from runtime.core.clock import wall_clock
from runtime.version import VERSION

__all__ = ["DYNAMODB", "SECRETS_MANAGER", "JsonClient", "Service"]


class Service(NamedTuple):
    """How a service is addressed: its name in host names and signatures, in variables, and in its requests."""

    name: str
    identifier: str
    target: str
    json_version: str


DYNAMODB = Service("dynamodb", "DYNAMODB", "DynamoDB_20120810", "1.0")
SECRETS_MANAGER = Service("secretsmanager", "SECRETS_MANAGER", "secretsmanager", "1.1")


class JsonClient:
    """Makes requests to ``service``. Threads may share it; nothing is connected before the first one.

    ``url``, ``region`` and ``credentials`` default to what the environment says. Raises
    :class:`~runtime.aws.errors.NotConfigured` where it says nothing. ``silence_seconds`` is how long the service may
    send nothing.
    """

    def __init__(
        self,
        service: Service,
        *,
        url: str | None = None,
        region: str | None = None,
        credentials: Callable[[], Credentials] | None = None,
        silence_seconds: float = 2.0,
    ) -> None:
        self._service = service
        self._region = region or find_region()
        self._credentials = credentials or credentials_source()
        url = url or endpoint(service.name, service.identifier, self._region)
        self._connections = Connections(url, silence_seconds=silence_seconds)
        self._host = urlsplit(url).netloc

    def call(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to ``operation`` (its name in the API's reference), asked for once.

        Raises :class:`~runtime.aws.errors.AwsError`.
        """
        body = json.dumps(parameters, separators=(",", ":")).encode()
        headers = {
            "content-type": f"application/x-amz-json-{self._service.json_version}",
            "host": self._host,
            "user-agent": f"psn-emulator/{VERSION}",
            "x-amz-target": f"{self._service.target}.{operation}",
        }
        headers = signed(
            headers,
            body,
            service=self._service.name,
            region=self._region,
            credentials=self._credentials(),
            timestamp=wall_clock(),
        )
        answer = self._connections.post(body, headers)
        document = _document(answer)
        if answer.status != 200:
            raise ServiceError(_error_code(document, answer.status), answer.status, document)
        return document

    def close(self) -> None:
        """Let go of the connections."""
        self._connections.close()


def _document(answer: Answer) -> dict[str, Any]:
    """The JSON of a whole and unharmed answer. An error may come without any: a proxy's, say."""
    checksum = answer.headers.get("x-amz-crc32", "")
    if checksum and checksum != str(zlib.crc32(answer.body)):
        raise Unanswered("WrongChecksum")
    try:
        document = json.loads(answer.body)
    except ValueError:
        document = None
    if isinstance(document, dict):
        return document
    if answer.status == 200:
        raise Unanswered("NotJson")
    return {}


def _error_code(document: Mapping[str, Any], status: int) -> str:
    """``__type`` without its namespace and what may follow it: ``…#ThrottlingException:http://…``."""
    code = document.get("__type") or document.get("code") or f"HTTP {status}"
    return str(code).partition(":")[0].rpartition("#")[2]
