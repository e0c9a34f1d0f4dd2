# SPDX-License-Identifier: MIT
"""What is logged comes in order and once, whatever was missed: with a log in place of Redis."""

from __future__ import annotations

import random
from itertools import takewhile
from typing import Any

import pytest
from attrs import define, field
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred, DeferredLock
from twisted.logger import capturedLogs

from tests.support.redis_rooms import BusWorld
from tests.support.scripted_redis import WAIT, Refusal
from wsecho.bus.redis.client.scripts import LARGE
from wsecho.bus.redis.nodes.inbox import SubjectInbox
from wsecho.bus.redis.nodes.subject_log import SubjectLog
from wsecho.core.promise import Promise, PromiseState
from wsecho.core.wire.errors import BusTimeout, BusUnavailable

NONE = b"0-0"

PADDING = b" " * (LARGE + 1)


@define(eq=False)
class Log:
    """The log, the channel, and a connection that may break: what Redis sends waits in `line`."""

    entries: list[tuple[bytes, bytes, bytes]] = field(factory=list)
    last: bytes = NONE
    line: list[Any] = field(factory=list)
    is_up: bool = True
    count: int = 0
    asked_large: int = 0
    one_large: DeferredLock = field(factory=DeferredLock)
    inbox: SubjectInbox = field(factory=SubjectInbox)

    def add(self, payload: bytes) -> None:
        """Log something."""
        self.count += 1
        before, this = self.last, b"%d-%d" % (self.count // 3, self.count)
        self.last = this
        self.entries.append((this, before, payload))
        if self.is_up:
            entry = b"%s %s" % (before, this)
            self.line.append(entry if len(payload) > LARGE else b"%s %s" % (entry, payload))

    def run(self, _script: object, _names: object, words: list[bytes]) -> Deferred[Any]:
        """Read it, as the script does."""
        if not self.is_up:
            raise BusUnavailable
        known, most, room, takes_large = words
        behind = [list(entry) for entry in self.entries if known and order(entry[0]) > order(known)]
        found, left = behind[:1], int(room) - sum(len(entry[2]) for entry in behind[:1])
        for entry in behind[1 : int(most)]:
            left -= len(entry[2])
            if left < 0:
                break
            found.append(entry)
        is_large = bool(found) and len(found[0][2]) > int(room) and not takes_large
        answer: Deferred[Any] = Deferred()
        self.asked_large += bool(found) and len(found[0][2]) > int(room) and not is_large
        self.line.append((answer, [self.last, 1] if is_large else [self.last, 0, *found]))
        return answer

    def carry(self, subject_log: SubjectLog) -> None:
        """Let one thing come."""
        first = self.line.pop(0)
        if isinstance(first, bytes):
            self.inbox.take(subject_log.take, first)
        else:
            first[0].callback(first[1])

    def carry_all(self, subject_log: SubjectLog) -> None:
        """Let all come."""
        while self.line:
            self.carry(subject_log)

    def cut(self) -> None:
        """Lose what was on its way."""
        self.is_up = False
        self.inbox.break_off()
        line, self.line = self.line, []
        for each in line:
            if not isinstance(each, bytes):
                each[0].errback(BusTimeout())

    def come_up(self, subject_log: SubjectLog) -> None:
        """Connect again."""
        self.is_up = True
        subject_log.came_up()


def order(identifier: bytes) -> tuple[int, ...]:
    """As Redis orders them."""
    return tuple(map(int, identifier.split(b"-")))


def begin() -> tuple[Log, SubjectLog, list[bytes]]:
    """A log, who reads it, and what it heard."""
    log = Log()
    heard: list[bytes] = []
    subject_log = SubjectLog(log, "log", "last", heard.append)  # type: ignore[arg-type]
    return log, subject_log, heard


def test_who_comes_hears_what_follows_and_no_past() -> None:
    """What was said just after it came included."""
    log, subject_log, heard = begin()
    log.add(b"past")
    log.line.clear()
    log.add(b"a b")
    log.come_up(subject_log)
    log.add(b"")
    log.carry_all(subject_log)
    log.add(b"\0 ")
    log.carry_all(subject_log)
    assert heard == [b"a b", b"", b"\0 "]


def test_a_log_that_began_anew_is_remote_at_once() -> None:
    """Its ids may be lower than those that are known."""
    log, subject_log, heard = begin()
    log.come_up(subject_log)
    for number in range(9):
        log.add(b"%d" % number)
    log.carry_all(subject_log)
    log.cut()
    log.entries.clear()
    log.count, log.last = 0, NONE
    log.add(b"missed")
    log.come_up(subject_log)
    log.add(b"first")
    log.carry_all(subject_log)
    assert heard[9:] == [b"first"]


def test_a_log_that_has_aged_away_is_remote_all_the_same() -> None:
    """Nothing is lost, and nobody says so, where all of it was heard; nor is it read again."""
    log, subject_log, heard = begin()
    log.come_up(subject_log)
    log.add(b"0")
    log.carry_all(subject_log)
    with capturedLogs() as logged:
        log.entries.clear()
        log.add(b"1")
        assert isinstance(log.line[-1], bytes)
        log.carry(subject_log)
        assert not log.line
        log.cut()
        log.entries.clear()
        log.come_up(subject_log)
        log.add(b"2")
        log.carry_all(subject_log)
    assert heard == [b"0", b"1", b"2"]
    assert not logged


def test_what_was_lost_with_a_log_is_told_once() -> None:
    """To the log of this server; what follows is heard."""
    log, subject_log, heard = begin()
    log.come_up(subject_log)
    log.add(b"0")
    log.carry_all(subject_log)
    log.cut()
    log.add(b"lost")
    log.entries.clear()
    with capturedLogs() as logged:
        log.come_up(subject_log)
        log.carry_all(subject_log)
        log.add(b"2")
        log.carry_all(subject_log)
    assert heard == [b"0", b"2"]
    assert len(logged) == 1


def test_a_fault_of_whoever_hears_stops_nothing() -> None:
    """The next one comes all the same."""
    log = Log()
    heard: list[bytes] = []

    def hear(payload: bytes) -> None:
        heard.append(payload)
        raise ValueError(payload)

    subject_log = SubjectLog(log, "log", "last", hear)  # type: ignore[arg-type]
    log.come_up(subject_log)
    log.add(b"1")
    log.add(b"2")
    log.carry_all(subject_log)
    assert heard == [b"1", b"2"]


def test_a_large_one_is_read_and_what_is_behind_it_waits() -> None:
    """Alone, where it is larger than what is read at a time; what else is told meanwhile, too."""
    log, subject_log, heard = begin()
    log.come_up(subject_log)
    log.carry_all(subject_log)
    large = [b"%d" % number + PADDING * 9 for number in range(3)]
    log.add(large[0])
    log.add(b"small")
    log.carry(subject_log)
    log.inbox.take(heard.append, b"sent")
    passed = log.inbox.pass_through()
    assert isinstance(passed, Promise)
    assert not heard
    log.add(large[1])
    log.add(large[2])
    log.carry_all(subject_log)
    assert passed.state is PromiseState.GIVEN
    # What was sent to this node came before the small one here.
    assert heard == [large[0], b"sent", b"small", large[1], large[2]]
    assert log.inbox.pass_through() is None
    assert log.asked_large == 3
    log.cut()
    log.add(large[0])
    log.come_up(subject_log)
    log.carry_all(subject_log)
    assert heard[5:] == [large[0]]


def test_a_large_one_that_has_gone_is_told_as_lost() -> None:
    """So much was said behind it that the log has it no more."""
    log, subject_log, heard = begin()
    log.come_up(subject_log)
    log.carry_all(subject_log)
    log.add(PADDING)
    log.add(b"1")
    del log.entries[0]
    with capturedLogs() as logged:
        log.carry_all(subject_log)
    assert heard == [b"1"]
    assert len(logged) == 1


@given(st.randoms(use_true_random=False), st.integers(1, 120))
def test_nothing_is_missed_and_nothing_comes_twice(dice: random.Random, length: int) -> None:
    """However the connection breaks, and pushes are lost on one that stands."""
    log, subject_log, heard = begin()
    log.come_up(subject_log)
    log.carry_all(subject_log)
    for _ in range(length):
        act = dice.choice(["add", "add", "large", "many", "carry", "carry", "cut", "up", "lose"])
        if act in {"add", "large"}:
            log.add(b"%d" % log.count + PADDING * (act == "large"))
        elif act == "many":
            for _ in range(dice.randrange(100)):
                log.add(b"%d" % log.count)
        elif act == "carry" and log.line:
            log.carry(subject_log)
        elif act == "cut" and log.is_up:
            log.cut()
        elif act == "up" and not log.is_up:
            log.come_up(subject_log)
        elif act == "lose":
            log.line = [each for each in log.line if not isinstance(each, bytes)]
    if not log.is_up:
        log.come_up(subject_log)
    log.carry_all(subject_log)
    log.add(b"last")
    log.carry_all(subject_log)
    heard = [payload.strip() for payload in heard]
    assert heard == [*(b"%d" % number for number in range(log.count - 1)), b"last"]


# -- with what Redis refuses, and a connection that goes at any step


@define(eq=False)
class Node:
    """One node that listens on subject `s`, whose log Redis has."""

    world: BusWorld = field(factory=BusWorld)
    entries: list[tuple[bytes, bytes, bytes]] = field(factory=list)
    heard: list[bytes] = field(factory=list)

    def __attrs_post_init__(self) -> None:
        self.world.redis.answers["read_log"] = self.read
        self.world.bus.listen("s", self.heard.append)
        self.world.redis.take()

    @property
    def last(self) -> bytes:
        """The id of the last entry."""
        return self.entries[-1][0] if self.entries else NONE

    def read(self, _log: str, _last: str, known: str, *words: str) -> list[Any]:
        """Read it, as the script does."""
        most, room, takes_large = words
        behind = [each for each in self.entries if known and order(each[0]) > order(known.encode())]
        found = [list(each) for each in behind[: int(most)]]
        if found and len(found[0][2]) > int(room):
            return [self.last, 0, found[0]] if takes_large else [self.last, 1]
        return [self.last, 0, *takewhile(lambda each: len(each[2]) <= int(room), found)]

    def say(self, payload: bytes) -> None:
        """Have another node log something."""
        before, this = self.last, b"%d-0" % (len(self.entries) + 1)
        self.entries.append((this, before, payload))
        entry = b"%s %s" % (before, this)
        is_large = len(payload) > LARGE
        self.world.rooms.tell("p:{0}log:s", entry if is_large else b"%s %s" % (entry, payload))

    def words(self) -> list[bytes]:
        """What was heard, without padding."""
        return [each.strip() for each in self.heard]


def test_what_is_logged_is_heard_from_redis() -> None:
    """Small and large, and what was missed."""
    node = Node()
    node.say(b"1")
    node.say(b"2" + PADDING * 9)
    node.say(b"3")
    node.world.go_away()
    for text in (b"4", b"5" + PADDING * 9, b"6"):
        node.say(text)
    node.world.come_back()
    assert node.words() == [b"1", b"2", b"3", b"4", b"5", b"6"]


@pytest.mark.parametrize("step", [0, 1])
@pytest.mark.parametrize("reply", [WAIT, Refusal("BUSY x")])
def test_what_could_not_be_read_is_read_on_the_next_connection(step: int, reply: Any) -> None:
    """Whether a part or a large one alone; what is pushed meanwhile comes behind it."""
    node = Node()
    node.say(b"1")
    node.world.go_away()
    node.say(b"2" + PADDING * 9)
    node.world.redis.next("read_log", *[lambda *_: [node.last, 1]] * step, reply)
    node.world.come_back()
    node.say(b"3")
    assert node.words() == [b"1"]
    node.world.go_away()
    node.world.come_back()
    node.say(b"4")
    assert node.words() == [b"1", b"2", b"3", b"4"]


@pytest.mark.parametrize("reply", [WAIT, Refusal("BUSY x")])
def test_a_large_one_that_could_not_be_fetched_is_read_later(reply: Any) -> None:
    """With those that were behind it, large ones included, and in their order."""
    node = Node()
    node.world.redis.next("read_log", reply)
    node.say(b"1" + PADDING)
    node.say(b"2" + PADDING)
    node.say(b"3")
    assert node.words() == []
    node.world.go_away()
    node.world.come_back()
    assert node.words() == [b"1", b"2", b"3"]


def test_a_large_one_that_waited_for_its_turn_on_a_connection_that_is_gone() -> None:
    """It is not asked for twice."""
    node = Node()
    lock = node.world.bus._commands.one_large
    lock.acquire()
    node.say(b"1" + PADDING)
    node.world.go_away()
    node.world.come_back()
    asked = len(node.world.redis.take("read_log"))
    lock.release()
    assert (asked, node.words()) == (1, [b"1"])
    assert node.world.redis.take("read_log") == []


def test_a_large_one_that_is_pushed_while_the_log_is_read() -> None:
    """It is read together with those behind it."""
    node = Node()
    node.say(b"1")
    node.world.go_away()
    node.say(b"2")
    reply = node.read("", "", "1-0", "32", "99", "")
    node.world.redis.next("read_log", WAIT)
    node.world.come_back()
    for text in (b"3", b"4" + PADDING, b"5"):
        node.say(text)
    node.world.redis.reply(reply)
    assert node.words() == [b"1", b"2", b"3", b"4", b"5"]
