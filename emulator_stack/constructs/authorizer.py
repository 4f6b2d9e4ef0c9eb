"""What the gateway asks before a protected route."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_lambda as lambda_

__all__ = ["admin_authorizer", "player_authorizer"]

_IDENTITY = "$request.header.Authorization"


def admin_authorizer(handler: lambda_.IFunction) -> authorizers.HttpLambdaAuthorizer:
    """Lets the admin token pass. The gateway itself refuses: 401 without ``Authorization``, 403 with a wrong one."""
    return _authorizer("AdminAuthorizer", handler, [_IDENTITY])


def player_authorizer(handler: lambda_.IFunction) -> authorizers.HttpLambdaAuthorizer:
    """Judges the bearer's token and tells the service, which refuses as RFC 6750 has it (docs/decisions/0008).

    It has no identity source, so that it is asked about requests without a token as well.
    """
    return _authorizer("PlayerAuthorizer", handler, [])


def _authorizer(id_: str, handler: lambda_.IFunction, identity_source: list[str]) -> authorizers.HttpLambdaAuthorizer:
    """A Lambda authorizer with payload 2.0 and simple responses.

    Answers are not cached: neither a revoked token nor an expired one lives on, and one token is not let through to
    another sandbox's path.
    """
    return authorizers.HttpLambdaAuthorizer(
        id_,
        handler,
        authorizer_name=id_,
        identity_source=identity_source,
        response_types=[authorizers.HttpLambdaResponseType.SIMPLE],
        results_cache_ttl=Duration.seconds(0),
    )
