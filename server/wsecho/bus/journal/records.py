# SPDX-License-Identifier: MIT
"""What stands in the file, as it is written and as it is read again."""

from attrs import define, field, frozen

from wsecho.core.rooms.authors import Author


@frozen
class StoredMessage:
    """One message of a room.

    Attributes:
        offset: where it stands in the room.
        payload: what was said; UTF-8 where it is text.
        is_binary: whether it is binary.
        time: Unix time in seconds, as everybody is shown it.
        publication: its WAMP publication id.
        author: who said it, None where nobody is known.
    """

    offset: int
    payload: bytes
    is_binary: bool
    time: float
    publication: int
    author: Author | None


@frozen
class StoredRoom:
    """One room.

    Attributes:
        number: stands for its name in the file.
        name: the room's.
        epoch: the word in all of its positions.
        head: the offset of its last message.
        time: the last message's, Unix seconds; 0 without one.
        used: Unix time in seconds of the last thing that was written of it.
        messages: what it remembers, in order, without a gap up to `head`.
    """

    number: int
    name: str
    epoch: str
    head: int
    time: float
    used: float
    messages: list[StoredMessage] = field(factory=list)


@frozen
class StoredKey:
    """An idempotency key.

    Attributes:
        name: what it is remembered by, as `Keyed.name` makes it.
        digest: tells what was said from anything else.
        epoch: of the position that was told.
        offset: likewise.
        publication: the WAMP publication id that was told.
        until: Unix time in seconds when it may be forgotten.
        payer: among whose keys it counts.
    """

    name: bytes
    digest: bytes
    epoch: str
    offset: int
    publication: int
    until: float
    payer: str


@frozen
class Contents:
    """All that a file holds.

    Attributes:
        rooms: in the order of their numbers.
        keys: in the order of their times.
        kept: what is kept of each subject, by name.
        is_doubtful: whether something of it may be lost that others have seen: then positions
            under the old epochs must not go on.
    """

    rooms: list[StoredRoom]
    keys: list[StoredKey]
    kept: dict[str, dict[str, bytes]]
    is_doubtful: bool


@define(eq=False)
class Transaction:
    """What is written in one step: all of it, or nothing.

    Attributes:
        rooms: new ones, or ones that begin a new epoch.
        messages: by the room's number, in order.
        heads: by the room's number: the offset and the time of its last message.
        keys: that were used.
        kept: subject, name and payload; None in its place drops it. In their order.
        now: Unix time in seconds.
    """

    rooms: list[StoredRoom] = field(factory=list)
    messages: list[tuple[int, StoredMessage]] = field(factory=list)
    heads: dict[int, tuple[int, float]] = field(factory=dict)
    keys: list[StoredKey] = field(factory=list)
    kept: list[tuple[str, str, bytes | None]] = field(factory=list)
    now: float = 0.0

    def __bool__(self) -> bool:
        return any((self.rooms, self.messages, self.keys, self.kept))
