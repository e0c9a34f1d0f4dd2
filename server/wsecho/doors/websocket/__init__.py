# SPDX-License-Identifier: MIT
"""WebSockets: Autobahn's protocol as it is used here, and the doors echo, raw and framed.

Handshake, front and the WAMP doors import from here. It must not know HTTP's resources.
"""
