"""A name of its own for the API."""

from __future__ import annotations

from aws_cdk import aws_apigatewayv2 as apigatewayv2
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_route53_targets as targets
from constructs import Construct

from emulator_stack.config import CustomDomain

__all__ = ["attach_domain"]


def attach_domain(
    scope: Construct, *, domain: CustomDomain, api: apigatewayv2.HttpApi, stage: apigatewayv2.HttpStage
) -> None:
    """Let ``api`` answer as ``domain``. With a hosted zone, the alias record is made; nothing is looked up for it."""
    name = apigatewayv2.DomainName(
        scope,
        "Domain",
        domain_name=domain.name,
        certificate=acm.Certificate.from_certificate_arn(scope, "Certificate", domain.certificate_arn),
        security_policy=apigatewayv2.SecurityPolicy.TLS_1_2,
    )
    apigatewayv2.ApiMapping(scope, "Mapping", api=api, domain_name=name, stage=stage)
    if domain.hosted_zone_id and domain.hosted_zone_name:
        zone = route53.HostedZone.from_hosted_zone_attributes(
            scope, "Zone", hosted_zone_id=domain.hosted_zone_id, zone_name=domain.hosted_zone_name
        )
        route53.ARecord(
            scope,
            "Record",
            zone=zone,
            record_name=f"{domain.name}.",
            target=route53.RecordTarget.from_alias(
                targets.ApiGatewayv2DomainProperties(name.regional_domain_name, name.regional_hosted_zone_id)
            ),
        )
