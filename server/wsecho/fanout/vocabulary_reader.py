# SPDX-License-Identifier: MIT
"""A reader that is told all in frames of `wsecho.v1`, whatever carries them."""

from abc import abstractmethod

from wsecho.core.rooms.history import Message, Start
from wsecho.core.rooms.hub import Joined
from wsecho.core.rooms.presence import Change
from wsecho.core.rooms.vocabulary import (
    write_joined,
    write_message,
    write_presence,
    write_skipped,
)
from wsecho.core.wire.positions import Position
from wsecho.fanout.membership import RoomMember
from wsecho.fanout.reader import Reader
from wsecho.fanout.reader_spec import ReaderSpec


class VocabularyReader(Reader):
    """One connection that is a member of one room, and told so.

    Args:
        spec: its place in the room.
    """

    _member_id: str

    def __init__(self, spec: ReaderSpec) -> None:
        super().__init__(spec)
        self._max_message_size = spec.max_message_size

    @abstractmethod
    def carry(self, frame: bytes, kind: str, position: Position | None = None) -> bytes:
        """Write a frame, which is no message, for what carries it.

        Args:
            frame: as JSON.
            kind: its type.
            position: where a reader goes on that got it; None where it says nothing of that.
        """

    def first_frame(self, joined: Joined[RoomMember], begin: Start) -> bytes:
        """Write the first frame, which tells the reader who it is and where it begins."""
        self._member_id = joined.card.id
        is_told = self.wants_presence and joined.room.rule.has_presence
        members = self._rooms.members(self.room) if is_told else None
        return write_joined(
            *(self.room, self._member_id, begin.position, self._max_message_size),
            recovered=begin.recovered,
            members=members,
        )

    def encode_gap(self, epoch: str, after: int, upto: int) -> bytes:
        """Write `skipped`."""
        return self.carry(write_skipped(epoch, after, upto), "skipped", Position(epoch, upto))

    def encode_renewal(self, position: Position) -> bytes:
        """Write `joined`, once more."""
        frame = write_joined(
            *(self.room, self._member_id, position, self._max_message_size), recovered=False
        )
        return self.carry(frame, "joined", position)

    def encode_change(self, change: Change) -> bytes:
        """Write `presence`."""
        return self.carry(write_presence(change), "presence")

    def history_lost(self, upto: int) -> bool:
        """Tell what is gone, and go on behind it."""
        assert self._replayed is not None  # noqa: S101  # it was replaying
        return self.offer(self.encode_gap(self._epoch, self._replayed, upto))


def shared_json(message: Message) -> bytes:
    """Return a message's frame as JSON, written once for all carriers while it goes round."""
    forms = message.forms
    if forms is None:
        return write_message(message)
    frame: bytes | None = forms.get("json")
    if frame is None:
        frame = forms["json"] = write_message(message)
    return frame
