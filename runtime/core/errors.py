"""The errors of the domain. Which answer each becomes is decided in :mod:`runtime.core.responses`, nowhere else.

::

    EmulatorError
    ├── ConfigurationError      a setting is wrong: the message names it and what is allowed
    └── RequestError            the request cannot be served; all below are its kinds
        ├── MalformedRequest            not what it claims to be: not JSON, not UTF-8, a broken event
        ├── InvalidInput                well-formed but wrong; carries every failure found
        ├── PayloadTooLarge
        ├── UnsupportedMediaType
        ├── NoSuchPath
        ├── MethodNotAllowed
        ├── NoSuchResource              a player, a sandbox, … that is not there
        ├── AlreadyExists               a unique field is taken
        ├── StaleVersion                the item changed since it was read
        ├── ServiceBusy                 contention or throttling: try again
        ├── ServiceUnavailable          the store does not answer
        ├── BearerTokenError            RFC 6750, section 3
        └── OAuthError                  RFC 6749, section 5.2
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

__all__ = [
    "AlreadyExists",
    "BearerTokenError",
    "ConfigurationError",
    "EmulatorError",
    "FieldError",
    "InvalidInput",
    "MalformedRequest",
    "MethodNotAllowed",
    "NoSuchPath",
    "NoSuchResource",
    "OAuthError",
    "PayloadTooLarge",
    "RequestError",
    "ServiceBusy",
    "ServiceUnavailable",
    "StaleVersion",
    "UnsupportedMediaType",
]


class EmulatorError(Exception):
    """Anything the emulator reports on purpose. ``detail`` is fit for the eyes of a client."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class ConfigurationError(EmulatorError):
    """A setting is missing or wrong; the message names it, its value's fault, and what is allowed."""


class RequestError(EmulatorError):
    """This request cannot be served."""


class MalformedRequest(RequestError):
    """The request is not what it claims to be."""


class FieldError(NamedTuple):
    """One failure in an input. ``pointer`` is a JSON pointer (RFC 6901); the empty one means the whole body.

    ``parameter`` names a query parameter where the failure is not in the body.
    """

    message: str
    pointer: str | None = None
    parameter: str | None = None


class InvalidInput(RequestError):
    """Well-formed input that is not acceptable, with every failure found."""

    def __init__(self, errors: Sequence[FieldError], detail: str = "The input is not valid; see errors.") -> None:
        super().__init__(detail)
        self.errors = tuple(errors)


class PayloadTooLarge(RequestError):
    """The body is larger than ``limit`` bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"The body must not be larger than {limit} bytes.")
        self.limit = limit


class UnsupportedMediaType(RequestError):
    """The body's content type is not one of ``accepted``."""

    def __init__(self, accepted: Sequence[str]) -> None:
        super().__init__(f"Send the body as {' or '.join(accepted)}.")
        self.accepted = tuple(accepted)


class NoSuchPath(RequestError):
    """Nothing answers at this path."""

    def __init__(self) -> None:
        super().__init__("Nothing answers at this path.")


class MethodNotAllowed(RequestError):
    """The path exists, with other methods (RFC 9110, section 15.5.6)."""

    def __init__(self, allowed: Sequence[str]) -> None:
        super().__init__(f"This path answers {', '.join(allowed)}.")
        self.allowed = tuple(allowed)


class NoSuchResource(RequestError):
    """The named ``kind`` of thing (``player``, ``sandbox``) is not there."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"There is no such {kind}.")
        self.kind = kind


class AlreadyExists(RequestError):
    """A field that must be unique has a value that is taken. ``fields`` names them all."""

    def __init__(self, fields: Sequence[str]) -> None:
        super().__init__(f"Already taken: {', '.join(fields)}.")
        self.fields = tuple(fields)


class StaleVersion(RequestError):
    """What was to be changed has changed in the meantime."""

    def __init__(self, detail: str = "It changed in the meantime: read it again, then repeat the change.") -> None:
        super().__init__(detail)


class ServiceBusy(RequestError):
    """Contention or throttling lasted longer than a request may wait. ``retry_after`` is in whole seconds."""

    def __init__(self, retry_after: int = 1) -> None:
        super().__init__("Too much is going on at once: try again.")
        self.retry_after = retry_after


class ServiceUnavailable(RequestError):
    """The state cannot be reached; the reason is in the log."""

    def __init__(self, retry_after: int = 5) -> None:
        super().__init__("The emulator's state cannot be reached; its log says why.")
        self.retry_after = retry_after


class BearerTokenError(RequestError):
    """A protected resource refuses a bearer token (RFC 6750, section 3.1).

    ``error`` is ``invalid_token`` or ``insufficient_scope``, or ``None`` where no token came at all: then the
    challenge tells nothing more (section 3.1, last paragraph).
    """

    def __init__(self, detail: str, *, error: str | None = "invalid_token", scope: str | None = None) -> None:
        super().__init__(detail)
        self.error = error
        self.scope = scope


class OAuthError(RequestError):
    """An OAuth endpoint refuses a request (RFC 6749, section 5.2). ``challenge`` asks for HTTP Basic."""

    def __init__(self, error: str, detail: str, *, challenge: bool = False) -> None:
        super().__init__(detail)
        self.error = error
        self.challenge = challenge
