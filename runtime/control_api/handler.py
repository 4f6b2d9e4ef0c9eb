"""The control service's entry point: ``runtime.control_api.handler.lambda_handler``."""

from __future__ import annotations

from runtime.catalogue import CONTROL
from runtime.composition import parts
from runtime.control_api.routes import build_router

__all__ = ["lambda_handler"]

lambda_handler = parts().pipeline(CONTROL, build_router(parts().settings))
