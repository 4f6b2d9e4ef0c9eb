"""The diagram of docs/architecture.md, drawn from the templates that the CDK application synthesises.

    uv run python -m scripts.architecture_diagram           write it into the page
    uv run python -m scripts.architecture_diagram --check   fail when the page shows something else

What it shows is prod's: what calls what, what protects what, and which function may do what with which data.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aws_cdk import App

from emulator_stack.application import add_stacks
from emulator_stack.choice import configure
from scripts.marked import ROOT, refresh

__all__ = ["diagram", "main", "synthesised"]

_ENVIRONMENT = "prod"
_COMMAND = "uv run python -m scripts.architecture_diagram"
_READING = frozenset({"dynamodb:GetItem", "dynamodb:Query"})

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Resource:
    """One resource of a template."""

    id: str
    type: str
    properties: Json


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the diagram into the page, or check it."""
    parser = argparse.ArgumentParser(description="Draw docs/architecture.md's diagram from the synthesised templates.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when the page is out of date")
    chosen = parser.parse_args(arguments)
    parts = {"diagram": diagram(synthesised(_ENVIRONMENT))}
    return refresh(ROOT / "docs" / "architecture.md", parts, check=chosen.check, command=_COMMAND)


def synthesised(environment: str) -> list[Resource]:
    """The resources of all stacks of ``environment``."""
    flags = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]
    with tempfile.TemporaryDirectory() as folder:
        app = App(analytics_reporting=False, builtin_cloud_formation_validation=False, context=flags, outdir=folder)
        add_stacks(app, configure(environment))
        templates = [stack.template for stack in app.synth().stacks_recursively]
    return [
        Resource(id_, str(found["Type"]), found.get("Properties", {}))
        for template in templates
        for id_, found in template["Resources"].items()
    ]


def diagram(resources: Sequence[Resource]) -> str:
    """A flow chart in Mermaid's language, in its code block."""
    by_type = defaultdict(list)
    for resource in resources:
        by_type[resource.type].append(resource)
    functions = {found.id: _slug(found) for found in by_type["AWS::Lambda::Function"]}
    lines = [
        "flowchart TB",
        '    client(["client under test"])',
        '    tester(["tester, with the admin token"])',
        '    api["HTTP API"]',
        '    subgraph lambda["Lambda functions"]',
        *(f'        {slug}["{slug}"]' for slug in functions.values()),
        "    end",
        *(f'    {_data_name(found)}[("{_data_title(found)}")]' for found in _data(by_type)),
        f'    ecr["ECR: {len(by_type["AWS::ECR::Repository"])} repositories"]',
        f'    cloudwatch["CloudWatch: {_observed(by_type)}"]',
        "    client --> api",
        "    tester --> api",
        *_routes(by_type, functions),
        *_accesses(by_type, functions),
        *_rotations(by_type, functions),
        "    ecr -.->|image, by digest| lambda",
        "    lambda -.->|logs, metrics| cloudwatch",
        "    api -.->|access log, metrics| cloudwatch",
    ]
    return "```mermaid\n" + "\n".join(lines) + "\n```"


def _slug(function: Resource) -> str:
    return str(function.properties["FunctionName"]).removeprefix(f"psn-emulator-{_ENVIRONMENT}-")


def _routes(by_type: Mapping[str, Sequence[Resource]], functions: Mapping[str, str]) -> Iterator[str]:
    """Which function answers below which paths, and below which each authorizer is asked first."""
    targets = {found.id: functions[_function_of(found.properties["IntegrationUri"], functions)]
               for found in by_type["AWS::ApiGatewayV2::Integration"]}  # fmt: skip
    answered: dict[str, dict[str, None]] = defaultdict(dict)
    protected: dict[str, dict[str, None]] = defaultdict(dict)
    for route in by_type["AWS::ApiGatewayV2::Route"]:
        method, _, path = str(route.properties["RouteKey"]).partition(" ")
        if method != "ANY" or path.endswith("{proxy+}"):
            continue
        answered[targets[_integration_of(route.properties["Target"])]][path] = None
        if route.properties["AuthorizationType"] == "CUSTOM":
            protected[route.properties["AuthorizerId"]["Ref"]][path] = None
    for slug, paths in answered.items():
        yield f'    api -->|"{"<br>".join(paths)}"| {slug}'
    for authorizer in by_type["AWS::ApiGatewayV2::Authorizer"]:
        slug = functions[_function_of(authorizer.properties["AuthorizerUri"], functions)]
        name, paths = authorizer.properties["Name"], protected[authorizer.id]
        yield f'    api -->|"{name}: asks first, below<br>{"<br>".join(paths)}"| {slug}'


def _accesses(by_type: Mapping[str, Sequence[Resource]], functions: Mapping[str, str]) -> Iterator[str]:
    """Which function may do what with the table and with each secret, as its role's policy says."""
    roles = {found.properties["Role"]["Fn::GetAtt"][0]: functions[found.id]
             for found in by_type["AWS::Lambda::Function"]}  # fmt: skip
    data = {found.id: _data_name(found) for found in _data(by_type)}
    for policy in by_type["AWS::IAM::Policy"]:
        slug = roles[policy.properties["Roles"][0]["Ref"]]
        for statement in policy.properties["PolicyDocument"]["Statement"]:
            actions = statement["Action"]
            verb = _verb({actions} if isinstance(actions, str) else set(actions))
            for id_ in sorted(_named(statement["Resource"]) & data.keys()):
                yield f"    {slug} -->|{verb}| {data[id_]}"


def _rotations(by_type: Mapping[str, Sequence[Resource]], functions: Mapping[str, str]) -> Iterator[str]:
    for schedule in by_type["AWS::SecretsManager::RotationSchedule"]:
        slug = functions[_function_of(schedule.properties["RotationLambdaARN"], functions)]
        days = schedule.properties["RotationRules"]["AutomaticallyAfterDays"]
        secret = next(found for found in _data(by_type) if found.id in _named(schedule.properties["SecretId"]))
        yield f"    {_data_name(secret)} -.->|every {days} days| {slug}"


def _verb(actions: set[str]) -> str:
    if "secretsmanager:PutSecretValue" in actions:
        return "rotates"
    return "reads" if actions <= _READING | {"secretsmanager:GetSecretValue"} else "reads, writes"


def _data(by_type: Mapping[str, Sequence[Resource]]) -> list[Resource]:
    return [*by_type["AWS::DynamoDB::Table"], *by_type["AWS::SecretsManager::Secret"]]


def _data_name(resource: Resource) -> str:
    return {"DataT": "table", "Signi": "keys", "Admin": "token"}[resource.id[:5]]


def _data_title(resource: Resource) -> str:
    return {"table": "DynamoDB table", "keys": "secret: signing keys", "token": "secret: admin token"}[  # nosec B105 # a caption
        _data_name(resource)
    ]


def _observed(by_type: Mapping[str, Sequence[Resource]]) -> str:
    counted = {
        "AWS::Logs::LogGroup": "log groups",
        "AWS::CloudWatch::Alarm": "alarms",
        "AWS::CloudWatch::Dashboard": "dashboard",
        "AWS::Logs::QueryDefinition": "saved queries",
    }
    return ", ".join(f"{len(by_type[type_])} {words}" for type_, words in counted.items())


def _integration_of(target: Json) -> str:
    return str(target["Fn::Join"][1][1]["Ref"])


def _function_of(value: Any, functions: Mapping[str, str]) -> str:
    (found,) = _named(value) & functions.keys()
    return found


def _named(value: Any) -> set[str]:
    """The logical ids that ``value`` refers to."""
    if isinstance(value, list):
        return {id_ for item in value for id_ in _named(item)}
    if isinstance(value, dict):
        if "Ref" in value:
            return {str(value["Ref"])}
        if "Fn::GetAtt" in value:
            return {str(value["Fn::GetAtt"][0])}
        return {id_ for item in value.values() for id_ in _named(item)}
    return set()


if __name__ == "__main__":
    sys.exit(main())
