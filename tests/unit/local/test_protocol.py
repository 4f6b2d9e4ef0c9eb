"""The server's patience with heads of requests: how large they may grow, and how long they may take."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from runtime.local import protocol, server
from runtime.local.gateway import Gateway
from tests.unit.local.serving import echo, served

GET = b"GET /players HTTP/1.1\r\nHost: a\r\n\r\n"
LARGE = protocol.MAX_RAW_HEAD_BYTES + 1


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    return lambda seconds: monkeypatch.setattr(protocol, "HEAD_SECONDS", seconds)


def rest(connection: socket.socket) -> bytes:
    """Everything until the server closes the connection."""
    received = b""
    try:
        while piece := connection.recv(65536):
            received += piece
    except ConnectionResetError:  # it did not read all that was sent
        pass
    return received


def check_refusal(said: bytes, status: int, code: str) -> None:
    head, _, body = said.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"\r\nconnection: close" in head
    assert b"\r\ncontent-type: application/problem+json" in head
    assert json.loads(body)["code"] == code


@pytest.mark.parametrize(
    "begin",
    [
        pytest.param(b"GET /", id="target"),
        pytest.param(b"GET / HTTP/1.1\r\nx-long: ", id="one value"),
        pytest.param(b"GET / HTTP/1.1\r\nx-name", id="one name"),
    ],
)
@pytest.mark.parametrize("before", [b"", GET], ids=["first", "second"])
@pytest.mark.parametrize("pieces", [1, 40])
def test_a_head_that_grows_beyond_all_measure_is_not_read_to_its_end(begin: bytes, before: bytes, pieces: int) -> None:
    with (
        served(Gateway({"players": echo})) as address,
        socket.create_connection(address, timeout=10) as connection,
    ):
        if before:
            connection.sendall(before)
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        connection.sendall(begin)
        for _ in range(pieces):
            connection.sendall(b"x" * (LARGE // pieces + 1))
            if pieces > 1:
                time.sleep(0.001)
        check_refusal(rest(connection), 431, "headers_too_large")


def test_many_headers_are_too_large_together() -> None:
    with (
        served(Gateway({"players": echo})) as address,
        socket.create_connection(address, timeout=10) as connection,
    ):
        connection.sendall(b"GET / HTTP/1.1\r\n" + b"x-header: y\r\n" * (LARGE // 13 + 1))
        check_refusal(rest(connection), 431, "headers_too_large")


def test_bodies_and_pipelined_requests_do_not_count_as_heads() -> None:
    """The last head is cut in two, after much that is not part of it."""
    post = b"POST /players HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % LARGE + b"x" * LARGE
    count = LARGE // len(GET) + 1
    with (
        served(Gateway({"players": lambda *_: {}})) as address,
        socket.create_connection(address, timeout=10) as connection,
    ):
        received = threading.Thread(target=lambda: answers.append(rest(connection)))
        answers: list[bytes] = []
        received.start()
        connection.sendall(post + GET * count + GET[:20])
        time.sleep(0.05)
        connection.sendall(GET[20:-2] + b"Connection: close\r\n\r\n")
        received.join(20)
    assert answers[0].count(b"HTTP/1.1 200 OK") == count + 2
    assert b"431" not in answers[0]


@pytest.mark.parametrize("before", [b"", GET], ids=["first", "second"])
def test_a_head_that_is_never_complete_is_given_up(patience: Callable[[float], None], before: bytes) -> None:
    """RFC 9110, section 15.5.9. More bytes buy no more time."""
    patience(0.2)
    with (
        served(Gateway({"players": echo})) as address,
        socket.create_connection(address, timeout=10) as connection,
    ):
        if before:
            connection.sendall(before)
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        for byte in (b"G", b"E", b"T", b" "):
            connection.sendall(byte)
            time.sleep(0.02)
        check_refusal(rest(connection), 408, "request_timeout")


@pytest.mark.parametrize("sent", [b"", b"\r\n\r\n"], ids=["nothing", "empty lines"])
def test_a_connection_that_asks_nothing_is_closed_without_a_word(
    patience: Callable[[float], None], sent: bytes
) -> None:
    patience(0.05)
    with (
        served(Gateway({"players": echo})) as address,
        socket.create_connection(address, timeout=10) as connection,
    ):
        connection.sendall(sent)
        assert rest(connection) == b""


def test_empty_lines_do_not_keep_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "IDLE_SECONDS", 0.05)
    with (
        served(Gateway({"players": echo})) as address,
        socket.create_connection(address, timeout=10) as connection,
    ):
        connection.sendall(GET)
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        connection.sendall(b"\r\n")
        assert rest(connection) == b""


def test_a_slow_answer_and_a_slow_body_have_time(patience: Callable[[float], None]) -> None:
    patience(0.05)

    def slow(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001
        time.sleep(0.1)
        return {"body is": event["body"]}

    with (
        served(Gateway({"players": slow})) as address,
        socket.create_connection(address, timeout=10) as connection,
    ):
        connection.sendall(
            b"POST /players HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\na"
        )
        time.sleep(0.1)
        connection.sendall(b"b")
        assert b'{"body is":"ab"}' in connection.recv(65536)


def test_an_answer_under_way_is_finished_before_a_cut_off_head_ends_the_connection(
    patience: Callable[[float], None],
) -> None:
    patience(0.05)

    def slow(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001
        time.sleep(0.15)
        return {}

    with (
        served(Gateway({"players": slow})) as address,
        socket.create_connection(address, timeout=10) as connection,
    ):
        connection.sendall(GET + b"GET /pl")
        said = rest(connection)
    assert said.startswith(b"HTTP/1.1 200 OK")
    assert said.count(b"HTTP/1.1") == 1
    assert b"connection: close" in said


def test_what_is_no_http_waits_its_turn() -> None:
    with (
        served(Gateway({"players": lambda *_: {}})) as address,
        socket.create_connection(address, timeout=10) as connection,
    ):
        connection.sendall(GET + b"this is not HTTP\r\n\r\n")
        said = rest(connection)
    assert said.startswith(b"HTTP/1.1 200 OK")
    assert said.count(b"HTTP/1.1") == 1
