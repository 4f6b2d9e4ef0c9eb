"""A container engine for the tests: podman, told how to run on small and nested machines, or Docker."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

__all__ = ["engine", "engine_environment"]

_FOLDER = Path(__file__).parents[2] / "build" / "containers"

_CONTAINERS_CONF = """\
[containers]
netns = "host"
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]

[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
"""


@cache
def engine_environment() -> dict[str, str]:
    """The variables that make scripts and tests use the engine. Raises when there is none: install podman."""
    if chosen := os.environ.get("CDK_DOCKER"):
        return {"CDK_DOCKER": chosen}
    engines = [_podman(), {"CDK_DOCKER": "docker"}]
    if os.geteuid():  # Where Docker runs, it does more for those who are not root.
        engines.reverse()
    for environment in engines:
        if _answers(environment):
            return environment
    raise RuntimeError("these tests need a container engine: apt-get install -y podman runc debootstrap")


def _podman() -> dict[str, str]:
    _FOLDER.mkdir(parents=True, exist_ok=True)
    configuration = _FOLDER / "containers.conf"
    configuration.write_text(_CONTAINERS_CONF, encoding="utf-8")
    return {"CDK_DOCKER": "podman", "CONTAINERS_CONF": str(configuration), "BUILDAH_ISOLATION": "chroot"}


def engine(*arguments: str, stdin: str = "") -> str:
    """Run the engine and return what it prints."""
    environment = engine_environment()
    done = subprocess.run(
        [environment["CDK_DOCKER"], *arguments],
        env={**os.environ, **environment},
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{environment['CDK_DOCKER']} {' '.join(arguments[:2])} failed:\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def _answers(environment: dict[str, str]) -> bool:
    program = environment["CDK_DOCKER"]
    if not shutil.which(program):
        return False
    done = subprocess.run([program, "info"], env={**os.environ, **environment}, capture_output=True, check=False)
    return done.returncode == 0
