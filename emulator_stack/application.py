"""The CDK application of one environment."""

from __future__ import annotations

from aws_cdk import App, Environment, Tags

from emulator_stack.config import EnvironmentConfig
from emulator_stack.emulator_stack import EmulatorStack
from emulator_stack.guardrails import add_guardrails
from emulator_stack.images import ImageDigests
from emulator_stack.naming import registry_stack_name, stack_name
from emulator_stack.registry_stack import RegistryStack

__all__ = ["add_stacks"]


def add_stacks(app: App, config: EnvironmentConfig, digests: ImageDigests | None = None) -> EmulatorStack:
    """Add the stacks of ``config`` to ``app``, with the guardrails. Returns the one that answers requests.

    The registry's stack is there where images come from its repositories, and is deployed first.
    """
    common = {
        "env": Environment(account=config.account, region=config.region),
        "termination_protection": config.termination_protection,
    }
    registry = (
        RegistryStack(
            app,
            registry_stack_name(config.name),
            config=config,
            description=f"PSN Partner Emulator ({config.name}): image repositories",
            **common,
        )
        if config.uses_registry
        else None
    )
    stack = EmulatorStack(
        app,
        stack_name(config.name),
        config=config,
        digests=digests,
        description=f"PSN Partner Emulator ({config.name})",
        **common,
    )
    if registry is not None:
        stack.add_stack_dependency(registry)
    for key, value in ({"project": "psn-emulator", "environment": config.name} | dict(config.tags)).items():
        Tags.of(app).add(key, value)
    add_guardrails(app)
    return stack
