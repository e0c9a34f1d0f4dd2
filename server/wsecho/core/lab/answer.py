# SPDX-License-Identifier: MIT
"""The answer to the handshake as a chain wants it: right, odd, or wrong, octet by octet."""

from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha1
from http import HTTPStatus
from typing import Final

from attrs import evolve, frozen

from wsecho.core.http.handshake import GUID, Upgrade
from wsecho.core.lab.chain import Chain
from wsecho.core.websocket.deflate import Agreement, Offer
from wsecho.core.wire.errors import BadRequest

RETRY_AFTER: Final = 1
"""Seconds after which a client that `refuse=N` has refused may come back."""

_INTERIM: Final = b"HTTP/1.1 103 Early Hints\r\nLink: </lab>; rel=help\r\n\r\n"
_WRONG: Final = b64encode(bytes(20)).decode()
_OPENS: Final = 101
_OTHER_PROTOCOL: Final = "other.example"

Lines = list[tuple[str, str]]


@frozen
class LabAnswer:
    """What a handshake is answered with.

    Attributes:
        octets: all of it.
        status: its own, of the last head in it.
        subprotocol: the one that it names, None for none.
        agreement: how messages are compressed, None where they are not.
    """

    octets: bytes
    status: int
    subprotocol: str | None = None
    agreement: Agreement | None = None

    @property
    def opens(self) -> bool:
        """Whether a WebSocket opens, as far as this server knows."""
        return self.status == _OPENS


def write_chain_refusal(chain: Chain) -> LabAnswer:
    """Write what `refuse=N` answers (RFC 9110 section 15.6.4)."""
    return _plain(chain, 503, [("Retry-After", str(RETRY_AFTER))])


def write_lab_answer(
    chain: Chain, upgrade: Upgrade, offer: Offer | None, subprotocol: str | None
) -> LabAnswer:
    """Write what a chain answers to a request.

    Args:
        chain: what it asks for.
        upgrade: the request, which is right.
        offer: the permessage-deflate that could be accepted, None for none.
        subprotocol: what would be chosen by itself.

    Raises:
        BadRequest: its rule needs a compression that was not offered.
    """
    if chain.has("status"):
        return _status(chain)
    for name, code in (("redirect", 302), ("redirect-308", 308)):
        if chain.has(name):
            return _plain(chain, code, [("Location", chain.of(name))])
    if chain.has("version"):
        lines = [("Upgrade", "websocket"), ("Sec-WebSocket-Version", chain.of("version"))]
        return _plain(chain, 426, lines)
    agreement = _agree(chain, offer)
    chosen = _choose(chain, subprotocol)
    lines = [
        *_switching(chain),
        *_more(chain),
        *_protocols(chain, upgrade, chosen),
        *_accepts(chain, upgrade.key),
        *_extensions(chain, agreement),
    ]
    octets = _INTERIM if chain.has("interim") else b""
    octets += _write(chain, _OPENS, "Switching Protocols", lines)
    return LabAnswer(octets, _OPENS, chosen, agreement)


def _status(chain: Chain) -> LabAnswer:
    code = chain.of("status")
    lines: Lines = []
    if code == HTTPStatus.UNAUTHORIZED:
        lines.append(("WWW-Authenticate", 'Bearer realm="lab"'))
    if chain.has("retry-after"):
        lines.append(("Retry-After", str(chain.of("retry-after"))))
    return _plain(chain, code, lines, chain.of("body", b""))


def _plain(chain: Chain, code: int, lines: Lines, body: bytes = b"") -> LabAnswer:
    """Write an answer that is no 101, after which the connection ends."""
    if body:
        lines += [("Content-Type", "text/plain; charset=utf-8")]
        lines += [("X-Content-Type-Options", "nosniff")]
    lines += _more(chain)
    if code != HTTPStatus.NO_CONTENT:
        lines.append(("Content-Length", str(len(body))))
    lines += [("Cache-Control", "no-store"), ("Connection", "close")]
    try:
        phrase = HTTPStatus(code).phrase
    except ValueError:
        phrase = "Unassigned"
    return LabAnswer(_write(chain, code, phrase, lines) + body, code)


def _write(chain: Chain, code: int, phrase: str, lines: Lines) -> bytes:
    version = chain.of("http", "1.1")
    # The space stays where the phrase is left out (RFC 9112 section 4).
    phrase = "" if chain.has("reason") else phrase
    if chain.has("case"):
        lines = [(_odd(name), value) for name, value in lines]
    fields = "".join(f"{name}: {value}\r\n" for name, value in lines)
    return f"HTTP/{version} {code} {phrase}\r\n{fields}\r\n".encode("latin-1")


def _odd(text: str) -> str:
    return "".join(c.upper() if n % 2 else c.lower() for n, c in enumerate(text))


def _switching(chain: Chain) -> Iterator[tuple[str, str]]:
    yield "Server", "wsecho"
    match chain.of("upgrade"):
        case None:
            yield "Upgrade", "WebSocket"
        case "bad":
            yield "Upgrade", "h2c"
        case "case":
            yield "Upgrade", _odd("websocket")
    match chain.of("connection"):
        case None:
            yield "Connection", "Upgrade"
        case "list":
            yield "Connection", "keep-alive, Upgrade"
    if chain.has("chunked"):
        yield "Transfer-Encoding", "chunked"
    if chain.has("length"):
        yield "Content-Length", "5"


def _more(chain: Chain) -> Iterator[tuple[str, str]]:
    yield from chain.all("header")
    if chain.has("header-size"):
        yield "X-Lab-Padding", "x" * chain.of("header-size")


def _choose(chain: Chain, subprotocol: str | None) -> str | None:
    match chain.of("protocol"):
        case None | "two":
            return subprotocol
        case "none":
            return None
        case name:
            return str(name)


def _protocols(chain: Chain, upgrade: Upgrade, chosen: str | None) -> Iterator[tuple[str, str]]:
    name = "Sec-WebSocket-Protocol"
    if chain.of("protocol") == "two":
        offered = [*upgrade.subprotocols[:2], _OTHER_PROTOCOL, _OTHER_PROTOCOL]
        yield from ((name, one) for one in offered[:2])
    elif chosen is not None:
        yield name, chosen


def _accepts(chain: Chain, key: str) -> Iterator[tuple[str, str]]:
    name = "Sec-WebSocket-Accept"
    right = b64encode(sha1(key.encode() + GUID, usedforsecurity=False).digest()).decode()
    match chain.of("accept"):
        case None:
            yield name, right
        case "bad":
            yield name, _WRONG
        case "twice":
            yield name, right
            yield name, _WRONG


def _agree(chain: Chain, offer: Offer | None) -> Agreement | None:
    rule = chain.rule
    declines = chain.has("extension") or (rule is not None and rule.declines)
    if offer is None or declines:
        if rule is not None and rule.deflates:
            why = "the chain declines it" if declines else "the client does not offer it"
            raise BadRequest(
                f"step 'break={rule.name}' of the lab needs permessage-deflate, and {why}"
            )
        return None
    agreement = offer.agree(keeps_window=True)
    wanted = chain.of("deflate")
    if wanted is None:
        return agreement
    if wanted == "no-context":
        return evolve(agreement, server_no_context_takeover=True, client_no_context_takeover=True)
    bits = int(wanted.removeprefix("window="))
    # A server may always use less than it was allowed, and tell a client that can be told.
    return evolve(
        agreement,
        server_window=min(bits, offer.server_max_window_bits or bits),
        client_window=None
        if offer.client_max_window_bits is None
        else min(bits, offer.client_max_window_bits),
    )


def _extensions(chain: Chain, agreement: Agreement | None) -> Iterator[tuple[str, str]]:
    named = chain.of("extension")
    if named not in {None, "none"}:
        yield "Sec-WebSocket-Extensions", str(named)
    elif agreement is not None:
        yield "Sec-WebSocket-Extensions", str(agreement)
