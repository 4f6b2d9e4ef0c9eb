"""The guardrails hold: what is fine passes, what is wrong fails, and an acknowledgement accepts just what it names."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest
from aws_cdk import Acknowledgment, App, Stack, Validations
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from constructs import Construct, IConstruct

from emulator_stack import guardrails
from emulator_stack.application import add_stacks
from emulator_stack.choice import configure
from emulator_stack.guardrails import acknowledge, add_guardrails
from tests.infrastructure.synthesis import CASES, new_app, synthesise_all

PUBLIC = s3.BlockPublicAccess(
    block_public_acls=False, block_public_policy=False, ignore_public_acls=False, restrict_public_buckets=False
)


def public_bucket(scope: Construct) -> None:
    s3.Bucket(scope, "Fault", public_read_access=True, block_public_access=PUBLIC)


def wildcard_action(scope: Construct) -> None:
    role = iam.Role(scope, "Fault", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    role.add_to_policy(iam.PolicyStatement(actions=["dynamodb:*"], resources=["arn:aws:dynamodb:::table/x"]))


def wildcard_resource(scope: Construct) -> None:
    role = iam.Role(scope, "Fault", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    role.add_to_policy(iam.PolicyStatement(actions=["dynamodb:GetItem"], resources=["*"]))


def untraced_function(scope: Construct) -> None:
    lambda_.Function(
        scope,
        "Fault",
        code=lambda_.Code.from_inline("lambda_handler = print"),
        handler="index.lambda_handler",
        runtime=lambda_.Runtime.PYTHON_3_13,
    )


@pytest.mark.parametrize(("environment", "packaging"), CASES, ids=lambda part: part)
def test_every_environment_passes(environment: str, packaging: str) -> None:
    assert synthesise_all(environment, packaging=packaging)  # A finding would have ended the synthesis.


@pytest.mark.parametrize(
    ("fault", "finding"),
    [
        (public_bucket, "AwsSolutions-S2"),
        (wildcard_action, "AwsSolutions-IAM5[Action::dynamodb:*]"),
        (wildcard_resource, "AwsSolutions-IAM5[Resource::*]"),
        (untraced_function, "Serverless-LambdaTracing"),
    ],
    ids=lambda part: part if isinstance(part, str) else part.__name__,
)
def test_a_fault_that_somebody_brings_into_our_stack_ends_the_synthesis(
    fault: Callable[[Construct], None], finding: str
) -> None:
    app = new_app()
    fault(add_stacks(app, configure("dev")))
    with pytest.raises(RuntimeError) as caught:
        app.synth()
    assert finding in str(caught.value)


def test_the_registrys_stage_is_checked_as_well() -> None:
    app = new_app()
    add_stacks(app, configure("dev"))
    registry = app.node.find_child("registry").node.find_child("psn-emulator-dev-registry")
    public_bucket(registry)  # type: ignore[arg-type]  # a stack, which is a construct
    with pytest.raises(RuntimeError, match="AwsSolutions-S2"):
        app.synth()


def one_role(*, accepted: tuple[str, ...]) -> App:
    """A role with two faults in one policy, of which ``accepted`` are acknowledged."""
    app = new_app()
    stack = Stack(app, "One")
    add_guardrails(app)
    role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    role.add_to_policy(iam.PolicyStatement(actions=["dynamodb:*"], resources=["*"]))
    if accepted:
        acknowledge(role, *accepted, reason="The test wants it.")
    return app


ACTION, RESOURCE = "AwsSolutions-IAM5[Action::dynamodb:*]", "AwsSolutions-IAM5[Resource::*]"


def test_an_acknowledgement_accepts_what_it_names() -> None:
    one_role(accepted=(ACTION, RESOURCE)).synth()


@pytest.mark.parametrize(
    ("accepted", "left"),
    [((), (ACTION, RESOURCE)), ((ACTION,), (RESOURCE,)), ((RESOURCE,), (ACTION,)), (("AwsSolutions-IAM4",), (ACTION,))],
    ids=str,
)
def test_an_acknowledgement_accepts_nothing_else(accepted: tuple[str, ...], left: tuple[str, ...]) -> None:
    with pytest.raises(RuntimeError) as caught:
        one_role(accepted=accepted).synth()
    for finding in left:
        assert finding in str(caught.value)
    for finding in accepted:
        assert finding not in str(caught.value)


def test_an_acknowledgement_beside_one_resource_says_nothing_of_another() -> None:
    app = one_role(accepted=(ACTION, RESOURCE))
    wildcard_resource(app.node.find_child("One"))  # type: ignore[arg-type]  # a stack, which is a construct
    with pytest.raises(RuntimeError, match="One/Fault"):
        app.synth()


class Unaccepting:
    """Stands in for ``Validations``: it checks, and only notes what is acknowledged, by rule and construct."""

    noted: ClassVar[list[tuple[str, str]]] = []

    def __init__(self, construct: IConstruct) -> None:
        self._construct = construct

    @classmethod
    def of(cls, construct: IConstruct) -> Unaccepting:
        return cls(construct)

    def add_plugins(self, *plugins: Any) -> None:
        Validations.of(self._construct).add_plugins(*plugins)

    def acknowledge(self, *acknowledged: Acknowledgment) -> None:
        self.noted.extend((one.id, self._construct.node.path) for one in acknowledged)


@pytest.mark.parametrize(("environment", "packaging"), [("prod", "image"), ("dev", "zip")])
def test_every_acknowledgement_accepts_something_that_is_found(
    environment: str, packaging: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guardrails, "Validations", Unaccepting)
    monkeypatch.setattr(Unaccepting, "noted", [])
    app = new_app()
    add_stacks(app, configure(environment, packaging=packaging))
    with pytest.raises(RuntimeError, match="Validation"):
        app.synth()
    report = json.loads((Path(app.outdir) / "validation-report.json").read_text(encoding="utf-8"))
    found = {
        (violation["ruleName"], construct["constructPath"])
        for pack in report["pluginReports"]
        for violation in pack["violations"]
        for construct in violation["violatingConstructs"]
    }
    assert Unaccepting.noted
    for rule, path in Unaccepting.noted:
        assert [one for one in found if one[0] == rule and f"{one[1]}/".startswith(f"{path}/")], f"{rule}: {path}"
