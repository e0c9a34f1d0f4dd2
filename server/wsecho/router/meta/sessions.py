# SPDX-License-Identifier: MIT
"""The procedures of the Session Meta API; its events come from `Realm.join` and `Realm.leave`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wsecho.router.meta.arguments import keyword, positional, reason_uri, strings
from wsecho.router.model.procedures import Reply
from wsecho.router.wire import errors
from wsecho.router.wire.errors import WampError

if TYPE_CHECKING:
    from collections.abc import Callable

    from wsecho.router.model.any_session import AnySession
    from wsecho.router.model.procedures import ProcedureCall
    from wsecho.router.routing.realm import Realm


class SessionProcedures:
    """Counting, looking at, and ending the sessions of a realm.

    `wamp.session.kill…` never ends the caller's own (WAMP, advanced profile, "Session Meta API").
    """

    def __init__(self, realm: Realm) -> None:
        self._realm = realm
        for name in (
            "count",
            "list",
            "get",
            "kill",
            "kill_by_authid",
            "kill_by_authrole",
            "kill_all",
        ):
            realm.provide_for_all(f"wamp.session.{name}", getattr(self, f"_{name}"))

    def _everyone(self) -> dict[int, AnySession]:
        return {**self._realm.sessions, **self._realm.remote_sessions}

    def _chosen(self, call: ProcedureCall) -> list[int]:
        sessions = self._everyone()
        if not call.args or call.args[0] is None:
            return list(sessions)
        roles = strings(positional(call, 0, list, "filter_authroles"), "filter_authroles")
        return [key for key, session in sessions.items() if session.authrole in roles]

    def _count(self, call: ProcedureCall) -> Reply:
        return Reply([len(self._chosen(call))])

    def _list(self, call: ProcedureCall) -> Reply:
        return Reply([self._chosen(call)])

    def _find(self, call: ProcedureCall) -> AnySession:
        identifier = positional(call, 0, int, "session")
        session = self._realm.sessions.get(identifier) or self._realm.remote_sessions.get(
            identifier
        )
        if session is None:
            raise WampError(errors.NO_SUCH_SESSION)
        return session

    def _get(self, call: ProcedureCall) -> Reply:
        return Reply([self._find(call).describe()])

    def _kill(self, call: ProcedureCall) -> Reply:
        session = self._find(call)
        if session is call.session:
            raise WampError(errors.NO_SUCH_SESSION, "there is no other session with that id")
        self._end(call, lambda other: other is session)
        return Reply()

    # By authid the ids are returned, by role or of all only their number.

    def _kill_by_authid(self, call: ProcedureCall) -> Reply:
        authid = positional(call, 0, str, "authid")
        return Reply([self._end(call, lambda session: session.authid == authid)])

    def _kill_by_authrole(self, call: ProcedureCall) -> Reply:
        authrole = positional(call, 0, str, "authrole")
        return Reply([len(self._end(call, lambda session: session.authrole == authrole))])

    def _kill_all(self, call: ProcedureCall) -> Reply:
        return Reply([len(self._end(call, lambda _: True))])

    def _end(self, call: ProcedureCall, chosen: Callable[[AnySession], bool]) -> list[int]:
        reason = reason_uri(keyword(call, "reason", str, default=errors.CLOSE_KILLED), "reason")
        text = keyword(call, "message", str)
        doomed = [
            session
            for session in self._everyone().values()
            if session is not call.session and chosen(session)
        ]
        for session in doomed:
            session.close(reason, text)
        return [session.id for session in doomed]
