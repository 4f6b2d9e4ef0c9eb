"""The one table that holds all state."""

from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from emulator_stack.guardrails import acknowledge

__all__ = ["DataTable"]


class DataTable(Construct):
    """A DynamoDB table of the single-table design: ``pk`` and ``sk``, paid by request, expiring at ``expires_at``.

    ``table`` is the DynamoDB table. Its name is CloudFormation's, so a retained table never blocks a new stack.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        removal_policy: RemovalPolicy,
        point_in_time_recovery: bool,
        deletion_protection: bool,
    ) -> None:
        super().__init__(scope, id_)
        self.table = dynamodb.Table(
            self,
            "Table",
            partition_key=dynamodb.Attribute(name="pk", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="sk", type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            time_to_live_attribute="expires_at",
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=point_in_time_recovery
            ),
            deletion_protection=deletion_protection,
            # A failed first deployment could not take a protected table away again, and would be stuck half-way: then
            # it is better to leave the empty table.
            removal_policy=RemovalPolicy.RETAIN if deletion_protection else removal_policy,
        )
        if not point_in_time_recovery:
            acknowledge(
                self.table,
                "AwsSolutions-DDB3",
                reason="The environment is made and deleted at will: nothing in its table is worth restoring.",
            )
