# SPDX-License-Identifier: MIT
"""What each peer's program is told: where to listen, and how."""

import argparse
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
    return Options(**vars(parser.parse_args()))
