# SPDX-License-Identifier: MIT
"""What peers are sent: messages that know their list, and keep what each form makes of it.

Whoever is not looked into on its way is a `PlainMessage`, made by the function of its name; the
others are classes. The order of the keys in their dictionaries is Autobahn's, so that both write
the same octets. Where keywords come without positional arguments these are `[]`; Autobahn sends
null there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from attrs import define, field, frozen

from wsecho.router.wire.errors import CannotCarryError

if TYPE_CHECKING:
    from collections.abc import Callable

    from wsecho.core.wire.positions import Position

Args = list[Any] | None
Kwargs = dict[str, Any] | None


class Serializer(Protocol):
    """What writes the list of a message in one form."""

    def serialize(self, obj: list[Any], /) -> bytes:
        """Write it.

        Raises:
            CannotCarryError: something in it has no place in this form.
        """


@define(eq=False)
class OutgoingMessage:
    """A message for a peer, or for many.

    Attributes:
        made: what was made of it, by whoever made it: an event's many receivers share its octets
            and its frames, one for each form that they speak.
    """

    made: dict[object, bytes] = field(factory=dict, init=False, repr=False)

    def marshal(self) -> list[Any]:
        """The message as a list, which nobody may change ("Message Definitions")."""
        raise NotImplementedError

    def serialize(self, serializer: Serializer) -> bytes:
        """Write the message, or take what was written for another peer.

        Raises:
            CannotCarryError: something in it has no place in this form.
        """
        octets = self.made.get(serializer)
        if octets is None:
            octets = self.made[serializer] = serializer.serialize(self.marshal())
        return octets


def _with_payload(head: list[Any], args: Args, kwargs: Kwargs) -> list[Any]:
    if kwargs:
        head.append(args or [])
        head.append(kwargs)
    elif args:
        head.append(args)
    return head


@frozen
class Publisher:
    """A publisher who is disclosed ("Publisher Identification")."""

    session: int
    authid: str
    authrole: str


@define(eq=False)
class OutgoingEvent(OutgoingMessage):
    """EVENT.

    Attributes:
        subscription, publication: their ids.
        args, kwargs: its payload.
        topic: the concrete topic, for those who subscribed to a pattern.
        publisher: who it is from, where that is disclosed.
        retained: whether it was delivered from retention ("Event Retention").
        place: the topic and the position in it, where the topic's owner counts; not sent.
    """

    TYPE: ClassVar[int] = 36
    subscription: int
    publication: int
    args: Args
    kwargs: Kwargs
    topic: str | None = None
    publisher: Publisher | None = None
    retained: bool = False
    place: tuple[str, Position] | None = None

    def marshal(self) -> list[Any]:
        """The message as a list ([EVENT, Subscription, Publication, Details, …])."""
        details: dict[str, Any] = {}
        if self.publisher is not None:
            details["publisher"] = self.publisher.session
            details["publisher_authid"] = self.publisher.authid
            details["publisher_authrole"] = self.publisher.authrole
        if self.topic is not None:
            details["topic"] = self.topic
        if self.retained:
            details["retained"] = True
        head = [self.TYPE, self.subscription, self.publication, details]
        return _with_payload(head, self.args, self.kwargs)


@define(eq=False)
class OutgoingResult(OutgoingMessage):
    """RESULT; `progress` says that more is to come ("Progressive Call Results")."""

    TYPE: ClassVar[int] = 50
    request: int
    args: Args
    kwargs: Kwargs
    progress: bool = False

    def marshal(self) -> list[Any]:
        """The message as a list ([RESULT, Request, Details, …])."""
        details = {"progress": True} if self.progress else {}
        return _with_payload([self.TYPE, self.request, details], self.args, self.kwargs)


@define(eq=False)
class OutgoingError(OutgoingMessage):
    """ERROR, the answer to `request` of the message type `request_type`."""

    TYPE: ClassVar[int] = 8
    request_type: int
    request: int
    uri: str
    args: Args = None
    kwargs: Kwargs = None

    def marshal(self) -> list[Any]:
        """The message as a list ([ERROR, RequestType, Request, Details, Error, …])."""
        head = [self.TYPE, self.request_type, self.request, {}, self.uri]
        return _with_payload(head, self.args, self.kwargs)


def send_error(send: Callable[[OutgoingMessage], None], error: OutgoingError) -> None:
    """Send ERROR as whole as there is a way for it, since somebody waits for one.

    Without its payload where that cannot be carried; and where its URI alone is too long, which
    whoever is called may choose, with that of what is wrong with it.

    Args:
        send: raises `CannotCarryError` where there is none.
        error: as it should be.
    """
    kind, request = error.request_type, error.request
    try:
        send(error)
    except CannotCarryError as uncarried:
        try:
            send(OutgoingError(kind, request, error.uri))
        except CannotCarryError:
            send(OutgoingError(kind, request, uncarried.uri))


@define(eq=False)
class OutgoingInvocation(OutgoingMessage):
    """INVOCATION."""

    TYPE: ClassVar[int] = 68
    request: int
    registration: int
    args: Args
    kwargs: Kwargs
    details: dict[str, Any]

    def marshal(self) -> list[Any]:
        """The message as a list ([INVOCATION, Request, Registration, Details, …])."""
        head = [self.TYPE, self.request, self.registration, self.details]
        return _with_payload(head, self.args, self.kwargs)


@define(eq=False)
class OutgoingInterrupt(OutgoingMessage):
    """INTERRUPT, of the INVOCATION `request` ("Call Canceling")."""

    TYPE: ClassVar[int] = 69
    request: int
    mode: str
    reason: str

    def marshal(self) -> list[Any]:
        """The message as a list ([INTERRUPT, Request, Options])."""
        return [self.TYPE, self.request, {"mode": self.mode, "reason": self.reason}]


@define(eq=False)
class PlainMessage(OutgoingMessage):
    """A message of which its list is all that matters."""

    elements: list[Any]

    def marshal(self) -> list[Any]:
        """The message as a list."""
        return self.elements


def welcome(session: int, roles: dict[str, Any], **details: Any) -> PlainMessage:
    """WELCOME; of the details those that are empty are left out."""
    given = {name: value for name, value in details.items() if value}
    return PlainMessage([2, session, {**given, "roles": roles}])


def abort(reason: str, text: str | None = None) -> PlainMessage:
    """ABORT."""
    return PlainMessage([3, _told(text), reason])


def challenge(method: str, extra: dict[str, Any]) -> PlainMessage:
    """CHALLENGE."""
    return PlainMessage([4, method, extra])


def goodbye(reason: str, text: str | None = None) -> PlainMessage:
    """GOODBYE."""
    return PlainMessage([6, _told(text), reason])


def _told(text: str | None) -> dict[str, str]:
    return {"message": text} if text else {}


def published(request: int, publication: int) -> PlainMessage:
    """PUBLISHED."""
    return PlainMessage([17, request, publication])


def subscribed(request: int, subscription: int) -> PlainMessage:
    """SUBSCRIBED."""
    return PlainMessage([33, request, subscription])


def unsubscribed(request: int) -> PlainMessage:
    """UNSUBSCRIBED."""
    return PlainMessage([35, request])


def registered(request: int, registration: int) -> PlainMessage:
    """REGISTERED."""
    return PlainMessage([65, request, registration])


def unregistered(request: int) -> PlainMessage:
    """UNREGISTERED, the answer to UNREGISTER."""
    return PlainMessage([67, request])


def revoked(registration: int, reason: str) -> PlainMessage:
    """UNREGISTERED that nobody asked for, and so of no request ("Registration Revocation")."""
    return PlainMessage([67, 0, {"reason": reason, "registration": registration}])
