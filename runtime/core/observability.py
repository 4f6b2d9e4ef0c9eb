"""What operators see: one structured log line and a few metrics for each request (Powertools Logger, EMF metrics)."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger

from runtime.catalogue import Service
from runtime.core.settings import Settings

if TYPE_CHECKING:
    from aws_lambda_powertools import Metrics

__all__ = ["Observer"]

_NAMESPACE = "PSNEmulator"


class Observer:
    """Logs and measures the requests of one service. Nothing that a client sent is logged but method and path."""

    def __init__(self, service: Service, settings: Settings) -> None:
        # Lambda collects both streams; on a desk, standard output belongs to the command line's own answers.
        stream = sys.stdout if settings.metrics else sys.stderr
        self.logger = Logger(
            service=service.slug, level=settings.log_level, stream=stream, log_uncaught_exceptions=False
        )
        self._metrics = self._open_metrics(service) if settings.metrics else None

    def served(
        self,
        *,
        request_id: str,
        sandbox_id: str,
        method: str,
        path: str,
        operation: str,
        status: int,
        seconds: float,
        failure: Exception | None = None,
    ) -> None:
        """One request was answered with ``status`` after ``seconds``; ``failure`` is an error that nobody expected."""
        fields = {
            "request_id": request_id,
            "sandbox_id": sandbox_id,
            "method": method,
            "path": path,
            "operation": operation,
            "status": status,
            "duration_ms": round(seconds * 1000, 3),
        }
        if failure is not None:
            self.logger.error("request failed", exc_info=failure, extra=fields)
        else:
            self.logger.info("request served", extra=fields)
        if self._metrics is not None:
            self._metrics.add_dimension("operation", operation)
            self._metrics.add_metric(name="Requests", unit="Count", value=1)
            self._metrics.add_metric(name="ServerErrors", unit="Count", value=int(status >= 500))
            self._metrics.add_metric(name="ClientErrors", unit="Count", value=int(400 <= status < 500))
            self._metrics.add_metric(name="Latency", unit="Milliseconds", value=seconds * 1000)
            self._metrics.flush_metrics()

    @staticmethod
    def _open_metrics(service: Service) -> Metrics:
        from aws_lambda_powertools import Metrics

        return Metrics(namespace=_NAMESPACE, service=service.slug)
