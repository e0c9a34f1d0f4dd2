# SPDX-License-Identifier: MIT
"""What operators ask: alive (`/healthz`), taking traffic (`/readyz`), and how much (`/metrics`)."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from prometheus_client.core import Metric
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from wsecho.bus.interface import Bus
from wsecho.config.config import Config
from wsecho.core.http.handshake import split_target
from wsecho.core.wire.errors import Forbidden, MethodNotAllowed, WireError
from wsecho.doors.gate import Gate
from wsecho.doors.http.bounded import BoundedSite
from wsecho.doors.http.request import HttpRequest, answer_error
from wsecho.ops.metrics import write_metrics
from wsecho.server.connections import Connections
from wsecho.server.state import ServerState

MAX_OPEN: Final = 100
"""Connections of those who ask on their own port; further ones are closed."""

MAX_BODY: Final = 1024
"""Bytes of a body, which nobody who asks needs."""

_TEXT: Final = b"text/plain; charset=utf-8"

Collect = Callable[[], Deferred[Iterable[Metric]]]
"""Reads the metrics of all that belongs together."""


class Operation(Resource):
    """Something that is read with GET or HEAD, and never from a cache."""

    isLeaf = True

    def render(self, request: HttpRequest) -> Any:
        """Answer, or say what is wrong."""
        request.setHeader(b"cache-control", b"no-store")
        request.setHeader(b"x-content-type-options", b"nosniff")
        try:
            if request.method not in {b"GET", b"HEAD"}:
                raise MethodNotAllowed("this is read with GET", ("Allow", "GET, HEAD"))
            body = self.read(request)
        except WireError as error:
            body = answer_error(request, error)
        if isinstance(body, bytes):
            return _whole(request, body)
        _answer_later(request, body)
        return NOT_DONE_YET

    def read(self, request: HttpRequest) -> bytes | Deferred[bytes]:
        """Return the body, now or later, its type being set.

        Raises:
            WireError: it cannot be had.
        """
        raise NotImplementedError


def _whole(request: HttpRequest, body: bytes) -> bytes:
    request.setHeader(b"content-length", str(len(body)).encode())
    return b"" if request.method == b"HEAD" else body


def _answer_later(request: HttpRequest, body: Deferred[bytes]) -> None:
    def finish(octets: bytes) -> None:
        request.write(_whole(request, octets))
        request.finish()

    def fail(failure: Failure) -> None:
        error = failure.value
        if not isinstance(error, WireError):
            failure.raiseException()
        else:
            finish(answer_error(request, error))

    def go_wrong(failure: Failure) -> None:
        # Who has gone away gets no answer.
        if not failure.check(CancelledError):
            request.processingFailed(failure)

    request.notifyFinish().addErrback(lambda _: body.cancel())
    body.addCallbacks(finish, fail).addErrback(go_wrong)


class Health(Operation):
    """`/healthz`: whoever gets an answer knows that the process lives."""

    def read(self, request: HttpRequest) -> bytes:
        """Say so."""
        request.setHeader(b"content-type", _TEXT)
        return b"alive\n"


class Readiness(Operation):
    """`/readyz`: whether the server takes traffic.

    Args:
        connections: knows when it does no longer.
        bus: knows when messages do not get through.
    """

    def __init__(self, connections: Connections, bus: Bus) -> None:
        super().__init__()
        self._connections = connections
        self._bus = bus

    def read(self, request: HttpRequest) -> bytes:
        """Say so.

        Raises:
            Stopping: it is about to end, and nobody takes its place.
            BusUnavailable: Redis is away.
        """
        if not self._connections.is_replaced:
            self._connections.check()
        self._bus.check_health()
        request.setHeader(b"content-type", _TEXT)
        return b"ready\n"


class MetricsPage(Operation):
    """`/metrics`: for Prometheus, and with tokens on for those who may operate.

    Args:
        collect: reads what is written.
        gate: says who asks; None where everybody may who comes here.
    """

    def __init__(self, collect: Collect, gate: Gate | None) -> None:
        super().__init__()
        self._collect = collect
        self._gate = gate

    def read(self, request: HttpRequest) -> Deferred[bytes]:
        """Write the metrics.

        Raises:
            Unauthorized: a token is missing.
            Forbidden: it does not allow this, or another origin's page asks.
        """
        if self._gate is not None:
            _check(self._gate, request)
        head = request.head
        accept = head.one("accept") or ""

        def write(metrics: Iterable[Metric]) -> bytes:
            body, content_type = write_metrics(metrics, accept)
            request.setHeader(b"content-type", content_type.encode("ascii"))
            return body

        return self._collect().addCallback(write)


def operators_site(
    tree: Resource, state: ServerState, reactor: IReactorTime, config: Config
) -> BoundedSite:
    """Return what serves them on a port of their own."""
    return BoundedSite(
        tree,
        state,
        reactor,
        open_timeout=config.open_timeout,
        max_body=MAX_BODY,
        max_open=MAX_OPEN,
    )


def operations(
    connections: Connections, bus: Bus, collect: Collect, gate: Gate | None
) -> dict[bytes, Resource]:
    """Return what operators ask, by its address.

    Args:
        connections: see `Readiness`.
        bus: see `Readiness`.
        collect: see `MetricsPage`.
        gate: see `MetricsPage`.
    """
    return {
        b"healthz": Health(),
        b"readyz": Readiness(connections, bus),
        b"metrics": MetricsPage(collect, gate),
    }


def _check(gate: Gate, request: HttpRequest) -> None:
    head, sender = request.head, request.sender
    gate.check_origin(head, sender)
    caller = gate.admit(head, split_target(head.target)[1], sender)
    if not caller.grants.may_operate():
        raise Forbidden("the token does not allow to operate this server")
