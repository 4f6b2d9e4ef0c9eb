"""The identity provider's entry point: ``runtime.idp_api.handler.lambda_handler``."""

from __future__ import annotations

from runtime.catalogue import IDP
from runtime.composition import parts
from runtime.idp_api.routes import build_router
from runtime.idp_api.service import IdentityProvider

__all__ = ["lambda_handler"]

_parts = parts()

lambda_handler = _parts.pipeline(IDP, build_router(IdentityProvider(_parts.keys, _parts.settings)))
