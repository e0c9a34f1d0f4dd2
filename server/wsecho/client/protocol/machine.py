# SPDX-License-Identifier: MIT
"""One room from a client's side, across all of its connections: events in, actions out.

`phases` says how it may stand, and what leads from one phase to the next.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar, Final

from attrs import Factory, define, field

from wsecho.client.errors import (
    Closed,
    Error,
    NotWsecho,
    TooLarge,
    Unauthorized,
    Unavailable,
)
from wsecho.client.model import Event, Position, State, Status
from wsecho.client.protocol.actions import (
    Action,
    AskToken,
    Connect,
    Drop,
    Ping,
    Send,
)
from wsecho.client.protocol.backoff import Backoff
from wsecho.client.protocol.frames import (
    BadFrameError,
    Fields,
    read_frame,
    read_joined,
    read_message,
    read_position,
    read_presence,
    write_fresh_token,
)
from wsecho.client.protocol.liveness import Liveness
from wsecho.client.protocol.outage import Outage
from wsecho.client.protocol.outbox import Entry, Outbox
from wsecho.client.protocol.phases import HAS_JOINED, HAS_SOCKET, TRYING, UNREAD, Phase
from wsecho.client.protocol.plan import Plan
from wsecho.client.protocol.publishing import Publishing, Way
from wsecho.client.protocol.reading import Reading
from wsecho.client.protocol.refusals import Refusal, passing, refused_by_frame
from wsecho.client.protocol.renewal import Renewal

JOIN_PATIENCE: Final = 10.0
"""Seconds that a server has to say `joined` once a connection is open."""

TOKEN_PATIENCE: Final = 60.0
"""Seconds for which a token function may fail, once the room was joined."""

STABLE: Final = 5.0
"""Seconds after which a connection counts as one that worked."""

_MANY: Final = frozenset({"message", "published"})
"""The frames of which there are many, and after which nothing is due earlier."""


@define(eq=False)
class Machine:
    """Decides; whoever has the sockets calls it, then does what `actions` has.

    Args:
        plan: what is asked for.
        name: begins the keys of what is said.
        draw: chooses a number from 0.0 to 1.0.

    Attributes:
        phase: how it stands.
        reading: what is read, and was not handed out yet.
        publishing: what is to be said.
        status: how the connection stands, in words for others.
        error: why it ended; None while it has not, `Closed` where it was asked to.
    """

    plan: Plan
    _name: str
    _draw: Callable[[], float]
    phase: Phase = field(default=Phase.IDLE, init=False)
    reading: Reading = field(
        default=Factory(
            lambda self: Reading(self.plan.after, self.plan.wants_own, self.plan.on_gap),
            takes_self=True,
        ),
        init=False,
    )
    status: Status = field(factory=lambda: Status("connecting"), init=False)
    error: Error | None = field(default=None, init=False)
    _actions: list[Action] = field(factory=list, init=False)
    publishing: Publishing = field(init=False)
    _outage: Outage = field(init=False)
    _renewal: Renewal = field(factory=Renewal, init=False)
    _liveness: Liveness = field(factory=lambda: Liveness(0.0), init=False)
    _since: float = field(default=0.0, init=False)
    """When it came into its phase, for those that last for a time."""
    _is_asking: bool = field(default=False, init=False)
    _tokenless_since: float | None = field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        self.publishing = Publishing(Outbox(self._name, Backoff(self._draw)), self._do)
        self._outage = Outage(self.plan.give_up_after, self._draw)

    # -- what the shell takes out

    def actions(self) -> Iterable[Action]:
        """Take out what is to be done, in order."""
        taken, self._actions = self._actions, []
        return taken

    @property
    def has_actions(self) -> bool:
        """Whether there is anything to be done."""
        return bool(self._actions)

    @property
    def is_reading(self) -> bool:
        """Whether what comes on the connection is to be read."""
        return self.phase is not Phase.HELD

    @property
    def has_joined(self) -> bool:
        """Whether the room was joined, now or before."""
        return self.reading.place is not None

    def deadline(self) -> float | None:
        """Return when `wake` is to be called; None for never."""
        first = self._phase_deadline()
        for time in self.publishing.deadline(self._way), self._renews_at:
            if time is not None and (first is None or time < first):
                first = time
        return first

    @property
    def _renews_at(self) -> float | None:
        is_due = self.phase in HAS_JOINED and self.plan.can_ask_again and not self._is_asking
        return self._renewal.renew_at if is_due else None

    def _phase_deadline(self) -> float | None:
        if self.phase is Phase.WAITING:
            return self._outage.retry_at
        if self.phase is Phase.JOINING:
            return self._since + JOIN_PATIENCE
        if self.phase in HAS_JOINED:
            return self._liveness.deadline
        return self._outage.gives_up_at if self.phase in TRYING else None

    # -- what the shell puts in

    def start(self, now: float) -> None:
        """Begin."""
        self._outage.begin(now)
        self._go(now)

    def stop(self) -> None:
        """End, because whoever uses it wants that."""
        self._end(Closed("the room was left"))

    def fail(self, error: Error) -> None:
        """End, because of a fault of the shell's."""
        self._end(error)

    def token(self, token: str, seconds: float | None, now: float) -> None:
        """Take what the token function gave.

        Args:
            token: the token.
            seconds: how long it has left, None where that is not known.
            now: the time.
        """
        self._is_asking, self._tokenless_since = False, None
        is_new = token != self._renewal.token
        self._renewal.take(token, seconds, now)
        if self.phase is Phase.ASKING:
            self._connect(now)
        elif self.phase in HAS_JOINED and is_new:
            self._do(Send(write_fresh_token(token)))
        self._say(now)

    def no_token(self, reason: str, now: float) -> None:
        """Take that the token function failed.

        Args:
            reason: one sentence.
            now: the time.
        """
        self._is_asking = False
        error = Unauthorized(f"token: {reason}")
        if self._tokenless_since is None:
            self._tokenless_since = now
        if not self.has_joined or now - self._tokenless_since > TOKEN_PATIENCE:
            self._end(error)
        elif self.phase is Phase.ASKING:
            self._wait(Refusal(error, passes=True), now)
        elif self.phase in HAS_JOINED:
            self._renewal.failed(now)

    def connected(self, now: float) -> None:
        """Take that the connection is open."""
        self._enter(Phase.JOINING, now)
        self._liveness = Liveness(now)
        self._outage.comeback, self.publishing.was_acknowledged = 0.0, False

    def disconnected(self, refusal: Refusal, now: float) -> None:
        """Take that the connection could not be had, or went."""
        if self.phase is Phase.ENDED:
            return
        if self.phase in HAS_JOINED and (self._was_of_use or now - self._since >= STABLE):
            self._outage.worked()
        if isinstance(refusal.error, TooLarge):
            self.publishing.blame(refusal.error)
        self._cut(now)
        if isinstance(refusal.error, Unauthorized):
            self._rejected(refusal, now)
        elif not refusal.passes and (refusal.is_ours or not self.has_joined):
            self._end(refusal.error)
        else:
            self._wait(refusal, now)

    def heard(self, when: float) -> None:
        """Take when octets came last on the connection."""
        self._liveness.heard(when)

    def receive(self, text: str, now: float) -> bool:
        """Take a frame of the server's.

        Returns:
            whether `deadline` may be earlier now, or nothing more is to be read.
        """
        try:
            frame = read_frame(text)
            kind = frame["type"]
            if self.phase is Phase.JOINING and kind != "joined":
                raise BadFrameError(f"the server began with {kind!r}, not with 'joined'")  # noqa: TRY301
            if kind == "message":
                self.reading.message(read_message(frame))
            elif (take := self._TAKES.get(kind)) is not None:
                take(self, frame, now)
        except BadFrameError as error:
            self._fault(str(error), now)
            return True
        if self.reading.inbox.is_full:
            self._hold()
            self._say(now)
            return True
        return kind not in _MANY

    def publish(self, data: object, now: float, waiter: object = None) -> Entry:
        """Take a message to be said.

        Raises:
            Error: it cannot be said, and why.
        """
        if self.error is not None:
            raise self.error
        entry = self.publishing.outbox.add(data, now, waiter)
        self._say(now)
        return entry

    def withdraw(self, entry: Entry) -> None:
        """Take that nobody waits for a message any more."""
        self.publishing.outbox.withdraw(entry)

    def posted(self, entry: Entry, position: Position, now: float) -> None:
        """Take that a POST was answered."""
        self._renewal.accepted()
        self.publishing.posted(entry, position)
        self._say(now)

    def not_posted(self, entry: Entry, refusal: Refusal, now: float) -> None:
        """Take that a POST failed."""
        can_ask_again = self.plan.can_ask_again
        if self.publishing.not_posted(entry, refusal, now, can_ask_again=can_ask_again):
            self._renewal.rejected()
            self._ask()
        self._say(now)

    def take(self, now: float) -> Event | None:
        """Hand out what came first; None where there is nothing."""
        was_full = self.reading.inbox.is_full
        item = self.reading.inbox.take()
        if was_full and not self.reading.inbox.is_full:
            self._read_on(now)
        return item

    def wake(self, now: float) -> None:
        """Do what is due."""
        self.publishing.expire(now)
        gives_up_at = self._outage.gives_up_at
        if self.phase is Phase.WAITING and now >= self._outage.retry_at:
            self._go(now)
        elif self.phase is Phase.JOINING and now >= self._since + JOIN_PATIENCE:
            self._leave(f"the server did not say 'joined' for {JOIN_PATIENCE:.0f} s", now)
        elif self.phase in HAS_JOINED:
            self._watch(now)
        elif self.phase in TRYING and gives_up_at is not None and now >= gives_up_at:
            self._end(Unavailable(f"no answer within {self._outage.patience:g} s"))
        self._say(now)

    # -- connections

    @property
    def _was_of_use(self) -> bool:
        """Whether something came by this connection, or was said by it."""
        return self.reading.made_progress or self.publishing.was_acknowledged

    def _do(self, action: Action) -> None:
        self._actions.append(action)

    def _enter(self, phase: Phase, now: float) -> None:
        self.phase, self._since = phase, now

    def _tell(self, state: State, why: str | None = None, retry_in: float | None = None) -> None:
        self.status = Status(state, why, retry_in)
        self.reading.inbox.put(self.status)

    def _go(self, now: float) -> None:
        """Connect anew, with a token where there are any."""
        if self.reading.inbox.is_full:
            self._enter(Phase.FULL, now)
        elif self.plan.has_token and not self._renewal.is_good(now):
            self._enter(Phase.ASKING, now)
            self._tell("connecting")
            self._ask()
        else:
            self._tell("connecting")
            self._connect(now)

    def _ask(self) -> None:
        if not self._is_asking:
            self._is_asking = True
            self._do(AskToken())

    def _connect(self, now: float) -> None:
        self._enter(Phase.CONNECTING, now)
        self._do(Connect(self._renewal.token, *self.plan.asks_for(self.reading.place)))

    def _cut(self, now: float) -> None:
        """Take that nothing is connected any more."""
        self.publishing.cut()
        self._outage.begin(now)

    def _wait(self, refusal: Refusal, now: float) -> None:
        """Try again later."""
        pause = self._outage.wait(refusal, now)
        if isinstance(pause, Error):
            self._end(pause)
            return
        if self.reading.inbox.is_full:
            self._enter(Phase.FULL, now)
        else:
            self._enter(Phase.WAITING, now)
        self._tell("offline", refusal.error.reason, pause)

    def _rejected(self, refusal: Refusal, now: float) -> None:
        """The token did not count: a fresh one may; but one that was asked for again may not."""
        if not self.plan.can_ask_again or self._renewal.rejected() > 1:
            self._end(refusal.error)
        else:
            self._wait(Refusal(refusal.error, passes=True), now)

    def _fault(self, reason: str, now: float) -> None:
        """Leave a server that does not speak as it should."""
        if self.has_joined:
            self._leave(reason, now)
        else:
            self._end(NotWsecho(f"url: {reason}"))

    def _leave(self, reason: str, now: float) -> None:
        """Give up a connection, and come back later."""
        self._do(Drop())
        self._cut(now)
        self._wait(passing(reason), now)

    def _resume(self, now: float) -> None:
        """Come back at once for what was left out."""
        self._do(Drop())
        self._cut(now)
        if self.reading.made_progress:
            self._go(now)
        else:
            self._wait(passing("the server left messages out again"), now)

    def _watch(self, now: float) -> None:
        found = self._liveness.check(now)
        if found == "ping":
            self._do(Ping())
        elif found == "dead":
            self._outage.worked()
            self._leave("the connection is dead: nothing came, and no pong", now)
            return
        if self._renews_at is not None and now >= self._renews_at:
            self._ask()

    def _hold(self) -> None:
        if self.phase is Phase.OPEN:
            self.phase = Phase.HELD
            self._liveness.hold()
            # The answers stand behind what is not read.
            self.publishing.cut()

    def _read_on(self, now: float) -> None:
        if self.phase is Phase.HELD:
            self.phase = Phase.OPEN
            self._liveness.go_on(now)
            self._say(now)
        elif self.phase is Phase.FULL:
            self._outage.begin_anew(now)
            self._go(now)

    def _end(self, error: Error) -> None:
        if self.phase is Phase.ENDED:
            return
        if self.phase in HAS_SOCKET:
            self._do(Drop())
        self.phase, self.error = Phase.ENDED, error
        self.publishing.end(error)
        self._tell("closed", error.reason)

    @property
    def _way(self) -> Way | None:
        if self.phase is Phase.OPEN:
            return "socket"
        return "post" if self.phase in UNREAD else None

    def _say(self, now: float) -> None:
        self.publishing.say(self._way, self._renewal.token, now)

    # -- frames

    def _joined(self, frame: Fields, now: float) -> None:
        joined = read_joined(frame)
        self.publishing.outbox.max_frame = joined.max_message_size
        if self.phase is not Phase.JOINING:
            if self.reading.renew(joined):
                self._resume(now)
            return
        self.reading.begin(joined)
        self._outage.end()
        self._renewal.accepted()
        self._enter(Phase.OPEN, now)
        self._tell("open")
        self._say(now)

    def _skipped(self, frame: Fields, now: float) -> None:
        if self.reading.skipped(read_position(frame, "to")):
            self._resume(now)

    def _presence(self, frame: Fields, now: float) -> None:
        self.reading.presence(read_presence(frame))

    def _published(self, frame: Fields, now: float) -> None:
        self.publishing.acknowledged(frame.get("id"), read_position(frame, "position"))
        self._say(now)

    def _error(self, frame: Fields, now: float) -> None:
        refusal = refused_by_frame(str(frame.get("code")), str(frame.get("reason")))
        if "id" in frame:
            self.publishing.refused(frame["id"], refusal, now)
        elif refusal.passes or isinstance(refusal.error, Unauthorized):
            # The fresh token: the old one still counts for a while.
            self._renewal.failed(now)
        else:
            self._renewal.stop()
        self._say(now)

    def _closing(self, frame: Fields, now: float) -> None:
        retry = frame.get("retry")
        self._outage.comeback = (
            retry / 1000 if isinstance(retry, int | float) and retry > 0 else 0.0
        )

    _TAKES: ClassVar[Mapping[str, Callable[["Machine", Fields, float], None]]] = {
        "joined": _joined,
        "skipped": _skipped,
        "presence": _presence,
        "published": _published,
        "error": _error,
        "closing": _closing,
    }
