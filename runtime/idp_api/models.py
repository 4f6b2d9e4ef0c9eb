"""What the token endpoint reads and answers."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import parse_qsl

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from runtime.core.bodies import media_type
from runtime.core.errors import OAuthError
from runtime.core.request import Request
from runtime.core.strict_json import parse_json

__all__ = ["TokenRequest", "read_parameters"]

_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"
_MAX_PARAMETERS = 100

_MAX_LENGTH = 4096

_Parameter = Annotated[str, StringConstraints(max_length=_MAX_LENGTH)] | None


class TokenRequest(BaseModel):
    """Parameters of a token request (RFC 6749, sections 4.3.2 and 6). Unknown ones are ignored (section 3.2)."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True, hide_input_in_errors=True)

    grant_type: _Parameter = None
    client_id: _Parameter = None
    client_secret: _Parameter = None
    scope: _Parameter = None
    username: _Parameter = None
    password: _Parameter = None
    refresh_token: _Parameter = None

    @classmethod
    def read(cls, request: Request) -> TokenRequest:
        """The parameters of ``request``. Raises :class:`OAuthError` ``invalid_request`` (RFC 6749, section 5.2)."""
        parameters, is_json = read_parameters(request)
        try:
            read = cls.model_validate(parameters)
        except ValidationError as error:
            names = sorted({str(failure["loc"][0]) for failure in error.errors(include_input=False)})
            kind = f"a string of Unicode characters, {_MAX_LENGTH} at most"
            raise OAuthError("invalid_request", f"Not {kind}: {', '.join(names)}.") from None
        if is_json and read.grant_type is None and read.username is not None and read.password is not None:
            # The specification's own request: a bare username and password in JSON is the password grant.
            return read.model_copy(update={"grant_type": "password"})
        return read


def read_parameters(request: Request) -> tuple[dict[str, Any], bool]:
    """The request's parameters, and whether they came as JSON.

    A form as RFC 6749, appendix B has it, or a JSON object. Parameters without a value are treated as left out, and
    none may come twice (section 3.2). Raises :class:`OAuthError` ``invalid_request``.
    """
    kind = media_type(request) or _JSON
    if kind not in {_FORM, _JSON}:
        raise OAuthError("invalid_request", f"Send the parameters as {_FORM} or {_JSON}.")
    parameters = _read_form(request.body) if kind == _FORM else _read_json(request.body)
    return {name: value for name, value in parameters.items() if value not in ("", None)}, kind == _JSON


def _read_form(body: bytes) -> dict[str, Any]:
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MAX_PARAMETERS)
    except ValueError:
        detail = f"The body is not a form in UTF-8 with at most {_MAX_PARAMETERS} parameters."
        raise OAuthError("invalid_request", detail) from None
    parameters = dict(pairs)
    if len(parameters) != len(pairs):
        # The name is the client's own text, so it is not repeated.
        raise OAuthError("invalid_request", "A parameter is given more than once.")
    return parameters


def _read_json(body: bytes) -> dict[str, Any]:
    try:
        read = parse_json(body)
    except ValueError:
        raise OAuthError("invalid_request", "The body is not JSON in UTF-8, or a parameter stands twice.") from None
    if not isinstance(read, dict):
        raise OAuthError("invalid_request", "The body is not a JSON object.")
    return read
