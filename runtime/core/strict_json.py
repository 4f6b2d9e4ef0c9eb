"""JSON as clients must send it: RFC 8259 in UTF-8, with no name twice in an object (RFC 7493, section 2.3)."""

from __future__ import annotations

import json
from typing import Any, NoReturn

__all__ = ["parse_json"]


def parse_json(data: bytes) -> Any:
    """The value in ``data``. Raises :class:`ValueError` for everything else, however deeply it is nested."""
    try:
        value = _decoder.decode(data.decode("utf-8"))
        if b"\\ud" in data.lower():
            # Half a surrogate pair is no character (RFC 7493, section 2.1), and UTF-8 has no way to write one.
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return value


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name stands twice in an object")
    return members


def _no_constant(name: str) -> NoReturn:
    # RFC 8259, section 6: NaN and the infinities are no numbers of JSON.
    raise ValueError(f"{name} is not JSON")


_decoder = json.JSONDecoder(object_pairs_hook=_members, parse_constant=_no_constant)
