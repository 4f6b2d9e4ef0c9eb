"""What wakes an operator, and where to look."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.infrastructure.synthesis import synthesise

TOPIC = "arn:aws:sns:eu-west-1:111122223333:oncall"


def alarms(**changes: Any) -> dict[str, dict[str, Any]]:
    prefix = "psn-emulator-prod-"
    found = synthesise("prod", **changes).properties("AWS::CloudWatch::Alarm")
    return {alarm["AlarmName"].removeprefix(prefix): alarm for alarm in found}


@pytest.mark.parametrize(
    ("name", "measures"),
    [
        ("server-errors", {"5xx", "Count"}),
        ("latency", {"Latency"}),
        ("function-throttles", {"Throttles"}),
        ("authorizer-errors", {"Errors"}),
        ("key-rotation-errors", {"Errors"}),
        ("table-throttles", {"ReadThrottleEvents", "WriteThrottleEvents"}),
    ],
)
def test_an_alarm_watches_what_its_name_says(name: str, measures: set[str]) -> None:
    alarm = alarms()[name]
    metrics = {metric["MetricStat"]["Metric"]["MetricName"] for metric in alarm.get("Metrics", [])[1:]}
    assert (metrics or {alarm["MetricName"]}) == measures
    assert alarm["TreatMissingData"] == "notBreaching"
    assert alarm["AlarmDescription"]


def test_limits_are_configured() -> None:
    found = alarms(alarm_server_error_percent=2.5, alarm_latency_ms=900)
    assert found["server-errors"]["Threshold"] == 2.5
    assert found["latency"]["Threshold"] == 900
    assert found["latency"]["ExtendedStatistic"] == "p99"


def test_throttling_of_any_function_is_seen() -> None:
    assert len(alarms()["function-throttles"]["Metrics"]) == 1 + len(synthesise("prod").functions())


def test_the_authorizers_alarm_is_about_the_authorizer() -> None:
    (dimension,) = alarms()["authorizer-errors"]["Dimensions"]
    assert dimension["Value"]["Ref"].startswith("AuthorizerFunction")


def test_alarms_notify_the_topic_where_there_is_one() -> None:
    for alarm in alarms(alarm_topic_arn=TOPIC).values():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [TOPIC]
    for alarm in alarms().values():
        assert "AlarmActions" not in alarm


def test_the_specifications_queries_are_saved_for_all_functions() -> None:
    template = synthesise("dev")
    queries = {query["Name"]: query for query in template.properties("AWS::Logs::QueryDefinition")}
    assert queries["psn-emulator-dev/Error analysis"]["QueryString"] == (
        "fields @timestamp, @message\n| filter @message like /ERROR/\n| sort @timestamp desc\n| limit 100"
    )
    assert queries["psn-emulator-dev/Performance metrics"]["QueryString"] == (
        "stats avg(@duration), max(@duration), min(@duration) by bin(5m)"
    )
    for query in queries.values():
        assert len(query["LogGroupNames"]) == len(template.functions())


def test_the_dashboard_shows_alarms_requests_functions_and_table() -> None:
    dashboard = synthesise("prod").only("AWS::CloudWatch::Dashboard")
    assert dashboard["DashboardName"] == "psn-emulator-prod"
    body = json.dumps(dashboard["DashboardBody"])
    for metric in ("5xx", "Latency", "Duration", "Errors", "ConcurrentExecutions", "ReadThrottleEvents"):
        assert metric in body
