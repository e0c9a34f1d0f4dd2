# SPDX-License-Identifier: MIT
"""A WAMP v2 router that does no I/O: broker, dealer and meta API on Autobahn's message classes.

It knows no sockets, no reactor and no wall clock: transports, the clock and the source of
randomness are handed in (`seams`). `Router.attach` makes a `Session` of a transport, whose
`receive` takes unserialized messages and whose transport is given Autobahn's message objects.
"""

from wsecho.router.access import Authenticator, Authorizer, Challenge, Identity
from wsecho.router.answers import Answer, Reply
from wsecho.router.errors import CannotCarryError, WampError
from wsecho.router.history import EventsQuery
from wsecho.router.ports import Clock, TopicOwner, Transport, TransportDetails
from wsecho.router.publications import Audience, Publication
from wsecho.router.realm import ProcedureCall, Realm
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
    "Router",
    "Session",
    "SessionState",
    "TopicOwner",
    "Transport",
    "TransportDetails",
    "WampError",
]
