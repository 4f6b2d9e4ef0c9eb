"""The way to DynamoDB: the AWS SDK's low-level client, and its errors told apart for the retry.

The only module of the store that imports the SDK; it is itself imported at the first call.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import botocore.session
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
)
from botocore.parsers import ResponseParserError

from runtime.store.dynamodb_retry import Refused, Transient
from runtime.store.port import StoreUnavailable

__all__ = ["call", "connect", "error_code"]

_CONFIG = Config(
    connect_timeout=1,
    read_timeout=2,
    retries={"total_max_attempts": 1, "mode": "standard"},
    max_pool_connections=50,
    tcp_keepalive=True,
    # The store's own tests hold its requests to what DynamoDB takes.
    parameter_validation=False,
)

_ANY_REGION = "us-east-1"
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


def connect(endpoint_url: str | None, region: str | None) -> Any:
    """A client of DynamoDB. Threads may share it. No request is made yet.

    An emulator of DynamoDB on this machine takes any credentials and any region, so there none need to be configured.
    """
    session = botocore.session.get_session()
    if _is_on_this_machine(endpoint_url):
        region = region or session.get_config_variable("region") or _ANY_REGION
        if not os.environ.keys() & _NAMED_CREDENTIALS:
            session.set_credentials("local", "local")
    try:
        return session.create_client("dynamodb", region_name=region, endpoint_url=endpoint_url, config=_CONFIG)
    except NoRegionError as error:
        raise StoreUnavailable("no AWS region is configured: set AWS_REGION or name one") from error
    except (BotoCoreError, ValueError) as error:
        raise StoreUnavailable(f"the AWS SDK cannot be set up: {error}") from error


def call(client: Any, table_name: str, operation: str, parameters: Mapping[str, Any]) -> Any:
    """Make one request and return the answer.

    Raises :class:`Refused` for conditions that failed, :class:`Transient` for what may pass, and
    :class:`~runtime.store.port.StoreUnavailable` for everything that a person has to put right.
    """
    try:
        return getattr(client, operation)(**parameters)
    except ClientError as error:
        raise _told_apart(error, table_name) from error
    except (ConnectTimeoutError, EndpointConnectionError) as error:
        raise Transient(type(error).__name__) from error
    except (HTTPClientError, ResponseParserError) as error:
        raise Transient(type(error).__name__, ambiguous=True) from error
    except NoCredentialsError as error:
        raise StoreUnavailable(
            "no AWS credentials found: configure a profile or a role (a local DynamoDB takes any "
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)"
        ) from error
    except BotoCoreError as error:
        raise StoreUnavailable(f"the AWS SDK cannot make the request ({type(error).__name__})") from error


def _is_on_this_machine(endpoint_url: str | None) -> bool:
    return endpoint_url is not None and urlsplit(endpoint_url).hostname in {"localhost", "127.0.0.1", "::1"}


def error_code(error: ClientError) -> str:
    """DynamoDB's name for an error."""
    return str(error.response.get("Error", {}).get("Code", ""))


def _told_apart(error: ClientError, table_name: str) -> Exception:
    code = error_code(error)
    answer: Mapping[str, Any] = error.response
    if code == "ConditionalCheckFailedException":
        return Refused([answer.get("Item") or {}])
    if code == "TransactionCanceledException":
        return _why_cancelled(answer.get("CancellationReasons") or [])
    if code in _PASSING:
        return Transient(code, busy=True)
    if answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= _SERVER_FAULT:
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
