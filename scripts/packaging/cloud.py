"""What deploying asks of AWS, and leaves there. Everything else is CloudFormation's, driven by the CDK."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

import botocore.session
from botocore.exceptions import BotoCoreError, ClientError

from scripts.packaging.outcome import Failed

__all__ = ["DEPLOYED_PREFIX", "Cloud", "aws_session"]

DEPLOYED_PREFIX = "deployed-"
"""Repositories keep images with such a tag: the registry's stack says so."""


def aws_session() -> botocore.session.Session:
    """The SDK's session, in the region that the CDK uses: it reads AWS_REGION, botocore AWS_DEFAULT_REGION only."""
    session = botocore.session.get_session()
    if region := os.environ.get("AWS_REGION"):
        session.set_config_variable("region", region)
    return session


class Cloud:
    """The account and region of the caller's credentials."""

    def __init__(self) -> None:
        self._session = aws_session()

    def check_access(self) -> str:
        """The account that will be deployed to. Raises :class:`Failed` without credentials or region."""
        if not self._session.get_config_variable("region"):
            raise Failed("no AWS region is configured: set AWS_REGION, or run `aws configure`")
        return str(self._ask("sts", lambda sts: sts.get_caller_identity())["Account"])

    def stack_status(self, name: str) -> str | None:
        """CloudFormation's word for the state of a stack; ``None`` when there is no such stack."""
        try:
            answer = self._client("cloudformation").describe_stacks(StackName=name)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ValidationError":
                return None
            raise Failed(_no_access("CloudFormation", error)) from error
        except BotoCoreError as error:
            raise Failed(_no_access("CloudFormation", error)) from error
        return str(answer["Stacks"][0]["StackStatus"])

    def pushed_digest(self, repository: str, tag: str) -> str | None:
        """The digest of the image that ``repository`` (HOST/NAME) has under ``tag``, if it has one."""
        wanted = {"repositoryName": _name(repository), "imageIds": [{"imageTag": tag}]}
        try:
            answer = self._client("ecr").describe_images(**wanted)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ImageNotFoundException":
                return None
            raise Failed(_no_access("ECR", error)) from error
        except BotoCoreError as error:
            raise Failed(_no_access("ECR", error)) from error
        return next((str(image["imageDigest"]) for image in answer["imageDetails"]), None)

    def deployed_digest(self, function_name: str) -> str | None:
        """The digest of the image that a function runs; ``None`` when there is no such function, or no image in it."""
        try:
            answer = self._client("lambda").get_function(FunctionName=function_name)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ResourceNotFoundException":
                return None
            raise Failed(_no_access("Lambda", error)) from error
        except BotoCoreError as error:
            raise Failed(_no_access("Lambda", error)) from error
        uri = str(answer["Code"].get("ResolvedImageUri") or answer["Code"].get("ImageUri") or "")
        return uri.partition("@")[2] or None

    def mark_deployed(self, repository: str, digest: str, previous: str | None) -> None:
        """Tag what runs now, so that it does not expire, and untag all but it and its predecessor."""
        name = _name(repository)
        details = self._ask("ecr", lambda ecr: ecr.describe_images(repositoryName=name, maxResults=1000))[
            "imageDetails"
        ]
        marks = [(tag, image["imageDigest"]) for image in details for tag in image.get("imageTags", ())
                 if tag.startswith(DEPLOYED_PREFIX)]  # fmt: skip
        if digest not in {marked for _, marked in marks}:
            manifest = self._ask(
                "ecr", lambda ecr: ecr.batch_get_image(repositoryName=name, imageIds=[{"imageDigest": digest}])
            )["images"][0]["imageManifest"]
            tag = DEPLOYED_PREFIX + digest.removeprefix("sha256:")[:12]
            self._ask("ecr", lambda ecr: ecr.put_image(repositoryName=name, imageManifest=manifest, imageTag=tag))
        if old := [{"imageTag": tag} for tag, marked in marks if marked not in (digest, previous)]:
            self._ask("ecr", lambda ecr: ecr.batch_delete_image(repositoryName=name, imageIds=old))

    def _client(self, service: str) -> Any:
        return self._session.create_client(service)

    def _ask(self, service: str, question: Callable[[Any], Any]) -> Any:
        try:
            return question(self._client(service))
        except (BotoCoreError, ClientError) as error:
            raise Failed(_no_access(service, error)) from error


def _name(repository: str) -> str:
    return repository.partition("/")[2]


def _no_access(service: str, error: Exception) -> str:
    return (
        f"AWS ({service}) did not answer as needed: {json.dumps(str(error))[1:-1]}. Check with `aws sts "
        "get-caller-identity`, then `aws configure`, `aws sso login` or AWS_PROFILE"
    )
