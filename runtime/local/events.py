"""HTTP requests as API Gateway sends them to a function: payload format 2.0.

See docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html. Where that page is
silent, what others observed of the real service decides; it is named where it is used.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from runtime.core.clock import wall_clock
from runtime.local.routing import Routed

__all__ = ["HttpRequest", "authorizer_event", "gateway_event", "is_text"]

ACCOUNT_ID = "000000000000"
API_ID = "local"
REGION = "us-east-1"

# Month names of the common log format are English whatever the machine's language is, which strftime's are not.
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

# What reaches a function as text; all other types, forms too, come base64-encoded. The page above does not list them;
# observed of the real service in github.com/ministackorg/ministack/pull/766.
_TEXT_TYPES = frozenset({"application/json", "application/xml", "application/javascript"})


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request as it came in.

    ``path`` is percent-decoded, ``query`` is not. ``headers`` are pairs in their order, names in lower case.
    ``scheme`` and ``port`` are those of the connection, not what the client claims.
    """

    method: str
    path: str
    query: str
    headers: Sequence[tuple[str, str]]
    body: bytes
    protocol: str
    source_ip: str
    scheme: str
    port: int


def gateway_event(
    request: HttpRequest, route: Routed, request_id: str, now: Callable[[], float] = wall_clock
) -> dict[str, Any]:
    """The event for ``request`` on ``route``. Fields with nothing in them are absent, as in real ones."""
    headers, cookies = _headers(request)
    # A path is delivered decoded, and cut at a decoded question mark: github.com/middleapi/standard-server/pull/93.
    path = request.path.partition("?")[0]
    moment = now()
    domain = headers["host"]
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": route.key,
        "rawPath": path,
        "rawQueryString": request.query,
        "headers": headers,
        "requestContext": {
            "accountId": ACCOUNT_ID,
            "apiId": API_ID,
            "domainName": domain,
            "domainPrefix": domain.partition(".")[0],
            "http": {
                "method": request.method,
                "path": path,
                "protocol": request.protocol,
                "sourceIp": request.source_ip,
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": request_id,
            "routeKey": route.key,
            "stage": "$default",
            "time": _common_log_time(int(moment)),
            "timeEpoch": int(moment * 1000),
        },
        "isBase64Encoded": False,
    }
    if cookies:
        event["cookies"] = cookies
    if request.query:
        event["queryStringParameters"] = _query_parameters(request.query)
    if route.parameters:
        event["pathParameters"] = route.parameters
    if request.body:
        event["body"], event["isBase64Encoded"] = _body(request.body, headers.get("content-type", ""))
    return event


def authorizer_event(event: dict[str, Any], identity_source: list[str] | None) -> dict[str, Any]:
    """What a Lambda authorizer is asked about the request of ``event``: payload format 2.0.

    See docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html: the event without the
    body, and with the route's ARN and the values of the identity sources. Of an authorizer without any, the page says
    nothing: they are ``null`` then, as observed in github.com/aws-powertools/powertools-lambda-typescript/issues/3483.
    """
    context = event["requestContext"]
    place = f"{API_ID}/{context['stage']}/{context['http']['method']}{event['rawPath']}"
    return {
        **{name: value for name, value in event.items() if name not in {"body", "isBase64Encoded"}},
        "type": "REQUEST",
        "routeArn": f"arn:aws:execute-api:{REGION}:{ACCOUNT_ID}:{place}",
        "identitySource": identity_source,
    }


def is_text(content_type: str) -> bool:
    """Whether a body of ``content_type`` is delivered as text."""
    media_type = content_type.partition(";")[0].strip().lower()
    return media_type.startswith("text/") or media_type in _TEXT_TYPES


def _headers(request: HttpRequest) -> tuple[dict[str, str], list[str]]:
    """Headers with repeated ones joined by commas, and the cookies, which are not among the headers."""
    headers: dict[str, str] = {}
    cookies: list[str] = []
    for name, value in request.headers:
        if name == "cookie":
            cookies.extend(part for piece in value.split(";") if (part := piece.strip()))
        elif name in headers:
            headers[name] = f"{headers[name]},{value}"
        else:
            headers[name] = value
    # Scheme and port decide what the services call their own address, so a client has no say in them.
    headers["x-forwarded-proto"] = request.scheme
    headers["x-forwarded-port"] = str(request.port)
    claimed = headers.get("x-forwarded-for")
    headers["x-forwarded-for"] = f"{claimed}, {request.source_ip}" if claimed else request.source_ip
    return headers, cookies


def _query_parameters(query: str) -> dict[str, str]:
    parameters: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        parameters[name] = f"{parameters[name]},{value}" if name in parameters else value
    return parameters


def _body(body: bytes, content_type: str) -> tuple[str, bool]:
    if is_text(content_type):
        try:
            return body.decode(), False
        except UnicodeDecodeError:
            # Not what it claims to be: base64 brings it to the function unharmed, and that refuses it.
            pass
    return base64.b64encode(body).decode("ascii"), True


@lru_cache(maxsize=4)
def _common_log_time(seconds: int) -> str:
    """``12/Mar/2020:19:03:58 +0000``."""
    moment = time.gmtime(seconds)
    return (
        f"{moment.tm_mday:02d}/{_MONTHS[moment.tm_mon - 1]}/{moment.tm_year}"
        f":{moment.tm_hour:02d}:{moment.tm_min:02d}:{moment.tm_sec:02d} +0000"
    )
