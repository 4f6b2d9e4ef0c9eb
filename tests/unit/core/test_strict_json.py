"""JSON as clients must send it (RFC 8259; RFC 7493)."""

from __future__ import annotations

import pytest

from runtime.core.strict_json import parse_json


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"{}", {}),
        (b'{"a": [1, 2.5, true, null]}', {"a": [1, 2.5, True, None]}),
        ('"ü"'.encode(), "ü"),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
        (b' \n"x"\t', "x"),
    ],
)
def test_json_is_read(data: bytes, value: object) -> None:
    assert parse_json(data) == value


REFUSED = {
    "nothing": b"",
    "half an object": b"{",
    "two values": b"{} {}",
    "single quotes": b"{'a': 1}",
    "a trailing comma": b"[1,]",
    "RFC 8259 §6 NaN": b"[NaN]",
    "RFC 8259 §6 Infinity": b"[-Infinity]",
    "RFC 8259 §7 a control character in a string": b'"\x00"',
    "RFC 8259 §8.1 a byte order mark": b"\xef\xbb\xbf{}",
    "RFC 8259 §8.1 not UTF-8": b'"\xff"',
    "RFC 8259 §8.1 UTF-16": '{"a": 1}'.encode("utf-16"),
    "RFC 7493 §2.1 half a surrogate pair": b'"\\ud800"',
    "RFC 7493 §2.1 half a pair in capitals": b'"\\uD800"',
    "RFC 7493 §2.3 a name twice": b'{"a": 1, "a": 2}',
    "RFC 7493 §2.3 a name twice, inside": b'[{"a": {"b": 1, "b": 1}}]',
    "nested beyond any reason": b"[" * 100_000,
    "a number beyond any reason": b"1" * 5_000,
}


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED)
def test_what_is_not_json_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  the kind is all that callers rely on
        parse_json(data)
