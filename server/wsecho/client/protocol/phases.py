# SPDX-License-Identifier: MIT
"""How a client of a room stands.

What leads from one phase to the next::

    IDLE ─start─▶ ASKING ─token─▶ CONNECTING ─connected─▶ JOINING ─joined─▶ OPEN ◀─▶ HELD
                    ▲                  │ disconnected         │               │        │
                    └─────wake───── WAITING ◀─────────────────┴───────────────┴────────┘
                    └─────taken──── FULL: nothing is connected while too much is unread

HELD and FULL are those in which too much is unread: nothing is read from the connection, so that
the server's policy for slow readers applies, and what is said goes by POST. ENDED follows any.
"""

from enum import Enum, auto
from typing import Final


class Phase(Enum):
    """How the client stands."""

    IDLE = auto()
    ASKING = auto()
    CONNECTING = auto()
    JOINING = auto()
    OPEN = auto()
    HELD = auto()
    WAITING = auto()
    FULL = auto()
    ENDED = auto()


HAS_JOINED: Final = frozenset({Phase.OPEN, Phase.HELD})
TRYING: Final = frozenset({Phase.ASKING, Phase.CONNECTING})
HAS_SOCKET: Final = frozenset({Phase.CONNECTING, Phase.JOINING, Phase.OPEN, Phase.HELD})
UNREAD: Final = frozenset({Phase.HELD, Phase.FULL})
