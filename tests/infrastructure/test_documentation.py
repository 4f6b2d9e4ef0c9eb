"""Pages about the infrastructure say what the code says."""

from __future__ import annotations

import re

import pytest

from emulator_stack.config import EnvironmentConfig
from scripts import architecture_diagram, settings_table
from scripts.marked import filled
from tests.infrastructure.synthesis import ROOT

GUIDE = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")


def test_the_diagram_is_what_is_synthesised() -> None:
    assert architecture_diagram.main(["--check"]) == 0


def test_the_tables_of_settings_are_the_models() -> None:
    assert settings_table.main(["--check"]) == 0


def test_every_setting_is_explained() -> None:
    rows = [line.split(" | ") for line in settings_table.settings().splitlines()[2:]]
    assert len(rows) == len(EnvironmentConfig.model_fields) - 2
    assert not [row[0] for row in rows if row[-1].strip(" |") == ""]


def test_the_guides_context_keys_exist() -> None:
    keys = set(re.findall(r"-c '?([a-z_]+)=", GUIDE))
    assert {"environment", "owner", "images"} <= keys
    assert keys <= EnvironmentConfig.model_fields.keys() | {"images"}


def test_links_between_the_pages_lead_somewhere() -> None:
    for page in (ROOT / "docs" / "deployment.md", ROOT / "docs" / "architecture.md"):
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_a_page_without_its_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="0 places"):
        filled("nothing here", "diagram", "x")
