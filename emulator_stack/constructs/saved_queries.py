"""The specification's queries of the logs, saved where CloudWatch Logs Insights offers them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aws_cdk import aws_logs as logs
from constructs import Construct

from emulator_stack.naming import query_name

__all__ = ["SavedQueries"]

_QUERIES: Final = {
    "Error analysis": (
        "fields @timestamp, @message\n| filter @message like /ERROR/\n| sort @timestamp desc\n| limit 100"
    ),
    "Performance metrics": "stats avg(@duration), max(@duration), min(@duration) by bin(5m)",
}


class SavedQueries(Construct):
    """Error analysis and performance metrics over ``log_groups``."""

    def __init__(self, scope: Construct, id_: str, *, environment: str, log_groups: Sequence[logs.ILogGroup]) -> None:
        super().__init__(scope, id_)
        for title, query in _QUERIES.items():
            logs.CfnQueryDefinition(
                self,
                "".join(word.capitalize() for word in title.split()),
                name=query_name(environment, title),
                query_string=query,
                log_group_names=[group.log_group_name for group in log_groups],
            )
