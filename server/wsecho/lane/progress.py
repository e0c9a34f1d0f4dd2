# SPDX-License-Identifier: MIT
"""How far a connection has come, as the system knows it: what arrived, and what the peer took.

Linux counts for each TCP connection what the peer has acknowledged, and tells the window that it
has left (`TCP_INFO`, tcp(7)). So nothing has to be counted with each read and write. Elsewhere, and
for a Unix socket, there is only how much waits (`TIOCOUTQ`): what waits less was taken.
"""

import socket
import struct
import sys
from contextlib import suppress
from typing import Any, Final

from wsecho.core.limits.progress import Progress

if sys.platform != "win32":
    from fcntl import ioctl
    from termios import TIOCOUTQ

_INFO: Final = struct.Struct("=120xQQ92xI")
"""Of `struct tcp_info`: tcpi_bytes_acked, tcpi_bytes_received, tcpi_snd_wnd (since Linux 5.4)."""

_COUNT: Final = bytes(struct.calcsize("i"))


def progress(transport: Any, queued: int) -> Progress:
    """See how far a connection has come.

    Args:
        transport: the connection's; under TLS, what is encrypted counts, which is a little more.
        queued: octets that wait for the transport.
    """
    transport = getattr(transport, "beneath", transport)
    sock = getattr(transport, "socket", None)
    waiting = queued + _held(transport)
    if not isinstance(sock, socket.socket) or sock.fileno() < 0:
        return Progress(taken=-waiting, waiting=waiting)
    waiting += _under_way(sock)
    return _told(sock, waiting) or Progress(taken=-waiting, waiting=waiting)


def _held(transport: Any) -> int:
    """Return the octets that wait within a transport: the lane's, or Twisted's own."""
    held: int | None = getattr(transport, "waiting", None)
    if held is not None:
        return held
    data = getattr(transport, "dataBuffer", b"")
    return len(data) - getattr(transport, "offset", 0) + int(getattr(transport, "_tempDataLen", 0))


def _under_way(sock: socket.socket) -> int:
    """Return the octets that the system has, and the peer has not acknowledged."""
    with suppress(OSError, NameError):
        return int.from_bytes(ioctl(sock.fileno(), TIOCOUTQ, _COUNT), sys.byteorder)
    return 0


def _told(sock: socket.socket, waiting: int) -> Progress | None:
    if sys.platform != "linux" or sock.family not in {socket.AF_INET, socket.AF_INET6}:
        return None
    try:
        told = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO.size)
        taken, received, window = _INFO.unpack(told)
    except (OSError, struct.error):
        return None
    # Some systems that are nearly Linux answer with nothing but zeros.
    return Progress(received, taken, window, waiting) if taken or received else None
