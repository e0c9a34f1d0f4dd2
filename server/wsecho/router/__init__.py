# SPDX-License-Identifier: MIT
"""A WAMP v2 router that does no I/O: broker, dealer and meta API on Autobahn's message classes.

It knows no sockets, no reactor and no wall clock: transports, the clock and the source of
randomness are handed in (`ports`). `Router.attach` makes a `Session` of a transport, whose
`receive` takes unserialized messages and whose transport is given Autobahn's message objects.
"""

from wsecho.router.access import (
    Authenticator,
    Authorizer,
    Challenge,
    Identity,
    Requester,
    TransportDetails,
)
from wsecho.router.answers import Answer, Reply
from wsecho.router.audience import Audience
from wsecho.router.errors import CannotCarryError, WampError
from wsecho.router.owner import EventsQuery, TopicOwner
from wsecho.router.ports import Clock, Transport
from wsecho.router.procedures import ProcedureCall
from wsecho.router.publications import Publication
from wsecho.router.realm import Realm
from wsecho.router.router import Router
from wsecho.router.session import Session
from wsecho.router.states import Ending, SessionState

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
