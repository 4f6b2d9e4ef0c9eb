"""The entry point that Lambda imports."""

from __future__ import annotations

import subprocess
import sys

_CALL = """
from runtime.player_account_api.handler import lambda_handler

body = '{"username":"player1","email":"player1@example.com"}'
print(lambda_handler({"httpMethod": "POST", "path": "/players", "body": body}, None)["statusCode"])
"""


def test_the_specifications_direct_call_works_without_any_setting_but_the_state() -> None:
    environ = {"PSN_EMULATOR_STATE": ":memory:", "LOG_LEVEL": "CRITICAL"}
    done = subprocess.run([sys.executable, "-c", _CALL], env=environ, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("201\n", 0), done.stderr
