# SPDX-License-Identifier: MIT
"""Whether a peer that is not read from has gone away, as the system knows it."""

import select
import socket
from typing import Any, Final

LOOK_EVERY: Final = 0.25
"""Seconds between two looks at a peer that is not read from."""

_FIN: Final = getattr(select, "POLLRDHUP", 0)


def hung_up(transport: Any) -> str | None:
    """Tell how the peer has ended a connection: `fin` or `reset`; None where it has not.

    What it has sent and nobody has read stands before its end, so reading would not find it
    (poll(2), POLLRDHUP; Linux).
    """
    while not isinstance(getattr(transport, "socket", None), socket.socket):
        beneath = getattr(transport, "transport", None)
        if beneath is None:
            return None
        transport = beneath
    descriptor = transport.socket.fileno()
    if descriptor < 0 or not _FIN:
        return None
    poll = select.poll()
    poll.register(descriptor, _FIN)
    events = dict(poll.poll(0)).get(descriptor, 0)
    # Alone, POLLHUP says that both halves are closed: in peace, as a Unix socket's peer does it.
    if events & select.POLLERR:
        return "reset"
    return "fin" if events else None
