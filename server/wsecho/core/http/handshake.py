# SPDX-License-Identifier: MIT
"""The server's half of the WebSocket opening handshake (RFC 6455 section 4.2), as data.

An `Upgrade` is a request that may become a WebSocket; `examine` makes one or raises the
error to answer with; `accepted` is the other answer. Where it leads (which door, which room)
is not its business.
"""

import binascii
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from hashlib import sha1
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from attrs import frozen

from wsecho.core.http.requests import TCHAR, TOKEN, RequestHead
from wsecho.core.wire.errors import BadRequest, MethodNotAllowed, UpgradeRequired

VERSION: Final = "13"
_NONCE_BYTES: Final = 16
GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_SWITCHING: Final = (
    "HTTP/1.1 101 Switching Protocols\r\nServer: wsecho\r\n"
    "Upgrade: WebSocket\r\nConnection: Upgrade\r\n"
)
_PLAIN: Final = re.compile(r"/(?:[!$-.0->@-~][!$->@-~]*)?")
"""A path without a query, as most are, that `urlsplit` need not take apart."""
_EXTENSION: Final = re.compile(
    r"{token}(?:{space};{space}{token}(?:{space}={space}(?:{token}|{quoted}))?)*".format(
        token=TOKEN.pattern, space=r"[ \t]*", quoted=rf'"(?:\\?{TCHAR})+"'
    )
)
"""A member of `Sec-WebSocket-Extensions`; in quotes there is a token, too (section 9.1)."""
_ONLY_13: Final = ("Sec-WebSocket-Version", VERSION)


@frozen
class Query:
    """The decoded parameters of a request target.

    Attributes:
        pairs: names and values, in order.
    """

    pairs: tuple[tuple[str, str], ...]

    def parameter(self, name: str) -> str | None:
        """Return a parameter's value, or None where it is not given.

        Raises:
            BadRequest: it is given more than once.
        """
        values = [value for key, value in self.pairs if key == name]
        if len(values) > 1:
            raise BadRequest(f"the query parameter {name} stands {len(values)} times")
        return values[0] if values else None

    def flag(self, name: str, *, default: bool) -> bool:
        """Return a parameter that is 0 or 1.

        Raises:
            BadRequest: it is something else.
        """
        value = self.parameter(name)
        if value not in {None, "0", "1"}:
            raise BadRequest(f"the query parameter {name} is 0 or 1")
        return default if value is None else value == "1"


_NO_QUERY: Final = Query(())


@frozen
class Upgrade:
    """A valid request to open a WebSocket.

    Attributes:
        path: percent-encoded, without the query.
        query: what stands behind the path.
        key: `Sec-WebSocket-Key` as sent.
        subprotocols: what the client offers, first choice first, without repeats.
        extensions: what the client offers, first choice first, as sent.
        head: the whole request.
    """

    path: str
    query: Query
    key: str
    subprotocols: tuple[str, ...]
    extensions: tuple[str, ...]
    head: RequestHead


def wants_websocket(head: RequestHead) -> bool:
    """Tell whether a request asks for a WebSocket, well or badly."""
    return "websocket" in head.words("upgrade")


def examine(head: RequestHead) -> Upgrade:
    """Check a request for a WebSocket against RFC 6455 section 4.2.1.

    Raises:
        MethodNotAllowed: the method is not GET.
        UpgradeRequired: the version is not 13 (section 4.4).
        BadRequest: anything else is wrong; the reason names the part.
    """
    if head.method != "GET":
        raise MethodNotAllowed("a WebSocket is opened with GET", ("Allow", "GET"))
    if head.is_of_http_1_0:
        raise BadRequest("a WebSocket needs HTTP/1.1")
    if head.one("host") is None:
        raise BadRequest("the header Host is missing")
    if "upgrade" not in head.words("connection"):
        raise BadRequest("the header Connection does not list Upgrade")
    if head.all("transfer-encoding") or head.one("content-length") not in {None, "0"}:
        raise BadRequest("a request for a WebSocket has no body")
    _check_version(head)
    path, query = split_target(head.target)
    return Upgrade(
        path=path,
        query=query,
        key=_check_key(head),
        subprotocols=_subprotocols(head),
        extensions=_extensions(head),
        head=head,
    )


def accepted(
    key: str, subprotocol: str | None, extensions: str | None, headers: Mapping[str, str]
) -> bytes:
    """Write the answer that opens a WebSocket (RFC 6455 section 4.2.2).

    Args:
        key: the request's `Sec-WebSocket-Key`.
        subprotocol: the one that is spoken, one of those that were offered; None for none.
        extensions: those that are in use, None for none.
        headers: what else the answer says.
    """
    digest = b64encode(sha1(key.encode() + GUID, usedforsecurity=False).digest()).decode()
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    if subprotocol is not None:
        lines += f"Sec-WebSocket-Protocol: {subprotocol}\r\n"
    lines += f"Sec-WebSocket-Accept: {digest}\r\n"
    if extensions is not None:
        lines += f"Sec-WebSocket-Extensions: {extensions}\r\n"
    return f"{_SWITCHING}{lines}\r\n".encode("latin-1")


def split_target(target: str) -> tuple[str, Query]:
    """Split a request target into its path and its decoded query.

    Raises:
        BadRequest: it is neither a path nor an absolute URL, or its query is not UTF-8.
    """
    if _PLAIN.fullmatch(target) is not None:
        return target, _NO_QUERY
    try:
        parts = urlsplit(target)
        query = parse_qsl(parts.query, keep_blank_values=True, errors="strict")
    except ValueError:
        raise BadRequest("the request target cannot be read") from None
    # Both forms of RFC 9112 section 3.2 that name a resource; a fragment never travels.
    if not (parts.path or "/").startswith("/") or "#" in target:
        raise BadRequest("the request target is not a path")
    if target.startswith("//"):
        raise BadRequest("the request target begins with //")
    return parts.path or "/", Query(tuple(query))


def _check_version(head: RequestHead) -> None:
    version = head.one("sec-websocket-version")
    if version is None:
        raise BadRequest("the header Sec-WebSocket-Version is missing", _ONLY_13)
    if version != VERSION:
        raise UpgradeRequired(
            f"this server speaks version {VERSION} of the WebSocket protocol",
            _ONLY_13,
            ("Upgrade", "websocket"),
        )


def _subprotocols(head: RequestHead) -> tuple[str, ...]:
    offered = head.tokens("sec-websocket-protocol")
    if not offered:
        return ()
    if not all(TOKEN.fullmatch(name) for name in offered):
        raise BadRequest("the header Sec-WebSocket-Protocol lists something that is no token")
    return tuple(dict.fromkeys(offered))


def _extensions(head: RequestHead) -> tuple[str, ...]:
    offered = tuple(head.members("sec-websocket-extensions"))
    # What is malformed fails the handshake; what is well-formed and cannot be done is declined.
    if not all(map(_EXTENSION.fullmatch, offered)):
        raise BadRequest("the header Sec-WebSocket-Extensions is malformed")
    return offered


def _check_key(head: RequestHead) -> str:
    key = head.one("sec-websocket-key")
    if key is None:
        raise BadRequest("the header Sec-WebSocket-Key is missing")
    try:
        nonce = b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        nonce = b""
    if len(nonce) != _NONCE_BYTES:
        raise BadRequest("the header Sec-WebSocket-Key is not 16 bytes in base64")
    return key
