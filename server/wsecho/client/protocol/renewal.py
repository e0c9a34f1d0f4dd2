# SPDX-License-Identifier: MIT
"""When a token is to be asked for again: before it expires, or when it did not count."""

import json
import math
from typing import Final

from attrs import define, field

from wsecho.core.wire.base64url import decode

_SHARE: Final = 0.8
"""Of the time that a token has left, after which a fresh one is asked for."""

_PAUSE: Final = 5.0
"""Seconds between two times that it is asked for while the old one still counts, at least."""

MARGIN: Final = 5.0
"""Seconds that a token must have left to be shown at a door once more."""


def expiry_of(token: str) -> float | None:
    """Return when a JWT expires, in Unix seconds; None where it does not say, or is none.

    It is not verified: the server does that (RFC 7519 section 4.1.4).
    """
    try:
        expires = json.loads(decode(token.split(".")[1]))["exp"]
        return float(expires) if math.isfinite(expires) else None
    except (ValueError, TypeError, LookupError, OverflowError, RecursionError):
        return None


@define
class Renewal:
    """What is known of the token in use.

    Attributes:
        token: the token; None before there was one.
        renew_at: when a fresh one is to be asked for, None for never.
    """

    token: str | None = field(default=None, repr=False, init=False)
    renew_at: float | None = field(default=None, init=False)
    _ends: float | None = field(default=None, init=False)
    _rejections: int = field(default=0, init=False)

    def take(self, token: str, seconds: float | None, now: float) -> None:
        """Use a token.

        Args:
            token: the token.
            seconds: how long it has left, None where that is not known.
            now: the time.
        """
        is_new = token != self.token
        self.token = token
        self._ends = None if seconds is None else now + seconds
        if seconds is None or seconds <= 0:
            self.renew_at = None
        else:
            self.renew_at = now + (_SHARE * seconds if is_new else max(seconds / 2, _PAUSE))

    def is_good(self, now: float) -> bool:
        """Tell whether the token may be shown at a door without asking for another."""
        if self.token is None or self._rejections:
            return False
        return self._ends is not None and self._ends - now > MARGIN

    def rejected(self) -> int:
        """Count that it did not count, and return how often that was so in a row."""
        self.renew_at = None
        self._rejections += 1
        return self._rejections

    def accepted(self) -> None:
        """Note that it counted."""
        self._rejections = 0

    def failed(self, now: float) -> None:
        """Note that no fresh one could be had: it is asked for again soon."""
        self.renew_at = now + _PAUSE

    def stop(self) -> None:
        """Ask for no more: this server wants none."""
        self.renew_at = None
