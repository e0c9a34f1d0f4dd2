# SPDX-License-Identifier: MIT
"""The doors into the WAMP router: WebSocket, RawSocket, long-poll and server-sent events.

A publication to a room's topic goes through the room, where it has the shapes of what is said at
any door. What each of these is needed for::

    Publication     what a session published (`wsecho.router` shows how it came to be)
      ▼ `WampRooms.publish`: one argument, and the key of a retry
    PublishRequest  what is said, by whomever, and has no place in the room yet
      ▼ the bus: taken by the hub of this process, or as a record through Redis' log
    Message         what was said: it has a position, and is what history keeps
      ▼ `Fanout`, `WampRooms.heard`, on each node
    Publication     the same for WAMP, with its position: to the broker of every realm
      ▼ `Broker.dispatch`
    OutgoingEvent   one for each subscription

Handshake, front and the service import from here. It must not know how the bus carries what it is
told, nor what a frame of `wsecho.v1` looks like.
"""
