"""What outlives a stack, and what leaves nothing behind."""

from __future__ import annotations

import pytest

from tests.infrastructure.synthesis import synthesise, synthesise_all

STATE = ("AWS::DynamoDB::Table", "AWS::SecretsManager::Secret", "AWS::Logs::LogGroup")


@pytest.mark.parametrize("environment", ["qa", "staging", "prod"])
def test_data_keys_and_logs_of_a_shared_environment_are_kept(environment: str) -> None:
    template = synthesise(environment)
    for type_ in STATE:
        assert template.resources(type_)
        for resource in template.resources(type_).values():
            # What a failed first deployment made goes, or it would be in the way of the second. But a table that is
            # protected from deletion cannot, and would leave the stack stuck half-way.
            protected = type_ == "AWS::DynamoDB::Table"
            assert resource["DeletionPolicy"] == ("Retain" if protected else "RetainExceptOnCreate")
            assert resource["UpdateReplacePolicy"] == "Retain"


def test_a_table_that_may_be_deleted_does_not_outlive_a_failed_first_deployment() -> None:
    (table,) = synthesise("qa", deletion_protection=False).resources("AWS::DynamoDB::Table").values()
    assert table["DeletionPolicy"] == "RetainExceptOnCreate"


@pytest.mark.parametrize("environment", ["dev", "personal"])
def test_a_throwaway_environment_leaves_nothing(environment: str) -> None:
    for resource in synthesise(environment).document["Resources"].values():
        assert resource.get("DeletionPolicy", "Delete") == "Delete"


def test_the_table_of_a_shared_environment_can_be_restored_and_not_be_deleted() -> None:
    table = synthesise("prod").only("AWS::DynamoDB::Table")
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["DeletionProtectionEnabled"] is True


def test_the_table_is_what_the_store_expects() -> None:
    table = synthesise("dev").only("AWS::DynamoDB::Table")
    assert table["KeySchema"] == [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ]
    assert {attribute["AttributeType"] for attribute in table["AttributeDefinitions"]} == {"S"}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert table["BillingMode"] == "PAY_PER_REQUEST"


def test_what_is_retained_has_no_name_that_a_new_stack_would_want() -> None:
    template = synthesise("prod")
    assert "TableName" not in template.only("AWS::DynamoDB::Table")
    assert all("Name" not in secret for secret in template.properties("AWS::SecretsManager::Secret"))


@pytest.mark.parametrize(("environment", "days"), [("dev", 7), ("qa", 30), ("staging", 90), ("prod", 365)])
def test_logs_are_kept_as_long_as_configured(environment: str, days: int) -> None:
    groups = synthesise(environment).properties("AWS::Logs::LogGroup")
    assert {group["RetentionInDays"] for group in groups} == {days}


@pytest.mark.parametrize(("environment", "policy"), [("dev", "Retain"), ("prod", "Retain"), ("personal", "Delete")])
def test_images_outlive_the_registry_except_a_personal_one(environment: str, policy: str) -> None:
    changes = {"image_source": "ecr"} if environment == "personal" else {}
    stacks = synthesise_all(environment, **changes)
    (registry,) = [template for name, template in stacks.items() if name.endswith("-registry")]
    for repository in registry.resources("AWS::ECR::Repository").values():
        assert repository["DeletionPolicy"] == policy
        assert repository["Properties"].get("EmptyOnDelete", False) is (environment == "personal")
