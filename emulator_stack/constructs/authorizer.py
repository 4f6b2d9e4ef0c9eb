"""What the gateway asks before a protected route: whether this request may pass."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_lambda as lambda_

__all__ = ["make_authorizer"]


def make_authorizer(handler: lambda_.IFunction) -> authorizers.HttpLambdaAuthorizer:
    """A Lambda authorizer that answers yes or no to each request (payload 2.0, simple responses).

    Answers are not cached: neither a revoked token nor an expired one lives on, and one token is not let through to
    another sandbox's path. A request without ``Authorization`` is refused by the gateway itself, with 401.
    """
    return authorizers.HttpLambdaAuthorizer(
        "Authorizer",
        handler,
        authorizer_name="emulator",
        identity_source=["$request.header.Authorization"],
        response_types=[authorizers.HttpLambdaResponseType.SIMPLE],
        results_cache_ttl=Duration.seconds(0),
    )
