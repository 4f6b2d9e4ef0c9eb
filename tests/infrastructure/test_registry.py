"""The image repositories: what never changes, what expires and what does not."""

from __future__ import annotations

import json

import pytest

from emulator_stack.functions import FUNCTIONS
from tests.infrastructure.synthesis import Template, synthesise_all


@pytest.fixture(scope="module")
def registry() -> Template:
    return synthesise_all("qa", images_kept=12)["psn-emulator-qa-registry"]


def test_every_function_has_its_repository(registry: Template) -> None:
    names = {repository["RepositoryName"] for repository in registry.properties("AWS::ECR::Repository")}
    assert names == {f"psn-emulator-qa-{function.slug}" for function in FUNCTIONS}
    uris = [name for name in registry.document["Outputs"] if name.endswith("RepositoryUri")]
    assert len(uris) == len(FUNCTIONS)


def test_a_tag_names_one_image_for_ever_and_every_image_is_scanned(registry: Template) -> None:
    for repository in registry.properties("AWS::ECR::Repository"):
        assert repository["ImageTagMutability"] == "IMMUTABLE"
        assert repository["ImageScanningConfiguration"] == {"ScanOnPush": True}


def test_what_is_deployed_is_out_of_reach_of_the_rule_that_expires(registry: Template) -> None:
    for repository in registry.properties("AWS::ECR::Repository"):
        deployed, rest = json.loads(repository["LifecyclePolicy"]["LifecyclePolicyText"])["rules"]
        # An image that a rule selects cannot be expired by one of lower priority.
        assert deployed["rulePriority"] < rest["rulePriority"]
        assert deployed["selection"]["tagPrefixList"] == ["deployed-"]
        assert rest["selection"] == {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 12}


def test_archives_and_images_built_here_need_no_repository() -> None:
    assert list(synthesise_all("qa", packaging="zip")) == ["psn-emulator-qa"]
    assert list(synthesise_all("qa", image_source="asset")) == ["psn-emulator-qa"]
