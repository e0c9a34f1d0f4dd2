# SPDX-License-Identifier: MIT
"""Who may come in: keys and tokens, proxies and hosts, WAMP's ways to log in. No sockets."""
