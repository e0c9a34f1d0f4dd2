# SPDX-License-Identifier: MIT
"""What the nodes of a cluster say to one another about a realm, and its form as a list.

::

    [VERSION, CODE, …the notice's fields in their order]
    [VERSION, 1, id, topic, args, kwargs, skip, publisher, audience, time, retain]

The latter is a `Publication`; where it stands in a notice it is the list of these nine. Publisher
(session, authid, authrole) and audience (its six lists) are lists, or null where there is none.

A node that reads another version, or a code that it does not know, passes over it. So a field may
be added at the end of a notice only together with a new version.

==========  ====================================================================================
to all      `Publication`, `KeptEvent`; `SessionJoined`, `Left`; `Subscribed`, `Unsubscribed`;
            `Registered`, `Unregistered`
kept        `Publication`, `TestamentMessage`
to one      `NodeState`; `Invoke`, `Interrupt` to the callee's node; `ResultMessage`, `Failed`
            to the caller's; `End` to a session's
==========  ====================================================================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

import attrs
from attrs import frozen

from wsecho.router.model.publications import Publication
from wsecho.router.wire.audience import Audience
from wsecho.router.wire.outgoing import Publisher

if TYPE_CHECKING:
    from collections.abc import Callable

    from wsecho.router.wire.requests import Invoke as Policy
    from wsecho.router.wire.uris import Match

VERSION: Final = 1

Args = list[Any] | None
Kwargs = dict[str, Any] | None


@frozen
class KeptEvent:
    """A publication that was retained while the others did not know."""

    CODE: ClassVar = 14
    publication: Publication


@frozen
class TestamentMessage:
    """What is to be published once its session is over; it is kept, not told.

    Attributes:
        publication: what.
        authid, authrole: whose it was.
    """

    CODE: ClassVar = 15
    publication: Publication
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
    Publication
    | KeptEvent
    | TestamentMessage
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

_PUBLICATION: Final = 1
_KINDS: Final[dict[int, Callable[..., Notice]]] = {
    kind.CODE: kind for kind in Notice.__args__ if kind is not Publication
}


def write(notice: Notice) -> list[Any]:
    """A notice as a list."""
    if isinstance(notice, Publication):
        return [VERSION, _PUBLICATION, *_write_publication(notice)]
    words = [
        _write_publication(word) if isinstance(word, Publication) else word
        for word in fields(notice)
    ]
    return [VERSION, notice.CODE, *words]


def fields(notice: Notice) -> tuple[Any, ...]:
    """The fields of a notice, in their order."""
    return attrs.astuple(notice, recurse=False)


def read(words: Any) -> Notice | None:
    """Read a list; None where it is of another version, or of a kind that is not known here.

    Raises:
        TypeError, ValueError: it is no notice.
    """
    version, code, *rest = words
    if version != VERSION:
        return None
    if code == _PUBLICATION:
        return _read_publication(*rest)
    kind = _KINDS.get(code)
    if kind is None:
        return None
    if kind in (KeptEvent, TestamentMessage):
        rest[0] = _read_publication(*rest[0])
    return kind(*rest)


def _write_publication(publication: Publication) -> list[Any]:
    publisher, audience = publication.publisher, publication.audience
    return [
        *(publication.id, publication.topic, publication.args, publication.kwargs),
        publication.skip,
        None if publisher is None else list(attrs.astuple(publisher)),
        None if audience is None else _write_audience(audience),
        *(publication.time, publication.retain),
    ]


def _write_audience(audience: Audience) -> list[list[Any] | None]:
    lists = attrs.astuple(audience, recurse=False)
    return [None if each is None else list(each) for each in lists]


def _read_publication(  # as `_write_publication` puts them
    identifier: int,
    topic: str,
    args: Args,
    kwargs: Kwargs,
    skip: int,
    publisher: list[Any] | None,
    audience: list[list[Any] | None] | None,
    time: float,
    retain: bool,  # noqa: FBT001
) -> Publication:
    return Publication(
        *(identifier, topic, args, kwargs, skip),
        None if publisher is None else Publisher(*publisher),
        None if audience is None else _read_audience(audience),
        retain,
        time=time,
    )


def _read_audience(lists: list[Any]) -> Audience:
    return Audience(*(None if each is None else frozenset(each) for each in lists))  # type: ignore[arg-type]
