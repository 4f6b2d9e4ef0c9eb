"""Requests to AWS over real connections: what is sent, what comes back, and what is said when nothing does."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import ssl
import threading
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from runtime.aws import connections
from runtime.aws.client import DYNAMODB, SECRETS_MANAGER, JsonClient, Service
from runtime.aws.errors import NotConfigured, ServiceError, Unanswered, Unreachable
from runtime.aws.signature import Credentials
from tests.unit.aws.server import Reply, Server


@pytest.fixture
def connect() -> Iterator[Callable[..., JsonClient]]:
    made: list[JsonClient] = []

    def make(url: str, service: Service = DYNAMODB, silence_seconds: float = 30) -> JsonClient:
        client = JsonClient(
            service,
            url=url,
            region="eu-west-1",
            credentials=lambda: Credentials("AKID", "secret", "token"),
            silence_seconds=silence_seconds,
        )
        made.append(client)
        return client

    yield make
    for client in made:
        client.close()


Connect = Callable[..., JsonClient]


@pytest.mark.parametrize(
    ("service", "target", "media_type", "scope"),
    [
        (DYNAMODB, "DynamoDB_20120810.GetItem", "application/x-amz-json-1.0", "eu-west-1/dynamodb/aws4_request"),
        (
            SECRETS_MANAGER,
            "secretsmanager.GetItem",
            "application/x-amz-json-1.1",
            "eu-west-1/secretsmanager/aws4_request",
        ),
    ],
)
def test_a_request_is_what_the_aws_json_protocol_has(
    connect: Connect, service: Service, target: str, media_type: str, scope: str
) -> None:
    with Server(Reply(b'{"Item":{"n":{"N":"1"}}}')) as server:
        answer = connect(server.url, service).call("GetItem", {"Key": "Zoë"})
    assert answer == {"Item": {"n": {"N": "1"}}}
    (request,) = server.received
    assert request.path == "/"
    assert json.loads(request.body) == {"Key": "Zoë"}
    assert request.headers["x-amz-target"] == target
    assert request.headers["content-type"] == media_type
    assert request.headers["x-amz-security-token"] == "token"
    assert scope in request.headers["authorization"]
    assert "secret," not in request.headers["authorization"]


def test_a_connection_is_used_again(connect: Connect) -> None:
    with Server() as server:
        client = connect(server.url)
        for _ in range(5):
            client.call("GetItem", {})
    assert len({request.connection for request in server.received}) == 1


def test_threads_have_connections_of_their_own(connect: Connect) -> None:
    together = threading.Barrier(8)
    with Server(wait=lambda: together.wait(30)) as server, ThreadPoolExecutor(8) as pool:
        client = connect(server.url)
        list(pool.map(lambda _: client.call("GetItem", {}), range(16)))
    assert len({request.connection for request in server.received}) == 8


@pytest.mark.parametrize("status", [200, 400], ids=["an answer", "an error"])
def test_a_connection_that_the_other_side_ends_is_not_used_again(connect: Connect, status: int) -> None:
    with Server(Reply(status=status, headers={"connection": "close"})) as server:
        client = connect(server.url)
        for _ in range(2):
            with suppress(ServiceError):
                client.call("GetItem", {})
    assert len({request.connection for request in server.received}) == 2


def test_a_connection_that_was_closed_while_idle_is_noticed(connect: Connect) -> None:
    """A function may have slept for minutes: a write must not be lost to that."""
    with Server() as first:
        client = connect(first.url)
        client.call("GetItem", {})
        (idle, _) = client._connections._idle[-1]
        idle.sock.shutdown(2)  # What is left of it is its end.
        assert client.call("PutItem", {}) == {}
    assert len({request.connection for request in first.received}) == 2


def test_a_connection_that_was_idle_for_long_is_not_trusted(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(connections, "wall_clock", lambda: now)
    with Server() as server:
        client = connect(server.url)
        client.call("GetItem", {})
        now = 19.0
        client.call("GetItem", {})
        now = 40.0
        client.call("GetItem", {})
        now = 5.0  # Set back: nobody knows how long that was.
        client.call("GetItem", {})
    first, second, third, fourth = (request.connection for request in server.received)
    assert first == second
    assert len({second, third, fourth}) == 3


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException","message":"m"}', "ThrottlingException"),
        (b'{"__type":"ResourceNotFoundException:http://internal/"}', "ResourceNotFoundException"),
        (b'{"__type":"ResourceNotFoundException:http://internal/#part"}', "ResourceNotFoundException"),
        (b'{"code":"AccessDeniedException"}', "AccessDeniedException"),
        (b"<html>", "HTTP 400"),
        (b"[]", "HTTP 400"),
    ],
)
def test_an_error_is_named_and_its_message_is_not_repeated(connect: Connect, body: bytes, code: str) -> None:
    with Server(Reply(body, 400)) as server, pytest.raises(ServiceError) as raised:
        connect(server.url).call("GetItem", {})
    assert (raised.value.code, raised.value.status, str(raised.value)) == (code, 400, code)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(silent=True), "RemoteDisconnected"),
        (Reply(b'{"Item":', declared=100), "IncompleteRead"),
        (Reply(b"<html>"), "NotJson"),
        (Reply(b"[]"), "NotJson"),
        (Reply(b"{}", headers={"x-amz-crc32": "1"}), "WrongChecksum"),
    ],
)
def test_half_an_answer_is_none(connect: Connect, reply: Reply, kind: str) -> None:
    with Server(reply) as server:
        client = connect(server.url)
        with pytest.raises(Unanswered, match=kind):
            client.call("GetItem", {})
        assert client.call("GetItem", {}) == {}


def test_a_checksum_is_checked(connect: Connect) -> None:
    body = b'{"Item":{}}'
    with Server(Reply(body, headers={"x-amz-crc32": str(zlib.crc32(body))})) as server:
        assert connect(server.url).call("GetItem", {}) == {"Item": {}}


def test_an_answer_that_takes_too_long_is_none(connect: Connect) -> None:
    released = threading.Event()
    with Server(wait=lambda: released.wait(30)) as server:
        with pytest.raises(Unanswered, match="TimeoutError"):
            connect(server.url, silence_seconds=0.05).call("GetItem", {})
        released.set()


def test_nothing_was_sent_where_nobody_listens(connect: Connect) -> None:
    with pytest.raises(Unreachable, match="ConnectionRefusedError"):
        connect("http://127.0.0.1:1").call("GetItem", {})


@pytest.mark.parametrize(
    "url",
    [
        "localhost:8000", "ftp://db.test", "http://", "http://localhost:port", "http://localhost:99999", "http://[::1",
        "http://a..b", "http://user:secret@db.test", "http://db.test/path", "http://db.test?query",
    ],
)  # fmt: skip
def test_what_is_no_endpoint_is_said_and_not_repeated(connect: Connect, url: str) -> None:
    with pytest.raises(NotConfigured, match="an endpoint of AWS must be") as raised:
        connect(url)
    assert "secret" not in str(raised.value)


def test_connections_that_nobody_needs_any_more_are_closed(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(connections, "wall_clock", lambda: now)
    together = threading.Barrier(5)
    waits = [True] * 5
    with Server(wait=lambda: waits and waits.pop() and together.wait(30)) as server, ThreadPoolExecutor(5) as pool:
        client = connect(server.url)
        list(pool.map(lambda _: client.call("GetItem", {}), range(5)))
        assert len(client._connections._idle) == 5
        now = 30.0
        client.call("GetItem", {})
        assert len(client._connections._idle) == 1
        client.close()
        client.call("GetItem", {})  # One that was under way, say.
        assert not client._connections._idle


def test_without_a_descriptor_to_look_with_a_connection_is_not_used(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_left() -> None:
        raise OSError(24, "Too many open files")

    with Server() as server:
        client = connect(server.url)
        client.call("GetItem", {})
        monkeypatch.setattr("selectors.DefaultSelector", none_left)
        client.call("GetItem", {})
    assert len({request.connection for request in server.received}) == 2


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    """What a server shows that no authority has signed, and the file by which it can be trusted."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = dt.datetime.now(dt.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(address, critical=False)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("certificate")
    trusted, secret = folder / "certificate.pem", folder / "key.pem"
    trusted.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(trusted, secret)
    return context, trusted


def test_who_proves_nothing_is_sent_nothing(
    connect: Connect, certificate: tuple[ssl.SSLContext, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    context, trusted = certificate
    with Server(tls=context) as server:
        with pytest.raises(Unreachable, match="SSLCertVerificationError"):
            connect(server.url).call("GetItem", {})
        assert server.received == []
        monkeypatch.setenv("AWS_CA_BUNDLE", str(trusted))
        assert connect(server.url).call("GetItem", {}) == {}


def test_an_authority_that_cannot_be_read_is_said(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", "/no/such/file.pem")
    with pytest.raises(NotConfigured, match="AWS_CA_BUNDLE"):
        connect("https://127.0.0.1:1").call("GetItem", {})
