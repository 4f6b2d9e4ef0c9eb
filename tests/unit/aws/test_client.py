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
from runtime.aws.errors import AwsError, ServiceError, Unanswered, Unreachable
from runtime.aws.signature import Credentials
from tests.unit.aws.server import Reply, Server


@pytest.fixture
def connect() -> Iterator[Callable[..., JsonClient]]:
    made: list[JsonClient] = []

    def make(url: str, service: Service = DYNAMODB, answer_seconds: float = 30) -> JsonClient:
        client = JsonClient(
            service,
            url=url,
            region="eu-west-1",
            credentials=lambda: Credentials("AKID", "secret", "token"),
            answer_seconds=answer_seconds,
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
    first, second, third = (request.connection for request in server.received)
    assert first == second != third


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException","message":"m"}', "ThrottlingException"),
        (b'{"__type":"ResourceNotFoundException:http://internal/"}', "ResourceNotFoundException"),
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
            connect(server.url, answer_seconds=0.05).call("GetItem", {})
        released.set()


def test_nothing_was_sent_where_nobody_listens(connect: Connect) -> None:
    with pytest.raises(Unreachable, match="ConnectionRefusedError"):
        connect("http://127.0.0.1:1").call("GetItem", {})


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
    with pytest.raises(AwsError, match="AWS_CA_BUNDLE"):
        connect("https://127.0.0.1:1").call("GetItem", {})
