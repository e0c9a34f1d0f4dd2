# SPDX-License-Identifier: MIT
"""What no client may do: each thing is seen, and nothing else."""

import pytest

from tests.support.frames import Frame
from tests.unit.core.lab.bench import upgrade_to
from wsecho.core.lab.reading import LenientReader
from wsecho.core.lab.watching import ClientWatcher, Wrong, amiss_in_request
from wsecho.lane.octets import apply_mask


def look(*frames: Frame, is_compressed: bool = False, pings: tuple[bytes, ...] = ()) -> list[Wrong]:
    """Look at frames, one after the other."""
    watcher = ClientWatcher(is_compressed=is_compressed)
    for ping in pings:
        watcher.pinged(ping)
    reader = LenientReader(1000, apply_mask)
    data = b"".join(frame.write() for frame in frames)
    found = [one for frame in reader.feed(data) for one in watcher.frame(frame)]
    return [*found, *watcher.at_end()]


def frame(
    first: int, payload: bytes = b"", key: bytes | None = b"\0\0\0\1", size: int = 0
) -> Frame:
    """A frame of a client's."""
    return Frame(first, payload, key, size)


K1, K2, K3 = b"\0\0\0\1", b"\0\0\0\2", b"\0\0\0\3"

WRONG = [
    ([frame(0x81, b"a", None)], ["a frame that is not masked"]),
    ([frame(0xC1, b"a")], ["a reserved bit that nothing negotiated"]),
    ([frame(0x91, b"a")], ["a reserved bit that nothing negotiated"]),
    ([frame(0x83, b"a")], ["the reserved opcode 0x3"]),
    ([frame(0x8F, b"a")], ["the reserved opcode 0xf"]),
    ([frame(0x81, b"a", size=2)], ["a length that is not in its least form"]),
    ([frame(0x81, b"a", size=8)], ["a length that is not in its least form"]),
    ([frame(0x09, b"a")], ["a control frame in fragments"]),
    ([frame(0x89, b"a" * 126)], ["a control frame of more than 125 octets"]),
    ([frame(0x80, b"a")], ["a continuation of nothing"]),
    ([frame(0x01, b"a"), frame(0x81, b"a", K2)], ["a new message within the fragments of another"]),
    ([frame(0x88, b"\x03")], ["a Close of one octet"]),
    ([frame(0x88, b"\x03\xed")], ["a Close with the code 1005, which must not be sent"]),
    ([frame(0x88, b"\x03\xe8\xc3\x28")], ["a Close whose reason is no UTF-8"]),
    ([frame(0x88), frame(0x81, b"a", K2)], ["a frame behind its Close"]),
    ([frame(0x88), frame(0x88)], ["a frame behind its Close"]),
    ([frame(0x8A, b"a")], ["a pong that answers no ping"]),
    (
        [frame(0x81, b"a"), frame(0x81, b"b")],
        ["one masking key for all 2 frames"],
    ),
]


@pytest.mark.parametrize(("frames", "wrong"), WRONG, ids=[wrong[0] for _, wrong in WRONG])
def test_what_is_wrong(frames: list[Frame], wrong: list[str]) -> None:
    """Each with its section."""
    found = look(*frames)
    assert [one.what for one in found] == wrong
    assert all(one.rfc for one in found)


RIGHT = [
    [frame(0x81, b"a", K1), frame(0x82, b"b", K2)],
    [frame(0x01, b"a", K1), frame(0x89, b"p", K2), frame(0x00, b"", K2), frame(0x80, b"c", K3)],
    [frame(0x81, b"a")],
    [frame(0x81), frame(0x81), frame(0x88)],
    [frame(0x88, b"\x0f\xa0bye")],
    [frame(0x88)],
]


@pytest.mark.parametrize("frames", RIGHT, ids=map(str, range(len(RIGHT))))
def test_what_is_right(frames: list[Frame]) -> None:
    """Nothing is said of it."""
    assert look(*frames) == []


def test_a_compressed_message_is_right_where_that_was_agreed() -> None:
    """On its first frame alone, and on no control frame."""
    assert look(frame(0xC1, b"a"), is_compressed=True) == []
    bad = look(frame(0x41, b"a"), frame(0xC0, b"b", K2), is_compressed=True)
    assert [one.what for one in bad] == ["a reserved bit that nothing negotiated"]
    assert look(frame(0xC9, b"a"), is_compressed=True)


def test_a_pong_answers_a_ping() -> None:
    """One may answer several; none is answered twice."""
    pings = (b"1", b"2", b"3")
    assert look(frame(0x8A, b"1"), frame(0x8A, b"3", K2), pings=pings) == []
    twice = look(frame(0x8A, b"3"), frame(0x8A, b"2", K2), pings=pings)
    assert [one.what for one in twice] == ["a pong that answers no ping"]
    other = look(frame(0x8A, b"4"), pings=pings)
    assert [one.what for one in other] == ["a pong that differs from the ping"]


def test_what_ends_a_connection_has_a_code() -> None:
    """What may be lived with has none."""
    codes = {one.what: one.code for frames, _ in WRONG for one in look(*frames)}
    assert codes["a frame that is not masked"] == 1002
    assert codes["a Close whose reason is no UTF-8"] == 1007
    assert codes["a pong that answers no ping"] is None
    assert codes["a frame behind its Close"] is None


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        ("Sec_WebSocket_Protocol", "a, b, a", "a subprotocol is offered twice"),
        ("Sec_WebSocket_Protocol", " ", "Sec-WebSocket-Protocol is empty"),
        ("Sec_WebSocket_Accept", "x", "is the server's to send"),
        ("Origin", "http://a\r\nOrigin: http://b", "Origin stands more than once"),
    ],
)
def test_what_is_amiss_in_a_request(name: str, value: str, what: str) -> None:
    """Though a WebSocket is opened for it."""
    (found,) = amiss_in_request(upgrade_to("/lab", **{name: value}).head)
    assert what in found.what


def test_a_good_request_is_not_complained_of() -> None:
    """With all that it may have."""
    head = upgrade_to(
        "/lab", Sec_WebSocket_Protocol="a, b", Sec_WebSocket_Extensions='x; y="z"', Origin="null"
    ).head
    assert amiss_in_request(head) == []
