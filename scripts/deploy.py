"""Deploy an environment, or a personal stack, and check that it answers.

    uv run python scripts/deploy.py --tag v1.0.0 --environment dev
    uv run python scripts/deploy.py --tag v1.0.0 --environment dev --services idp_api     the others stay as they are
    uv run python scripts/deploy.py --tag v1.0.0 --environment dev --no-build             images that are built already
    uv run python scripts/deploy.py --owner alice                                         your own, from what is on disk

The steps: the stack of the image repositories; images, built and pushed under the tag; the stack itself, which runs
them by digest; requests to its URL, which is printed. Each step does only what is left to do, so run the same command
again after a failure. A tag is for ever: new code needs a new one. docs/packaging.md tells more.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

if __name__ == "__main__":  # Run as a file: imports begin at the project, and not in this folder.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from emulator_stack.choice import ConfigurationError, configure
from emulator_stack.config import EnvironmentConfig
from emulator_stack.naming import stack_name
from scripts.packaging import cdk, smoke
from scripts.packaging.cloud import Cloud
from scripts.packaging.deployment import (
    Plan,
    check_sources,
    check_stack,
    deploy_environment,
    deploy_personal,
)
from scripts.packaging.engine import Engine
from scripts.packaging.images import check_tag
from scripts.packaging.outcome import Misuse, finish
from scripts.packaging.terminal import add_json_option, choose_output, console, show_json
from scripts.packaging.workspace import choose

__all__ = ["main"]

_ENVIRONMENTS = ("dev", "qa", "staging", "prod")
_PLATFORMS = {"arm64": "linux/arm64", "x86_64": "linux/amd64"}


def main(arguments: Sequence[str] | None = None, *, cloud: Callable[[], Cloud] = Cloud) -> int:
    """Deploy what the command line names; the exit code says how it went."""
    parser = argparse.ArgumentParser(
        prog="deploy.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tag", help="the version to deploy: the tag of its images, such as v1.0.0")
    parser.add_argument("--environment", choices=_ENVIRONMENTS, help="where to deploy it")
    parser.add_argument("--services", nargs="+", metavar="NAME", help="only these functions (default: all)")
    parser.add_argument("--no-build", action="store_true", help="push images that scripts/build.py made")
    parser.add_argument("--owner", metavar="NAME", help="deploy a personal stack of this name instead")
    add_json_option(parser)
    chosen = parser.parse_args(arguments)
    choose_output(as_json=chosen.json)
    return finish(lambda: _deploy(chosen, cloud))


def _deploy(chosen: argparse.Namespace, cloud: Callable[[], Cloud]) -> int:
    if chosen.owner is not None:
        return _deploy_personal(chosen, cloud)
    if chosen.environment is None:
        raise Misuse("say where to deploy: --environment dev, or --owner NAME for a stack of your own")
    if chosen.tag is None:
        raise Misuse("say what to deploy: --tag v1.0.0")
    check_tag(chosen.tag)
    functions = choose(chosen.services)
    config = _configuration(chosen.environment)
    if not config.uses_registry:
        raise Misuse(
            f"the functions of {chosen.environment} do not come from repositories of images (packaging="
            f"{config.packaging}): deploy it with `uv run npx cdk deploy -c environment={chosen.environment}`"
        )
    platform = _PLATFORMS[config.architecture]
    plan = Plan(chosen.environment, chosen.tag, functions, platform, build=not chosen.no_build)
    commit = check_sources()
    aws = cloud()
    account = aws.check_access()
    check_stack(aws, plan.registry_stack, plan.context)
    check_stack(aws, plan.stack, plan.context)
    if aws.stack_status(plan.registry_stack) is None:
        Engine.find()  # Everything is still to be pushed: whatever is in the way of that shows before anything is made.
    console.print(f"Deploying {plan.tag} (commit {commit}) to {plan.environment}, account {account}")
    return _check(deploy_environment(plan, aws, cdk.deploy, console.print))


def _deploy_personal(chosen: argparse.Namespace, cloud: Callable[[], Cloud]) -> int:
    if chosen.environment is not None:
        raise Misuse("--owner is for a personal stack, --environment for a shared one: choose one of them")
    if chosen.tag is not None or chosen.services or chosen.no_build:
        raise Misuse("a personal stack is built from what is on disk: --owner goes alone")
    _configuration("personal", chosen.owner)
    aws = cloud()
    console.print(f"Deploying the stack of {chosen.owner}, account {aws.check_access()}")
    check_stack(aws, stack_name(chosen.owner), {"owner": chosen.owner})
    return _check(deploy_personal(chosen.owner, cdk.deploy, console.print))


def _configuration(environment: str, owner: str | None = None) -> EnvironmentConfig:
    """The environment as emulator_stack/environments.py has it. Raises :class:`Misuse` when it cannot be deployed."""
    try:
        return configure(environment, owner=owner)
    except ConfigurationError as error:
        raise Misuse(str(error)) from error


def _check(url: str) -> int:
    smoke.check(url)
    console.print(f"It answers: {url}")
    show_json({"url": url})
    return 0


if __name__ == "__main__":
    sys.exit(main())
