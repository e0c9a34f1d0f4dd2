# SPDX-License-Identifier: MIT
"""What is measured, against whom, and what it must reach."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

OURS = "wsecho"
BEFORE = "before"
"""wsecho as another checkout has it."""
PYTHON_PEERS = ("autobahn", "websockets", "aiohttp", "picows", "tornado")
SCALE_PEERS = ("channels", "socketio")
BARE = "bare"
"""Not a peer, but what the machine allows: a loop in C of nothing but the system's calls."""
ALL_ROUND_PEERS = (*PYTHON_PEERS, "granian", "socketify", "ws", "bun")
"""Those that have every row which needs no more than echoes and rooms."""
PEERS = (*ALL_ROUND_PEERS, "crossbar", *SCALE_PEERS, BARE)

_MEGABYTE = 1e6
_MESSAGES_IN_FLIGHT = 16
"""In a room where many speak at once: messages that are read or sent together cost less each."""
_MEMBERS_IN_ALL = 1000
"""Of small rooms: one of them would measure round trips."""
_AROUND, _OPENED_A_SECOND = 1.3, 3000
ROOM_SIZES = (10, 100, 1000, 10_000)
ECHO_SIZES = (10, 100, 1000, 9000)
_AS_BROWSERS = "permessage-deflate; client_max_window_bits"
_STATELESS = f"{_AS_BROWSERS}; server_no_context_takeover; client_no_context_takeover"
_SCALE_ROOMS, _SCALE_MEMBERS = 10, 100
_SCALE_PACE = 20
"""Messages a second that each peer keeps up with: a queue that grows has no latency."""
_SOCKETIO_PATH = "/socket.io/?EIO=4&transport=websocket"
_UNREAD, _UNACKNOWLEDGED = 256, 64
"""Messages that are under way to a client, and from it: fewer than any library holds at most."""
ALLOWED = "allowed"
"""The mode of what is not measured, but given as a size in bytes to hold others against."""
_LARGEST_LIBRARY = 28_000
"""Bytes; web/npm/check.mjs refuses to build a larger one."""
_ROOMS_IN_A_PAGE = 100
"""As many as a connection may have by default."""
_FLAT = 0.7
"""What a point of a line must reach of every smaller one: cost grows by no more than 30 %. That
something costs less where there is more of it (messages that share a send) is no fault."""


class Measure(StrEnum):
    """What of a load counts."""

    RATE = "rate"
    """How many a second."""
    WORK = "work"
    """How many in a second of the processor of whoever puts the load: it is what is measured."""
    P99 = "p99"
    """How late the slowest."""
    MEMORY = "memory"
    """How much more memory the server has."""
    AMOUNT = "amount"
    """How much was found, of what there had better be little."""


@dataclass(frozen=True, slots=True)
class Load:
    """What the generator is to do to a server."""

    mode: str
    connections: int
    in_flight: int = 1
    size: int = 125
    path: str = "/echo"
    offer: str | None = None
    """Of permessage-deflate; every message then goes compressed."""
    alike: bool = False
    """Peers are to agree on the window that ours agreed on, not on their own default."""
    tls: bool = False
    message_each: bool = False
    rooms: int = 1
    pace: int = 0
    """Messages a second in all, whatever comes back; none for a closed loop."""
    workers: int = 0
    """Processes of a server that share rooms over Redis; none for one without."""
    is_socketio: bool = False
    client: str | None = None
    """The library whose program puts the load, where libraries are measured; else the generator."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One server under one load: a line of a row."""

    name: str
    peer: str
    load: Load
    at: int | None = None
    """Where it stands on the line of a row that shows how cost grows."""


@dataclass(frozen=True, slots=True)
class Target:
    """What the subject's ratio to the best of others must reach: at least, or at most."""

    limit: float
    of: tuple[str, ...]
    subject: str = OURS


@dataclass(frozen=True, slots=True)
class Row:
    """The same work for several servers."""

    name: str
    title: str
    unit: str
    entries: tuple[Entry, ...]
    targets: tuple[Target, ...]
    measure: Measure = Measure.RATE
    scale: float = 1.0
    """From what the generator counts to the unit."""

    @property
    def lower_is_better(self) -> bool:
        """Whether targets are upper limits."""
        return self.measure not in {Measure.RATE, Measure.WORK}

    @property
    def is_of_clients(self) -> bool:
        """Whether it is about what puts the load, not about servers."""
        return any(entry.load.client for entry in self.entries)

    @property
    def is_line(self) -> bool:
        """Whether its entries are points of one line."""
        return all(entry.at is not None for entry in self.entries)

    @property
    def reference(self) -> tuple[str, ...]:
        """What the entries are shown in ratio to: one of them, or the best of a line's."""
        if self.is_line:
            return tuple(entry.name for entry in self.entries)
        return self.targets[0].of[:1] if self.targets else ()


def _same(load: Load, peers: Iterable[str]) -> tuple[Entry, ...]:
    return tuple(Entry(peer, peer, load) for peer in (OURS, *peers))


def _echo(name: str, title: str, load: Load, limit: float = 1.0) -> Row:
    targets = (Target(limit, ("picows",)), Target(1.0, ("bun",)))
    return Row(name, title, "echoes/s", _same(load, (*ALL_ROUND_PEERS, BARE)), targets)


def _at_least_each(peers: Iterable[str]) -> tuple[Target, ...]:
    return tuple(Target(1.0, (peer,)) for peer in peers)


def _large(name: str, title: str, load: Load) -> Row:
    entries = _same(load, ALL_ROUND_PEERS)
    targets = (Target(1.0, ("picows", "aiohttp")), Target(1.0, ("bun",)))
    return Row(name, title, "MB/s", entries, targets, scale=load.size / _MEGABYTE)


def _room(members: int, in_flight: int = 1) -> Load:
    # Who sends is a member, too.
    return Load("broadcast", members - 1, in_flight=in_flight, path="/broadcast/bench")


def _rooms(members: int, rooms: int) -> Load:
    return Load("broadcast", (members - 1) * rooms, path="/broadcast/bench", rooms=rooms)


def _memory(name: str, title: str, load: Load, peers: Sequence[str], *targets: Target) -> Row:
    ours = Entry(OURS, OURS, load)
    entries = (ours, *_same(load, peers)[1:])
    return Row(name, title, "KiB/connection", entries, targets, Measure.MEMORY)


def _deflate(name: str, how: str, offer: str, rivals: Sequence[str], peers: Sequence[str]) -> Row:
    load = Load("echo", 50, size=1024, offer=offer, alike=True)
    title = f"echo 1 KiB JSON, 50 connections, permessage-deflate {how}"
    entries = _same(load, (*rivals, *peers))
    return Row(name, title, "echoes/s", entries, _at_least_each(rivals))


def _wamp(name: str, title: str, unit: str, load: Load, limit: float) -> Row:
    return Row(name, title, unit, _same(load, ("crossbar",)), (Target(limit, ("crossbar",)),))


def _sse() -> Row:
    events = Load("sse", 500, path="/broadcast/bench")
    entries = (Entry(OURS, OURS, events), Entry("deliveries", OURS, _room(1000)))
    targets = (Target(0.5, ("deliveries",)),)
    return Row(
        "sse-500", "server-sent events to 500 readers of a room", "events/s", entries, targets
    )


def _flood() -> Row:
    # More than one in flight is the generator's word for "with the flooding client".
    flooded, calm = Load("flood", 100, in_flight=2), Load("flood", 100, in_flight=1)
    entries = (Entry(OURS, OURS, flooded), Entry("unloaded", OURS, calm))
    title = "p99 of 100 quiet connections while one client floods"
    return Row("flood-p99", title, "µs", entries, (Target(3.0, ("unloaded",)),), Measure.P99)


def _over_redis(workers: int, pace: int = 0, *, is_socketio: bool = False) -> Load:
    members = _SCALE_ROOMS * (_SCALE_MEMBERS - 1)
    path = _SOCKETIO_PATH if is_socketio else "/broadcast/bench"
    return Load(
        "broadcast",
        members,
        in_flight=_MESSAGES_IN_FLIGHT,
        path=path,
        rooms=_SCALE_ROOMS,
        pace=pace,
        workers=workers,
        is_socketio=is_socketio,
    )


def _scale(name: str, title: str, unit: str, measure: Measure, pace: int = 0) -> Row:
    entries = (
        Entry(OURS, OURS, _over_redis(2, pace)),
        Entry("one worker", OURS, _over_redis(1, pace)),
        Entry("channels", "channels", _over_redis(2, pace)),
        Entry("socketio", "socketio", _over_redis(2, pace, is_socketio=True)),
    )
    return Row(name, title, unit, entries, (Target(1.0, SCALE_PEERS),), measure)


def _client(name: str, title: str, mode: str, in_flight: int) -> Row:
    ours = Load(mode, 1, in_flight=in_flight, path="/broadcast/bench", client=OURS)
    theirs = replace(ours, path=_SOCKETIO_PATH, is_socketio=True, client="socketio")
    entries = (
        Entry(OURS, OURS, ours),
        Entry("websockets", OURS, replace(ours, client="websockets")),
        Entry("socketio", "socketio", theirs),
    )
    targets = (Target(0.7, ("websockets",)), Target(1.0, ("socketio",)))
    return Row(name, title, "messages/s of its core", entries, targets, Measure.WORK)


def _library_size() -> Row:
    entries = (
        Entry("wsecho.js", OURS, Load("size", 1, client="javascript")),
        Entry("allowed", OURS, Load(ALLOWED, 1, size=_LARGEST_LIBRARY, client="javascript")),
    )
    title = "size of the library for JavaScript, gzipped"
    targets = (Target(1.0, ("allowed",), "wsecho.js"),)
    return Row("library-size", title, "kB", entries, targets, Measure.AMOUNT, scale=1e-3)


def _library_memory() -> Row:
    load = Load("heap", 1, rooms=_ROOMS_IN_A_PAGE, client="javascript")
    title = f"JavaScript's heap in Chromium, {_ROOMS_IN_A_PAGE} rooms"
    entries = (Entry("wsecho.js", OURS, load),)
    return Row("library-memory", title, "KiB/room", entries, (), Measure.AMOUNT, scale=1 / 1024)


def _line(name: str, title: str, unit: str, loads: Mapping[int, Load], peer: str) -> Row:
    entries = tuple(Entry(f"{size:,}", peer, load, at=size) for size, load in loads.items())
    if peer != OURS:
        return Row(f"{name}-{peer}", f"{title}, {peer}", unit, entries, ())
    names = tuple(entry.name for entry in entries)
    targets = (Target(_FLAT, names[:place], names[place]) for place in range(1, len(names)))
    return Row(name, title, unit, entries, tuple(targets))


def growth_of_rooms(members: Iterable[int], peer: str = OURS) -> Row:
    """Give the row of rooms of these sizes, of small ones so many that the server is busy.

    One message is under way in each, for those that are read together share a send.
    """
    rooms = {size: _rooms(size, max(1, _MEMBERS_IN_ALL // size)) for size in members}
    return _line("growth-rooms", "how cost grows: rooms of N members", "deliveries/s", rooms, peer)


def growth_of_echo(connections: Iterable[int], peer: str = OURS) -> Row:
    """Give the row of echoes over these numbers of connections."""
    # One each, so that no two are ever read at once: ten already keep the server busy.
    loads = {size: Load("echo", size) for size in connections}
    return _line("growth-echo", "how cost grows: echo over N connections", "echoes/s", loads, peer)


def seconds_of(row: Row, seconds: float) -> float:
    """Give about how long a round of a row takes, with its servers' starts and ends."""
    return sum(
        seconds + _AROUND + entry.load.connections / _OPENED_A_SECOND for entry in row.entries
    )


ROWS = (
    _echo("echo-1", "echo 125 B, 1 connection", Load("echo", 1)),
    _echo("echo-100", "echo 125 B, 100 connections", Load("echo", 100)),
    _echo(
        "echo-50x16",
        "echo 125 B, 50 connections, 16 in flight each",
        Load("echo", 50, in_flight=16),
        limit=3.0,
    ),
    _large("echo-64k", "echo 64 KiB, 10 connections", Load("echo", 10, size=64 << 10)),
    _large("echo-1m", "echo 1 MiB, 4 connections", Load("echo", 4, size=1 << 20)),
    Row(
        "broadcast-1000",
        "broadcast 125 B to 1,000 members, closed loop",
        "deliveries/s",
        _same(_room(1000), (*ALL_ROUND_PEERS, BARE)),
        (*_at_least_each(("picows", "bun")), Target(0.95, (BARE,))),
    ),
    Row(
        "broadcast-1000x16",
        "broadcast 125 B to 1,000 members, 16 messages under way",
        "deliveries/s",
        _same(_room(1000, in_flight=_MESSAGES_IN_FLIGHT), ALL_ROUND_PEERS),
        _at_least_each(("picows", "bun")),
    ),
    _deflate(
        "deflate-50",
        "as browsers offer it",
        _AS_BROWSERS,
        ("websockets", "picows", "bun"),
        ("autobahn", "socketify"),
    ),
    # picows does not take up `server_no_context_takeover`, nor does socketify with a window.
    _deflate(
        "deflate-50-none",
        "without context takeover",
        _STATELESS,
        ("websockets", "bun"),
        ("autobahn",),
    ),
    Row(
        "tls-50",
        "echo 125 B over TLS, 50 connections",
        "echoes/s",
        _same(
            Load("echo", 50, tls=True),
            (*("websockets", "autobahn", "picows"), *("granian", "socketify", "bun")),
        ),
        _at_least_each(("websockets", "picows", "bun")),
    ),
    Row(
        "handshakes",
        "opening handshakes and closes, 16 at a time",
        "handshakes/s",
        _same(Load("handshake", 16), ALL_ROUND_PEERS),
        (Target(1.0, ("aiohttp",)),),
    ),
    _memory(
        "memory-idle",
        "resident memory, 9,000 connections, a room joined",
        Load("idle", 9000, path="/broadcast/bench"),
        ALL_ROUND_PEERS,
        Target(0.8, ("autobahn",)),
        Target(1.0, ("websockets", "aiohttp", "picows", "tornado")),
        Target(1.0, ("bun",)),
    ),
    _memory(
        "memory-deflate",
        "resident memory after a compressed message each way, 2,000 connections",
        Load("idle", 2000, size=1024, offer=_AS_BROWSERS, message_each=True),
        ("websockets", "autobahn", "picows", "socketify", "bun"),
        Target(1.0, ("websockets",)),
    ),
    _wamp(
        "wamp-publish-100",
        "WAMP events to 100 subscribers, JSON",
        "events/s",
        Load("publish", 100, path="/ws"),
        5.0,
    ),
    _wamp(
        "wamp-call",
        "WAMP calls of an echo, JSON, 10 callers",
        "calls/s",
        Load("call", 10, path="/ws"),
        3.0,
    ),
    _sse(),
    _flood(),
    _scale(
        "scale-rate",
        "10 rooms of 100 members over Redis, 2 processes, closed loop",
        "deliveries/s",
        Measure.RATE,
    ),
    _scale(
        "scale-p99",
        f"p99 from publish to deliver, the same rooms at {_SCALE_PACE} messages/s in all",
        "µs",
        Measure.P99,
        _SCALE_PACE,
    ),
    _client("client-read", "messages that one Python client reads in a room", "read", _UNREAD),
    _client(
        "client-say",
        f"messages that one Python client publishes, {_UNACKNOWLEDGED} under way",
        "say",
        _UNACKNOWLEDGED,
    ),
    _library_size(),
    _library_memory(),
    growth_of_rooms(ROOM_SIZES),
    growth_of_echo(ECHO_SIZES),
    growth_of_echo(ECHO_SIZES, BARE),
)
"""By importance; `scripts/bench` without a name measures all of them in this order."""

CORE = "core"
CORE_ROWS = (
    *("echo-1", "echo-100", "echo-50x16", "echo-64k", "echo-1m"),
    *("broadcast-1000", "broadcast-1000x16", "deflate-50", "tls-50", "handshakes"),
)
"""What a change of the server's fast ways should be seen by; named together by `core`."""

SCALE = "scale"
SCALE_ROWS = ("scale-rate", "scale-p99")
"""What several processes on one Redis do; named together by `scale`."""

CLIENTS = "clients"
CLIENT_ROWS = ("client-read", "client-say", "library-size", "library-memory")
"""What client libraries need, not servers; named together by `clients`."""
