# SPDX-License-Identifier: MIT
"""Requests for a session that lives on another node are forwarded to it.

::

    client ──▶ any node ──Unix socket, one machine──▶ the session's node
                  └─────TCP, its address───▶ a node of its machine ──Unix socket──▶ …

Nothing is forwarded that came by a Unix socket, and what came by TCP only to a Unix socket: no
request can go round. What clients reach knows nothing of this, whatever a request's head says.
The node that the client reached counts its connection and looks at its origin; the session's own
node counts the session, its messages and its rates.

The WAMP doors and the service import from here. It must not know what is in a request, nor what a
session is.
"""
