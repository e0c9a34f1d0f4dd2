# SPDX-License-Identifier: MIT
"""The rules of RFC 6455 and RFC 7692 that the lab breaks, and the octets that break them."""

import zlib
from collections.abc import Callable, Mapping
from functools import lru_cache
from struct import pack
from typing import Final

from attrs import field, frozen

from wsecho.core.lab.faults import Conduct, Expectation, Level
from wsecho.core.websocket.deflate import MEM_LEVEL, TAIL
from wsecho.core.websocket.frames import FIN, RSV1, Opcode, encode_frame, encode_head

Message = tuple[bytes, bool]
"""A message's payload, and whether it is binary."""

_RSV2: Final = 0x20
_RSV3: Final = 0x10
_MASKED: Final = 0x80
_KEY: Final = b"\x37\xfa\x21\x3d"
_HELLO: Final = b"Hello"
_TEXT: Final = FIN | Opcode.TEXT
# What every peer's window can hold, whatever was negotiated (RFC 7692 section 7.1.2).
_WINDOW: Final = 9

_MUST: Final = Expectation(Conduct.FAIL, Level.MUST, (1002,))
_SHOULD: Final = Expectation(Conduct.FAIL, Level.SHOULD, (1002,))
_UTF8: Final = Expectation(Conduct.FAIL, Level.MUST, (1007,))
_TAKE: Final = Expectation(Conduct.TAKE, Level.TAKE)


@frozen
class Rule:
    """A rule, and what breaks it, or seems to.

    Attributes:
        name: behind `break=`.
        does: what is sent.
        rfc: the document and the section.
        expected: what a client should do.
        compose: writes the octets, given those of the largest message.
        comes: the messages that a client gets of it, where it takes it.
        declines: whether the handshake declines all extensions for it.
        deflates: whether permessage-deflate has to be in force.
        ends: whether nothing can follow.
        pings: the payloads of its pings, which may be answered.
    """

    name: str
    does: str
    rfc: str
    expected: Expectation
    compose: Callable[[int], bytes] = field(repr=False)
    comes: tuple[Message, ...] = ()
    declines: bool = False
    deflates: bool = False
    ends: bool = False
    pings: tuple[bytes, ...] = ()


def _fixed(octets: bytes) -> Callable[[int], bytes]:
    return lambda _: octets


def _frame(first: int, payload: bytes = _HELLO) -> bytes:
    return encode_head(first, len(payload)) + payload


def _rsv(bit: int, number: int) -> Rule:
    return Rule(
        f"rsv{number}",
        f"a text with RSV{number} set, which nothing negotiated; the handshake declines extensions",
        "6455 5.2",
        _MUST,
        _fixed(_frame(_TEXT | bit)),
        declines=True,
    )


def _opcode(number: int) -> Rule:
    kind = "control" if number > Opcode.PONG else "data"
    return Rule(
        f"opcode-{number:x}",
        f"a frame of the reserved {kind} opcode {number:#x}",
        "6455 5.2",
        _MUST,
        _fixed(_frame(FIN | number)),
    )


def _utf8(name: str, does: str, octets: bytes) -> Rule:
    return Rule(name, does, "6455 8.1", _UTF8, _fixed(octets))


def _close(name: str, does: str, payload: bytes, codes: tuple[int, ...] = (1002,)) -> Rule:
    expected = Expectation(Conduct.FAIL, Level.SHOULD, codes)
    octets = encode_frame(Opcode.CLOSE, payload)
    section = "6455 5.5.1" if name in {"close-1-octet", "close-utf8"} else "6455 7.4"
    return Rule(name, does, section, expected, _fixed(octets), ends=True)


def _close_code(code: int) -> Rule:
    return _close(
        f"close-{code}", f"a Close with the code {code}, which must not be sent", pack("!H", code)
    )


def _deflated(payload: bytes, *, final: bool = False) -> bytes:
    """Compress a message of its own (RFC 7692 section 7.2.1, or 7.2.3.4 for a final block)."""
    codec = zlib.compressobj(wbits=-_WINDOW, memLevel=MEM_LEVEL)
    octets = codec.compress(payload)
    if final:
        return octets + codec.flush(zlib.Z_FINISH) + b"\0"
    return (octets + codec.flush(zlib.Z_SYNC_FLUSH)).removesuffix(TAIL)


@lru_cache(maxsize=2)
def _bomb(size: int) -> bytes:
    codec = zlib.compressobj(wbits=-_WINDOW, memLevel=MEM_LEVEL)
    zeros = bytes(1 << 16)
    pieces = [codec.compress(zeros[: size - begin]) for begin in range(0, size, len(zeros))]
    pieces.append(codec.flush(zlib.Z_SYNC_FLUSH))
    return _frame(FIN | RSV1 | Opcode.BINARY, b"".join(pieces).removesuffix(TAIL))


def _deflate(
    name: str,
    does: str,
    section: str,
    expected: Expectation,
    octets: bytes,
    *comes: Message,
) -> Rule:
    return Rule(name, does, f"7692 {section}", expected, _fixed(octets), comes, deflates=True)


def _in_two(payload: bytes) -> bytes:
    """Write a compressed text in two frames, both with RSV1."""
    half = len(payload) // 2
    return _frame(RSV1 | Opcode.TEXT, payload[:half]) + _frame(FIN | RSV1, payload[half:])


_NOT_DEFLATE: Final = Expectation(Conduct.FAIL, Level.SHOULD, (1007, 1002))
_LARGE: Final = Expectation(Conduct.FAIL, Level.SHOULD, (1009,))

_ALL: Final = (
    Rule(
        "masked",
        "a masked frame",
        "6455 5.1",
        _MUST,
        _fixed(
            bytes((_TEXT, _MASKED | len(_HELLO)))
            + _KEY
            + bytes(octet ^ _KEY[n % 4] for n, octet in enumerate(_HELLO))
        ),
    ),
    _rsv(RSV1, 1),
    _rsv(_RSV2, 2),
    _rsv(_RSV3, 3),
    *map(_opcode, (*range(0x3, 0x8), *range(0xB, 0x10))),
    Rule(
        "control-fragmented",
        "a ping without FIN",
        "6455 5.5",
        _SHOULD,
        _fixed(_frame(Opcode.PING)),
        pings=(_HELLO,),
    ),
    Rule(
        "control-126",
        "a ping of 126 octets",
        "6455 5.5",
        _SHOULD,
        _fixed(_frame(FIN | Opcode.PING, b"x" * 126)),
        pings=(b"x" * 126,),
    ),
    Rule(
        "continuation-first",
        "a continuation of nothing",
        "6455 5.4",
        _SHOULD,
        _fixed(_frame(FIN | Opcode.CONTINUATION)),
    ),
    Rule(
        "data-in-fragments",
        "a new text within the fragments of another",
        "6455 5.4",
        _SHOULD,
        _fixed(_frame(Opcode.TEXT) + _frame(_TEXT)),
    ),
    Rule(
        "length-16-short",
        "five octets, their length in sixteen bits",
        "6455 5.2",
        _SHOULD,
        _fixed(pack("!BBH", _TEXT, 126, len(_HELLO)) + _HELLO),
    ),
    Rule(
        "length-64-short",
        "five octets, their length in 64 bits",
        "6455 5.2",
        _SHOULD,
        _fixed(pack("!BBQ", _TEXT, 127, len(_HELLO)) + _HELLO),
    ),
    Rule(
        "length-top-bit",
        "a length of 64 bits with the top one set",
        "6455 5.2",
        _SHOULD,
        _fixed(pack("!BBQ", _TEXT, 127, 1 << 63 | len(_HELLO)) + _HELLO),
    ),
    Rule(
        "length-huge",
        "the head of a frame of 2^62 octets",
        "6455 5.2, 10.4",
        Expectation(Conduct.FAIL_OR_WAIT, Level.SHOULD, (1009,)),
        _fixed(pack("!BBQ", FIN | Opcode.BINARY, 127, 1 << 62)),
    ),
    _utf8("utf8", "a text that is none from its first octet on", _frame(_TEXT, b"\xc3\x28")),
    _utf8("utf8-late", "a text that is none at its last octet", _frame(_TEXT, _HELLO + b"\xff")),
    _utf8(
        "utf8-split",
        "a code point that is none, cut between two fragments",
        _frame(Opcode.TEXT, _HELLO + b"\xe2\x82") + _frame(FIN, b"\x28" + _HELLO),
    ),
    _utf8("utf8-surrogate", "the surrogate U+D800", _frame(_TEXT, b"\xed\xa0\x80")),
    _utf8("utf8-overlong", "a slash in two octets", _frame(_TEXT, b"\xc0\xaf")),
    _close("close-1-octet", "a Close of one octet", b"\x03"),
    _close("close-utf8", "a Close whose reason is no UTF-8", b"\x03\xe8\xc3\x28", (1007, 1002)),
    *map(_close_code, (0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 65535)),
    Rule(
        "after-close",
        "a Close (1000), and a text behind it",
        "6455 5.5.1",
        Expectation(Conduct.IGNORE, Level.SHOULD),
        _fixed(encode_frame(Opcode.CLOSE, pack("!H", 1000)) + _frame(_TEXT)),
        ends=True,
    ),
    Rule(
        "deflate-unasked",
        "a compressed text that nothing negotiated; the handshake declines extensions",
        "7692 6",
        _MUST,
        _fixed(_frame(_TEXT | RSV1, _deflated(_HELLO))),
        declines=True,
    ),
    _deflate(
        "deflate-garbage",
        "a compressed text that is no DEFLATE: a block of the reserved type",
        "7.2.2",
        _NOT_DEFLATE,
        _frame(_TEXT | RSV1, b"\xff" * 4),
    ),
    _deflate(
        "deflate-cut",
        "a compressed text that ends in the middle of a stored block",
        "7.2.2",
        _NOT_DEFLATE,
        _frame(_TEXT | RSV1, b"\x00\x20\x00\xdf\xff" + _HELLO),
    ),
    Rule(
        "deflate-control",
        "a ping with RSV1",
        "7692 6",
        _MUST,
        _fixed(_frame(FIN | RSV1 | Opcode.PING)),
        deflates=True,
        pings=(_HELLO,),
    ),
    _deflate(
        "deflate-continuation",
        "a compressed text in two fragments, RSV1 on the second too",
        "6",
        _MUST,
        _in_two(_deflated(_HELLO)),
    ),
    Rule(
        "deflate-bomb",
        "a binary message of --max-message-size zeros, compressed to a thousandth",
        "6455 10.4",
        _LARGE,
        _bomb,
        deflates=True,
    ),
    _deflate(
        "deflate-final",
        "a text compressed with BFINAL set, and a further one",
        "7.2.3.4",
        _TAKE,
        _frame(_TEXT | RSV1, _deflated(_HELLO, final=True))
        + _frame(_TEXT | RSV1, _deflated(b"again")),
        (_HELLO, False),
        (b"again", False),
    ),
    _deflate(
        "deflate-empty",
        "an empty text, compressed",
        "7.2.3.6",
        _TAKE,
        _frame(_TEXT | RSV1, b"\0"),
        (b"", False),
    ),
    Rule(
        "ping-in-fragments",
        "a ping between two fragments of a text",
        "6455 5.4",
        _TAKE,
        _fixed(
            _frame(Opcode.TEXT, b"Hel") + encode_frame(Opcode.PING, b"between") + _frame(FIN, b"lo")
        ),
        ((_HELLO, False),),
        pings=(b"between",),
    ),
    Rule(
        "empty-fragments",
        "a text whose first, third and last fragments are empty",
        "6455 5.4",
        _TAKE,
        _fixed(_frame(Opcode.TEXT, b"") + _frame(0) + _frame(0, b"") + _frame(FIN, b"")),
        ((_HELLO, False),),
    ),
    Rule(
        "utf8-across",
        "a code point cut between two fragments of a text",
        "6455 5.4, 8.1",
        _TAKE,
        _fixed(_frame(Opcode.TEXT, b"\xe2\x82") + _frame(FIN, b"\xac")),
        ((b"\xe2\x82\xac", False),),
    ),
)

RULES: Final[Mapping[str, Rule]] = {rule.name: rule for rule in _ALL}
"""Every rule, by its name."""
