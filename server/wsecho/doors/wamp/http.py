# SPDX-License-Identifier: MIT
"""`/lp`: WAMP over plain HTTP ("HTTP Longpoll Transport", and a stream of server-sent events).

=============================  ==================================================================
``POST /lp/open``              ``{"protocols": […]}`` → 200 ``{"protocol", "transport"}``
``POST /lp/ID/receive``        200 with one message (batched: all that wait), or 204 in 10 s
``POST /lp/ID/send``           204
``POST /lp/ID/close``          204
``GET /lp/ID/events``          a stream: one message an event, ``id:`` a running number
=============================  ==================================================================

`receive?seq=N` and `send?seq=N` number batches and POSTs, so that a lost answer does no harm;
`receive?wait=S` is answered within S seconds.
"""

import json
import re
import secrets
from typing import Any, Final

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from wsecho.access.sessions import identity_of
from wsecho.config.config import Config
from wsecho.core.http.handshake import Query, split_target
from wsecho.core.http.responses import JSON_TYPE
from wsecho.core.limits.admissions import Place
from wsecho.core.rooms.callers import Caller
from wsecho.core.wire.errors import BadRequest, MethodNotAllowed, NotFound, WireError, WrongType
from wsecho.core.wire.nodes import node_of, session_id
from wsecho.doors.forwarding.sending import Cluster
from wsecho.doors.gate import Gate
from wsecho.doors.http.origins import allow_origin, answer_preflight
from wsecho.doors.http.request import HttpRequest, answer_error
from wsecho.doors.wamp.forms import SUBPROTOCOLS, make_form
from wsecho.doors.wamp.longpoll import LongPollPeer
from wsecho.fanout.asking import Asking
from wsecho.router import Router
from wsecho.server.peers import log_refusal, peer_name
from wsecho.server.state import ServerState

_ID_BYTES: Final = 16
_METHODS: Final = {
    "open": "POST",
    "receive": "POST",
    "send": "POST",
    "close": "POST",
    "events": "GET",
}
_MAX_NUMBER: Final = (1 << 53) - 1
_DIGITS: Final = re.compile(r"[0-9]{1,16}")


class LongPoll(Resource):
    """All sessions without a connection of their own.

    Args:
        router: where the sessions live.
        clock: times what waits.
        gate: whose pages may come, and who opens a transport.
        state: what all doors share.
        config: the limits that apply.
        cluster: where the sessions of other nodes are; None where there is no other.
        asking: asks the applications; None where there is nobody to ask.
    """

    isLeaf = True
    _log = Logger()

    def __init__(
        self,
        router: Router,
        clock: IReactorTime,
        gate: Gate,
        state: ServerState,
        config: Config,
        cluster: Cluster | None = None,
        asking: Asking | None = None,
    ) -> None:
        super().__init__()
        self._router = router
        self._clock = clock
        self._gate = gate
        self._state = state
        self._config = config
        self._cluster = cluster
        self._asking = asking
        self._peers: dict[str, LongPollPeer] = {}

    def __len__(self) -> int:
        return len(self._peers)

    def render(self, request: HttpRequest) -> Any:
        """Answer one request."""
        request.setHeader(b"cache-control", b"no-store")
        try:
            allow_origin(request, self._gate)
            identifier, verb = self._address(request)
            self._check_method(request, verb)
            if request.method == b"OPTIONS":
                return answer_preflight(request, _METHODS[verb])
            if verb == "open":
                return self._open(request)
            return self._find(request, identifier, verb)
        except WireError as error:
            log_refusal(self._log, peer_name(request), error)
            return answer_error(request, error)

    def look_ahead(self, request: HttpRequest) -> None:
        """Look at a request whose body is yet to come.

        Raises:
            WireError: it is refused, whatever its body is.
        """
        allow_origin(request, self._gate)
        identifier, verb = self._address(request)
        self._check_method(request, verb)
        if request.method == b"OPTIONS":
            return
        if verb == "open":
            self._admit(request)
            _check_type(request, binary=False)
        elif self._is_here(identifier):
            peer = self._peer(identifier)
            if verb == "send":
                _check_type(request, binary=peer.form.objects.BINARY)

    def answer_here(self, request: HttpRequest, identifier: str, verb: str) -> Any:
        """Answer a request that another node forwards: it has looked at where that came from.

        Raises:
            NotFound: there is no such transport here.
            WireError: the request is malformed.
        """
        if _METHODS.get(verb) != request.method.decode("latin-1") or verb == "open":
            raise NotFound("there is nothing at this address")
        return self._answer(request, self._peer(identifier), verb)

    def _find(self, request: HttpRequest, identifier: str, verb: str) -> Any:
        node = node_of(identifier)
        if self._cluster is None or node is None or self._is_here(identifier):
            return self._answer(request, self._peer(identifier), verb)
        self._cluster.forwarder.forward(request, node, request.sender.address)
        return NOT_DONE_YET

    def _is_here(self, identifier: str) -> bool:
        """Tell whether a session lives here, if it lives."""
        return self._cluster is None or node_of(identifier) in {None, self._cluster.node}

    @staticmethod
    def _check_method(request: HttpRequest, verb: str) -> None:
        if request.method.decode("latin-1") not in {_METHODS[verb], "OPTIONS"}:
            allowed = ("Allow", f"{_METHODS[verb]}, OPTIONS")
            raise MethodNotAllowed(f"{verb} wants {_METHODS[verb]}", allowed)

    def _address(self, request: HttpRequest) -> tuple[str, str]:
        parts = [part.decode("latin-1") for part in request.postpath or []]
        if parts == ["open"]:
            return "", "open"
        if len(parts) != 2 or parts[1] not in _METHODS or parts[1] == "open":  # noqa: PLR2004
            raise NotFound("there is nothing at this address")
        return parts[0], parts[1]

    def _peer(self, identifier: str) -> LongPollPeer:
        peer = self._peers.get(identifier)
        if peer is None:
            raise NotFound("there is no such transport")
        return peer

    def _open(self, request: HttpRequest) -> bytes:
        # A token that is shown here counts for all that follows under the transport's id.
        caller = self._admit(request)
        protocol = _chosen(_json_body(request))
        node = None if self._cluster is None else self._cluster.node
        identifier = session_id(node, secrets.token_urlsafe(_ID_BYTES))
        self._state.connections.check()
        peer = LongPollPeer(
            make_form(protocol),
            caller.address,
            self._clock,
            self._state,
            identity_of(caller),
            None if self._asking is None else self._asking.visit(request.head, caller, "wamp"),
            config=self._config,
            place=_place(request),
            forget=lambda: self._forget(identifier),
        )
        self._peers[identifier] = peer
        peer.session = self._router.attach(peer)
        request.setHeader(b"content-type", JSON_TYPE.encode())
        return json.dumps({"protocol": protocol, "transport": identifier}).encode()

    def _admit(self, request: HttpRequest) -> Caller:
        query = split_target(request.head.target)[1]
        return self._gate.admit(request.head, query, request.sender, needs_token=False)

    def _forget(self, identifier: str) -> None:
        self._peers.pop(identifier, None)

    def _answer(self, request: HttpRequest, peer: LongPollPeer, verb: str) -> Any:
        query = split_target(request.head.target)[1]
        if verb == "receive":
            peer.receive(request, _number(query, "seq"), _number(query, "wait", least=0))
            return NOT_DONE_YET
        if verb == "events":
            last = request.getHeader(b"last-event-id") or b""
            peer.stream(
                request,
                _integer(last.decode("latin-1"), "Last-Event-ID", least=0) if last else None,
            )
            return NOT_DONE_YET
        if verb == "send":
            _check_type(request, binary=peer.form.objects.BINARY)
            peer.bring(_body(request), _number(query, "seq"))
            request.setResponseCode(204)
            peer.answer(request)
            return NOT_DONE_YET
        peer.hang_up()
        request.setResponseCode(204)
        return b""


def _place(request: Any) -> Place:
    """Take a place for a session, whose connections come and go."""
    own: Place = request.channel.place
    return own.another()


def _chosen(body: Any) -> str:
    offered = body.get("protocols") if isinstance(body, dict) else None
    if not isinstance(offered, list):
        raise BadRequest('the body is not {"protocols": […]}')
    for protocol in offered:
        if protocol in SUBPROTOCOLS:
            return str(protocol)
    raise BadRequest(f"offer one of the protocols {', '.join(SUBPROTOCOLS)}")


def _body(request: HttpRequest) -> bytes:
    assert request.content is not None  # noqa: S101  # Twisted has read it whole
    body: bytes = request.content.read()
    return body


def _json_body(request: HttpRequest) -> Any:
    _check_type(request, binary=False)
    try:
        return json.loads(_body(request))
    except (ValueError, RecursionError):
        raise BadRequest("the body is not JSON") from None


def _check_type(request: HttpRequest, *, binary: bool) -> None:
    """Refuse a body that says it is something else; one that says nothing is taken."""
    given = (
        (request.getHeader(b"content-type") or b"").decode("latin-1").split(";")[0].strip().lower()
    )
    wanted = {"", "application/octet-stream", "application/msgpack", "application/x-msgpack"}
    wanted |= {"application/cbor"}
    if not binary:
        wanted = {"", "application/json", "text/plain"}
    if given not in wanted:
        raise WrongType(f"the body is {given!r}, not {'binary' if binary else 'application/json'}")


def _number(query: Query, name: str, least: int = 1) -> int | None:
    value = query.parameter(name)
    return None if value is None else _integer(value, name, least=least)


def _integer(text: str, name: str, *, least: int) -> int:
    if not _DIGITS.fullmatch(text) or not least <= int(text) <= _MAX_NUMBER:
        raise BadRequest(f"{name} is no whole number from {least}")
    return int(text)
