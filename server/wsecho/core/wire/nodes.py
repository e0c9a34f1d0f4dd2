# SPDX-License-Identifier: MIT
"""Nodes: each process that serves is one. A session without a connection of its own names its node.

``NODE.SESSION`` is such a session's id where there are several, ``SESSION`` where there is one. The
second part alone is 128 random bits, which nobody guesses; the first is no secret.
"""

import re
from typing import Final

from attrs import frozen

_NODE: Final = r"[A-Za-z0-9_-]{1,64}"
_OWNED: Final = re.compile(rf"({_NODE})\.[A-Za-z0-9_-]+")
_ADDRESS: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):([0-9]{1,5})")
_LAST_PORT: Final = 65_535


@frozen
class NodeAddress:
    """Where other machines reach a node.

    Attributes:
        host: a name, or an IP address without brackets.
        port: its TCP port.
    """

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_address(text: str) -> NodeAddress:
    """Read `HOST:PORT`, or `[IPV6]:PORT`.

    Raises:
        ValueError: it is none.
    """
    match = _ADDRESS.fullmatch(text)
    if match is None or not 0 < int(match[2]) <= _LAST_PORT:
        raise ValueError("not an address: give HOST:PORT, such as 10.0.0.5:9000")
    return NodeAddress(match[1].strip("[]"), int(match[2]))


def session_id(node: str | None, secret: str) -> str:
    """Return a session's id.

    Args:
        node: where it lives; None where there is no other.
        secret: what nobody guesses.
    """
    return secret if node is None else f"{node}.{secret}"


def node_of(identifier: str) -> str | None:
    """Return the node that a session's id names, None where it names none."""
    match = _OWNED.fullmatch(identifier)
    return None if match is None else match[1]
