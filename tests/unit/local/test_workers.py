"""Processes that serve one address: what a worker leaves to its parent to tell."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]

# A worker that cannot serve, and is told to stop while it is leaving.
PROGRAM = """
import os, signal, socket, sys
from runtime.local import workers
from runtime.local.failures import CannotServe

parent = os.getpid()

class Late:
    def flush(self):
        if os.getpid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)

def cannot(listener, ready, lifeline):
    raise CannotServe("told once")

sys.stdout = Late()
with socket.create_server(("127.0.0.1", 0)) as listener:
    try:
        workers.run([listener], cannot, on_ready=lambda: None)
    except CannotServe as failure:
        os.write(1, str(failure).encode())
"""


def test_a_worker_that_is_told_to_stop_as_it_leaves_says_nothing_of_its_own() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr.decode()) == (0, b"told once", "")
