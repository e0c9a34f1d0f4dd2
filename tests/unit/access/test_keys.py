# SPDX-License-Identifier: MIT
"""Keys: what a file may hold, and what is refused."""

import json
from contextlib import suppress
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)
from hypothesis import given
from hypothesis import strategies as st
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from tests.support.tokens import ED, HS, RS, jwk
from wsecho.access.keys import BadKeyError, fitting, read_keys


def text(*keys: Any) -> bytes:
    """A JWK, or a set of several."""
    return json.dumps(keys[0] if len(keys) == 1 else {"keys": keys}).encode()


@pytest.mark.parametrize("private", [True, False])
@pytest.mark.parametrize(("jose", "kind"), [(ED, "OKP"), (RS, "RSA")])
def test_a_pem(jose: Any, kind: str, private: bool) -> None:
    """Public or private; only the private one can sign."""
    [key] = read_keys(jose.as_pem(private=private))
    assert (key.kind, key.kid, key.can_sign) == (kind, None, private)
    assert key.gives_away is private


@pytest.mark.parametrize("jose", [HS, ED, RS])
@pytest.mark.parametrize("private", [True, False])
def test_a_jwk(jose: Any, private: bool) -> None:
    """With its name."""
    [key] = read_keys(text(jwk(jose, private=private, kid="a")))
    assert key.kid == "a"
    assert key.can_sign is (private or jose is HS)
    assert key.gives_away is (private and jose is not HS)


def test_a_set_leaves_out_what_is_for_something_else() -> None:
    """As an issuer's set has it."""
    ec = ECKey.generate_key("P-256").as_dict(private=False)
    keys = read_keys(text(ec, jwk(ED), jwk(RS, use="enc"), jwk(RS, alg="RS512"), jwk(RS)))
    assert [key.kind for key in keys] == ["OKP", "RSA"]


@pytest.mark.parametrize("alg", ["EdDSA", "Ed25519"])
def test_both_names_of_one_algorithm(alg: str) -> None:
    """`EdDSA` and `Ed25519` are one (RFC 9864)."""
    keys = read_keys(text(jwk(ED, alg=alg, key_ops=["verify"], use="sig")))
    assert len(fitting(keys, "EdDSA", None)) == len(fitting(keys, "Ed25519", None)) == 1


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "neither PEM nor JSON"),
        (b"secret-secret-secret-secret-secret-secret", "neither PEM nor JSON"),
        (b"[]", "neither a JWK"),
        (b'{"keys": []}', "no keys"),
        (b'{"keys": 1}', "no keys"),
        (b'{"keys": [1]}', "not a JWK"),
        (b'{"kty": "EC"}', "kty is 'EC'"),
        (b'{"kty": ["oct"]}', "kty"),
        (b'{"kty": "oct"}', "malformed"),
        (b'{"kty": "oct", "k": 1}', "malformed"),
        (b'{"kty": "OKP", "crv": "X", "x": ""}', "malformed"),
        pytest.param(text(jwk(OctKey.generate_key(248))), "32 bytes", id="short"),
        pytest.param(
            text(jwk(OKPKey.generate_key("X25519"))),
            "give an HS256 secret, an Ed25519",
            id="X25519",
        ),
        pytest.param(text(jwk(ED, kid=1)), "kid", id="kid"),
        pytest.param(text(jwk(ED, use="enc")), "use", id="use"),
        (text(jwk(RS, alg="PS256")), "alg"),
        (b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "PEM"),
        (b"[" * 100_000, "neither PEM nor JSON"),
    ],
)
def test_what_is_no_key(data: bytes, reason: str) -> None:
    """One reason each, with nothing of a secret in it."""
    with pytest.raises(BadKeyError, match=reason):
        read_keys(data)


def test_a_short_rsa_key() -> None:
    """RFC 7518 section 3.3."""
    with pytest.warns(SecurityWarning):
        short = RSAKey.generate_key(1024)
    with pytest.raises(BadKeyError, match="2048 bits"):
        read_keys(text(jwk(short)))


def test_a_pem_of_another_curve_or_with_a_password() -> None:
    """Neither can be used."""
    private = generate_private_key(SECP256R1())
    for locked in (
        ED.private_key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")
        ),
        ECKey.import_key(private).as_pem(private=True),
    ):
        with pytest.raises(BadKeyError, match="readable without a password"):
            read_keys(locked)


def test_the_very_name_comes_first() -> None:
    """A key without a name is tried too; one with another name is not."""
    keys = read_keys(text(jwk(RS), jwk(RS, kid="b"), jwk(RS, kid="a"), jwk(ED, kid="a")))
    assert [key.kid for key in fitting(keys, "RS256", "a")] == ["a", None]
    assert len(fitting(keys, "RS256", None)) == 3
    assert not fitting(keys, "none", None)


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text() | st.sampled_from(["oct", "OKP", "RSA"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["kty", "k", "x", "n", "e", "d", "crv", "kid", "keys", "alg"]),
            inner,
            max_size=6,
        )
    ),
    max_leaves=12,
)


@given(st.binary() | _JSON.map(lambda value: json.dumps(value).encode()))
def test_any_file_is_a_key_or_none(data: bytes) -> None:
    """No file ends in a traceback."""
    with suppress(BadKeyError):
        assert read_keys(data)
