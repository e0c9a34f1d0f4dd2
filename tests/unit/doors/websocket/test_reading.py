# SPDX-License-Identifier: MIT
"""Messages that stand whole are read without Autobahn, and nobody can tell."""

from typing import Any

import pytest
from attrs import evolve
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.frames import (
    ANY,
    GARBAGE,
    GOOD,
    MAX_SIZE,
    MESSAGES,
    ODD_UTF8,
    STREAMS,
    Deflater,
    Frame,
    Garbage,
    Message,
    whole,
    write_all,
)
from tests.unit.doors.ways import AUTOBAHN, GATHERED, OURS, Outcome, Talk, hold
from wsecho.config.config import Config
from wsecho.core.websocket.large import Buffers

DEFLATE = "permessage-deflate"
EXTENSIONS = (
    *("", "", DEFLATE, DEFLATE, f"{DEFLATE}; client_no_context_takeover"),
    f"{DEFLATE}; server_no_context_takeover; client_max_window_bits",
    f"{DEFLATE}; server_max_window_bits=9; client_max_window_bits=9",
)
TEMPLATE = b"You said: {data}"
DOORS = (("/echo", None), ("/echo", TEMPLATE), ("/broadcast/room", None))
CONFIGS = {
    (most, reply): Config(auto_ping=0, max_message_size=most, reply=reply)
    for most in (MAX_SIZE, 40_000)
    for reply in (None, TEMPLATE)
}
CUTS = st.lists(st.integers(0, 2000) | st.integers(0, 200_000), max_size=6)


def assert_nobody_can_tell(talk: Talk) -> Outcome:
    """Hold a talk in all ways; return what came of each.

    Autobahn does not know where a compressed message that is cut or ends its stream goes wrong.
    """
    expected = hold(GATHERED if talk.extensions else AUTOBAHN, talk)
    for way in (GATHERED, *OURS):
        assert hold(way, talk) == expected, way
    return expected


@st.composite
def talks(draw: st.DrawFn) -> Talk:
    """Anything that a client may send to any door, cut anywhere."""
    parts: list[Any] = draw(st.lists(GOOD | MESSAGES | MESSAGES | GARBAGE | ANY, max_size=8))
    stream = write_all(parts, takeover=draw(st.booleans()))
    path, reply = draw(st.sampled_from(DOORS))
    config = CONFIGS[draw(st.sampled_from([MAX_SIZE, 40_000])), reply]
    ends = tuple(cut % (len(stream) + 1) for cut in draw(CUTS))
    extensions = draw(st.sampled_from(EXTENSIONS))
    end = draw(st.just(0) | st.integers(0, 20))
    return Talk(
        stream[: max(len(stream) - end, 0)],
        ends,
        at_once=draw(st.booleans()),
        path=path,
        extensions=extensions,
        config=config,
    )


@given(talks())
def test_the_answers_are_autobahns_own(talk: Talk) -> None:
    """The same messages, octets, counts and end, whatever comes and however it is cut."""
    assert_nobody_can_tell(talk)


@given(STREAMS)
@example(whole(b"a") + whole(b"b" * 126))
def test_each_octet_by_itself(stream: bytes) -> None:
    """A frame that is split at every octet is the same frame."""
    config = CONFIGS[MAX_SIZE, None]
    everywhere = Talk(stream, tuple(range(len(stream))), config=config)
    expected = assert_nobody_can_tell(everywhere)
    assert hold(AUTOBAHN, Talk(stream, config=config)) == expected


FRAGMENT = Frame(0x01, b"b", b"abcd", 0).write()


@pytest.mark.parametrize(("path", "reply"), DOORS, ids=["echo", "template", "room"])
@pytest.mark.parametrize(
    ("stream", "ends"),
    [
        (b"".join(whole(b"x" * n) for n in (0, 1, 125, 126, MAX_SIZE)), ()),
        (b"".join(whole(b"x" * n, 0x82) for n in (39_999, 40_000, 40_001)), (20_000, 90_000)),
        (b"".join(whole(b"x" * n, 0x82) for n in (39_999, 40_000, 20_000)), (1, 20_000, 99_990)),
        (whole("\u00e9".encode()) + whole(b"\xff") + whole(b"late"), (3,)),
        (whole(b"a") * 200, ()),
        (whole(b"a") + FRAGMENT + whole(b"c"), (1, 9)),
        (FRAGMENT + whole(b"ping", 0x89) + whole(b"end", 0x80) + whole(b"c"), (5,)),
        (FRAGMENT + whole(b"\xff", 0x80) + whole(b"c"), ()),
        (whole(b"a") + whole(b"\x03\xe8bye", 0x88) + whole(b"late"), (3,)),
        (whole(b"x" * 30_000 + b"\xe2\x82") + whole(b"late"), (1000, 30_007)),
        (whole(b"x" * 30_000 + b"\xe2\x82")[:-1], (1000, 30_007)),
        (whole(b"x" * 1000 + b"\xff" + b"y" * 30_000) + whole(b"late"), (500, 2000, 3000)),
        (whole(b"x" * 10 + b"\xff" + b"y" * 38_000), (5, 16)),
        (FRAGMENT + whole(b"end", 0x80) + whole(b"c") * 2 + whole(b"\xff" * 200)[:20], ()),
        (whole(b"x" * 40_001, 0x83) + whole(b"late"), (3,)),
    ],
    ids=[
        *("lengths", "one too long", "longest", "no text", "many", "unfinished"),
        *("fragments", "no text in fragments", "close", "no text at the end", "not yet none"),
        *("no text in a large one", "no text in two pieces"),
        *("no text behind fragments", "too long and of no kind"),
    ],
)
def test_nobody_can_tell(stream: bytes, ends: tuple[int, ...], path: str, reply: bytes) -> None:
    """At each door."""
    for at_once in (False, True):
        talk = Talk(stream, ends, at_once=at_once, path=path, config=CONFIGS[40_000, reply])
        assert_nobody_can_tell(talk)


def test_a_long_text_that_is_none_fails_by_its_first_octet(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is begun once, however long it would have been."""
    take, taken, most = Buffers.take, [], 1 << 24

    def count(buffers: Buffers, length: int) -> Any:
        taken.append(length)
        return take(buffers, length)

    monkeypatch.setattr(Buffers, "take", count)
    stream = b"\x81\xff" + most.to_bytes(8) + bytes(4) + b"\xff"
    talk = Talk(whole(b"a") + stream, (7,), config=Config(auto_ping=0, max_message_size=most))
    assert assert_nobody_can_tell(talk).closes == [("echo", "1007")]
    assert taken == [most] * len(OURS)


def compressed(payload: bytes, first: int = 1, cuts: tuple[int, ...] = ()) -> Message:
    """A compressed message; in fragments if it is cut."""
    return Message(first, payload, b"abcd", list(cuts), b"", is_compressed=True)


@pytest.mark.parametrize("takeover", [True, False])
@pytest.mark.parametrize("offer", EXTENSIONS[2:])
@pytest.mark.parametrize(("path", "reply"), DOORS, ids=["echo", "template", "room"])
def test_one_window_serves_all_ways(path: str, reply: bytes, offer: str, takeover: bool) -> None:
    """A message that Autobahn's states inflate refers to one that ours did, and back."""
    text = b"the same words over and over, "
    parts: list[bytes | Message] = [
        compressed(text * 3),
        compressed(text * 3, cuts=(5, 20)),
        whole(b"not compressed"),
        compressed(text * 1000, 2),
        compressed(text * 3, cuts=(1,)),
        compressed(text * 3 + b"!"),
        compressed(b""),
    ]
    deflater = Deflater(takeover)
    stream = b"".join(p if isinstance(p, bytes) else p.write(deflater) for p in parts)
    for ends in ((), (3, 60, 130), tuple(range(0, len(stream), 7))):
        talk = Talk(stream, ends, path=path, extensions=offer, config=CONFIGS[40_000, reply])
        outcome = assert_nobody_can_tell(talk)
        # Who said it would forget the window is held to it.
        if not takeover or "client_no" not in offer:
            assert outcome.counts[:2] == (len(parts), len(parts))


@pytest.mark.parametrize("ends", [(), (10,), tuple(range(60))])
@pytest.mark.parametrize(
    ("part", "code"),
    [
        *((compressed(b"x" * length), 1009) for length in (MAX_SIZE + 1, 100_000)),
        *((Garbage(b"\xff" * 20, first), 1007) for first in (0xC1, 0xC2)),
        *((compressed(b"text " * 10 + bad), 1007) for bad in ODD_UTF8),
        (compressed("\u20ac".encode()[:2]), 1007),
        (Frame(0x80, b"", b"abcd", 0), 1002),
        (Frame(0xA1, b"", b"abcd", 0), 1002),
    ],
)
def test_what_is_broken_under_compression_fails(
    part: Message | Garbage | Frame, code: int, ends: tuple[int, ...]
) -> None:
    """With the code that says why; what came before is answered, what comes behind is not."""
    stream = write_all([compressed(b"before"), part, compressed(b"behind")], takeover=True)
    talk = Talk(stream, ends, extensions=DEFLATE, config=CONFIGS[MAX_SIZE, None])
    outcome = assert_nobody_can_tell(talk)
    closes = [payload for first, payload in outcome.frames() if first == 0x88]
    assert closes == [code.to_bytes(2)]
    assert (outcome.is_aborted, outcome.has_fin, outcome.counts[:2]) == (False, True, (1, 1))
    assert outcome.limits == ({"max-message-size": 1} if code == 1009 else {})


def test_the_longest_message_may_be_compressed() -> None:
    """The limit is inclusive, and of what it inflates to."""
    stream = write_all([compressed(b"x" * MAX_SIZE)], takeover=True)
    talk = Talk(stream, extensions=DEFLATE, config=CONFIGS[MAX_SIZE, None])
    assert assert_nobody_can_tell(talk).counts == (1, 1, MAX_SIZE, MAX_SIZE)
    for end in range(len(stream)):
        for way in OURS:
            assert hold(way, evolve(talk, ends=(end,))).counts == (1, 1, MAX_SIZE, MAX_SIZE)
