"""What ``cdk synth`` does: one clear line for what is wrong, the same assembly every time for what is not."""

from __future__ import annotations

import filecmp
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import app
from emulator_stack.environments import ENVIRONMENTS
from tests.infrastructure.synthesis import ROOT
from tests.infrastructure.test_images import GOOD

BAD: list[tuple[dict[str, str], str]] = [
    ({"environment": "production"}, "environment: 'production' is not one of dev, qa, staging, prod, personal"),
    ({"images": "no/such/file.json"}, "images: there is no file no/such/file.json; scripts/build.py --push writes one"),
    ({"images": "{malformed}"}, "images: {malformed} has 'sha256:123' for idp_api"),
    ({"owner": "al!ce"}, "owner: 'al!ce' is refused: it becomes part of names"),
    ({"environment": "prod", "demo_world": "true"}, "demo_world: 'true' is refused: prod has no demo world"),
]


@pytest.fixture
def malformed(tmp_path: Path) -> Path:
    path = tmp_path / "images.json"
    path.write_text(json.dumps(GOOD | {"idp_api": "sha256:123"}), encoding="utf-8")
    return path


def filled(context: dict[str, str], message: str, malformed: Path) -> tuple[dict[str, str], str]:
    """The case with the path of the malformed manifest in it."""
    return (
        {key: value.replace("{malformed}", str(malformed)) for key, value in context.items()},
        message.replace("{malformed}", str(malformed)),
    )


@pytest.mark.parametrize(("context", "message"), BAD, ids=[str(context) for context, _ in BAD])
def test_bad_input_is_one_line_and_no_template(
    context: dict[str, str], message: str, malformed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    context, message = filled(context, message, malformed)
    assert app.main(context, outdir=str(tmp_path / "out")) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    (line,) = printed.err.splitlines()
    assert line.startswith(message)
    assert not list(tmp_path.rglob("*.template.json"))


def without_network() -> list[str]:
    """What to start a command with so that it has no network at all, where the kernel lets us; proxies do the rest."""
    prefix = [shutil.which("unshare") or "unshare", "--map-root-user", "--net"]
    try:
        allowed = subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        allowed = False
    assert allowed or not os.environ.get("CI"), "the gate has to take the network away: unshare --net is refused"
    return prefix if allowed else []


def cdk(
    *arguments: str, environ: dict[str, str] | None = None, network: bool = True
) -> subprocess.CompletedProcess[str]:
    """The CDK's own command line, which ``npm ci`` installs."""
    script = ROOT / "node_modules" / "aws-cdk" / "bin" / "cdk"
    assert script.is_file(), "the CDK's command line is missing: run `uv run npm ci`"
    binaries = Path(sys.executable).parent
    command = [str(binaries / "node"), str(script), *arguments]
    if not network:
        command = [*without_network(), *command]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_"))}
    return subprocess.run(
        command, cwd=ROOT, env=inherited if environ is None else environ, capture_output=True, text=True, check=False
    )


def context_arguments(context: dict[str, str]) -> list[str]:
    return [argument for key, value in context.items() for argument in ("-c", f"{key}={value}")]


@pytest.mark.slow
@pytest.mark.parametrize(("context", "message"), BAD, ids=[str(context) for context, _ in BAD])
def test_the_cdk_passes_the_line_on_and_fails(
    context: dict[str, str], message: str, malformed: Path, tmp_path: Path
) -> None:
    context, message = filled(context, message, malformed)
    out = tmp_path / "out"
    done = cdk("synth", "--quiet", "--output", str(out), *context_arguments(context))
    assert done.returncode != 0
    assert [line for line in done.stderr.splitlines() if line.startswith(message)]
    assert "Traceback" not in done.stderr
    assert not list(out.rglob("*.template.json"))


def hermetic(home: Path) -> dict[str, str]:
    """An environment with no credentials, no container engine, and proxies that refuse all connections."""
    nowhere = "http://127.0.0.1:9"
    binaries = home / "bin"
    binaries.mkdir(parents=True)
    for name in ("node", "python"):
        # Not a link: Python finds its virtual environment by where it was started.
        wrapper = binaries / name
        wrapper.write_text(f'#!/bin/sh\nexec "{Path(sys.executable).parent / name}" "$@"\n', encoding="utf-8")
        wrapper.chmod(0o755)
    return {
        "HOME": str(home),
        "PATH": str(binaries),
        "HTTP_PROXY": nowhere,
        "HTTPS_PROXY": nowhere,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.slow
@pytest.mark.parametrize("packaging", ["image", "zip"])
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_synthesis_is_hermetic_and_repeats_byte_for_byte(environment: str, packaging: str, tmp_path: Path) -> None:
    context: dict[str, Any] = {"environment": environment, "packaging": packaging}
    if environment == "personal":
        context["owner"] = "alice"
    environ = hermetic(tmp_path / "home")
    made = []
    for number in range(2):
        # The same path, because the CDK writes down where it was told to put things.
        out = tmp_path / "out"
        done = cdk(
            "synth", "--quiet", "--output", str(out), *context_arguments(context), environ=environ, network=False
        )
        assert done.returncode == 0, done.stderr
        made.append(out.rename(tmp_path / f"out{number}"))
    first, second = made
    assert files(first) == files(second)
    _, different, unreadable = filecmp.cmpfiles(first, second, files(first), shallow=False)
    assert not different
    assert not unreadable
    assert [name for name in files(first) if name.endswith(".template.json")]
