r"""Copy the images of a manifest to another environment's repositories. Digests stay what they are.

    uv run python -m scripts.promote --tag v1.0.0 --images build/deploy/dev.json \
        --source 123456789012.dkr.ecr.eu-west-1.amazonaws.com/psn-emulator-dev \
        --target 210987654321.dkr.ecr.eu-west-1.amazonaws.com/psn-emulator-qa

Then `scripts/deploy.py --tag v1.0.0 --environment qa --no-build` finds them, and builds nothing. Skopeo copies, from
registry to registry. What is there already is left alone, so a run that failed can be repeated; a tag that names
something else is never moved.
"""

from __future__ import annotations

import argparse
import subprocess  # nosec B404 # starts skopeo
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from emulator_stack.functions import FUNCTIONS
from emulator_stack.images import read_digests

__all__ = ["main"]

Run = Callable[[Sequence[str]], "subprocess.CompletedProcess[str]"]

_ABSENT = ("manifest unknown", "not found", "name unknown")
"""What registries say of a tag that they do not have."""


class _Failed(Exception):
    pass


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # nosec B603 # no shell; the arguments are checked by skopeo
        command, capture_output=True, text=True, check=False
    )


def main(arguments: Sequence[str] | None = None, *, run: Run = _run) -> int:
    """Copy what the command line names; the exit code says how it went."""
    parser = argparse.ArgumentParser(
        prog="promote", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tag", required=True, help="the version, which names the images in both places")
    parser.add_argument("--images", required=True, type=Path, metavar="FILE", help="the manifest of digests")
    parser.add_argument("--source", required=True, metavar="PREFIX", help="HOST/psn-emulator-ENVIRONMENT to copy from")
    parser.add_argument("--target", required=True, metavar="PREFIX", help="HOST/psn-emulator-ENVIRONMENT to copy to")
    parser.add_argument("--source-login", metavar="FILE", help="what `skopeo login --authfile` wrote for the source")
    parser.add_argument("--target-login", metavar="FILE", help="what `skopeo login --authfile` wrote for the target")
    parser.add_argument("--plain-http", action="store_true", help="registries without TLS, as in tests")
    chosen = parser.parse_args(arguments)
    try:
        digests = read_digests(chosen.images)
        for function in FUNCTIONS:
            digest = digests[function.package]
            source = f"{chosen.source}-{function.slug}@{digest}"
            target = f"{chosen.target}-{function.slug}:{chosen.tag}"
            print(f"{function.package}: {_promote(source, target, digest, chosen, run)} {digest}")
    except (_Failed, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except FileNotFoundError:
        print("error: skopeo is not installed: https://github.com/containers/skopeo", file=sys.stderr)
        return 1
    return 0


def _promote(source: str, target: str, digest: str, chosen: argparse.Namespace, run: Run) -> str:
    there = _digest_of(target, chosen, run)
    if there == digest:
        return "is there already:"
    if there is not None:
        raise _Failed(f"{target} is {there}, and not {digest}: a tag is for ever, so this version needs another one")
    command = ["skopeo", "copy", "--preserve-digests"]
    command += ["--src-authfile", chosen.source_login] if chosen.source_login else []
    command += ["--dest-authfile", chosen.target_login] if chosen.target_login else []
    command += ["--src-tls-verify=false", "--dest-tls-verify=false"] if chosen.plain_http else []
    done = run([*command, f"docker://{source}", f"docker://{target}"])
    if done.returncode:
        raise _Failed(f"copying {source} to {target}: {_last_line(done)}")
    if (arrived := _digest_of(target, chosen, run)) != digest:
        raise _Failed(f"{target} became {arrived}, and not {digest}")
    return "copied:"


def _digest_of(name: str, chosen: argparse.Namespace, run: Run) -> str | None:
    """The digest that ``name`` has now; ``None`` when there is no such tag."""
    command = ["skopeo", "inspect", "--no-tags", "--format", "{{.Digest}}"]
    command += ["--authfile", chosen.target_login] if chosen.target_login else []
    command += ["--tls-verify=false"] if chosen.plain_http else []
    done = run([*command, f"docker://{name}"])
    if done.returncode == 0:
        return done.stdout.strip()
    if any(word in done.stderr.lower() for word in _ABSENT):
        return None
    raise _Failed(f"asking for {name}: {_last_line(done)}")


def _last_line(done: subprocess.CompletedProcess[str]) -> str:
    return (done.stderr.strip().splitlines() or ["skopeo said nothing"])[-1]


if __name__ == "__main__":
    sys.exit(main())
