"""Tests are named alike in every run: tools that spread them over processes, or compare runs, rely on it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_no_test_is_named_after_an_address_in_memory() -> None:
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-m", "slow or not slow", "tests"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[-2000:]
    assert not re.findall(r"^.*<.* at 0x[0-9a-f]+>.*$", run.stdout, re.MULTILINE)
