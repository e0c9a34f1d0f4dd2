# SPDX-License-Identifier: MIT
"""What peers send, as plain data.

Autobahn's own classes fall short of it: `Publish` and `Call` have no `disclose_me`, `Call` no
`progress`, `Register` no `disclose_caller`, and each costs three to five times as much to make.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from attrs import define

if TYPE_CHECKING:
    from wsecho.router.wire.audience import Audience
    from wsecho.router.wire.uris import Match

Invoke = Literal["single", "first", "last", "roundrobin", "random"]
CancelMode = Literal["skip", "kill", "killnowait"]
INVOKES: tuple[Invoke, ...] = ("single", "first", "last", "roundrobin", "random")
CANCEL_MODES: tuple[CancelMode, ...] = ("skip", "kill", "killnowait")


@define
class Hello:
    """`features` maps each role that the client announced to its features."""

    TYPE: ClassVar[int] = 1
    realm: str
    features: dict[str, frozenset[str]]
    authid: str | None = None
    authmethods: tuple[str, ...] = ()
    authextra: dict[str, Any] | None = None


@define
class Abort:
    """The peer ends the session without waiting for an answer."""

    TYPE: ClassVar[int] = 3
    reason: str


@define
class Authenticate:
    """The answer to a CHALLENGE."""

    TYPE: ClassVar[int] = 5
    signature: str
    extra: dict[str, Any]


@define
class Goodbye:
    """The peer ends the session, or answers our GOODBYE."""

    TYPE: ClassVar[int] = 6
    reason: str


@define
class Error:
    """A callee's answer to an INVOCATION; `request` is the INVOCATION's."""

    TYPE: ClassVar[int] = 8
    request: int
    error: str
    args: list[Any] | None
    kwargs: dict[str, Any] | None


@define
class Publish:
    """`audience` is None where none of the six lists was given."""

    TYPE: ClassVar[int] = 16
    request: int
    topic: str
    args: list[Any] | None
    kwargs: dict[str, Any] | None
    acknowledge: bool = False
    exclude_me: bool = True
    disclose_me: bool = False
    retain: bool = False
    audience: Audience | None = None


@define
class Subscribe:
    """`topic` is a pattern where `match` is not `exact`."""

    TYPE: ClassVar[int] = 32
    request: int
    topic: str
    match: Match = "exact"
    get_retained: bool = False


@define
class Unsubscribe:
    """`subscription` is its id."""

    TYPE: ClassVar[int] = 34
    request: int
    subscription: int


@define
class Call:
    """`timeout` is in milliseconds, 0 for none; `progress` marks a chunk that is not the last."""

    TYPE: ClassVar[int] = 48
    request: int
    procedure: str
    args: list[Any] | None
    kwargs: dict[str, Any] | None
    receive_progress: bool = False
    disclose_me: bool = False
    timeout: int = 0
    progress: bool = False


@define
class Cancel:
    """`request` is the CALL's."""

    TYPE: ClassVar[int] = 49
    request: int
    mode: CancelMode = "killnowait"


@define
class Register:
    """`procedure` is a pattern where `match` is not `exact`."""

    TYPE: ClassVar[int] = 64
    request: int
    procedure: str
    match: Match = "exact"
    invoke: Invoke = "single"
    disclose_caller: bool = False


@define
class Unregister:
    """`registration` is its id."""

    TYPE: ClassVar[int] = 66
    request: int
    registration: int


@define
class Yield:
    """`request` is the INVOCATION's."""

    TYPE: ClassVar[int] = 70
    request: int
    args: list[Any] | None
    kwargs: dict[str, Any] | None
    progress: bool = False


@define
class Refused:
    """A request that was understood well enough to be answered with ERROR, but not to be done."""

    TYPE: ClassVar[int] = 0
    request_type: int
    request: int
    uri: str
    reason: str
    silent: bool = False  # a PUBLISH without `acknowledge`: nobody waits for the ERROR
    progress: bool = False  # a CALL of which more is to come


Request = (
    Hello
    | Abort
    | Authenticate
    | Goodbye
    | Error
    | Publish
    | Subscribe
    | Unsubscribe
    | Call
    | Cancel
    | Register
    | Unregister
    | Yield
    | Refused
)
