"""Every template of every environment in both packagings, as it was when somebody last looked at it.

A change shows in the review as a change of these files. After a look at it::

    uv run pytest tests/infrastructure/test_snapshots.py --snapshot-update

Hashes of assets and the project's version are masked: the code's changes are not the infrastructure's.
"""

from __future__ import annotations

import json
import re

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from emulator_stack.images import project_version
from tests.infrastructure.synthesis import CASES, Template, synthesise_all

MASKED = (
    (re.compile(r"[0-9a-f]{64}"), "<hash>"),
    (re.compile(rf"(/psn-emulator-[a-z-]+:){re.escape(project_version())}\b"), r"\g<1><version>"),
)


def masked(template: Template) -> object:
    text = json.dumps(template.document)
    for pattern, replacement in MASKED:
        text = pattern.sub(replacement, text)
    return json.loads(text)


@pytest.mark.parametrize(("environment", "packaging"), CASES, ids=lambda part: part)
def test_templates(environment: str, packaging: str, snapshot: SnapshotAssertion) -> None:
    stacks = synthesise_all(environment, packaging=packaging)
    found = {name: masked(template) for name, template in stacks.items()}
    assert found == snapshot(extension_class=JSONSnapshotExtension)
