# SPDX-License-Identifier: MIT
"""What a token says: who, until when, and what it grants. The claims of RFC 7519, checked."""

import unicodedata
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Final, Self

from attrs import field, frozen

from wsecho.core.wire.errors import BadToken
from wsecho.core.wire.grants import Grants

MAX_NAME: Final = 200
"""The longest `sub` and `name`, in characters: others see them."""

_LATEST: Final = 1 << 53
# Controls, surrogates, ends of lines and of paragraphs.
_UNSEEN: Final = {"Cc", "Cs", "Zl", "Zp"}


@frozen
class Terms:
    """What a token must say beside who and until when.

    Attributes:
        audiences: the names that this server goes by in `aud`. With any, a token must have one of
            them; without, it may have no `aud`.
        issuers: whose tokens count, by `iss`; empty for whoever has the key.
        leeway: seconds by which the clocks of issuer and server may differ (RFC 7519 sections
            4.1.4 and 4.1.5).
    """

    audiences: AbstractSet[str] = frozenset()
    issuers: AbstractSet[str] = frozenset()
    leeway: float = 0.0

    def check(self, claims: Mapping[str, Any]) -> None:
        """Let a token count that is meant for this server, and from whom it trusts.

        Raises:
            BadToken: it is another's, or a claim has another shape; the reason names it.
        """
        self._check_audience(_audiences(claims))
        if not self.issuers:
            return
        if "iss" not in claims:
            raise BadToken("the token's claim iss is missing, and this server asks for it")
        # RFC 7519 section 2: such names are compared octet by octet.
        if not isinstance(claims["iss"], str) or claims["iss"] not in self.issuers:
            raise BadToken("the token is from another issuer (its claim iss)")

    def _check_audience(self, meant: AbstractSet[str] | None) -> None:
        if meant is None:
            if self.audiences:
                raise BadToken("the token's claim aud is missing, and this server asks for it")
        elif not meant & self.audiences:
            # RFC 7519 section 4.1.3: whoever does not find itself in it must refuse the token.
            raise BadToken("the token is for another audience (its claim aud)")


OF_ANYBODY: Final = Terms()
"""What holds where nothing else is said."""


@frozen
class Claims:
    """A token's claims.

    Attributes:
        grants: what it allows.
        sub: whom it is for, None where it does not say.
        name: a name for people, None where it does not say.
        expires: Unix seconds when it ends, any leeway included; None where it may last (WAMP-CRA).
        begins: Unix seconds when it begins, the same; None where it does not say.
        whole: all that it says, where anybody asks for that.
    """

    grants: Grants
    sub: str | None = None
    name: str | None = None
    expires: float | None = None
    begins: float | None = None
    whole: Mapping[str, Any] = field(factory=dict, eq=False, repr=False)

    @classmethod
    def read(
        cls, claims: Mapping[str, Any], *, may_last: bool = False, leeway: float = 0.0
    ) -> Self:
        """Read claims; whether it is the time for them, `check_time` says.

        Args:
            claims: as in the token.
            may_last: whether `exp` may be absent.
            leeway: seconds for which they count before and after their time.

        Raises:
            BadToken: one is missing or has another shape; the reason names it.
        """
        expires, begins = _time(claims, "exp"), _time(claims, "nbf")
        if expires is None and not may_last:
            raise BadToken("the token's claim exp is missing")
        return cls(
            Grants.of_claims(claims),
            _name(claims, "sub"),
            _name(claims, "name"),
            None if expires is None else expires + leeway,
            None if begins is None else begins - leeway,
            claims,
        )

    def check_time(self, now: float) -> None:
        """Let them count at a time, Unix seconds.

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


def _audiences(claims: Mapping[str, Any]) -> AbstractSet[str] | None:
    """Return for whom a token is; None where it does not say (RFC 7519 section 4.1.3)."""
    if "aud" not in claims:
        return None
    found = claims["aud"]
    names = found if isinstance(found, list) else [found]
    if not all(isinstance(name, str) for name in names):
        raise BadToken("the token's claim aud is neither a string nor a list of strings")
    return frozenset(names)


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
