# SPDX-License-Identifier: MIT
"""What breaks a rule, octet by octet."""

import zlib

import pytest

from tests.support.frames import masked_with
from tests.unit.core.lab.bench import Bench
from wsecho.core.lab.faults import Conduct, Level
from wsecho.core.lab.rules import RULES

HELLO = b"Hello"
# RFC 7692 section 7.2.3.1: "Hello" in one block.
HELLO_DEFLATED = bytes.fromhex("f248cdc9c90700")

OCTETS = {
    "masked": b"\x81\x85\x37\xfa\x21\x3d" + masked_with(HELLO, b"\x37\xfa\x21\x3d"),
    "rsv1": b"\xc1\x05Hello",
    "rsv2": b"\xa1\x05Hello",
    "rsv3": b"\x91\x05Hello",
    **{f"opcode-{n:x}": bytes((0x80 | n, 5)) + HELLO for n in (3, 4, 5, 6, 7)},
    **{f"opcode-{n:x}": bytes((0x80 | n, 5)) + HELLO for n in (11, 12, 13, 14, 15)},
    "control-fragmented": b"\x09\x05Hello",
    "control-126": b"\x89\x7e\x00\x7e" + b"x" * 126,
    "continuation-first": b"\x80\x05Hello",
    "data-in-fragments": b"\x01\x05Hello\x81\x05Hello",
    "length-16-short": b"\x81\x7e\x00\x05Hello",
    "length-64-short": b"\x81\x7f\x00\x00\x00\x00\x00\x00\x00\x05Hello",
    "length-top-bit": b"\x81\x7f\x80\x00\x00\x00\x00\x00\x00\x05Hello",
    "length-huge": b"\x82\x7f\x40\x00\x00\x00\x00\x00\x00\x00",
    "utf8": b"\x81\x02\xc3\x28",
    "utf8-late": b"\x81\x06Hello\xff",
    "utf8-split": b"\x01\x07Hello\xe2\x82\x80\x06\x28Hello",
    "utf8-surrogate": b"\x81\x03\xed\xa0\x80",
    "utf8-overlong": b"\x81\x02\xc0\xaf",
    "close-1-octet": b"\x88\x01\x03",
    "close-utf8": b"\x88\x04\x03\xe8\xc3\x28",
    "close-0": b"\x88\x02\x00\x00",
    "close-999": b"\x88\x02\x03\xe7",
    "close-1004": b"\x88\x02\x03\xec",
    "close-1005": b"\x88\x02\x03\xed",
    "close-1006": b"\x88\x02\x03\xee",
    "close-1015": b"\x88\x02\x03\xf7",
    "close-1016": b"\x88\x02\x03\xf8",
    "close-2999": b"\x88\x02\x0b\xb7",
    "close-65535": b"\x88\x02\xff\xff",
    "after-close": b"\x88\x02\x03\xe8\x81\x05Hello",
    "deflate-unasked": b"\xc1\x07" + HELLO_DEFLATED,
    "deflate-garbage": b"\xc1\x04\xff\xff\xff\xff",
    "deflate-cut": b"\xc1\x0a\x00\x20\x00\xdf\xffHello",
    "deflate-control": b"\xc9\x05Hello",
    "deflate-continuation": b"\x41\x03\xf2\x48\xcd\xc0\x04\xc9\xc9\x07\x00",
    # RFC 7692 section 7.2.3.4, and a further message.
    "deflate-final": bytes.fromhex("c108f348cdc9c9070000c1074a4c4fcccc0300"),
    "deflate-empty": b"\xc1\x01\x00",
    "ping-in-fragments": b"\x01\x03Hel\x89\x07between\x80\x02lo",
    "empty-fragments": b"\x01\x00\x00\x05Hello\x00\x00\x80\x00",
    "utf8-across": b"\x01\x02\xe2\x82\x80\x01\xac",
}


@pytest.mark.parametrize("name", OCTETS)
def test_what_is_sent(name: str) -> None:
    """Octet by octet, whatever the largest message is."""
    assert RULES[name].compose(1000) == RULES[name].compose(1 << 24) == OCTETS[name]


def test_every_rule_is_here() -> None:
    """But the one that depends on the largest message."""
    assert RULES.keys() - OCTETS == {"deflate-bomb"}


@pytest.mark.parametrize("size", [1, 1000, 1 << 16, 1 << 20, (1 << 20) + 3])
def test_the_bomb_is_as_large_as_the_largest_message(size: int) -> None:
    """And small on the way; it is a whole message of its own."""
    octets = RULES["deflate-bomb"].compose(size)
    assert octets[0] == 0xC2
    payload = octets[{126: 4, 127: 10}.get(octets[1], 2) :]
    assert zlib.decompressobj(-15).decompress(payload + b"\0\0\xff\xff") == bytes(size)
    assert len(octets) < 50 + size // 500


@pytest.mark.parametrize("name", ["deflate-final", "deflate-empty", "empty-fragments"])
def test_what_a_client_gets_is_text(name: str) -> None:
    """So that an echo of it can be compared."""
    assert all(not is_binary for _, is_binary in RULES[name].comes)


def test_levels_are_as_the_sections_say() -> None:
    """A must where the section tells the receiver to fail; take where it is legal."""
    by_level: dict[Level, set[str]] = {}
    for rule in RULES.values():
        by_level.setdefault(rule.expected.level, set()).add(rule.name)
    assert by_level[Level.TAKE] == {
        *("deflate-final", "deflate-empty", "ping-in-fragments", "empty-fragments"),
        "utf8-across",
    }
    assert {"masked", "rsv1", "opcode-3", "opcode-f", "utf8", "deflate-control"} <= by_level[
        Level.MUST
    ]
    assert {"control-126", "length-huge", "after-close", "close-1005"} <= by_level[Level.SHOULD]


@pytest.mark.parametrize("name", [*RULES])
def test_what_is_taken_brings_messages_and_what_fails_names_codes(name: str) -> None:
    """So that a verdict can be had of each."""
    rule = RULES[name]
    match rule.expected.should:
        case Conduct.TAKE:
            assert rule.comes
        case Conduct.IGNORE:
            assert rule.ends
        case _:
            assert set(rule.expected.codes) <= {1002, 1007, 1009}
            assert rule.expected.codes


def test_each_ping_of_a_rule_may_be_answered() -> None:
    """Whatever else is wrong with it: its answer is not taken for one to no ping."""
    pings = {name: rule.pings for name, rule in RULES.items() if rule.pings}
    assert pings.keys() == {
        *("control-fragmented", "control-126", "deflate-control", "ping-in-fragments")
    }
    for name, (payload,) in pings.items():
        assert payload in RULES[name].compose(0)
        bench = Bench(f"break={name}").pass_time(0.1).frame(0x8A, payload)
        assert bench.record.wrong in (
            [],
            # It is too long for a control frame, as its ping was.
            [{"what": "a control frame of more than 125 octets", "rfc": "6455 5.5", "ms": 100.0}],
        )
