"""The CDK's entry point: read what was asked for, build its stacks, synthesise. Run it with ``npx cdk``."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from aws_cdk import App

from emulator_stack.application import add_stacks
from emulator_stack.choice import ConfigurationError, choose


def main(context: Mapping[str, Any] | None = None, outdir: str | None = None) -> int:
    """Write the cloud assembly. Returns 2, and writes nothing, when what was asked for cannot be built.

    The CDK's command line passes context and folder through the environment; tests pass them here.
    """
    app = App(
        # The same input makes the same assembly: without traces, which name temporary folders, and without timings.
        stack_traces=False,
        performance_reporting=False,
        analytics_reporting=False,
        context={"aws:cdk:disable-creation-stack-traces": True, **(context or {})},
        outdir=outdir,
    )
    try:
        config, digests = choose(app.node.get_all_context())
    except ConfigurationError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the one line for whoever runs the CDK
        return 2
    add_stacks(app, config, digests)
    app.synth()
    return 0


if __name__ == "__main__":
    sys.exit(main())
