# SPDX-License-Identifier: MIT
"""A client of wsecho's rooms for programs in Python, on asyncio.

It stands beside the server and shares only `core` with it: it imports neither Twisted nor
Autobahn. What decides (`core` of this folder) has no sockets and no clock; `room` is the shell.
"""
