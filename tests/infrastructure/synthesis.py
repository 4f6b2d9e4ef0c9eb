"""Synthesised environments, each made once for all tests that ask for it."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from aws_cdk import App

from emulator_stack.application import add_stacks
from emulator_stack.choice import configure
from emulator_stack.config import EnvironmentConfig
from emulator_stack.environments import ENVIRONMENTS
from emulator_stack.images import ImageDigests

__all__ = ["CASES", "ROOT", "Template", "build", "new_app", "synthesise", "synthesise_all"]

ROOT = Path(__file__).resolve().parents[2]

CASES = [(environment, packaging) for environment in ENVIRONMENTS for packaging in ("image", "zip")]
"""Every environment in both packagings."""


@dataclass(frozen=True)
class Template:
    """A CloudFormation template with the look-ups that tests need."""

    document: dict[str, Any]

    def resources(self, type_: str) -> dict[str, dict[str, Any]]:
        """The resources of ``type_`` by logical id."""
        return {name: found for name, found in self.document["Resources"].items() if found["Type"] == type_}

    def properties(self, type_: str) -> list[dict[str, Any]]:
        """The properties of each resource of ``type_``."""
        return [found.get("Properties", {}) for found in self.resources(type_).values()]

    def only(self, type_: str) -> dict[str, Any]:
        """The properties of the one resource of ``type_``."""
        (properties,) = self.properties(type_)
        return properties

    def functions(self) -> dict[str, dict[str, Any]]:
        """The properties of the functions, by the last part of their names."""
        prefix = f"{self.document['Description'].partition('(')[2].partition(')')[0]}-"
        return {found["FunctionName"].partition(prefix)[2]: found for found in self.properties("AWS::Lambda::Function")}


def new_app(**arguments: Any) -> App:
    """An application as the command line makes it: with the feature flags of ``cdk.json``.

    The library's own validation is left out: cdk-nag and cfn-lint are what these tests rely on.
    """
    flags = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]
    return App(
        analytics_reporting=False,
        builtin_cloud_formation_validation=False,
        context=flags,
        outdir=tempfile.mkdtemp(prefix="cdk-"),
        **arguments,
    )


def build(config: EnvironmentConfig, digests: ImageDigests | None = None) -> dict[str, Template]:
    """The templates of ``config``'s stacks by name. The guardrails have checked them."""
    app = new_app()
    add_stacks(app, config, digests)
    return {stack.stack_name: Template(stack.template) for stack in app.synth().stacks_recursively}


@cache
def _built(environment: str, owner: str | None, changes: str) -> dict[str, Template]:
    return build(configure(environment, owner=owner, **json.loads(changes)))


def synthesise(environment: str, **changes: Any) -> Template:
    """The template of the stack that answers requests. A personal environment is alice's."""
    owner = "alice" if environment == "personal" else None
    return synthesise_all(environment, **changes)[f"psn-emulator-{owner or environment}"]


def synthesise_all(environment: str, **changes: Any) -> dict[str, Template]:
    """The templates of all stacks, by name."""
    return _built(environment, "alice" if environment == "personal" else None, json.dumps(changes, sort_keys=True))
