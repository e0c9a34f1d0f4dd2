# SPDX-License-Identifier: MIT
"""Rooms as one visit has them: the applications are asked before it sees, or says, anything.

Whoever comes in gets `AskedRooms` of its own in place of the `Rooms` that all others share. So no
door, and no message, pays for questions where nobody asks.
"""

from collections import deque
from collections.abc import Callable, Collection
from functools import partial
from typing import Any, TypeVar

from attrs import evolve, frozen

from wsecho.access.claims import Claims
from wsecho.core.http.handshake import split_target
from wsecho.core.http.requests import RequestHead
from wsecho.core.limits.admissions import without_port
from wsecho.core.limits.backpressure import FlowControlled, hold_until
from wsecho.core.promise import Later, Promise, gather, when
from wsecho.core.rooms.authors import Author
from wsecho.core.rooms.callers import Caller
from wsecho.core.rooms.retries import Keyed, NotSaid, Receipt, digest
from wsecho.core.rooms.room import PublishRequest
from wsecho.core.rooms.rules import RoomRules
from wsecho.core.wire.errors import BadToken
from wsecho.core.wire.positions import Position
from wsecho.fanout.membership import RoomMember
from wsecho.fanout.rooms import Rooms, draw_publication, draw_word
from wsecho.hooks import Door, Message, Visit
from wsecho.hooks.questions import Dropped, Questions

A = TypeVar("A")
T = TypeVar("T")

_Answer = str | bytes | Dropped | Receipt | None
"""What is said in a message's place; a receipt where it was said before."""


@frozen
class Asking:
    """What is asked, of whom, and about which rooms.

    Args:
        questions: the applications.
        rooms: the rooms.
        rules: which questions are asked of each.
        headers: names of headers that an application sees, in small letters.
    """

    questions: Questions
    rooms: Rooms
    rules: RoomRules
    headers: Collection[str] = ()

    def visit(self, head: RequestHead, caller: Caller, door: Door) -> Visit:
        """Describe who comes by a request."""
        found: dict[str, str] = {}
        for name, value in head.headers:
            if name in self.headers:
                found[name] = f"{found[name]}, {value}" if name in found else value
        path = split_target(head.target)[0]
        address = without_port(caller.address)
        anybody = Visit(draw_word(), address, head.one("origin"), found, path, door)
        return _as(anybody, caller)

    def connect(self, visit: Visit, caller: Caller) -> Later[Caller]:
        """Ask whether somebody may be here, and return who that is.

        Raises:
            WireError: it may not; the result may be one, too.
        """

        def let_in(claims: Any) -> Caller:
            return caller if claims is None else self._vouch(claims, caller)

        return when(self.questions.connecting(visit), let_in)

    def rooms_of(self, visit: Visit, caller: Caller | None = None) -> "AskedRooms":
        """Return the rooms as a visit has them, by another caller if an application said so."""
        return AskedRooms(self, visit if caller is None else _as(visit, caller))

    def read_claims(self, claims: Any) -> Claims:
        """Read what an application says that somebody is.

        Raises:
            Internal: that is none, or it is not the time for them.
        """
        try:
            found = Claims.read(claims, may_last=True)
            found.check_time(self.rooms.time_of_day())
        except BadToken as error:
            reason = error.reason.replace("the token's", "the")
            raise self.questions.fault("connecting", ValueError(reason)) from None
        return found

    def asks_to_join(self, room: str) -> bool:
        """Tell whether anybody is asked who sees a room."""
        return self.questions.asks("joining") and "join" in self.rules.of(room).ask

    def asks_to_publish(self, room: str) -> bool:
        """Tell whether anybody is asked what is said in a room."""
        return self.questions.asks("publishing") and "publish" in self.rules.of(room).ask

    def _vouch(self, given: Any, caller: Caller) -> Caller:
        claims = self.read_claims(given)
        return Caller(
            *(caller.address, claims.grants, claims.sub, claims.name, claims.expires),
            *(caller.secret, claims.whole),
            is_vouched_for=True,
        )


class AskedRooms(Rooms):
    """The rooms, as one visit sees them and speaks in them.

    What it asks for while a question of its is open waits for its turn, so that all comes in order;
    and it is not read from meanwhile.

    Args:
        asking: whom to ask.
        visit: who that is.
    """

    def __init__(self, asking: Asking, visit: Visit) -> None:
        vars(self).update(vars(asking.rooms))
        self._asking = asking
        self._visit = visit
        self._sender: FlowControlled[Any] | None = None
        self._is_asking = False
        self._waiting: deque[Callable[[], None]] = deque()

    def belong_to(self, sender: FlowControlled[Any]) -> None:
        """Hold a sender back while a question of its is open."""
        self._sender = sender

    def present_as(self, caller: Caller) -> None:
        """Let the applications see a fresh token's claims."""
        self._visit = _as(self._visit, caller)

    def forget_waiting(self) -> None:
        """Ask for nothing more of what waits for its turn."""
        self._waiting.clear()

    def ask_to_join(self, room: str) -> Later[None]:
        """Ask whether a room may be seen.

        Raises:
            WireError: it may not; the result may be one, too.
        """
        return self._in_turn(partial(self._joining, room), lambda _: None)

    def attach(self, room: str, after: Position | None = None) -> Later[None]:
        """Ask whether a room may be seen, and make it current here.

        Raises:
            WireError: it may not, or as `Rooms.attach`; the result may be one, too.
        """
        attach = super().attach
        return self._in_turn(partial(self._joining, room), lambda _: attach(room, after))

    def publish(
        self,
        room: str,
        payload: bytes,
        *,
        is_binary: bool,
        sender: RoomMember | None = None,
        keyed: Keyed | None = None,
        publication: int | None = None,
        origin: Any = None,
        author: Author | None = None,
    ) -> Later[Receipt]:
        """Ask whether something may be said in a room, and say it, or what stands in its place.

        Raises:
            WireError: it may not, or as `Rooms.publish`; the result may be one, too.
        """
        number = publication or draw_publication()
        sent = PublishRequest(payload, is_binary, number, keyed, None, author)
        if not self._is_asking:
            # Most are answered at once, and nothing is made for those to wait by.
            answer = self._publishing(room, sent)
            if not isinstance(answer, Promise):
                return self._say(room, sent, sender, origin, answer)
            return self._wait(answer, partial(self._say, room, sent, sender, origin))
        go_on = partial(self._say, room, sent, sender, origin)
        return self._in_turn(partial(self._publishing, room, sent), go_on)

    def _say(
        self,
        room: str,
        sent: PublishRequest,
        sender: RoomMember | None,
        origin: Any,
        answer: _Answer,
    ) -> Later[Receipt]:
        if isinstance(answer, Receipt):
            return answer
        if isinstance(answer, Dropped):
            return self._not_said(room)
        said = sent if answer is None else _replaced(sent, answer)
        said.time = self._time_of_day()
        return self.bus.publish(room, said, sender, origin)

    def publish_to_all(
        self,
        rooms: list[str],
        payload: bytes,
        *,
        is_binary: bool,
        keyed: Keyed | None,
        author: Author | None = None,
    ) -> Later[dict[str, Receipt]]:
        """Ask of each room whether the same may be said there, and say it in all, or in none.

        Raises:
            WireError: it may not, or as `Rooms.publish_to_all`; the result may be one, too.
        """
        time = self._time_of_day()

        def request() -> PublishRequest:
            return PublishRequest(payload, is_binary, draw_publication(), keyed, time, author)

        def go_on(answers: dict[str, _Answer]) -> Later[dict[str, Receipt]]:
            said = {
                room: request() if answer is None else _replaced(request(), answer)
                for room, answer in answers.items()
                if answer is None or isinstance(answer, str | bytes)
            }
            known = {room: each for room, each in answers.items() if isinstance(each, Receipt)}
            receipts: Later[dict[str, Receipt]] = self.bus.publish_to_all(said) if said else {}
            return when(receipts, lambda found: self._complete(rooms, found | known))

        sent = request()
        asked = lambda: gather({room: self._publishing(room, sent) for room in rooms})  # noqa: E731
        return self._in_turn(asked, go_on)

    # -- the questions

    def _joining(self, room: str) -> Later[None]:
        if not self._asking.asks_to_join(room):
            return None
        return self._asking.questions.joining(self._visit, room)

    def _publishing(self, room: str, sent: PublishRequest) -> Later[Any]:
        asking = self._asking
        if not asking.asks_to_publish(room):
            return None
        if sent.keyed is None:
            data = sent.payload if sent.is_binary else sent.payload.decode()
            return asking.questions.publishing(self._visit, room, Message(data))
        # Who does not know that it was said sends it again, and it is said already.
        key, known = sent.keyed.key, self.bus.recall(room, sent, sent.keyed)
        return when(known, lambda receipt: receipt or self._ask_of(room, sent, key))

    def _ask_of(self, room: str, sent: PublishRequest, key: str) -> Later[Any]:
        data = sent.payload if sent.is_binary else sent.payload.decode()
        return self._asking.questions.publishing(self._visit, room, Message(data, key))

    def _not_said(self, room: str) -> Later[Receipt]:
        def receipt(_: None) -> Receipt:
            return NotSaid(self.hub.position(room, self.seconds()), draw_publication())

        return when(super().attach(room), receipt)

    def _complete(
        self, rooms: list[str], receipts: dict[str, Receipt]
    ) -> Later[dict[str, Receipt]]:
        return gather({room: receipts.get(room) or self._not_said(room) for room in rooms})

    # -- one after the other

    def _in_turn(self, ask: Callable[[], Later[A]], go_on: Callable[[A], Later[T]]) -> Later[T]:
        """Ask, once all is answered that was asked before, and go on with the answer."""
        if self._is_asking:
            outcome: Promise[T] = Promise()
            self._waiting.append(partial(self._ask_later, ask, go_on, outcome))
            return outcome
        answer = ask()
        if not isinstance(answer, Promise):
            return go_on(answer)
        return self._wait(answer, go_on)

    def _wait(self, answer: Promise[A], go_on: Callable[[A], Later[T]]) -> Later[T]:
        """Go on once there is an answer; a connection is not read from meanwhile."""
        after = when(answer, go_on)
        # Whoever comes by a single request asks for nothing more: once it is gone, nobody waits.
        if self._sender is not None:
            self._is_asking = True
            answer.then(self._answered, self._answered)
            hold_until(self._sender, answer)
        return after

    def _ask_later(
        self, ask: Callable[[], Later[A]], go_on: Callable[[A], Later[T]], outcome: Promise[T]
    ) -> None:
        try:
            outcome.give(self._in_turn(ask, go_on))
        except Exception as error:  # noqa: BLE001  # the boundary: nobody stands above it
            outcome.fail(error)

    def _answered(self, _: object) -> None:
        self._is_asking = False
        while self._waiting and not self._is_asking:
            self._waiting.popleft()()


def _replaced(sent: PublishRequest, data: str | bytes) -> PublishRequest:
    """Return a message with other data; a repetition of what was sent is known by that."""
    keyed = sent.keyed
    if keyed is not None:
        keyed = evolve(keyed, sent=digest(sent.payload, is_binary=sent.is_binary))
    payload = data if isinstance(data, bytes) else data.encode()
    return PublishRequest(
        *(payload, isinstance(data, bytes), sent.publication, keyed, sent.time, sent.author)
    )


def _as(visit: Visit, caller: Caller) -> Visit:
    return evolve(visit, sub=caller.sub, name=caller.name, claims=caller.claims)
