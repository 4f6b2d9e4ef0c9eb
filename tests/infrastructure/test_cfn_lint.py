"""CloudFormation would take every template: cfn-lint knows its schemas."""

from __future__ import annotations

import json

import pytest
from cfnlint.api import lint  # type: ignore[import-untyped]  # it has no types
from cfnlint.config import ManualArgs  # type: ignore[import-untyped]  # as above

from tests.infrastructure.synthesis import CASES, synthesise_all

REGIONS = ["eu-west-1", "us-east-1"]
OF_THE_CDK = ["W3005"]  # It writes down dependencies that references imply as well, which does no harm.
AT_ONCE = {("prod", "image"), ("dev", "zip")}  # Seconds each: CI looks at the others as well.


@pytest.mark.parametrize(
    ("environment", "packaging"),
    [pytest.param(*case, marks=() if case in AT_ONCE else pytest.mark.slow, id="-".join(case)) for case in CASES],
)
def test_cfn_lint_finds_nothing(environment: str, packaging: str) -> None:
    for name, template in synthesise_all(environment, packaging=packaging).items():
        found = lint(json.dumps(template.document), config=ManualArgs(regions=REGIONS, ignore_checks=OF_THE_CDK))
        assert not [f"{name}: {match}" for match in found]
