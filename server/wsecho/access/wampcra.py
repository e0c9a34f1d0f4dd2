# SPDX-License-Identifier: MIT
"""WAMP-CRA's secrets ("Challenge Response Authentication"): a TOML file of who may log in.

::

    [ann]
    secret = "at least sixteen characters"
    name = "Ann"
    rooms = { join = ["team-*"], publish = ["team-*"] }
"""

import hmac
import tomllib
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Final

from attrs import field, frozen

from wsecho.access.claims import Claims
from wsecho.core.wire.errors import BadToken

_MIN_SECRET: Final = 16


@frozen
class Login:
    """One who may log in.

    Attributes:
        secret: what both sides know.
        claims: as a token's; `sub` is the authid, and `exp` may be absent.
    """

    secret: str = field(repr=False)
    claims: Claims


Logins = Mapping[str, Login]
"""Who may log in, by authid."""


def read_logins(data: bytes) -> Logins:
    """Read the file.

    Raises:
        ValueError: it is no TOML, or a table in it cannot be used; the text says which.
    """
    try:
        tables = tomllib.loads(data.decode())
    except ValueError as error:
        raise ValueError(f"not TOML: {error}") from None
    return {authid: _read_login(authid, table) for authid, table in tables.items()}


def sign_challenge(secret: str, challenge: str) -> bytes:
    """Return what answers a challenge: HMAC-SHA256 of it, in base64."""
    return b64encode(hmac.digest(secret.encode(), challenge.encode(), "sha256"))


def _read_login(authid: str, table: Any) -> Login:
    if not isinstance(table, dict):
        raise ValueError(f"{authid} is no table")  # noqa: TRY004  # a complaint like the others
    secret = table.get("secret")
    if not isinstance(secret, str) or len(secret) < _MIN_SECRET:
        raise ValueError(f"the secret of {authid} is no string of {_MIN_SECRET} characters or more")
    if table.get("sub", authid) != authid:
        raise ValueError(f"the sub of {authid} is another's")
    try:
        claims = Claims.read({**table, "sub": authid}, may_last=True)
    except BadToken as error:
        raise ValueError(f"{authid}: {error.reason}") from None
    return Login(secret, claims)
