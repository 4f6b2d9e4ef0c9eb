"""Amazon ECR: where images go, and the way in."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import botocore.session
from botocore.exceptions import BotoCoreError, ClientError

from scripts.packaging.engine import Engine
from scripts.packaging.outcome import Failed, Misuse
from scripts.packaging.workspace import Function, discover

__all__ = ["log_in", "read_map"]

_REPOSITORY = re.compile(r"[a-z0-9.-]+(:\d+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)+")
_ECR_HOST = re.compile(r"\d{12}\.dkr\.ecr(-fips)?\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?")

_EXAMPLE = """'{"idp_api": "123456789012.dkr.ecr.us-east-1.amazonaws.com/psn-emulator-dev-idp-api", …}'"""


def read_map(text: str | None, functions: Sequence[Function]) -> dict[str, str]:
    """The repository of each of ``functions``, by package. Raises :class:`Misuse` for anything but that."""
    if text is None:
        raise Misuse(f"--push needs --ecr-repo-map, which says where each image goes: {_EXAMPLE}")
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise Misuse(f"--ecr-repo-map is not JSON ({error}); it looks like {_EXAMPLE}") from error
    if not isinstance(document, dict):
        raise Misuse(f"--ecr-repo-map must be an object with a repository for each service: {_EXAMPLE}")
    known = {function.package for function in discover()}
    named = {key.replace("-", "_"): value for key, value in document.items()}
    if unknown := sorted(named.keys() - known):
        raise Misuse(f"--ecr-repo-map names {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    if missing := [function.package for function in functions if function.package not in named]:
        raise Misuse(f"--ecr-repo-map has no repository for {', '.join(missing)}")
    for package, repository in named.items():
        if not isinstance(repository, str) or not _REPOSITORY.fullmatch(repository):
            raise Misuse(f"--ecr-repo-map has {repository!r} for {package}: a repository is HOST/NAME, without a tag")
    return {function.package: named[function.package] for function in functions}


def log_in(engine: Engine, repositories: Mapping[str, str]) -> None:
    """Log in to every ECR registry among ``repositories``; other registries are the engine's own business."""
    for registry in sorted({repository.partition("/")[0] for repository in repositories.values()}):
        if match := _ECR_HOST.fullmatch(registry):
            username, password = _credentials(match["region"])
            engine.login(registry, username, password)


def _credentials(region: str) -> tuple[str, str]:
    try:
        client: Any = botocore.session.get_session().create_client("ecr", region_name=region)
        answer = client.get_authorization_token()
    except (BotoCoreError, ClientError) as error:
        raise Failed(
            f"no access to ECR in {region} ({error}): check with `aws sts get-caller-identity`, then `aws configure`, "
            "`aws sso login` or AWS_PROFILE"
        ) from error
    token = base64.b64decode(answer["authorizationData"][0]["authorizationToken"]).decode()
    username, _, password = token.partition(":")
    return username, password
