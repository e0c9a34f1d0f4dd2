# SPDX-License-Identifier: MIT
"""The answer to a connection's first request where it is refused, and the connection's end."""

from typing import Any, Final

from attrs import evolve, frozen
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from wsecho.core.http.incoming import Incoming
from wsecho.core.http.requests import MAX_HEAD, RequestHead
from wsecho.core.http.responses import answer_for, write_answer
from wsecho.core.wire.errors import WireError
from wsecho.doors.gate import Gate
from wsecho.doors.http.origins import readable_headers
from wsecho.doors.http.request import JITTER
from wsecho.doors.websocket.outbound import Outbound
from wsecho.server.peers import log_refusal
from wsecho.server.state import ServerState

_LINGER: Final = 5.0


@frozen
class Refusing:
    """Tells those why who are refused before anybody has taken their connection.

    Args:
        gate: says whose pages may read it.
        state: counts them.
        clock: times the end.
    """

    _gate: Gate
    _state: ServerState
    _clock: IReactorTime
    _log = Logger()

    def refuse(
        self,
        transport: Any,
        peer: str,
        error: WireError,
        head: RequestHead | None = None,
        *,
        has_body: bool,
        has_ended: bool,
    ) -> Outbound:
        """Answer, and end the connection.

        Args:
            transport: the connection.
            peer: who is at its other end.
            error: why.
            head: the request, None where it is not known or none.
            has_body: whether the answer has one: that to a HEAD has none.
            has_ended: whether the client has closed its half already.

        Returns:
            what sends the answer; it is to be told when the connection is lost.
        """
        self._state.stats.refuse(error)
        log_refusal(self._log, peer, error)
        outbound = Outbound(transport, self._clock, MAX_HEAD, _ignore)
        outbound.write(self._answer(peer, error, head, has_body=has_body))
        outbound.finish(linger=not has_ended, within=_LINGER)
        return outbound

    def _answer(
        self, peer: str, error: WireError, head: RequestHead | None, *, has_body: bool
    ) -> bytes:
        answer = answer_for(error, head, JITTER.random())
        if head is not None:
            more = readable_headers(head, self._gate, peer)
            answer = evolve(answer, headers=(*answer.headers, *more))
        return write_answer(answer, has_body=has_body)


def head_of(octets: bytes) -> RequestHead | None:
    """Read the head of a request that is refused anyway; None where it is malformed."""
    try:
        return Incoming.of(RequestHead.parse(octets)).head
    except WireError:
        return None


def _ignore(_full: bool) -> None:  # noqa: FBT001
    """A refusal is all that is sent, so nothing has to hold back."""
