"""Where AWS is and who asks: from the variables that every AWS SDK reads, and that Lambda sets.

Outside Lambda, what they do not say is left to the AWS SDK, which knows profiles, single sign-on and roles. It is
imported by its name, and only then: no function is packaged with it.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from typing import Any

from runtime.aws.errors import NotConfigured
from runtime.aws.signature import Credentials

__all__ = ["credentials_source", "endpoint", "find_region"]


def find_region() -> str:
    """The region to use. Raises :class:`NotConfigured` where none is set."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        if region := os.environ.get(name, "").strip():
            return region
    session = _sdk_session()
    if session is not None and (region := session.get_config_variable("region")):
        return str(region)
    raise NotConfigured("no AWS region is configured: set AWS_REGION or name one")


def endpoint(service: str, identifier: str, region: str) -> str:
    """The URL of ``service`` (as in host names) in ``region``.

    ``AWS_ENDPOINT_URL_{identifier}`` and ``AWS_ENDPOINT_URL`` stand for it (AWS SDKs and Tools Reference Guide,
    "Service-specific endpoints").
    """
    for name in (f"AWS_ENDPOINT_URL_{identifier}", "AWS_ENDPOINT_URL"):
        if url := os.environ.get(name, "").strip():
            return url
    return f"https://{service}.{region}.amazonaws.com" + (".cn" if region.startswith("cn-") else "")


def credentials_source() -> Callable[[], Credentials]:
    """Returns what gives the credentials of each request. Raises :class:`NotConfigured` where there are none."""
    if os.environ.get("AWS_ACCESS_KEY_ID") and os.environ.get("AWS_SECRET_ACCESS_KEY"):
        return _environment_credentials
    session = _sdk_session()
    found = session.get_credentials() if session is not None else None
    if found is None:
        raise NotConfigured(
            "no AWS credentials found: configure a profile or a role (a local DynamoDB takes any "
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)"
        )
    # Frozen for one request: temporary ones are renewed by the SDK when their time comes.
    return lambda: Credentials(*found.get_frozen_credentials()[:3])


def _environment_credentials() -> Credentials:
    environ = os.environ
    return Credentials(
        environ["AWS_ACCESS_KEY_ID"], environ["AWS_SECRET_ACCESS_KEY"], environ.get("AWS_SESSION_TOKEN") or None
    )


def _sdk_session() -> Any:
    try:
        return importlib.import_module("botocore.session").get_session()
    except ModuleNotFoundError:
        return None
