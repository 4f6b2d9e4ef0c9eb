"""A log group that exists before anything writes to it, so that it never keeps logs for ever."""

from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_logs as logs
from constructs import Construct

__all__ = ["RetainedLogGroup"]


class RetainedLogGroup(logs.LogGroup):
    """A log group named ``log_group_name`` that keeps its logs for ``retention_days``."""

    def __init__(
        self, scope: Construct, id_: str, *, log_group_name: str, retention_days: int, removal_policy: RemovalPolicy
    ) -> None:
        super().__init__(
            scope,
            id_,
            log_group_name=log_group_name,
            retention=logs.RetentionDays.INFINITE,
            removal_policy=removal_policy,
        )
        # The enumeration names the same numbers; the configuration has checked that this is one of them.
        resource = self.node.default_child
        if not isinstance(resource, logs.CfnLogGroup):
            raise TypeError("a log group is made of something else than its resource")
        resource.retention_in_days = retention_days
