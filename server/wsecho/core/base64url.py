# SPDX-License-Identifier: MIT
"""Base64 for addresses and names, without padding (RFC 4648 section 5)."""

from base64 import urlsafe_b64encode


def encode(octets: bytes) -> str:
    """Write octets with `A-Z a-z 0-9 _ -` alone."""
    return urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")
