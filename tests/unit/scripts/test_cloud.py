"""What deploying asks of AWS first: whether there is a way in. tests/packaging/test_deploy.py asks for the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.packaging.cloud import Cloud
from scripts.packaging.outcome import Failed


@pytest.fixture(autouse=True)
def nothing_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which nobody ran ``aws configure``."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_REGION",
                 "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL"):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))


def test_without_a_region_it_says_how_to_name_one() -> None:
    with pytest.raises(Failed, match="no AWS region is configured: set AWS_REGION"):
        Cloud().check_access()


@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_without_credentials_it_says_how_to_get_them(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "eu-central-1")
    with pytest.raises(Failed, match=r"Unable to locate credentials.*aws configure"):
        Cloud().check_access()
