"""The repositories that hold the functions' images: deployed once, before the first images are pushed."""

from __future__ import annotations

from typing import Any

from aws_cdk import ArnFormat, Aws, CfnOutput, RemovalPolicy, Stack
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from constructs import Construct

from emulator_stack.config import EnvironmentConfig
from emulator_stack.functions import FUNCTIONS, DeployedFunction
from emulator_stack.naming import function_name, repository_name

__all__ = ["DEPLOYED_TAG_PREFIX", "RegistryStack"]

DEPLOYED_TAG_PREFIX = "deployed-"
"""An image with such a tag is in use, or is what one would roll back to: it does not expire."""

_MOST_DEPLOYED = 1000  # A rule needs a number; this one is never reached, because deploying takes old tags away.


class RegistryStack(Stack):
    """One repository for each function, kept when the stack is deleted, except in a personal environment."""

    def __init__(self, scope: Construct, id_: str, *, config: EnvironmentConfig, **stack: Any) -> None:
        super().__init__(scope, id_, **stack)
        self._config = config
        for function in FUNCTIONS:
            repository = self._add_repository(function)
            CfnOutput(
                self,
                f"{function.id}RepositoryUri",
                value=repository.repository_uri,
                description=f"Where the image of {function.slug} is pushed",
            )

    def _add_repository(self, function: DeployedFunction) -> ecr.Repository:
        personal = self._config.environment == "personal"
        repository = ecr.Repository(
            self,
            function.id,
            repository_name=repository_name(self._config.name, function.slug),
            image_tag_mutability=ecr.TagMutability.IMMUTABLE,
            image_scan_on_push=True,
            encryption=ecr.RepositoryEncryption.AES_256,
            removal_policy=RemovalPolicy.DESTROY if personal else RemovalPolicy.RETAIN,
            empty_on_delete=personal,
        )
        # An image that a rule matches is out of reach of all rules after it (ECR, lifecycle policy evaluation rules).
        repository.add_lifecycle_rule(
            rule_priority=1,
            description="What is deployed stays",
            tag_prefix_list=[DEPLOYED_TAG_PREFIX],
            max_image_count=_MOST_DEPLOYED,
        )
        repository.add_lifecycle_rule(
            rule_priority=2,
            description=f"The newest {self._config.images_kept} of the rest stay",
            tag_status=ecr.TagStatus.ANY,
            max_image_count=self._config.images_kept,
        )
        repository.add_to_resource_policy(
            iam.PolicyStatement(
                sid="LambdaPullsItsImage",
                principals=[iam.ServicePrincipal("lambda.amazonaws.com")],
                actions=["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
                conditions={
                    "StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID},
                    "ArnLike": {
                        "aws:SourceArn": self.format_arn(
                            service="lambda",
                            resource="function",
                            resource_name=function_name(self._config.name, function.slug),
                            arn_format=ArnFormat.COLON_RESOURCE_NAME,
                        )
                    },
                },
            )
        )
        return repository
