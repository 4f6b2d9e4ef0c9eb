"""What tells operators that something is wrong, and where to look: alarms, a dashboard, saved queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_apigatewayv2 as apigatewayv2
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from constructs import Construct

from emulator_stack.naming import alarm_name, dashboard_name

__all__ = ["Monitored", "Monitoring"]

_MINUTE = Duration.minutes(1)
_FIVE_MINUTES = Duration.minutes(5)


@dataclass(frozen=True)
class Monitored:
    """What there is to watch. ``functions`` are all functions by slug, the authorizer and the rotation among them."""

    api: apigatewayv2.HttpApi
    functions: Mapping[str, lambda_.IFunction]
    authorizer: lambda_.IFunction
    rotation: lambda_.IFunction
    table: dynamodb.ITable


class Monitoring(Construct):
    """Alarms and one dashboard for ``monitored``. ``dashboard`` is CloudWatch's."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        environment: str,
        monitored: Monitored,
        server_error_percent: float,
        latency_ms: int,
        topic_arn: str | None,
    ) -> None:
        super().__init__(scope, id_)
        self._environment = environment
        self._topic = None if topic_arn is None else sns.Topic.from_topic_arn(self, "Topic", topic_arn)
        self._monitored = monitored
        self.alarms = [
            self._alarm(
                "server-errors",
                self._server_error_rate(),
                threshold=server_error_percent,
                periods=5,
                needed=3,
                description="Too many answers are 5xx. Those that a tester's rules asked for count as well.",
            ),
            self._alarm(
                "latency",
                monitored.api.metric_latency(statistic="p99", period=_MINUTE),
                threshold=latency_ms,
                periods=5,
                needed=3,
                description="The slowest hundredth of requests takes too long, delays of rules included.",
            ),
            self._alarm(
                "function-throttles",
                _total([function.metric_throttles() for function in monitored.functions.values()], "Throttled calls"),
                description="Lambda refused calls: raise the reserved concurrency, or the account's limit.",
            ),
            self._alarm(
                "authorizer-errors",
                monitored.authorizer.metric_errors(statistic="Sum", period=_FIVE_MINUTES),
                description="The authorizer fails, so protected routes answer 500: see its log.",
            ),
            self._alarm(
                "key-rotation-errors",
                monitored.rotation.metric_errors(statistic="Sum", period=_FIVE_MINUTES),
                description="The signing keys are not rotated (or not made yet): see the rotation function's log.",
            ),
            self._alarm(
                "table-throttles",
                _total(self._table_throttles(), "Throttled requests"),
                description="DynamoDB refused requests: one partition is too hot, or the account's limit is reached.",
            ),
        ]
        self.dashboard = self._make_dashboard()

    def _alarm(
        self,
        subject: str,
        metric: cloudwatch.IMetric,
        *,
        description: str,
        threshold: float = 0,
        periods: int = 1,
        needed: int = 1,
    ) -> cloudwatch.Alarm:
        alarm = cloudwatch.Alarm(
            self,
            "".join(word.capitalize() for word in subject.split("-")),
            alarm_name=alarm_name(self._environment, subject),
            alarm_description=description,
            metric=metric,
            threshold=threshold,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            evaluation_periods=periods,
            datapoints_to_alarm=needed,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        if self._topic is not None:
            alarm.add_alarm_action(actions.SnsAction(self._topic))
            alarm.add_ok_action(actions.SnsAction(self._topic))
        return alarm

    def _server_error_rate(self) -> cloudwatch.MathExpression:
        api = self._monitored.api
        return cloudwatch.MathExpression(
            expression="IF(requests > 0, 100 * errors / requests, 0)",
            using_metrics={"errors": api.metric_server_error(statistic="Sum"), "requests": api.metric_count()},
            label="5xx (%)",
            period=_MINUTE,
        )

    def _table_throttles(self) -> list[cloudwatch.IMetric]:
        return [
            self._monitored.table.metric(name, statistic="Sum")
            for name in ("ReadThrottleEvents", "WriteThrottleEvents")
        ]

    def _make_dashboard(self) -> cloudwatch.Dashboard:
        api, table, functions = self._monitored.api, self._monitored.table, self._monitored.functions
        dashboard = cloudwatch.Dashboard(
            self, "Dashboard", dashboard_name=dashboard_name(self._environment), default_interval=Duration.hours(3)
        )
        dashboard.add_widgets(
            cloudwatch.AlarmStatusWidget(title="Alarms", alarms=self.alarms, width=24, height=3),
        )
        dashboard.add_widgets(
            _graph("Requests", [api.metric_count(), api.metric_client_error(), api.metric_server_error()]),
            _graph("Latency", [api.metric_latency(statistic=statistic) for statistic in ("p50", "p90", "p99")]),
            _graph("Capacity of the table", [table.metric_consumed_read_capacity_units(),
                                             table.metric_consumed_write_capacity_units(),
                                             *self._table_throttles()]),
        )  # fmt: skip
        dashboard.add_widgets(
            _graph("Duration, p99", [function.metric_duration(statistic="p99") for function in functions.values()]),
            _graph("Errors", [function.metric_errors() for function in functions.values()]),
            _graph("Instances", [
                function.metric("ConcurrentExecutions", statistic="Maximum") for function in functions.values()
            ]),
        )  # fmt: skip
        return dashboard


def _graph(title: str, metrics: Sequence[cloudwatch.IMetric]) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(title=title, left=list(metrics), width=8, height=6)


def _total(metrics: Sequence[cloudwatch.IMetric], label: str) -> cloudwatch.MathExpression:
    names = {f"m{number}": metric for number, metric in enumerate(metrics)}
    return cloudwatch.MathExpression(
        expression=f"SUM([{', '.join(f'FILL({name}, 0)' for name in names)}])",
        using_metrics=names,
        label=label,
        period=_FIVE_MINUTES,
    )
