# SPDX-License-Identifier: MIT
"""The peers: for each one an echo and a room, written as its own documentation advises.

Each is a program, run in the bench's environment as `python -m _bench.servers.NAME`. They send
what is said under `/broadcast` to everybody there, and echo everywhere else.
"""
