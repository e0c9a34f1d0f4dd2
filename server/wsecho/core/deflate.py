# SPDX-License-Identifier: MIT
"""Which permessage-deflate offer to accept, and with what parameters (RFC 7692 section 7)."""

import re
from collections.abc import Iterable
from typing import Any, Final, Self

from attrs import evolve, frozen

EXTENSION: Final = "permessage-deflate"
MAX_WINDOW_BITS: Final = 15
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
        name, *parameters = (part.strip() for part in text.split(";"))
        if name.lower() != EXTENSION:
            return None
        offer: Self | None = cls()
        seen: set[str] = set()
        for parameter in parameters:
            key, has_value, value = (part.strip() for part in parameter.partition("="))
            if offer is None or key in seen:
                return None
            seen.add(key)
            offer = offer.extended(key, _unquote(value) if has_value else None)
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

    def __str__(self) -> str:
        parts = [EXTENSION]
        parts += ["server_no_context_takeover"] * self.server_no_context_takeover
        parts += ["client_no_context_takeover"] * self.client_no_context_takeover
        if self.server_max_window_bits is not None:
            parts.append(f"server_max_window_bits={self.server_max_window_bits}")
        if self.client_max_window_bits is not None:
            # A hint of 8 is legal, but Autobahn refuses to read one; the bare form always passes.
            parts.append("client_max_window_bits")
        return "; ".join(parts)


def _unquote(value: str) -> str:
    # RFC 7692 section 5.1: a quoted value means what it means without quotes.
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value


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
