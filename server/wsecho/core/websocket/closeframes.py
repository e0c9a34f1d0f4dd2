# SPDX-License-Identifier: MIT
"""Reading a client's Close frame (RFC 6455 section 5.5.1) that stands whole."""

from typing import Final

from attrs import frozen

from wsecho.core.websocket.reading import Unmask

_CLOSE: Final = 0x88  # final, without reserved bits
_MASKED: Final = 0x80
_HEADER: Final = 6
_LONGEST: Final = 125
_CODE: Final = 2


@frozen
class CloseFrame:
    """What a Close frame says.

    Attributes:
        code: None where it says nothing.
        reason: not checked for being UTF-8; None where there is none.
        length: octets of the whole frame.
    """

    code: int | None
    reason: bytes | None
    length: int


def read_close(data: bytes, unmask: Unmask) -> CloseFrame | None:
    """Read a Close frame at the beginning of what a client sent, outside of any other frame.

    Args:
        data: octets from a frame's beginning on.
        unmask: how to unmask.

    Returns:
        None for anything else, be it not whole, or against the protocol: a full implementation of
        the protocol goes on there.
    """
    if len(data) < _HEADER or data[0] != _CLOSE:
        return None
    length = data[1] - _MASKED
    end = _HEADER + length
    # A code has two octets: one alone is an error.
    if not 0 <= length <= _LONGEST or length == 1 or end > len(data):
        return None
    payload = unmask(data[_HEADER:end], data[_HEADER - 4 : _HEADER])
    if not payload:
        return CloseFrame(None, None, end)
    return CloseFrame(int.from_bytes(payload[:_CODE]), payload[_CODE:] or None, end)
