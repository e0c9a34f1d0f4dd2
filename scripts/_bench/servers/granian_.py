# SPDX-License-Identifier: MIT
"""`granian`, whose WebSockets are Rust, by its own interface RSGI, on uvloop, in one process.

It has neither rooms nor permessage-deflate: a message goes to one member after the other.
"""

from pathlib import Path
from typing import Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces, Loops
from granian.rsgi import WebsocketMessageType

from .options import HOST, MANY, ROOM, Options, read

_members: set[Any] = set()


async def application(scope: Any, protocol: Any) -> None:
    """Attend to one connection."""
    transport = await protocol.accept()
    if scope.path.startswith(ROOM):
        _members.add(transport)
    try:
        await _attend(transport)
    finally:
        _members.discard(transport)
        protocol.close()


async def _attend(transport: Any) -> None:
    to = _members if transport in _members else {transport}
    while (message := await transport.receive()).kind != WebsocketMessageType.close:
        # Members may come and go meanwhile.
        for each in tuple(to):
            if message.kind == WebsocketMessageType.string:
                await each.send_str(message.data)
            else:
                await each.send_bytes(message.data)


def _serve(options: Options) -> None:
    Granian(
        f"{__spec__.name}:application",
        HOST,
        options.port,
        interface=Interfaces.RSGI,
        loop=Loops.uvloop,
        http=HTTPModes.http1,
        backlog=MANY,
        ssl_cert=options.certificate and Path(options.certificate),
        ssl_key=options.key and Path(options.key),
    ).serve()


if __name__ == "__main__":
    _serve(read())
