# SPDX-License-Identifier: MIT
"""The functions of `octets` as there are: in Python, and compiled where they were."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Final

import pytest

from wsecho.doors.websocket import reading
from wsecho.lane import octets, speedups

NAMES: Final = (
    *("echo", "read_messages", "receive", "receive_masked"),
    *("send_message", "send_to_all", "unmask_in_place", "unmask_text"),
)


def _implementations() -> list[ModuleType]:
    try:
        return [octets, import_module("wsecho.lane._octets")]
    except ImportError:
        return [octets]


IMPLEMENTATIONS: Final = _implementations()
COMPILED: Final = IMPLEMENTATIONS[1:]

STACK: Final = 1 << 14
SHARED: Final = 1 << 18
"""Octets that a read takes on the stack, and from the heap, in C."""


def name_of(implementation: ModuleType) -> str:
    """What a test's own name says of it."""
    return implementation.__name__.rpartition(".")[2]


of_each = pytest.mark.parametrize("implementation", IMPLEMENTATIONS, ids=name_of)
"""Run a test for each of them."""

if_compiled = pytest.mark.skipif(not COMPILED, reason="no compiler was there")


@contextmanager
def using(implementation: ModuleType) -> Iterator[None]:
    """Have the lane, and all that read messages, use one of them."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (speedups, reading):
            for name in NAMES:
                if hasattr(module, name):
                    patch.setattr(module, name, getattr(implementation, name))
        yield


@contextmanager
def pair(room: int = 0) -> Iterator[tuple[socket.socket, socket.socket]]:
    """A peer and its server, joined; the server can send about so many octets if any is said."""
    peer, server = socket.socketpair()
    with peer, server:
        peer.setblocking(False)
        server.setblocking(False)
        if room:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, room)
        yield peer, server


def give(peer: socket.socket, data: bytes) -> None:
    """Send all of it, which fits."""
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * len(data) + 4096)
    assert peer.send(data) == len(data)


def take(peer: socket.socket) -> bytes:
    """All that has come."""
    data = bytearray()
    try:
        while piece := peer.recv(1 << 20):
            data += piece
    except BlockingIOError:
        pass
    return bytes(data)
