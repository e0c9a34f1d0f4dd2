# SPDX-License-Identifier: MIT
"""Retries that are safe: a publication under a key happens once, however often it is sent."""

from hashlib import blake2b
from typing import Final

from attrs import define, field, frozen

from wsecho.core.errors import BadRequest
from wsecho.core.positions import Position

KEEP: Final = 300.0
"""Seconds that a key is remembered (`Idempotency-Key`, wire.md)."""

MAX_KEY_LENGTH: Final = 255
_MOST_KEYS: Final = 10_000


class KeyReusedError(BadRequest):
    """A key came again with another message."""

    status = 422

    def __init__(self) -> None:
        super().__init__("the idempotency key was used for another message")


@define
class Receipt:
    """What a publisher gets to know of its message.

    Attributes:
        position: where it stands.
        publication: its WAMP publication id.
    """

    position: Position
    publication: int


@frozen
class _Done:
    digest: bytes
    receipt: Receipt
    until: float


@define(eq=False)
class Retries:
    """The keys of one room, and what was published under them."""

    _done: dict[tuple[str, str], _Done] = field(factory=dict, init=False)

    def __len__(self) -> int:
        return len(self._done)

    def find(
        self, caller: str, key: str, payload: bytes, *, is_binary: bool, now: float
    ) -> Receipt | None:
        """Return the receipt of what was published under a key before, or None.

        Args:
            caller: whose key it is; another's is another key.
            key: as given by the caller.
            payload: what is to be published now.
            is_binary: whether that is binary.
            now: the time in seconds.

        Raises:
            KeyReusedError: something else was published under it.
        """
        done = self._done.get((caller, key))
        if done is None or done.until <= now:
            return None
        if done.digest != digest(payload, is_binary=is_binary):
            raise KeyReusedError
        return done.receipt

    def remember(
        self,
        caller: str,
        key: str,
        payload: bytes,
        receipt: Receipt,
        *,
        is_binary: bool,
        now: float,
    ) -> None:
        """Note what was published under a key."""
        self.expire(now)
        known = _Done(digest(payload, is_binary=is_binary), receipt, now + KEEP)
        self._done[caller, key] = known
        if len(self._done) > _MOST_KEYS:
            del self._done[next(iter(self._done))]

    def expire(self, now: float) -> None:
        """Forget the keys whose time is over. They are kept in the order of their times."""
        while self._done:
            oldest = next(iter(self._done))
            if self._done[oldest].until > now:
                return
            del self._done[oldest]


def check_key(key: str) -> str:
    """Return a key where it is 1 to 255 visible ASCII characters.

    Raises:
        BadRequest: it is not.
    """
    if not 0 < len(key) <= MAX_KEY_LENGTH or not all("!" <= character <= "~" for character in key):
        raise BadRequest(f"an idempotency key is 1 to {MAX_KEY_LENGTH} visible ASCII characters")
    return key


def digest(payload: bytes, *, is_binary: bool) -> bytes:
    """Return what tells a message from another under the same key."""
    return blake2b(payload, digest_size=16, person=b"binary" if is_binary else b"text").digest()
