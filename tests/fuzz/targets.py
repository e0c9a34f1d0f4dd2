# SPDX-License-Identifier: MIT
"""One target for each parser: it takes any octets, and only what it documents may come out of it.

Where something was read, more must hold: written again it is the same, cut elsewhere it is the
same, or what was refused in one form is in no other. A target that fails raises.
"""

import json
import socket
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from ipaddress import ip_network
from typing import Any, Final

from attrs import frozen

from tests.support.deflated import zlibs_answer
from wsecho import hooks
from wsecho.access.claims import Claims
from wsecho.access.hosts import host_name, is_local
from wsecho.access.keys import read_keys
from wsecho.access.presented import presented_token
from wsecho.access.proxies import Proxies
from wsecho.access.tokens import verify
from wsecho.core.http.handshake import Query, examine, split_target
from wsecho.core.http.media import EVENTS, accepts, content_type
from wsecho.core.http.origins import Origins
from wsecho.core.http.queries import PollQuery, RoomQuery
from wsecho.core.http.requests import RequestHead
from wsecho.core.rooms.vocabulary import FrameError, PublishFrame, publish_id, read_frame
from wsecho.core.websocket.closeframes import read_close
from wsecho.core.websocket.compression import Codec, InflatedTooLargeError, InflationError
from wsecho.core.websocket.deflate import Agreement, Offer, choose
from wsecho.core.websocket.large import LargeMessage
from wsecho.core.websocket.reading import Head, is_utf8, read_head
from wsecho.core.wire.errors import BadRequest, BadToken, Forbidden, OtherVersion, WireError
from wsecho.core.wire.names import check_room, parse_room, room_segment
from wsecho.core.wire.positions import Position
from wsecho.core.wire.quoted import split
from wsecho.core.wire.rawsocket import FrameReader, RawSocketError, read_hello
from wsecho.doors.wamp.asjson import JSON
from wsecho.doors.wamp.forms import make_form
from wsecho.doors.wamp.objects import CBOR, MESSAGE_PACK
from wsecho.doors.wamp.unfit import MalformedError, Unfit
from wsecho.lane import octets, speedups
from wsecho.router import CannotCarryError
from wsecho.router.wire.errors import ProtocolViolationError
from wsecho.router.wire.parsing import parse
from wsecho.webhooks.questions import AskedOver
from wsecho.webhooks.replies import BadReplyError, read_reply

_MOST: Final = 300
_NOW: Final = 1_700_000_000.0
_KEYS: Final = read_keys(b'{"kty":"oct","k":"%s"}' % (b"A" * 43))
_PROXIES: Final = Proxies((ip_network("10.0.0.0/8"),))
_UPGRADE: Final = (
    b"GET /broadcast/a?after=e:1 HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: wsecho.v1, wsecho.token.e30.e30.AA\r\n"
    b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n"
)


@frozen
class Target:
    """A parser to feed.

    Attributes:
        run: takes any octets; raises where the parser is at fault.
        seeds: what it mostly gets.
        words: what a fuzzer would not find by itself.
    """

    run: Callable[[bytes], None]
    seeds: tuple[bytes, ...]
    words: tuple[bytes, ...] = ()


def frames(data: bytes) -> None:
    """Whole messages are read alike by Python and by C, and wherever the stream is cut."""
    read = octets.read_messages
    messages, taken = read(data, _MOST)
    assert speedups.read_messages(data, _MOST) == (messages, taken)
    assert 0 <= taken <= len(data)
    for payload, is_binary in messages:
        assert len(payload) <= _MOST
        assert is_binary or is_utf8(payload)
    first, begun = read(data[: len(data) // 2], _MOST)
    rest, ended = read(data[begun:], _MOST)
    assert (first + rest, begun + ended) == (messages, taken)
    for one, other in ((octets.receive, speedups.receive), (octets.echo, speedups.echo)):
        assert _by_socket(one, data) == _by_socket(other, data)


def _by_socket(read: Any, data: bytes) -> tuple[Any, bytes]:
    """Have octets read from a socket; what is read, and what is answered."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        theirs.setblocking(False)
        theirs.sendall(data)
        found = read(ours.fileno(), 1 << 16, _MOST)
        try:
            return found, theirs.recv(1 << 16)
        except BlockingIOError:
            return found, b""


def large(data: bytes) -> None:
    """A long message is the same in one piece and in many, by Python and by C."""
    begun = read_head(data, 1 << 16, most_deflated=1 << 17)
    if begun is None:
        return
    came = data[begun.size :][: begun.length]
    whole = _fill(begun, [came], octets)
    for size in (1, 100) if len(came) <= _MOST else (99,):
        pieces = [came[n : n + size] for n in range(0, len(came), size)]
        for how in (octets, speedups):
            found = _fill(begun, pieces, how)
            assert found[0] is whole[0]
            # What follows a fault is not looked at.
            assert not whole[0] or found == whole
    if len(came) == begun.length and not (begun.is_binary or begun.is_compressed):
        assert whole[0] is is_utf8(octets.apply_mask(came, begun.key))


def _fill(begun: Head, pieces: list[bytes], how: Any) -> tuple[bool, bytes]:
    place = memoryview(bytearray(begun.length))
    message = LargeMessage(begun, place, how.unmask_in_place, how.unmask_text)
    is_well = all(message.fill(piece)[1] for piece in pieces if not message.is_whole)
    return is_well, bytes(message.payload)


def close(data: bytes) -> None:
    """A Close frame says what stands in it, and is no longer than what came."""
    found = read_close(data, octets.apply_mask)
    if found is not None:
        assert 6 <= found.length <= len(data)
        assert found.code is None or 0 <= found.code <= 0xFFFF
        assert found.reason is None or len(found.reason) == found.length - 8


def head(data: bytes) -> None:
    """A head is HTTP or refused, and so is the WebSocket that it asks for."""
    try:
        request = RequestHead.parse(data)
    except (BadRequest, OtherVersion):
        return
    assert not any(c in value for _, value in request.headers for c in "\r\n\0")
    with suppress(BadRequest):
        content_type(request)
    accepts(request, EVENTS)
    with suppress(WireError):
        upgrade = examine(request)
        assert upgrade.path.startswith("/")
        choose(upgrade.extensions)
        presented_token(request, upgrade.query)


def query(data: bytes) -> None:
    """A query is read or refused, for every reader of a room."""
    try:
        _, found = split_target(f"/?{data.decode('latin-1')}")
    except BadRequest:
        return
    with suppress(BadRequest):
        asked = RoomQuery.read(found)
        assert asked.after is None or Position.parse(str(asked.after)) == asked.after
    with suppress(BadRequest):
        poll = PollQuery.read(found)
        assert 0 <= poll.wait <= 60
        assert 1 <= poll.limit <= 1000


def position(data: bytes) -> None:
    """A position is the text that it was read from."""
    text = _text(data)
    with suppress(BadRequest):
        assert str(Position.parse(text)) == text


def room(data: bytes) -> None:
    """A room has one name, and a path leads to it."""
    with suppress(BadRequest):
        name = parse_room(data.decode("latin-1"))
        assert check_room(name) == parse_room(room_segment(name)) == name


def deflate(data: bytes) -> None:
    """What is answered to an offer is an offer that would be accepted."""
    offer = choose(split(data.decode("latin-1"), ","))
    if offer is not None:
        agreed = offer.agree(keeps_window=False)
        again = Offer.parse(str(agreed))
        assert again is not None
        assert again.server_max_window_bits == agreed.server_window
        assert again.client_max_window_bits == agreed.client_window


def inflate(data: bytes) -> None:
    """Two messages are zlib's whole answers, or too large, or none."""
    agreed = Agreement(
        server_no_context_takeover=False,
        client_no_context_takeover=False,
        server_window=15,
        client_window=None,
    )
    ours, theirs = Codec(agreed), None
    begin = 1 + (data[0] if data else 0)
    for message in filter(None, (data[1:begin], data[begin:])):
        found = _inflated(ours, message)
        try:
            answer, theirs = zlibs_answer(theirs, message)
        except zlib.error:
            # Where it is too large, nobody looks whether what is behind that is any.
            assert not isinstance(found, bytes)
            return
        if len(answer) > _MOST:
            assert found is InflatedTooLargeError
            return
        assert found == answer


def _inflated(codec: Codec, message: bytes) -> bytes | type[InflationError]:
    try:
        return codec.inflate(message, _MOST)
    except InflationError as error:
        return type(error)


def rawsocket(data: bytes) -> None:
    """Frames are the same in one piece and octet by octet."""
    read_hello(data[:4].ljust(4, b"\0"))
    assert _rawsocket([data]) == _rawsocket([data[n : n + 1] for n in range(len(data))])


def _rawsocket(pieces: list[bytes]) -> list[object]:
    reader, found = FrameReader(_MOST), list[object]()
    try:
        for piece in pieces:
            found.extend(reader.receive_data(piece))
    except RawSocketError as error:
        found.append(str(error))
    return found


def v1(data: bytes) -> None:
    """A frame of `wsecho.v1` is read, or refused under its own id."""
    try:
        frame = read_frame(data)
        identifier = frame.id if isinstance(frame, PublishFrame) else None
    except FrameError as error:
        identifier = error.id
    assert publish_id(data) == identifier


def wamp(subprotocol: str) -> Callable[[bytes], None]:
    """Make the target of a WAMP serializer: what it reads, all forms carry or refuse."""

    def run(data: bytes) -> None:
        try:
            messages = make_form(subprotocol).read(data)
        except MalformedError:
            return
        for each in messages:
            message = each.message if isinstance(each, Unfit) else each
            with suppress(ProtocolViolationError):
                parse(message)
            for form in (JSON, MESSAGE_PACK, CBOR):
                with suppress(CannotCarryError):
                    form.unserialize(form.serialize([message]))

    return run


def token(data: bytes) -> None:
    """Nobody makes a token without the key."""
    with suppress(BadToken):
        verify(_text(data), _KEYS, _NOW)
        raise AssertionError("a token counts")


def claims(data: bytes) -> None:
    """Whatever a signed token claims, it is read or refused."""
    try:
        said = json.loads(data)
    except (ValueError, RecursionError):
        return
    if isinstance(said, dict):
        with suppress(BadToken):
            Claims.read(said).check_time(_NOW)


def authorization(data: bytes) -> None:
    """A token is found in a header, or none is."""
    headers = (("authorization", data.decode("latin-1")),)
    with suppress(BadRequest):
        found = presented_token(_request(*headers), Query(()))
        assert found is None or found in headers[0][1]


def forwarded(data: bytes) -> None:
    """Proxies' headers name an address, or the one at the other end is meant."""
    one, _, other = data.decode("latin-1").partition("\n")
    for headers in (
        [("forwarded", one), ("forwarded", other)],
        [("x-forwarded-for", one), ("x-forwarded-host", other)],
        [("forwarded", one), ("x-forwarded-for", other)],
    ):
        with suppress(BadRequest):
            sender = _PROXIES.sender(_request(*headers), "10.0.0.1")
            assert sender.address


def origin(data: bytes) -> None:
    """An origin may come in or not; a host is local or not."""
    one, _, other = data.decode("latin-1").partition("\n")
    with suppress(Forbidden):
        Origins(("https://*.example.org",)).check(one, other, None)
    name = host_name(other)
    assert name is None or is_local(name) in {True, False}


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _request(*headers: tuple[str, str]) -> RequestHead:
    return RequestHead("GET", "/", "1.1", headers)


def _packed(form: Any) -> tuple[bytes, ...]:
    messages: list[list[Any]] = [
        [1, "realm1", {"roles": {"subscriber": {}}, "authmethods": ["ticket"]}],
        [16, 1, {"acknowledge": True, "exclude": [5]}, "com.a", [1.5, "x", None], {"k": [True]}],
        [32, 2, {"match": "prefix"}, "com."],
        [48, 3, {"timeout": 5, "receive_progress": True}, "com.a", [b"\0\1"]],
        [8, 68, 4, {}, "com.error", []],
        [70, 5, {"progress": True}, [1 << 40, -1]],
    ]
    return tuple(form.serialize(message) for message in messages)


def reply(data: bytes) -> None:
    """An application's reply is a yes or a no where it says so, of the kind that was asked."""
    kinds: Mapping[AskedOver, Any] = {"connect": Mapping, "join": (), "publish": str | bytes}
    for question, kind in kinds.items():
        allows = True
        try:
            said = read_reply(question, 200, data, _MOST)
        except BadReplyError:
            continue
        except hooks.Drop:
            assert question == "publish"
        except hooks.Forbidden as no:
            allows = False
            no.reason.encode()
        else:
            assert said is None or isinstance(said, kind)
            assert not isinstance(said, str) or len(said.encode()) <= _MOST
        assert json.loads(data.decode("utf-8-sig"))["allow"] is allows


TARGETS: Final[Mapping[str, Target]] = {
    "frames": Target(
        frames, (b"\x81\x85abcd\x09\x07\x0f\x08\x0e", b"\x82\xfe\0\x80abcd" + b"x" * 128)
    ),
    "large": Target(
        large,
        (b"\x81\x86abcd\x02\xcb\x0a\x10\xe2\xe2", b"\xc2\xfe\0\x80abcd" + b"x" * 128),
    ),
    "close": Target(close, (b"\x88\x80abcd", b"\x88\x85abcd\x62\x8a\x01\x1d\x04")),
    "head": Target(
        head, (_UPGRADE, b"POST / HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream;q=0\r\n\r\n")
    ),
    "query": Target(
        query,
        (b"after=e:1&history=5&self=0&presence=1&member=0123456789abcdef", b"wait=60&limit=1000"),
        (b"after=", b"history=", b"wait=", b"limit=", b"member=", b"%ff"),
    ),
    "position": Target(position, (b"e:0", b"a_B-9:9007199254740991")),
    "room": Target(room, (b"main", b"a%2Fb%20%C3%A9", b"%2e%2e")),
    "deflate": Target(
        deflate,
        (b'permessage-deflate; server_max_window_bits="10"; client_max_window_bits',),
        (b"server_no_context_takeover", b"client_no_context_takeover", b"client_max_window_bits=8"),
    ),
    "inflate": Target(
        inflate,
        (
            b"\x08" + bytes.fromhex("f348cdc9c9070000f248cdc9c90700"),
            b"\x07" + bytes.fromhex("4a4c4c4c000000d2488c4c0400"),
            b"\x05\x01\x02\0\xfd\xffab\0",
        ),
    ),
    "rawsocket": Target(rawsocket, (b"\0\0\0\1x\1\0\0\2ab\2\0\0\0",)),
    "v1": Target(
        v1,
        (
            b'{"type":"publish","data":"x","id":1,"key":"k"}',
            b'{"type":"publish","base64":"AAE="}',
            b'{"type":"token","token":"x"}',
            b'{"type":"ping"}',
        ),
        (b'"publish"', b'"base64"', b'"token"', b"\\ud800"),
    ),
    "wamp-json": Target(wamp("wamp.2.json.batched"), _packed(JSON), (b'"\\u0000AAE="', b"\x1e")),
    "wamp-msgpack": Target(wamp("wamp.2.msgpack"), _packed(MESSAGE_PACK)),
    "wamp-msgpack-batched": Target(
        wamp("wamp.2.msgpack.batched"),
        tuple(len(one).to_bytes(4) + one for one in _packed(MESSAGE_PACK)),
    ),
    "wamp-cbor": Target(wamp("wamp.2.cbor"), _packed(CBOR), (b"\xd8\x1c", b"\xd8\x1d", b"\xc2")),
    "token": Target(
        token, (b"eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjQwMDAwMDAwMDB9.AA", b"eyJhbGciOiJub25lIn0.e30.")
    ),
    "claims": Target(
        claims,
        (
            b'{"exp":4000000000,"sub":"ann","name":"Ann","nbf":1}',
            b'{"exp":4000000000,"rooms":{"join":["a-*"]},"wamp":{"call":["com."]}}',
        ),
        (b'"publish"', b'"operate"', b'"subscribe"', b'"register"'),
    ),
    "authorization": Target(authorization, (b"Bearer e30.e30.AA", b"Basic x")),
    "forwarded": Target(
        forwarded,
        (
            b'for="[2001:db8::1]:80";proto=https;host=x, for=10.0.0.2;by=_hidden\nfor=unknown',
            b"192.0.2.1, 10.0.0.2\nexample.org",
        ),
        (b"host=", b"proto=", b"for="),
    ),
    "origin": Target(origin, (b"https://a.example.org:443\nlocalhost:8080", b"null\n[::1]:80")),
    "reply": Target(
        reply,
        (
            b'{"allow":true,"claims":{"sub":"ann","rooms":{"join":["*"]}}}',
            b'{"allow":true,"base64":"AP8="}',
            b'{"allow":false,"reason":"no","code":"over_limit"}',
        ),
        (b'"allow":true', b'"data"', b'"drop":true', b"\\ud800", b"null"),
    ),
}
"""Every target by its name."""
