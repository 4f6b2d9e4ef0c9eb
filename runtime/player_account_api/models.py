"""What clients send to the player service, and what it answers.

Answers are dictionaries of a known shape and not models: a stored player goes out as it lies in the store, and
what was validated when it came in is not validated again with every read.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator, Field

# Pydantic describes only this one before Python 3.12.
from typing_extensions import TypedDict

from runtime.core.bodies import InputModel
from runtime.player_account_api.fields import (
    AvatarUrl,
    BirthDate,
    Country,
    DisplayName,
    Email,
    Language,
    Status,
    Username,
)

__all__ = ["Player", "PlayerInput", "PlayerPage", "PlayerQuery", "Stats", "Trophies"]

_DIGITS = re.compile(r"[0-9]{1,9}")


def _page_size(value: str) -> int:
    # Left to itself, pydantic reads "+5", " 5", "5.0" and "1_0" as numbers too.
    if not _DIGITS.fullmatch(value):
        raise ValueError("must be a whole number from 1 to 100")
    return int(value)


class PlayerInput(InputModel):
    """The writable fields of a player. An optional one that is absent or ``null`` gets its default."""

    username: Username
    email: Email
    display_name: DisplayName | None = None
    country: Country | None = None
    language: Language | None = None
    avatar_url: AvatarUrl | None = None
    date_of_birth: BirthDate | None = None
    status: Status | None = None


class PlayerQuery(InputModel):
    """What to list. ``username`` and ``email`` find the one player who has it, in any case."""

    limit: Annotated[int, Field(ge=1, le=100), BeforeValidator(_page_size)] = 25
    cursor: str | None = None
    username: str | None = None
    email: str | None = None
    status: Status | None = None
    country: Country | None = None

    @property
    def filters(self) -> dict[str, str]:
        """The filters that are set, by name."""
        named = {"username": self.username, "email": self.email, "status": self.status, "country": self.country}
        return {name: value for name, value in named.items() if value is not None}


class Player(TypedDict):
    """A player account. Times are RFC 3339 in UTC; ``version`` begins at 1 and grows by one with each change."""

    player_id: str
    username: str
    email: str
    display_name: str | None
    country: str | None
    language: str | None
    avatar_url: str | None
    date_of_birth: str | None
    status: Status
    created_at: str
    updated_at: str
    version: int


class PlayerPage(TypedDict):
    """Some of the players, newest first. ``next_cursor`` is ``None`` where nobody follows."""

    items: list[Player]
    next_cursor: str | None


class Trophies(TypedDict):
    """Trophies won, by grade."""

    bronze: int
    silver: int
    gold: int
    platinum: int


class Stats(TypedDict):
    """A player's statistics. ``win_rate`` is wins per match played, 0 to 1, rounded to four places."""

    player_id: str
    level: int
    experience: int
    matches_played: int
    wins: int
    losses: int
    draws: int
    win_rate: float
    play_time_seconds: int
    trophies: Trophies
    last_played_at: str | None
    updated_at: str
