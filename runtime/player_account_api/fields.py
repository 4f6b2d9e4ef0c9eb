"""What each writable field of a player may hold. Every type keeps a valid value exactly as the client sent it."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from ipaddress import IPv6Address
from typing import Annotated, Literal, cast
from urllib.parse import urlsplit

from pydantic import AfterValidator, StringConstraints, ValidationInfo

from runtime.player_account_api.countries import COUNTRIES

__all__ = [
    "AvatarUrl",
    "BirthDate",
    "Country",
    "DisplayName",
    "Email",
    "Language",
    "Status",
    "Username",
]

_MAX_EMAIL_BYTES, _MAX_MAILBOX_BYTES = 254, 64

# What must never be shown: control characters, line and paragraph separators, halves of surrogate pairs.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")

# RFC 5322, section 3.2.3: a dot-atom; RFC 6531, section 3.3, adds everything beyond ASCII.
# Both sets say what is not in them, because naming all of Unicode takes a cold start 25 ms to compile.
_MAILBOX = re.compile(r"{0}+(?:\.{0}+)*".format(r"[^\x00- \"(),.:;<>@\[\\\]\x7f-\xa0]"))
# RFC 1123, section 2.1, and RFC 5890, section 2.3.2.3: labels as DNS has them, or as their speakers write them.
_LABEL = re.compile(r"{0}(?:(?:{0}|-){{0,61}}{0})?".format(r"[^\x00-/:-@\[-`{-\xa0]"))

# RFC 5646, section 2.1. Tags that are called "regular" there match the general form anyway.
_LANGUAGE = re.compile(
    r"""
    (?: [a-z]{2,3} (?:-[a-z]{3}){0,3} | [a-z]{4,8} )    # language and extended languages
    (?: -[a-z]{4} )?                                    # script
    (?: -(?:[a-z]{2}|[0-9]{3}) )?                       # region
    (?: -(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}) )*          # variants
    (?: -[0-9a-wyz](?:-[a-z0-9]{2,8})+ )*               # extensions
    (?: -x(?:-[a-z0-9]{1,8})+ )?                        # private use
    | x(?:-[a-z0-9]{1,8})+
    | i-(?:ami|bnn|default|enochian|hak|klingon|lux|mingo|navajo|pwn|tao|tay|tsu)   # irregular tags
    | en-gb-oed | sgn-be-fr | sgn-be-nl | sgn-ch-de
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)

# RFC 3986, appendix A, with the schemes of RFC 9110, section 4.2, whose section 4.2.4 warns of user information.
_URL = re.compile(
    r"""
    (?i:https?)://
    (?: \[[0-9A-Fa-f:.]+\] | [A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])? )
    (?: :[0-9]{1,5} )?
    (?: [/?\#] (?: [A-Za-z0-9._~:/?\#@!$&'()*+,;=-] | %[0-9A-Fa-f]{2} )* )?
    """,
    re.VERBOSE,
)

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_EARLIEST_BIRTH = date(1900, 1, 1)


def _username(value: str) -> str:
    kinds = {unicodedata.category(character)[0] for character in value if character not in "_.-"}
    # Many scripts write their words with combining marks (M), but a name is not made of marks alone.
    if not kinds <= {"L", "M", "N"}:
        raise ValueError("may have letters and digits of any script, and _ . -")
    if not kinds & {"L", "N"}:
        raise ValueError("must have at least one letter or digit")
    return value


def _display_name(value: str) -> str:
    if _UNPRINTABLE.search(value):
        raise ValueError("must not have control characters or line breaks")
    if not value.strip():
        raise ValueError("must not be blank")
    return value


def _email(value: str) -> str:
    mailbox, _, domain = value.rpartition("@")
    labels = domain.split(".")
    if (
        # RFC 5321, section 4.5.3.1 (errata 1690): limits are in bytes.
        len(value.encode("utf-8", "replace")) > _MAX_EMAIL_BYTES
        or len(mailbox.encode("utf-8", "replace")) > _MAX_MAILBOX_BYTES
        or not value.isprintable()
        or not _MAILBOX.fullmatch(mailbox)
        or not all(map(_LABEL.fullmatch, labels))
        or (len(labels) == 1 and domain.lower() != "localhost")
        or labels[-1].isdecimal()
    ):
        raise ValueError("must be an e-mail address, such as player@example.com")
    return value


def _country(value: str) -> str:
    if value not in COUNTRIES:
        raise ValueError("must be an ISO 3166-1 alpha-2 code in capitals, such as US")
    return value


def _language(value: str) -> str:
    if not _LANGUAGE.fullmatch(value):
        raise ValueError("must be a BCP 47 language tag, such as en-US")
    return value


def _avatar_url(value: str) -> str:
    if not _URL.fullmatch(value) or not _has_real_authority(value):
        raise ValueError("must be an absolute http or https URL (RFC 3986) without user information")
    return value


def _has_real_authority(url: str) -> bool:
    """Whether the port is one, and a host in brackets an IPv6 address (RFC 3986, section 3.2)."""
    try:
        parts = urlsplit(url)
        _ = parts.port
        if parts.netloc.startswith("["):
            IPv6Address(parts.hostname or "")
    except ValueError:
        return False
    return True


def _birth_date(value: str, info: ValidationInfo) -> str:
    try:
        day = date.fromisoformat(value) if _DATE.fullmatch(value) else None
    except ValueError:
        day = None
    if day is None:
        raise ValueError("must be a date (RFC 3339, full-date), such as 1990-12-31")
    if day < _EARLIEST_BIRTH:
        raise ValueError(f"must not be before {_EARLIEST_BIRTH}")
    # The context is today by the sandbox's clock: a validator alone cannot know it.
    if day > cast("date", info.context):
        raise ValueError("must not be in the future")
    return value


Username = Annotated[str, StringConstraints(min_length=3, max_length=32), AfterValidator(_username)]
DisplayName = Annotated[str, StringConstraints(min_length=1, max_length=64), AfterValidator(_display_name)]
Email = Annotated[str, StringConstraints(max_length=_MAX_EMAIL_BYTES), AfterValidator(_email)]
Country = Annotated[str, AfterValidator(_country)]
Language = Annotated[str, StringConstraints(max_length=128), AfterValidator(_language)]
AvatarUrl = Annotated[str, StringConstraints(max_length=2048), AfterValidator(_avatar_url)]
BirthDate = Annotated[str, AfterValidator(_birth_date)]
Status = Literal["active", "suspended", "banned"]
