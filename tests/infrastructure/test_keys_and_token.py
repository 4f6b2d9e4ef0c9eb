"""The two secrets: how the keys come to exist and change, and how the admin token is made."""

from __future__ import annotations

import json

from tests.infrastructure.synthesis import Template, synthesise


def secret(template: Template, word: str) -> tuple[str, dict[str, object]]:
    ((logical, resource),) = [
        (logical, resource)
        for logical, resource in template.resources("AWS::SecretsManager::Secret").items()
        if word in resource["Properties"]["Description"]
    ]
    return logical, resource["Properties"]


def test_keys_are_rotated_as_often_as_configured_and_made_at_once() -> None:
    template = synthesise("prod", key_rotation_days=14)
    logical, _ = secret(template, "keys that sign")
    schedule = template.only("AWS::SecretsManager::RotationSchedule")
    assert schedule["SecretId"] == {"Ref": logical}
    assert schedule["RotationRules"] == {"AutomaticallyAfterDays": 14}
    assert schedule["RotateImmediatelyOnUpdate"] is True
    function = template.document["Resources"][schedule["RotationLambdaARN"]["Fn::GetAtt"][0]]["Properties"]
    assert function["FunctionName"] == "psn-emulator-prod-key-rotation"


def test_the_first_rotation_finds_its_permissions_in_place() -> None:
    template = synthesise("prod")
    (schedule,) = template.resources("AWS::SecretsManager::RotationSchedule").values()
    needed = {template.document["Resources"][logical]["Type"] for logical in schedule["DependsOn"]}
    assert {"AWS::IAM::Policy", "AWS::Lambda::Permission", "AWS::Lambda::Function"} <= needed


def test_the_template_holds_no_secret_value() -> None:
    for properties in synthesise("prod").properties("AWS::SecretsManager::Secret"):
        assert "SecretString" not in properties
        assert "GenerateSecretString" in properties


def test_the_placeholder_never_changes_because_that_would_overwrite_the_keys() -> None:
    # CloudFormation generates a new value as soon as any of this differs from what is deployed.
    _, keys = secret(synthesise("prod"), "keys that sign")
    assert keys["GenerateSecretString"] == {
        "GenerateStringKey": "unused",
        "SecretStringTemplate": json.dumps({"placeholder": "the first rotation puts the signing keys here"}),
    }
    _, token = secret(synthesise("prod"), "admin token")
    assert token["GenerateSecretString"] == {"ExcludePunctuation": True, "PasswordLength": 48}


def test_outputs_say_where_things_are() -> None:
    template = synthesise("dev")
    outputs = template.document["Outputs"]
    assert {"ApiUrl", "TableName", "AdminTokenSecretArn", "SigningKeysSecretArn", "DashboardUrl"} <= outputs.keys()
    assert outputs["AdminTokenSecretArn"]["Value"] == {"Ref": secret(template, "admin token")[0]}
    assert outputs["SigningKeysSecretArn"]["Value"] == {"Ref": secret(template, "keys that sign")[0]}
