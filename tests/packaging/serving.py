"""What packaged functions are asked, as in a new deployment, and what they tell of it.

The rotation makes keys, the identity provider signs a token with them, the authorizer judges it; all state is in a
local AWS. How a function is run is the caller's: from an archive, or from an image.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from runtime.core.keys import KeySet
from runtime.store.dynamodb_table import create_table
from scripts.packaging.workspace import Function, discover
from tests.ministack import MiniStack
from tests.rotation import rotation_events

__all__ = ["SERVE", "Run", "Served", "serve_all"]

SERVE: Final = """
import importlib, importlib.machinery, json, sys
sys.path[:0] = sys.argv[2:]
compiled = []
loader = importlib.machinery.SourceFileLoader
original = loader.source_to_code
def source_to_code(self, data, path, **other):
    compiled.append(str(path))
    return original(self, data, path, **other)
loader.source_to_code = source_to_code
handler = importlib.import_module(sys.argv[1]).lambda_handler
answers = [handler(event, None) for event in json.load(sys.stdin)]
json.dump({"answers": answers, "modules": sorted(sys.modules), "compiled": compiled}, sys.stdout)
"""
"""The program that serves: the handler's module and further places to import from are its arguments."""

Run = Callable[[Function, Mapping[str, str], str], str]
"""Runs ``SERVE`` for a function, with an environment and an input: what it prints."""

_TABLE = "packaged"
_KEYS = "signing-keys"
_HOST = "api.test"
_USER = {"username": "testuser", "password": "password123", "scope": "players:read"}
_PLAYER = {"username": "packaged", "email": "packaged@example.com"}


@dataclass(frozen=True)
class Served:
    """What one function answered, the modules that it imported, and the sources that had to be compiled."""

    answers: list[Any]
    modules: frozenset[str]
    compiled: list[str]

    @property
    def imported(self) -> set[str]:
        """The names of modules and packages at the top."""
        return {name.partition(".")[0] for name in self.modules}


def serve_all(run: Run, aws: MiniStack) -> dict[str, Served]:
    """Ask every function, in an ``aws`` that the environment names. Each must do what it is there for."""
    create_table(_TABLE, endpoint_url=aws.endpoint_url, region=aws.region)
    secrets = aws.client("secretsmanager")
    secrets.create_secret(Name=_KEYS, SecretString="{}")
    environment = aws.environment | {
        "ENVIRONMENT": "dev",
        "PSN_EMULATOR_TABLE": _TABLE,
        "PSN_EMULATOR_SIGNING_KEYS_SECRET": _KEYS,
        "PSN_EMULATOR_BASE_URL": f"https://{_HOST}",
        "PSN_EMULATOR_METRICS": "true",
    }
    functions = {function.package: function for function in discover()}

    def served(package: str, *events: Mapping[str, Any]) -> Served:
        printed = run(functions[package], environment, json.dumps(events))
        # The function logs to the same stream, each line an object.
        told = json.loads(printed.splitlines()[-1])
        return Served(told["answers"], frozenset(told["modules"]), told["compiled"])

    rotation = served("key_rotation", *rotation_events(_KEYS))
    keys = secrets.get_secret_value(SecretId=_KEYS)["SecretString"]
    assert len(KeySet(json.loads(keys)).published) == 2, "the rotation has made the first key and the next one"
    identity = served("idp_api", _call("POST", "/auth/token", _USER))
    token = json.loads(identity.answers[0]["body"])["access_token"]
    authorizer = served("authorizer", _question(token))
    assert authorizer.answers[0]["context"]["scope"] == _USER["scope"]
    players = served("player_account_api", _call("POST", "/players", _PLAYER), _call("GET", "/players"))
    assert [answer["statusCode"] for answer in players.answers] == [201, 200]
    control = served("control_api", _call("GET", "/_emulator/v1/health"))
    assert control.answers[0]["statusCode"] == 200
    return {
        "authorizer": authorizer,
        "control_api": control,
        "idp_api": identity,
        "key_rotation": rotation,
        "player_account_api": players,
    }


def _call(method: str, path: str, body: Mapping[str, str] | None = None) -> dict[str, Any]:
    event = {"httpMethod": method, "path": path, "headers": {"content-type": "application/json"}}
    return event if body is None else event | {"body": json.dumps(body)}


def _question(token: str) -> dict[str, Any]:
    """What the gateway asks about a request to the players with ``token``."""
    return {
        "version": "2.0",
        "rawPath": "/players",
        "headers": {"authorization": f"Bearer {token}"},
        "requestContext": {"http": {"method": "GET", "path": "/players"}, "domainName": _HOST},
    }
