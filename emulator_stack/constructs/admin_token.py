"""The token that opens the control plane."""

from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from emulator_stack.guardrails import acknowledge

__all__ = ["AdminToken"]


class AdminToken(Construct):
    """A secret with a generated token of 48 letters and digits (286 bits). Only the authorizer may read it."""

    def __init__(self, scope: Construct, id_: str, *, removal_policy: RemovalPolicy) -> None:
        super().__init__(scope, id_)
        self.secret = secretsmanager.Secret(
            self,
            "Secret",
            description="PSN Partner Emulator: the admin token, sent as a bearer token to /_emulator",
            # To change any of this makes CloudFormation generate another token.
            generate_secret_string=secretsmanager.SecretStringGenerator(password_length=48, exclude_punctuation=True),
            removal_policy=removal_policy,
        )
        acknowledge(
            self.secret,
            "AwsSolutions-SMG4",
            reason="People and pipelines hold this token: it changes when they do, by put-secret-value.",
        )
