"""The characters of an address, each named by its own words: the expressions say it the other way round, for speed."""

from __future__ import annotations

import string

import pytest

from runtime.player_account_api import fields

ASCII_LETTERS_AND_DIGITS = set(string.ascii_letters + string.digits)
# Everything in the first planes' corners, where a range could be wrong by one.
CHARACTERS = [chr(code) for code in (*range(0x400), 0xD7FF, 0xD800, 0xDFFF, 0xFFFF, 0x10000, 0x10FFFF)]


@pytest.mark.parametrize(
    ("expression", "ascii_characters"),
    [
        (fields._MAILBOX, ASCII_LETTERS_AND_DIGITS | set("!#$%&'*+/=?^_`{|}~-")),  # RFC 5322, section 3.2.3: atext
        (fields._LABEL, ASCII_LETTERS_AND_DIGITS),  # RFC 1123, section 2.1
    ],
)
def test_which_characters_may_stand_alone(expression: object, ascii_characters: set[str]) -> None:
    assert hasattr(expression, "fullmatch")
    allowed = {character for character in CHARACTERS if expression.fullmatch(character)}
    assert allowed == ascii_characters | {character for character in CHARACTERS if ord(character) >= 0xA1}
