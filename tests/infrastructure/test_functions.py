"""The functions: one behaviour in every packaging, sized and named as configured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from emulator_stack.choice import configure
from emulator_stack.functions import FUNCTIONS, SERVICE_FUNCTIONS
from tests.infrastructure.synthesis import ROOT, build, synthesise, synthesise_all
from tests.infrastructure.test_images import GOOD

OF_THE_PACKAGING = ("Code", "Handler", "Runtime", "Layers", "PackageType", "ImageConfig")


def apart_from_the_code(template: dict[str, Any]) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(json.dumps(template))
    for logical, resource in list(document["Resources"].items()):
        if resource["Type"] == "AWS::Lambda::LayerVersion":
            del document["Resources"][logical]
        if resource["Type"] == "AWS::Lambda::Function":
            for name in OF_THE_PACKAGING:
                resource["Properties"].pop(name, None)
    return document


@pytest.mark.parametrize("environment", ["dev", "prod", "personal"])
def test_everything_but_the_code_is_equal_in_every_packaging(environment: str) -> None:
    images, built_here, archives = (
        apart_from_the_code(synthesise(environment, **packaging).document)
        for packaging in (
            {"packaging": "image", "image_source": "ecr"},
            {"packaging": "image", "image_source": "asset"},
            {"packaging": "zip"},
        )
    )
    assert images == built_here == archives


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.slug)
def test_every_packaging_calls_the_same_handler(function: Any) -> None:
    image = synthesise("dev").functions()[function.slug]
    archive = synthesise("dev", packaging="zip").functions()[function.slug]
    assert image["ImageConfig"] == {"Command": [function.handler]}
    assert archive["Handler"] == function.handler
    assert archive["Runtime"] == "python3.13"
    assert (ROOT / "runtime" / function.package / "Dockerfile").is_file()
    assert f'CMD ["{function.handler}"]' in (ROOT / "runtime" / function.package / "Dockerfile").read_text("utf-8")


def test_images_are_deployed_by_digest_where_digests_are_given() -> None:
    template = build(configure("prod"), GOOD)["psn-emulator-prod"]
    for function in FUNCTIONS:
        uri = json.dumps(template.functions()[function.slug]["Code"]["ImageUri"])
        assert f"/psn-emulator-prod-{function.slug}@{GOOD[function.package]}" in uri


def test_images_of_the_projects_version_are_deployed_otherwise() -> None:
    uri = json.dumps(synthesise("dev").functions()["idp-api"]["Code"]["ImageUri"])
    assert "/psn-emulator-dev-idp-api:0." in uri


def test_a_personal_stack_builds_its_images_and_needs_no_registry() -> None:
    stacks = synthesise_all("personal")
    assert list(stacks) == ["psn-emulator-alice"]
    for function in stacks["psn-emulator-alice"].functions().values():
        assert "container-assets" in json.dumps(function["Code"]["ImageUri"])


def test_archives_share_one_layer() -> None:
    template = synthesise("dev", packaging="zip")
    (layer,) = template.resources("AWS::Lambda::LayerVersion")
    assert all(function["Layers"] == [{"Ref": layer}] for function in template.functions().values())
    assert template.only("AWS::Lambda::LayerVersion")["CompatibleArchitectures"] == ["arm64"]


@pytest.mark.parametrize("packaging", ["image", "zip"])
def test_functions_run_on_arm_unless_configured_otherwise(packaging: str) -> None:
    for function in synthesise("dev", packaging=packaging).functions().values():
        assert function["Architectures"] == ["arm64"]
    for function in synthesise("dev", packaging=packaging, architecture="x86_64").functions().values():
        assert function["Architectures"] == ["x86_64"]


def test_names_are_the_specifications() -> None:
    template = synthesise("dev")
    for slug in ("idp-api", "player-account-api"):
        assert template.functions()[slug]["FunctionName"] == f"psn-emulator-dev-{slug}"
        groups = [group["LogGroupName"] for group in template.properties("AWS::Logs::LogGroup")]
        assert f"/aws/lambda/psn-emulator-dev-{slug}" in groups
    assert synthesise("personal").functions()["idp-api"]["FunctionName"] == "psn-emulator-alice-idp-api"


def test_everything_that_takes_tags_says_what_it_belongs_to() -> None:
    for template in synthesise_all("qa", tags={"team": "integration"}).values():
        for type_ in ("AWS::ECR::Repository", "AWS::Lambda::Function", "AWS::DynamoDB::Table"):
            for properties in template.properties(type_):
                tags = {tag["Key"]: tag["Value"] for tag in properties["Tags"]}
                assert tags == {"project": "psn-emulator", "environment": "qa", "team": "integration"}


def test_two_owners_share_no_name() -> None:
    def names(owner: str) -> set[str]:
        (template,) = build(configure("personal", owner=owner)).values()
        return {
            value
            for resource in template.document["Resources"].values()
            for key, value in resource.get("Properties", {}).items()
            if key in {"FunctionName", "LogGroupName", "AlarmName", "DashboardName", "Name"} and isinstance(value, str)
        } - {"AdminAuthorizer", "PlayerAuthorizer"}  # The authorizers', which are names within their API.

    alice, bob = names("alice"), names("bob")
    assert alice
    assert not alice & bob


def test_functions_are_told_what_their_environment_is() -> None:
    variables = synthesise("prod").functions()["idp-api"]["Environment"]["Variables"]
    told = {name: value for name, value in variables.items() if isinstance(value, str)}
    assert told == {
        "ENVIRONMENT": "prod",
        "LOG_LEVEL": "INFO",
        "POWERTOOLS_SERVICE_NAME": "idp-api",
        "PSN_EMULATOR_DEMO_WORLD": "false",
        "PSN_EMULATOR_METRICS": "true",
        "PSN_EMULATOR_PROTECT_PLAYERS": "true",
        "PSN_EMULATOR_SIGNING_ALGORITHM": "RS256",
    }


def test_a_functions_own_size_goes_before_the_environments() -> None:
    functions = synthesise(
        "qa", memory_mb=512, reserved_concurrency=40, functions={"idp-api": {"memory_mb": 2048, "timeout_seconds": 5}}
    ).functions()
    assert (functions["idp-api"]["MemorySize"], functions["idp-api"]["Timeout"]) == (2048, 5)
    assert (functions["control-api"]["MemorySize"], functions["control-api"]["Timeout"]) == (512, 29)
    assert {slug for slug, function in functions.items() if "ReservedConcurrentExecutions" in function} == {
        *(function.slug for function in SERVICE_FUNCTIONS),
        "authorizer",
    }


def test_instances_kept_warm_are_those_that_the_api_calls() -> None:
    template = synthesise("qa", functions={"idp-api": {"provisioned_concurrency": 3}})
    ((alias, resource),) = template.resources("AWS::Lambda::Alias").items()
    assert resource["Properties"]["ProvisionedConcurrencyConfig"] == {"ProvisionedConcurrentExecutions": 3}
    targets = [found["IntegrationUri"] for found in template.properties("AWS::ApiGatewayV2::Integration")]
    assert {"Ref": alias} in targets
    permitted = [found["FunctionName"] for found in template.properties("AWS::Lambda::Permission")]
    assert {"Ref": alias} in permitted


@pytest.mark.parametrize(("tracing", "mode"), [(True, "Active"), (False, None)])
def test_tracing_is_on_for_all_functions_or_none(tracing: bool, mode: str | None) -> None:  # noqa: FBT001 - a case
    for function in synthesise("qa", tracing=tracing).functions().values():
        assert function.get("TracingConfig", {}).get("Mode") == mode


def test_each_function_writes_to_the_log_group_that_limits_how_long() -> None:
    template = synthesise("dev")
    for slug, function in template.functions().items():
        logical = function["LoggingConfig"]["LogGroup"]["Ref"]
        group = template.document["Resources"][logical]["Properties"]
        assert group["LogGroupName"] == f"/aws/lambda/psn-emulator-dev-{slug}"


def test_what_has_not_been_built_says_so_when_it_is_called(tmp_path: Path) -> None:
    placeholder = ROOT / "emulator_stack" / "placeholder" / "function" / "runtime" / "__init__.py"
    with pytest.raises(RuntimeError, match=r"build_zip\.py"):
        exec(compile(placeholder.read_text("utf-8"), str(placeholder), "exec"), {"__name__": str(tmp_path)})  # noqa: S102
