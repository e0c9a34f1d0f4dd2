# SPDX-License-Identifier: MIT
"""What a peer sends, read: whole messages here, all else by Autobahn's states."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wsecho.core.websocket.large import Buffers, LargeMessage
from wsecho.core.websocket.reading import is_utf8, read_head
from wsecho.doors.websocket.gathering import GatheringProtocol
from wsecho.lane.octets import apply_mask
from wsecho.lane.speedups import read_messages, unmask_in_place, unmask_text

if TYPE_CHECKING:
    from wsecho.doors.websocket.opened import Agreed
    from wsecho.lane.transport import LaneTransport


class ReadingProtocol(GatheringProtocol):
    """Autobahn's protocol, which is given only what is no whole message.

    Nearly all frames are whole messages, which need none of its states: these are read here, and
    come to `messages_received`. The first that is none, and all behind it up to where Autobahn
    is between two messages again, goes through Autobahn's states, frame by frame.
    """

    transport: Any
    # These are no attributes of each object until they differ: most never do.
    _lane: LaneTransport | None = None
    _large: LargeMessage | None = None
    _is_between = False
    _has_no_text = False

    @property
    def buffers(self) -> Buffers:
        """Where large messages go."""
        raise NotImplementedError

    def large_received(self, payload: memoryview, *, is_binary: bool) -> None:
        """Take a message that came in pieces; without a view of it, its memory is used again."""
        raise NotImplementedError

    def begin(self, agreed: Agreed) -> None:
        """Open, and read from then on."""
        super().begin(agreed)
        self._is_between = self._autobahn_is_between()
        self._expect_messages()

    def dataReceived(self, data: bytes) -> None:
        """Read what came, unless this connection failed: then only the peer's end is awaited."""
        self.is_heard()
        if self._large is not None:
            taken, is_valid = self._large.fill(data)
            self.large_filled(is_valid=is_valid)
            data = data[taken:]
        if data and self._is_between:
            data = self._read(data)
        if data:
            self._leave_to_autobahn(data)

    def large_filled(self, *, is_valid: bool) -> None:
        """Take note that more of the large message is here, and whether it can be one yet."""
        self.is_heard()
        large = self._large
        assert large is not None  # noqa: S101  # who has none gives no place
        if not is_valid:
            self._large = None
            self._has_no_text = True
            # It fails the connection, and says where in the message the text ends.
            self._leave_to_autobahn(large.head.octets + large.as_it_came())
        elif large.is_whole:
            self._large = None
            self._expect_messages()
            self._end_large(large)

    def processData(self) -> bool:
        """Read one frame more, unless this connection failed.

        Autobahn would read on, and what follows a broken frame is mostly broken too; its second
        complaint cuts the connection before the peer could read the first.
        """
        if self.failedByMe:
            return False
        # What is no text is Autobahn's to refuse, who comes through here with it.
        if self.data and not self._has_no_text and self._autobahn_is_between():
            self._is_between = True
            # It may fail, and then comes through here, before all of this was read.
            data, self.data = self.data, b""
            self.data = self._read(data)
            if not self.data:
                return False
        return not self.failedByMe and super().processData()

    def _read(self, data: bytes) -> bytes:
        """Read the whole messages at the beginning; return what is left to Autobahn."""
        if self._perMessageCompress is None:
            messages, taken = read_messages(data, self.most)
            if messages:
                self.messages_received(messages)
        else:
            taken = self._read_maybe_compressed(data)
        if taken == len(data):
            return b""
        rest = data[taken:]
        return b"" if self._is_between and self._begin_large(rest) else rest

    def _read_maybe_compressed(self, data: bytes) -> int:
        taken, most, most_deflated = 0, self.most, self.most_deflated
        while self._is_between:
            head = read_head(data, most, start=taken, most_deflated=most_deflated)
            if head is None or taken + head.size + head.length > len(data):
                break
            begin = taken + head.size
            payload = apply_mask(data[begin : begin + head.length], head.key)
            if not (head.is_compressed or head.is_binary or is_utf8(payload)):
                break
            taken = begin + head.length
            if head.is_compressed:
                self.compressed_came(payload, is_binary=head.is_binary)
            else:
                self.messages_received([(payload, head.is_binary)])
        return taken

    def _begin_large(self, data: bytes) -> bool:
        head = read_head(data, self.most, most_deflated=self.most_deflated)
        # One that is all here was left over because Autobahn is to refuse it.
        if head is None or head.size + head.length <= len(data):
            return False
        place = self.buffers.take(head.length)
        self._large = large = LargeMessage(head, place, unmask_in_place, unmask_text)
        self._expect_messages()
        if head.size < len(data):
            _, is_valid = large.fill(data[head.size :])
            self.large_filled(is_valid=is_valid)
        if self._large is not None and self._lane is not None:
            self._lane.read_into(large)
        return True

    def _end_large(self, large: LargeMessage) -> None:
        head = large.head
        if head.is_compressed:
            self.compressed_came(large.payload, is_binary=head.is_binary)
        else:
            self.large_received(large.payload, is_binary=head.is_binary)

    def _leave_to_autobahn(self, data: bytes) -> None:
        if not self.failedByMe:
            self._dataReceived(data)
            self._is_between = not self.data and self._autobahn_is_between()
            self._expect_messages()

    def _autobahn_is_between(self) -> bool:
        return (
            self.current_frame is None
            and not self.inside_message
            and self.state == self.STATE_OPEN
            and not self.failedByMe
        )

    def _expect_messages(self) -> None:
        """Have the lane read whole messages itself where that is what may come."""
        if self._lane is not None:
            is_plain = self._is_between and self._large is None and not self._perMessageCompress
            self._lane.messages_up_to = self.most if is_plain else 0
