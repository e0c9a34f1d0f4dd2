# SPDX-License-Identifier: MIT
"""The doors into the WAMP router: WebSocket, RawSocket, long-poll and server-sent events."""
