"""The emulator in MiniStack, an AWS on this machine: packaged, synthesised and deployed by the real commands.

The commands run in a copy of the project, so that what a developer has in ``dist`` stays as it is, and so that a test
can change a handler. MiniStack lacks a few resource types. :func:`adapt` takes those out of the synthesised assembly,
and nothing else: the product knows nothing of MiniStack.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from scripts.packaging.python313 import find_python
from tests.contract.server import clean_environment
from tests.ministack import MiniStack
from tests.rotation import rotate

__all__ = ["ACCOUNT", "Cloud", "Deployment", "Project", "adapt", "start_cloud"]

ACCOUNT = "000000000000"

_ROOT = Path(__file__).resolve().parents[2]
_PROJECT = (
    "app.py",
    "cdk.json",
    "emulator_stack",
    "package.json",
    "pyproject.toml",
    "README.md",
    "runtime",
    "scripts",
    "uv.lock",
)
_MISSING_TYPES = {
    "AWS::SecretsManager::RotationSchedule": "the fixture calls the rotation function's steps, as the schedule would",
    "AWS::Logs::QueryDefinition": "nobody reads the queries here",
}
"""Types that MiniStack 1.5.33 does not know and fails a deployment for, with what stands in for them."""


@dataclass(frozen=True)
class Deployment:
    """A deployed stack. ``url`` is its base URL; names below ``localhost`` are not left to the machine's resolver."""

    name: str
    outputs: dict[str, str]
    admin_token: str

    @property
    def url(self) -> str:
        """What a client is given."""
        return self.outputs["ApiUrl"]

    def client(self, token: str | None = None) -> httpx.Client:
        """A client of the deployment, with ``token`` as its bearer."""
        address = httpx.URL(self.url)
        return httpx.Client(
            base_url=address.copy_with(host="127.0.0.1"),
            headers={"Host": address.netloc.decode()} | ({"Authorization": f"Bearer {token}"} if token else {}),
            timeout=60,
        )


class Cloud:
    """MiniStack with the CDK's bootstrap stack in it."""

    def __init__(self, aws: MiniStack) -> None:
        self.aws = aws
        self._environment = clean_environment() | aws.environment | {"CDK_VALIDATION": "false", "CI": "true"}

    def cdk(self, *arguments: str, folder: Path) -> str:
        """Run the CDK's command line in ``folder``. Returns what it wrote."""
        npx = Path(sys.executable).with_name("npx")
        return _run([str(npx), "cdk", *arguments], folder, self._environment)

    def bootstrap(self, folder: Path) -> None:
        """What every account needs once."""
        self.cdk("bootstrap", f"aws://{ACCOUNT}/{self.aws.region}", "--app", "", folder=folder)

    def deploy(self, assembly: Path) -> tuple[Deployment, str]:
        """Deploy the stack of the adapted ``assembly``, with keys. Returns what the CDK said as well."""
        outputs = assembly.with_suffix(".outputs.json")
        said = self.cdk(
            "deploy", "--app", str(assembly), "--require-approval", "never", "--outputs-file", str(outputs),
            folder=_ROOT,
        )  # fmt: skip
        ((stack, values),) = json.loads(outputs.read_text(encoding="utf-8")).items()
        name = stack.removeprefix("psn-emulator-")
        self._make_keys(name, values["SigningKeysSecretArn"])
        return Deployment(name, values, self._admin_token(values["AdminTokenSecretArn"])), said

    def destroy(self, assembly: Path) -> None:
        """``cdk destroy``."""
        self.cdk("destroy", "--app", str(assembly), "--force", folder=_ROOT)

    def leftovers(self, name: str) -> dict[str, list[str]]:
        """What there is of the deployment ``name``, by kind; physical names begin with the stack's or contain it."""
        stack = f"psn-emulator-{name}"
        found = {
            "tables": self.aws.client("dynamodb").list_tables()["TableNames"],
            "secrets": [one["Name"] for one in self.aws.client("secretsmanager").list_secrets()["SecretList"]],
            "functions": [one["FunctionName"] for one in self.aws.client("lambda").list_functions()["Functions"]],
            "layers": [one["LayerName"] for one in self.aws.client("lambda").list_layers()["Layers"]],
            "apis": [one["Name"] for one in self.aws.client("apigatewayv2").get_apis()["Items"]],
            "log groups": [one["logGroupName"] for one in self.aws.client("logs").describe_log_groups()["logGroups"]],
            "roles": [one["RoleName"] for one in self.aws.client("iam").list_roles(MaxItems=1000)["Roles"]],
            "alarms": [one["AlarmName"] for one in self.aws.client("cloudwatch").describe_alarms()["MetricAlarms"]],
        }
        flat = stack.replace("-", "").lower()
        matching = {
            kind: [one for one in names if flat in one.replace("-", "").lower()] for kind, names in found.items()
        }
        return {kind: sorted(names) for kind, names in matching.items() if names}

    def _admin_token(self, secret: str) -> str:
        """The token, which an operator has replaced if it is none: MiniStack ignores ``ExcludePunctuation``."""
        secrets = self.aws.client("secretsmanager")
        token: str = secrets.get_secret_value(SecretId=secret)["SecretString"]
        if not token.isalnum():
            token = uuid4().hex
            secrets.put_secret_value(SecretId=secret, SecretString=token)
        return token

    def _make_keys(self, name: str, secret: str) -> None:
        """Do what Secrets Manager does when the schedule comes to be, unless there are keys."""
        secrets = self.aws.client("secretsmanager")
        if "keys" in json.loads(secrets.get_secret_value(SecretId=secret)["SecretString"]):
            return
        rotate(self.aws, f"psn-emulator-{name}-key-rotation", secret)


class Project:
    """A copy of the project in ``folder``, to be packaged and synthesised there."""

    def __init__(self, folder: Path, cloud: Cloud) -> None:
        self.folder = folder
        self._cloud = cloud
        folder.mkdir()
        for name in _PROJECT:
            source = _ROOT / name
            if source.is_dir():
                shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(source, folder / name)
        modules = _ROOT / "node_modules"
        if not (modules / "aws-cdk").is_dir():
            _run([str(Path(sys.executable).with_name("npm")), "ci"], _ROOT, dict(os.environ))
        (folder / "node_modules").symlink_to(modules)

    def package(self, *arguments: str) -> None:
        """``scripts/build_zip.py``, for this machine's architecture."""
        command = [sys.executable, "scripts/build_zip.py", "--arch", "x86_64", *arguments]
        _run(command, self.folder, clean_environment())

    def synthesise(self, *context: str) -> Path:
        """``cdk synth`` with ``context``, adapted for MiniStack. Returns the assembly's folder."""
        assembly = self.folder.parent / f"assembly-{uuid4().hex[:8]}"
        settings = [*context, "packaging=zip", "architecture=x86_64"]
        flags = [part for setting in settings for part in ("-c", setting)]
        self._cloud.cdk("synth", "--quiet", "-o", str(assembly), *flags, folder=self.folder)
        adapt(assembly)
        return assembly

    def change(self, file: str, old: str, new: str) -> None:
        """Edit a source file, where ``old`` must be."""
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{file} has changed: choose something else to change"
        path.write_text(text.replace(old, new), encoding="utf-8")


def adapt(assembly: Path) -> None:
    """Take out of every template what MiniStack lacks, and what refers to it."""
    for path in assembly.glob("*.template.json"):
        template = json.loads(path.read_text(encoding="utf-8"))
        resources = template["Resources"]
        removed = {name for name, resource in resources.items() if _is_missing(resource)}
        removed |= {
            name
            for name, resource in resources.items()
            if resource["Type"] == "AWS::CloudWatch::Dashboard" and _refers(resource, removed)
        }
        template["Resources"] = {name: found for name, found in resources.items() if name not in removed}
        template["Outputs"] = {
            name: output for name, output in template.get("Outputs", {}).items() if not _refers(output, removed)
        }
        path.write_text(json.dumps(template, indent=1), encoding="utf-8")


def _is_missing(resource: dict[str, Any]) -> bool:
    # It has alarms, but refuses those of metric math; the dashboard shows all of them.
    alarm_of_math = resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in resource["Properties"]
    return resource["Type"] in _MISSING_TYPES or alarm_of_math


def _refers(value: Any, names: set[str]) -> bool:
    if isinstance(value, dict):
        if value.get("Ref") in names or (value.get("Fn::GetAtt") or [None])[0] in names:
            return True
        return any(_refers(one, names) for one in value.values())
    return isinstance(value, list) and any(_refers(one, names) for one in value)


@contextmanager
def start_cloud() -> Iterator[Cloud]:
    """A MiniStack that runs handlers on Lambda's Python, for which the archives have been made."""
    with MiniStack(python=find_python()) as aws:
        yield Cloud(aws)


def _run(command: list[str], folder: Path, environment: dict[str, str]) -> str:
    # npx and node lie beside the interpreter, where `uv run` finds them.
    path = f"{Path(sys.executable).parent}{os.pathsep}{environment.get('PATH', '')}"
    done = subprocess.run(
        command, cwd=folder, env=environment | {"PATH": path}, capture_output=True, text=True, check=False
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, f"{' '.join(command)} failed:\n{said[-6000:]}"
    return said
