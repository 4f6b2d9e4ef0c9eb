"""Passwords: argon2id with OWASP's minimum, and a memory for what was right."""

from __future__ import annotations

import argon2
import pytest

from runtime.emulation import fixtures
from runtime.idp_api import passwords
from runtime.idp_api.passwords import Passwords

PARAMETERS = argon2.Parameters(
    type=argon2.Type.ID, version=19, salt_len=16, hash_len=32, time_cost=2, memory_cost=19 * 1024, parallelism=1
)


def test_the_demo_hash_is_the_documented_passwords_with_the_documented_parameters() -> None:
    assert argon2.PasswordHasher().verify(fixtures._PASSWORD_HASH, "password123")
    assert argon2.extract_parameters(fixtures._PASSWORD_HASH) == PARAMETERS


def test_an_unknown_user_costs_what_a_known_one_costs() -> None:
    """Both take one hash of the same parameters, so the time tells nobody which users exist."""
    found = argon2.extract_parameters(passwords._NOBODY)
    assert (found.type, found.time_cost, found.memory_cost, found.parallelism) == (argon2.Type.ID, 2, 19 * 1024, 1)
    assert not Passwords().is_right("anything", None)


@pytest.mark.parametrize("password", ["", "password12", "password123 ", "Password123", "p" * 100_000])
def test_a_wrong_password_is_wrong_however_often(password: str) -> None:
    checker = Passwords()
    assert checker.is_right("password123", fixtures._PASSWORD_HASH)
    assert not checker.is_right(password, fixtures._PASSWORD_HASH)
    assert not checker.is_right(password, fixtures._PASSWORD_HASH)


def test_a_right_password_is_hashed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[str] = []

    class Counting:
        def verify(self, password_hash: str, _: bytes) -> bool:
            hashed.append(password_hash)
            return True

    monkeypatch.setattr(passwords, "_HASHER", Counting())
    checker = Passwords()
    assert checker.is_right("password123", "hash-1")
    assert checker.is_right("password123", "hash-1")
    assert hashed == ["hash-1"]
    # A new hash is a new password, even if it should be the same one.
    assert checker.is_right("password123", "hash-2")
    assert hashed == ["hash-1", "hash-2"]


def test_a_hash_that_cannot_be_read_matches_nothing() -> None:
    assert not Passwords().is_right("password123", "not a hash")
