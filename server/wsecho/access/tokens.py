# SPDX-License-Identifier: MIT
"""Tokens: JWTs (RFC 7519) in the compact form of RFC 7515, made and verified."""

import json
import warnings
from collections.abc import Iterable, Mapping
from typing import Any, Final, NoReturn

from joserfc.errors import BadSignatureError, JoseError, SecurityWarning
from joserfc.jws import JWSRegistry, deserialize_compact, serialize_compact

from wsecho.access.claims import OF_ANYBODY, Claims, Terms
from wsecho.access.keys import ALGORITHMS, Key, fitting
from wsecho.core.wire.base64url import decode
from wsecho.core.wire.errors import BadToken

MAX_TOKEN: Final = 8_192
"""The longest token, in characters: a head of a request has room for two."""

_NAMES: Final = list(ALGORITHMS)
_PARTS: Final = 3


def verify(token: str, keys: Iterable[Key], now: float, terms: Terms = OF_ANYBODY) -> Claims:
    """Check a token's signature, then read what it says.

    Args:
        token: as it was presented.
        keys: those that tokens may be signed with.
        now: Unix seconds.
        terms: what it must say.

    Raises:
        BadToken: it is none, or not valid here and now. The reason shows nothing of it.
    """
    if len(token) > MAX_TOKEN:
        raise BadToken(f"the token is over {MAX_TOKEN} characters")
    algorithm, kid = _read_header(token)
    candidates = fitting(keys, algorithm, kid)
    if not candidates:
        raise BadToken("the token is signed with a key that this server does not have")
    for key in candidates:
        payload = _payload(token, algorithm, key)
        if payload is not None:
            return _read_claims(payload, now, terms)
    raise BadToken("the token's signature is wrong")


def sign(claims: Mapping[str, Any], key: Key) -> str:
    """Make a token.

    Args:
        claims: what it says; nothing is checked.
        key: a private key, or a shared secret.
    """
    header = {"alg": key.algorithm, "typ": "JWT"}
    if key.kid is not None:
        header["kid"] = key.kid
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)
        return serialize_compact(
            header, json.dumps(dict(claims)), key.jose, registry=_registry(key.algorithm)
        )


def _read_claims(payload: bytes, now: float, terms: Terms) -> Claims:
    found = _json_object(payload, "claims")
    claims = Claims.read(found, leeway=terms.leeway)
    claims.check_time(now)
    terms.check(found)
    return claims


def _payload(token: str, algorithm: str, key: Key) -> bytes | None:
    """Return what a key signed; None where it did not sign this."""
    try:
        with warnings.catch_warnings():
            # It warns of EdDSA, which RFC 9864 only calls by another name.
            warnings.simplefilter("ignore", SecurityWarning)
            return deserialize_compact(token, key.jose, registry=_registry(algorithm)).payload
    except BadSignatureError:
        return None
    except (JoseError, ValueError, TypeError, RecursionError):
        raise BadToken("the token is malformed") from None


def _registry(algorithm: str) -> JWSRegistry:
    # RFC 7515 section 4: what is not understood, and not critical, is ignored.
    registry = JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    registry.max_header_length = MAX_TOKEN
    return registry


def _read_header(token: str) -> tuple[str, str | None]:
    parts = token.split(".")
    if len(parts) != _PARTS or not token.isascii():
        raise BadToken("the token is no JWT")
    try:
        header = _json_object(decode(parts[0]), "header")
    except ValueError:
        raise BadToken("the token is no JWT") from None
    algorithm, kid = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise BadToken(f"the token's alg is none of {', '.join(_NAMES)}")
    if kid is not None and not isinstance(kid, str):
        raise BadToken("the token's kid is no string")
    return algorithm, kid


def _json_object(octets: bytes, part: str) -> dict[str, Any]:
    try:
        found = json.loads(octets, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise BadToken(f"the token's {part} cannot be read as JSON") from None
    if not isinstance(found, dict):
        raise BadToken(f"the token's {part} is no JSON object")
    return found


def _no_constant(text: str) -> NoReturn:
    raise ValueError(text)
