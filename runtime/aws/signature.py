"""Signature Version 4, as AWS documents it ("Create a signed AWS API request", IAM User Guide).

Only what JSON services need: a POST to ``/`` without a query, whose body is at hand.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Mapping
from typing import NamedTuple

__all__ = ["Credentials", "signed"]

_ALGORITHM = "AWS4-HMAC-SHA256"


class Credentials(NamedTuple):
    """An access key; temporary ones come with a session token."""

    access_key_id: str
    secret_access_key: str
    session_token: str | None = None

    def __repr__(self) -> str:
        """Without the secrets, for logs and tracebacks."""
        return f"Credentials({self.access_key_id})"


def signed(
    headers: Mapping[str, str],
    body: bytes,
    *,
    service: str,
    region: str,
    credentials: Credentials,
    timestamp: float,
) -> dict[str, str]:
    """``headers`` with those that prove who sends them at ``timestamp`` (seconds since the epoch).

    ``headers`` are all to be signed, ``host`` among them; their names are in lower case.
    """
    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(timestamp))
    headers = {**headers, "x-amz-date": moment}
    if credentials.session_token:
        headers["x-amz-security-token"] = credentials.session_token
    names = ";".join(sorted(headers))
    canonical = "\n".join(
        (
            "POST",
            "/",
            "",
            *(f"{name}:{' '.join(headers[name].split())}" for name in sorted(headers)),
            "",
            names,
            hashlib.sha256(body).hexdigest(),
        )
    )
    scope = f"{moment[:8]}/{region}/{service}/aws4_request"
    text = "\n".join((_ALGORITHM, moment, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    key = b"AWS4" + credentials.secret_access_key.encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    headers["authorization"] = (
        f"{_ALGORITHM} Credential={credentials.access_key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return headers
