"""The base of the images under test: AWS's own, or a stand-in made of Debian where AWS's cannot be had."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from tests.containers.engine import engine
from tests.lambda_emulator import client_packages, emulator_binary

__all__ = ["base_image"]

_AWS = "public.ecr.aws/lambda/python:3.13"
_DEBIAN = "localhost/psn-emulator-test-debian:trixie"
_STAND_IN = "localhost/psn-emulator-test-base:3.13"
_HERE = Path(__file__).parent
_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")


@cache
def base_image() -> str:
    """The name of a base image that is on this machine."""
    if given := os.environ.get("PSN_EMULATOR_BASE_IMAGE"):
        return given
    for name in (_AWS, _STAND_IN):
        if _exists(name):
            return name
    try:
        engine("pull", "--quiet", _AWS)
    except RuntimeError:
        _make_stand_in()
        return _STAND_IN
    return _AWS


def _make_stand_in() -> None:
    if not _exists(_DEBIAN):
        _make_debian()
    with tempfile.TemporaryDirectory() as folder:
        context = Path(folder)
        shutil.copytree(client_packages(), context / "client")
        shutil.copyfile(emulator_binary(), context / "aws-lambda-rie")
        shutil.copyfile(_HERE / "lambda-entrypoint.sh", context / "lambda-entrypoint.sh")
        shutil.copyfile(_CERTIFICATES, context / "ca-certificates.crt")
        engine("build", "--file", str(_HERE / "Dockerfile"), "--tag", _STAND_IN, str(context))


def _make_debian() -> None:
    if not shutil.which("debootstrap"):
        raise RuntimeError(f"{_AWS} cannot be pulled, and its stand-in needs debootstrap: apt-get install debootstrap")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "root"
        packages = "--include=python3.13,python3-pip,ca-certificates"
        _run(["debootstrap", "--variant=minbase", packages, "trixie", str(root), "http://deb.debian.org/debian", "sid"])
        archive = Path(folder) / "root.tar"
        _run(["tar", "--create", "--file", str(archive), "--directory", str(root), "."])
        engine("import", str(archive), _DEBIAN)


def _exists(name: str) -> bool:
    try:
        engine("image", "inspect", name)
    except RuntimeError:
        return False
    return True


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed:\n{done.stdout[-3000:]}{done.stderr}")
