"""Function by function: exactly what it may do, with exactly which resource."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.infrastructure.synthesis import Template, synthesise, synthesise_all

READ_AND_WRITE = {
    f"dynamodb:{action}" for action in ("ConditionCheckItem", "DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem")
}
WRITE_LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}
READ_SECRET = {"secretsmanager:GetSecretValue"}
ROTATE = {
    f"secretsmanager:{action}"
    for action in ("DescribeSecret", "GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage")
}

ALLOWED: dict[str, dict[str, set[str]]] = {
    "idp-api": {"TABLE": READ_AND_WRITE, "KEYS": READ_SECRET},
    "player-account-api": {"TABLE": READ_AND_WRITE},
    "control-api": {"TABLE": READ_AND_WRITE},
    "authorizer": {"TABLE": {"dynamodb:GetItem"}, "KEYS": READ_SECRET, "ADMIN TOKEN": READ_SECRET},
    "key-rotation": {"KEYS": ROTATE},
}
"""Beside its own log group. Whoever changes this changes who can do what."""


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def names_of_resources(template: Template) -> dict[str, str]:
    """What policies say for a resource, and what we call it."""
    names: dict[str, str] = {'"*"': "EVERYTHING"}
    for logical in template.resources("AWS::DynamoDB::Table"):
        names[json.dumps({"Fn::GetAtt": [logical, "Arn"]})] = "TABLE"
    for logical, secret in template.resources("AWS::SecretsManager::Secret").items():
        keys = "keys" in secret["Properties"]["Description"]
        names[json.dumps({"Ref": logical})] = "KEYS" if keys else "ADMIN TOKEN"
    for logical, group in template.resources("AWS::Logs::LogGroup").items():
        names[json.dumps({"Fn::GetAtt": [logical, "Arn"]})] = group["Properties"]["LogGroupName"]
    return names


def statements(template: Template, role: str) -> Iterator[dict[str, Any]]:
    for policy in template.properties("AWS::IAM::Policy"):
        if {"Ref": role} in policy["Roles"]:
            yield from policy["PolicyDocument"]["Statement"]


def permissions(template: Template, slug: str) -> dict[str, set[str]]:
    """What the function's role may do, by what it may do it with."""
    role = template.functions()[slug]["Role"]["Fn::GetAtt"][0]
    names = names_of_resources(template)
    found: dict[str, set[str]] = {}
    for statement in statements(template, role):
        assert statement["Effect"] == "Allow"
        assert not {"NotAction", "NotResource"} & statement.keys()
        for resource in as_list(statement["Resource"]):
            found.setdefault(names[json.dumps(resource)], set()).update(as_list(statement["Action"]))
    return found


@pytest.mark.parametrize("packaging", ["image", "zip"])
@pytest.mark.parametrize("slug", ALLOWED)
def test_a_function_may_do_this_and_nothing_else(slug: str, packaging: str) -> None:
    allowed = {**ALLOWED[slug], f"/aws/lambda/psn-emulator-dev-{slug}": WRITE_LOGS}
    assert permissions(synthesise("dev", packaging=packaging), slug) == allowed


@pytest.mark.parametrize("slug", ALLOWED)
def test_tracing_adds_only_what_sends_traces(slug: str) -> None:
    found = permissions(synthesise("prod"), slug)
    assert found.pop("EVERYTHING") == {"xray:PutTelemetryRecords", "xray:PutTraceSegments"}
    assert found == {**ALLOWED[slug], f"/aws/lambda/psn-emulator-prod-{slug}": WRITE_LOGS}


def test_these_are_all_functions() -> None:
    assert synthesise("dev").functions().keys() == ALLOWED.keys()


def test_every_function_has_a_role_of_its_own_that_only_lambda_takes() -> None:
    template = synthesise("prod")
    roles = [json.dumps(function["Role"]) for function in template.functions().values()]
    assert len(set(roles)) == len(roles) == len(template.resources("AWS::IAM::Role"))
    for role in template.properties("AWS::IAM::Role"):
        assert role["AssumeRolePolicyDocument"]["Statement"] == [
            {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}
        ]
        assert "ManagedPolicyArns" not in role
        assert "Policies" not in role


def test_only_the_api_and_the_secrets_rotation_call_functions() -> None:
    template = synthesise("prod")
    callers = {
        (permission["FunctionName"]["Fn::GetAtt"][0].rstrip("0123456789ABCDEF"), permission["Principal"])
        for permission in template.properties("AWS::Lambda::Permission")
    }
    assert callers == {
        ("IdpApiFunction", "apigateway.amazonaws.com"),
        ("PlayerAccountApiFunction", "apigateway.amazonaws.com"),
        ("ControlApiFunction", "apigateway.amazonaws.com"),
        ("AuthorizerFunction", "apigateway.amazonaws.com"),
        ("KeyRotationFunction", "secretsmanager.amazonaws.com"),
    }
    for permission in template.properties("AWS::Lambda::Permission"):
        # Neither another account's API nor another account's secret reaches them.
        assert permission["Action"] == "lambda:InvokeFunction"
        assert "SourceArn" in permission or permission["SourceAccount"] == {"Ref": "AWS::AccountId"}


def test_no_resource_policy_opens_a_table_or_a_secret() -> None:
    template = synthesise("prod")
    assert not template.resources("AWS::SecretsManager::ResourcePolicy")
    assert "ResourcePolicy" not in template.only("AWS::DynamoDB::Table")


def test_only_its_own_function_pulls_an_image() -> None:
    registry = synthesise_all("prod")["psn-emulator-prod-registry"]
    for repository in registry.properties("AWS::ECR::Repository"):
        (statement,) = repository["RepositoryPolicyText"]["Statement"]
        assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}
        assert set(statement["Action"]) == {"ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"}
        assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
        assert f":function:{repository['RepositoryName']}" in json.dumps(statement["Condition"]["ArnLike"])


def test_each_function_is_told_of_the_secrets_that_it_may_read() -> None:
    template = synthesise("prod")
    for slug, function in template.functions().items():
        variables = function["Environment"]["Variables"]
        told = {
            "KEYS": "PSN_EMULATOR_SIGNING_KEYS_SECRET" in variables,
            "ADMIN TOKEN": "PSN_EMULATOR_ADMIN_TOKEN_SECRET" in variables,
        }
        readers = {secret: ALLOWED[slug].get(secret) == READ_SECRET for secret in told}
        assert told == readers, slug
