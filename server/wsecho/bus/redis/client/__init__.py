# SPDX-License-Identifier: MIT
"""One connection to Redis: where it leads, what it may, how it comes back, what is asked on it.

The rooms and nodes over Redis import from here. It must not know what a room or a session is.
"""
