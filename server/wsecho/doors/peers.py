# SPDX-License-Identifier: MIT
"""How a peer is named in logs."""

from typing import Any


def describe(address: Any) -> str:
    """Write an address as `host:port`, or a Unix socket's as such."""
    host, port = getattr(address, "host", None), getattr(address, "port", None)
    if host is None:
        name = getattr(address, "name", None)
        return str(name.decode() if isinstance(name, bytes) else name or "a local socket")
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def peer_name(connection: Any) -> str:
    """Name whoever is at the other end of a transport or a request.

    What has a `getPeer` of its own is asked, not what it stands on: the PROXY protocol's wrapper
    is a transport too, and knows better.
    """
    transport = connection if hasattr(connection, "getPeer") else connection.transport
    return describe(transport.getPeer())
