# SPDX-License-Identifier: MIT
"""One connection: what is sent when, step by step, octet by octet, by a clock that is set."""

import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.frames import Frame
from tests.unit.core.lab.bench import BOUNDS, Bench, server_frame
from wsecho.core.lab.messages import WAITING_COST
from wsecho.core.lab.observer import PROBE
from wsecho.core.lab.outflow import MAX_ENTRIES, HalfEnd
from wsecho.core.lab.rules import RULES
from wsecho.core.lab.session import APART, LINGER, MAX_AT_ONCE
from wsecho.core.lab.steps import STEPS
from wsecho.core.lab.values import Bounds
from wsecho.core.limits.rates import OverRatePolicy, Rates
from wsecho.core.wire.errors import BadRequest

PING = server_frame(0x89, PROBE)


def text(payload: str) -> bytes:
    """A text as the lab sends it, uncompressed."""
    return server_frame(0x81, payload.encode())


def close(code: int, reason: str = "") -> bytes:
    """A Close as the lab sends it."""
    return server_frame(0x88, code.to_bytes(2) + reason.encode())


def plain(path: str, **options: object) -> Bench:
    """A connection without compression."""
    return Bench(path, offers="", **options)  # type: ignore[arg-type]


# -- actions

SENT = {
    "send=hi": text("hi"),
    "send=": text(""),
    "send-hex=00ff": server_frame(0x82, b"\x00\xff"),
    "send-size=20": text("0123456789abcdef0123"),
    "send-size=0": text(""),
    "send-binary-size=3": server_frame(0x82, b"012"),
    "send-size=300": text(("0123456789abcdef" * 19)[:300]),
    "stream=3x100ms": text("1") + text("2") + text("3"),
    "ping=p": server_frame(0x89, b"p"),
    "pong=p": server_frame(0x8A, b"p"),
    "head": text("the head"),
    "raw=c0ff": b"\xc0\xff",
    "close": b"\x88\x00",
    "close=4000%3Abye": close(4000, "bye"),
    "cut": b"\x81\x11cut in t",
    "fin": b"",
    "reset": b"",
    "wait=1s/send=a": text("a"),
    "send=a/send=b/again=2/send=c": (text("a") + text("b")) * 2 + text("c"),
    "send=a/again=1": text("a"),
    "fragment=2/send=abcde": b"\x01\x02ab\x00\x02cd\x80\x01e",
    "fragment=9/send=abc": text("abc"),
    "fragment=2/send=": text(""),
    "fragment=2/send-size=5": b"\x01\x0201\x00\x0223\x80\x014",
    "send=a/fragment=1/send=bc": text("a") + b"\x01\x01b\x80\x01c",
    "loss=1/send=a/send-size=3": b"",
    "loss=0/send=a": text("a"),
    "duplicate=1/send=a": text("a") * 2,
    "duplicate=1/send-size=1": text("0") * 2,
    "reorder/send=a/send=b/send=c": text("b") + text("a") + text("c"),
    "reorder/send=a/close": text("a") + b"\x88\x00",
    "reorder/send-size=1/send=b": text("b") + text("0"),
    "json/send=a": text("a"),
    "seed=1/send=a": text("a"),
    **{
        f"break={name}": rule.compose(BOUNDS.message) + (PING if rule.comes else b"")
        for name, rule in RULES.items()
        if not rule.deflates
    },
}


@pytest.mark.parametrize("path", SENT)
def test_what_is_sent(path: str) -> None:
    """Behind the answer, octet by octet."""
    assert plain(path).pass_time(5.0).frames == SENT[path]


@pytest.mark.parametrize("name", [name for name, rule in RULES.items() if rule.deflates])
def test_what_is_sent_where_messages_are_compressed(name: str) -> None:
    """The octets of the rule, as they are."""
    rule = RULES[name]
    sent = Bench(f"break={name}").pass_time(1.0).frames
    assert sent == rule.compose(BOUNDS.message) + (PING if rule.comes else b"")


def inflated(payloads: list[bytes]) -> list[bytes]:
    """What a client makes of compressed messages, one after the other."""
    inflater = zlib.decompressobj(-15)
    return [inflater.decompress(one + b"\0\0\xff\xff") for one in payloads]


def payloads(frames: bytes) -> list[tuple[int, bytes]]:
    """The first octets and payloads of short frames."""
    found = []
    while frames:
        length = frames[1]
        found.append((frames[0], frames[2 : 2 + length]))
        frames = frames[2 + length :]
    return found


def test_messages_are_compressed_where_that_was_agreed() -> None:
    """With a window that goes on, until `compress=off`."""
    sent = payloads(Bench("send=hello/send=hello/compress=off/send=hello").pass_time(1.0).frames)
    assert [first for first, _ in sent] == [0xC1, 0xC1, 0x81]
    assert inflated([payload for _, payload in sent[:2]]) == [b"hello", b"hello"]
    assert len(sent[1][1]) < len(sent[0][1])
    assert sent[2][1] == b"hello"


def test_compressed_fragments_are_marked_once() -> None:
    """On the first of them (RFC 7692 section 6.1)."""
    sent = payloads(Bench("fragment=3/send=hello").pass_time(1.0).frames)
    assert [first for first, _ in sent] == [0x41, 0x00, 0x80]
    assert inflated([b"".join(payload for _, payload in sent)]) == [b"hello"]


def test_the_window_begins_anew_behind_a_broken_rule() -> None:
    """The client's has something in it that ours has not, so nothing may refer to before."""
    frames = Bench("send=hellohello/break=deflate-empty/send=hellohello").pass_time(1.0).frames
    sent = [payload for first, payload in payloads(frames) if first == 0xC1]
    assert inflated([sent[0], sent[1], sent[2]]) == [b"hellohello", b"", b"hellohello"]
    assert sent[0] == sent[2]


# -- when

TIMES = {
    "send=a": [(APART, text("a"))],
    "wait=1s/send=a": [(1.0, text("a"))],
    "stream=3x100ms": [(APART, text("1")), (0.12, text("2")), (0.22, text("3"))],
    "latency=1s/send=a/send=b": [(1.02, text("a") + text("b"))],
    "latency=1s/close": [(1.02, b"\x88\x00")],
    "split=2/send=ab": [(0.02, b"\x81\x02"), (0.022, b"ab")],
    "rate=100/send-size=11": [
        (0.02, b"\x81\x0b012"),
        (0.07, b"34567"),
        (0.12, b"89a"),
    ],
    "reorder/send=a": [(1.02, text("a"))],
    "ping-every=1s/wait=2500ms/close": [
        (1.0, server_frame(0x89, b"1")),
        (2.0, server_frame(0x89, b"2")),
        (2.5, b"\x88\x00"),
    ],
    "send=a/wait=1s/again=2": [(0.02, text("a")), (1.02, text("a"))],
}


@pytest.mark.parametrize("path", TIMES)
def test_when_it_is_sent(path: str) -> None:
    """By the clock that it is told by."""
    assert plain(path).pass_time(3.0).sent[1:] == TIMES[path]


def test_jitter_is_within_its_bound_and_keeps_the_order() -> None:
    """And the same each time, with a seed."""

    def run(seed: int) -> list[tuple[float, bytes]]:
        path = f"seed={seed}/jitter=1s/" + "/".join(f"send={n}" for n in range(9))
        return plain(path).pass_time(3.0).sent[1:]

    sent = run(1)
    assert b"".join(data for _, data in sent) == b"".join(text(str(n)) for n in range(9))
    assert all(APART <= moment <= 1 + APART for moment, _ in sent)
    assert len(sent) > 1
    assert run(1) == sent != run(2)


def test_chance_is_the_same_with_a_seed_also_behind_again() -> None:
    """A seed does not begin anew with each turn."""
    one = plain("seed=3/loss=0.5/send=a/again=40").pass_time(1.0).frames
    assert one == plain("seed=3/loss=0.5/send=a/again=40").pass_time(1.0).frames
    assert 5 < one.count(text("a")) < 35


# -- the answer


def test_the_first_frame_is_glued_to_the_answer() -> None:
    """In one piece, whatever the modes; without that step it comes apart."""
    ((_, glued), *_) = plain("glue/latency=1s/split=1/send=a").pass_time(0.0).sent
    assert glued.endswith(b"\r\n\r\n" + text("a"))
    ((_, apart), *_) = plain("send=a").pass_time(1.0).sent
    assert apart.endswith(b"\r\n\r\n")


def test_an_answer_may_trickle() -> None:
    """Octet by octet."""
    bench = plain("trickle=10ms").pass_time(10.0)
    head = [data for _, data in bench.sent if len(data) == 1]
    assert b"".join(head).startswith(b"HTTP/1.1 101")
    assert b"".join(head).endswith(b"\r\n\r\n")
    assert bench.sent[9][0] == 0.09


def test_an_answer_may_be_held_back() -> None:
    """For a time, or until the client gives up."""
    assert plain("hold=2s").pass_time(3.0).sent[0][0] == 2.0
    bench = plain("hold").pass_time(59.0)
    assert bench.sent == []
    assert not bench.session.is_over
    assert bench.pass_time(2.0).session.is_over


@pytest.mark.parametrize("path", ["status=503", "redirect=%2F", "version=9"])
def test_an_answer_that_opens_nothing_ends_the_connection(path: str) -> None:
    """Whatever comes is drained for some seconds."""
    bench = plain(path)
    assert bench.session.end is HalfEnd.FIN
    assert bench.session.ended_by == "server"
    bench.text_comes("a")
    assert not bench.session.is_over
    assert bench.pass_time(LINGER + 0.1).session.is_over
    assert len(bench.sent) == 1


@pytest.mark.parametrize("path", ["accept=bad", "header=A%3Ab", "upgrade=case"])
def test_a_ping_asks_whether_an_answer_was_taken(path: str) -> None:
    """Some time behind it."""
    assert plain(path).pass_time(1.0).sent[1:] == [(APART, PING)]


def test_a_ping_behind_the_answer_does_not_come_before_a_glued_frame() -> None:
    """Nor in one piece with it."""
    bench = plain("glue/send=a").pass_time(1.0)
    assert bench.sent[0][1].endswith(text("a"))
    assert bench.sent[1:] == [(APART, PING)]


def test_what_comes_before_the_answer_is_kept_and_noted() -> None:
    """It is answered behind the answer."""
    bench = plain("hold=1s")
    bench.text_comes("early").pass_time(2.0)
    assert bench.frames == PING + text("early")
    assert [one["what"] for one in bench.record.wrong] == [
        "a frame before the handshake was answered"
    ]


# -- echo, and what waits


def test_it_echoes() -> None:
    """The same opcode and the same octets, at once."""
    bench = plain("").text_comes("a").frame(0x82, b"\xff")
    assert bench.frames == text("a") + server_frame(0x82, b"\xff")


def test_it_echoes_what_comes_in_fragments_and_compressed() -> None:
    """As one message."""
    bench = plain("").frame(0x01, b"a").frame(0x89, b"p").frame(0x80, b"b")
    assert bench.frames == server_frame(0x8A, b"p") + text("ab")
    bench = Bench("compress=off")
    bench.frame(0xC1, bytes.fromhex("f248cdc9c90700"))
    assert bench.frames == text("Hello")


def test_messages_wait_while_an_action_runs_and_control_frames_do_not() -> None:
    """A Close is answered behind the answers to what came before it."""
    bench = plain("wait=1s").text_comes("a").frame(0x89, b"p").text_comes("b")
    assert bench.frames == server_frame(0x8A, b"p")
    bench.frame(0x88, b"\x03\xe8bye")
    assert bench.session.end is None
    bench.pass_time(1.0)
    assert bench.frames == server_frame(0x8A, b"p") + text("a") + text("b") + close(1000, "bye")
    assert bench.session.end is HalfEnd.FIN


def test_a_close_that_nothing_stands_before_is_answered_at_once() -> None:
    """Though an action waits, which is given up."""
    bench = plain("wait=10s/send=a").frame(0x88, b"\x03\xe8")
    assert bench.frames == close(1000)
    assert bench.pass_time(LINGER + 0.1).frames == close(1000)
    assert bench.session.is_over
    assert bench.session.ended_by == "client"


def test_echo_and_read_count_messages() -> None:
    """Those that are read have no answer."""
    bench = plain("echo=1/read=2/send=x")
    for one in "abcd":
        bench.text_comes(one)
    assert bench.frames == text("a") + text("x") + text("d")


def test_json_tells_of_a_message() -> None:
    """What it was, in place of it."""
    bench = plain("json").pass_time(2.0).frame(0x02, b"ab").frame(0x80, b"c")
    assert json.loads(bench.frames[2:]) == {
        "opcode": "binary",
        "octets": 3,
        "fragments": 2,
        "compressed": False,
        "ms": 2000.0,
    }


def test_reorder_holds_in_the_echo() -> None:
    """Pairs change places; a lone one goes by itself, or before a Close."""
    bench = plain("reorder").text_comes("a").text_comes("b").text_comes("c")
    assert bench.frames == text("b") + text("a")
    assert bench.frame(0x88).frames == text("b") + text("a") + text("c") + b"\x88\x00"


def test_latency_holds_for_pongs_and_closes() -> None:
    """Each frame goes so late; several are on their way."""
    bench = plain("latency=1s").frame(0x89, b"p")
    bench.pass_time(0.5).text_comes("a").frame(0x88)
    assert bench.pass_time(2.0).sent[1:] == [
        (1.0, server_frame(0x8A, b"p")),
        (1.5, text("a") + b"\x88\x00"),
    ]


def test_no_pong_no_close_keep_tcp() -> None:
    """What is left out, is left out."""
    assert plain("no-pong").frame(0x89, b"p").frames == b""
    silent = plain("no-close").text_comes("a").frame(0x88, b"\x03\xe8")
    assert (silent.frames, silent.session.end) == (text("a"), None)
    kept = plain("keep-tcp").frame(0x88, b"\x03\xe8").pass_time(20.0)
    assert (kept.frames, kept.session.end, kept.session.is_over) == (close(1000), None, False)


def test_stall_reads_nothing() -> None:
    """From where it stands on; what stands first holds before the first octet."""
    bench = plain("stall").text_comes("a")
    assert (bench.frames, bench.session.reads) == (b"", False)
    later = plain("echo=1/stall/wait=1s").text_comes("a").text_comes("b")
    assert (later.frames, later.session.reads) == (text("a"), False)


# -- the end


@pytest.mark.parametrize("path", ["close=4000", "break=close-0", "break=after-close"])
def test_a_close_of_ours_waits_for_its_answer(path: str) -> None:
    """Then our half ends; until then nothing else is sent."""
    bench = plain(path).pass_time(1.0)
    sent = bench.frames
    bench.text_comes("a").frame(0x89, b"p")
    assert (bench.frames, bench.session.end) == (sent, None)
    bench.frame(0x88, b"\x0f\xa0")
    assert (bench.frames, bench.session.end, bench.session.ended_by) == (
        sent,
        HalfEnd.FIN,
        "server",
    )


def test_keep_tcp_holds_for_a_close_of_ours() -> None:
    """The connection stays."""
    bench = plain("keep-tcp/close").pass_time(1.0).frame(0x88)
    assert bench.session.end is None


@pytest.mark.parametrize(
    ("path", "end"), [("fin", HalfEnd.FIN), ("cut", HalfEnd.FIN), ("reset", HalfEnd.RESET)]
)
def test_how_our_half_ends(path: str, end: HalfEnd) -> None:
    """What comes behind it is drained until the time is over."""
    bench = plain(f"send=a/{path}").pass_time(1.0)
    sent = bench.frames
    assert bench.session.end is end
    bench.text_comes("a").frame(0x88)
    assert bench.frames == sent
    assert bench.session.reads
    assert bench.pass_time(60.0).session.is_over


WRONG = [
    (b"\x81\x01a", 1002, "a frame that is not masked"),
    (b"\xc1\x80abcd", 1002, "a reserved bit that nothing negotiated"),
    (b"\x83\x80abcd", 1002, "the reserved opcode 0x3"),
    (b"\x81\x82\0\0\0\0\xc3\x28", 1007, "a text that is no UTF-8"),
    (b"\x88\x82\0\0\0\0\x03\xed", 1002, "a Close with the code 1005, which must not be sent"),
    (b"\x82\xff\x7f\0\0\0\0\0\0\0", 1009, "a message over --max-message-size"),
    (b"\x82\xff\0\0\0\0\0\1\0\1abcd", 1009, "a message over --max-message-size"),
]


@pytest.mark.parametrize(("octets", "code", "what"), WRONG, ids=[what for _, _, what in WRONG])
def test_what_a_client_may_not_do_ends_the_connection(octets: bytes, code: int, what: str) -> None:
    """As the echo would, with the reason."""
    bench = plain("").receive(octets + b"abcd")
    assert bench.frames[2:].startswith(code.to_bytes(2) + what.encode())
    assert bench.frames[0] == 0x88
    assert bench.session.end is HalfEnd.FIN


def test_a_bad_compressed_message_ends_the_connection() -> None:
    """And so does one that inflates to too much."""
    assert Bench("").frame(0xC1, b"\xff\xff").frames[2:4] == (1007).to_bytes(2)
    bomb = RULES["deflate-bomb"].compose(BOUNDS.message + 1)[2:]
    assert Bench("").frame(0xC2, bomb).frames[2:4] == (1009).to_bytes(2)


def test_the_time_of_a_connection_is_over() -> None:
    """It is told, and cut a second later."""
    bench = plain("").pass_time(60.0)
    assert bench.frames == close(1000, "lab time is over")
    assert (bench.session.ended_by, bench.session.is_over) == ("time", False)
    assert bench.pass_time(1.1).session.is_over


@pytest.mark.parametrize(
    "path", ["stall", "no-close", "wait=60s", "latency=60s/send=a", "keep-tcp"]
)
def test_every_connection_is_over_in_time(path: str) -> None:
    """Whatever it waits for."""
    bench = plain(path).frame(0x88)
    assert bench.pass_time(61.1).session.is_over


def test_no_close_goes_into_a_frame() -> None:
    """Where one has begun as the time is over, the connection is cut."""
    bench = plain("rate=10/send-size=60000").pass_time(60.0)
    assert bench.session.is_over
    assert b"lab time" not in bench.frames


def test_no_connection_is_sent_more_than_its_share() -> None:
    """Then it is closed."""
    bench = plain("", bounds=Bounds(100, 60.0))
    for _ in range(63):
        bench.frame(0x82, b"x" * 98)
    assert bench.session.end is None
    for _ in range(2):
        bench.frame(0x82, b"x" * 98)
    assert b"the lab sends no more: 64 times --max-message-size" in bench.frames
    assert len(bench.frames) < 6500
    assert bench.session.end is HalfEnd.FIN


@pytest.mark.parametrize(("policy", "code"), [("close", 1008), ("drop", None)])
def test_messages_come_no_faster_than_they_may(policy: OverRatePolicy, code: int | None) -> None:
    """As at the other doors: the connection is closed, or the message dropped."""
    bench = plain("", rates=Rates(2.0, 0, policy))
    for one in "abc":
        bench.text_comes(one)
    sent = text("a") + text("b")
    if code is None:
        assert bench.frames == sent
    else:
        assert bench.frames[len(sent) + 2 :][:2] == code.to_bytes(2)
    assert bench.session.limits_met == {"message-rate": 1}


def test_it_closes_where_the_server_stops() -> None:
    """With 1001; what was not answered yet is not answered at all."""
    bench = plain("wait=9s")
    bench.session.stop(bench.now)
    bench.flush()
    assert bench.frames == close(1001, "the server is stopping")
    held = plain("hold")
    held.session.stop(held.now)
    assert held.session.is_over


# -- who does not read


def test_a_client_that_takes_nothing_is_not_read_from() -> None:
    """And the script stops, until it does again."""
    bench = plain("send=a/again=1000")
    bench.is_full = True
    bench.session.take_room(bench.now, full=True)
    bench.pass_time(1.0)
    assert not bench.session.reads
    assert len(bench.sent) == 1
    bench.is_full = False
    bench.session.take_room(bench.now, full=False)
    bench.flush()
    assert bench.frames == text("a") * 1000


def test_what_waits_is_bounded_by_a_message() -> None:
    """Then nothing is read until it is answered."""
    bench = plain("wait=1s", bounds=Bounds(1000, 60.0))
    for _ in range(4):
        bench.frame(0x82, b"x" * 300)
    assert not bench.session.reads
    assert bench.pass_time(1.0).session.reads
    assert len(bench.frames) == 4 * 304


SMALL = [
    ("wait=1s", 0x81, b"", b"\x81\x00"),
    ("wait=1s", 0x82, b"x", b"\x82\x01x"),
    ("latency=1s", 0x81, b"", b"\x81\x00"),
    ("latency=1s", 0x89, b"", b"\x8a\x00"),
    ("rate=4KiB", 0x89, b"", b"\x8a\x00"),
]


@pytest.mark.parametrize(("chain", "first", "payload", "answer"), SMALL)
def test_small_frames_that_wait_are_bounded_by_what_they_take(
    chain: str, first: int, payload: bytes, answer: bytes
) -> None:
    """And not by their payload alone; none is lost, however many come at once."""
    bench, number = plain(chain), 3000
    bench.receive(Frame(first, payload, b"abcd", 0).write() * number)
    for _ in range(20):
        bench.pass_time(0.0)
    waiting = bench.session._inbox.size // WAITING_COST + len(bench.session._sender.out)
    assert waiting <= max(2 * MAX_ENTRIES, BOUNDS.message // WAITING_COST) + 2
    assert not bench.session.reads
    bench.pass_time(50.0)
    assert bench.frames == answer * number


def test_what_small_octets_inflate_to_waits_no_more_than_that() -> None:
    """Though all of it comes at once."""
    bench, number = Bench("wait=1s", bounds=Bounds(1 << 16, 60.0)), 40
    squeezed = zlib.compressobj(wbits=-15)
    data = squeezed.compress(bytes(1 << 16)) + squeezed.flush(zlib.Z_SYNC_FLUSH)
    bench.receive(Frame(0xC2, data[:-4], b"abcd", 0).write() * number)
    assert bench.session._inbox.size <= 2 * (BOUNDS.message + WAITING_COST)
    bench.pass_time(2.0)
    assert bench.session.counts.messages_out == number


def test_a_chain_does_not_do_all_at_once() -> None:
    """Others have a turn between, though nothing of it waits, and nothing of it is sent."""
    bench = plain("loss=1/stream=10000x0ms/again=1000")
    bench.now += APART
    bench.session.wake(bench.now)
    assert bench.session.next_time == bench.now
    bench.frame(0x89, b"p")
    bench.flush()
    assert bench.frames == b"\x8a\x01p"


@pytest.mark.parametrize("number", [1, MAX_AT_ONCE, 2 * MAX_AT_ONCE])
def test_what_was_not_looked_at_before_the_end_is_noted(number: int) -> None:
    """Of a client that sends much, and goes."""
    bench = plain("wait=1s")
    ping = Frame(0x89, b"", b"abcd", 0).write()
    bye = Frame(0x88, b"\x03\xe8", b"abcd", 0).write()
    bench.receive(ping * number + bye)
    bench.session.lost("fin", bench.now)
    assert bench.record.ended is not None
    assert (bench.record.ended.by, bench.record.ended.code) == ("client", 1000)


def test_a_message_under_way_is_not_cut_by_a_close() -> None:
    """It is answered behind the last fragment."""
    bench = plain("fragment=1", bounds=Bounds(5000, 60.0))
    bench.frame(0x82, b"x" * 3000).frame(0x88)
    bench.flush()
    assert bench.frames.endswith(b"\x80\x01x\x88\x00")
    assert bench.frames.count(b"\x00\x01x") == 2998


# -- any chain

ACTIONS = st.sampled_from(
    [kind.example.replace("=1s", "=10ms") for kind in STEPS.values() if kind.name != "status"]
)


@given(
    st.lists(ACTIONS, min_size=1, max_size=6).map("/".join),
    st.lists(st.sampled_from([(0x81, b"a"), (0x89, b"p"), (0x88, b""), (0x83, b"")]), max_size=4),
)
def test_any_chain_ends_and_sends_no_more_than_it_may(
    path: str, frames: list[tuple[int, bytes]]
) -> None:
    """Whatever its client sends, and whenever: nothing is raised, and all is over in time."""
    try:
        bench = plain(path)
    except BadRequest:
        return
    for first, payload in frames:
        bench.pass_time(0.3)
        if not bench.session.is_over:
            bench.frame(first, payload)
    bench.pass_time(62.0)
    if not bench.session.is_over:
        assert bench.session.end is not None
    assert len(bench.octets) <= BOUNDS.sent + 10_000
    bench.session.lost("fin", bench.now)
    assert bench.record.ended is not None
    assert json.dumps(bench.record.write())


SENDS = st.lists(st.sampled_from(["a", "bc", ""]), min_size=1, max_size=4)


@given(SENDS, st.integers(1, 3), st.integers(0, 3), st.integers(0, 3))
def test_what_a_model_says(texts: list[str], times: int, fragment: int, split: int) -> None:
    """Of sends that are repeated, fragmented and split: each octet, in segments of a size."""
    modes = [f"fragment={fragment}"] * bool(fragment) + [f"split={split}"] * bool(split)
    steps = [*modes, *(f"send={one}" for one in texts), f"again={times}", "close"]
    bench = plain("/".join(steps)).pass_time(30.0)
    expected = b""
    for one in texts * times:
        size = fragment or max(len(one), 1)
        pieces = [one[n : n + size] for n in range(0, max(len(one), 1), size)]
        for n, piece in enumerate(pieces):
            last = 0x80 if n == len(pieces) - 1 else 0
            expected += server_frame(last | (0 if n else 1), piece.encode())
    assert bench.frames == expected + b"\x88\x00"
    if split:
        assert max(len(data) for _, data in bench.sent[1:]) <= split
