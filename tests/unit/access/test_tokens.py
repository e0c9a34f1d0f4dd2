# SPDX-License-Identifier: MIT
"""Tokens: what counts, and each way not to."""

import hashlib
import hmac
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.tokens import ED, FAR, HS, NOW, OTHER_ED, RS, key, token
from wsecho.access.claims import Claims, Terms
from wsecho.access.tokens import MAX_TOKEN, sign, verify
from wsecho.core.wire.base64url import decode, encode
from wsecho.core.wire.errors import BadToken

KEYS = [key(ED), key(HS), key(RS)]
PRINTABLE = {chr(code) for code in range(0x20, 0x7F)} - {'"', "\\"}


def read(text: str, now: float = NOW) -> Claims:
    """Verify with all three keys."""
    return verify(text, KEYS, now)


def why(text: str, now: float = NOW) -> str:
    """The reason for which a token does not count."""
    with pytest.raises(BadToken) as caught:
        read(text, now)
    assert set(caught.value.reason) <= PRINTABLE, "it stands in a quoted string of a header"
    return caught.value.reason


def forged(header: Any, claims: Any = None, signature: bytes = b"") -> str:
    """A token put together by hand."""
    parts = [json.dumps(header), json.dumps({"exp": FAR} if claims is None else claims)]
    return ".".join([*(encode(part.encode()) for part in parts), encode(signature)])


@pytest.mark.parametrize("jose", [ED, HS, RS])
def test_a_good_token(jose: Any) -> None:
    """Of each kind, without a `kid` among several keys."""
    claims = read(token(jose, sub="ann", name="Ann ☕", rooms={"join": ["team-*"]}))
    assert (claims.sub, claims.name, claims.expires) == ("ann", "Ann ☕", FAR)
    assert claims.grants.may("join", "team-1")
    assert not claims.grants.may("publish", "team-1")


def test_ed25519_by_its_new_name() -> None:
    """RFC 9864."""
    header = encode(b'{"alg":"Ed25519"}')
    payload = encode(json.dumps({"exp": FAR}).encode())
    signature = ED.private_key.sign(f"{header}.{payload}".encode())
    assert read(f"{header}.{payload}.{encode(signature)}").expires == FAR


def test_several_keys_of_one_kind() -> None:
    """For rotation: each is tried, and a `kid` points at one."""
    keys = [key(OTHER_ED, kid="old"), key(ED, kid="new")]
    for text in (token(ED), token(OTHER_ED), token(ED, kid="new"), token(OTHER_ED, kid="old")):
        assert verify(text, keys, NOW)
    with pytest.raises(BadToken, match="signature is wrong"):
        verify(token(ED, kid="old"), keys, NOW)
    with pytest.raises(BadToken, match="does not have"):
        verify(token(ED, kid="gone"), keys, NOW)


def test_exactly_at_its_end_it_has_expired() -> None:
    """No leeway."""
    text = token(exp=NOW)
    assert read(text, NOW - 0.001)
    assert why(text, NOW) == "the token has expired"


def test_before_its_time() -> None:
    """`nbf` is honoured, and from that moment on it counts."""
    assert "nbf" in why(token(nbf=NOW + 1))
    assert read(token(nbf=NOW))


AUD = Terms(audiences=frozenset({"chat", "https://chat.example.org"}))
ISS = Terms(issuers=frozenset({"https://login.example.org", "b"}))


@pytest.mark.parametrize(
    ("terms", "claims", "reason"),
    [
        (Terms(), {}, None),
        (Terms(), {"aud": "chat"}, "for another audience"),
        (Terms(), {"aud": ["chat"]}, "for another audience"),
        (Terms(), {"aud": []}, "for another audience"),
        (Terms(), {"aud": ""}, "for another audience"),
        (Terms(), {"aud": None}, "aud is neither a string nor a list"),
        (AUD, {"aud": "chat"}, None),
        (AUD, {"aud": "https://chat.example.org"}, None),
        (AUD, {"aud": ["other", "chat"]}, None),
        (AUD, {"aud": "other"}, "for another audience"),
        (AUD, {"aud": "Chat"}, "for another audience"),
        (AUD, {"aud": "chatter"}, "for another audience"),
        (AUD, {"aud": ["other"]}, "for another audience"),
        (AUD, {"aud": []}, "for another audience"),
        (AUD, {}, "aud is missing"),
        (AUD, {"aud": 1}, "aud is neither a string nor a list"),
        (AUD, {"aud": ["chat", 1]}, "aud is neither a string nor a list"),
        (AUD, {"aud": [["chat"]]}, "aud is neither a string nor a list"),
        (AUD, {"aud": {"chat": 1}}, "aud is neither a string nor a list"),
        (Terms(), {"iss": "whoever"}, None),
        (Terms(), {"iss": 1}, None),
        (ISS, {"iss": "b"}, None),
        (ISS, {"iss": "https://login.example.org"}, None),
        (ISS, {"iss": "https://login.example.org/"}, "from another issuer"),
        (ISS, {"iss": ["b"]}, "from another issuer"),
        (ISS, {"iss": 1}, "from another issuer"),
        (ISS, {"iss": None}, "from another issuer"),
        (ISS, {}, "iss is missing"),
        (ISS, {"iss": "b", "aud": "b"}, "for another audience"),
    ],
)
def test_for_whom_and_from_whom(terms: Terms, claims: dict[str, Any], reason: str | None) -> None:
    """RFC 7519 sections 4.1.1 and 4.1.3: a token for others counts nowhere else."""
    text = token(**claims)
    if reason is None:
        assert verify(text, KEYS, NOW, terms)
        return
    with pytest.raises(BadToken, match=reason) as caught:
        verify(text, KEYS, NOW, terms)
    assert set(caught.value.reason) <= PRINTABLE


def test_clocks_may_differ_by_the_leeway() -> None:
    """Before `nbf` and after `exp`, to the second; a connection lasts as long as that."""
    terms = Terms(leeway=30)
    text = token(exp=NOW, nbf=NOW - 100)
    claims = verify(text, KEYS, NOW + 29.999, terms)
    assert claims.expires == NOW + 30
    assert verify(text, KEYS, NOW - 130, terms)
    for moment, reason in ((NOW + 30, "has expired"), (NOW - 130.001, "not valid yet")):
        with pytest.raises(BadToken, match=reason):
            verify(text, KEYS, moment, terms)


@pytest.mark.parametrize("alg", ["none", "None", "HS512", "RS512", "ES256", "", None, 1, ["HS256"]])
def test_other_algorithms(alg: Any) -> None:
    """`none` above all."""
    assert "the token's alg is none of" in why(forged({"alg": alg}))


def test_another_key() -> None:
    """Signed well, but by somebody else."""
    assert why(token(OTHER_ED)) == "the token's signature is wrong"


def test_a_public_key_is_no_secret() -> None:
    """HS256 over a public key's bytes, which a careless server takes."""
    for public in (RS.as_pem(private=False), ED.as_pem(private=False)):
        plain = forged({"alg": "HS256"}).rpartition(".")[0]
        signature = hmac.digest(public, plain.encode(), hashlib.sha256)
        text = f"{plain}.{encode(signature)}"
        assert why(text) == "the token's signature is wrong"
        with pytest.raises(BadToken, match="does not have"):
            verify(text, [key(RS), key(ED)], NOW)


def test_a_changed_claim() -> None:
    """Any bit of it."""
    header, payload, signature = token(sub="ann").split(".")
    other = encode(decode(payload).replace(b"ann", b"bob"))
    assert why(f"{header}.{other}.{signature}") == "the token's signature is wrong"


def test_a_key_that_comes_with_the_token() -> None:
    """A `jwk` or `jku` in the header is nobody's key."""
    header = {"alg": "EdDSA", "jwk": OTHER_ED.as_dict(private=False), "jku": "http://evil/"}
    plain = forged(header).rpartition(".")[0]
    signature = OTHER_ED.private_key.sign(plain.encode())
    assert why(f"{plain}.{encode(signature)}") == "the token's signature is wrong"


def test_a_critical_header_that_nobody_knows() -> None:
    """RFC 7515 section 4.1.11."""
    plain = forged({"alg": "EdDSA", "crit": ["x"], "x": 1}).rpartition(".")[0]
    signature = ED.private_key.sign(plain.encode())
    assert why(f"{plain}.{encode(signature)}") == "the token is malformed"


def test_an_unknown_header_is_ignored() -> None:
    """RFC 7515 section 4; issuers add their own."""
    plain = forged({"alg": "EdDSA", "x5t": "a", "own": {"a": "b" * 600}}).rpartition(".")[0]
    signature = ED.private_key.sign(plain.encode())
    assert read(f"{plain}.{encode(signature)}")


@pytest.mark.parametrize("text", ["", ".", "..", "...", "a.b.c", "é.a.b", "\ud800.a.b", "W10.a.b"])
def test_what_is_no_token(text: str) -> None:
    """One reason."""
    assert why(text).startswith("the token")


def test_a_huge_one() -> None:
    """Refused before anything is read, and a deep one as quickly."""
    assert why(token(sub="a", more="x" * MAX_TOKEN)) == f"the token is over {MAX_TOKEN} characters"
    assert why("a" * 10_000_000)
    assert why(encode(b"[" * 3_000) + ".a.b")


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"exp": ...}, "exp is missing"),
        ({"exp": None}, "exp is no time"),
        ({"exp": "4000000000"}, "exp is no time"),
        ({"exp": True}, "exp is no time"),
        ({"exp": -1}, "exp is no time"),
        ({"exp": 1e300}, "exp is no time"),
        ({"exp": 10**400}, "exp is no time"),
        ({"exp": float("nan")}, "claims cannot be read"),
        ({"exp": float("inf")}, "claims cannot be read"),
        ({"nbf": "x"}, "nbf is no time"),
        ({"sub": 1}, "sub is no string"),
        ({"sub": ""}, "sub is no string"),
        ({"sub": "a" * 201}, "sub is no string"),
        ({"sub": "a\nb"}, "sub has control"),
        ({"name": ["Ann"]}, "name is no string"),
        ({"name": "Ann\r\nSet-Cookie: a=b"}, "name has control"),
        ({"name": "Ann\u2028"}, "name has control"),
        ({"name": "\x00"}, "name has control"),
        ({"name": "\ud800"}, "name has control"),
        ({"rooms": []}, "rooms is no object"),
        ({"rooms": {"join": "*"}}, "rooms.join is no list"),
        ({"rooms": {"publish": [1]}}, "rooms.publish is no list"),
        ({"rooms": {"operate": None}}, "rooms.operate is no list"),
        ({"wamp": "x"}, "wamp is no object"),
        ({"wamp": {"call": "wamp."}}, "wamp.call is no list"),
    ],
)
def test_a_claim_of_another_shape(claims: dict[str, Any], reason: str) -> None:
    """The reason names it, although the signature is good."""
    assert reason in why(token(**claims))


def test_what_is_absent_is_not_granted() -> None:
    """Neither rooms nor WAMP."""
    grants = read(token(rooms=..., sub=...)).grants
    assert not grants.may("join", "a")
    assert not grants.may_operate()
    assert not grants.may_wamp("call", "x")


@given(st.text() | st.lists(st.binary(), min_size=3, max_size=3).map(
    lambda parts: ".".join(encode(part) for part in parts)
))  # fmt: skip
def test_any_text_is_no_token(text: str) -> None:
    """Whatever it is, it is refused, with a reason that a header can carry."""
    assert why(text)


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["exp", "nbf", "sub", "name", "rooms", "wamp", "join", "call"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=10,
)


@given(_JSON)
def test_any_signed_payload_counts_or_names_the_claim(payload: Any) -> None:
    """No payload ends in a traceback, and none without a finite end counts."""
    claims = payload if isinstance(payload, dict) else {"sub": payload}
    text = sign(claims, key(ED))
    try:
        found = read(text)
    except BadToken:
        assert why(text)
    else:
        assert found.expires is not None
        assert NOW < found.expires < 1 << 53


@given(st.binary(min_size=1))
def test_any_header_is_read_or_refused(header: bytes) -> None:
    """No header ends in a traceback."""
    with pytest.raises(BadToken):
        read(f"{encode(header)}.e30.AA")
