# SPDX-License-Identifier: MIT
"""Signatures by Standard Webhooks (standardwebhooks.com, the specification's version 1).

::

    webhook-id: …
    webhook-timestamp: 1760000000
    webhook-signature: v1,BASE64 v1,BASE64

Each signature is HMAC-SHA256, by one secret, over the id, the timestamp and the body with a dot
between them. There may be several secrets, so that they can be changed: whoever verifies takes a
request of which one signature is right.
"""

import base64
import binascii
import hmac
from collections.abc import Iterable
from hashlib import sha256
from typing import Final

MIN_OCTETS: Final = 24
"""Of a secret, at least ("Signature scheme", specification)."""

MAX_SECRETS: Final = 16
"""Lines of a file that sign, at most: each adds to every request's head."""

_PREFIX: Final = b"whsec_"


def read_webhook_secrets(data: bytes) -> tuple[bytes, ...]:
    """Read a file of secrets: `whsec_` and base64 on a line each; empty ones and `#` are skipped.

    Returns:
        the secrets themselves, each once, in their order.

    Raises:
        ValueError: a line is no secret, or none is there; the text names the line, and shows none.
    """
    found: dict[bytes, None] = {}
    for number, line in enumerate(data.splitlines(), 1):
        text = line.strip()
        if text and not text.startswith(b"#"):
            found[_read_line(number, text)] = None
    if not found:
        raise ValueError("line 1: there is no secret: give lines of whsec_ and base64")
    if len(found) > MAX_SECRETS:
        raise ValueError(f"it has {len(found)} secrets, and {MAX_SECRETS} may sign at once")
    return tuple(found)


def _read_line(number: int, text: bytes) -> bytes:
    if not text.startswith(_PREFIX):
        raise ValueError(f"line {number}: a secret begins with whsec_")
    # Some write it without the padding at its end, which the length gives anyway.
    coded = text.removeprefix(_PREFIX).rstrip(b"=")
    try:
        secret = base64.b64decode(coded + b"=" * (-len(coded) % 4), validate=True)
    except binascii.Error:
        raise ValueError(f"line {number}: behind whsec_ stands no base64") from None
    if len(secret) < MIN_OCTETS:
        raise ValueError(
            f"line {number}: the secret has {len(secret)} bytes, and needs {MIN_OCTETS} at least"
        )
    return secret


def sign_webhook(
    secrets: Iterable[bytes], webhook_id: str, timestamp: int, body: bytes
) -> dict[str, str]:
    """Return the header fields that sign a request; none without secrets.

    Args:
        secrets: each of which signs.
        webhook_id: the same each time that this very thing is sent, and no dot in it.
        timestamp: when this is sent, Unix seconds.
        body: what is sent.
    """
    begin = f"{webhook_id}.{timestamp}.".encode("ascii")
    signatures = [_signature(secret, begin, body) for secret in secrets]
    if not signatures:
        return {}
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }


def _signature(secret: bytes, begin: bytes, body: bytes) -> str:
    mac = hmac.new(secret, begin, sha256)
    mac.update(body)
    return f"v1,{base64.b64encode(mac.digest()).decode('ascii')}"
