"""The context object that Lambda passes beside the event."""

from __future__ import annotations

from runtime.catalogue import Service
from runtime.core.clock import stopwatch
from runtime.local.events import ACCOUNT_ID, REGION

__all__ = ["INTEGRATION_SECONDS", "FunctionIdentity", "LambdaContext"]

INTEGRATION_SECONDS = 30.0
"""The time that a function has behind an HTTP API (http-api-quotas: maximum integration timeout)."""


class FunctionIdentity:
    """What all invocations of one function have in common."""

    def __init__(self, slug: str) -> None:
        self.name = f"psn-emulator-local-{slug}"
        self.arn = f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:{self.name}"

    @classmethod
    def of(cls, service: Service) -> FunctionIdentity:
        """The function that runs ``service``."""
        return cls(service.slug)


class LambdaContext:
    """One invocation (docs.aws.amazon.com/lambda/latest/dg/python-context.html)."""

    __slots__ = ("_deadline", "aws_request_id", "function_name", "invoked_function_arn")

    function_version = "$LATEST"
    memory_limit_in_mb = "512"
    log_group_name = "local"
    log_stream_name = "local"

    def __init__(self, identity: FunctionIdentity, request_id: str) -> None:
        self.aws_request_id = request_id
        self.function_name = identity.name
        self.invoked_function_arn = identity.arn
        self._deadline = stopwatch() + INTEGRATION_SECONDS

    def get_remaining_time_in_millis(self) -> int:
        """The time left, in milliseconds. Nothing ends a handler that goes on for longer."""
        return max(0, int((self._deadline - stopwatch()) * 1000))
