# SPDX-License-Identifier: MIT
"""Rooms: history, members, presence, positions that are followed over a log, and who holds what.

The bus, the fan-out and the doors import from here. It must not know how a message travels.
"""
