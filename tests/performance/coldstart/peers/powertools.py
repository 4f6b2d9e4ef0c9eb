"""The other usual stack: Powertools with validation, a pydantic model, a table of the boto3 resource."""

from __future__ import annotations

import os
from typing import Any

import boto3  # type: ignore[import-untyped, unused-ignore]
from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from pydantic import BaseModel, Field

logger = Logger(service="peer")
app = APIGatewayHttpResolver(enable_validation=True)
table: Any = boto3.resource("dynamodb").Table(os.environ["PSN_EMULATOR_TABLE"])


class Player(BaseModel):
    """What is posted."""

    username: str = Field(min_length=3, max_length=32)
    email: str = Field(max_length=254)


@app.post("/players")
def create_player(player: Player) -> Player:
    """Keep a player."""
    table.put_item(Item={"pk": "powertools", "sk": player.username, "email": player.email})
    logger.info("created")
    return player


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer."""
    return app.resolve(event, context)
