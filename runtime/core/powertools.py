"""What we use of Powertools' event handler, imported without what only its other resolvers need.

``asyncio`` is there for AppSync's, which nobody here uses: it would be a tenth of a service's imports.
"""

from __future__ import annotations

import logging

from runtime.core.deferred import defer

defer("asyncio")
# Each log record would ask it for the current task (Python's logging HOWTO, "Optimization"); no request is one.
logging.logAsyncioTasks = False  # type: ignore[attr-defined, unused-ignore]  # since Python 3.12

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response  # noqa: E402 - after asyncio is deferred
from aws_lambda_powertools.event_handler.api_gateway import Route  # noqa: E402 - after asyncio is deferred

__all__ = ["APIGatewayHttpResolver", "Response", "Route"]
