"""What an engineer may set, what each environment has, and that a wrong value is one clear sentence."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from emulator_stack.choice import ConfigurationError, choose, configure
from emulator_stack.config import EnvironmentConfig
from emulator_stack.environments import ENVIRONMENTS

CERTIFICATE = "arn:aws:acm:eu-west-1:111122223333:certificate/0a1b"


@pytest.mark.parametrize("environment", ["qa", "staging", "prod"])
def test_shared_environments_are_protected_and_keep_their_data(environment: str) -> None:
    config = configure(environment)
    assert config.protect_players
    assert not config.demo_world
    assert config.retains
    assert config.point_in_time_recovery
    assert config.deletion_protection
    assert config.termination_protection
    assert config.cors_allow_origins == ()


@pytest.mark.parametrize(("environment", "owner"), [("dev", None), ("personal", "alice")])
def test_throwaway_environments_are_open_and_leave_nothing(environment: str, owner: str | None) -> None:
    config = configure(environment, owner=owner)
    assert not config.protect_players
    assert config.demo_world
    assert not config.retains
    assert not config.deletion_protection
    assert not config.termination_protection


def test_every_field_has_a_default_but_the_environment() -> None:
    fields = EnvironmentConfig.model_fields
    assert [name for name, field in fields.items() if field.is_required()] == ["environment"]


def test_a_configuration_does_not_change() -> None:
    config = configure("dev")
    with pytest.raises(ValidationError, match="frozen"):
        config.memory_mb = 1


WRONG: list[tuple[dict[str, Any], list[str]]] = [
    ({"environment": "production"}, ["environment", "'production'", "dev, qa, staging, prod, personal"]),
    ({"environment": "prod", "demo_world": "true"}, ["demo_world", "prod has no demo world"]),
    ({"environment": "personal"}, ["-c owner=NAME"]),
    ({"environment": "qa", "owner": "alice"}, ["owner belongs to a personal environment", "qa"]),
    ({"owner": "Alice"}, ["owner", "'Alice'", "lower-case letters"]),
    ({"owner": "al/ice"}, ["owner", "'al/ice'", "lower-case letters"]),
    ({"owner": "älice"}, ["owner", "lower-case letters"]),
    ({"owner": "a--b"}, ["owner", "single hyphens"]),
    ({"owner": ""}, ["owner", "beginning with a letter"]),
    ({"owner": "a" * 21}, ["owner", "up to 20"]),
    ({"owner": "prod"}, ["owner", "prod would be taken for an environment's name"]),
    ({"owner": "dev-registry"}, ["owner", "dev, registry"]),
    ({"enviroment": "prod"}, ["enviroment", "no such setting", "did you mean environment?"]),
    ({"colour": "red"}, ["colour", "no such setting", "there are account, ", "tracing"]),
    ({"memory_mb": "64"}, ["memory_mb", "'64'", "greater than or equal to 128"]),
    ({"memory_mb": "lots"}, ["memory_mb", "'lots'", "integer"]),
    ({"timeout_seconds": "30"}, ["timeout_seconds", "'30'", "less than or equal to 29"]),
    ({"log_level": "LOUD"}, ["log_level", "'LOUD'", "'DEBUG'", "'CRITICAL'"]),
    ({"log_retention_days": "8"}, ["log_retention_days", "'8'", "7, 14"]),
    ({"packaging": "tar"}, ["packaging", "'tar'", "'image' or 'zip'"]),
    ({"account": "1234"}, ["account", "'1234'"]),
    ({"region": "Ireland"}, ["region", "'Ireland'"]),
    ({"cors_allow_origins": "https://a.example/path"}, ["cors_allow_origins", "https://host[:port]"]),
    ({"cors_allow_headers": "X-Mine,X Yours"}, ["cors_allow_headers.1", "'X Yours'"]),
    ({"alarm_topic_arn": "my-topic"}, ["alarm_topic_arn", "'my-topic'"]),
    ({"token_throttle_rate": "5000"}, ["token_throttle_rate", "not above"]),
    ({"deletion_protection": "true"}, ["deletion_protection", "removal_policy=destroy"]),
    ({"reserved_concurrency": "5", "provisioned_concurrency": "6"}, ["provisioned_concurrency 6", "above", "5"]),
    ({"functions": '{"idp": {"memory_mb": 512}}'}, ["functions", "'idp'", "idp-api"]),
    ({"functions": '{"idp-api": {"memory": 512}}'}, ["functions.idp-api.memory", "not permitted"]),
    ({"functions": "{"}, ["functions", "not JSON"]),
    ({"custom_domain": {"name": "a.example", "certificate_arn": "x"}}, ["custom_domain.certificate_arn", "'x'"]),
    (
        {"custom_domain": {"name": "a.example", "certificate_arn": CERTIFICATE, "hosted_zone_id": "Z1"}},
        ["custom_domain", "go together"],
    ),
    (
        {
            "custom_domain": {
                "name": "notexample.com",
                "certificate_arn": CERTIFICATE,
                "hosted_zone_id": "Z1",
                "hosted_zone_name": "example.com.",
            }
        },
        ["custom_domain", "notexample.com does not lie in the zone example.com."],
    ),
    ({"images": "no-such.json"}, ["images", "no-such.json", "build.py --push"]),
    ({"owner": "alice", "images": "x.json"}, ["images", "image_source=ecr"]),
]


@pytest.mark.parametrize(("context", "parts"), WRONG, ids=[str(context) for context, _ in WRONG])
def test_a_wrong_value_is_one_clear_line(context: dict[str, Any], parts: list[str]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        choose(context)
    message = str(caught.value)
    assert "\n" not in message
    for part in parts:
        assert part in message


def test_all_that_is_wrong_is_named_at_once() -> None:
    with pytest.raises(ConfigurationError, match=r"memory_mb.*; timeout_seconds"):
        configure("dev", memory_mb=1, timeout_seconds=99)


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        ({}, {"environment": "dev", "owner": None, "name": "dev"}),
        ({"environment": "staging"}, {"name": "staging"}),
        ({"owner": "alice"}, {"environment": "personal", "name": "alice", "image_source": "asset"}),
        ({"owner": "al-1", "environment": "personal"}, {"name": "al-1"}),
        ({"packaging": "zip", "memory_mb": "512", "tracing": "true"}, {"memory_mb": 512, "tracing": True}),
        ({"cors_allow_origins": "https://a.example,http://localhost:3000"},
         {"cors_allow_origins": ("https://a.example", "http://localhost:3000")}),
        ({"cors_allow_headers": "Authorization,X-Mine"}, {"cors_allow_headers": ("Authorization", "X-Mine")}),
        ({"environment": "qa", "cors_allow_origins": ""}, {"cors_allow_origins": ()}),
        ({"tags": '{"team": "qa"}'}, {"tags": {"team": "qa"}}),
        # What the command line and the library put beside our own settings is none of our business.
        ({"aws:cdk:bundling-stacks": ["**"], "@aws-cdk/core:x": True, "acknowledged-issue-numbers": [1]}, {}),
    ],
)  # fmt: skip
def test_the_command_line_chooses_and_changes(context: dict[str, Any], expected: dict[str, Any]) -> None:
    config, digests = choose(context)
    assert {name: getattr(config, name) for name in expected} == expected
    assert digests is None


def test_the_environments_are_those_that_can_be_named() -> None:
    for environment in ENVIRONMENTS:
        owner = "bob" if environment == "personal" else None
        assert configure(environment, owner=owner).environment == environment
