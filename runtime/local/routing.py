"""Which route of the API a request takes: what API Gateway decides before it calls a function."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.catalogue import SANDBOX_PREFIX, Service, find_service, split_sandbox

__all__ = ["Routed", "find_route"]


@dataclass(frozen=True, slots=True)
class Routed:
    """A route and what its key's parameters stand for in this request.

    ``path`` is the request's path relative to the sandbox. ``key`` is one of
    :func:`runtime.catalogue.route_keys`. ``public`` ones are open where their service is not.
    """

    service: Service
    key: str
    parameters: dict[str, str]
    path: str
    public: bool = False


def find_route(method: str, path: str) -> Routed | None:
    """The most specific route for ``method`` and the decoded ``path``; ``None`` where no service is below it.

    An operation's own route wins over the catch-alls of its service
    (docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html, "Routing API requests").
    """
    sandbox_id, path = split_sandbox(path)
    prefix, parameters = ("", {}) if sandbox_id is None else (SANDBOX_PREFIX, {"sandbox_id": sandbox_id})
    service = find_service(path)
    if service is None or (prefix and not service.in_sandboxes):
        return None
    match = service.match(method, path)
    public = match.route is not None and match.route.public
    # The gateway knows no HEAD of its own accord: it comes to a service by the catch-all.
    if match.route is not None and match.route.method == method:
        return Routed(service, f"{method} {prefix}{match.route.path}", parameters | match.parameters, path, public)
    if path == service.prefix:
        return Routed(service, f"ANY {prefix}{service.prefix}", parameters, path, public)
    parameters["proxy"] = path[len(service.prefix) + 1 :]
    return Routed(service, f"ANY {prefix}{service.prefix}/{{proxy+}}", parameters, path, public)
