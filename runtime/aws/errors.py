"""What can come of a request to AWS, other than its answer.

::

    AwsError
    ├── NotConfigured   no region or no credentials: nothing was sent
    ├── Unreachable     no connection came to be: nothing was sent
    ├── Unanswered      it was sent, and no whole answer came: it may have been carried out
    └── ServiceError    the service answered with an error; below status 500 it did nothing
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["AwsError", "NotConfigured", "ServiceError", "Unanswered", "Unreachable"]


class AwsError(Exception):
    """Anything that came instead of an answer."""


class NotConfigured(AwsError):
    """Something that a person has to set is missing; the message says what."""


class Unreachable(AwsError):
    """The service could not be connected to. The message is the kind of failure, and holds nothing of the request."""


class Unanswered(AwsError):
    """The connection was lost, or what came back is no answer. The message is the kind of failure."""


class ServiceError(AwsError):
    """An error that the service answered: its ``code``, the HTTP ``status`` and the whole ``answer``.

    The service's own message is not shown, for it may repeat what it was sent.
    """

    def __init__(self, code: str, status: int, answer: Mapping[str, Any]) -> None:
        super().__init__(code)
        self.code = code
        self.status = status
        self.answer = answer
