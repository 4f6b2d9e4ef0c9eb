"""The player account service's entry point: ``runtime.player_account_api.handler.lambda_handler``."""

from __future__ import annotations

from runtime.catalogue import PLAYERS
from runtime.composition import parts
from runtime.player_account_api.routes import build_router

__all__ = ["lambda_handler"]

lambda_handler = parts().pipeline(PLAYERS, build_router())
