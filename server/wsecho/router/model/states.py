# SPDX-License-Identifier: MIT
"""The states of a session, the ways between them, and how it came to its end.

```
WAITING ──HELLO──▶ CHALLENGING ──AUTHENTICATE──▶ OPEN ──our GOODBYE──▶ CLOSING
   │ └──────────────────────────────────────────▲ │                      │
   ▼ ABORT               ▼ ABORT                  ▼ GOODBYE, ABORT, lost ▼ GOODBYE, time
   └─────────────────────┴────────── CLOSED ──────┴──────────────────────┘
```

They are those of the specification's "Session Statechart", seen from the router.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, Literal

from attrs import frozen


class SessionState(Enum):
    """Where a session stands."""

    WAITING = "waiting"  # for HELLO
    CHALLENGING = "challenging"  # for AUTHENTICATE
    OPEN = "open"
    CLOSING = "closing"  # our GOODBYE is out; the realm has been left
    CLOSED = "closed"


NEXT: Final = {
    SessionState.WAITING: {SessionState.CHALLENGING, SessionState.OPEN, SessionState.CLOSED},
    SessionState.CHALLENGING: {SessionState.CHALLENGING, SessionState.OPEN, SessionState.CLOSED},
    SessionState.OPEN: {SessionState.CLOSING, SessionState.CLOSED},
    SessionState.CLOSING: {SessionState.CLOSED},
    SessionState.CLOSED: set(),
}

# Who ended it. `violation` is the router over a peer that broke the protocol, `refusal` the router
# while the session was being opened, `fault` something of our own that failed.
By = Literal["router", "peer", "transport", "violation", "refusal", "fault"]


@frozen
class Ending:
    """How a session ended: what a door logs, and makes a close code of.

    Attributes:
        uri: the reason of the ABORT or GOODBYE, or `wamp.close.transport_lost`.
        message: one sentence, where there is one.
        by: who ended it.
    """

    uri: str
    message: str | None = None
    by: By = "router"
