# SPDX-License-Identifier: MIT
"""Who may come in: keys and tokens, proxies and hosts, WAMP's ways to log in.

The options, the doors and the service import from here. It knows no sockets, and must not know by
which door somebody comes.
"""
