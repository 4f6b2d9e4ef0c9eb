"""Keep requirements.txt in step with uv.lock, for those who install with pip.

``python -m scripts.requirements`` checks and exits 1 when they differ; ``--write`` brings the file up to date.
"""

from __future__ import annotations

import argparse
import subprocess  # nosec B404 # uv is what this script drives
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "requirements.txt"

_HEADER = """\
# Everything that synth and tests need, pinned with hashes, for pip users:
#   pip install --require-hashes -r requirements.txt
# Made from uv.lock; do not edit. Update: uv run python -m scripts.requirements --write
"""

_EXPORT = ["uv", "export", "--quiet", "--locked", "--no-emit-workspace", "--no-header", "--no-annotate"]


def main() -> int:
    """Check or write the file; the exit code is 0 where it is in step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write the file instead of checking it")
    arguments = parser.parse_args()
    export = subprocess.run(_EXPORT, cwd=ROOT, check=True, capture_output=True, text=True).stdout  # nosec B603
    wanted = _HEADER + export
    if arguments.write:
        FILE.write_text(wanted, encoding="utf-8")
        print(f"{FILE.name} is in step with uv.lock.")
        return 0
    if not FILE.exists() or FILE.read_text(encoding="utf-8") != wanted:
        print(
            f"{FILE.name} is not in step with uv.lock: run `uv run python -m scripts.requirements --write`.",
            file=sys.stderr,
        )
        return 1
    print(f"{FILE.name} is in step with uv.lock.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
