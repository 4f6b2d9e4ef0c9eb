"""Names that people give themselves, and when two of them are the same."""

from __future__ import annotations

import unicodedata

__all__ = ["fold_name"]


def fold_name(name: str) -> str:
    """``name`` as it is compared: neither case nor Unicode's several spellings of one character make a difference.

    Unicode Standard, section 3.13, D146: compatibility caseless matching, by NFKC instead of NFKD.
    """
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
