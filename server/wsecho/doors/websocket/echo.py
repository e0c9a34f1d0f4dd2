# SPDX-License-Identifier: MIT
"""Echo: the same opcode and the same bytes back to the sender."""

from attrs import define, field

from wsecho.doors.websocket.door import Connection, PlainDoor


@define
class Echo(PlainDoor):
    """Answers each message with itself, or a text with a template.

    Args:
        subprotocol: the first that the client offered. A browser fails a connection whose
            offer is not taken up, and an echo speaks whatever it hears.
        template: what answers a text message; `{data}` in it stands for the text.
    """

    subprotocol: str | None
    _template: bytes | None
    _connection: Connection = field(init=False)

    name = "echo"
    waits_for_reader = True

    @property
    def echoes(self) -> bool:
        """Whether all that is done with a message is to send it back."""
        return self._template is None

    takes_views = echoes

    def opened(self, connection: Connection) -> None:
        """Remember whom to answer."""
        self._connection = connection

    def received(self, payload: bytes, *, is_binary: bool) -> None:
        """Answer one message."""
        if self._template is not None and not is_binary:
            payload = self._template.replace(b"{data}", payload)
        self._connection.send(payload, is_binary=is_binary)

    def received_all(self, messages: list[tuple[bytes, bool]]) -> None:
        """Answer messages that came at once, at once."""
        if self._template is None:
            self._connection.send_all(messages)
        else:
            super().received_all(messages)
