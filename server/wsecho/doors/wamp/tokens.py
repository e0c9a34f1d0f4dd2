# SPDX-License-Identifier: MIT
"""A fresh token for a session that goes on: what the frame `token` is in `wsecho.v1`."""

from collections.abc import Callable

from wsecho.access.sessions import TokenAuthenticator
from wsecho.router import ProcedureCall, Realm, Reply, Session, WampError
from wsecho.router.wire.errors import INVALID_ARGUMENT


def provide_tokens(realm: Realm, renewed: Callable[[Session], None]) -> None:
    """Serve `wsecho.token(jwt)`, which answers with the keyword `expires`, in Unix seconds.

    A call fails with `wamp.error.authentication_denied` where the token is bad, or for another
    `sub`, with `wamp.error.not_authorized` where it does not allow what the session has subscribed
    to or registered, and with `wamp.error.invalid_argument` where it is no string, or the server
    asks for no tokens. Then all stays as it was.

    Args:
        realm: where.
        renewed: is given a session that has one.
    """
    authenticator = realm.authenticator

    def renew(call: ProcedureCall) -> Reply:
        if len(call.args) != 1 or not isinstance(call.args[0], str):
            raise WampError(INVALID_ARGUMENT, "wsecho.token takes one argument, a token")
        if not isinstance(authenticator, TokenAuthenticator):
            raise WampError(INVALID_ARGUMENT, "this server asks for no tokens")
        identity = authenticator.refresh(call.session, call.args[0])
        assert identity.expires is not None  # noqa: S101  # a token always ends
        call.session.renew(identity)
        renewed(call.session)
        return Reply([], {"expires": int(identity.expires)})

    realm.provide("wsecho.token", renew)
