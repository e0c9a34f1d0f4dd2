# SPDX-License-Identifier: MIT
"""Which permessage-deflate offer to accept, and with what parameters (RFC 7692 section 7)."""

import re
import zlib
from collections.abc import Iterable
from typing import Any, Final, Self

from attrs import evolve, field, frozen

from wsecho.core.websocket.frames import FIN, RSV1, Opcode, encode_head, encode_message
from wsecho.core.wire.quoted import split, unquote

EXTENSION: Final = "permessage-deflate"
MAX_WINDOW_BITS: Final = 15

# By measurement, JSON of 250 to 8,192 bytes: against zlib's own 15 and 8, windows of 4 KiB make
# messages a fifth longer in no more time, for 32 KiB a connection in place of 256.
WINDOW_BITS: Final = 12
"""The largest window that is used either way (base-2 logarithm)."""
MEM_LEVEL: Final = 5
"""What zlib calls so: how much memory it has beside the window."""

_WORTH_IT: Final = 128
"""Bytes of a message from which on it gets shorter by itself."""
TAIL: Final = b"\0\0\xff\xff"
"""What ends a flushed block, and is left off of each message (section 7.2.1)."""
_BITS: Final = re.compile(r"(?:[89]|1[0-5])")
# zlib's raw deflate has no window of 256 bytes, so a server that must not use more declines.
_SMALLEST_SERVER_WINDOW: Final = 9


@frozen
class Offer:
    """One well-formed offer of permessage-deflate.

    Attributes:
        server_no_context_takeover: the server must forget its window after each message.
        client_no_context_takeover: the client says that it will.
        server_max_window_bits: the server's window must not be larger (base-2 logarithm).
        client_max_window_bits: the client can be told a window; its own hint, 15 without one.
            None where it cannot be told.
    """

    server_no_context_takeover: bool = False
    client_no_context_takeover: bool = False
    server_max_window_bits: int | None = None
    client_max_window_bits: int | None = None

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read one member of `Sec-WebSocket-Extensions`.

        Returns:
            None for another extension, and for an offer that section 7.1 has us decline:
            unknown or repeated parameters, or values that are none.
        """
        name, *parameters = split(text, ";")
        if name.lower() != EXTENSION:
            return None
        offer: Self | None = cls()
        seen: set[str] = set()
        for parameter in parameters:
            key, has_value, value = (part.strip(" \t") for part in parameter.partition("="))
            if offer is None or key in seen:
                return None
            seen.add(key)
            offer = offer.extended(key, _meaning(value) if has_value else None)
        return offer

    def extended(self, key: str, value: str | None) -> Self | None:
        """Return the offer with one parameter more, or None where section 7.1 forbids it."""
        if key in {"server_no_context_takeover", "client_no_context_takeover"}:
            switch: dict[str, Any] = {key: True}
            return evolve(self, **switch) if value is None else None
        if key == "client_max_window_bits" and value is None:
            return evolve(self, client_max_window_bits=MAX_WINDOW_BITS)
        if key in {"server_max_window_bits", "client_max_window_bits"}:
            bits = _BITS.fullmatch(value or "")
            window: dict[str, Any] = {key: int(bits[0])} if bits else {}
            return evolve(self, **window) if window else None
        return None

    def agree(self, *, keeps_window: bool) -> "Agreement":
        """Say what is done about the offer.

        Args:
            keeps_window: whether the server's messages refer to those before. What many get is
                compressed once for all of them, which needs that they do not.
        """
        client_window = self.client_max_window_bits
        return Agreement(
            server_no_context_takeover=self.server_no_context_takeover or not keeps_window,
            client_no_context_takeover=self.client_no_context_takeover,
            server_window=min(self.server_max_window_bits or MAX_WINDOW_BITS, WINDOW_BITS),
            client_window=None if client_window is None else min(client_window, WINDOW_BITS),
        )


@frozen
class Agreement:
    """The parameters that are in force on a connection (RFC 7692 section 7.1).

    Attributes:
        server_no_context_takeover: the server forgets its window after each message.
        client_no_context_takeover: the client does.
        server_window: the server's window (base-2 logarithm).
        client_window: the client's, None where it could not be told any.
    """

    server_no_context_takeover: bool
    client_no_context_takeover: bool
    server_window: int
    client_window: int | None

    def __str__(self) -> str:
        """Write the handshake's answer."""
        parts = [EXTENSION]
        parts += ["server_no_context_takeover"] * self.server_no_context_takeover
        parts += ["client_no_context_takeover"] * self.client_no_context_takeover
        parts.append(f"server_max_window_bits={self.server_window}")
        if self.client_window is not None:
            parts.append(f"client_max_window_bits={self.client_window}")
        return "; ".join(parts)


@frozen
class Packing:
    """How whole messages are written that go to many connections: the same bytes to all.

    Attributes:
        window: the window that they may refer to, None where nothing is compressed.
        name: what tells it from others.
    """

    window: int | None = None
    name: str = field(init=False)

    @name.default
    def _name(self) -> str:
        return "" if self.window is None else f"/deflate-{self.window}"

    def frame(self, payload: bytes, *, is_binary: bool) -> bytes:
        """Write a message as one frame that no other frame is needed to read."""
        if self.window is None or len(payload) < _WORTH_IT:
            return encode_message(payload, is_binary=is_binary)
        codec = zlib.compressobj(wbits=-self.window, memLevel=MEM_LEVEL)
        deflated = codec.compress(payload) + codec.flush(zlib.Z_SYNC_FLUSH)
        return compressed_frame(deflated[: -len(TAIL)], is_binary=is_binary)


def compressed_frame(deflated: bytes, *, is_binary: bool) -> bytes:
    """Write a compressed message as one frame (RFC 7692 section 7.2.1)."""
    first = FIN | RSV1 | (Opcode.BINARY if is_binary else Opcode.TEXT)
    return encode_head(first, len(deflated)) + deflated


def _meaning(value: str) -> str:
    # A quoted value means what it means without quotes (RFC 7692 section 5.1); no parameter has
    # an empty one.
    return (unquote(value) or "") if value.startswith('"') else value


def choose(extensions: Iterable[str]) -> Offer | None:
    """Return the client's first offer that this server can honour, or None.

    A malformed offer is declined, never an error (section 7.1): the connection opens
    without compression.
    """
    for text in extensions:
        offer = Offer.parse(text)
        if offer is None:
            continue
        bits = offer.server_max_window_bits
        if bits is None or bits >= _SMALLEST_SERVER_WINDOW:
            return offer
    return None
