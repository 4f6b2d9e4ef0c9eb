"""Fixtures: documented contents of a new sandbox."""

from __future__ import annotations

from runtime.emulation.identities import Client, User, hash_client_secret, put_client, put_user
from runtime.store.port import Put

__all__ = ["DEFAULT_CLIENT_ID", "SCOPES", "demo_world"]

SCOPES = ("openid", "profile", "email", "offline_access", "players:read", "players:write")
"""Every scope that the emulator knows."""

DEFAULT_CLIENT_ID = "psn-game-client"
"""The client of requests that name none (the specification's bare username and password)."""

# The hash of the documented password `password123` with the documented parameters. It is kept ready made because a
# service that only seeds a sandbox needs no password library; a test holds it to the password.
_PASSWORD_HASH = "$argon2id$v=19$m=19456,t=2,p=1$5qsSiG1d4Bimd5ynMZALDA$GxISaaWiagwk3Qz5PECSJRYymfbLBF0aPyiRYN6c56A"  # noqa: S105  # the documented password of a documented demo user


def demo_world() -> list[Put]:
    """The world that local, personal and dev deployments start with: one user and two clients, all documented."""
    testuser = User(
        subject="8f0e6a52-6c5d-4b7e-9d3c-2f1a7b9c4e10",
        username="testuser",
        claims={
            "name": "Test User",
            "given_name": "Test",
            "family_name": "User",
            "preferred_username": "testuser",
            "locale": "en-US",
            "email": "testuser@example.com",
            "email_verified": True,
        },
    )
    game = Client(
        client_id=DEFAULT_CLIENT_ID,
        name="PSN game client",
        secret_hash=None,
        grant_types=frozenset({"password", "refresh_token", "authorization_code", "device_code"}),
        scopes=SCOPES,
        redirect_uris=("http://127.0.0.1/*", "http://localhost/*"),
    )
    partner = Client(
        client_id="psn-partner-service",
        name="PSN partner service",
        secret_hash=hash_client_secret("partner-secret"),
        grant_types=frozenset({"client_credentials", "password", "refresh_token"}),
        scopes=SCOPES,
    )
    return [*put_user(testuser, _PASSWORD_HASH, None), put_client(game, None), put_client(partner, None)]
