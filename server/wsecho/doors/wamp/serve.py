# SPDX-License-Identifier: MIT
"""The router as this server runs it: its realms, the rooms' topics, `wsecho.echo`."""

from collections.abc import Callable
from functools import partial
from random import SystemRandom
from typing import Any

from attrs import frozen
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from wsecho.config.config import Config
from wsecho.doors.admission import Admission
from wsecho.doors.forwarding.sending import Cluster
from wsecho.doors.gate import Gate
from wsecho.doors.wamp.allowance import Allowance
from wsecho.doors.wamp.asking import WampAsking
from wsecho.doors.wamp.http import LongPoll
from wsecho.doors.wamp.network import BusNetwork
from wsecho.doors.wamp.rawsocket import RawSocket
from wsecho.doors.wamp.rooms import WampRooms
from wsecho.fanout.asking import Asking
from wsecho.fanout.rooms import Rooms
from wsecho.router import ProcedureCall, Reply, Router
from wsecho.server.state import ServerState
from wsecho.server.wallclock import Alarm, WallClock

_log = Logger()


@frozen
class _Clock:
    """The time, as the router wants it."""

    _reactor: IReactorTime
    _wall: WallClock

    def now(self) -> float:
        return self._wall.now()

    def call_at(self, moment: float, call: Callable[[], None], /) -> Alarm:
        return self._wall.call_at(moment, call)

    def call_later(self, delay: float, call: Callable[[], None], /) -> IDelayedCall:
        return self._reactor.callLater(delay, call)


def make_router(
    config: Config,
    rooms: Rooms,
    reactor: IReactorTime,
    admission: Admission,
    wall: WallClock,
    asking: Asking | None = None,
) -> Router:
    """Make the router with its realms, and connect it to the rooms."""
    is_alone = not rooms.bus.keeps
    asked = None if asking is None else WampAsking(asking)
    router = Router(
        _Clock(reactor, wall),
        SystemRandom(),
        _log_fault,
        opening_wait=config.open_timeout,
        pressure=rooms.bus.pressure,
    )
    topics = WampRooms(rooms, Allowance(rooms, config.max_rooms_per_connection), asked)
    for name in config.realm:
        realm = router.add_realm(
            name,
            owner=topics,
            authenticator=admission.authenticator,
            authorizer=(
                admission.authorizer if asked is None else asked.authorizer(admission.authorizer)
            ),
            admit=None if asked is None else asked.admit,
            network=None if is_alone else BusNetwork(rooms.bus, name),
        )
        realm.provide("wsecho.echo", _echo)
        topics.serve(realm)
    return router


def rawsocket_maker(
    config: Config, router: Router, reactor: IReactorTime, state: ServerState
) -> Any:
    """Return what makes a RawSocket protocol for a peer's address."""
    return partial(
        RawSocket,
        router,
        reactor,
        state,
        config=config,
    )


def longpoll_resource(
    config: Config,
    gate: Gate,
    router: Router,
    reactor: IReactorTime,
    state: ServerState,
    cluster: Cluster | None = None,
    asking: Asking | None = None,
) -> LongPoll:
    """Make the resource at `/lp`."""
    return LongPoll(
        router,
        reactor,
        gate,
        state,
        config,
        cluster,
        asking,
    )


def _echo(call: ProcedureCall) -> Reply:
    return Reply(call.args, call.kwargs)


def _log_fault(fault: BaseException) -> None:
    _log.failure("the router failed", Failure(fault))
