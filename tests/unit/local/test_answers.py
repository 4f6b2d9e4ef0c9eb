"""A function's answer becomes the response that AWS documents.

LAMBDA is docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html, "Lambda
function response for format 2.0"; TEST_TOOL is AWS's own emulation of what the service was seen to do.
"""

from __future__ import annotations

import pytest

from runtime.local.answers import MalformedAnswer, message_response, read_answer

LAMBDA = "http-api-develop-integrations-lambda.html"
TEST_TOOL = "github.com/aws/aws-lambda-dotnet: Tools/LambdaTestTool-v2"
JSON = (b"content-type", b"application/json")
TEXT = (b"content-type", b"text/plain; charset=utf-8")


@pytest.mark.parametrize(
    ("answer", "status", "headers", "body", "source"),
    [
        ({"message": "Hi"}, 200, [JSON], b'{"message":"Hi"}', LAMBDA),
        ("Hello", 200, [JSON], b"Hello", LAMBDA),
        ([1, 2], 200, [JSON], b"[1,2]", LAMBDA),
        (None, 200, [JSON], b"null", TEST_TOOL),
        ({"statusCode": 200}, 200, [TEXT], b"", TEST_TOOL),
        ({"statusCode": 201, "body": "ä"}, 201, [TEXT], "ä".encode(), TEST_TOOL),
        ({"statusCode": "404", "body": "x"}, 404, [TEXT], b"x", TEST_TOOL),
        ({"statusCode": 200, "headers": {"Content-Type": "a/b"}}, 200, [(b"content-type", b"a/b")], b"", LAMBDA),
        ({"statusCode": 200, "headers": {"X-N": 3}}, 200, [(b"x-n", b"3"), TEXT], b"", TEST_TOOL),
        ({"statusCode": 200, "body": "AAE=", "isBase64Encoded": True}, 200, [TEXT], b"\0\1", LAMBDA),
        (
            {"statusCode": 200, "cookies": ["a=1; Path=/", "b=2"]},
            200,
            [TEXT, (b"set-cookie", b"a=1; Path=/"), (b"set-cookie", b"b=2")],
            b"",
            LAMBDA,
        ),
        ({"statusCode": 200, "headers": {"Content-Length": "9", "TE": "x"}}, 200, [TEXT], b"", "RFC 9110, 7.6.1"),
    ],
)  # fmt: skip
def test_answers(answer: object, status: int, headers: list[tuple[bytes, bytes]], body: bytes, source: str) -> None:
    response = read_answer(answer)
    assert (response.status, response.body) == (status, body), source
    assert response.headers == [*headers, (b"content-length", str(len(body)).encode())], source


@pytest.mark.parametrize("status", [204, 304])
def test_some_statuses_have_no_content(status: int) -> None:
    response = read_answer({"statusCode": status, "headers": {"ETag": '"1"'}, "body": "ignored"})
    assert (response.headers, response.body) == ([(b"etag", b'"1"')], b"")


@pytest.mark.parametrize(
    "answer",
    [
        {"statusCode": None},
        {"statusCode": "OK"},
        {"statusCode": 99},
        {"statusCode": 101},
        {"statusCode": True},
        {"statusCode": 200, "body": {"not": "text"}},
        {"statusCode": 200, "headers": ["x"]},
        {"statusCode": 200, "headers": {"x": ["y"]}},
        {"statusCode": 200, "headers": {"x": "a\r\nset-cookie: b=1"}},
        {"statusCode": 200, "headers": {"x y": "a"}},
        {"statusCode": 200, "cookies": "a=1"},
        {"statusCode": 200, "cookies": [1j]},
        {"statusCode": 200, "body": "%", "isBase64Encoded": True},
        pytest.param(object(), id="no JSON"),
    ],
    ids=str,
)
def test_malformed_answers(answer: object) -> None:
    with pytest.raises(MalformedAnswer):
        read_answer(answer)


def test_the_gateways_own_words() -> None:
    response = message_response(403, "Forbidden")
    assert (response.status, response.body) == (403, b'{"message":"Forbidden"}')
