"""Call one service's handler with one event: ``python -m runtime.local.invoke idp_api EVENT.json``.

For a debugger: it runs in this process, on the same local state that ``psn-emulator serve`` uses.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from pathlib import Path

from runtime.catalogue import SERVICES, get_service

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Print the answer as JSON. The exit code is 0 where the answer is a success, and 1 where it is an error."""
    parser = argparse.ArgumentParser(prog="python -m runtime.local.invoke", description=__doc__)
    parser.add_argument("service", choices=[service.package for service in SERVICES])
    parser.add_argument("event", type=Path, help="a JSON file: an API Gateway event, or httpMethod, path and body")
    chosen = parser.parse_args(arguments)
    try:
        event = json.loads(chosen.event.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        parser.error(f"cannot read the event {chosen.event}: {error}")
    handler = importlib.import_module(get_service(chosen.service).handler.rpartition(".")[0]).lambda_handler
    answer = handler(event, None)
    sys.stdout.write(json.dumps(answer, indent=2, ensure_ascii=False) + "\n")
    return 0 if answer["statusCode"] < 400 else 1


if __name__ == "__main__":
    sys.exit(main())
