# SPDX-License-Identifier: MIT
"""Messages that come in fragments, or are compressed: gathered in one piece, then inflated."""

from __future__ import annotations

from typing import Any, Final

from wsecho.core.websocket.compression import (
    Codec,
    InflatedTooLargeError,
    NotDeflatedError,
    longest_deflated,
)
from wsecho.core.websocket.frames import Opcode
from wsecho.core.websocket.gathering import Gathering
from wsecho.core.websocket.reading import is_utf8
from wsecho.core.wire.errors import CloseCode
from wsecho.doors.websocket.pinging import PingingProtocol

# Above are the opcodes of control frames (RFC 6455 section 5.2).
_LAST_OF_DATA: Final = 7
# As Autobahn tells the reserved bits: the first of three.
_RSV1: Final = 4


class GatheringProtocol(PingingProtocol):
    """Autobahn's protocol, whose data frames are gathered here.

    Autobahn keeps an object for each frame, and for each piece that it came in, and inflates what
    comes of an unfinished message: one that never ends cost many times its octets. Here it costs
    what came of it, however it came. What is compressed is inflated once all of it is here.
    """

    current_frame: Any
    # It is no attribute of each object until it differs: it mostly never does.
    _gathering: Gathering | None = None

    @property
    def most(self) -> int:
        """Octets of the longest message."""
        raise NotImplementedError

    @property
    def most_deflated(self) -> int:
        """Octets of the longest message while it is compressed; 0 where none may be."""
        return 0 if self._perMessageCompress is None else longest_deflated(self.most)

    def messages_received(self, messages: list[tuple[bytes, bool]]) -> None:
        """Take messages, each a payload and whether it is binary."""
        raise NotImplementedError

    def onFrameBegin(self) -> None:
        """Begin a message with its first frame; fail the connection where one is too much."""
        frame = self.current_frame
        # Autobahn goes on with a frame that has failed us, which can be anything.
        if self.failedByMe:
            return
        if frame.opcode > _LAST_OF_DATA:
            super().onFrameBegin()
            return
        gathering = self._gathering or self._begin_gathering(frame)
        why = gathering.begin_frame(frame.length)
        if why is not None:
            self._gathering = None
            self._fail_connection(int(why.code), why.reason)

    def onFrameData(self, payload: bytes) -> bool | None:
        """Gather what came of a frame; False where a text turns out to be none."""
        gathering = self._gathering
        if gathering is None or self.current_frame.opcode > _LAST_OF_DATA:
            return super().onFrameData(payload)
        if gathering.is_text:
            self.utf8validateLast = self.utf8validator.validate(payload)
            is_valid, _, _, index = self.utf8validateLast
            if not is_valid:
                self._gathering = None
                self._invalid_payload(
                    "encountered invalid UTF-8 while processing text message at payload octet "
                    f"index {index}"
                )
                return False
        gathering.payload += payload
        return None

    def onFrameEnd(self) -> bool | None:
        """End a message with its last frame; False where it turns out to be none."""
        gathering = self._gathering
        if gathering is None or self.current_frame.opcode > _LAST_OF_DATA:
            return super().onFrameEnd()
        is_last, self.current_frame = self.current_frame.fin, None
        if is_last:
            self.inside_message = False
            self._gathering = None
            return self._end_message(gathering)
        return None

    def compressed_came(self, deflated: bytes | bytearray | memoryview, *, is_binary: bool) -> None:
        """Inflate a message, all of which is here, and hand it on; or fail the connection."""
        codec: Codec = self._perMessageCompress
        try:
            payload = codec.inflate(deflated, self.most)
        except InflatedTooLargeError:
            self._fail_connection(
                int(CloseCode.MESSAGE_TOO_BIG),
                f"received WebSocket message exceeds payload limit of {self.most} octets after "
                "decompression",
            )
        except NotDeflatedError as error:
            self._invalid_payload(f"received WebSocket message cannot be decompressed: {error}")
        else:
            if is_binary or is_utf8(payload):
                self.messages_received([(payload, is_binary)])
            else:
                self._invalid_payload("encountered invalid UTF-8 in a compressed text message")

    def _begin_gathering(self, frame: Any) -> Gathering:
        is_compressed = frame.rsv == _RSV1
        most = self.most_deflated if is_compressed else self.most
        is_binary = frame.opcode == Opcode.BINARY
        self.inside_message = True
        self._gathering = gathering = Gathering(is_binary, is_compressed, most)
        if gathering.is_text:
            self.utf8validator.reset()
        return gathering

    def _end_message(self, gathering: Gathering) -> bool:
        if gathering.is_text and not self.utf8validateLast[1]:
            self._invalid_payload(
                "UTF-8 text message payload ended within Unicode code point at payload octet "
                f"index {self.utf8validateLast[3]}"
            )
            return False
        if gathering.is_compressed:
            self.compressed_came(gathering.payload, is_binary=gathering.is_binary)
        else:
            self.messages_received([(bytes(gathering.payload), gathering.is_binary)])
        return True
