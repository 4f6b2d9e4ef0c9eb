"""What is public, what is protected, what is throttled and what is logged."""

from __future__ import annotations

import json

import pytest

from emulator_stack.routes import route_keys
from runtime.catalogue import CONTROL, IDP, PLAYERS, SERVICES
from tests.infrastructure.synthesis import Template, synthesise

ALIAS_ARN = "arn:aws:acm:eu-west-1:111122223333:certificate/0a1b2c3d"


def routes(template: Template, *, protected: bool) -> set[str]:
    """The keys of the routes that the authorizer is asked about, or of those that it is not."""
    kinds = {"CUSTOM": True, "NONE": False}
    return {
        route["RouteKey"]
        for route in template.properties("AWS::ApiGatewayV2::Route")
        if kinds[route["AuthorizationType"]] is protected
    }


HEALTH = "GET /_emulator/v1/health"


@pytest.mark.parametrize("environment", ["qa", "staging", "prod"])
def test_where_players_are_protected_the_identity_provider_and_the_health_check_are_public(environment: str) -> None:
    template = synthesise(environment)
    documents = {key for key in route_keys(CONTROL) if "/_emulator" not in key}
    assert routes(template, protected=False) == {*route_keys(IDP), HEALTH, *documents}
    assert routes(template, protected=True) == {*route_keys(PLAYERS), *route_keys(CONTROL)} - {HEALTH} - documents


def test_where_they_are_not_the_control_plane_still_is() -> None:
    template = synthesise("dev")
    assert set(route_keys(PLAYERS)) <= routes(template, protected=False)
    control = {key for key in route_keys(CONTROL) if "/_emulator" in key}
    assert routes(template, protected=True) == control - {HEALTH}


def test_whatever_else_lies_below_the_control_plane_is_protected_too() -> None:
    assert {"ANY /_emulator", "ANY /_emulator/{proxy+}"} <= routes(synthesise("dev"), protected=True)


def test_players_of_a_sandbox_are_as_protected_as_the_others() -> None:
    protected = routes(synthesise("prod"), protected=True)
    assert {"GET /s/{sandbox_id}/players", "ANY /s/{sandbox_id}/players/{proxy+}"} <= protected


def test_every_route_of_the_catalogue_is_there_once() -> None:
    keys = [route["RouteKey"] for route in synthesise("dev").properties("AWS::ApiGatewayV2::Route")]
    assert sorted(keys) == sorted(key for service in SERVICES for key in route_keys(service))


def test_each_route_leads_to_its_service() -> None:
    template = synthesise("dev")
    integrations = template.resources("AWS::ApiGatewayV2::Integration")
    assert len(integrations) == len(SERVICES)
    for route in template.properties("AWS::ApiGatewayV2::Route"):
        logical = route["Target"]["Fn::Join"][1][1]["Ref"]
        integration = integrations[logical]["Properties"]
        function = template.document["Resources"][integration["IntegrationUri"]["Fn::GetAtt"][0]]["Properties"]
        (service,) = [service for service in SERVICES if route["RouteKey"] in route_keys(service)]
        assert function["FunctionName"] == f"psn-emulator-dev-{service.slug}"
        assert integration["PayloadFormatVersion"] == "2.0"


def test_the_authorizer_is_asked_about_every_request() -> None:
    authorizer = synthesise("prod").only("AWS::ApiGatewayV2::Authorizer")
    assert authorizer["AuthorizerType"] == "REQUEST"
    assert authorizer["AuthorizerPayloadFormatVersion"] == "2.0"
    assert authorizer["EnableSimpleResponses"] is True
    assert authorizer["AuthorizerResultTtlInSeconds"] == 0
    assert authorizer["IdentitySource"] == ["$request.header.Authorization"]


def test_the_authorizer_answers_within_what_the_gateway_waits_for_it() -> None:
    assert synthesise("prod").functions()["authorizer"]["Timeout"] <= 10


def test_all_routes_are_throttled_and_those_that_issue_tokens_more_tightly() -> None:
    stage = synthesise("prod", token_throttle_rate=7, token_throttle_burst=9).only("AWS::ApiGatewayV2::Stage")
    assert stage["DefaultRouteSettings"] == {"ThrottlingRateLimit": 1000, "ThrottlingBurstLimit": 2000}
    limits = {"ThrottlingRateLimit": 7, "ThrottlingBurstLimit": 9}
    assert stage["RouteSettings"] == dict.fromkeys(
        (
            "POST /auth/token",
            "POST /auth/refresh",
            "POST /s/{sandbox_id}/auth/token",
            "POST /s/{sandbox_id}/auth/refresh",
        ),
        limits,
    )


def test_the_stage_waits_for_the_routes_that_it_names() -> None:
    template = synthesise("prod")
    (stage,) = template.resources("AWS::ApiGatewayV2::Stage").values()
    named = {template.document["Resources"][logical]["Properties"].get("RouteKey") for logical in stage["DependsOn"]}
    assert set(stage["Properties"]["RouteSettings"]) <= named


def test_the_stage_is_the_root_and_follows_changes() -> None:
    stage = synthesise("prod").only("AWS::ApiGatewayV2::Stage")
    assert stage["StageName"] == "$default"
    assert stage["AutoDeploy"] is True


def test_requests_are_logged_as_json_without_what_is_secret() -> None:
    template = synthesise("prod")
    settings = template.only("AWS::ApiGatewayV2::Stage")["AccessLogSettings"]
    line = json.loads(settings["Format"])
    assert {"requestId", "status", "routeKey", "responseLatency", "authorizerError"} <= line.keys()
    assert not [value for value in line.values() if "header" in value.lower() or "querystring" in value.lower()]
    group = template.document["Resources"][settings["DestinationArn"]["Fn::GetAtt"][0]]["Properties"]
    assert group["LogGroupName"] == "/aws/vendedlogs/psn-emulator-prod/access"


def test_a_function_has_one_permission_however_many_routes_lead_to_it() -> None:
    # A function's policy holds 20 kB, which is about fifty routes.
    for permission in synthesise("prod").properties("AWS::Lambda::Permission"):
        if permission["Principal"] == "apigateway.amazonaws.com":
            tail = permission["SourceArn"]["Fn::Join"][1]
            assert tail[-1] == "/*/*/*" or "/authorizers/" in tail
    assert len(synthesise("prod").resources("AWS::Lambda::Permission")) == len(SERVICES) + 2


def test_browsers_may_call_only_where_origins_are_configured() -> None:
    assert "CorsConfiguration" not in synthesise("prod").only("AWS::ApiGatewayV2::Api")
    cors = synthesise("prod", cors_allow_origins=["https://qa.example"]).only("AWS::ApiGatewayV2::Api")[
        "CorsConfiguration"
    ]
    assert cors["AllowOrigins"] == ["https://qa.example"]
    assert cors.get("AllowCredentials", False) is False
    assert {"ETag", "Location", "Retry-After"} <= set(cors["ExposeHeaders"])


def test_a_domain_of_its_own_is_then_the_only_address() -> None:
    domain = {
        "name": "emulator.qa.example.com",
        "certificate_arn": ALIAS_ARN,
        "hosted_zone_id": "Z0123456789",
        "hosted_zone_name": "example.com",
    }
    template = synthesise("qa", custom_domain=domain)
    assert template.only("AWS::ApiGatewayV2::Api")["DisableExecuteApiEndpoint"] is True
    (configuration,) = template.only("AWS::ApiGatewayV2::DomainName")["DomainNameConfigurations"]
    assert configuration["CertificateArn"] == ALIAS_ARN
    assert configuration["SecurityPolicy"] == "TLS_1_2"
    assert template.only("AWS::Route53::RecordSet")["Name"] == "emulator.qa.example.com."
    assert template.document["Outputs"]["ApiUrl"]["Value"] == "https://emulator.qa.example.com"
    without_zone = {name: value for name, value in domain.items() if not name.startswith("hosted")}
    assert not synthesise("qa", custom_domain=without_zone).resources("AWS::Route53::RecordSet")
