# SPDX-License-Identifier: MIT
"""What a token says: who, until when, and what it grants. The claims of RFC 7519, checked."""

import unicodedata
from collections.abc import Mapping
from typing import Any, Final, Self

from attrs import frozen

from wsecho.core.errors import BadToken
from wsecho.core.grants import Grants

MAX_NAME: Final = 200
"""The longest `sub` and `name`, in characters: others see them."""

_LATEST: Final = 1 << 53
# Controls, surrogates, ends of lines and of paragraphs.
_UNSEEN: Final = {"Cc", "Cs", "Zl", "Zp"}


@frozen
class Claims:
    """A token's claims.

    Attributes:
        grants: what it allows.
        sub: whom it is for, None where it does not say.
        name: a name for people, None where it does not say.
        expires: Unix seconds when it ends; None where it may last (WAMP-CRA).
        begins: Unix seconds when it begins, None where it does not say.
    """

    grants: Grants
    sub: str | None = None
    name: str | None = None
    expires: float | None = None
    begins: float | None = None

    @classmethod
    def read(cls, claims: Mapping[str, Any], *, may_last: bool = False) -> Self:
        """Read claims; whether it is the time for them, `check_time` says.

        Args:
            claims: as in the token.
            may_last: whether `exp` may be absent.

        Raises:
            BadToken: one is missing or has another shape; the reason names it.
        """
        expires = _time(claims, "exp")
        if expires is None and not may_last:
            raise BadToken("the token's claim exp is missing")
        return cls(
            Grants.of_claims(claims),
            _name(claims, "sub"),
            _name(claims, "name"),
            expires,
            _time(claims, "nbf"),
        )

    def check_time(self, now: float) -> None:
        """Let them count at a time, Unix seconds; there is no leeway.

        Raises:
            BadToken: it is too late, or too early.
        """
        # RFC 7519 section 4.1.4: not accepted on or after that moment.
        if self.expires is not None and now >= self.expires:
            raise BadToken("the token has expired")
        if self.begins is not None and now < self.begins:
            raise BadToken("the token is not valid yet (its claim nbf)")


def _time(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None and name not in claims:
        return None
    # NaN fails the comparison, as it should.
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < _LATEST:
        raise BadToken(f"the token's claim {name} is no time in Unix seconds")
    return float(value)


def _name(claims: Mapping[str, Any], claim: str) -> str | None:
    value = claims.get(claim)
    if value is None:
        return None
    if not isinstance(value, str) or not 0 < len(value) <= MAX_NAME:
        raise BadToken(f"the token's claim {claim} is no string of 1 to {MAX_NAME} characters")
    # They go to others, and into logs: no line may be begun.
    if any(unicodedata.category(character) in _UNSEEN for character in value):
        raise BadToken(f"the token's claim {claim} has control characters")
    return value
