# SPDX-License-Identifier: MIT
"""Base64 for addresses and names, without padding (RFC 4648 section 5)."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

_ALPHABET: Final = re.compile(r"[A-Za-z0-9_-]*", re.ASCII)


def encode(octets: bytes) -> str:
    """Write octets with `A-Z a-z 0-9 _ -` alone."""
    return urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")


def decode(text: str) -> bytes:
    """Read what `encode` writes, and nothing else.

    Raises:
        ValueError: it has other characters, or a length that no octets have.
    """
    if not _ALPHABET.fullmatch(text):
        raise ValueError("not base64url")
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
