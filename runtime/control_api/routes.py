"""The control service's endpoints."""

from __future__ import annotations

from runtime.catalogue import CONTROL, GRANT_TYPES, SERVICES
from runtime.control_api.models import Capabilities, Health
from runtime.core.responses import Response, json_response
from runtime.core.router import Router
from runtime.core.settings import Settings
from runtime.version import VERSION

__all__ = ["build_router"]


def build_router(settings: Settings) -> Router:
    """The routes of the control service."""
    router = Router(CONTROL)

    @router.operation("getHealth")
    def health() -> Response[str]:
        # Reaching this point took a read of the store: a deployment whose state is gone answers 503 instead.
        return json_response(200, Health(version=VERSION).model_dump_json(), {"Cache-Control": "no-store"})

    @router.operation("getCapabilities")
    def capabilities() -> Response[str]:
        body = Capabilities(
            version=VERSION,
            environment=settings.environment,
            store=settings.store,
            services=[service.name for service in SERVICES],
            grant_types=list(GRANT_TYPES),
            players_protected=settings.protect_players,
            demo_world=settings.demo_world,
        )
        return json_response(200, body.model_dump_json())

    return router
