# SPDX-License-Identifier: MIT
"""`connect`: looks at each argument at once, then enters a room."""

import random
import re
import secrets
import ssl as tls
from collections.abc import Mapping
from types import TracebackType
from typing import Final, Literal, get_args

from attrs import define, field
from websockets.exceptions import InvalidProxy
from websockets.proxy import parse_proxy

from wsecho.client.address import Address
from wsecho.client.errors import BadRequest, BadType
from wsecho.client.link import Way
from wsecho.client.model import GapPolicy, Position
from wsecho.client.protocol.machine import Machine
from wsecho.client.protocol.plan import Plan
from wsecho.client.room import Room
from wsecho.client.tokens import TokenSource, check_source
from wsecho.core.wire.errors import WireError
from wsecho.core.wire.positions import MAX_OFFSET

_MEMBER: Final = re.compile(r"[A-Za-z0-9_-]{16,64}", re.ASCII)


@define(eq=False)
class Entering:
    """What `connect` gives: enter it by `async with`."""

    _address: Address
    _plan: Plan
    _token: TokenSource | None = field(repr=False)
    _way: Way
    _presence: bool
    _room: Room | None = field(default=None, init=False)

    async def __aenter__(self) -> Room:
        """Wait until the room was joined.

        Raises:
            Error: it cannot be joined, or not within 30 s (`give_up_after`).
        """
        if self._room is not None:
            raise RuntimeError("what connect gives can be entered once: call connect again")
        machine = Machine(self._plan, f"{secrets.token_urlsafe(12)}-", random.random)
        self._room = Room(self._address, machine, self._token, self._way, self._presence)
        await self._room.enter()
        return self._room

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave the room."""
        if self._room is not None:
            await self._room.close()


def connect(
    url: str,
    *,
    token: TokenSource | None = None,
    after: Position | str | None = None,
    history: int | None = None,
    presence: bool = False,
    own: bool = True,
    member: str | None = None,
    on_gap: GapPolicy = "raise",
    give_up_after: float | None = None,
    ssl: tls.SSLContext | None = None,
    proxy: str | Literal[True] | None = True,
    headers: Mapping[str, str] | None = None,
    compression: Literal["deflate"] | None = None,
) -> Entering:
    """Enter a room, by `async with`, which gives a `Room`.

    Each argument is looked at at once. Entering waits until the room is joined: what passes
    (refused connections, 503, 429, restarts) is waited for, what does not is raised.

    Args:
        url: the room's, such as `ws://127.0.0.1:8080/broadcast/lobby`; `http` is the same.
        token: a JWT, or a function (async or not) that is asked for one before connecting, before
            it expires, and when it does not count; it has 10 s.
        after: begin behind this place, so that nothing between is lost.
        history: begin with the last so many messages, where `after` is not given or not kept.
        presence: whether to be told who is there, comes and goes.
        own: whether messages that this client says itself are handed out.
        member: 16 to 64 characters of `A-Z a-z 0-9 _ -` that nobody else has, by which the client
            is the same member of the room after a restart; None for new ones each time.
        on_gap: what becomes of messages that cannot be had any more: `raise` raises `Gap` in
            their place, `skip` goes on behind them. What a server left out because reading was
            too slow is fetched again with `raise`, and left out with `skip`.
        give_up_after: seconds that an outage may last; None for 30 while entering, and then any.
        ssl: whom to trust, None for whom the system trusts.
        proxy: True for the proxy of the environment, None for none, or the URL of one.
        headers: further headers of each request, for a proxy before the server.
        compression: `deflate` to offer compression (RFC 7692), which saves octets and costs time.

    Raises:
        BadRequest: an argument means nothing; the reason names it.
        BadType: one is of another type.
    """
    check_source(token)
    if member is None:
        member = secrets.token_urlsafe(24)
    elif not (isinstance(member, str) and _MEMBER.fullmatch(member)):
        raise BadRequest("member is not 16 to 64 characters of A-Z a-z 0-9 _ -")
    address = Address.parse(url, member)
    plan = Plan(
        after=_place(after),
        history=_count(history),
        wants_own=_flag("own", own),
        on_gap=_policy(on_gap),
        give_up_after=_seconds(give_up_after),
        has_token=token is not None,
        can_ask_again=callable(token),
    )
    way = Way(_context(ssl, address), _proxy(proxy), _headers(headers, token), _coding(compression))
    return Entering(address, plan, token, way, _flag("presence", presence))


def _place(after: object) -> Position | None:
    if after is None or isinstance(after, Position):
        return after
    if not isinstance(after, str):
        raise BadType(f"after is neither Position nor str, but {type(after).__name__}")
    try:
        return Position.parse(after)
    except WireError:
        raise BadRequest("after is no position, such as 'k3Jx:17'") from None


def _count(history: object) -> int | None:
    if history is None:
        return None
    if isinstance(history, bool) or not isinstance(history, int):
        raise BadType(f"history is no int, but {type(history).__name__}")
    if not 0 <= history <= MAX_OFFSET:
        raise BadRequest("history is not 0 or more, below 2**53")
    return history


def _flag(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise BadType(f"{name} is no bool, but {type(value).__name__}")
    return value


def _policy(on_gap: GapPolicy) -> GapPolicy:
    if on_gap not in get_args(GapPolicy):
        raise BadRequest("on_gap is neither 'raise' nor 'skip'")
    return on_gap


def _seconds(give_up_after: object) -> float | None:
    if give_up_after is None:
        return None
    if isinstance(give_up_after, bool) or not isinstance(give_up_after, int | float):
        raise BadType(f"give_up_after is no number, but {type(give_up_after).__name__}")
    if not give_up_after > 0:
        raise BadRequest("give_up_after is no number of seconds above 0")
    return float(give_up_after)


def _context(ssl: object, address: Address) -> tls.SSLContext | None:
    if ssl is None:
        return None
    if not isinstance(ssl, tls.SSLContext):
        raise BadType(f"ssl is no SSLContext, but {type(ssl).__name__}")
    if not address.is_secure:
        raise BadRequest("ssl is given, but url is not wss:// or https://")
    return ssl


def _proxy(proxy: object) -> str | Literal[True] | None:
    if proxy is None or proxy is True:
        return proxy
    if not isinstance(proxy, str):
        raise BadType(f"proxy is neither True, None nor a URL, but {type(proxy).__name__}")
    try:
        parse_proxy(proxy)
    except InvalidProxy as error:
        raise BadRequest(f"proxy is none: {error}") from None
    return proxy


def _headers(headers: object, token: object) -> dict[str, str]:
    if headers is None:
        return {}
    if not isinstance(headers, Mapping):
        raise BadType(f"headers is no mapping, but {type(headers).__name__}")
    for name, value in headers.items():
        if not (isinstance(name, str) and isinstance(value, str)):
            raise BadType("headers has what is no str")
        if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name) or not value.isprintable():
            raise BadRequest(f"headers has {name!r}, which is none or has a value that is none")
        if name.lower() == "authorization" and token is not None:
            raise BadRequest("headers has Authorization, which is where token goes")
    return dict(headers)


def _coding(compression: object) -> str | None:
    if compression is None or compression == "deflate":
        return "deflate" if compression else None
    raise BadRequest("compression is neither None nor 'deflate'")
