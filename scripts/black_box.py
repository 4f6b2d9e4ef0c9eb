"""Run the black-box suite against a deployed environment.

    uv run python -m scripts.black_box --environment dev
    uv run python -m scripts.black_box --owner alice -- -k refresh

The address and the control plane's token are read from the deployment; neither the token nor the address is printed.
The suite needs the demo world, so it is for dev and personal stacks: it logs in as the documented user.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from emulator_stack.naming import stack_name
from scripts.packaging.cloud import aws_session

__all__ = ["main"]


def main(
    arguments: Sequence[str] | None = None,
    *,
    client: Callable[[str], Any] | None = None,
    run: Callable[[list[str]], int] = pytest.main,
) -> int:
    """Run the suite; the exit code is pytest's, or 1 when the deployment cannot be found."""
    parser = argparse.ArgumentParser(
        prog="black_box", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--environment", choices=("dev", "qa", "staging", "prod"), help="a shared environment")
    where.add_argument("--owner", metavar="NAME", help="a personal stack")
    parser.add_argument("pytest", nargs="*", metavar="ARGUMENT", help="for pytest, after --")
    chosen = parser.parse_args(arguments)
    name = stack_name(chosen.owner or chosen.environment)
    connect: Callable[[str], Any] = client or aws_session().create_client
    try:
        (stack,) = connect("cloudformation").describe_stacks(StackName=name)["Stacks"]
        outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        secret = connect("secretsmanager").get_secret_value(SecretId=outputs["AdminTokenSecretArn"])
    except (BotoCoreError, ClientError, KeyError) as error:
        print(f"error: {name} could not be read ({error}): is it deployed, and AWS_REGION set?", file=sys.stderr)
        return 1
    return int(
        run(["tests/contract", "--base-url", outputs["ApiUrl"], "--admin-token", secret["SecretString"],
             "--tb=short", *chosen.pytest])
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
