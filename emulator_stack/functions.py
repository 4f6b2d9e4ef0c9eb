"""The functions that are deployed, and what each may do: the one place that says who reads which secret.

The catalogue knows the services. Two functions have no routes: the gateway's authorizer and the keys' rotation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from runtime.catalogue import SERVICES, Service

__all__ = ["AUTHORIZER", "FUNCTIONS", "KEY_ROTATION", "SERVICE_FUNCTIONS", "DeployedFunction"]

_READ_ONE: Final = ("dynamodb:GetItem",)
_READ_AND_WRITE: Final = (
    "dynamodb:ConditionCheckItem",
    "dynamodb:DeleteItem",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "dynamodb:UpdateItem",
)
"""What the store's six primitives need. A transaction is authorised through these; nothing scans."""


@dataclass(frozen=True)
class DeployedFunction:
    """One Lambda function and its permissions.

    ``table_actions`` are what it does with the table; ``reads_signing_keys`` and ``reads_admin_token`` name the
    secrets whose value it may get. ``service`` is the catalogue's entry, where there is one. ``longest_seconds`` is
    what its caller waits at most. ``serves_requests`` tells whether requests wait for it: then keeping it warm helps.
    """

    slug: str
    package: str
    summary: str
    table_actions: tuple[str, ...] = ()
    reads_signing_keys: bool = False
    reads_admin_token: bool = False
    service: Service | None = None
    longest_seconds: int = 29
    serves_requests: bool = True

    @property
    def handler(self) -> str:
        """The entry point, as Lambda names it."""
        return f"runtime.{self.package}.handler.lambda_handler"

    @property
    def id(self) -> str:
        """The construct's id: ``IdpApi``."""
        return "".join(word.capitalize() for word in self.slug.split("-"))


def _of_service(service: Service) -> DeployedFunction:
    return DeployedFunction(
        slug=service.slug,
        package=service.package,
        summary=service.summary,
        table_actions=_READ_AND_WRITE,
        # Only who signs reads the keys: the player service is told by the authorizer whose token came.
        reads_signing_keys=service.name == "idp",
        service=service,
    )


SERVICE_FUNCTIONS: Final = tuple(_of_service(service) for service in SERVICES)

AUTHORIZER: Final = DeployedFunction(
    slug="authorizer",
    package="authorizer",
    summary="Lets requests to protected routes pass, or not",
    table_actions=_READ_ONE,  # The sandbox's record.
    reads_signing_keys=True,
    reads_admin_token=True,
    longest_seconds=10,  # API Gateway's limit for an authorizer.
)

KEY_ROTATION: Final = DeployedFunction(
    slug="key-rotation",
    package="key_rotation",
    summary="Makes the signing keys and rotates them; Secrets Manager calls it",
    serves_requests=False,
)
"""Its right to write the secret is given where the secret is made."""

FUNCTIONS: Final = (*SERVICE_FUNCTIONS, AUTHORIZER, KEY_ROTATION)
