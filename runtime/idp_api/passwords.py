"""Passwords: argon2id, and a memory of what was right a moment ago.

Hashing is slow on purpose. In a warm process a password that was found right is recognised by a keyed digest of
it and of the hash it matched (as MySQL's ``caching_sha2_password`` does it), so load tests measure the service and
not the hash. Wrong passwords are never remembered: guessing stays as slow as it should be.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import threading
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

__all__ = ["Passwords"]

# OWASP's minimum for argon2id: 19 MiB of memory, two passes, one lane.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

# A hash that no password matches, so an unknown user costs as much time as a known one.
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5bm8$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

_REMEMBERED = 10_000

# Each hash takes 19 MiB and a core for some 18 ms. More at once than cores would only take memory; so would hashing
# in many threads in turn, because the allocator keeps what each of them used.
_AT_ONCE = os.cpu_count() or 1


class Passwords:
    """Checks passwords. Safe for many threads; hashing lets other threads run."""

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)
        self._right: dict[bytes, None] = {}
        self._lock = threading.Lock()
        self._hashing = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="password")

    def is_right(self, password: str, password_hash: str | None) -> bool:
        """Whether ``password`` matches ``password_hash``; without a hash it never does, and takes as long."""
        text = password.encode()
        digest = hmac.digest(self._secret, f"{password_hash}\0".encode() + text, hashlib.sha256)
        if digest in self._right:
            return True
        return self._hashing.submit(self._verify, text, password_hash or _NOBODY, digest).result()

    def _verify(self, password: bytes, password_hash: str, digest: bytes) -> bool:
        # Whoever waited for a turn may have waited for the answer to the same question.
        if digest in self._right:
            return True
        try:
            _HASHER.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False
        self._remember(digest)
        return True

    def _remember(self, digest: bytes) -> None:
        with self._lock:
            while len(self._right) >= _REMEMBERED:
                del self._right[next(iter(self._right))]
            self._right[digest] = None
