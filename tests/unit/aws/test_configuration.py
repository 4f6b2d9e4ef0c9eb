"""Where AWS is and who asks, by the variables of every AWS SDK."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from runtime.aws.configuration import credentials_source, endpoint, find_region
from runtime.aws.errors import NotConfigured
from runtime.aws.signature import Credentials


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """Nothing is configured, and there are no files of this machine's user."""
    for name in (
        "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_REGION",
        "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB",
    ):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    return monkeypatch


def test_lambdas_region_comes_first_and_a_profiles_last(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(NotConfigured, match="set AWS_REGION"):
        find_region()
    (tmp_path / "config").write_text("[default]\nregion = eu-north-1\n")
    assert find_region() == "eu-north-1"
    environment.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    assert find_region() == "eu-west-1"
    environment.setenv("AWS_REGION", "eu-central-1")
    assert find_region() == "eu-central-1"


def test_endpoints_follow_the_region_unless_one_is_named(environment: pytest.MonkeyPatch) -> None:
    assert endpoint("dynamodb", "DYNAMODB", "eu-west-1") == "https://dynamodb.eu-west-1.amazonaws.com"
    assert endpoint("dynamodb", "DYNAMODB", "cn-north-1") == "https://dynamodb.cn-north-1.amazonaws.com.cn"
    environment.setenv("AWS_ENDPOINT_URL", "http://all.test")
    assert endpoint("dynamodb", "DYNAMODB", "eu-west-1") == "http://all.test"
    environment.setenv("AWS_ENDPOINT_URL_DYNAMODB", "http://one.test")
    assert endpoint("dynamodb", "DYNAMODB", "eu-west-1") == "http://one.test"
    assert endpoint("secretsmanager", "SECRETS_MANAGER", "eu-west-1") == "http://all.test"


def test_a_profiles_endpoint_is_used_with_its_credentials(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "config").write_text("[default]\nendpoint_url = http://profile.test\n")
    assert endpoint("dynamodb", "DYNAMODB", "eu-west-1") == "http://profile.test"
    environment.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
    assert endpoint("dynamodb", "DYNAMODB", "eu-west-1") == "https://dynamodb.eu-west-1.amazonaws.com"


def test_credentials_of_the_environment_are_read_for_each_request(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("AWS_ACCESS_KEY_ID", "id")
    environment.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    current = credentials_source()
    assert current() == Credentials("id", "secret")
    environment.setenv("AWS_SESSION_TOKEN", "token")
    assert current() == Credentials("id", "secret", "token")
    environment.setenv("AWS_SESSION_TOKEN", "token\r\n")  # As a file with Windows' line ends gives it.
    assert current() == Credentials("id", "secret", "token")


@pytest.mark.parametrize("secret", ["", " "])
def test_half_of_a_credential_is_named(environment: pytest.MonkeyPatch, secret: str) -> None:
    environment.setenv("AWS_ACCESS_KEY_ID", "id")
    environment.setenv("AWS_SECRET_ACCESS_KEY", secret)
    with pytest.raises(NotConfigured, match="not whole: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"):
        credentials_source()()


def test_what_the_sdk_cannot_do_is_said_without_what_it_was_told(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    environment.setenv("AWS_PROFILE", "none")
    with pytest.raises(NotConfigured, match=r"\(ProfileNotFound\): check AWS_PROFILE"):
        credentials_source()
    (tmp_path / "config").write_text("[profile work]\ncredential_process = sh -c 'echo the-secret >&2; exit 1'\n")
    environment.setenv("AWS_PROFILE", "work")
    with pytest.raises(NotConfigured, match="CredentialRetrievalError") as raised:
        credentials_source()()
    assert "the-secret" not in str(raised.value)


def test_a_profile_is_found_by_the_sdk(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "credentials").write_text("[work]\naws_access_key_id = id\naws_secret_access_key = secret\n")
    environment.setenv("AWS_PROFILE", "work")
    current = credentials_source()
    assert current() == Credentials("id", "secret")
    environment.setattr("botocore.session.get_session", None)  # What is asked of it for each request makes none anew.
    assert current() == Credentials("id", "secret")


def test_without_any_it_is_said_what_to_do() -> None:
    with pytest.raises(NotConfigured, match="no AWS credentials found: configure a profile or a role"):
        credentials_source()


def test_a_package_without_the_sdk_says_the_same(environment: pytest.MonkeyPatch) -> None:
    environment.setitem(sys.modules, "botocore.exceptions", None)
    with pytest.raises(NotConfigured, match="no AWS credentials found"):
        credentials_source()
    with pytest.raises(NotConfigured, match="set AWS_REGION"):
        find_region()
