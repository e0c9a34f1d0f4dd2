# SPDX-License-Identifier: MIT
"""Keys and tokens for the tests."""

import functools
import json
from pathlib import Path
from typing import Any, Final

from joserfc.jwk import OctKey, OKPKey, RSAKey

from wsecho.access.keys import Key, read_keys
from wsecho.access.tokens import sign

NOW: Final = 1_700_000_000.0
FAR: Final = 4_000_000_000

HS: Final[Any] = OctKey.generate_key(256, auto_kid=False)
ED: Final[Any] = OKPKey.generate_key("Ed25519", auto_kid=False)
OTHER_ED: Final[Any] = OKPKey.generate_key("Ed25519", auto_kid=False)
RS: Final[Any] = RSAKey.generate_key(2048, auto_kid=False)


def jwk(jose: Any, *, private: bool = False, **members: Any) -> dict[str, Any]:
    """A key as JWK."""
    is_private = private or jose.key_type == "oct"
    return {**jose.as_dict(private=is_private), **members}


def key(jose: Any, **members: Any) -> Key:
    """A key that signs."""
    return _read(json.dumps(jwk(jose, private=True, **members)).encode())


@functools.cache
def _read(data: bytes) -> Key:
    # OpenSSL checks an RSA key's primes, which takes as long as a hundred tests.
    [found] = read_keys(data)
    return found


def token(jose: Any = ED, *, kid: str | None = None, **claims: Any) -> str:
    """A token; `rooms` is everything unless it is given."""
    signer = key(jose, **({} if kid is None else {"kid": kid}))
    everything = {"join": ["*"], "publish": ["*"]}
    given = {"exp": FAR, "rooms": everything, **claims}
    return sign({name: value for name, value in given.items() if value is not ...}, signer)


def key_file(folder: Path, *keys: Any, name: str = "key.json") -> Path:
    """A JWK Set with the public halves."""
    path = folder / name
    path.write_text(json.dumps({"keys": [jwk(each) for each in keys or (ED,)]}))
    return path
