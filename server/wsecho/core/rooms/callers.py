# SPDX-License-Identifier: MIT
"""Who is at the other end: an address, a token's claims, the name of a member."""

import re
from collections.abc import Mapping
from hashlib import sha256
from types import MappingProxyType
from typing import Any, Final

from attrs import field, frozen

from wsecho.core.limits.admissions import address_key
from wsecho.core.rooms.authors import Author
from wsecho.core.rooms.retries import Keyed
from wsecho.core.wire.base64url import encode
from wsecho.core.wire.errors import BadRequest
from wsecho.core.wire.grants import EVERYTHING, Grants

_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{16,64}", re.ASCII)
_ID_BYTES: Final = 12
_NO_CLAIMS: Final[Mapping[str, Any]] = MappingProxyType({})


@frozen
class Caller:
    """Whoever opened a connection or sent a request.

    Attributes:
        address: the client's address, as logs and limits know it.
        grants: what it may do.
        sub: the token's subject, None without one.
        name: the token's name for people, None without one.
        expires: Unix seconds when the token ends, None where there is none.
        secret: what the client named itself by (`?member=`), None where it did not.
        claims: the token's, where anybody asks for them.
        is_vouched_for: whether an application said who it is, which no token changes.
    """

    address: str
    grants: Grants = EVERYTHING
    sub: str | None = None
    name: str | None = None
    expires: float | None = None
    secret: str | None = None
    claims: Mapping[str, Any] = field(default=_NO_CLAIMS, eq=False, repr=False)
    is_vouched_for: bool = False

    @property
    def retries_as(self) -> str:
        """Whose idempotency keys its are: its subject's, else everybody's without one."""
        return self.sub or ""

    def keyed(self, key: str | None) -> Keyed | None:
        """Return an idempotency key as this caller's, None where there is none.

        Whoever has no subject shares its keys with all who have none, for one comes back from
        another address; but each address answers for those that it used.
        """
        if key is None:
            return None
        payer = f"sub {self.sub}" if self.sub else f"address {address_key(self.address)}"
        return Keyed(key, self.retries_as, payer)

    def member_id(self) -> str | None:
        """Return the id that others see of one that is named; None for one that is not."""
        if self.secret is None:
            return None
        # Hashed, so that nobody who sees the id can take the member's place.
        return _hashed(f"wsecho.member\0{self.sub or ''}\0{self.secret}")

    def author(self, member: str | None = None) -> Author | None:
        """Return who says what it publishes; None where nobody is known.

        Args:
            member: its id in the room, None where it is not there.
        """
        identifier = member or self.member_id()
        if identifier is None and self.sub is not None:
            identifier = _hashed(f"wsecho.subject\0{self.sub}")
        return None if identifier is None else Author(identifier, self.name)


def _hashed(text: str) -> str:
    return encode(sha256(text.encode()).digest()[:_ID_BYTES])


def check_secret(secret: str | None) -> str | None:
    """Return the secret that a client names itself by, where it is one or not given.

    Raises:
        BadRequest: it is too short to be one, or has other characters.
    """
    if secret is not None and not _SECRET.fullmatch(secret):
        raise BadRequest("member is 16 to 64 characters of A-Z a-z 0-9 _ -")
    return secret
