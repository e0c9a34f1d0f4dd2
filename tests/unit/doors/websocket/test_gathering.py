# SPDX-License-Identifier: MIT
"""What is answered to compressed messages of all kinds, by every way that they can go."""

import os
import zlib
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.deflated import TAIL, Compressor, Style, Written, written
from tests.support.frames import Frame, whole
from tests.unit.doors.ways import GATHERED, OURS, Outcome, Talk, Way, hold
from wsecho.config.config import Config
from wsecho.core.websocket.compression import longest_deflated

MAX_SIZE = 1000
DEFLATE = "permessage-deflate"
WAYS = (GATHERED, *OURS)
EXAMPLE = bytes.fromhex("f348cdc9c9070000")
KEY = b"abcd"
CUTS: st.SearchStrategy[list[int]] = st.just([]) | st.lists(st.integers(0, 2000), max_size=6)
DOORS = st.sampled_from(["/echo", "/broadcast/room"])
WINDOWS = st.none() | st.integers(9, 15)


def frames(deflated: bytes, cuts: list[int], first: int = 2) -> bytes:
    """Write a compressed message, in fragments if it is cut, with pings between them."""
    ends = [0, *sorted(cut % (len(deflated) + 1) for cut in cuts), len(deflated)]
    written = []
    for number, (begin, end) in enumerate(pairwise(ends)):
        head = 0x80 if number == len(cuts) else 0
        head |= 0 if number else 0x40 | first
        written.append(Frame(head, deflated[begin:end], KEY, 0).write())
    return whole(b"", 0x8A).join(written)


def offer(takeovers: tuple[bool, bool], windows: tuple[int | None, int | None]) -> str:
    """Offer what a peer may: who keeps its window, the server and the client, and how large."""
    parts = [DEFLATE]
    for who, keeps, window in zip(("server", "client"), takeovers, windows, strict=True):
        parts += [f"{who}_no_context_takeover"] * (not keeps)
        parts += [f"{who}_max_window_bits={window}"] * (window is not None)
    return "; ".join(parts)


def answers(outcome: Outcome, window: int, *, takeover: bool) -> list[bytes]:
    """Inflate what was answered."""
    codec: Any = None
    found = []
    for first, payload in outcome.frames():
        if first & 0x0F not in {1, 2}:
            continue
        message = payload
        if first & 0x40:
            codec = codec if codec is not None and takeover else zlib.decompressobj(-window)
            message = codec.decompress(payload + TAIL)
        found.append(message)
    return found


def talk(stream: bytes, ends: tuple[int, ...] = (), **changes: Any) -> Talk:
    """To a server whose longest message is short."""
    config = Config(auto_ping=0, max_message_size=changes.pop("most", MAX_SIZE))
    return Talk(stream, ends, config=config, **{"extensions": DEFLATE, **changes})


def closed_by(outcome: Outcome) -> list[int]:
    """The codes of the server's Close frames."""
    return [int.from_bytes(payload) for first, payload in outcome.frames() if first == 0x88]


@given(
    st.lists(st.tuples(written(MAX_SIZE), CUTS), max_size=4),
    st.tuples(st.booleans(), st.booleans()),
    st.tuples(WINDOWS, WINDOWS),
    DOORS,
    st.lists(st.integers(0, 5000), max_size=5),
    st.sampled_from(WAYS),
)
@example([(Written(b"\1" * (MAX_SIZE + 1)), [])], (True, True), (None, None), "/echo", [], OURS[-1])
@example([(Written(b"\1" * (MAX_SIZE + 1)), [1])], (True, True), (None, 9), "/echo", [], GATHERED)
@example(
    [(Written(b"Hello", end=zlib.Z_FINISH), []), (Written(b"a"), [])],
    *((True, True), (9, None), "/broadcast/room", [3], OURS[0]),
)
def test_each_message_comes_back_as_it_was_meant(
    messages: list[tuple[Written, list[int]]],
    takeovers: tuple[bool, bool],
    windows: tuple[int | None, int | None],
    path: str,
    ends: list[int],
    way: Way,
) -> None:
    """However it was written, flushed, cut and sent; the first that is too long is 1009."""
    peer = Compressor(15 if windows[1] is None else min(windows[1], 12), takeovers[1])
    stream = b"".join(frames(peer.write(message), cuts) for message, cuts in messages)
    ends = [end % (len(stream) + 1) for end in ends]
    asked = talk(stream, tuple(ends), path=path, extensions=offer(takeovers, windows))
    outcome = hold(way, asked)
    expected = []
    for message, _ in messages:
        if len(message.payload) > MAX_SIZE:
            assert closed_by(outcome) == [1009]
            break
        expected.append(message.payload)
    else:
        assert closed_by(outcome) == []
    # In rooms no message refers to another.
    takeover = takeovers[0] and path == "/echo"
    assert answers(outcome, min(windows[0] or 15, 12), takeover=takeover) == expected


@pytest.mark.parametrize("path", ["/echo", "/broadcast/room"])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("cuts", [[], [3]], ids=["whole", "fragments"])
def test_a_stream_that_ended_poisons_nothing(way: Way, path: str, cuts: list[int]) -> None:
    """RFC 7692 section 7.2.3.4's own example, and messages behind it."""
    stream = b"".join(frames(EXAMPLE, cuts, 1) for _ in range(3))
    stream += frames(Compressor().write(Written(b"and on")), cuts, 1)
    outcome = hold(way, talk(stream, path=path))
    assert answers(outcome, 12, takeover=path == "/echo") == [b"Hello"] * 3 + [b"and on"]


STORED = Style(level=0)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("cuts", [[], [30_000]], ids=["whole", "fragments"])
def test_the_limit_is_on_what_it_inflates_to(way: Way, cuts: list[int]) -> None:
    """What does not get shorter is longer on the wire."""
    most = 40_000
    payload = os.urandom(most)
    for style in (STORED, Style(1, 1), Style(9, 1, zlib.Z_FIXED)):
        deflated = Compressor().write(Written(payload, style=style))
        assert len(deflated) > most
        outcome = hold(way, talk(frames(deflated, cuts), (20_000,), most=most))
        assert answers(outcome, 12, takeover=True) == [payload]
        longer = Compressor().write(Written(payload + b"x", style=style))
        outcome = hold(way, talk(frames(longer, cuts), (20_000,), most=most))
        assert closed_by(outcome) == [1009]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("is_cut", [False, True], ids=["whole", "fragments"])
def test_what_is_kept_of_the_wire_is_bounded(way: Way, is_cut: bool) -> None:
    """Empty blocks inflate to nothing, but only so many are kept to be inflated later."""
    bound = longest_deflated(MAX_SIZE)
    blocks = b"\0\0\0\xff\xff" * (bound // 5 + 1)
    most = blocks[: (bound - 1) // 5 * 5] + b"\0"
    cuts = list(range(5000, len(most), 5000)) if is_cut else []
    taken = hold(way, talk(frames(most, cuts), (7, 70_000)))
    assert answers(taken, 12, takeover=True) == [b""]
    # It is refused by a head that says that it is too much.
    refused = frames(blocks, cuts)[:-3]
    assert closed_by(hold(way, talk(refused, (7, 70_000)))) == [1009]


FRAGMENTS = 40


def fragment(payload: bytes, first: int) -> list[bytes]:
    """Write a message in as many fragments as there may be, the last of them empty."""
    size = -(-len(payload) // (FRAGMENTS - 1))
    pieces = [payload[n * size : n * size + size] for n in range(FRAGMENTS)]
    heads = [first, *[0] * (FRAGMENTS - 2), 0x80]
    return [Frame(head, piece, KEY, 0).write() for head, piece in zip(heads, pieces, strict=True)]


@pytest.mark.parametrize("path", ["/echo", "/broadcast/room"])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("payload", "first"),
    [(b"", 1), (b"x" * 80, 1), (b"\xff" * 80, 2), (Compressor().write(Written(b"x" * 99)), 0x41)],
    ids=["empty", "text", "binary", "compressed"],
)
def test_only_so_many_fragments_are_a_message(
    monkeypatch: pytest.MonkeyPatch, way: Way, path: str, payload: bytes, first: int
) -> None:
    """Empty ones too; those of the message before do not count."""
    monkeypatch.setattr("wsecho.core.websocket.gathering.MAX_FRAGMENTS", FRAGMENTS)
    message = fragment(payload, first)
    empty, ping = Frame(0, b"", KEY, 0).write(), whole(b"a", 0x89)
    begun = b"".join(message) + whole(b"b") + b"".join(message[:-1]) + ping + empty
    taken = hold(way, talk(begun, (50,), path=path))
    assert (closed_by(taken), taken.counts[0]) == ([], 2)
    end = Frame(0x80, b"", KEY, 0).write()
    refused = hold(way, talk(begun + end + whole(b"late"), (50,), path=path))
    assert (closed_by(refused), refused.counts[0]) == ([1008], 2)
    assert refused.answers.endswith(b"a message of more than 40 fragments is not taken")
