"""The signing keys: one secret, which only the rotation function may write."""

from __future__ import annotations

import json
from typing import Final

from aws_cdk import Aws, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from emulator_stack.constructs.service_function import ServiceFunction

__all__ = ["SigningKeys"]

_PLACEHOLDER: Final = json.dumps({"placeholder": "the first rotation puts the signing keys here"})
"""What the secret holds for the seconds until then. To change it would make CloudFormation overwrite the keys."""


class SigningKeys(Construct):
    """The secret with the key document, made and rotated by ``rotation``.

    The schedule's creation starts the first rotation at once, and that one makes the first keys: no key is ever in a
    template, nor made by whoever deploys. Until it is done the identity provider answers 503.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        rotation: ServiceFunction,
        rotation_days: int,
        removal_policy: RemovalPolicy,
    ) -> None:
        super().__init__(scope, id_)
        self.secret = secretsmanager.Secret(
            self,
            "Secret",
            description="PSN Partner Emulator: the keys that sign tokens (next, current, previous)",
            generate_secret_string=secretsmanager.SecretStringGenerator(
                secret_string_template=_PLACEHOLDER, generate_string_key="unused"
            ),
            removal_policy=removal_policy,
        )
        rotation.allow(
            "RotateSigningKeys",
            [
                "secretsmanager:DescribeSecret",
                "secretsmanager:GetSecretValue",
                "secretsmanager:PutSecretValue",
                "secretsmanager:UpdateSecretVersionStage",
            ],
            [self.secret.secret_arn],
        )
        rotation.function.add_permission(
            "SecretsManager",
            principal=iam.ServicePrincipal("secretsmanager.amazonaws.com"),
            source_account=Aws.ACCOUNT_ID,
        )
        schedule = secretsmanager.CfnRotationSchedule(
            self,
            "Rotation",
            secret_id=self.secret.secret_arn,
            rotation_lambda_arn=rotation.function.function_arn,
            rotation_rules=secretsmanager.CfnRotationSchedule.RotationRulesProperty(
                automatically_after_days=rotation_days
            ),
            rotate_immediately_on_update=True,
        )
        # It calls the function as soon as it exists: role, policy and permission must be there before.
        schedule.node.add_dependency(rotation)
