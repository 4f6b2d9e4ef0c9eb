"""The names of stacks and resources. ``environment`` is the environment's name, or the owner of a personal one.

Only what people or other systems look up by name has a fixed one. Tables and secrets are named by CloudFormation
and found through the stack's outputs, so that one that was retained is never in the way of a new stack.
"""

from __future__ import annotations

__all__ = [
    "access_log_group_name",
    "alarm_name",
    "dashboard_name",
    "function_name",
    "log_group_name",
    "query_name",
    "registry_stack_name",
    "repository_name",
    "stack_name",
]

_PROJECT = "psn-emulator"


def stack_name(environment: str) -> str:
    """``psn-emulator-dev``: the stack that answers requests."""
    return f"{_PROJECT}-{environment}"


def registry_stack_name(environment: str) -> str:
    """``psn-emulator-dev-registry``: the stack of the image repositories."""
    return f"{stack_name(environment)}-registry"


def function_name(environment: str, slug: str) -> str:
    """``psn-emulator-dev-idp-api``."""
    return f"{_PROJECT}-{environment}-{slug}"


def repository_name(environment: str, slug: str) -> str:
    """``psn-emulator-dev-idp-api``: a function and its repository have one name."""
    return function_name(environment, slug)


def log_group_name(environment: str, slug: str) -> str:
    """``/aws/lambda/psn-emulator-dev-idp-api``, as Lambda itself would name it."""
    return f"/aws/lambda/{function_name(environment, slug)}"


def access_log_group_name(environment: str) -> str:
    """``/aws/vendedlogs/psn-emulator-dev/access``.

    Below ``/aws/vendedlogs`` the log service's resource policy, which is limited in size, does not grow with every API.
    """
    return f"/aws/vendedlogs/{stack_name(environment)}/access"


def dashboard_name(environment: str) -> str:
    """``psn-emulator-dev``."""
    return stack_name(environment)


def alarm_name(environment: str, subject: str) -> str:
    """``psn-emulator-dev-server-errors``."""
    return f"{stack_name(environment)}-{subject}"


def query_name(environment: str, title: str) -> str:
    """``psn-emulator-dev/Error analysis``: the console shows what precedes the slash as a folder."""
    return f"{stack_name(environment)}/{title}"
