"""What each entry point imports before its first request: a cold start pays for every module.

Each is imported in an interpreter of its own, with the environment of a deployed function.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache

import pytest

from runtime.catalogue import SERVICES

_SCRIPT = """
import importlib, json, logging, sys
importlib.import_module(sys.argv[1]).lambda_handler
logging.getLogger().warning("A record")
print(json.dumps(sorted(sys.modules)))
"""

ENVIRONMENT = {
    "PSN_EMULATOR_TABLE": "psn-emulator-test",
    "ENVIRONMENT": "qa",
    "AWS_REGION": "eu-west-1",
    "PSN_EMULATOR_METRICS": "true",
}

# Powertools names itself in the user agent of the SDK's session, where there is an SDK: not in a package.
SDK = ("boto3", "botocore.client", "botocore.loaders", "botocore.model")
NEVER = {
    "AWS SDK": SDK,
    "storage engines": ("sqlite3", "runtime.store.sqlite", "runtime.store.dynamodb"),
    "HTTP clients": ("http.client", "urllib3", "ssl"),
    "what Powertools has for AppSync": ("asyncio.events",),
    "the local gateway": ("uvicorn", "typer", "runtime.local"),
    "test tools": ("pytest", "moto"),
}
HANDLERS = [service.handler.rpartition(".")[0] for service in SERVICES]


@cache
def loaded(module: str) -> frozenset[str]:
    environment = {**os.environ, **ENVIRONMENT}
    run = subprocess.run(
        [sys.executable, "-c", _SCRIPT, module], env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return frozenset(json.loads(run.stdout.splitlines()[-1]))


@pytest.mark.parametrize("handler", [*HANDLERS, "runtime.authorizer.handler"])
@pytest.mark.parametrize("forbidden", NEVER.values(), ids=NEVER)
def test_an_entry_point_imports_nothing_before_it_needs_it(handler: str, forbidden: tuple[str, ...]) -> None:
    assert not loaded(handler) & set(forbidden)


def test_only_the_identity_provider_hashes_passwords() -> None:
    assert "argon2" in loaded("runtime.idp_api.handler")
    for handler in ("runtime.player_account_api.handler", "runtime.control_api.handler", "runtime.authorizer.handler"):
        assert "argon2" not in loaded(handler)


def test_only_who_signs_or_verifies_has_cryptography() -> None:
    for handler in ("runtime.player_account_api.handler", "runtime.control_api.handler"):
        assert "cryptography" not in loaded(handler)


def test_the_authorizer_has_the_smallest_imports_of_all() -> None:
    authorizer = loaded("runtime.authorizer.handler")
    assert not authorizer & {"aws_lambda_powertools", "pydantic", "argon2"}
    assert all(len(authorizer) < len(loaded(handler)) for handler in HANDLERS)
