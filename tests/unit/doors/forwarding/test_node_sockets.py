# SPDX-License-Identifier: MIT
"""A node is a neighbour where its socket is."""

import os
import socket
from pathlib import Path

from wsecho.doors.forwarding.node_sockets import NodeSockets


def test_a_socket_is_a_neighbour_and_nothing_else_is(tmp_path: Path) -> None:
    """A file of that name, or a link to nowhere, is nobody."""
    sockets = NodeSockets(tmp_path)
    (tmp_path / "file.sock").touch()
    (tmp_path / "link.sock").symlink_to("gone")
    old = Path.cwd()
    with socket.socket(socket.AF_UNIX) as listening:
        # A socket's path may be no longer than 107 octets.
        os.chdir(tmp_path)
        try:
            listening.bind("here.sock")
        finally:
            os.chdir(old)
        assert [node for node in ("here", "file", "link", "gone") if sockets.has(node)] == ["here"]
    Path(sockets.path("here")).unlink()
    assert not sockets.has("here")
