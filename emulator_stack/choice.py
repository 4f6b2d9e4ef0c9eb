"""What was asked for on the command line, as a checked configuration.

``-c environment=NAME`` and ``-c owner=NAME`` choose an environment, ``-c images=FILE`` names the image digests, and
``-c FIELD=VALUE`` changes one field of :class:`~emulator_stack.config.EnvironmentConfig` for this run. A key that is
neither is refused: a mistyped ``-c enviroment=prod`` must not deploy another environment.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from emulator_stack.config import EnvironmentConfig
from emulator_stack.environments import ENVIRONMENTS
from emulator_stack.functions import FUNCTIONS
from emulator_stack.images import ImageDigests, read_digests

__all__ = ["ConfigurationError", "choose", "configure"]

_DEFAULT = "dev"
_OURS = re.compile(r"[a-z][a-z0-9_]*")  # The CDK's own keys have capitals, colons, slashes or hyphens.
_LISTS = frozenset({"cors_allow_headers", "cors_allow_origins"})
_NOT_FIELDS = frozenset({"environment", "owner", "images"})


class ConfigurationError(Exception):
    """What was asked for cannot be built. The message is one line: the field, its value and what is allowed."""


def choose(context: Mapping[str, Any]) -> tuple[EnvironmentConfig, ImageDigests | None]:
    """The configuration and the image digests that the CDK's ``context`` asks for.

    Raises :class:`ConfigurationError` for the first thing that is wrong.
    """
    ours = {key: value for key, value in context.items() if _OURS.fullmatch(key)}
    known = _NOT_FIELDS | EnvironmentConfig.model_fields.keys()
    for key in sorted(ours.keys() - known):
        meant = difflib.get_close_matches(key, known, n=1)
        hint = f"did you mean {meant[0]}?" if meant else f"there are {', '.join(sorted(known))}"
        raise ConfigurationError(f"{key}: there is no such setting (by -c, cdk.json or ~/.cdk.json); {hint}")
    owner = ours.get("owner")
    config = configure(
        str(ours.get("environment", _DEFAULT if owner is None else "personal")),
        owner=None if owner is None else str(owner),
        **{key: _parsed(key, value) for key, value in ours.items() if key not in _NOT_FIELDS},
    )
    return config, _digests(ours.get("images"), config)


def configure(environment: str, *, owner: str | None = None, **changes: Any) -> EnvironmentConfig:
    """The configuration of ``environment`` with ``changes``. Raises :class:`ConfigurationError`."""
    if environment not in ENVIRONMENTS:
        raise ConfigurationError(f"environment: {environment!r} is not one of {', '.join(ENVIRONMENTS)}")
    values = {**ENVIRONMENTS[environment], "environment": environment, "owner": owner, **changes}
    try:
        config = EnvironmentConfig.model_validate(values)
    except ValidationError as error:
        raise ConfigurationError("; ".join(_sentence(found) for found in error.errors())) from error
    slugs = [function.slug for function in FUNCTIONS]
    for slug in config.functions:
        if slug not in slugs:
            raise ConfigurationError(f"functions: {slug!r} is not one of {', '.join(slugs)}")
    return config


def _parsed(key: str, value: Any) -> Any:
    """``value`` of the command line, where lists and objects come as JSON, and ``a,b`` is a list as well."""
    if not isinstance(value, str):
        return value
    if value.startswith(("{", "[")):
        try:
            return json.loads(value)
        except ValueError as error:
            raise ConfigurationError(f"{key}: {value!r} is not JSON ({error})") from error
    if key in _LISTS:
        return [part for part in value.split(",") if part]
    return value


def _digests(path: Any, config: EnvironmentConfig) -> ImageDigests | None:
    if path is None:
        return None
    if not config.uses_registry:
        raise ConfigurationError(
            "images: digests are of images in ECR; they go with packaging=image and image_source=ecr only"
        )
    try:
        return read_digests(Path(str(path)))
    except ValueError as error:
        raise ConfigurationError(f"images: {error}") from error


def _sentence(found: Mapping[str, Any]) -> str:
    """One finding of pydantic in our form: the field, the value, what is allowed."""
    what = str(found["msg"]).removeprefix("Value error, ")
    what = what[:1].lower() + what[1:] if what.startswith(("Input", "String", "Extra")) else what
    field = ".".join(str(part) for part in found["loc"])
    if not field:
        return what
    return f"{field}: {found['input']!r} is refused: {what}"
