"""The container engine: docker, podman, or whatever speaks like one. ``CDK_DOCKER`` names it, as the CDK has it."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from platform import machine

from scripts.packaging.outcome import Failed
from scripts.packaging.process import run

__all__ = ["Engine", "Image"]

_VARIABLE = "CDK_DOCKER"
_DIGEST = re.compile(r"digest: (sha256:[0-9a-f]{64})")
_EPOCH = "315532800"  # 1980, as in the archives: an image that holds the same is the same.


@dataclass(frozen=True)
class Image:
    """An image on this machine. ``size`` is in bytes, ``architecture`` in the words of OCI: arm64, amd64."""

    name: str
    id: str
    size: int
    architecture: str


class Engine:
    """A container engine that runs."""

    def __init__(self, program: str, *, is_podman: bool) -> None:
        self.program = program
        self._is_podman = is_podman

    @classmethod
    def find(cls) -> Engine:
        """The engine of this machine. Raises :class:`Failed` when there is none, or when it does not answer."""
        program = os.environ.get(_VARIABLE, "docker")
        if not shutil.which(program):
            raise Failed(
                f"there is no container engine {program!r}: install one, or name yours in {_VARIABLE} "
                f"({_VARIABLE}=podman). Without any, scripts/build_zip.py packages the functions as well"
            )
        try:
            version = run([program, "--version"], step=f"{program} --version")
            run([program, "info"], step=f"{program} info")
        except Failed as error:
            reason = (error.output.splitlines() or [str(error)])[-1].strip()
            raise Failed(
                f"{program} is installed, but does not answer ({reason}): start it, or choose another by {_VARIABLE}"
            ) from error
        return cls(program, is_podman="podman" in version.lower())

    def build(
        self,
        name: str,
        *,
        context: Path,
        dockerfile: Path,
        platform: str | None,
        arguments: dict[str, str],
        cache: bool,
    ) -> Image:
        """Build an image and call it ``name``. Raises :class:`Failed` with the output of the step that failed."""
        if self._is_podman:
            platform = platform or _this_platform()  # Podman 4 sets TARGETARCH only if it is told the platform.
        command = [self.program, "build", "--file", str(dockerfile), "--tag", name]
        command += ["--platform", platform] if platform else []
        command += [part for key, value in arguments.items() for part in ("--build-arg", f"{key}={value}")]
        command += [] if cache else ["--no-cache"]
        if self._is_podman:
            # Docker's format, because Lambda reads it everywhere.
            command += ["--format", "docker", "--timestamp", _EPOCH]
            # Every stage on the target: podman 4 takes one platform's base for both, and labels it as the other's.
            command += ["--build-arg", f"BUILDPLATFORM={platform}"]
        # Lambda refuses images with attestations, which buildx adds unless told not to.
        environment = {"BUILDX_NO_DEFAULT_ATTESTATIONS": "1", "SOURCE_DATE_EPOCH": _EPOCH, "BUILDKIT_PROGRESS": "plain"}
        run([*command, str(context)], step=f"building {name}", environment=environment)
        image = self.inspect(name)
        if platform and platform != f"linux/{image.architecture}":
            raise Failed(
                f"{name} was to be for {platform}, and is for {image.architecture}: the base image on this machine is "
                f"for that only; pull it for {platform}, or build with an engine that does"
            )
        return image

    def inspect(self, name: str) -> Image:
        """The image called ``name``. Raises :class:`Failed` when it is not on this machine."""
        shown = run(
            [self.program, "image", "inspect", "--format", "{{.Id}} {{.Size}} {{.Architecture}}", name],
            step=f"finding the image {name}",
        )
        identifier, size, architecture = shown.split()
        return Image(name, f"sha256:{identifier.removeprefix('sha256:')}", int(size), architecture)

    def push(self, name: str, remote: str) -> str:
        """Push the image ``name`` as ``remote`` and return the digest that the registry gave it."""
        run([self.program, "tag", name, remote], step=f"tagging {remote}")
        step = f"pushing {remote}"
        if not self._is_podman:
            found = _DIGEST.search(run([self.program, "push", remote], step=step))
            if not found:
                raise Failed(f"{step}: {self.program} did not say which digest it has")
            return found[1]
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "digest"
            run([self.program, "push", "--format", "v2s2", "--digestfile", file, remote], step=step)
            return file.read_text(encoding="utf-8").strip()

    def login(self, registry: str, username: str, password: str) -> None:
        """Log in to ``registry``. The password is given by standard input, where no other process sees it."""
        command = [self.program, "login", "--username", username, "--password-stdin", registry]
        run(command, step=f"logging in to {registry}", stdin=password)


def _this_platform() -> str:
    return "linux/arm64" if machine().lower() in {"arm64", "aarch64"} else "linux/amd64"
