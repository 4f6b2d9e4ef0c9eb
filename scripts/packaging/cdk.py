"""The CDK's command line, as package-lock.json pins it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path

from scripts.packaging.outcome import Failed
from scripts.packaging.process import run, stream
from scripts.packaging.workspace import ROOT

__all__ = ["deploy", "destroy_command"]


def deploy(stack: str, context: Mapping[str, str], root: Path = ROOT) -> dict[str, str]:
    """Deploy one stack, its output on this terminal, and return the stack's outputs. Raises :class:`Failed`."""
    if not (root / "node_modules" / ".bin" / "cdk").exists():
        run(["npm", "ci", "--no-audit", "--no-fund"], step="installing the CDK's command line", cwd=root)
    chosen = [part for key, value in context.items() for part in ("--context", f"{key}={value}")]
    with tempfile.TemporaryDirectory() as folder:
        outputs = Path(folder) / "outputs.json"
        command: list[str | Path] = ["npx", "--no-install", "cdk", "deploy", _path(stack), "--exclusively",
                                     "--require-approval", "never", "--outputs-file", outputs, *chosen]  # fmt: skip
        if stream(command, cwd=root):
            raise Failed(
                f"deploying {stack} failed; what the CDK said is above. When that is put right, run the same command "
                "again: it goes on where this one stopped"
            )
        try:
            document = json.loads(outputs.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise Failed(f"the CDK left no outputs of {stack}: {error}") from error
    return {str(key): str(value) for key, value in document.get(stack, {}).items()}


def destroy_command(stack: str, context: Mapping[str, str]) -> str:
    """What a person types to remove ``stack``."""
    return " ".join(["uv run npx cdk destroy", _path(stack), *(f"-c {key}={value}" for key, value in context.items())])


def _path(stack: str) -> str:
    """Where the CDK finds ``stack``: the registry is in a stage of its own, so that a plain deploy leaves it alone."""
    return f"registry/{stack}" if stack.endswith("-registry") else stack
