# SPDX-License-Identifier: MIT
"""WebSockets: Autobahn's protocol as it is used here, and the doors echo, raw and framed.

Handshake, front and the WAMP doors import from here. It must not know HTTP's resources.

A connection is one object. Its class is cut into layers, the base first; what a layer asks of
those that follow, it declares::

    OpenedProtocol         Autobahn's, from its open state on
    PingingProtocol        pings, and how long their answers are waited for
    GatheringProtocol      messages in fragments, or compressed
    ReadingProtocol        whole messages, which most frames are
    ClosingProtocol        how it ends
    SendingProtocol        what is said to the peer
    WebSocketConnection    between the peer and a door; `Door` and `Connection` are the two's terms

The way of a raw frame to the members of its room::

    lane, or dataReceived          octets of one peer, however they are cut
      messages_received            whole messages, counted, within the peer's rates
        RawMember.received(_all)   held back where the room is behind what was said before
          take                     said, as the peer's grants allow
            Rooms.publish          gets its publication id and its time
              Bus.publish          this process's, or Redis's, which brings it back to all nodes
                Hub.publish        finds or makes the room, once for a key, and who is in it
                  Room.publish     gives the message its position, and keeps it
              Fanout.on_publication  goes round: at once, or in slices where there are many
                SendGroup.send     those who take it now: one frame, written to each socket
                Reader.deliver     the others: `offer`, or they wait in their backlog

Each step is a decision that the one before cannot make, and the bus may leave a second between
two of them. What comes in one read goes round in one send for each member (`Fanout.together`).
"""
