"""The identity provider's entry point: ``runtime.idp_api.handler.lambda_handler``."""

from __future__ import annotations

from runtime.adapters.signing_keys import signing_keys
from runtime.catalogue import IDP
from runtime.composition import parts
from runtime.idp_api.routes import build_router
from runtime.idp_api.service import IdentityProvider

__all__ = ["lambda_handler"]

_parts = parts()

lambda_handler = _parts.pipeline(IDP, build_router(IdentityProvider(signing_keys(_parts), _parts.settings)))
