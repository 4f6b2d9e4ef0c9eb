"""Where a function's code comes from. Everything else about a function is equal in every packaging.

``lambda.Function`` with a runtime "from image" is what ``DockerImageFunction`` is inside, so one constructor serves
all three. No packaging builds anything at synthesis: that needs no container engine, no network and no credentials.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from aws_cdk import Annotations
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from emulator_stack.functions import DeployedFunction
from emulator_stack.images import ImageDigests, project_version
from emulator_stack.naming import repository_name

__all__ = ["ImagesBuiltHere", "ImagesFromRegistry", "PackagedCode", "Packaging", "ZipArchives"]

_ROOT: Final = Path(__file__).parent.parent.parent
_BUILT: Final = _ROOT / "dist" / "zip"
_NOT_THE_LATEST: Final = "Python 3.13 is the specification's, and what the images run: both packagings behave the same."
_PLACEHOLDER: Final = Path(__file__).parent.parent / "placeholder"


@dataclass(frozen=True)
class PackagedCode:
    """What of a function depends on its packaging; ``accepted`` are findings of the guardrails, with the reason."""

    code: lambda_.Code
    handler: str = lambda_.Handler.FROM_IMAGE
    runtime: lambda_.Runtime = lambda_.Runtime.FROM_IMAGE
    layers: Sequence[lambda_.ILayerVersion] = ()
    accepted: Mapping[str, str] = field(default_factory=dict)


class Packaging(Protocol):
    """A way to package all functions of a stack."""

    def package(self, function: DeployedFunction) -> PackagedCode:
        """The code of ``function``."""


class ImagesFromRegistry:
    """Images in the environment's own repositories: by digest, or else by the tag of the project's version."""

    def __init__(self, scope: Construct, *, environment: str, digests: ImageDigests | None) -> None:
        self._scope = Construct(scope, "Images")
        self._environment = environment
        self._digests = digests or {}

    def package(self, function: DeployedFunction) -> PackagedCode:
        """The image of ``function``. The repositories are another stack's: they are only named here."""
        repository = ecr.Repository.from_repository_name(
            self._scope, function.id, repository_name(self._environment, function.slug)
        )
        return PackagedCode(
            lambda_.Code.from_ecr_image(
                repository,
                cmd=[function.handler],
                tag_or_digest=self._digests.get(function.package) or project_version(),
            )
        )


class ImagesBuiltHere:
    """Images that the deploying machine builds; what enters them is for ``.dockerignore`` to say."""

    def __init__(self, *, architecture: str) -> None:
        self._platform = ecr_assets.Platform.LINUX_ARM64 if architecture == "arm64" else ecr_assets.Platform.LINUX_AMD64

    def package(self, function: DeployedFunction) -> PackagedCode:
        """The image of ``function``, from ``runtime/{package}/Dockerfile`` with the project as its context."""
        return PackagedCode(
            lambda_.Code.from_asset_image(
                str(_ROOT),
                file=f"runtime/{function.package}/Dockerfile",
                cmd=[function.handler],
                platform=self._platform,
            )
        )


class ZipArchives:
    """What ``scripts/build_zip.py`` made: an archive for each function, and one layer with the dependencies of all.

    A placeholder stands in for what has not been built, with a warning, so that synthesis always works.
    """

    runtime: Final = lambda_.Runtime.PYTHON_3_13

    def __init__(self, scope: Construct, *, architecture: lambda_.Architecture, built: Path = _BUILT) -> None:
        self._scope = scope
        self._built = built
        self._warned = False
        self._layer = lambda_.LayerVersion(
            scope,
            "Dependencies",
            description="The dependencies of all functions",
            code=lambda_.Code.from_asset(str(self._find("layer"))),
            compatible_runtimes=[self.runtime],
            compatible_architectures=[architecture],
        )

    def package(self, function: DeployedFunction) -> PackagedCode:
        """The archive of ``function``, with the layer."""
        folder = self._find(f"functions/{function.package}", placeholder="function")
        return PackagedCode(
            lambda_.Code.from_asset(str(folder)),
            function.handler,
            self.runtime,
            (self._layer,),
            dict.fromkeys(("AwsSolutions-L1", "Serverless-LambdaLatestVersion"), _NOT_THE_LATEST),
        )

    def _find(self, name: str, *, placeholder: str | None = None) -> Path:
        if (built := self._built / name).is_dir():
            return built
        if not self._warned:
            self._warned = True
            Annotations.of(self._scope).add_warning_v2(
                "psn-emulator:not-built",
                "The functions' code has not been built, so placeholders are in its place that fail at every call: "
                "run `uv run python scripts/build_zip.py` before you deploy.",
            )
        return _PLACEHOLDER / (placeholder or name)
