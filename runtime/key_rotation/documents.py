"""Key documents from one rotation to the next. :mod:`runtime.core.keys` says what a document is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from runtime.core.jws import Algorithm, InvalidToken, SigningKey
from runtime.core.keys import KeySet, new_key_document

__all__ = ["InvalidDocument", "check", "parse", "successor"]

_PROBE = b"psn-emulator key rotation"


class InvalidDocument(Exception):
    """A document that must not become the current one. The message says why, without any key."""


def parse(text: str) -> dict[str, Any] | None:
    """The document in ``text``, or ``None`` when that is none, as before the first rotation."""
    try:
        document = json.loads(text)
    except ValueError:
        return None
    return document if isinstance(document, dict) and "keys" in document and "refresh_secret" in document else None


def successor(document: Mapping[str, Any] | None, algorithm: Algorithm) -> dict[str, Any]:
    """What follows ``document``; the first one when there is none.

    The published next key begins to sign, the one that signed stays published, and a new next key of ``algorithm`` is
    published. What was previous goes: its tokens have expired. The refresh secret stays, or every session would end.
    """
    if document is None:
        return new_key_document(algorithm)
    by_status = {entry["status"]: entry for entry in document["keys"]}
    key = SigningKey.generate(algorithm)
    return {
        "keys": [
            {**by_status["next"], "status": "current"},
            {"status": "next", "kid": key.kid, "alg": key.algorithm, "jwk": dict(key.jwk)},
            {**by_status["current"], "status": "previous"},
        ],
        "refresh_secret": document["refresh_secret"],
    }


def check(document: Mapping[str, Any] | None, current: Mapping[str, Any] | None) -> None:
    """Raises :class:`InvalidDocument` unless ``document`` works and follows ``current``.

    Its signing key must really sign what its published half verifies, and must be the one that was published as next.
    """
    if document is None:
        raise InvalidDocument("the pending version is no key document")
    try:
        keys = KeySet(document)
        signing = keys.signing
        keys.published[signing.kid].verify(_PROBE, signing.sign(_PROBE))
        statuses = sorted(entry["status"] for entry in document["keys"])
        secret = keys.refresh_secret
    except (InvalidToken, KeyError, StopIteration, TypeError, ValueError) as error:
        raise InvalidDocument(f"the pending document cannot be used ({type(error).__name__})") from error
    if len(secret) < 32:
        raise InvalidDocument("the pending document's refresh secret is too short")
    if statuses not in (["current", "next"], ["current", "next", "previous"]):
        raise InvalidDocument(f"the pending document has the keys {', '.join(statuses)}")
    if current is None:
        return
    promised = [entry["kid"] for entry in current["keys"] if entry["status"] == "next"]
    if [signing.kid] != promised:
        raise InvalidDocument("the pending document signs with a key that was not published as the next one")
    if document["refresh_secret"] != current["refresh_secret"]:
        raise InvalidDocument("the pending document changes the refresh secret")
