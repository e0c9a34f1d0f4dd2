# SPDX-License-Identifier: MIT
"""`GET /lab`, `GET /lab/report/ID`, and what any other address of the lab tells plain HTTP."""

import json
from collections.abc import Iterator
from itertools import chain
from typing import Any, ClassVar, Final

from twisted.internet.interfaces import IDelayedCall
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from wsecho.core.http.handshake import Query, split_target
from wsecho.core.http.media import HTML, JSON, accepts
from wsecho.core.http.queries import MAX_WAIT, number
from wsecho.core.http.responses import JSON_TYPE
from wsecho.core.lab.chain import PATH, check_report_id
from wsecho.core.lab.junit import write_junit
from wsecho.core.lab.listing import list_lab
from wsecho.core.lab.page import CONTENT_SECURITY_POLICY, write_page
from wsecho.core.lab.record import Report
from wsecho.core.wire.errors import MethodNotAllowed, NotFound, WireError
from wsecho.doors.http.request import HttpRequest, answer_error
from wsecho.doors.http.upgrade_only import UpgradeOnly
from wsecho.doors.lab.lab import Lab
from wsecho.doors.lab.sending import PieceSending, json_pieces
from wsecho.server.state import ServerState

_REPORT: Final = f"{PATH}/report/"
_XML: Final = "application/xml"


class LabResource(Resource):
    """The lab over HTTP.

    Args:
        lab: what it tells of.
        state: what all doors share.
    """

    isLeaf = True

    def __init__(self, lab: Lab, state: ServerState) -> None:
        super().__init__()
        self._lab = lab
        self._state = state

    def render(self, request: HttpRequest) -> Any:
        """Answer one request; none of the steps in its path is done."""
        request.setHeader(b"cache-control", b"no-store")
        request.setHeader(b"x-content-type-options", b"nosniff")
        try:
            self._lab.check()
            path, query = split_target(request.head.target)
            if path == PATH:
                _check_method(request)
                return self._list(request)
            if path.startswith(_REPORT):
                return self._report(request, path.removeprefix(_REPORT), query)
        except WireError as error:
            return answer_error(request, error)
        return UpgradeOnly().render(request)

    def _list(self, request: HttpRequest) -> bytes:
        request.setHeader(b"vary", b"Accept")
        # A program that takes both, or all, is no person.
        if not accepts(request.head, HTML) or accepts(request.head, JSON):
            return _write_json(request, list_lab(self._lab.bounds))
        request.setHeader(b"content-type", f"{HTML}; charset=utf-8".encode())
        request.setHeader(b"content-security-policy", CONTENT_SECURITY_POLICY.encode())
        request.setHeader(b"referrer-policy", b"no-referrer")
        return _cut_for_head(request, write_page().encode())

    def _report(self, request: HttpRequest, name: str, query: Query) -> Any:
        # Whoever has the name may read it, from whatever page: it is as good as a token.
        request.setHeader(b"access-control-allow-origin", b"*")
        _check_method(request)
        check_report_id(name)
        wait = number(query, "wait", 0, MAX_WAIT) or 0
        waiting = ReportRequest(request, self._lab, self._state, name)
        if wait and request.method != b"HEAD" and not waiting.is_settled:
            return waiting.begin(wait)
        return waiting.write()


class ReportRequest:
    """A request for a report, which may wait until all that is in it is known.

    Args:
        request: takes the answer.
        lab: has the reports.
        state: what all doors share.
        name: the report's.
    """

    is_paced: ClassVar = False
    is_idle: ClassVar = False

    def __init__(self, request: Any, lab: Lab, state: ServerState, name: str) -> None:
        self._request = request
        self._lab = lab
        self._state = state
        self._name = name
        self._timer: IDelayedCall | None = None
        self._leave: Any = None

    @property
    def is_settled(self) -> bool:
        """Whether there was a connection, and each has ended or has its verdict."""
        report = self._find()
        return report is not None and report.is_settled

    def begin(self, wait: float) -> Any:
        """Wait for it."""
        request = self._request
        self._state.connections.add(self)
        self._leave = self._lab.reports.listen(self._name, self._look)
        self._timer = self._lab.clock.callLater(wait, self._answer)
        request.notifyFinish().addBoth(lambda _: self._over())
        request.when_input_ends(self._answer)
        return NOT_DONE_YET

    def write(self) -> Any:
        """Write what is known, or begin to, where it is much.

        Returns:
            what `render` returns.

        Raises:
            NotFound: nobody came.
        """
        report = self._find()
        if report is None or not report.records:
            raise NotFound("no connection of this report came, or it is forgotten")
        if accepts(self._request.head, _XML):
            self._request.setHeader(b"content-type", _XML.encode())
            return _cut_for_head(self._request, write_junit(report))
        return self._write_json(json_pieces(report.write()))

    def _write_json(self, pieces: Iterator[bytes]) -> Any:
        self._request.setHeader(b"content-type", JSON_TYPE.encode())
        first, more = next(pieces), next(pieces, None)
        if more is None:
            return _cut_for_head(self._request, first)
        if self._request.method == b"HEAD":
            # How long it is would take a while to know (RFC 9110 section 9.3.2).
            return b""
        sent = chain((first, more), pieces)
        PieceSending(self._request, sent, self._lab.clock).start()
        return NOT_DONE_YET

    def drain(self, retry: float) -> None:
        """Answer, for the server is about to stop."""
        self._answer()

    def abort(self) -> None:
        """Cut the connection."""
        self._request.channel.transport.abortConnection()

    def _find(self) -> Report | None:
        return self._lab.reports.find(self._name, self._lab.clock.seconds())

    def _look(self) -> None:
        # Not within the turn of the connection that has changed it.
        if self._leave is not None and self.is_settled:
            self._lab.clock.callLater(0, self._answer)

    def _answer(self) -> None:
        if self._leave is None:
            return
        self._over()
        request = self._request
        try:
            body = self.write()
        except WireError as error:
            body = answer_error(request, error)
        if body is NOT_DONE_YET:
            return
        request.setHeader(b"content-length", b"%d" % len(body))
        request.write(body)
        request.finish()

    def _over(self) -> None:
        leave, self._leave = self._leave, None
        if leave is not None:
            leave()
            self._state.connections.discard(self)
            if self._timer is not None and self._timer.active():
                self._timer.cancel()


def _check_method(request: HttpRequest) -> None:
    if request.head.method not in {"GET", "HEAD"}:
        raise MethodNotAllowed("this address can only be read", ("Allow", "GET, HEAD"))


def _write_json(request: Any, value: Any) -> bytes:
    request.setHeader(b"content-type", JSON_TYPE.encode())
    return _cut_for_head(request, json.dumps(value, ensure_ascii=False).encode() + b"\n")


def _cut_for_head(request: Any, body: bytes) -> bytes:
    if request.method == b"HEAD":
        request.setHeader(b"content-length", b"%d" % len(body))
        return b""
    return body
