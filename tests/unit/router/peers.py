# SPDX-License-Identifier: MIT
"""A router with peers that speak to it in raw lists: no network, and time that is moved by hand."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any, Final

from attrs import define, field

from wsecho.router import (
    CannotCarryError,
    Ending,
    EventsQuery,
    Identity,
    Publication,
    Realm,
    Reply,
    Router,
    Session,
    SessionState,
    TransportDetails,
    WampError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from wsecho.core.promise import Promise
    from wsecho.router.model.subscriptions import Subscription
    from wsecho.router.wire.outgoing import OutgoingMessage
    from wsecho.router.wire.uris import Match

HELLO, WELCOME, ABORT, CHALLENGE, AUTHENTICATE, GOODBYE, ERROR = 1, 2, 3, 4, 5, 6, 8
PUBLISH, PUBLISHED, SUBSCRIBE, SUBSCRIBED, UNSUBSCRIBE, UNSUBSCRIBED, EVENT = (
    *(16, 17, 32, 33, 34, 35),
    36,
)
CALL, CANCEL, RESULT, REGISTER, REGISTERED, UNREGISTER, UNREGISTERED = 48, 49, 50, 64, 65, 66, 67
INVOCATION, INTERRUPT, YIELD = 68, 69, 70

CALLEE: Final = (
    *("call_canceling", "progressive_call_results", "progressive_call_invocations"),
    *("pattern_based_registration", "shared_registration", "caller_identification"),
)
ROLES: Final[dict[str, Any]] = {
    "publisher": {},
    "subscriber": {},
    "caller": {"features": {"progressive_call_invocations": True}},
    "callee": {"features": dict.fromkeys(CALLEE, True)},
}
BASIC_ROLES: Final[dict[str, Any]] = {"publisher": {}, "subscriber": {}, "caller": {}, "callee": {}}


@define
class Alarm:
    """A call that waits for its time."""

    due: float
    call: Callable[[], None]
    done: bool = False

    def cancel(self) -> None:
        """Forget it; to do so twice, or after it rang, is a bug of the router's."""
        assert not self.done
        self.done = True


@define
class HandClock:
    """A clock that stands until it is moved."""

    time: float = 1_700_000_000.0
    alarms: list[Alarm] = field(factory=list)

    def now(self) -> float:
        """The time."""
        return self.time

    def call_later(self, delay: float, call: Callable[[], None], /) -> Alarm:
        """Set an alarm."""
        alarm = Alarm(self.time + delay, call)
        self.alarms.append(alarm)
        return alarm

    def call_at(self, moment: float, call: Callable[[], None], /) -> Alarm:
        """Set an alarm."""
        return self.call_later(max(0.0, moment - self.time), call)

    def move(self, seconds: float) -> None:
        """Let time pass."""
        self.time += seconds
        for alarm in sorted(self.alarms, key=lambda alarm: alarm.due):
            if not alarm.done and alarm.due <= self.time:
                alarm.done = True
                alarm.call()

    @property
    def waiting(self) -> list[Alarm]:
        """The alarms that are still set."""
        return [alarm for alarm in self.alarms if not alarm.done]


@define(eq=False)
class Recorder:
    """A transport that keeps what it is given, as lists."""

    details: TransportDetails = field(factory=lambda: TransportDetails("websocket", "192.0.2.1"))
    objects: list[OutgoingMessage] = field(factory=list)
    sent: list[Any] = field(factory=list)
    closed: Ending | None = None
    is_paused: bool = False
    cannot_carry: Callable[[list[Any]], bool] = lambda _: False
    on_send: Callable[[list[Any]], None] = lambda _: None

    def send(self, message: OutgoingMessage) -> None:
        """Keep a message, or refuse it."""
        raw = message.marshal()
        if self.cannot_carry(raw):
            raise CannotCarryError
        assert self.closed is None, f"sent after close: {raw}"
        self.objects.append(message)
        self.sent.append(json.loads(json.dumps(raw)))
        self.on_send(raw)

    def pause(self) -> None:
        """Note that no more may come."""
        assert not self.is_paused
        self.is_paused = True

    def resume(self) -> None:
        """Note that more may come."""
        assert self.is_paused
        self.is_paused = False

    def close(self, ending: Ending) -> None:
        """Keep how it ended."""
        assert self.closed is None, "closed twice"
        self.closed = ending


class Peer:
    """A client with a session; its methods send a request and return what came back for it."""

    def __init__(self, world: World, details: TransportDetails | None = None) -> None:
        self.world = world
        self.transport = Recorder() if details is None else Recorder(details)
        self.session: Session = world.router.attach(self.transport)
        self.request = 0

    @property
    def id(self) -> int:
        """The session id."""
        return self.session.id

    @property
    def ending(self) -> Ending:
        """How the session ended."""
        assert self.session.ending is not None
        return self.session.ending

    def hello(
        self, realm: str = "realm1", roles: dict[str, Any] | None = None, **details: Any
    ) -> Peer:
        """Open the session."""
        self.session.receive(
            [HELLO, realm, {"roles": ROLES if roles is None else roles, **details}]
        )
        return self

    def send(self, *raws: list[Any]) -> list[Any]:
        """Send raw messages; what came back meanwhile."""
        self.take()
        for raw in raws:
            self.session.receive(raw)
        self.world.settle()
        return self.take()

    def take(self) -> list[Any]:
        """What was received since last time."""
        taken = list(self.transport.sent)
        self.transport.sent.clear()
        return taken

    def one(self) -> Any:
        """The one message received since last time."""
        [only] = self.take()
        return only

    def ask(self, kind: int, *rest: Any) -> Any:
        """Send a request under the next id; the one answer to it, or None."""
        self.request += 1
        self.session.receive([kind, self.request, *rest])
        self.world.settle()
        for place, raw in enumerate(self.transport.sent):
            # An event's second item is a subscription, an invocation's a number of the router's.
            answers = raw[0] not in {ERROR, EVENT, INVOCATION} and raw[1] == self.request
            if answers or (raw[0] == ERROR and raw[2] == self.request):
                return self.transport.sent.pop(place)
        return None

    def subscribe(self, topic: str, **options: Any) -> int:
        """Subscribe; the subscription id."""
        answer = self.ask(SUBSCRIBE, options, topic)
        assert answer[0] == SUBSCRIBED, answer
        return int(answer[2])

    def publish(
        self, topic: str, *args: Any, kwargs: dict[str, Any] | None = None, **options: Any
    ) -> int:
        """Publish with acknowledgement; the publication id."""
        payload: list[Any] = [list(args)] if kwargs is None else [list(args), kwargs]
        answer = self.ask(PUBLISH, {"acknowledge": True, **options}, topic, *payload)
        assert answer[0] == PUBLISHED, answer
        return int(answer[2])

    def register(self, procedure: str, **options: Any) -> int:
        """Register; the registration id."""
        answer = self.ask(REGISTER, options, procedure)
        assert answer[0] == REGISTERED, answer
        return int(answer[2])

    def call(
        self, procedure: str, *args: Any, kwargs: dict[str, Any] | None = None, **options: Any
    ) -> Any:
        """Call; the answer, where there is one at once."""
        payload: list[Any] = [list(args)] if kwargs is None else [list(args), kwargs]
        return self.ask(CALL, options, procedure, *payload)

    def result(self, procedure: str, *args: Any, **kwargs: Any) -> Any:
        """Call a procedure of the router's; its first result."""
        answer = self.call(procedure, *args, kwargs=kwargs)
        assert answer[0] == RESULT, answer
        return answer[3][0] if len(answer) > 3 else None

    def refused(self, procedure: str, *args: Any, **kwargs: Any) -> str:
        """Call a procedure that fails; the error's URI."""
        answer = self.call(procedure, *args, kwargs=kwargs)
        assert answer[0] == ERROR, answer
        return str(answer[4])

    def events(self) -> list[Any]:
        """The payloads of the events received since last time."""
        return [raw[4:] for raw in self.take() if raw[0] == EVENT]


class World:
    """A router with one realm, and no faults of its own."""

    def __init__(self, clock: HandClock | None = None, seed: object = 7, **settings: Any) -> None:
        self.clock = clock or HandClock()
        self.settle: Callable[[], None] = lambda: None
        self.faults: list[BaseException] = []
        self.router = Router(self.clock, random.Random(repr(seed)), self.faults.append)
        self.realm: Realm = self.router.add_realm("realm1", **settings)

    def raw_peer(self, **details: Any) -> Peer:
        """A peer that has not said HELLO."""
        return Peer(self, TransportDetails("websocket", **details))

    def peer(self, roles: dict[str, Any] | None = None, **details: Any) -> Peer:
        """A peer whose session is open."""
        peer = self.raw_peer(**details).hello(roles=roles)
        self.settle()
        assert peer.one()[0] == WELCOME
        return peer

    def known(self, authid: str, authrole: str = "user") -> Peer:
        """A peer with an identity of its transport's."""
        return self.peer(identity=Identity(authid, authrole, "token"))

    def check_empty(self) -> None:
        """Nothing is left of anyone."""
        assert not self.faults, self.faults
        assert not self.router.sessions
        assert not self.realm.sessions
        assert not self.realm.broker.subscriptions._by_id
        assert not len(self.realm.broker.subscriptions._index)
        assert not self.realm.broker.subscriptions._index._masks
        assert not len(self.realm.dealer.registrations)
        assert not self.clock.waiting


class Rooms:
    """An owner of topics, as simple as can be: it spells in lower case and keeps the events."""

    prefixes = ("wsecho.room.", "wsecho.presence.")

    def __init__(self) -> None:
        self.realm: Realm | None = None
        self.log: list[tuple[Any, ...]] = []
        self.later: Promise[Any] | None = None
        self.refuse: WampError | None = None

    def canonical(self, uri: str) -> str:
        """Lower case, and no `!`."""
        if "!" in uri:
            raise WampError("wamp.error.invalid_uri")
        return uri.lower()

    def _answer(self, value: Any) -> Any:
        if self.refuse is not None:
            raise self.refuse
        return value if self.later is None else self.later

    def publish(self, session: Session, publication: Publication) -> Any:
        """Hand the event straight back."""
        answer = self._answer(publication.id)
        self.log.append(("publish", session.id, publication.topic, publication.args))
        assert self.realm is not None
        self.realm.dispatch(publication)
        return answer

    def subscribing(self, session: Session, uri: str, match: Match) -> Any:
        """Ask."""
        self.log.append(("subscribing", session.id, uri, match))
        return self._answer(None)

    def subscribed(self, session: Session, subscription: Subscription, *, first: bool) -> None:
        """Hear."""
        self.log.append(("subscribed", session.id, subscription.uri, first))

    def unsubscribed(self, session: Session, subscription: Subscription, *, last: bool) -> None:
        """Hear."""
        self.log.append(("unsubscribed", session.id, subscription.uri, last))

    def get_events(self, session: Session, subscription: Subscription, query: EventsQuery) -> Any:
        """Tell."""
        self.log.append(("get_events", session.id, subscription.uri, query))
        return self._answer(Reply([{"publication": 1}], {"position": "e:1"}))


def with_rooms(**settings: Any) -> tuple[World, Rooms]:
    """A world whose rooms have an owner."""
    rooms = Rooms()
    world = World(owner=rooms, **settings)
    rooms.realm = world.realm
    return world, rooms


def is_over(peer: Peer) -> bool:
    """Whether the session has ended."""
    return peer.session.state is SessionState.CLOSED


def takes_no_more_than(peer: Peer, octets: int) -> None:
    """Have its transport carry short messages alone, as RawSocket's do that said so."""
    peer.transport.cannot_carry = lambda raw: len(json.dumps(raw)) > octets
