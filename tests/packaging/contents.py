"""What no package may hold, be it an archive or an image."""

from __future__ import annotations

from typing import Final

__all__ = ["SECRET"]

SECRET: Final = rb"PRIVATE KEY-----\s+[A-Za-z0-9+/=]{40}|AKIA[0-9A-Z]{16}"
"""A regular expression for private keys and AWS's access keys."""
