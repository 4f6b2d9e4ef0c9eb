"""What every synthesis is held to: cdk-nag's AwsSolutions and Serverless packs.

A finding fails the synthesis, and nothing is deployed. Where one does not fit, :func:`acknowledge` says so beside the
resource, with the reason.
"""

from __future__ import annotations

from aws_cdk import Acknowledgment, App, Validations
from cdk_nag import AwsSolutionsChecks, ServerlessChecks
from constructs import IConstruct

__all__ = ["acknowledge", "add_guardrails"]


def add_guardrails(app: App) -> None:
    """Check every resource of ``app`` when it is synthesised."""
    Validations.of(app).add_plugins(AwsSolutionsChecks(app), ServerlessChecks(app))


def acknowledge(construct: IConstruct, *findings: str, reason: str) -> None:
    """Accept ``findings`` on ``construct`` and what it contains, because of ``reason``.

    A finding is a rule's name, or for rules that find several things in one resource the name with the thing:
    ``AwsSolutions-IAM5[Resource::*]``.
    """
    Validations.of(construct).acknowledge(*(Acknowledgment(id=finding, reason=reason) for finding in findings))
