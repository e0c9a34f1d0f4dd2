# SPDX-License-Identifier: MIT
"""What each peer's program is told: where to listen, and how."""

import argparse
import os
import ssl
from dataclasses import dataclass

HOST = "127.0.0.1"
ROOM = "/broadcast"
LARGEST = 32 * 1024 * 1024
"""Bytes of a message: more than any row sends, so that no peer's own limit is in the way."""
MANY = 4096
"""Connections that may wait to be accepted."""


@dataclass(frozen=True, slots=True)
class Options:
    """Where to listen, and what the row is about."""

    port: int
    size: int
    """Bytes of the messages to come."""
    deflate: bool
    """Whether to take up permessage-deflate."""
    server_bits: int | None
    client_bits: int | None
    """The windows to agree on, of 8 to 15 bits; None leaves them to the library's default."""
    certificate: str | None
    key: str | None
    redis: str | None
    """The URL of a Redis that carries the rooms between several processes."""
    workers: int

    def tls(self) -> ssl.SSLContext | None:
        """Give the context of a server's side, or None for plain TCP."""
        if self.certificate is None:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context


def read() -> Options:
    """Read the command line of a peer's program."""
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("--size", type=int, default=125)
    parser.add_argument("--deflate", action="store_true")
    parser.add_argument("--server-bits", type=int)
    parser.add_argument("--client-bits", type=int)
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    parser.add_argument("--redis")
    parser.add_argument("--workers", type=int, default=1)
    return Options(**vars(parser.parse_args()))


def serve_by_uvicorn(application: str, options: Options, variable: str) -> None:
    """Run what makes an application, named as MODULE:FUNCTION, in uvicorn's processes.

    They know the Redis by a variable of the environment, for they import the module anew.
    """
    import uvicorn  # noqa: PLC0415  (not in the environment of the others)

    os.environ[variable] = options.redis or ""
    uvicorn.run(
        application,
        factory=True,
        host=HOST,
        port=options.port,
        workers=options.workers,
        backlog=MANY,
        loop="uvloop",
        access_log=False,
        ws_max_size=LARGEST,
        ws_ping_interval=None,
        ws_per_message_deflate=False,
    )
