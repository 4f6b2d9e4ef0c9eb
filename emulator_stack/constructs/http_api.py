"""The HTTP API: routes of the catalogue, throttled and logged, protected where they have to be."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Final

from aws_cdk import CfnResource, Duration, RemovalPolicy, Stack
from aws_cdk import aws_apigatewayv2 as apigatewayv2
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_iam as iam
from constructs import Construct

from emulator_stack.config import EnvironmentConfig
from emulator_stack.constructs.authorizer import admin_authorizer, player_authorizer
from emulator_stack.constructs.custom_domain import attach_domain
from emulator_stack.constructs.log_group import RetainedLogGroup
from emulator_stack.constructs.service_function import ServiceFunction
from emulator_stack.functions import DeployedFunction
from emulator_stack.guardrails import acknowledge
from emulator_stack.naming import access_log_group_name, stack_name
from emulator_stack.routes import needs_authorizer, throttled_route_keys
from runtime.catalogue import CONTROL, PLAYERS, route_keys

__all__ = ["EmulatorApi"]

_ACCESS_LOG: Final = {
    "requestId": "$context.requestId",
    "requestTime": "$context.requestTime",
    "sourceIp": "$context.identity.sourceIp",
    "userAgent": "$context.identity.userAgent",
    "httpMethod": "$context.httpMethod",
    "path": "$context.path",
    "routeKey": "$context.routeKey",
    "protocol": "$context.protocol",
    "status": "$context.status",
    "responseLength": "$context.responseLength",
    "responseLatency": "$context.responseLatency",
    "integrationLatency": "$context.integrationLatency",
    "integrationError": "$context.integrationErrorMessage",
    "authorizerError": "$context.authorizer.error",
}
"""What is logged of a request: no header that carries a token, no query, no body."""

_EXPOSED_HEADERS: Final = (
    "ETag",
    "Link",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "WWW-Authenticate",
    "X-Request-Id",
)


class EmulatorApi(Construct):
    """The API of ``services`` with its ``$default`` stage. ``api`` is the gateway's; ``url`` has no final slash."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        config: EnvironmentConfig,
        services: Mapping[DeployedFunction, ServiceFunction],
        authorizer: ServiceFunction,
        removal_policy: RemovalPolicy,
    ) -> None:
        super().__init__(scope, id_)
        domain = config.custom_domain
        self.api = apigatewayv2.HttpApi(
            self,
            "Api",
            api_name=stack_name(config.name),
            description="PSN Partner Emulator",
            create_default_stage=False,
            cors_preflight=_cors(config.cors_allow_origins, config.cors_allow_headers),
            # With a name of its own the API has one address only, and so one issuer.
            disable_execute_api_endpoint=domain is not None,
        )
        self._authorizers = {
            CONTROL.name: admin_authorizer(authorizer.target),
            PLAYERS.name: player_authorizer(authorizer.target),
        }
        throttled: dict[str, apigatewayv2.HttpRoute] = {}
        for deployed, function in services.items():
            throttled |= self._add_service(deployed, function, config)
        stage = self._add_stage(config, removal_policy)
        self._throttle(stage, config, throttled)
        self.url = self.api.api_endpoint if domain is None else f"https://{domain.name}"
        if domain is not None:
            attach_domain(self, domain=domain, api=self.api, stage=stage)

    def _add_service(
        self, deployed: DeployedFunction, function: ServiceFunction, config: EnvironmentConfig
    ) -> dict[str, apigatewayv2.HttpRoute]:
        """The routes of one service. Returns those that get the tighter limit, by their keys."""
        service = deployed.service
        if service is None:
            raise ValueError(f"{deployed.slug} has no routes")
        integration = integrations.HttpLambdaIntegration(
            deployed.id,
            function.target,
            # One permission for the whole API: one for each route would outgrow the 20 kB of a function's policy.
            scope_permission_to_route=False,
        )
        if service is CONTROL:
            self._answer_everything_else(integration, function)
        tight = throttled_route_keys(service)
        found: dict[str, apigatewayv2.HttpRoute] = {}
        for key in route_keys(service):
            method, _, path = key.partition(" ")
            protected = needs_authorizer(service, key, protect_players=config.protect_players)
            (route,) = self.api.add_routes(
                path=path,
                methods=[apigatewayv2.HttpMethod[method]],
                integration=integration,
                authorizer=self._authorizers[service.name] if protected else apigatewayv2.HttpNoneAuthorizer(),
            )
            if not protected:
                acknowledge(route, "AwsSolutions-APIG4", reason=_why_open(service.name))
            elif method == "ANY" and config.cors_allow_origins:
                self._let_browsers_ask(path, integration)
            if key in tight:
                found[key] = route
        return found

    def _let_browsers_ask(self, path: str, integration: integrations.HttpLambdaIntegration) -> None:
        """Open ``path`` to preflights, which ``ANY`` would take to the authorizer: they never carry credentials."""
        (route,) = self.api.add_routes(
            path=path,
            methods=[apigatewayv2.HttpMethod.OPTIONS],
            integration=integration,
            authorizer=apigatewayv2.HttpNoneAuthorizer(),
        )
        acknowledge(route, "AwsSolutions-APIG4", reason="A preflight has no credentials, and learns only the methods.")

    def _answer_everything_else(
        self, integration: integrations.HttpLambdaIntegration, function: ServiceFunction
    ) -> None:
        """What belongs to no service is a problem document here as well: the control service knows no such path."""
        route = apigatewayv2.HttpRoute(
            self,
            "EverythingElse",
            http_api=self.api,
            integration=integration,
            route_key=apigatewayv2.HttpRouteKey.DEFAULT,
            authorizer=apigatewayv2.HttpNoneAuthorizer(),
        )
        acknowledge(route, "AwsSolutions-APIG4", reason="It answers 404 and nothing else.")
        # The integration's own permission is for {stage}/{method}/{path}; this route is called as {stage}/$default.
        function.target.add_permission(
            "EverythingElse",
            principal=iam.ServicePrincipal("apigateway.amazonaws.com"),
            source_arn=Stack.of(self).format_arn(
                service="execute-api", resource=self.api.api_id, resource_name="*/$default"
            ),
        )

    def _add_stage(self, config: EnvironmentConfig, removal_policy: RemovalPolicy) -> apigatewayv2.HttpStage:
        access_log = RetainedLogGroup(
            self,
            "AccessLog",
            log_group_name=access_log_group_name(config.name),
            retention_days=config.log_retention_days,
            removal_policy=removal_policy,
        )
        stage = apigatewayv2.HttpStage(
            self,
            "Stage",
            http_api=self.api,
            stage_name="$default",
            auto_deploy=True,
            throttle=apigatewayv2.ThrottleSettings(rate_limit=config.throttle_rate, burst_limit=config.throttle_burst),
        )
        resource = _resource_of(stage)
        resource.access_log_settings = apigatewayv2.CfnStage.AccessLogSettingsProperty(
            destination_arn=access_log.log_group_arn, format=json.dumps(_ACCESS_LOG)
        )
        return stage

    @staticmethod
    def _throttle(
        stage: apigatewayv2.HttpStage, config: EnvironmentConfig, routes: Mapping[str, apigatewayv2.HttpRoute]
    ) -> None:
        resource = _resource_of(stage)
        limits = {
            "ThrottlingRateLimit": config.token_throttle_rate,
            "ThrottlingBurstLimit": config.token_throttle_burst,
        }
        resource.route_settings = dict.fromkeys(routes, limits)
        for route in routes.values():
            # A stage that names a route which does not exist yet is refused.
            if isinstance(child := route.node.default_child, CfnResource):
                resource.add_resource_dependency(child)


def _resource_of(stage: apigatewayv2.HttpStage) -> apigatewayv2.CfnStage:
    resource = stage.node.default_child
    if not isinstance(resource, apigatewayv2.CfnStage):
        raise TypeError("a stage is made of something else than its resource")
    return resource


def _cors(origins: Sequence[str], headers: Sequence[str]) -> apigatewayv2.CorsPreflightOptions | None:
    if not origins:
        return None
    return apigatewayv2.CorsPreflightOptions(
        allow_origins=list(origins),
        allow_methods=[apigatewayv2.CorsHttpMethod.ANY],
        allow_headers=list(headers),
        expose_headers=list(_EXPOSED_HEADERS),
        max_age=Duration.hours(1),
    )


def _why_open(service: str) -> str:
    return {
        "idp": "An identity provider is where one gets a token; what needs one checks it itself, as RFC 6750 wants.",
        "players": "Open as the partner's own API is, in environments that one throws away (protect_players: false).",
        "control": "The health check and the documents tell nothing that is secret.",
    }[service]
