"""What we use of Powertools' event handler, imported without what only its other resolvers need.

``asyncio`` is there for AppSync's, which nobody here uses: it would be a tenth of a service's imports.
"""

from __future__ import annotations

from runtime.core.deferred import defer

defer("asyncio")

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response  # noqa: E402 - see above
from aws_lambda_powertools.event_handler.api_gateway import Route  # noqa: E402 - see above

__all__ = ["APIGatewayHttpResolver", "Response", "Route"]
