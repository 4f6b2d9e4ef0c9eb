"""JSON Web Signature: the RFCs' own examples, and libraries that others verify with."""

from __future__ import annotations

import json

import jwt
import pytest
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import Key, import_key

from runtime.core.jws import (
    Algorithm,
    InvalidToken,
    PublicKey,
    SigningKey,
    decode,
    encode,
    from_base64url,
    to_base64url,
)

# RFC 7515, appendix A.2 (RS256) and A.3 (ES256): header, payload and signature as printed there.
_PAYLOAD = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
RS256_KEY = {
    "kty": "RSA",
    "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS"
    "-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg66"
    "5xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXp"
    "oQ",
    "e": "AQAB",
}
RS256_HEADER = "eyJhbGciOiJSUzI1NiJ9"
RS256_SIGNATURE = (
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dn"
    "ZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwus"
    "C-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
)
ES256_KEY = {
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}
ES256_HEADER = "eyJhbGciOiJFUzI1NiJ9"
ES256_SIGNATURE = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"

EXAMPLES = {
    "RFC 7515 A.2": (PublicKey("a2", "RS256", RS256_KEY), f"{RS256_HEADER}.{_PAYLOAD}", RS256_SIGNATURE),
    "RFC 7515 A.3": (PublicKey("a3", "ES256", ES256_KEY), f"{ES256_HEADER}.{_PAYLOAD}", ES256_SIGNATURE),
}


@pytest.mark.parametrize(("key", "signing_input", "signature"), EXAMPLES.values(), ids=EXAMPLES)
def test_the_rfcs_examples_verify(key: PublicKey, signing_input: str, signature: str) -> None:
    key.verify(signing_input.encode(), from_base64url(signature))
    with pytest.raises(InvalidToken):
        key.verify(signing_input.encode() + b"x", from_base64url(signature))
    with pytest.raises(InvalidToken):
        key.verify(signing_input.encode(), from_base64url(signature)[:-1])


def _imported(key: SigningKey) -> Key:
    published: dict[str, str | list[str]] = {**key.public().jwk}
    return import_key(published)


def test_a_thumbprint_is_rfc_7638s() -> None:
    """RFC 7638 §3.1: the kid of a key that it describes. The key's own members decide, in their canonical order."""
    key = SigningKey.generate("ES256")
    assert key.kid == _imported(key).thumbprint()
    rsa = SigningKey.generate("RS256")
    assert rsa.kid == _imported(rsa).thumbprint()


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_what_we_sign_others_verify(algorithm: Algorithm) -> None:
    key = SigningKey.generate(algorithm)
    token = encode({"sub": "ü"}, key, type_="JWT")
    published = dict(key.public().jwk)
    assert jwt.decode(token, jwt.PyJWK(published), algorithms=[algorithm]) == {"sub": "ü"}
    assert joserfc_jwt.decode(token, _imported(key), algorithms=[algorithm]).claims == {"sub": "ü"}


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_what_others_sign_we_verify(algorithm: Algorithm) -> None:
    key = SigningKey.generate(algorithm)
    token = jwt.encode({"sub": "x"}, jwt.PyJWK({**key.jwk, "alg": algorithm}).key, algorithm, headers={"kid": key.kid})
    assert decode(token, {key.kid: key.public()}.get, type_="jwt") == {"sub": "x"}


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_a_published_key_holds_no_private_member(algorithm: Algorithm) -> None:
    """RFC 7518 §6.2.2 and §6.3.2."""
    assert not {"d", "p", "q", "dp", "dq", "qi", "oth", "k"} & set(SigningKey.generate(algorithm).public().jwk)


def test_a_key_survives_being_written_down() -> None:
    key = SigningKey.generate("RS256")
    again = SigningKey(key.kid, key.algorithm, json.loads(json.dumps(dict(key.jwk))))
    assert encode({}, again, type_="JWT") == encode({}, key, type_="JWT")


@pytest.mark.parametrize("text", ["a", "ab=", "a+b/", "é", "a b", "AB\n", "AB"])
def test_base64url_is_strict(text: str) -> None:
    """RFC 7515 §2; RFC 4648 §3.5: stray bits make two texts of one value."""
    with pytest.raises(ValueError, match="base64url"):
        from_base64url(text)


def test_base64url_round_trips() -> None:
    for data in (b"", b"\xff", b"\xfb\xff", bytes(range(256))):
        assert from_base64url(to_base64url(data)) == data
