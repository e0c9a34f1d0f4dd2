# SPDX-License-Identifier: MIT
"""One client is looked at: its frames are noted, what is wrong, and its verdict."""

from tests.support.frames import Frame
from tests.unit.core.lab.bench import record_of
from wsecho.core.lab.faults import MUST_FAIL, MUST_TAKE
from wsecho.core.lab.observer import PROBE, Observer
from wsecho.core.lab.reading import LenientReader
from wsecho.core.lab.verdict import ClientVerdict
from wsecho.core.lab.watching import ClientWatcher, Wrong
from wsecho.lane.octets import apply_mask


def see(observer: Observer, *frames: tuple[int, bytes]) -> list[Wrong | None]:
    """Have it look at frames, each with a key of its own."""
    reader = LenientReader(1000, apply_mask)
    found = []
    for n, (first, payload) in enumerate(frames):
        data = Frame(first, payload, n.to_bytes(4), 0).write()
        found += [observer.frame(frame, 1.0) for frame in reader.feed(data)]
    return found


def test_all_is_noted() -> None:
    """In its record."""
    record = record_of("x")
    observer = Observer(ClientWatcher(), None, record)
    observer.answered(101)
    assert see(observer, (0x81, b"a"), (0x8A, b"x"), (0x88, b"\x0f\xa0bye")) == [None] * 3
    observer.lost("client", "fin", 2.0)
    written = record.write()
    assert written["status"] == 101
    assert [frame["opcode"] for frame in written["frames"]] == ["text", "pong", "close"]
    assert [one["what"] for one in written["wrong"]] == ["a pong that answers no ping"]
    assert written["ended"] == {
        "by": "client",
        "ms": 2000.0,
        "code": 4000,
        "reason": "bye",
        "tcp": "fin",
    }


def test_it_tells_why_a_connection_cannot_go_on() -> None:
    """The first reason of a frame that has several."""
    (wrong,) = see(Observer(ClientWatcher()), (0x93, b""))
    assert wrong is not None
    assert wrong.what == "a reserved bit that nothing negotiated"


def test_the_first_close_counts() -> None:
    """What comes behind it is wrong."""
    observer = Observer(ClientWatcher())
    see(observer, (0x88, b""), (0x88, b"\x03\xe8"))
    assert (observer.code, observer.reason) == (None, None)


def test_a_verdict_is_told_of_once() -> None:
    """To whoever waits for it."""
    told: list[str] = []
    record = record_of("x")
    record.on_change = lambda: told.append("changed")
    verdict = ClientVerdict("x", MUST_TAKE)
    observer = Observer(ClientWatcher(), verdict, record)
    observer.watcher.pinged(PROBE)
    observer.begin_verdict(0.5)
    assert observer.due == 3.5
    see(observer, (0x8A, PROBE), (0x8A, b""))
    observer.look(9.0)
    assert told == ["changed"]
    observer.lost("client", "fin", 9.0)
    assert told == ["changed", "changed"]


def test_without_verdict_and_record_nothing_is_kept() -> None:
    """And nothing is raised."""
    observer = Observer(ClientWatcher())
    observer.answered(101)
    observer.begin_verdict(0.0)
    observer.message((b"", False), 0.0)
    observer.look(0.0)
    observer.lost("time", "open", 1.0)
    assert observer.due is None


def test_a_message_is_part_of_the_verdict() -> None:
    """Of who took what is to be failed."""
    verdict = ClientVerdict("x", MUST_FAIL)
    observer = Observer(ClientWatcher(), verdict)
    observer.begin_verdict(0.0)
    see(observer, (0x81, b"a"))
    observer.message((b"a", False), 1.0)
    observer.look(3.0)
    assert verdict.did == "took it: sent a text after 1000.0 ms"
