"""The usual full stack: FastAPI behind Mangum, a pydantic model, a table of the boto3 resource."""

from __future__ import annotations

import os
from typing import Any

import boto3  # type: ignore[import-untyped, unused-ignore]
from fastapi import FastAPI  # type: ignore[import-not-found, unused-ignore]
from mangum import Mangum  # type: ignore[import-not-found, unused-ignore]
from pydantic import BaseModel, Field

app = FastAPI()
table: Any = boto3.resource("dynamodb").Table(os.environ["PSN_EMULATOR_TABLE"])


class Player(BaseModel):
    """What is posted."""

    username: str = Field(min_length=3, max_length=32)
    email: str = Field(max_length=254)


@app.post("/players", status_code=201)  # type: ignore[untyped-decorator, unused-ignore]
def create_player(player: Player) -> Player:
    """Keep a player."""
    table.put_item(Item={"pk": "usual", "sk": player.username, "email": player.email})
    return player


lambda_handler = Mangum(app, lifespan="off")
