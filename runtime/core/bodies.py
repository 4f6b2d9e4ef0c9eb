"""Bodies and queries: bytes from a client into validated models, or errors that list every failure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from runtime.core.errors import FieldError, InvalidInput, MalformedRequest, UnsupportedMediaType
from runtime.core.request import Request
from runtime.core.strict_json import parse_json

__all__ = ["InputModel", "media_type", "read_json", "read_query"]

_JSON = "application/json"


class InputModel(BaseModel):
    """What clients send: no unknown fields, no silent conversions, and no input repeated in an error."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


_Model = TypeVar("_Model", bound=BaseModel)


def media_type(request: Request) -> str | None:
    """The request's media type in lower case and without parameters, or ``None`` where it names none."""
    value = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return value or None


def read_json(
    request: Request, model: type[_Model], *, accepted: tuple[str, ...] = (_JSON,), context: object = None
) -> _Model:
    """The body as ``model``; ``context`` is what its validators may ask for.

    A request that names no content type, as the specification's direct call does, is taken for JSON. Raises
    :class:`UnsupportedMediaType`, :class:`MalformedRequest` (not JSON) or :class:`InvalidInput` (every failure).
    """
    if (media_type(request) or accepted[0]) not in accepted:
        raise UnsupportedMediaType(accepted)
    try:
        body = parse_json(request.body)
    except ValueError:
        raise MalformedRequest("The body is not JSON (RFC 8259, and no name twice) in UTF-8.") from None
    try:
        return model.model_validate(body, context=context)
    except ValidationError as error:
        raise _refusal(error, "body") from None


def read_query(request: Request, model: type[_Model]) -> _Model:
    """The query as ``model``. A parameter given twice is a failure of that parameter."""
    values: dict[str, str] = {}
    repeated = []
    for name, value in request.query:
        if name in values:
            repeated.append(FieldError("is given more than once", parameter=name))
        values[name] = value
    try:
        result = model.model_validate_strings(values)
    except ValidationError as error:
        raise InvalidInput([*repeated, *_refusal(error, "query").errors]) from None
    if repeated:
        raise InvalidInput(repeated)
    return result


def _refusal(error: ValidationError, source: str) -> InvalidInput:
    failures = error.errors(include_url=False, include_input=False)
    return InvalidInput([_failure(failure, source) for failure in failures])


def _failure(failure: Any, source: str) -> FieldError:
    wording = _MESSAGES.get(failure["type"])
    message = wording.format(**failure.get("ctx", {})) if wording else str(failure["msg"]).removeprefix("Value error, ")
    if source == "query":
        return FieldError(message, parameter=str(failure["loc"][0]) if failure["loc"] else "")
    return FieldError(message, pointer=_pointer(failure["loc"]))


# Pydantic's failures in the words of this API; the others carry their own.
_MESSAGES = {
    "missing": "is required",
    "extra_forbidden": "is not a known field",
    "model_type": "must be an object",
    "string_type": "must be a string",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
    "dict_type": "must be an object",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "literal_error": "must be one of {expected}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
}


def _pointer(location: Iterable[str | int]) -> str:
    """A JSON pointer (RFC 6901, section 3)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in location)
