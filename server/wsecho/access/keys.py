# SPDX-License-Identifier: MIT
"""The keys that tokens are signed with: a PEM, a JWK or a JWK Set (RFC 7517)."""

import json
import warnings
from collections.abc import Iterable, Mapping
from typing import Any, Final

from attrs import frozen
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import Key as JoseKey
from joserfc.jwk import OctKey, OKPKey, RSAKey, import_key

ALGORITHMS: Final[Mapping[str, str]] = {
    "HS256": "oct",
    "EdDSA": "OKP",
    "Ed25519": "OKP",
    "RS256": "RSA",
}
"""The algorithms that a token may be signed by (RFC 7518, RFC 8037, RFC 9864), and their keys."""

_MIN_SECRET: Final = 32
_MIN_MODULUS: Final = 2048
_NAMES: Final = {"oct": ("HS256",), "OKP": ("EdDSA", "Ed25519"), "RSA": ("RS256",)}


class BadKeyError(ValueError):
    """What was read is no key that can be used here; the text says why, and shows none of it."""


@frozen
class Key:
    """One key.

    Attributes:
        kind: `oct`, `OKP` or `RSA`.
        jose: the key itself.
        kid: its name, where it has one.
    """

    kind: str
    jose: JoseKey
    kid: str | None = None

    @property
    def algorithm(self) -> str:
        """The algorithm to sign with."""
        return _NAMES[self.kind][0]

    @property
    def can_sign(self) -> bool:
        """Whether it is the private half, or a shared secret."""
        return self.kind == "oct" or self.jose.is_private

    @property
    def gives_away(self) -> bool:
        """Whether it could make tokens where its public half would do to verify them."""
        return self.kind != "oct" and self.jose.is_private

    def fits(self, algorithm: str, kid: str | None) -> bool:
        """Tell whether it may have signed a token with that header.

        A key without a name (a PEM has none) fits any `kid`.
        """
        names_agree = kid is None or self.kid is None or kid == self.kid
        return ALGORITHMS.get(algorithm) == self.kind and names_agree


def read_keys(data: bytes) -> tuple[Key, ...]:
    """Read all keys of a file.

    Args:
        data: a PEM (public, private or certificate), a JWK or a JWK Set. Of a set, keys that are
            for something else are left out.

    Raises:
        BadKeyError: there is none that can be used.
    """
    if b"-----BEGIN " in data:
        return (_checked(_read_pem(data)),)
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        raise BadKeyError("neither PEM nor JSON") from None
    if not isinstance(found, dict):
        raise BadKeyError("neither a JWK nor a JWK Set")
    if "keys" not in found:
        return (_read_jwk(found),)
    return _read_set(found["keys"])


def _read_set(members: Any) -> tuple[Key, ...]:
    if not isinstance(members, list) or not members:
        raise BadKeyError("the JWK Set has no keys")
    keys, complaints = [], []
    for member in members:
        try:
            keys.append(_read_jwk(member))
        except BadKeyError as error:
            # An issuer's set lists keys for encryption and for other algorithms too.
            complaints.append(str(error))
    if not keys:
        raise BadKeyError(f"the JWK Set has no key that can be used: {complaints[0]}")
    return tuple(keys)


def _read_jwk(jwk: Any) -> Key:
    if not isinstance(jwk, dict):
        raise BadKeyError("not a JWK")
    kind, kid = jwk.get("kty"), jwk.get("kid")
    if not isinstance(kind, str) or kind not in _NAMES:
        raise BadKeyError(f"its kty is {str(kind)[:20]!r}; give oct, OKP or RSA")
    if kid is not None and not isinstance(kid, str):
        raise BadKeyError("its kid is no string")
    if jwk.get("use", "sig") != "sig":
        raise BadKeyError("its use is not sig")
    if jwk.get("alg", _NAMES[kind][0]) not in _NAMES[kind]:
        raise BadKeyError(f"its alg is none of {', '.join(ALGORITHMS)}")
    # Whether it may sign or verify is said by what it is; joserfc would hold `alg` against the
    # other name of the same algorithm.
    plain = {name: value for name, value in jwk.items() if name not in {"alg", "use", "key_ops"}}
    return _checked(_imported(plain), kid)


def _read_pem(data: bytes) -> JoseKey:
    for kind in ("OKP", "RSA"):
        try:
            return _imported(data, kind)
        except BadKeyError:
            continue
    raise BadKeyError("the PEM has no Ed25519 or RSA key that is readable without a password")


def _imported(data: Any, kind: Any = None) -> JoseKey:
    try:
        with warnings.catch_warnings():
            # It warns of what is refused here.
            warnings.simplefilter("ignore", SecurityWarning)
            key: JoseKey = import_key(data, kind)
    # Whatever is wrong inside a key surfaces as one of these, from cryptography too.
    except (JoseError, ValueError, TypeError, KeyError, AttributeError, OverflowError):
        raise BadKeyError("the key is malformed") from None
    return key


def _checked(key: JoseKey, kid: str | None = None) -> Key:
    if isinstance(key, OctKey):
        if len(key.raw_value) < _MIN_SECRET:
            raise BadKeyError(f"an HS256 secret has at least {_MIN_SECRET} bytes")
        return Key("oct", key, kid)
    if isinstance(key, RSAKey):
        if key.public_key.key_size < _MIN_MODULUS:
            raise BadKeyError(f"an RSA key has at least {_MIN_MODULUS} bits")
        return Key("RSA", key, kid)
    if isinstance(key, OKPKey) and key.curve_name == "Ed25519":
        return Key("OKP", key, kid)
    raise BadKeyError("give an HS256 secret, an Ed25519 or an RSA key")


def fitting(keys: Iterable[Key], algorithm: str, kid: str | None) -> list[Key]:
    """List the keys that may have signed a token, those of its very name first."""
    found = [key for key in keys if key.fits(algorithm, kid)]
    return sorted(found, key=lambda key: kid is None or key.kid != kid)
