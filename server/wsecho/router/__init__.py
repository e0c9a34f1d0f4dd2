# SPDX-License-Identifier: MIT
"""A WAMP v2 router that does no I/O: broker, dealer and meta API.

It knows no sockets, no reactor and no wall clock: transports, the clock and the source of
randomness are handed in (`ports`). `Router.attach` makes a `Session` of a transport, whose
`receive` takes unserialized messages and whose transport is given `OutgoingMessage`s.

From below: `wire` (messages), `model` (what a realm is made of), `routing` (broker, dealer and
realm), `meta` (the meta API) and `cluster` (the other nodes), `router`. What most ask for stands
here; URIs, errors and the cluster's messages are imported from where they are.
"""

from wsecho.router.model.access import (
    Authenticator,
    Authorizer,
    Challenge,
    Identity,
    Requester,
    TransportDetails,
)
from wsecho.router.model.answers import Answer, Reply
from wsecho.router.model.owner import EventsQuery, TopicOwner
from wsecho.router.model.ports import Clock, Transport
from wsecho.router.model.procedures import ProcedureCall
from wsecho.router.model.publications import Publication
from wsecho.router.model.session import Session
from wsecho.router.model.states import Ending, SessionState
from wsecho.router.router import Router
from wsecho.router.routing.realm import Realm
from wsecho.router.wire.audience import Audience
from wsecho.router.wire.errors import CannotCarryError, WampError

__all__ = [
    "Answer",
    "Audience",
    "Authenticator",
    "Authorizer",
    "CannotCarryError",
    "Challenge",
    "Clock",
    "Ending",
    "EventsQuery",
    "Identity",
    "ProcedureCall",
    "Publication",
    "Realm",
    "Reply",
    "Requester",
    "Router",
    "Session",
    "SessionState",
    "TopicOwner",
    "Transport",
    "TransportDetails",
    "WampError",
]
