"""HTTP/1.1 as uvicorn speaks it, with this project's words for what is not HTTP."""

from __future__ import annotations

from http import HTTPStatus
from uuid import uuid4

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from runtime.local.problems import problem

__all__ = ["GatewayProtocol"]


class GatewayProtocol(HttpToolsProtocol):
    """One connection. What cannot be parsed is answered with a problem document, and the connection closed."""

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP; uvicorn's own text tells no more than the problem does."""
        del msg
        detail = "This is not a request in HTTP/1.1, or its method is none that HTTP knows."
        refusal = problem(HTTPStatus.BAD_REQUEST, "malformed_request", detail, request_id=str(uuid4()), instance=None)
        head = [b"HTTP/1.1 400 Bad Request", *(name + b": " + value for name, value in refusal.headers)]
        self.transport.write(b"\r\n".join([*head, b"connection: close", b"", refusal.body]))
        self.transport.close()
