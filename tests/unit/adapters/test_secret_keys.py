"""The signing keys as the services read them."""

from __future__ import annotations

import json
import logging
from contextlib import closing
from typing import Any

import pytest

from runtime.adapters import secrets_manager
from runtime.adapters.secret_keys import SecretKeys
from runtime.adapters.secrets_manager import read_secret
from runtime.adapters.signing_keys import key_source
from runtime.aws.errors import NotConfigured, ServiceError, Unreachable
from runtime.core.errors import ConfigurationError, ServiceUnavailable
from runtime.core.keys import StoredKeys, new_key_document
from runtime.core.settings import Settings
from runtime.store.sqlite import SQLiteStore


def test_the_document_is_what_the_secret_holds() -> None:
    document = new_key_document("ES256")
    assert SecretKeys("arn", read=lambda _: json.dumps(document)).load() == document


@pytest.mark.parametrize("value", ['{"placeholder": "…", "unused": "x"}', "not json", "[]", '"keys"'])
def test_before_the_first_rotation_the_answer_is_503_and_the_log_says_what_to_do(
    value: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR), pytest.raises(ServiceUnavailable):
        SecretKeys("arn:the-secret", read=lambda _: value).load()
    assert "rotate-secret" in caplog.text
    assert "arn:the-secret" in caplog.text


def test_keys_that_were_read_serve_on_while_secrets_manager_is_away() -> None:
    document = new_key_document("ES256")
    answers = iter([json.dumps(document)])

    def read(_: str) -> str:
        try:
            return next(answers)
        except StopIteration:
            raise ServiceUnavailable from None

    keys = SecretKeys("arn", read=read)
    assert keys.load() == document
    assert keys.load() == document
    with pytest.raises(ServiceUnavailable):
        SecretKeys("arn", read=read).load()


def test_settings_choose_where_the_keys_are() -> None:
    with closing(SQLiteStore(None, now=lambda: 0.0)) as store:
        chosen = key_source(Settings(signing_keys_secret="arn"), store)
        assert isinstance(chosen, SecretKeys)
        assert chosen.secret_id == "arn"
        assert isinstance(key_source(Settings(), store), StoredKeys)


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (ServiceError("AccessDeniedException", 400, {}), ConfigurationError),
        (ServiceError("ResourceNotFoundException", 400, {}), ConfigurationError),
        (ServiceError("InvalidRequestException", 400, {}), ConfigurationError),
        (NotConfigured("no AWS credentials found"), ConfigurationError),
        (ServiceError("ThrottlingException", 400, {}), ServiceUnavailable),
        (Unreachable("ConnectionRefusedError"), ServiceUnavailable),
    ],
    ids=["denied", "missing", "to be deleted", "no credentials", "throttled", "unreachable"],
)
def test_failures_are_told_apart(
    monkeypatch: pytest.MonkeyPatch, failure: Exception, expected: type[Exception]
) -> None:
    class Client:
        def call(self, *_: Any) -> None:
            raise failure

    monkeypatch.setattr(secrets_manager, "_client", Client)
    monkeypatch.setattr(secrets_manager, "_PAUSES_SECONDS", (0.0, 0.0))
    with pytest.raises(expected):
        read_secret("arn")


def test_a_secret_that_is_no_text_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    class Client:
        def call(self, *_: Any) -> Any:
            return {"SecretBinary": "AAAA"}

    monkeypatch.setattr(secrets_manager, "_client", Client)
    with pytest.raises(ConfigurationError, match="holds no text"):
        read_secret("arn")


def test_what_may_pass_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[Any] = [Unreachable("TimeoutError"), ServiceError("InternalServiceError", 500, {}), "the value"]

    class Client:
        def call(self, operation: str, parameters: Any) -> Any:
            assert (operation, parameters["VersionStage"]) == ("GetSecretValue", "AWSCURRENT")
            answer = answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return {"SecretString": answer}

    monkeypatch.setattr(secrets_manager, "_client", Client)
    monkeypatch.setattr(secrets_manager, "_PAUSES_SECONDS", (0.0, 0.0, 0.0))
    assert read_secret("arn") == "the value"


def test_settings_name_the_secrets() -> None:
    settings = Settings.from_environment(
        {"PSN_EMULATOR_SIGNING_KEYS_SECRET": "arn:keys", "PSN_EMULATOR_ADMIN_TOKEN_SECRET": "arn:token"}
    )
    assert (settings.signing_keys_secret, settings.admin_token_secret) == ("arn:keys", "arn:token")
