"""AWS's own runtime client and Runtime Interface Emulator, as Lambda has them, installed below ``build/``.

The emulator is a static binary that lies in the wheel of the AWS SAM CLI; the client is the PyPI package awslambdaric.
Both are installed by uv at their first use, and shared by all later ones.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import tempfile
from pathlib import Path

from scripts.packaging.python313 import find_python

__all__ = ["CLIENT_REQUIREMENT", "client_packages", "emulator_binary"]

CLIENT_REQUIREMENT = "awslambdaric==4.2.2"
_SAM_REQUIREMENT = "aws-sam-cli==1.170.0"
_TOOLS = Path(__file__).parent.parent / "build" / "lambda"


def emulator_binary() -> Path:
    """The Runtime Interface Emulator for this machine."""
    machine = "arm64" if platform.machine().lower() in {"arm64", "aarch64"} else "x86_64"
    folder = _installed(_SAM_REQUIREMENT, "--no-deps")
    return folder / "samcli" / "local" / "rapid" / f"aws-lambda-rie-{machine}"


def client_packages() -> Path:
    """The folder that has to be on the path of Python 3.13 for ``python -m awslambdaric``."""
    return _installed(
        CLIENT_REQUIREMENT, "--only-binary", ":all:", "--python", str(find_python()), "--compile-bytecode"
    )


def _installed(requirement: str, *options: str) -> Path:
    target = _TOOLS / requirement
    if not target.exists():
        _TOOLS.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(dir=_TOOLS, prefix="building-"))
        try:
            uv = os.environ.get("UV") or shutil.which("uv") or "uv"
            command = [uv, "pip", "install", "--quiet", "--target", str(building), *options, requirement]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise RuntimeError(f"{requirement} cannot be installed:\n{done.stderr}")
            building.rename(target)
        except OSError:
            if not target.exists():  # Otherwise another process was faster.
                raise
        finally:
            shutil.rmtree(building, ignore_errors=True)
    return target
