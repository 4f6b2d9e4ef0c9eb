"""What archives and images are tried against."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.ministack import MiniStack


@pytest.fixture(scope="module")
def aws() -> Iterator[MiniStack]:
    """An AWS on this machine, which the environment names to every SDK."""
    with MiniStack() as started, pytest.MonkeyPatch.context() as patch:
        for name, value in started.environment.items():
            patch.setenv(name, value)
        yield started
