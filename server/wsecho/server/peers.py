# SPDX-License-Identifier: MIT
"""How a peer is named, in logs and where it is counted."""

import os
from typing import Any, Final

from attrs import frozen
from twisted.internet.address import UNIXAddress
from twisted.logger import Logger

from wsecho.core.wire.errors import WireError, without_quotes

_LOCAL: Final = "a local socket"


@frozen
class ToldPeer:
    """The address of a client that another node has told of.

    Attributes:
        name: what the other node calls it.
    """

    name: str


def describe_peer(address: Any) -> str:
    """Write an address as `host:port`, or a Unix socket's as such."""
    host, port = getattr(address, "host", None), getattr(address, "port", None)
    if host is None:
        name = getattr(address, "name", None)
        return str(os.fsdecode(name) if isinstance(name, bytes) else name or _LOCAL)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def peer_name(connection: Any) -> str:
    """Name whoever is at the other end of a transport or a request.

    What has a `getPeer` of its own is asked, not what it stands on: the PROXY protocol's wrapper
    is a transport too, and knows better. Of a Unix socket only that it is one is told: its name is
    the client's own choice, and could look like an address.
    """
    transport = connection if hasattr(connection, "getPeer") else connection.transport
    peer = transport.getPeer()
    return _LOCAL if isinstance(peer, UNIXAddress) else describe_peer(peer)


def log_refusal(log: Logger, peer: str, error: WireError) -> None:
    """Log that somebody is refused, in one line."""
    log.info(
        "refused {peer}: {status} {reason}",
        peer=peer,
        status=error.status,
        reason=without_quotes(error.reason),
    )
