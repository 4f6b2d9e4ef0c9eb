"""A Lambda function with its role, its log group and nothing that it does not need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from emulator_stack.constructs.log_group import RetainedLogGroup
from emulator_stack.constructs.packaging import PackagedCode
from emulator_stack.guardrails import acknowledge
from emulator_stack.naming import function_name, log_group_name

__all__ = ["Common", "ServiceFunction", "Sizing"]


@dataclass(frozen=True)
class Sizing:
    """How much a function gets. Without ``reserved_concurrency`` it shares the account's."""

    memory_mb: int
    timeout_seconds: int
    reserved_concurrency: int | None
    provisioned_concurrency: int


@dataclass(frozen=True)
class Common:
    """What all functions of a stack have in common."""

    environment: str
    architecture: lambda_.Architecture
    log_retention_days: int
    removal_policy: RemovalPolicy
    tracing: bool


class ServiceFunction(Construct):
    """One function. ``function`` is Lambda's; ``target`` is what to invoke: its alias where instances are kept warm.

    Its role may write to its own log group, and send traces where tracing is on; :meth:`allow` adds the rest.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        common: Common,
        slug: str,
        description: str,
        packaged: PackagedCode,
        sizing: Sizing,
        variables: Mapping[str, str],
    ) -> None:
        super().__init__(scope, id_)
        self.log_group = RetainedLogGroup(
            self,
            "Logs",
            log_group_name=log_group_name(common.environment, slug),
            retention_days=common.log_retention_days,
            removal_policy=common.removal_policy,
        )
        # A role of our own: the one that the CDK would make has AWS's managed policy, which may write to every log.
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        self.allow("WriteLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], [self.log_group.log_group_arn])
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=function_name(common.environment, slug),
            description=description,
            code=packaged.code,
            handler=packaged.handler,
            runtime=packaged.runtime,
            layers=list(packaged.layers) or None,
            architecture=common.architecture,
            role=self.role,
            log_group=self.log_group,
            memory_size=sizing.memory_mb,
            timeout=Duration.seconds(sizing.timeout_seconds),
            reserved_concurrent_executions=sizing.reserved_concurrency,
            environment=dict(variables),
            tracing=lambda_.Tracing.ACTIVE if common.tracing else lambda_.Tracing.DISABLED,
        )
        self.target: lambda_.IFunction = self._kept_warm(sizing.provisioned_concurrency)
        for finding, reason in packaged.accepted.items():
            acknowledge(self.function, finding, reason=reason)
        self._acknowledge(tracing=common.tracing)

    def allow(self, sid: str, actions: Sequence[str], resources: Sequence[str]) -> None:
        """Let the function do ``actions`` with ``resources``, which are whole ARNs."""
        self.role.add_to_policy(iam.PolicyStatement(sid=sid, actions=list(actions), resources=list(resources)))

    def _kept_warm(self, instances: int) -> lambda_.IFunction:
        if not instances:
            return self.function
        return lambda_.Alias(
            self,
            "Live",
            alias_name="live",
            version=self.function.current_version,
            provisioned_concurrent_executions=instances,
        )

    def _acknowledge(self, *, tracing: bool) -> None:
        acknowledge(
            self.function,
            "Serverless-LambdaDLQ",
            reason="Its callers wait for the answer, so nothing is queued that could get lost.",
        )
        if tracing:
            acknowledge(
                self.role,
                "AwsSolutions-IAM5[Resource::*]",
                reason="X-Ray's two write actions know no resources (Service Authorization Reference).",
            )
        else:
            acknowledge(
                self.function,
                "Serverless-LambdaTracing",
                reason="Tracing is a setting of the environment (tracing: true), off in those one throws away.",
            )
