"""The identities of a sandbox: users who log in and clients that act for them.

A user is two items, so that a log-in and a look at the user each cost one read: what a log-in needs, found by
username, and what the user's claims are, found by subject. Both are always written in one transaction.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from runtime.core.names import fold_name
from runtime.store.port import ABSENT, Condition, Key, Put, Store

__all__ = [
    "Client",
    "Identities",
    "Login",
    "User",
    "client_key",
    "hash_client_secret",
    "put_client",
    "put_user",
]


def hash_client_secret(secret: str) -> str:
    """What is stored of a client secret: SHA-256, for secrets have too much entropy to be guessed."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


class Login(NamedTuple):
    """What a log-in needs to know of a user. ``password_hash`` is argon2id in PHC form."""

    subject: str
    username: str
    password_hash: str


class User(NamedTuple):
    """A user and the claims about them, by their names in OpenID Connect Core, section 5.1."""

    subject: str
    username: str
    claims: Mapping[str, Any] = MappingProxyType({})


class Client(NamedTuple):
    """A registered client (RFC 7591 names its members). A public client has no ``secret_hash``."""

    client_id: str
    name: str
    secret_hash: str | None
    grant_types: frozenset[str]
    scopes: tuple[str, ...]
    redirect_uris: tuple[str, ...] = ()

    @property
    def is_public(self) -> bool:
        """Whether it cannot keep a secret (RFC 6749, section 2.1)."""
        return self.secret_hash is None

    def has_secret(self, secret: str) -> bool:
        """Whether ``secret`` is its secret; compared in constant time."""
        return self.secret_hash is not None and hmac.compare_digest(self.secret_hash, hash_client_secret(secret))


def client_key(client_id: str) -> Key:
    """Where a client lives. Client identifiers come from outside, so they are hashed into a key of fixed size."""
    return Key(f"client/{hashlib.sha256(client_id.encode('utf-8', 'surrogatepass')).hexdigest()}", "client")


def _login_key(username: str) -> Key:
    folded = fold_name(username).encode("utf-8", "surrogatepass")
    return Key(f"login/{hashlib.sha256(folded).hexdigest()}", "login")


def _user_key(subject: str) -> Key:
    return Key(f"user/{subject}", "user")


def put_user(user: User, password_hash: str, condition: Condition | None = ABSENT) -> list[Put]:
    """The operations that write a user, for a transaction."""
    login = {"subject": user.subject, "username": user.username, "password_hash": password_hash}
    record = {"subject": user.subject, "username": user.username, "claims": dict(user.claims)}
    return [Put(_login_key(user.username), login, condition), Put(_user_key(user.subject), record, condition)]


def put_client(client: Client, condition: Condition | None = ABSENT) -> Put:
    """The operation that writes a client."""
    record = {
        "client_id": client.client_id,
        "name": client.name,
        "secret_hash": client.secret_hash,
        "grant_types": sorted(client.grant_types),
        "scopes": list(client.scopes),
        "redirect_uris": list(client.redirect_uris),
    }
    return Put(client_key(client.client_id), record, condition)


class Identities:
    """Looks identities up in one sandbox's store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def login(self, username: str) -> Login | None:
        """What is needed to log ``username`` in, in any case."""
        item = self._store.get(_login_key(username))
        return None if item is None else Login(**item.document)

    def user(self, subject: str) -> User | None:
        """The user behind a subject identifier."""
        item = self._store.get(_user_key(subject))
        return None if item is None else User(**item.document)

    def client(self, client_id: str) -> Client | None:
        """A registered client."""
        item = self._store.get(client_key(client_id))
        if item is None:
            return None
        record = item.document
        return Client(
            client_id=record["client_id"],
            name=record["name"],
            secret_hash=record["secret_hash"],
            grant_types=frozenset(record["grant_types"]),
            scopes=tuple(record["scopes"]),
            redirect_uris=tuple(record["redirect_uris"]),
        )
