# SPDX-License-Identifier: MIT
"""What nodes forward to each other is signed with a secret that they share.

::

    Wsecho-Forwarded: v1;time=1760000000.123;nonce=…;client=…;mac=…

`mac` is HMAC-SHA256 over the line's other parts, the node that it is for, the method, the target,
the body's digest and the header fields that are passed on. A line is good for a while around its
time, and once.
"""

import hmac
import re
from collections import deque
from collections.abc import Callable
from hashlib import sha256
from typing import Final

from attrs import define, field, frozen

from wsecho.core.wire import base64url

WINDOW: Final = 30.0
"""Seconds that a line's time may differ from the receiver's clock."""

MAX_NONCES: Final = 1 << 18
"""Lines that are remembered; what comes within twice the window is far less."""

MIN_SECRET: Final = 32
"""Bytes of a secret, at least."""

_VERSION: Final = "v1"
_LINE: Final = re.compile(
    rf"{_VERSION};time=(?P<time>\d{{1,12}}\.\d{{3}});nonce=(?P<nonce>[\w-]{{16,64}});"
    r"client=(?P<client>[\w-]{0,400});mac=(?P<mac>[\w-]{43})",
    re.ASCII,
)


class BadSignatureError(Exception):
    """A request is not taken for another node's; the text says why, in one line.

    Args:
        cause: `secret`, `clock` or `replay`.
    """

    def __init__(self, cause: str) -> None:
        super().__init__(CAUSES[cause])
        self.cause = cause


CAUSES: Final = {
    "secret": "it is not signed with this node's secret: do both have the same --cluster-secret?",
    "clock": f"it is signed for a time over {WINDOW:g} s from this node's: are both clocks right?",
    "replay": "it came before",
}
"""Why a request is refused, by a word that is sent back."""


@frozen(kw_only=True)
class Signed:
    """What a signature is for.

    Attributes:
        node: whom it is for.
        method: the request's method.
        target: its path and query.
        fields: the values of header fields that are passed on.
        body: its body.
    """

    node: str
    method: str
    target: str
    fields: tuple[str, ...]
    body: bytes

    def mac(self, key: bytes, line: str) -> str:
        """Sign it, and the rest of the line."""
        digest = sha256(self.body).hexdigest()
        parts = (line, self.node, self.method, self.target, digest, *self.fields)
        # No part has a line's end in it, so none can be moved into its neighbour.
        text = "\n".join(parts).encode("utf-8", "surrogateescape")
        return base64url.encode(hmac.digest(key, text, sha256))


def sign_request(signed: Signed, key: bytes, *, client: str, now: float, nonce: str) -> str:
    """Return the line.

    Args:
        signed: what it is for.
        key: the secret.
        client: the address of the client whose request it is.
        now: Unix seconds.
        nonce: 16 to 64 of `A-Z a-z 0-9 _ -`, another each time.
    """
    named = base64url.encode(client.encode())
    line = f"{_VERSION};time={now:.3f};nonce={nonce};client={named}"
    return f"{line};mac={signed.mac(key, line)}"


@define(eq=False)
class Verifier:
    """Takes each good line once.

    Args:
        key: the secret, as it is now.
        now: the time, Unix seconds.
        seconds: measures for how long a line is remembered, whoever sets the time meanwhile.
    """

    _key: Callable[[], bytes]
    _now: Callable[[], float]
    _seconds: Callable[[], float]
    _seen: set[str] = field(factory=set, init=False)
    _order: deque[tuple[float, str]] = field(factory=deque, init=False)

    def verify(self, signed: Signed, line: str) -> str:
        """Return the client's address.

        Args:
            signed: what came.
            line: what was said of it.

        Raises:
            BadSignatureError: it is not another node's, or not now's.
        """
        match = _LINE.fullmatch(line)
        if match is None:
            raise BadSignatureError("secret")
        mac = signed.mac(self._key(), line.rpartition(";mac=")[0])
        if not hmac.compare_digest(mac, match["mac"]):
            raise BadSignatureError("secret")
        if abs(self._now() - float(match["time"])) > WINDOW:
            raise BadSignatureError("clock")
        self._remember(match["nonce"], self._seconds())
        try:
            return base64url.decode(match["client"]).decode()
        except ValueError:
            raise BadSignatureError("secret") from None

    def _remember(self, nonce: str, now: float) -> None:
        while self._order and self._order[0][0] < now - 2 * WINDOW:
            self._seen.discard(self._order.popleft()[1])
        # Rather refused than taken twice: who signs so much has the secret.
        if nonce in self._seen or len(self._seen) >= MAX_NONCES:
            raise BadSignatureError("replay")
        self._seen.add(nonce)
        self._order.append((now, nonce))


def read_secret(data: bytes) -> bytes:
    """Read a secret's file: all of it but space around it.

    Raises:
        ValueError: it is too short.
    """
    secret = data.strip()
    if len(secret) < MIN_SECRET:
        raise ValueError(f"a secret has at least {MIN_SECRET} bytes")
    return secret
