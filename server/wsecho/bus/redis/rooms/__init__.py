# SPDX-License-Identifier: MIT
"""Rooms over Redis: what is said, followed, loaded and let go, and who is in them.

The bus imports from here. It must not know WAMP, nor how a connection is made.
"""
