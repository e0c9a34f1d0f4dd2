# SPDX-License-Identifier: MIT
"""The lane: open sockets read in batches and written at once, beside the reactor's own way.

A reactor spends more on telling a protocol that its socket is ready than a message costs. Here
one `epoll` of our own holds all sockets of open WebSockets; the reactor watches only that.

The WebSocket doors and the service import from here, the fan-out its groups. It must not know
rooms, nor what a message means.
"""
