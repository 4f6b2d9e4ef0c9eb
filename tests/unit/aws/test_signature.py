"""Signature Version 4: AWS's own example, and the AWS SDK as the judge of everything else."""

from __future__ import annotations

import time

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as SdkCredentials
from hypothesis import given
from hypothesis import strategies as st

from runtime.aws.signature import Credentials, signed

EXAMPLE = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")


def test_the_example_of_awss_test_suite__sigv4_post_vanilla() -> None:
    headers = signed(
        {"host": "example.amazonaws.com"},
        b"",
        service="service",
        region="us-east-1",
        credentials=EXAMPLE,
        timestamp=1_440_938_160,
    )
    assert headers["x-amz-date"] == "20150830T123600Z"
    assert headers["authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        "SignedHeaders=host;x-amz-date, Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"
    )


text = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=40)


@given(
    body=st.binary(max_size=200),
    target=st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=40),
    region=st.sampled_from(["us-east-1", "cn-north-1"]),
    credentials=st.builds(Credentials, text, text, st.none() | text),
    timestamp=st.integers(0, 4_000_000_000),
)
def test_it_signs_as_the_sdk_does(
    body: bytes, target: str, region: str, credentials: Credentials, timestamp: int
) -> None:
    ours = signed(
        {"host": "db.test:8000", "x-amz-target": target},
        body,
        service="dynamodb",
        region=region,
        credentials=credentials,
        timestamp=timestamp,
    )
    request = AWSRequest("POST", "http://db.test:8000/", data=body, headers={"X-Amz-Target": target})
    request.context["timestamp"] = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(timestamp))
    request.headers["X-Amz-Date"] = request.context["timestamp"]
    if credentials.session_token:
        request.headers["X-Amz-Security-Token"] = credentials.session_token
    judge = SigV4Auth(SdkCredentials(*credentials), "dynamodb", region)
    canonical = judge.canonical_request(request)
    assert ours["authorization"].endswith(judge.signature(judge.string_to_sign(request, canonical), request))


def test_credentials_do_not_show_their_secrets() -> None:
    shown = repr(Credentials("AKID", "the-secret", "the-token"))
    assert "AKID" in shown
    assert "the-" not in shown
