"""What the control service answers."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

__all__ = ["Capabilities", "Health"]


class Health(BaseModel):
    """The emulator can serve: its handlers run and its state can be read."""

    status: Literal["ok"] = "ok"
    version: str


class Capabilities(BaseModel):
    """What this deployment can do."""

    version: str
    environment: str
    store: Literal["sqlite", "dynamodb"]
    services: list[str]
    grant_types: list[str]
    players_protected: bool
    demo_world: bool
