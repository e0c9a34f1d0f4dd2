# SPDX-License-Identifier: MIT
"""The command `wsecho`: serve, check, key, token, tail, say and try-client.

It may import everything; nothing imports it. Twisted is imported only by what needs it, so that
help and complaints come at once.
"""
