"""The CDK application of one environment."""

from __future__ import annotations

from aws_cdk import App, Environment, Stage, Tags
from constructs import IConstruct

from emulator_stack.config import EnvironmentConfig
from emulator_stack.emulator_stack import EmulatorStack
from emulator_stack.guardrails import add_guardrails
from emulator_stack.images import ImageDigests
from emulator_stack.naming import registry_stack_name, stack_name
from emulator_stack.registry_stack import RegistryStack

__all__ = ["add_stacks"]


def add_stacks(app: App, config: EnvironmentConfig, digests: ImageDigests | None = None) -> EmulatorStack:
    """Add the stacks of ``config`` to ``app``, with the guardrails. Returns the one that answers requests.

    The registry's stack is there where images come from its repositories. It stands in a stage of its own, because it
    is deployed once, before the first images are pushed, while a plain ``cdk deploy`` is about the other one::

        cdk deploy 'registry/*' -c environment=dev
        cdk deploy -c environment=dev
    """
    common = {
        "env": Environment(account=config.account, region=config.region),
        "termination_protection": config.termination_protection,
    }
    if config.uses_registry:
        registry = Stage(app, "registry")
        _tag(registry, config)
        RegistryStack(
            registry,
            registry_stack_name(config.name),
            stack_name=registry_stack_name(config.name),
            config=config,
            description=f"PSN Partner Emulator ({config.name}): image repositories",
            **common,
        )
    stack = EmulatorStack(
        app,
        stack_name(config.name),
        config=config,
        digests=digests,
        description=f"PSN Partner Emulator ({config.name})",
        **common,
    )
    _tag(stack, config)
    add_guardrails(app)
    return stack


def _tag(scope: IConstruct, config: EnvironmentConfig) -> None:
    """Tag all of ``scope``. The tags of an application do not reach into its stages."""
    for key, value in ({"project": "psn-emulator", "environment": config.name} | dict(config.tags)).items():
        Tags.of(scope).add(key, value)
