"""Where AWS is and who asks: from the variables that AWS SDKs read, and that Lambda sets.

On a desk, what they do not say is left to the AWS SDK, which knows profiles, single sign-on and roles. It is imported
by its name, and only then: no function that answers requests is packaged with it.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from typing import Any

from runtime.aws.errors import NotConfigured
from runtime.aws.signature import Credentials

__all__ = ["credentials_source", "endpoint", "find_region"]

_KEY, _SECRET, _TOKEN = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"


def find_region() -> str:
    """The region to use. Raises :class:`NotConfigured` where none is set."""
    region = _variable("AWS_REGION") or _variable("AWS_DEFAULT_REGION")
    region = region or _ask_sdk(lambda: _sdk_session().get_config_variable("region"))
    if not region:
        raise NotConfigured("no AWS region is configured: set AWS_REGION or name one")
    return str(region)


def endpoint(service: str, identifier: str, region: str) -> str:
    """The URL of ``service`` (as in host names) in ``region``.

    ``AWS_ENDPOINT_URL_{identifier}`` and ``AWS_ENDPOINT_URL`` stand for it, and so does a profile's ``endpoint_url``
    (AWS SDKs and Tools Reference Guide, "Service-specific endpoints").
    """
    url = ""
    if _variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS").lower() != "true":
        url = _variable(f"AWS_ENDPOINT_URL_{identifier}") or _variable("AWS_ENDPOINT_URL")
        if not url and not _variable(_KEY):
            url = _ask_sdk(lambda: _sdk_session().get_scoped_config().get("endpoint_url")) or ""
    return url or f"https://{service}.{region}.amazonaws.com" + (".cn" if region.startswith("cn-") else "")


def credentials_source() -> Callable[[], Credentials]:
    """Returns what gives the credentials of each request. Both raise :class:`NotConfigured` where there are none."""
    if _variable(_KEY):
        return _environment_credentials
    found = _ask_sdk(lambda: _sdk_session().get_credentials())
    if found is None:
        raise NotConfigured(
            f"no AWS credentials found: configure a profile or a role (a local DynamoDB takes any {_KEY} and {_SECRET})"
        )
    # Frozen for one request: temporary ones are renewed by the SDK when their time comes.
    return lambda: Credentials(*_ask_sdk(found.get_frozen_credentials)[:3])


def _environment_credentials() -> Credentials:
    key, secret = _variable(_KEY), _variable(_SECRET)
    if not key or not secret:
        raise NotConfigured(f"the AWS credentials of the environment are not whole: set {_KEY} and {_SECRET}")
    return Credentials(key, secret, _variable(_TOKEN) or None)


def _variable(name: str) -> str:
    return os.environ.get(name, "").strip()


def _sdk_session() -> Any:
    return importlib.import_module("botocore.session").get_session()


def _ask_sdk(question: Callable[[], Any]) -> Any:
    """What the SDK answers, and ``None`` where there is no SDK."""
    try:
        failure: type[Exception] = importlib.import_module("botocore.exceptions").BotoCoreError
    except ModuleNotFoundError:
        return None
    try:
        return question()
    except failure as error:
        # Its message may hold what a credential process has printed.
        raise NotConfigured(
            f"the AWS SDK is not configured ({type(error).__name__}): check AWS_PROFILE, its profile and its login"
        ) from None
