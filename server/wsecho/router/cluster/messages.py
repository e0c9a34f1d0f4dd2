# SPDX-License-Identifier: MIT
"""What the nodes of a cluster say to one another about a realm, and its form as a list.

::

    [VERSION, CODE, …the notice's fields in their order]

A node that reads another version, or a code that it does not know, passes over it. So a field may
be added at the end of a notice only together with a new version.

==========  ====================================================================================
to all      `EventMessage`, `KeptEvent`; `SessionJoined`, `Left`; `Subscribed`, `Unsubscribed`;
            `Registered`, `Unregistered`
kept        `EventMessage`, `Testament`
to one      `NodeState`; `Invoke`, `Interrupt` to the callee's node; `ResultMessage`, `Failed`
            to the caller's; `End` to a session's
==========  ====================================================================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

import attrs
from attrs import frozen

if TYPE_CHECKING:
    from wsecho.router.wire.requests import Invoke as Policy
    from wsecho.router.wire.uris import Match

VERSION: Final = 1

Args = list[Any] | None
Kwargs = dict[str, Any] | None


@frozen
class EventMessage:
    """A publication.

    Attributes:
        id: the publication id.
        topic: its topic.
        args, kwargs: its payload.
        skip: the session that must not have it, 0 for none.
        publisher: session id, authid and authrole, where they are disclosed.
        audience: the six lists, None for none.
        time: when it was published, Unix seconds.
        retain: whether it is the topic's retained event from here on.
    """

    CODE: ClassVar = 1
    id: int
    topic: str
    args: Args
    kwargs: Kwargs
    skip: int
    publisher: list[Any] | None
    audience: list[list[Any] | None] | None
    time: float
    retain: bool


@frozen
class KeptEvent:
    """An event that was retained while the others did not know; `event` is as `EventMessage`."""

    CODE: ClassVar = 14
    event: list[Any]


@frozen
class Testament:
    """What is to be published once its session is over; it is kept, not told.

    Attributes:
        event: an `EventMessage`'s fields.
        authid, authrole: whose it was.
    """

    CODE: ClassVar = 15
    event: list[Any]
    authid: str
    authrole: str


@frozen
class SessionJoined:
    """A session has been opened; `details` are those of the meta API, `features` the callee's."""

    CODE: ClassVar = 2
    session: int
    details: dict[str, Any]
    features: list[str]


@frozen
class Left:
    """A session is over, with all that it had."""

    CODE: ClassVar = 3
    session: int


@frozen
class Subscribed:
    """A session subscribed; `created` is when the subscription was made there, Unix seconds."""

    CODE: ClassVar = 4
    session: int
    uri: str
    match: Match
    created: float


@frozen
class Unsubscribed:
    """A session unsubscribed."""

    CODE: ClassVar = 5
    session: int
    uri: str
    match: Match


@frozen
class Registered:
    """A session serves a procedure; all who do are ordered by `rank`."""

    CODE: ClassVar = 6
    session: int
    uri: str
    match: Match
    invoke: Policy
    rank: int
    created: float
    disclose_caller: bool


@frozen
class Unregistered:
    """A session serves a procedure no longer."""

    CODE: ClassVar = 7
    session: int
    uri: str
    match: Match


@frozen
class NodeState:
    """All that a node has, in parts: what is not in them it has not.

    Attributes:
        first: whether this is the first part.
        last: whether this is the last.
        asks: whether the other node is to say what it has.
        sessions: of each session, the fields of its `SessionJoined`, of its `Subscribed` and of its
            `Registered`, those of the latter two without the session.
    """

    CODE: ClassVar = 8
    first: bool
    last: bool
    asks: bool
    sessions: list[list[Any]]


@frozen
class Invoke:
    """A call, or more of one, for a session of the node that this goes to.

    Attributes:
        callee: the session.
        call: the caller's node's number for it, which counts up.
        more: whether it is not the first of this call.
        progress: whether it is not the last either.
        registration: the registration id.
        details: INVOCATION.Details.
        args, kwargs: the payload.
    """

    CODE: ClassVar = 9
    callee: int
    call: int
    more: bool
    progress: bool
    registration: int
    details: dict[str, Any]
    args: Args
    kwargs: Kwargs


@frozen
class Interrupt:
    """The caller's node lets a call be ended, or has ended it; `mode` is `kill` or `killnowait`."""

    CODE: ClassVar = 10
    callee: int
    call: int
    mode: str
    reason: str


@frozen
class ResultMessage:
    """What the callee yielded."""

    CODE: ClassVar = 11
    callee: int
    call: int
    progress: bool
    args: Args
    kwargs: Kwargs


@frozen
class Failed:
    """The call has failed."""

    CODE: ClassVar = 12
    callee: int
    call: int
    error: str
    args: Args
    kwargs: Kwargs


@frozen
class End:
    """Somebody ended the session through the meta API."""

    CODE: ClassVar = 13
    session: int
    reason: str
    text: str | None


Notice = (
    EventMessage
    | KeptEvent
    | Testament
    | SessionJoined
    | Left
    | Subscribed
    | Unsubscribed
    | Registered
    | Unregistered
    | NodeState
    | Invoke
    | Interrupt
    | ResultMessage
    | Failed
    | End
)

_KINDS: Final[dict[int, type[Notice]]] = {kind.CODE: kind for kind in Notice.__args__}


def write(notice: Notice) -> list[Any]:
    """A notice as a list."""
    return [VERSION, notice.CODE, *fields(notice)]


def fields(notice: Notice) -> tuple[Any, ...]:
    """The fields of a notice, in their order."""
    return attrs.astuple(notice, recurse=False)


def read(words: Any) -> Notice | None:
    """Read a list; None where it is of another version, or of a kind that is not known here.

    Raises:
        TypeError, ValueError: it is no notice.
    """
    version, code, *rest = words
    kind = _KINDS.get(code)
    if version != VERSION or kind is None:
        return None
    return kind(*rest)
