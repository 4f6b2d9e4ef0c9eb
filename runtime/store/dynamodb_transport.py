"""The way to DynamoDB: its client, and its errors told apart for the retry.

It is imported at the first call: a function that answers without its state needs no HTTP client.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from runtime.aws.client import DYNAMODB, JsonClient
from runtime.aws.configuration import find_region
from runtime.aws.errors import AwsError, NotConfigured, ServiceError, Unanswered, Unreachable
from runtime.aws.signature import Credentials
from runtime.store.dynamodb_retry import Refused, Transient
from runtime.store.port import StoreUnavailable

__all__ = ["call", "connect"]

_ANY_REGION = "us-east-1"
_ANY_CREDENTIALS = Credentials("local", "local")
_NAMED_CREDENTIALS = frozenset({"AWS_ACCESS_KEY_ID", "AWS_PROFILE"})

_CONDITION_FAILED = "ConditionalCheckFailed"
_SERVER_FAULT = 500

# As error codes, and as reasons of a cancelled transaction.
_PASSING = frozenset(
    {
        "ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
        "ReplicatedWriteConflictException",
        "RequestLimitExceeded",
        "Throttling",
        "ThrottlingError",
        "ThrottlingException",
        "TransactionConflict",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)

_DENIED = frozenset(
    {
        "AccessDeniedException",
        "ExpiredTokenException",
        "IncompleteSignatureException",
        "InvalidSignatureException",
        "MissingAuthenticationTokenException",
        "UnrecognizedClientException",
    }
)


def connect(endpoint_url: str | None, region: str | None) -> JsonClient:
    """A client of DynamoDB. Threads may share it. No request is made yet.

    An emulator of DynamoDB on this machine takes any credentials and any region, so there none need to be configured.
    """
    credentials = None
    try:
        if _is_on_this_machine(endpoint_url):
            region = region or _region_or_any()
            if not os.environ.keys() & _NAMED_CREDENTIALS:
                credentials = _any_credentials
        return JsonClient(DYNAMODB, url=endpoint_url, region=region, credentials=credentials)
    except NotConfigured as error:
        raise StoreUnavailable(str(error)) from error


def call(client: JsonClient, table_name: str, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Make one request about ``table_name`` and return the answer.

    Raises :class:`Refused` for conditions that failed, :class:`Transient` for what may pass, and
    :class:`~runtime.store.port.StoreUnavailable` for everything that a person has to put right.
    """
    try:
        return client.call(operation, parameters)
    except ServiceError as error:
        raise _told_apart(error, table_name) from error
    except Unreachable as error:
        raise Transient(str(error)) from error
    except Unanswered as error:
        raise Transient(str(error), ambiguous=True) from error
    except AwsError as error:
        raise StoreUnavailable(str(error)) from error


def _region_or_any() -> str:
    try:
        return find_region()
    except NotConfigured:
        return _ANY_REGION


def _any_credentials() -> Credentials:
    return _ANY_CREDENTIALS


def _is_on_this_machine(endpoint_url: str | None) -> bool:
    return endpoint_url is not None and urlsplit(endpoint_url).hostname in {"localhost", "127.0.0.1", "::1"}


def _told_apart(error: ServiceError, table_name: str) -> Exception:
    code = error.code
    if code == "ConditionalCheckFailedException":
        return Refused([error.answer.get("Item") or {}])
    if code == "TransactionCanceledException":
        return _why_cancelled(error.answer.get("CancellationReasons") or [])
    if code in _PASSING:
        return Transient(code, busy=True)
    if error.status >= _SERVER_FAULT:
        return Transient(code, ambiguous=True)
    if code in _DENIED:
        code = f"{code}: check credentials and policy"
    elif code == "ResourceNotFoundException":
        code = f"{code}: deploy the stack, or correct the table's name, the account or the region"
    return StoreUnavailable(f"DynamoDB refused the request to table {table_name} ({code})")


def _why_cancelled(reasons: list[Mapping[str, Any]]) -> Exception:
    codes = [str(reason.get("Code", "None")) for reason in reasons]
    # A conflict hides what that operation's condition would have said, so failed conditions elsewhere have to wait:
    # all of them are named, or none.
    passing = [code for code in codes if code in _PASSING]
    if passing:
        return Transient(passing[0], busy=True)
    if _CONDITION_FAILED in codes:
        return Refused(
            [reason.get("Item") or {} if reason.get("Code") == _CONDITION_FAILED else None for reason in reasons]
        )
    return StoreUnavailable(f"DynamoDB cancelled the transaction ({', '.join(sorted(set(codes) - {'None'}))})")
