# SPDX-License-Identifier: MIT
"""Messages that stand whole are read without Autobahn, and nobody can tell."""

import os

from attrs import define
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.unit.doors.harness import Server
from wsecho.config import Config
from wsecho.doors.websocket import WebSocketConnection

MOST = 300
UPGRADE = (
    b"GET /echo HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


@define
class Frame:
    """One frame as a client may send it, well or badly."""

    first: int
    payload: bytes
    mask: bytes | None
    size: int

    def write(self) -> bytes:
        """Write it; `size` octets of length, where the shortest form takes fewer too."""
        length = len(self.payload)
        size = max(self.size, 0 if length < 126 else 2)
        marker = {0: length, 2: 126, 8: 127}[size]
        head = bytes((self.first, marker | (0 if self.mask is None else 0x80)))
        head += length.to_bytes(size) if size else b""
        if self.mask is None:
            return head + self.payload
        return head + self.mask + bytes(o ^ self.mask[i % 4] for i, o in enumerate(self.payload))


MASKS = st.binary(min_size=4, max_size=4)
TEXTS = st.text(max_size=40).map(str.encode)
LENGTHS = st.sampled_from([0, 125, 126, 127, MOST, MOST + 1])
PAYLOADS = TEXTS | st.binary(max_size=20) | LENGTHS.map(lambda length: b"x" * length)
GOOD = st.builds(Frame, st.sampled_from([0x81, 0x82]), TEXTS, MASKS, st.just(0))
ANY = st.builds(
    Frame,
    st.sampled_from([0x81, 0x82, 0x01, 0x02, 0x00, 0x80, 0x89, 0x8A, 0x88, 0xC1, 0x91, 0x83, 0x09])
    | st.integers(0, 255),
    PAYLOADS,
    MASKS | st.none(),
    st.sampled_from([0, 0, 0, 2, 8]),
)
STREAMS = st.lists(GOOD | ANY, max_size=12).map(lambda frames: b"".join(f.write() for f in frames))


class Plain(WebSocketConnection):
    """A connection that leaves every frame to Autobahn."""

    def _read(self, data: bytes) -> bytes:
        """Read none."""
        return data


def talk(kind: type[WebSocketConnection], stream: bytes, cuts: list[int]) -> tuple[bytes, object]:
    """Send a stream to an echo, cut at some places; what it answers and how it ends."""
    server = Server(Config(auto_ping=0, max_message_size=MOST))
    server.websockets.kind = kind
    peer = server.connect()
    peer.send(UPGRADE)
    ends = sorted(cut % (len(stream) + 1) for cut in cuts)
    for begin, end in zip([0, *ends], [*ends, len(stream)], strict=True):
        if begin < end and not peer.wire.aborted:
            peer.send(stream[begin:end])
    answer, wire = peer.received(), peer.wire
    server.clock.advance(0)
    return answer, (wire.aborted, wire.disconnecting, wire.half_closed, peer.received())


def whole(text: bytes) -> bytes:
    """A text as a client sends it."""
    return Frame(0x81, text, b"abcd", 0).write()


@given(STREAMS, st.lists(st.integers(0, 2000), max_size=8))
@example(b"".join(whole(b"x" * n) for n in (0, 1, 125, 126, MOST)), [])
@example(whole("é".encode()) + whole(b"\xff") + whole(b"late"), [3])
@example(whole(b"a") * 1000, [])
@example(whole(b"a") + Frame(0x01, b"b", b"abcd", 0).write() + whole(b"c"), [1, 9])
@settings(max_examples=int(os.environ.get("WSECHO_EXAMPLES", "100")))
def test_the_answers_are_autobahns_own(stream: bytes, cuts: list[int]) -> None:
    """The same octets, and the same end, whatever comes and however it is cut."""
    assert talk(WebSocketConnection, stream, cuts) == talk(Plain, stream, cuts)


@given(STREAMS)
@example(whole(b"a") + whole(b"b" * 126))
@settings(max_examples=20)
def test_each_octet_by_itself(stream: bytes) -> None:
    """A frame that is split at every octet is the same frame."""
    everywhere = list(range(len(stream)))
    assert talk(WebSocketConnection, stream, everywhere) == talk(Plain, stream, [])
