# SPDX-License-Identifier: MIT
"""A WAMP v2 router that does no I/O: broker, dealer and meta API.

It knows no sockets, no reactor and no wall clock: transports, the clock and the source of
randomness are handed in (`ports`). `Router.attach` makes a `Session` of a transport, whose
`receive` takes unserialized messages and whose transport is given `OutgoingMessage`s.

From below: `wire` (messages), `model` (what a realm is made of), `routing` (broker, dealer and
realm), `meta` (the meta API) and `cluster` (the other nodes), `router`. What most ask for stands
here; URIs, errors and the cluster's messages are imported from where they are.

What a PUBLISH is on its way to its subscribers, and what each of these is needed for::

    octets          as the peer's serializer writes them
      ▼ the door
    a list          of which nothing is known yet
      ▼ `wire.parsing`
    Publish         what the peer asked for: every type and every URI can be relied on
      ▼ `Broker.prepare`
    Publication     what is published, whoever asked: allowed, numbered, its topic's one spelling
      ├─▼ `SingleNode`: to the broker at once
      ├─▼ `cluster`: as a list, as CBOR over the bus, and on each node a Publication again
      └─▼ `TopicOwner`: into the room; what that takes comes back as a Publication (`doors.wamp`)
    OutgoingEvent   one for each subscription, whose id it bears, for all who share it
      ▼ `OutgoingMessage.serialize`, the door
    octets          one for each form that they speak, and the frame about them
"""

from wsecho.router.model.access import (
    Authenticator,
    Authorizer,
    Challenge,
    Identity,
    Requester,
    TransportDetails,
)
from wsecho.router.model.owner import EventsQuery, TopicOwner
from wsecho.router.model.ports import Clock, Transport
from wsecho.router.model.procedures import ProcedureCall, Reply
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
