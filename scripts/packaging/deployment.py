"""Deploying an environment, step by step. Each step finds out what is left to do, so that a run can be repeated."""

from __future__ import annotations

import json
import subprocess  # nosec B404 # asks git for the state of the sources
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from emulator_stack.naming import function_name, registry_stack_name, stack_name
from scripts.packaging import cdk
from scripts.packaging.cloud import Cloud
from scripts.packaging.ecr import log_in
from scripts.packaging.engine import Engine, Image
from scripts.packaging.images import Result, build_all, local_name, push_all
from scripts.packaging.manifest import write_whole
from scripts.packaging.outcome import Failed, Misuse
from scripts.packaging.workspace import ROOT, Function, discover

__all__ = ["Plan", "check_sources", "check_stack", "deploy_environment", "deploy_personal"]

_SETTLED = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE",
                      "IMPORT_ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS"})  # fmt: skip
_ADVICE = {
    "ROLLBACK_COMPLETE": "its first deployment failed; remove it with `{destroy}`",
    "ROLLBACK_FAILED": "its first deployment failed; remove it with `{destroy}`",
    "DELETE_FAILED": "deleting it failed; delete it in the console, which says what is in the way",
    "UPDATE_ROLLBACK_FAILED": "run `aws cloudformation continue-update-rollback --stack-name {name}`",
}

CdkDeploy = Callable[[str, Mapping[str, str]], dict[str, str]]


@dataclass(frozen=True)
class Plan:
    """What is to be deployed: ``functions`` in the version ``tag``, for ``platform``, to ``environment``."""

    environment: str
    tag: str
    functions: tuple[Function, ...]
    platform: str
    build: bool

    @property
    def context(self) -> dict[str, str]:
        """What chooses the environment, for the CDK."""
        return {"environment": self.environment}

    @property
    def stack(self) -> str:
        """The stack that answers requests."""
        return stack_name(self.environment)

    @property
    def registry_stack(self) -> str:
        """The stack of the image repositories."""
        return registry_stack_name(self.environment)

    @property
    def manifest(self) -> Path:
        """The digests that this environment gets."""
        return ROOT / "build" / "deploy" / f"{self.environment}.json"

    def function_name(self, function: Function) -> str:
        """The name of a function, and of its repository."""
        return function_name(self.environment, function.slug)


def check_sources(root: Path = ROOT) -> str:
    """The commit that is deployed. Raises :class:`Misuse` when what is on disk is not what is committed."""
    commit = _git(root, "rev-parse", "--short", "HEAD")
    if commit is None:
        raise Misuse("an environment is deployed from a git clone, and this is none: clone the repository")
    if changed := _git(root, "status", "--porcelain"):
        names = ", ".join(line[3:] for line in changed.splitlines()[:3])
        raise Misuse(f"there are changes that are not committed ({names}, …): commit or stash them, then deploy")
    return commit


def check_stack(cloud: Cloud, name: str, context: Mapping[str, str]) -> None:
    """Raises :class:`Failed` when a stack is in a state from which it cannot be deployed.

    ``context`` is what the CDK needs to find it.
    """
    status = cloud.stack_status(name)
    if status is None or status in _SETTLED:
        return
    advice = _ADVICE.get(status, "another deployment is going on; wait until it has ended")
    raise Failed(
        f"the stack {name} is {status}: {advice.format(name=name, destroy=cdk.destroy_command(name, context))}"
    )


def deploy_environment(plan: Plan, cloud: Cloud, cdk_deploy: CdkDeploy, tell: Callable[[str], None]) -> str:
    """Registry, images, stack. Returns the URL."""
    tell(f"1/4 registry: {plan.registry_stack}")
    repositories = _repositories(plan, cdk_deploy(plan.registry_stack, plan.context))
    tell(f"2/4 images: {plan.tag}")
    running = {function.package: cloud.deployed_digest(plan.function_name(function)) for function in discover()}
    digests = {**_kept(plan, running), **_pushed(plan, cloud, repositories, tell)}
    write_whole(plan.manifest, json.dumps(dict(sorted(digests.items())), indent=2) + "\n")
    tell(f"3/4 stack: {plan.stack}")
    outputs = cdk_deploy(plan.stack, {**plan.context, "images": str(plan.manifest)})
    tell("4/4 marking the images that run")
    for function in plan.functions:
        before = running[function.package]
        cloud.mark_deployed(repositories[function.package], digests[function.package], before)
    return _url(plan.stack, outputs)


def deploy_personal(owner: str, cdk_deploy: CdkDeploy, tell: Callable[[str], None]) -> str:
    """A personal stack, whose images the CDK builds as it deploys. Returns the URL."""
    stack = stack_name(owner)
    tell(f"stack: {stack}")
    return _url(stack, cdk_deploy(stack, {"owner": owner}))


def _repositories(plan: Plan, outputs: Mapping[str, str]) -> dict[str, str]:
    found = {}
    for function in plan.functions:
        key = "".join(word.capitalize() for word in function.slug.split("-")) + "RepositoryUri"
        if key not in outputs:
            raise Failed(f"{plan.registry_stack} has no output {key}: is it of an older version?")
        found[function.package] = outputs[key]
    return found


def _kept(plan: Plan, running: Mapping[str, str | None]) -> dict[str, str]:
    """The digests of functions that are not deployed now: those that run."""
    others = [function.package for function in discover() if function not in plan.functions]
    if missing := [package for package in others if running[package] is None]:
        raise Failed(f"{', '.join(missing)} never were deployed to {plan.environment}: deploy without --services first")
    return {package: digest for package in others if (digest := running[package])}


def _pushed(plan: Plan, cloud: Cloud, repositories: Mapping[str, str], tell: Callable[[str], None]) -> dict[str, str]:
    """The digests of this version's images; what the repositories lack is built and pushed."""
    digests = {}
    for function in plan.functions:
        if digest := cloud.pushed_digest(repositories[function.package], plan.tag):
            tell(f"{function.package}: {plan.tag} is in its repository already; new code needs a new tag")
            digests[function.package] = digest
    left = [function for function in plan.functions if function.package not in digests]
    if not left:
        return digests
    engine = Engine.find()
    log_in(engine, repositories)
    results = _built(plan, engine, left, tell)
    push_all(engine, results, repositories, tag=plan.tag, tell=tell)
    for result in results:
        if result.failure is not None:
            raise Failed(f"{result.function.package}: {result.failure}", result.failure.output)
        digests[result.function.package] = str(result.digest)
    return digests


def _built(plan: Plan, engine: Engine, functions: Sequence[Function], tell: Callable[[str], None]) -> list[Result]:
    if plan.build:
        results = build_all(engine, functions, tag=plan.tag, platform=plan.platform, cache=True, tell=tell)
    else:
        results = [Result(function, 0, _made_earlier(plan, engine, function)) for function in functions]
    for result in results:
        if result.image and plan.platform != f"linux/{result.image.architecture}":
            raise Failed(
                f"{result.image.name} is for {result.image.architecture}, and the functions run on {plan.platform}: "
                f"build it with --platform {plan.platform}"
            )
    return results


def _made_earlier(plan: Plan, engine: Engine, function: Function) -> Image:
    try:
        return engine.inspect(local_name(function, plan.tag))
    except Failed as error:
        raise Failed(
            f"there is no image {local_name(function, plan.tag)} on this machine: leave out --no-build, or run "
            f"`uv run python scripts/build.py --service {function.package} --tag {plan.tag} --platform {plan.platform}`"
        ) from error


def _url(stack: str, outputs: Mapping[str, str]) -> str:
    if not (url := outputs.get("ApiUrl")):
        raise Failed(f"{stack} has no output ApiUrl")
    return url


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(  # nosec B603 B607 # fixed arguments
            ["git", *arguments], cwd=root, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return None
    return done.stdout.rstrip() if done.returncode == 0 else None
