"""What is public, what is protected, what is throttled and what is logged."""

from __future__ import annotations

import json
from typing import Any

import pytest

from runtime.catalogue import CONTROL, IDP, PLAYERS, SERVICES, Service, route_keys
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


PUBLIC = {"GET /_emulator/v1/health"}
"""What of the control plane is open to everybody. Whoever adds to this opens something."""

EVERYTHING_ELSE = "$default"
"""Where a path goes that is no service's: it answers 404."""


def preflights(*services: Service) -> set[str]:
    """The keys that take a browser's preflight past the authorizer: beside each catch-all that is protected."""
    return {key.replace("ANY", "OPTIONS") for service in services for key in route_keys(service) if "ANY" in key}


def test_of_the_control_plane_only_what_is_listed_here_is_public() -> None:
    assert {route.key for service in SERVICES for route in service.routes if route.public} == PUBLIC


@pytest.mark.parametrize("environment", ["qa", "staging", "prod"])
def test_where_players_are_protected_the_identity_provider_and_the_health_check_are_public(environment: str) -> None:
    template = synthesise(environment)
    assert routes(template, protected=False) == {*route_keys(IDP), *PUBLIC, EVERYTHING_ELSE}
    assert routes(template, protected=True) == {*route_keys(PLAYERS), *route_keys(CONTROL)} - PUBLIC


@pytest.mark.parametrize("environment", ["dev", "personal"])
def test_where_they_are_not_the_control_plane_still_is(environment: str) -> None:
    template = synthesise(environment)
    public = {*route_keys(IDP), *route_keys(PLAYERS), *PUBLIC, EVERYTHING_ELSE}
    assert routes(template, protected=False) == public | preflights(CONTROL)
    assert routes(template, protected=True) == set(route_keys(CONTROL)) - PUBLIC


def test_whatever_else_lies_below_the_control_plane_is_protected_too() -> None:
    assert {"ANY /_emulator", "ANY /_emulator/{proxy+}"} <= routes(synthesise("dev"), protected=True)


def test_players_of_a_sandbox_are_as_protected_as_the_others() -> None:
    protected = routes(synthesise("prod"), protected=True)
    assert {"GET /s/{sandbox_id}/players", "ANY /s/{sandbox_id}/players/{proxy+}"} <= protected


def test_every_route_of_the_catalogue_is_there_once() -> None:
    keys = [route["RouteKey"] for route in synthesise("prod").properties("AWS::ApiGatewayV2::Route")]
    assert sorted(keys) == sorted([*(key for service in SERVICES for key in route_keys(service)), EVERYTHING_ELSE])


def keys_that_lead_to(service: Service) -> tuple[str, ...]:
    return (*route_keys(service), *preflights(service), *([EVERYTHING_ELSE] if service is CONTROL else []))


def test_each_route_leads_to_its_service_and_everything_else_to_the_control_service() -> None:
    template = synthesise("dev")
    integrations = template.resources("AWS::ApiGatewayV2::Integration")
    assert len(integrations) == len(SERVICES)
    for route in template.properties("AWS::ApiGatewayV2::Route"):
        logical = route["Target"]["Fn::Join"][1][1]["Ref"]
        integration = integrations[logical]["Properties"]
        function = template.document["Resources"][integration["IntegrationUri"]["Fn::GetAtt"][0]]["Properties"]
        (service,) = [service for service in SERVICES if route["RouteKey"] in keys_that_lead_to(service)]
        assert function["FunctionName"] == f"psn-emulator-dev-{service.slug}"
        assert integration["PayloadFormatVersion"] == "2.0"


def authorizers(template: Template) -> dict[str, dict[str, Any]]:
    """The properties of the authorizers by their names."""
    return {found["Name"]: found for found in template.properties("AWS::ApiGatewayV2::Authorizer")}


IDENTITY_SOURCES: dict[str, list[str]] = {
    "AdminAuthorizer": ["$request.header.Authorization"],  # The gateway itself refuses a request without it.
    "PlayerAuthorizer": [],  # It is asked about requests without a token as well (docs/decisions/0008).
}


@pytest.mark.parametrize(
    ("environment", "names"),
    [
        ("prod", {"AdminAuthorizer", "PlayerAuthorizer"}),
        ("qa", {"AdminAuthorizer", "PlayerAuthorizer"}),
        ("dev", {"AdminAuthorizer"}),  # No player is protected, so nobody asks about them.
    ],
)
def test_the_authorizers_are_asked_about_every_request(environment: str, names: set[str]) -> None:
    template = synthesise(environment)
    found = authorizers(template)
    assert len(template.properties("AWS::ApiGatewayV2::Authorizer")) == len(found)
    assert found.keys() == names
    for name, authorizer in found.items():
        assert authorizer["AuthorizerType"] == "REQUEST"
        assert authorizer["AuthorizerPayloadFormatVersion"] == "2.0"
        assert authorizer["EnableSimpleResponses"] is True
        # A gateway that caches would need an identity source to do so; and an answer must not be used twice.
        assert authorizer["AuthorizerResultTtlInSeconds"] == 0
        assert authorizer.get("IdentitySource", []) == IDENTITY_SOURCES[name]


def test_one_function_is_every_authorizer() -> None:
    template = synthesise("prod")
    (function,) = [
        logical
        for logical, resource in template.resources("AWS::Lambda::Function").items()
        if resource["Properties"]["FunctionName"] == "psn-emulator-prod-authorizer"
    ]
    for authorizer in template.properties("AWS::ApiGatewayV2::Authorizer"):
        assert {"Fn::GetAtt": [function, "Arn"]} in authorizer["AuthorizerUri"]["Fn::Join"][1]


def test_each_protected_route_asks_the_authorizer_of_its_service() -> None:
    template = synthesise("prod")
    names = {
        logical: found["Properties"]["Name"]
        for logical, found in template.resources("AWS::ApiGatewayV2::Authorizer").items()
    }
    asked: dict[str, set[str]] = {name: set() for name in names.values()}
    for route in template.properties("AWS::ApiGatewayV2::Route"):
        if "AuthorizerId" in route:
            asked[names[route["AuthorizerId"]["Ref"]]].add(route["RouteKey"])
    assert asked == {
        "AdminAuthorizer": set(route_keys(CONTROL)) - PUBLIC,
        "PlayerAuthorizer": set(route_keys(PLAYERS)),
    }


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
    template = synthesise("prod")
    whole_api = {service.slug: ["/*/*/*"] for service in SERVICES}
    slugs = {
        logical: found["Properties"]["FunctionName"].removeprefix("psn-emulator-prod-")
        for logical, found in template.resources("AWS::Lambda::Function").items()
    }
    permitted: dict[str, list[str]] = {}
    for permission in template.properties("AWS::Lambda::Permission"):
        if permission["Principal"] == "apigateway.amazonaws.com":
            (*_, before, last) = permission["SourceArn"]["Fn::Join"][1]
            what = (
                last
                if isinstance(last, str)
                else before + template.document["Resources"][last["Ref"]]["Properties"]["Name"]
            )
            permitted.setdefault(slugs[permission["FunctionName"]["Fn::GetAtt"][0]], []).append(what)
    assert {slug: sorted(sources) for slug, sources in permitted.items()} == {
        **whole_api,
        # The route for everything else is called without method and path.
        "control-api": ["/*/$default", *whole_api["control-api"]],
        "authorizer": ["/authorizers/AdminAuthorizer", "/authorizers/PlayerAuthorizer"],
    }
    # Beside these there is the one that lets Secrets Manager call the rotation.
    assert len(template.resources("AWS::Lambda::Permission")) == len(SERVICES) + 1 + 2 + 1


def test_browsers_may_call_only_where_origins_are_configured() -> None:
    assert "CorsConfiguration" not in synthesise("prod").only("AWS::ApiGatewayV2::Api")
    cors = synthesise("prod", cors_allow_origins=["https://qa.example"]).only("AWS::ApiGatewayV2::Api")[
        "CorsConfiguration"
    ]
    assert cors["AllowOrigins"] == ["https://qa.example"]
    assert cors.get("AllowCredentials", False) is False
    assert {"ETag", "Location", "Retry-After"} <= set(cors["ExposeHeaders"])


def test_a_page_may_send_a_token_and_what_is_configured() -> None:
    def allowed(**changes: Any) -> list[str]:
        cors = synthesise("dev", **changes).only("AWS::ApiGatewayV2::Api")["CorsConfiguration"]
        return list(cors["AllowHeaders"])

    # Browsers do not count Authorization among `*` (Fetch, CORS non-wildcard request-header name).
    assert {"Authorization", "Content-Type", "If-Match"} <= set(allowed())
    assert allowed(cors_allow_headers=["X-Mine"]) == ["X-Mine"]


def test_a_preflight_is_not_asked_for_a_token() -> None:
    # Fetch, CORS protocol and credentials: it never carries one. A catch-all with an authorizer would refuse it.
    template = synthesise("qa", cors_allow_origins=["https://qa.example"])
    assert preflights(PLAYERS, CONTROL) <= routes(template, protected=False)
    assert not preflights(IDP) & routes(template, protected=False)  # Its catch-alls are open, to OPTIONS as well.


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
