# SPDX-License-Identifier: MIT
"""The load where client libraries are measured: one program for each.

Each is run as `python -m _bench.clients.NAME` in place of the generator, is told what it is told,
and answers as it does, in one line of JSON. It reads a room's messages, or says some in it.
`driving` is what they share, `feeder` what gives a reader something to read.
"""
