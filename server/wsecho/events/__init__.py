# SPDX-License-Identifier: MIT
"""Telling applications what happens: each listener in order, at least once, or what it missed.

The service makes it and ends it. It takes what waits from the bus's queue, and must not know how
that is kept, nor any door.
"""
