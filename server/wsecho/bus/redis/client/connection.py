# SPDX-License-Identifier: MIT
"""One connection to Redis in RESP3: commands, replies in their order, and what is pushed between.

Each command has a deadline. Where Redis misses one, the connection is cut: what it still takes
from it may happen, and is unknown.
"""

from __future__ import annotations

from collections import deque
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

import hiredis
from attrs import frozen
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure

from wsecho.bus.redis.client.errors import LateError, LostError, RedisRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from twisted.internet.interfaces import IDelayedCall, IReactorTime

    Pushed = Callable[[list[Any]], None]

_NO_REPLY: Final = object()

_CONFIRMING: Final = frozenset({b"subscribe", b"unsubscribe", b"psubscribe", b"punsubscribe"})


def encode_command(*words: bytes | str) -> bytes:
    """Write a command (RESP, "Arrays")."""
    # Its annotation knows commands of one word only.
    packed: bytes = hiredis.pack_command(words)  # type: ignore[arg-type]
    return packed


def make_reader() -> Any:
    """Return what reads replies; an error is a value, and silence is `_NO_REPLY`."""
    return hiredis.Reader(notEnoughData=_NO_REPLY, replyError=RedisRefusedError)


def replies(reader: Any) -> list[Any]:
    """Take the replies that are whole."""
    found = []
    while (reply := reader.gets()) is not _NO_REPLY:
        found.append(reply)
    return found


@frozen(eq=False)
class _Asked:
    """A command that has no answer yet.

    Attributes:
        due: when it is late, seconds.
        begun: when it was sent, by the performance counter.
        answer: takes the answer.
        is_confirmed: whether the answer is a push, unless it is an error.
    """

    due: float
    begun: float
    answer: Deferred[Any]
    is_confirmed: bool


def _may_answer(reply: Any, asked: _Asked) -> bool:
    if isinstance(reply, RedisRefusedError):
        return True
    return asked.is_confirmed is isinstance(reply, hiredis.PushNotification)


def is_message(reply: Any) -> bool:
    """Tell whether it came unasked, and answers no command."""
    return isinstance(reply, hiredis.PushNotification) and reply[0] not in _CONFIRMING


class RedisConnection(Protocol):
    """One connection.

    A command of the `SUBSCRIBE` kind names one channel here. Redis pushes its confirmation, but
    where it refuses one, that is a reply like any other; both come in the order of the commands,
    so that each such command has its place among those that are awaited.

    Args:
        clock: times the commands.
        timeout: seconds that one may take.
        pushed: takes what comes unasked.
        lost: told once, when the connection is gone.
        timed: told how many seconds each command took.
    """

    transport: Any

    def __init__(
        self,
        clock: IReactorTime,
        timeout: float,
        pushed: Pushed,
        lost: Callable[[RedisConnection], None],
        timed: Callable[[float], None],
    ) -> None:
        self._clock = clock
        self._timeout = timeout
        self._pushed = pushed
        self._lost = lost
        self._timed = timed
        self._reader = make_reader()
        self._asked: deque[_Asked] = deque()
        self._deadline: IDelayedCall | None = None
        self._cause: type[LostError] = LostError
        self.is_open = False

    def connectionMade(self) -> None:
        """Be usable."""
        self.is_open = True
        if hasattr(self.transport, "setTcpNoDelay"):
            self.transport.setTcpNoDelay(True)

    def ask(self, *words: bytes | str) -> Deferred[Any]:
        """Send a command; its reply comes, or one of `errors` but `RedisError`."""
        answer: Deferred[Any] = Deferred()
        if not self.is_open:
            answer.errback(LostError())
            return answer
        due = self._clock.seconds() + self._timeout
        is_confirmed = isinstance(words[0], str) and words[0].lower().encode() in _CONFIRMING
        self._asked.append(_Asked(due, perf_counter(), answer, is_confirmed))
        if self._deadline is None:
            self._deadline = self._clock.callLater(self._timeout, self._look)
        self.transport.write(encode_command(*words))
        return answer

    @property
    def unanswered(self) -> int:
        """Commands whose replies are awaited."""
        return len(self._asked)

    def leave(self) -> None:
        """End the connection once all is sent."""
        if self.transport is not None:
            self.transport.loseConnection()

    def cut(self) -> None:
        """End the connection now; nothing is asked on it any more."""
        self.is_open = False
        if self.transport is not None:
            self.transport.abortConnection()

    def dataReceived(self, data: bytes) -> None:
        """Hand out replies and pushes, in the order in which they came."""
        self._reader.feed(data)
        try:
            found = replies(self._reader)
        except hiredis.ProtocolError:
            self.cut()
            return
        for reply in found:
            if is_message(reply):
                self._pushed(reply)
            elif self._asked and _may_answer(reply, self._asked[0]):
                self._answer(reply)
            else:
                # Nobody knows any more which reply is whose.
                self.cut()
                return

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Tell, then fail all that waits: whoever hears of it must not ask here again."""
        self.is_open = False
        if self._deadline is not None and self._deadline.active():
            self._deadline.cancel()
        self._lost(self)
        asked, self._asked = self._asked, deque()
        for one in asked:
            one.answer.errback(self._cause())

    def _answer(self, reply: Any) -> None:
        one = self._asked.popleft()
        answer = one.answer
        self._timed(perf_counter() - one.begun)
        if isinstance(reply, RedisRefusedError):
            answer.errback(reply)
        else:
            answer.callback(reply)

    def _look(self) -> None:
        self._deadline = None
        if not self._asked:
            return
        left = self._asked[0].due - self._clock.seconds()
        if left > 0:
            self._deadline = self._clock.callLater(left, self._look)
        else:
            # The reply may be here, and this process have been late to read it.
            self._deadline = self._clock.callLater(0, self._give_up, self._asked[0])

    def _give_up(self, awaited: _Asked) -> None:
        if self._asked and self._asked[0] is awaited:
            self._deadline = None
            self._cause = LateError
            self.cut()
        else:
            self._look()
