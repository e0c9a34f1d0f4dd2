# SPDX-License-Identifier: MIT
"""What the machine wants done by whoever has the sockets."""

from typing import TypeAlias

from attrs import field, frozen

from wsecho.client.errors import Error
from wsecho.client.model import Position
from wsecho.client.protocol.outbox import Entry


@frozen
class AskToken:
    """Ask the token function; then `Machine.token` or `Machine.no_token`."""


@frozen
class Connect:
    """Open a WebSocket; then `connected`, or `disconnected` at any time.

    Attributes:
        token: what to show at the door, None for nothing.
        after: the place to resume after, None for none.
        history: how many messages to ask for, where `after` cannot be had too; None for none.
    """

    token: str | None = field(repr=False)
    after: Position | None
    history: int | None


@frozen
class Drop:
    """Give up the connection that there is; nothing is to be told of its end."""


@frozen
class Send:
    """Send a text frame.

    Attributes:
        frame: UTF-8.
    """

    frame: bytes = field(repr=False)


@frozen
class Post:
    """Say a message by HTTP; then `posted` or `not_posted`.

    Attributes:
        entry: what to say.
        token: what to show, None for nothing.
    """

    entry: Entry
    token: str | None = field(repr=False)


@frozen
class Ping:
    """Send a ping; a pong counts as `heard`."""


@frozen
class Settle:
    """Tell whoever asked for a message to be said what became of it.

    Attributes:
        entry: the message.
        outcome: where it stands, or why it was not said.
    """

    entry: Entry
    outcome: Position | Error


Action: TypeAlias = AskToken | Connect | Drop | Send | Post | Ping | Settle
