# SPDX-License-Identifier: MIT
"""A WebSocket that is opened only to say why it is closed.

A browser keeps a failed handshake's status from the page. To a page that may be here, 401 and 403
are told as an open WebSocket that is closed at once with 4401 or 4403.
"""

from typing import ClassVar

from attrs import define

from wsecho.core.wire.errors import Forbidden, Unauthorized, refusal_reason
from wsecho.doors.websocket.door import Connection, PlainDoor


@define(eq=False)
class Refusal(PlainDoor):
    """Closes what it opens.

    Args:
        error: why.
        subprotocol: one of those that the client offered: without one it would not open.
    """

    _error: Unauthorized | Forbidden
    subprotocol: str | None

    name: ClassVar = "refused"
    waits_for_reader: ClassVar = True

    def opened(self, connection: Connection) -> None:
        """Close with the code that stands for the status."""
        connection.close(refusal_reason(self._error))

    def received(self, payload: bytes, *, is_binary: bool) -> None:
        """Hear nothing."""
