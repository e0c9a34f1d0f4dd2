# SPDX-License-Identifier: MIT
"""What operators ask: alive (`/healthz`), taking traffic (`/readyz`), and how much (`/metrics`)."""

from twisted.web.resource import Resource
from twisted.web.server import Request

from wsecho.bus.interface import Bus
from wsecho.core.errors import Forbidden, MethodNotAllowed, WireError
from wsecho.core.handshake import split_target
from wsecho.doors.connections import Connections
from wsecho.doors.gate import Gate
from wsecho.doors.heads import request_head
from wsecho.doors.metrics import Metrics
from wsecho.doors.peers import peer_name
from wsecho.doors.site import answer_error

_TEXT = b"text/plain; charset=utf-8"


class Operation(Resource):
    """Something that is read with GET or HEAD, and never from a cache."""

    isLeaf = True

    def render(self, request: Request) -> bytes:
        """Answer, or say what is wrong."""
        request.setHeader(b"cache-control", b"no-store")
        request.setHeader(b"x-content-type-options", b"nosniff")
        try:
            if request.method not in {b"GET", b"HEAD"}:
                raise MethodNotAllowed("this is read with GET", ("Allow", "GET, HEAD"))
            body = self.read(request)
        except WireError as error:
            body = answer_error(request, error)
        request.setHeader(b"content-length", str(len(body)).encode())
        return b"" if request.method == b"HEAD" else body

    def read(self, request: Request) -> bytes:
        """Return the body, its type being set.

        Raises:
            WireError: it cannot be had.
        """
        raise NotImplementedError


class Health(Operation):
    """`/healthz`: whoever gets an answer knows that the process lives."""

    def read(self, request: Request) -> bytes:
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

    def read(self, request: Request) -> bytes:
        """Say so.

        Raises:
            Stopping: it is about to end.
            BusUnavailable: Redis is away.
        """
        self._connections.check()
        self._bus.check_health()
        request.setHeader(b"content-type", _TEXT)
        return b"ready\n"


class MetricsPage(Operation):
    """`/metrics`: for Prometheus, and with tokens on for those who may operate.

    Args:
        metrics: what is written.
        gate: says who asks.
    """

    def __init__(self, metrics: Metrics, gate: Gate) -> None:
        super().__init__()
        self._metrics = metrics
        self._gate = gate

    def read(self, request: Request) -> bytes:
        """Write the metrics.

        Raises:
            Unauthorized: a token is missing.
            Forbidden: it does not allow this, or another origin's page asks.
        """
        head, peer = request_head(request), peer_name(request)
        self._gate.check_origin(head, peer)
        caller = self._gate.admit(head, split_target(head.target)[1], peer)
        if not caller.grants.may_operate():
            raise Forbidden("the token does not allow to operate this server")
        body, content_type = self._metrics.write(head.one("accept") or "")
        request.setHeader(b"content-type", content_type.encode("ascii"))
        return body
