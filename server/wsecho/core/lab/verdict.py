# SPDX-License-Identifier: MIT
"""Whether a client did what is right about what it was sent.

It begins with the octets that it is about, and has three seconds. *Fail* is passed by a Close whose
code says that something is wrong, or by the end of TCP without one. *Take* is passed where a ping
behind them is answered, nothing fails, and a message that comes back is one of those that went.
"""

from collections.abc import Sequence
from typing import Final

from attrs import define, field

from wsecho.core.http.handshake import Upgrade
from wsecho.core.lab.chain import Chain, Step
from wsecho.core.lab.faults import MAY_FAIL, MUST_TAKE, Conduct, Expectation
from wsecho.core.lab.rules import Message
from wsecho.core.lab.values import is_sendable

PATIENCE: Final = 3.0
"""Seconds that a client has."""

_ALL_IS_WELL: Final = frozenset({1000, 1001})
"""Close codes that tell of no fault."""

_UNTIL_THE_END: Final = frozenset({Conduct.GIVE_UP, Conduct.COME_BACK})
"""What has no time of its own."""


@define(eq=False)
class ClientVerdict:
    """What a client is judged by, and how it did.

    Args:
        rule: what it was sent: a rule's name, or a step of the answer.
        expected: what it should do.
        comes: the messages that it gets, where it takes it.

    Attributes:
        did: what it did, a sentence; None while nothing is known.
        passed: whether that is right.
        begun: when it was sent; None before.
    """

    rule: str
    expected: Expectation
    comes: Sequence[Message] = ()
    did: str | None = field(default=None, init=False)
    passed: bool | None = field(default=None, init=False)
    begun: float | None = field(default=None, init=False)
    _took: str | None = field(default=None, init=False)
    _is_settled: bool = field(default=False, init=False)
    _closed: str | None = field(default=None, init=False)

    @property
    def is_known(self) -> bool:
        """Whether there is one."""
        return self.did is not None

    @property
    def due(self) -> float | None:
        """When it is known at last; None where it is, or that has no time."""
        if self.begun is None or self._is_settled or self.expected.should in _UNTIL_THE_END:
            return None
        return self.begun + PATIENCE

    def begin(self, now: float) -> None:
        """Take note that the octets have gone; only the first time counts."""
        if self.begun is None:
            self.begun = now

    def message(self, message: Message, now: float) -> None:
        """Take note of a message of the client's."""
        if self._counts():
            if self.expected.should is Conduct.TAKE and self.comes and message not in self.comes:
                self._settle("sent back another message than came", now, passed=False)
            elif self.expected.should is Conduct.IGNORE:
                self._settle("sent a message behind a Close", now, passed=False)

    def frame(self, what: str, now: float) -> None:
        """Take note of any other frame: of what it is."""
        if self._counts():
            self._take(f"sent {what}", now)

    def answered_ping(self, now: float) -> None:
        """Take note that the ping behind the octets is answered."""
        if self._counts():
            self._take("answered the ping behind it", now)
            if self.expected.should is Conduct.TAKE and not self.is_known:
                self._tell("took it, and answered the ping", now, passed=True)

    def closed(self, code: int | None, now: float) -> None:
        """Take note of the client's Close."""
        if not self._counts():
            return
        # Who sends back a code that nobody may send (RFC 6455 section 7.4) has noticed nothing.
        is_failing = code is not None and code not in _ALL_IS_WELL and is_sendable(code)
        named = "without a code" if code is None else f"with {code}"
        match self.expected.should:
            case Conduct.TAKE:
                if is_failing or not self.is_known:
                    self._settle(
                        f"{'failed' if is_failing else 'closed'} {named}", now, passed=False
                    )
            case Conduct.IGNORE if not is_failing:
                self._closed = f"answered the Close {named}, and ignored what was behind it"
            case should:
                fails = should in {Conduct.FAIL, Conduct.FAIL_OR_WAIT, Conduct.FOLLOW_OR_FAIL}
                word = "failed" if is_failing else "closed"
                self._settle(
                    f"{word} {named}", now, passed=fails and (is_failing or self._may_take)
                )

    def lost(self, how: str, now: float) -> None:
        """Take note that the client has ended TCP, or that all is over.

        Args:
            how: `fin`, `reset`, or `open` where it has not, or not before this server did.
            now: the time.
        """
        if not self._counts():
            return
        if how == "open":
            # Whoever had less than its time has not shown anything.
            if self.due is None or now >= self.due:
                self._at_end(now)
            return
        ended = f"ended TCP ({how})"
        match self.expected.should:
            case Conduct.GIVE_UP:
                self._settle("gave up", now, passed=True)
            case Conduct.TAKE:
                if not self.is_known:
                    self._settle(f"{ended} before it answered the ping", now, passed=False)
            case Conduct.IGNORE:
                self._settle(self._closed or f"{ended} without a Close", now, passed=True)
            case Conduct.COME_BACK:
                pass
            case _ if self._took is not None and self.expected.should is Conduct.FOLLOW_OR_FAIL:
                self._settle(f"took it for a WebSocket: {self._took}", now, passed=False)
            case _:
                self._settle(f"{ended} without a Close", now, passed=True)

    def came_back(self, milliseconds: float, now: float) -> None:
        """Take note that a client that was sent away has come again."""
        if self.expected.should is Conduct.COME_BACK and not self._is_settled:
            self._is_settled, self.passed = True, True
            self.did = f"came back after {milliseconds:.1f} ms"

    def look(self, now: float) -> None:
        """Settle it where the time is over."""
        if self.due is not None and now >= self.due:
            self._at_end(now)

    def _at_end(self, now: float) -> None:
        match self.expected.should:
            case Conduct.GIVE_UP:
                self._settle_in_time("waited until the lab ended it,", now, passed=False)
            case Conduct.FAIL_OR_WAIT:
                self._settle_in_time("waited", now, passed=True)
            case Conduct.IGNORE if self._closed is not None:
                self._settle(self._closed, now, passed=True)
            case Conduct.IGNORE:
                self._settle_in_time("answered no Close", now, passed=False)
            case Conduct.TAKE if self.is_known:
                self._is_settled = True
            case Conduct.TAKE:
                self._settle_in_time("did not answer the ping", now, passed=False)
            case should if self._took is None:
                passed = should is Conduct.FOLLOW_OR_FAIL
                self._settle_in_time("did nothing", now, passed=passed)
            case _:
                self._settle("", now, passed=self._may_take)
                self.did = f"took it: {self._took}"

    @property
    def _may_take(self) -> bool:
        """Whether it is right, too, to take what most fail at."""
        return self.expected == MAY_FAIL

    def _counts(self) -> bool:
        return self.begun is not None and not self._is_settled

    def _take(self, what: str, now: float) -> None:
        if self._took is None:
            self._took = f"{what} after {self._since(now)}"

    def _since(self, now: float) -> str:
        begun = now if self.begun is None else self.begun
        return f"{1000 * (now - begun):.1f} ms"

    def _tell(self, did: str, now: float, *, passed: bool) -> None:
        self.did, self.passed = f"{did} after {self._since(now)}", passed

    def _settle_in_time(self, did: str, now: float, *, passed: bool) -> None:
        self._settle(did, now, passed=passed)
        self.did = f"{did} for {self._since(now)}"

    def _settle(self, did: str, now: float, *, passed: bool) -> None:
        self._tell(did, now, passed=passed)
        self._is_settled = True


def verdict_on(chain: Chain, upgrade: Upgrade, *, is_refused: bool) -> ClientVerdict | None:
    """Begin the verdict on a client, None where there is nothing to judge it by.

    Args:
        chain: what it asks for.
        upgrade: its request.
        is_refused: whether `refuse=N` is what it is answered by.
    """
    rule = chain.rule
    if rule is not None and not is_refused:
        return ClientVerdict(rule.name, rule.expected, rule.comes)
    step = chain.judged(is_refused=is_refused)
    if step is None or step.expected is None:
        return None
    was_offered = _was_offered(step, upgrade)
    return ClientVerdict(step.text, MUST_TAKE if was_offered else step.expected)


def _was_offered(step: Step, upgrade: Upgrade) -> bool:
    """Tell whether an answer chooses what was offered after all."""
    if step.name == "protocol":
        return step.value in upgrade.subprotocols
    return step.name == "extension" and step.value in upgrade.extensions
