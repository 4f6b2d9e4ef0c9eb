"""The gateway between HTTP and handlers."""

from __future__ import annotations

import logging
import re
import socket
import threading
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from runtime.core.errors import NoSuchPath
from runtime.core.responses import error_response
from runtime.local import server
from runtime.local.gateway import Gateway
from runtime.local.intake import MAX_HEAD_BYTES, MAX_PAYLOAD_BYTES
from tests.unit.local.serving import call, echo, exchange, served

EVERYWHERE = {"idp": echo, "players": echo, "control": echo}
BEARER = {"Authorization": "Bearer x"}


def failing(event: dict[str, Any], context: Any) -> Any:  # noqa: ARG001
    raise SystemExit("a bug in a handler")


def test_a_request_reaches_the_service_that_its_path_belongs_to() -> None:
    gateway = Gateway({name: lambda _event, context: {"is": context.function_name} for name in EVERYWHERE})
    asked = {path: call(gateway, "GET", path).json()["is"] for path in ("/auth/x", "/s/red/players", "/_emulator/v1/x")}
    assert asked == {
        "/auth/x": "psn-emulator-local-idp-api",
        "/s/red/players": "psn-emulator-local-player-account-api",
        "/_emulator/v1/x": "psn-emulator-local-control-api",
    }


def test_the_event_is_what_was_sent() -> None:
    event = call(
        Gateway(EVERYWHERE), "POST", "/players/a%20b?x=1&x=%20", json={"a": 1}, headers={"X-Forwarded-Proto": "https"}
    ).json()
    assert event["rawPath"] == "/players/a b"
    assert event["rawQueryString"] == "x=1&x=%20"
    assert event["body"] == '{"a":1}'
    assert event["headers"]["host"] == "127.0.0.1:8080"
    assert event["headers"]["x-forwarded-proto"] == "http"


def test_every_request_has_an_id_of_its_own_that_the_context_shares() -> None:
    def both(event: dict[str, Any], context: Any) -> dict[str, Any]:
        return {"ids": [event["requestContext"]["requestId"], context.aws_request_id]}

    gateway = Gateway({"players": both})
    first, second = (call(gateway, "GET", "/players").json()["ids"] for _ in range(2))
    assert first[0] == first[1] != second[0]


def test_the_context_counts_down() -> None:
    answer = call(Gateway({"idp": lambda _, context: {"ms": context.get_remaining_time_in_millis()}}), "GET", "/auth/x")
    assert 25_000 < answer.json()["ms"] <= 30_000


def test_an_unknown_path_is_a_problem_like_that_of_a_service() -> None:
    answer = call(Gateway(EVERYWHERE), "GET", "/nowhere")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    like = error_response(NoSuchPath(), request_id=answer.headers["x-request-id"], instance="/nowhere")
    assert answer.json() | {"detail": ""} == httpx.Response(404, text=like.body).json() | {"detail": ""}
    assert list(answer.json()) == list(httpx.Response(404, text=like.body).json())


@pytest.mark.parametrize("extra", [{}, {"Content-Length": str(MAX_PAYLOAD_BYTES + 1)}])
def test_a_body_that_lambda_would_not_take_is_refused(extra: dict[str, str]) -> None:
    answer = call(Gateway(EVERYWHERE), "POST", "/players", content=b"x" * (MAX_PAYLOAD_BYTES + 1), headers=extra)
    assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large")


def test_the_largest_body_passes() -> None:
    sizes = Gateway({"players": lambda event, _: {"size": len(event["body"])}})
    headers = {"Content-Type": "text/plain"}
    answer = call(sizes, "POST", "/players", content=b"x" * MAX_PAYLOAD_BYTES, headers=headers)
    assert answer.json() == {"size": MAX_PAYLOAD_BYTES}


def test_headers_that_api_gateway_would_not_take_are_refused() -> None:
    answer = call(Gateway(EVERYWHERE), "GET", "/players", headers={"x-long": "x" * MAX_HEAD_BYTES})
    assert (answer.status_code, answer.json()["code"]) == (431, "headers_too_large")
    assert call(Gateway(EVERYWHERE), "GET", "/players?" + "x" * MAX_HEAD_BYTES).status_code == 431
    assert call(Gateway(EVERYWHERE), "GET", "/players", headers={"x-long": "x" * 9000}).status_code == 200


def test_a_crash_of_a_handler_is_told_to_the_log_and_not_to_the_client(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("runtime.local").propagate = True
    answer = call(Gateway({"players": failing}), "GET", "/players")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "a bug" not in answer.text
    assert "a bug in a handler" in caplog.text
    assert answer.json()["request_id"] in caplog.text


def test_a_malformed_answer_is_answered_as_api_gateway_does() -> None:
    answer = call(Gateway({"players": lambda *_: {"statusCode": "?"}}), "GET", "/players")
    assert (answer.status_code, answer.json()) == (500, {"message": "Internal Server Error"})


# Protection: docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html


def guarded(verdict: Any, protected: tuple[str, ...] = ("players", "control")) -> Gateway:
    return Gateway(EVERYWHERE, authorizer=lambda _event, _context: verdict, protected=protected)


@pytest.mark.parametrize("headers", [{}, {"Authorization": ""}])
def test_the_control_plane_wants_a_header_before_anybody_is_asked(headers: dict[str, str]) -> None:
    gateway = Gateway(EVERYWHERE, authorizer=failing, protected={"control"})
    answer = call(gateway, "GET", "/_emulator/v1/capabilities", headers=headers)
    assert (answer.status_code, answer.json()) == (401, {"message": "Unauthorized"})


@pytest.mark.parametrize("headers", [{}, {"Authorization": ""}, BEARER])
@pytest.mark.parametrize("path", ["/players", "/players/a/b", "/s/red/players"])
def test_players_come_with_the_authorizers_verdict_whatever_they_bring(path: str, headers: dict[str, str]) -> None:
    """Decision 0008: the authorizer decides, the service speaks."""
    verdict = {"isAuthorized": True, "context": {"error": "", "error_description": "None came.", "scope": ""}}
    answer = call(guarded(verdict), "GET", path, headers=headers)
    assert answer.json()["requestContext"]["authorizer"] == {"lambda": verdict["context"]}


def test_nobody_but_the_gateway_writes_a_verdict() -> None:
    forged = {"requestContext": {"authorizer": {"lambda": {"subject": "forged"}}}}
    answer = call(Gateway(EVERYWHERE), "POST", "/players", json=forged, headers={"authorizer": "forged"})
    assert "authorizer" not in answer.json()["requestContext"]


@pytest.mark.parametrize(
    ("verdict", "headers", "status", "body"),
    [
        ({"isAuthorized": False}, BEARER, 403, {"message": "Forbidden"}),
        ({"isAuthorized": "yes"}, BEARER, 403, {"message": "Forbidden"}),
        ({}, BEARER, 500, {"message": "Internal Server Error"}),
        (None, BEARER, 500, {"message": "Internal Server Error"}),
    ],
)
@pytest.mark.parametrize("path", ["/players", "/players/a/b", "/s/red/players", "/_emulator/v1/capabilities"])
def test_refusals_are_in_the_gateways_words(
    path: str, verdict: Any, headers: dict[str, str], status: int, body: dict[str, str]
) -> None:
    answer = call(guarded(verdict), "GET", path, headers=headers)
    assert (answer.status_code, answer.json()) == (status, body)


def test_a_crash_of_the_authorizer_lets_nobody_pass() -> None:
    answer = call(Gateway(EVERYWHERE, authorizer=failing, protected={"players"}), "GET", "/players", headers=BEARER)
    assert (answer.status_code, answer.json()) == (500, {"message": "Internal Server Error"})


def test_who_may_pass_is_known_to_the_handler() -> None:
    answer = call(guarded({"isAuthorized": True, "context": {"subject": "s"}}), "GET", "/players", headers=BEARER)
    assert answer.json()["requestContext"]["authorizer"] == {"lambda": {"subject": "s"}}


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/auth/userinfo"), ("GET", "/_emulator/v1/health"), ("HEAD", "/_emulator/v1/health")],
)
def test_what_is_always_open(method: str, path: str) -> None:
    assert call(guarded({"isAuthorized": False}), method, path).status_code == 200


@pytest.mark.parametrize(("method", "path"), [("POST", "/_emulator/v1/health"), ("GET", "/_emulator/v1/health/")])
def test_only_the_public_operation_is_open_and_not_its_surroundings(method: str, path: str) -> None:
    assert call(guarded({"isAuthorized": False}), method, path).status_code == 401


def test_protection_needs_an_authorizer() -> None:
    with pytest.raises(ValueError, match="authorizer"):
        Gateway(EVERYWHERE, protected={"players"})


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "127.0.0.1:8080"}, 200),
        ({"Host": "localhost"}, 200),
        ({"Host": "emulator.localhost:80"}, 200),
        ({"Host": "[::1]:8080"}, 200),
        ({"Host": "192.168.1.5:8080"}, 200),
        ({"Host": "rebound.example:8080"}, 403),
        ({"Host": "localhost.example"}, 403),
        ({"Host": "[::1"}, 403),
        ({"Host": "127.0.0.1:8080", "Origin": "http://localhost:3000"}, 200),
        ({"Host": "127.0.0.1:8080", "Origin": "http://127.1.2.3"}, 200),
        ({"Host": "127.0.0.1:8080", "Origin": "http://[::1]:3000"}, 200),
        ({"Host": "192.168.1.5:8080", "Origin": "http://192.168.1.5:8080"}, 200),
        ({"Host": "[FD00::5]:8080", "Origin": "http://[fd00::5]:8080"}, 200),
        ({"Host": "192.168.1.5:8080", "Origin": "http://192.168.1.5:8000"}, 403),
        ({"Host": "127.0.0.1:8080", "Origin": "http://203.0.113.7"}, 403),
        ({"Host": "127.0.0.1:8080", "Origin": "http://192.168.1.50:8000"}, 403),
        ({"Host": "127.0.0.1:8080", "Origin": "http://[2001:db8::7]"}, 403),
        ({"Host": "127.0.0.1:8080", "Origin": "http://localhost@203.0.113.7"}, 403),
        ({"Host": "127.0.0.1:8080", "Origin": ""}, 403),
        ({"Host": "127.0.0.1:8080", "Origin": "https://evil.example"}, 403),
        ({"Host": "127.0.0.1:8080", "Origin": "null"}, 403),
        ({"Host": "127.0.0.1:8080", "Origin": "http://[::1"}, 403),
    ],
    ids=str,
)
def test_an_open_control_plane_answers_no_web_pages(headers: dict[str, str], status: int) -> None:
    answer = call(Gateway(EVERYWHERE), "GET", "/_emulator/v1/capabilities", headers=headers)
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["code"] == "not_local"
    assert call(Gateway(EVERYWHERE), "GET", "/auth/x", headers={"Host": "rebound.example"}).status_code == 200


def test_a_token_makes_any_host_good() -> None:
    gateway = guarded({"isAuthorized": True}, ("control",))
    headers = {"Host": "emulator.example", **BEARER}
    assert call(gateway, "GET", "/_emulator/v1/capabilities", headers=headers).status_code == 200


# On the wire.


def test_a_slow_handler_holds_up_nobody() -> None:
    entered, leave = threading.Event(), threading.Event()
    order: list[str] = []

    def slow(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001
        entered.set()
        assert leave.wait(20)
        return {}

    with served(Gateway({"idp": slow, "players": echo})) as (host, port):

        def ask_slowly() -> None:
            httpx.get(f"http://{host}:{port}/auth/slow", timeout=30)
            order.append("slow")

        waiting = threading.Thread(target=ask_slowly)
        waiting.start()
        assert entered.wait(10)
        for _ in range(5):
            assert httpx.get(f"http://{host}:{port}/players").status_code == 200
            order.append("fast")
        leave.set()
        waiting.join(20)
    assert order == ["fast"] * 5 + ["slow"]


def test_as_many_handlers_run_at_once_as_there_are_threads() -> None:
    meeting = threading.Barrier(8)

    def meet(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001
        return {"met": meeting.wait(20) >= 0}

    with served(Gateway({"players": meet}, threads=8)) as (host, port):
        answers: list[int] = []
        threads = [
            threading.Thread(target=lambda: answers.append(httpx.get(f"http://{host}:{port}/players").status_code))
            for _ in range(24)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert answers == [200] * 24


def test_connections_are_kept_and_head_has_no_body() -> None:
    host = b"Host: 127.0.0.1\r\n"
    with served(Gateway({"players": lambda *_: {"statusCode": 200, "body": "12345"}})) as address:
        said = exchange(
            address,
            b"HEAD /players HTTP/1.1\r\n" + host + b"\r\n"
            b"GET /players HTTP/1.1\r\n" + host + b"\r\n"
            b"GET /players HTTP/1.1\r\nConnection: close\r\n" + host + b"\r\n",
        )
    assert said.count(b"HTTP/1.1 200 OK") == 3
    assert said.lower().count(b"content-length: 5\r\n") == 3
    assert said.count(b"12345") == 2


def test_head_has_the_length_of_get_and_no_body_whoever_answers() -> None:
    """RFC 9110, sections 8.6 and 9.3.2. A handler may answer HEAD with a body: the gateway drops it."""
    answering = {"idp": echo, "players": lambda *_: {"statusCode": 404, "body": "not here"}}
    for path in (b"/players", b"/auth/x", b"/nowhere"):
        with served(Gateway(answering)) as address:
            head, get = (
                exchange(address, b"%s %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" % (method, path))
                for method in (b"HEAD", b"GET")
            )
        (said, _, body), (_, _, whole) = head.partition(b"\r\n\r\n"), get.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", said)
        assert length is not None
        assert body == b""
        # The event, which this handler answers with, has the method in it twice.
        assert int(length[1]) == len(whole) + (whole.count(b'"GET"') if path == b"/auth/x" else 0)


def test_host_is_needed_and_http_1_0_gets_one() -> None:
    with served(Gateway(EVERYWHERE)) as (host, port):
        missing = exchange((host, port), b"GET /players HTTP/1.1\r\nConnection: close\r\n\r\n")
        old = exchange((host, port), b"GET /players HTTP/1.0\r\n\r\n")
    assert missing.startswith(b"HTTP/1.1 400")
    assert f'"host":"{host}:{port}"'.encode() in old


def test_a_client_that_goes_away_harms_nobody() -> None:
    entered, leave = threading.Event(), threading.Event()

    def slow(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001
        entered.set()
        assert leave.wait(20)
        return {}

    with served(Gateway({"idp": slow, "players": echo})) as (host, port):
        with socket.create_connection((host, port)) as connection:
            connection.sendall(b"POST /players HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf")
        with socket.create_connection((host, port)) as connection:
            connection.sendall(b"GET /auth/x HTTP/1.1\r\nHost: a\r\n\r\n")
            assert entered.wait(10)
        leave.set()
        assert httpx.get(f"http://{host}:{port}/players").status_code == 200


def test_a_large_upload_gets_its_refusal_on_a_real_connection() -> None:
    with served(Gateway(EVERYWHERE)) as (host, port):
        answer = httpx.post(f"http://{host}:{port}/players", content=b"x" * (MAX_PAYLOAD_BYTES * 2))
    assert answer.status_code == 413


def test_header_injection_is_not_possible_through_an_answer() -> None:
    gateway = Gateway({"players": lambda *_: {"statusCode": 200, "headers": {"Location": "/\r\nX-Evil: 1"}}})
    with served(gateway) as (host, port):
        said = exchange((host, port), b"GET /players HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 500")
    assert not re.search(rb"(?i)x-evil", said)


EXPECT = b"POST %s HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n"
CHUNKED = b"POST %s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        pytest.param(EXPECT % (b"/players", 9_000_000), 413, id="expected and too large"),
        pytest.param(EXPECT % (b"/nowhere", 5), 404, id="expected where nothing is"),
        pytest.param(EXPECT % (b"/_emulator/v1/x", 5), 401, id="expected where a header is missing"),
        pytest.param(CHUNKED % b"/nowhere", 404, id="chunked where nothing is"),
        pytest.param(CHUNKED % b"/_emulator/v1/x", 401, id="chunked where a header is missing"),
    ],
)
def test_a_connection_ends_with_an_answer_before_the_body(request_: bytes, status: int) -> None:
    """RFC 9110, section 10.1.1: a client may send the body all the same, or not: nobody knows what comes next."""
    with served(guarded({"isAuthorized": True}, ("control",))) as address:
        said = exchange(address, request_)
    assert said.startswith(b"HTTP/1.1 %d " % status)
    assert said.count(b"HTTP/1.1 ") == 1
    assert b"\r\nconnection: close\r\n" in said.lower()


def test_a_connection_ends_with_a_chunked_body_beyond_the_limit() -> None:
    piece = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
    with served(Gateway(EVERYWHERE)) as address:
        said = exchange(address, CHUNKED % b"/players" + piece * 6 + b"1\r\nx\r\n")
    assert said.startswith(b"HTTP/1.1 413 ")
    assert b"\r\nconnection: close\r\n" in said.lower()


def test_a_connection_outlives_a_refused_body_of_known_length() -> None:
    length = MAX_PAYLOAD_BYTES + 1
    refused = b"POST /players HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % length + b"x" * length
    with served(Gateway(EVERYWHERE)) as address:
        said = exchange(address, refused + b"GET /players HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 413 ")
    assert b"HTTP/1.1 200 OK" in said


def test_what_is_expected_and_taken_keeps_its_connection() -> None:
    headers = EXPECT.replace(b"\r\n\r\n", b"\r\nContent-Type: text/plain\r\n\r\n") % (b"/players", 5)
    with (
        served(Gateway({"players": lambda event, _: {"got": event["body"]}})) as address,
        socket.create_connection(address, timeout=10) as connection,
    ):
        connection.sendall(headers)
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"hello")
        said = connection.recv(65536)
    assert b'{"got":"hello"}' in said
    assert b"connection: close" not in said.lower()


def test_an_upload_that_outlasts_the_server_is_told_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(server, "GRACE_SECONDS", 0.05)
    with ExitStack() as opened:
        with served(Gateway(EVERYWHERE)) as address:
            connection = opened.enter_context(socket.create_connection(address, timeout=10))
            connection.sendall(b"POST /players HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf")
            assert httpx.get(f"http://{address[0]}:{address[1]}/players").status_code == 200  # the other was read, too
        said = b"".join(iter(lambda: connection.recv(65536), b""))
    assert said.startswith(b"HTTP/1.1 503 ")
    assert b'"code":"stopping"' in said
    assert "Traceback" not in caplog.text
