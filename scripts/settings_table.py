"""The tables of settings in docs/deployment.md, from the model that checks the settings.

uv run python -m scripts.settings_table           write them into the page
uv run python -m scripts.settings_table --check   fail when the page says something else
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

from emulator_stack.config import CustomDomain, EnvironmentConfig, FunctionConfig
from emulator_stack.environments import ENVIRONMENTS
from scripts.marked import ROOT, refresh

__all__ = ["differences", "main", "settings"]

_COMMAND = "uv run python -m scripts.settings_table"
_CHOSEN_OTHERWISE: Final = ("environment", "owner")  # They choose the environment; the page says so above the table.


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the tables into the page, or check them."""
    parser = argparse.ArgumentParser(description="Write docs/deployment.md's tables of settings from the model.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when the page is out of date")
    chosen = parser.parse_args(arguments)
    parts = {"settings": settings(), "differences": differences()}
    return refresh(ROOT / "docs" / "deployment.md", parts, check=chosen.check, command=_COMMAND)


def settings() -> str:
    """Every field of the configuration: what is allowed, the default, what it does."""
    described = EnvironmentConfig.model_json_schema()["properties"]
    rows = [
        (f"`{name}`", _allowed(name, schema), _shown(schema.get("default")), schema.get("description", ""))
        for name, schema in described.items()
        if name not in _CHOSEN_OTHERWISE
    ]  # fmt: skip
    return _table(("setting", "allowed", "default", "what it is"), rows)


def differences() -> str:
    """What each environment has instead of the defaults."""
    fields = {name: field.default for name, field in EnvironmentConfig.model_fields.items()}
    names = [name for name in fields if any(name in changed for changed in ENVIRONMENTS.values())]
    rows = [
        (f"`{name}`", *(_shown(changed[name]) if name in changed else "" for changed in ENVIRONMENTS.values()))
        for name in names
    ]
    return _table(("setting", *ENVIRONMENTS), rows)


def _allowed(name: str, schema: Mapping[str, Any]) -> str:
    if name == "functions":
        return "an object: by slug, any of " + ", ".join(f"`{field}`" for field in FunctionConfig.model_fields)
    if name == "custom_domain":
        return "an object: " + ", ".join(f"`{field}`" for field in CustomDomain.model_fields)
    kinds = [kind for kind in schema.get("anyOf", [schema]) if kind.get("type") != "null"]
    return " or ".join(_kind(kind) for kind in kinds)


def _kind(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if "pattern" in schema:
        return f"`{schema['pattern']}`"
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    if low is not None:
        above = "above " if "exclusiveMinimum" in schema else ""
        return f"{above}{low:,} to {schema['maximum']:,}"
    return {"boolean": "`true`, `false`", "array": "a list: `a,b`", "object": "an object of strings"}.get(
        str(schema.get("type")), str(schema.get("type"))
    )


def _shown(value: Any) -> str:
    if value is None or value in ((), [], {}):
        return "none"
    if isinstance(value, (list, tuple)):
        return ", ".join(f"`{item}`" for item in value)
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
