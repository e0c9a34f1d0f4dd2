# SPDX-License-Identifier: MIT
"""What is here of a message that comes in fragments (RFC 6455 section 5.4), and its bounds.

Fragments can be as small as a peer likes, even empty, so that what is kept must not grow with their
number: their octets go behind one another into one buffer, and only so many of them are taken.
"""

from typing import Final

from attrs import define, field

from wsecho.core.wire.errors import CloseCode, CloseReason

MAX_FRAGMENTS: Final = 131_072
"""Fragments that one message may consist of."""


@define(eq=False)
class Gathering:
    """The fragments of one message.

    Args:
        is_binary: whether the message is binary.
        is_compressed: whether it is compressed.
        most: octets that all its frames may have.
    """

    is_binary: bool
    is_compressed: bool
    most: int
    payload: bytearray = field(factory=bytearray, init=False)
    """What is here: at most an eighth more than that is reserved."""
    _announced: int = field(default=0, init=False)
    _fragments: int = field(default=0, init=False)

    @property
    def is_text(self) -> bool:
        """Whether what comes is UTF-8."""
        return not (self.is_binary or self.is_compressed)

    def begin_frame(self, length: int) -> CloseReason | None:
        """Take note of a frame of so many octets; return why it is not taken, None where it is."""
        self._fragments += 1
        self._announced += length
        if self._announced > self.most:
            return CloseReason(
                CloseCode.MESSAGE_TOO_BIG,
                f"received WebSocket message size {self._announced} exceeds payload limit of "
                f"{self.most} octets",
            )
        if self._fragments > MAX_FRAGMENTS:
            return CloseReason(
                CloseCode.POLICY_VIOLATION,
                f"a message of more than {MAX_FRAGMENTS} fragments is not taken",
            )
        return None
