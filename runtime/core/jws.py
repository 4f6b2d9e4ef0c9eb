"""JSON Web Signature, compact serialisation (RFC 7515) with RS256 and ES256 (RFC 7518, sections 3.3 and 3.4).

The emulator signs and verifies through this file alone. A JOSE library would do it as well, but importing one
costs a cold start more than everything else the authorizer does; the mathematics is ``cryptography``'s either way.
See docs/decisions/0004-jws.md.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

__all__ = ["Algorithm", "InvalidToken", "PublicKey", "SigningKey", "decode", "encode", "from_base64url", "to_base64url"]

Algorithm = Literal["RS256", "ES256"]

_P256_BYTES = 32
_MAX_TOKEN_BYTES = 8192


class InvalidToken(Exception):
    """A token that must not be believed. The message says why, without the token."""


def to_base64url(data: bytes) -> str:
    """Base64url without padding (RFC 7515, section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def from_base64url(text: str) -> bytes:
    """The bytes behind strict base64url. Raises :class:`ValueError` for padding, foreign characters, stray bits."""
    padded = text + "=" * (-len(text) % 4)
    try:
        data = base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError("not base64url") from error
    if to_base64url(data) != text:
        raise ValueError("not canonical base64url")
    return data


@dataclass(frozen=True)
class PublicKey:
    """A verification key: what the JWK set publishes (RFC 7517)."""

    kid: str
    algorithm: Algorithm
    jwk: Mapping[str, str]

    def verify(self, signing_input: bytes, signature: bytes) -> None:
        """Raises :class:`InvalidToken` unless ``signature`` is this key's over ``signing_input``."""
        key = self._key
        try:
            if isinstance(key, rsa.RSAPublicKey):
                key.verify(signature, signing_input, padding.PKCS1v15(), SHA256())
            else:
                key.verify(_der_signature(signature), signing_input, ec.ECDSA(SHA256()))
        except InvalidSignature:
            raise InvalidToken("The signature is not valid.") from None

    @cached_property
    def _key(self) -> rsa.RSAPublicKey | ec.EllipticCurvePublicKey:
        if self.algorithm == "RS256":
            return rsa.RSAPublicNumbers(_integer(self.jwk["e"]), _integer(self.jwk["n"])).public_key()
        return _p256_numbers(self.jwk).public_key()


@dataclass(frozen=True)
class SigningKey:
    """A private key, kept as a JWK (RFC 7517; RFC 7518, section 6)."""

    kid: str
    algorithm: Algorithm
    jwk: Mapping[str, str]

    @classmethod
    def generate(cls, algorithm: Algorithm) -> SigningKey:
        """A new key; its ``kid`` is its thumbprint (RFC 7638)."""
        if algorithm == "RS256":
            jwk = _rsa_jwk(rsa.generate_private_key(public_exponent=65537, key_size=2048))
            members: tuple[str, ...] = ("e", "kty", "n")
        else:
            jwk = _p256_jwk(ec.generate_private_key(ec.SECP256R1()))
            members = ("crv", "kty", "x", "y")
        canonical = json.dumps({name: jwk[name] for name in members}, separators=(",", ":"), sort_keys=True)
        return cls(to_base64url(sha256(canonical.encode()).digest()), algorithm, jwk)

    def public(self) -> PublicKey:
        """The half that may be published."""
        names = ("kty", "n", "e") if self.algorithm == "RS256" else ("kty", "crv", "x", "y")
        published = {name: self.jwk[name] for name in names}
        return PublicKey(self.kid, self.algorithm, {**published, "kid": self.kid, "alg": self.algorithm, "use": "sig"})

    def sign(self, signing_input: bytes) -> bytes:
        """The JWS signature over ``signing_input``."""
        key = self._key
        if isinstance(key, rsa.RSAPrivateKey):
            return key.sign(signing_input, padding.PKCS1v15(), SHA256())
        r, s = decode_dss_signature(key.sign(signing_input, ec.ECDSA(SHA256())))
        return r.to_bytes(_P256_BYTES, "big") + s.to_bytes(_P256_BYTES, "big")

    @cached_property
    def _key(self) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey:
        if self.algorithm == "RS256":
            n, e, d, p, q, dp, dq, qi = (
                _integer(self.jwk[name]) for name in ("n", "e", "d", "p", "q", "dp", "dq", "qi")
            )
            numbers = rsa.RSAPrivateNumbers(p, q, d, dp, dq, qi, rsa.RSAPublicNumbers(e, n))
            # The emulator made this key itself; checking its primes again costs a cold start 50 ms.
            return numbers.private_key(unsafe_skip_rsa_key_validation=True)
        return ec.EllipticCurvePrivateNumbers(_integer(self.jwk["d"]), _p256_numbers(self.jwk)).private_key()


def encode(claims: Mapping[str, Any], key: SigningKey, *, type_: str) -> str:
    """``claims`` as a signed JWT. ``type_`` is the header's ``typ`` (RFC 9068, section 2.1: ``at+jwt``)."""
    header = {"alg": key.algorithm, "typ": type_, "kid": key.kid}
    signing_input = f"{to_base64url(_json(header))}.{to_base64url(_json(claims))}"
    return f"{signing_input}.{to_base64url(key.sign(signing_input.encode('ascii')))}"


def decode(token: str, find_key: Callable[[str], PublicKey | None], *, type_: str) -> dict[str, Any]:
    """The claims of ``token``, if its signature is by a key that ``find_key`` knows and its ``typ`` is ``type_``.

    Claims are not judged here. Raises :class:`InvalidToken` for anything else. The algorithm is the key's, never the
    token's to choose (RFC 8725, section 3.1), and critical extensions are refused (RFC 7515, section 4.1.11).
    """
    if len(token) > _MAX_TOKEN_BYTES:
        raise InvalidToken("The token is too long.")
    parts = token.split(".")
    if len(parts) != 3:
        raise InvalidToken("The token is not a signed JWT.")
    try:
        header = _object(from_base64url(parts[0]))
        signature = from_base64url(parts[2])
        claims = _object(from_base64url(parts[1]))
    except ValueError:
        raise InvalidToken("The token is not a signed JWT.") from None
    kid = header.get("kid")
    key = find_key(kid) if isinstance(kid, str) else None
    if key is None:
        raise InvalidToken("The token is not signed by a known key.")
    if header.get("alg") != key.algorithm or "crit" in header:
        raise InvalidToken("The token's algorithm is not its key's.")
    typ = header.get("typ")
    if not isinstance(typ, str) or typ.lower().removeprefix("application/") != type_:
        raise InvalidToken("The token is of another type.")
    key.verify(f"{parts[0]}.{parts[1]}".encode("ascii"), signature)
    return claims


def _der_signature(signature: bytes) -> bytes:
    """An ECDSA signature of RFC 7518, section 3.4, in the form that ``cryptography`` takes."""
    if len(signature) != 2 * _P256_BYTES:
        raise InvalidSignature
    r, s = signature[:_P256_BYTES], signature[_P256_BYTES:]
    return encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _object(data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(value, dict):
        raise ValueError("not an object")  # noqa: TRY004  one kind of error for whatever is not a JSON object
    return value


def _integer(text: str) -> int:
    return int.from_bytes(from_base64url(text), "big")


def _text(number: int, size: int | None = None) -> str:
    return to_base64url(number.to_bytes(size or (number.bit_length() + 7) // 8, "big"))


def _rsa_jwk(key: rsa.RSAPrivateKey) -> dict[str, str]:
    numbers = key.private_numbers()
    named = {
        "n": numbers.public_numbers.n,
        "e": numbers.public_numbers.e,
        "d": numbers.d,
        "p": numbers.p,
        "q": numbers.q,
        "dp": numbers.dmp1,
        "dq": numbers.dmq1,
        "qi": numbers.iqmp,
    }
    return {"kty": "RSA", **{name: _text(number) for name, number in named.items()}}


def _p256_jwk(key: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    numbers = key.private_numbers()
    named = {"x": numbers.public_numbers.x, "y": numbers.public_numbers.y, "d": numbers.private_value}
    return {"kty": "EC", "crv": "P-256", **{name: _text(number, _P256_BYTES) for name, number in named.items()}}


def _p256_numbers(jwk: Mapping[str, str]) -> ec.EllipticCurvePublicNumbers:
    return ec.EllipticCurvePublicNumbers(_integer(jwk["x"]), _integer(jwk["y"]), ec.SECP256R1())
