"""Settings: typed, with defaults, and an error that names the variable."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.core.errors import ConfigurationError
from runtime.core.settings import Settings, default_state_path


def test_nothing_set_is_the_local_emulator() -> None:
    settings = Settings.from_environment({"XDG_STATE_HOME": "/state"})
    assert settings.environment == "local"
    assert settings.store == "sqlite"
    assert Path(settings.state) == Path("/state/psn-emulator/state.sqlite3")
    assert settings.demo_world
    assert not settings.protect_players


@pytest.mark.parametrize(
    ("environment", "is_open"),
    [("local", True), ("dev", True), ("personal", True), ("qa", False), ("staging", False), ("prod", False)],
)
def test_only_open_environments_have_known_passwords_and_open_players(environment: str, is_open: bool) -> None:  # noqa: FBT001
    settings = Settings.from_environment({"ENVIRONMENT": environment})
    assert settings.demo_world is is_open
    assert settings.protect_players is not is_open


def test_an_unknown_environment_is_not_open() -> None:
    assert not Settings.from_environment({"ENVIRONMENT": "prdo"}).demo_world


def test_a_named_table_means_dynamodb() -> None:
    assert Settings.from_environment({"PSN_EMULATOR_TABLE": "t"}).store == "dynamodb"
    assert Settings.from_environment({"PSN_EMULATOR_TABLE": "t", "PSN_EMULATOR_STORE": "sqlite"}).store == "sqlite"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LOG_LEVEL", "LOUD"),
        ("PSN_EMULATOR_STORE", "mysql"),
        ("PSN_EMULATOR_PROTECT_PLAYERS", "maybe"),
        ("PSN_EMULATOR_ACCESS_TOKEN_SECONDS", "0"),
        ("PSN_EMULATOR_ACCESS_TOKEN_SECONDS", "-5"),
        ("PSN_EMULATOR_ACCESS_TOKEN_SECONDS", "1h"),
        ("PSN_EMULATOR_ACCESS_TOKEN_SECONDS", "\u0661"),
        ("PSN_EMULATOR_REFRESH_TOKEN_SECONDS", "99999999999"),
        ("PSN_EMULATOR_BASE_URL", "127.0.0.1:8080"),
        ("PSN_EMULATOR_BASE_URL", "ftp://x"),
        ("PSN_EMULATOR_DYNAMODB_ENDPOINT", "http://"),
        ("PSN_EMULATOR_SIGNING_ALGORITHM", "none"),
        ("PSN_EMULATOR_SIGNING_ALGORITHM", "HS256"),
    ],
)
def test_a_wrong_value_names_its_variable(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        Settings.from_environment({name: value})


def test_where_there_is_no_home_the_temporary_folder_serves(tmp_path: Path) -> None:
    assert default_state_path({"HOME": str(tmp_path)}) == tmp_path / ".local/state/psn-emulator/state.sqlite3"
    assert default_state_path({"LOCALAPPDATA": str(tmp_path)}) == tmp_path / "psn-emulator/state.sqlite3"
    assert default_state_path({}).name == "state.sqlite3"
    assert default_state_path({"HOME": str(tmp_path / "absent")}) == default_state_path({})
