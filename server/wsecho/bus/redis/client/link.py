# SPDX-License-Identifier: MIT
"""The one connection to Redis that a process has, made again whenever it goes."""

from __future__ import annotations

from enum import Enum
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any, Final

from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger

from wsecho.bus.redis.client.errors import PASSES, RedisError, advice
from wsecho.core.limits.backpressure import FEW, Backpressure
from wsecho.core.wire.errors import BusUnavailable

if TYPE_CHECKING:
    from typing import Protocol

    from twisted.internet.interfaces import IDelayedCall
    from twisted.python.failure import Failure

    from wsecho.bus.redis.client.connection import RedisConnection
    from wsecho.bus.redis.client.dialing import Dialer
    from wsecho.bus.redis.client.errors import RedisRefusedError
    from wsecho.bus.redis.client.greeting import ServerInfo

    class Owner(Protocol):
        """Whom the connection is for."""

        def came_up(self, server: ServerInfo) -> None:
            """Commands are taken from now on."""

        def went_down(self) -> None:
            """They are not any more."""

        def pushed(self, push: list[Any]) -> None:
            """Something came unasked."""


FIRST_DELAY: Final = 0.1
LONGEST_DELAY: Final = 2.0
"""Seconds between two attempts to connect, about."""

LONGEST_REFUSED: Final = 15.0
"""The same where Redis is there and refuses us: that ends when somebody sees to it."""

STEADY: Final = 10.0
"""Seconds that a connection has to last to count as one that works."""

_MAX_SHORT_LIVED: Final = 2
"""Connections in turn that did not last, after which the log is told no more of each."""

MAX_UNANSWERED: Final = 512
"""Commands whose replies are awaited, behind which no more should be asked: each has a deadline,
and the connection is given up where one is missed."""

# Many nodes must not come back together; nobody has to be kept from guessing when.
_RANDOM: Final = Random()  # noqa: S311


class LinkStanding(Enum):
    """What the link is about."""

    STOPPED = "stopped"
    STARTING = "starting"
    """The first attempt is under way, and commands wait for it."""
    CONNECTING = "connecting"
    UP = "up"


class Link:
    """Keeps a connection.

    Args:
        dialer: makes it.
        address: where it leads to, for the log.
        clock: Twisted's.
        owner: whom it is for.

    Attributes:
        pressure: holds back whoever would have more be asked than is answered.
    """

    _log = Logger()

    def __init__(self, dialer: Dialer, address: str, clock: Any, owner: Owner) -> None:
        self._dialer = dialer
        self._address = address
        self._clock = clock
        self._owner = owner
        self._standing = LinkStanding.STOPPED
        self._connection: RedisConnection | None = None
        self._attempt: Deferred[Any] | None = None
        self._next: IDelayedCall | None = None
        self._failed = 0
        # What the log was told last, and how many connections in turn did not last.
        self._complaint = ""
        self._short_lived = 0
        self._steady: IDelayedCall | None = None
        self._refused: RedisRefusedError | None = None
        self._waiting: list[Deferred[None]] = []
        self.pressure = Backpressure(
            lambda: self._unanswered,
            MAX_UNANSWERED,
            grace=FEW,
            later=partial(clock.callLater, 0),
        )

    @property
    def standing(self) -> LinkStanding:
        """What it is about; not up any more from the moment that the connection is given up."""
        # Between that and Twisted's publishing so, much may be asked.
        if self._connection is not None and not self._connection.is_open:
            return LinkStanding.CONNECTING
        return self._standing

    def start(self) -> None:
        """Begin to connect."""
        self._standing = LinkStanding.STARTING
        self._try()

    def stop(self) -> None:
        """Let go of the connection; the owner is not told."""
        self._standing = LinkStanding.STOPPED
        if self._steady is not None:
            self._steady.cancel()
            self._steady = None
        if self._next is not None and self._next.active():
            self._next.cancel()
        if self._attempt is not None:
            self._attempt.cancel()
        if self._connection is not None:
            self._connection.leave()
        self.pressure.relieve_all()

    def cut(self) -> None:
        """Doubt the connection, and make it anew."""
        if self._connection is not None:
            self._connection.cut()

    def give_up(self, refused: RedisRefusedError) -> None:
        """End a connection on which Redis refuses what nothing goes on without."""
        if self.standing is LinkStanding.UP:
            self._refused = refused
            self.cut()

    def check(self) -> None:
        """See to it that a command would be taken.

        Raises:
            BusUnavailable: Redis is away.
        """
        if self.standing not in {LinkStanding.UP, LinkStanding.STARTING}:
            raise BusUnavailable

    def ask(self, *words: bytes | str) -> Deferred[Any]:
        """Send a command; its reply comes, or one of `errors` but `RedisError`.

        Raises:
            BusUnavailable: Redis is away; nothing was sent.
        """
        self.check()
        connection = self._connection
        if connection is None:
            started: Deferred[None] = Deferred()
            self._waiting.append(started)
            return started.addCallback(lambda _: self.ask(*words))
        return connection.ask(*words)

    def answered(self) -> None:
        """Be told that a reply has come."""
        self.pressure.relieve()

    # -- connecting

    def _hear(self, push: list[Any]) -> None:
        # Before it is up nothing is listened to: what comes is of the trial alone.
        if self._standing is LinkStanding.UP:
            self._owner.pushed(push)

    def _try(self) -> None:
        self._next = None
        dialed = self._dialer.dial(self._hear, self._lost)
        self._attempt = Deferred.fromCoroutine(dialed)
        self._attempt.addCallbacks(self._came_up, self._did_not_come_up)

    def _came_up(self, made: tuple[RedisConnection, ServerInfo]) -> None:
        self._attempt = None
        connection, server = made
        if not connection.is_open:
            self._retry(lasts=False)
            return
        self._connection, self._standing = connection, LinkStanding.UP
        self._steady = self._clock.callLater(STEADY, self._has_lasted, server)
        if not self._is_flapping:
            self._say_connected(server)
        self._owner.came_up(server)
        self._go_on()

    def _did_not_come_up(self, failure: Failure) -> None:
        self._attempt = None
        if failure.check(CancelledError) or self._standing is LinkStanding.STOPPED:
            return
        self._complain(str(failure.value) or type(failure.value).__name__)
        if self._standing is LinkStanding.STARTING:
            self._standing = LinkStanding.CONNECTING
            self._owner.went_down()
            self._go_on()
            self.pressure.relieve_all()
        error = failure.value
        self._retry(lasts=isinstance(error, RedisError) and not error.passes)

    def _complain(self, reason: str) -> None:
        # Once for each reason, not at each attempt.
        if reason != self._complaint:
            self._complaint = reason
            self._log.warn(
                "{address} cannot be used: {reason}", address=self._address, reason=reason
            )

    def _say_connected(self, server: ServerInfo) -> None:
        self._complaint = ""
        self._log.info(
            "connected to {address}, version {version}",
            address=self._address,
            version=server.version,
        )

    @property
    def _is_flapping(self) -> bool:
        return self._short_lived > _MAX_SHORT_LIVED

    def _has_lasted(self, server: ServerInfo) -> None:
        """Trust it: only now what comes next begins anew."""
        self._steady = None
        if self._is_flapping:
            self._say_connected(server)
        self._failed = self._short_lived = 0

    def _go_on(self) -> None:
        """Let the commands go on, or be refused, that waited for the first attempt."""
        waiting, self._waiting = self._waiting, []
        for started in waiting:
            started.callback(None)

    def _lost(self, connection: RedisConnection) -> None:
        if connection is not self._connection:
            return
        self._connection = None
        if self._standing is LinkStanding.STOPPED:
            return
        self._standing = LinkStanding.CONNECTING
        if self._steady is not None:
            self._steady.cancel()
            self._steady = None
            self._short_lived += 1
        refused, self._refused = self._refused, None
        if refused is not None:
            self._complain(f"{refused}; {advice(refused.code)}")
        elif not self._is_flapping:
            self._log.warn("the connection to {address} is lost", address=self._address)
        elif self._short_lived == _MAX_SHORT_LIVED + 1:
            self._complain("its connections are lost again and again, soon after they are made")
        self._owner.went_down()
        self.pressure.relieve_all()
        self._retry(lasts=refused is not None and refused.code not in PASSES)

    @property
    def _unanswered(self) -> int:
        return len(self._waiting) if self._connection is None else self._connection.unanswered

    def _retry(self, *, lasts: bool) -> None:
        longest = LONGEST_REFUSED if lasts else LONGEST_DELAY
        delay = min(longest, FIRST_DELAY * 2 ** min(self._failed, 10))
        self._failed += 1
        self._next = self._clock.callLater(delay * _RANDOM.uniform(0.5, 1.0), self._try)
