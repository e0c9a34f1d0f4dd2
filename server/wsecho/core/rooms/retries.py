# SPDX-License-Identifier: MIT
"""Retries that are safe: a publication under a key happens once, however often it is sent.

Within its time no key is forgotten, whatever becomes of its room and whatever others do: whoever
has used as many as one may has to wait.
"""

from hashlib import blake2b
from typing import Final

from attrs import define, field, frozen

from wsecho.core.wire.errors import BadRequest, OverLimit
from wsecho.core.wire.positions import Position

KEEP: Final = 300.0
"""Seconds that a key is remembered (`Idempotency-Key`, wire.md)."""

MAX_KEY_LENGTH: Final = 255


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


@define
class NotSaid(Receipt):
    """What a publisher gets to know of a message that an application dropped: where the room is."""


class TooManyKeysError(OverLimit):
    """Who publishes has used as many keys as one may within their time.

    Args:
        most: how many that are.
    """

    def __init__(self, most: int) -> None:
        super().__init__(
            f"you have used {most} idempotency keys within {KEEP:.0f} s: --max-keys allows no more"
        )


@frozen
class Keyed:
    """A key, and what makes it one's own.

    Attributes:
        key: as it was given.
        caller: whose it is; another's is another key.
        payer: among whose keys it counts, empty for nobody's.
        sent: what tells what was sent with it from another message, where something else is said
            in its place; None where it is said as it was sent.
    """

    key: str
    caller: str = ""
    payer: str = ""
    sent: bytes | None = None

    def name(self, room: str) -> bytes:
        """Return what it is remembered by: room, caller and key may be long."""
        parts = (room, self.caller, self.key)
        text = "".join(f"{len(part)} {part}" for part in parts)
        return blake2b(text.encode(), digest_size=16).digest()

    def digest(self, payload: bytes, *, is_binary: bool) -> bytes:
        """Return what tells a message from another that comes under the same key."""
        return digest(payload, is_binary=is_binary) if self.sent is None else self.sent


@define
class _Done:
    digest: bytes
    receipt: Receipt
    until: float
    payer: str


@define(eq=False)
class Retries:
    """The keys of all rooms, and what was published under them.

    Args:
        most: keys that one payer may have at a time, 0 for any number.
    """

    _most: int
    # In the order of their times.
    _done: dict[bytes, _Done] = field(factory=dict, init=False)
    _counts: dict[str, int] = field(factory=dict, init=False)

    def __len__(self) -> int:
        return len(self._done)

    def find(
        self, room: str, keyed: Keyed, payload: bytes, *, is_binary: bool, now: float
    ) -> Receipt | None:
        """Return the receipt of what was published under a key before, or None.

        Args:
            room: where.
            keyed: the key.
            payload: what is to be published now.
            is_binary: whether that is binary.
            now: the time in seconds.

        Raises:
            KeyReusedError: something else was published under it.
        """
        done = self._done.get(keyed.name(room))
        if done is None or done.until <= now:
            return None
        if done.digest != keyed.digest(payload, is_binary=is_binary):
            raise KeyReusedError
        return done.receipt

    def check(self, keyed: Keyed, now: float, count: int = 1) -> None:
        """See to it that so many more keys may be used.

        Raises:
            TooManyKeysError: they would be too many.
        """
        self.expire(now)
        if self._most and keyed.payer and self._counts.get(keyed.payer, 0) + count > self._most:
            raise TooManyKeysError(self._most)

    def remember(
        self,
        room: str,
        keyed: Keyed,
        payload: bytes,
        receipt: Receipt,
        *,
        is_binary: bool,
        now: float,
    ) -> None:
        """Note what was published under a key that is none of those that are remembered."""
        self.expire(now)
        known = keyed.digest(payload, is_binary=is_binary)
        self.keep(keyed.name(room), known, receipt, keyed.payer, now + KEEP)

    def keep(self, name: bytes, known: bytes, receipt: Receipt, payer: str, until: float) -> None:
        """Note what was published under a key, as it was written down elsewhere.

        Args:
            name: the key's, as `Keyed.name` makes it.
            known: the digest of what was said.
            receipt: what was told.
            payer: among whose keys it counts.
            until: seconds; no key that is kept before this one has a later end.
        """
        self._done[name] = _Done(known, receipt, until, payer)
        self._counts[payer] = self._counts.get(payer, 0) + 1

    def expire(self, now: float) -> None:
        """Forget the keys whose time is over."""
        while self._done:
            name = next(iter(self._done))
            done = self._done[name]
            if done.until > now:
                return
            del self._done[name]
            self._counts[done.payer] -= 1
            if not self._counts[done.payer]:
                del self._counts[done.payer]


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
