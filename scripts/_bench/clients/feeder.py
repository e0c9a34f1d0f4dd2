# SPDX-License-Identifier: MIT
"""What says something in a room for a reader to read, in a process of its own.

    python -m _bench.clients.feeder PORT PATH PAYLOAD BLOCKS [GREETING ...]

It says so many blocks of messages, and one more for each octet that comes at its standard input,
so that no queue grows and each library is given the same. The frames are made once: it must not
be what limits a reader. It ends with its standard input.
"""

import os
import selectors
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHandshake
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.uri import parse_uri

from .driving import BLOCK, HOST

_CHUNK = 1 << 16
_CLOSED = "the server closed the connection"


def main(port: str, path: str, payload: str, blocks: str, *greetings: str) -> None:
    """Join, and say what is asked for."""
    address = f"{HOST}:{port}"
    with socket.create_connection((HOST, int(port))) as connection:
        heard = _join(connection, ClientProtocol(parse_uri(f"ws://{address}{path}")))
        for greeting in greetings:
            connection.sendall(_frame(greeting.encode()))
            # Engine.IO's and Socket.IO's types of packets come first; the answer has the same.
            while not next(heard).startswith(greeting[:2].encode()):
                pass
        _feed(connection, _frame(Path(payload).read_bytes()) * BLOCK, int(blocks))


def _frame(data: bytes) -> bytes:
    return Frame(Opcode.TEXT, data).serialize(mask=True)


def _join(connection: socket.socket, protocol: ClientProtocol) -> Iterator[bytes]:
    """Open the WebSocket, and give the texts that come."""
    protocol.send_request(protocol.connect())
    connection.sendall(b"".join(protocol.data_to_send()))
    while protocol.state is State.CONNECTING and protocol.handshake_exc is None:
        _receive(connection, protocol)
    if protocol.handshake_exc:
        raise protocol.handshake_exc
    return _texts(connection, protocol)


def _texts(connection: socket.socket, protocol: ClientProtocol) -> Iterator[bytes]:
    while True:
        for event in protocol.events_received():
            if isinstance(event, Frame):
                yield bytes(event.data)
        _receive(connection, protocol)


def _receive(connection: socket.socket, protocol: ClientProtocol) -> None:
    data = connection.recv(_CHUNK)
    if not data:
        raise ConnectionError(_CLOSED)
    protocol.receive_data(data)


def _feed(connection: socket.socket, block: bytes, blocks: int) -> None:
    """Say blocks as they are asked for; what the room says meanwhile is read and dropped."""
    asked = sys.stdin.fileno()
    connection.sendall(block * blocks)
    with selectors.DefaultSelector() as selector:
        selector.register(connection, selectors.EVENT_READ)
        selector.register(asked, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fd != asked:
                    if not connection.recv(_CHUNK):
                        raise ConnectionError(_CLOSED)
                elif more := os.read(asked, _CHUNK):
                    connection.sendall(block * len(more))
                else:
                    return


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (OSError, InvalidHandshake) as error:
        sys.exit(f"the feeder: {error}")
